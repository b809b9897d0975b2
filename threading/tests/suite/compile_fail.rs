//! What must not compile does not, and for the reason that we say.

use crate::support;

#[test]
fn what_must_not_compile_does_not() {
    let folder = env!("CARGO_MANIFEST_DIR");
    let temporary = env!("CARGO_TARGET_TMPDIR");
    support::compile_fail::nothing_compiles(folder, temporary, &[]);
}
