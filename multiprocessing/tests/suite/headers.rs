//! What each program's header shows is what the program prints.

use std::process::{Command, Stdio};

use crate::support;

#[test]
fn headers_show_what_programs_print() {
    let _quiet = support::alone();
    let program = env!("CARGO_BIN_EXE_kitchens");
    let folder = env!("CARGO_MANIFEST_DIR");
    // It runs the Python of this machine, if there is one.
    let python =
        Command::new("python3").arg("-V").stdout(Stdio::null()).status();
    let except: &[&str] = if python.is_ok() { &[] } else { &["gil"] };
    support::headers::headers_are_true(folder, program, except);
}
