//! What each program's header shows is what the program prints.

use crate::support;

#[test]
fn headers_show_what_programs_print() {
    let _quiet = support::alone();
    let program = env!("CARGO_BIN_EXE_takeout");
    // It takes a dish on its standard input.
    let mut except = vec!["caterer"];
    if subprocess::cgroup::Cgroup::new().is_err() {
        except.push("kill_cgroup"); // this user may not make one
    }
    let folder = env!("CARGO_MANIFEST_DIR");
    support::headers::headers_are_true(folder, program, &except);
}
