//! Stands in for cargo, so that `claims` finds a workspace of one program: the
//! example `undecided`, which is built already.

use std::env;

use serde_json::json;

fn main() {
    if env::args().nth(1).as_deref() != Some("metadata") {
        return; // `build`
    }
    let folder = env!("CARGO_MANIFEST_DIR");
    let program = json!({
        "kind": ["bin"],
        "name": "undecided",
        "src_path": format!("{folder}/examples/undecided.rs"),
        "test": false,
    });
    let package = json!({
        "id": "docs",
        "name": "docs",
        "manifest_path": format!("{folder}/Cargo.toml"),
        "dependencies": [],
        "targets": [program],
    });
    let workspace =
        json!({ "packages": [package], "workspace_members": ["docs"] });
    println!("{workspace}");
}
