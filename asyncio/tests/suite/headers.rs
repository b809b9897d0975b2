//! What each program's header shows is what the program prints.

use crate::support;

#[test]
fn headers_show_what_programs_print() {
    let program = env!("CARGO_BIN_EXE_chef");
    let folder = env!("CARGO_MANIFEST_DIR");
    support::headers::headers_are_true(folder, program, &[]);
}
