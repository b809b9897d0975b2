//! Who cooks, how long it takes, and what happens when something goes wrong.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use shared::oven::Faults;

use crate::support::*;

const TAKEOUT: &str = env!("CARGO_BIN_EXE_takeout");
const CATERER: &str = env!("CARGO_BIN_EXE_caterer");

#[test]
fn who_cooks() {
    assert_eq!(who(&meal(TAKEOUT, &[])), (10, 10));
    assert_eq!(who(&meal(TAKEOUT, &["--dishes", "25"])), (25, 25));
}

#[test]
fn ten_children_wait_together() {
    waits_for_all_at_once(TAKEOUT);
}

#[test]
fn children_use_the_cores() {
    uses_the_cores(TAKEOUT);
}

#[test]
fn takeout_is_well_behaved() {
    is_well_behaved(TAKEOUT, include_str!("../../src/bin/usage/takeout.rs"));
}

#[test]
fn nothing_is_left_of_a_killed_kitchen() {
    leaves_nothing_when_killed(TAKEOUT, CATERER);
}

#[test]
fn a_caterer_that_is_killed_is_told_by_its_dish() {
    let oven = lit_oven(Faults { stall: 1.0, ..Faults::default() }).to_string();
    let (child, mark) = start(TAKEOUT, &["--dishes", "1", "--oven", &oven]);
    // The path: the build that comes first names the caterer, too.
    let caterer = wait_for(&mark, CATERER);
    kill(Pid::from_raw(caterer), Signal::SIGKILL).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr, "Error: dish 1 (bibimbap): signal: 9 (SIGKILL)\n");
    nothing_is_left(&mark);
}

#[test]
fn a_caterer_without_an_order_says_so() {
    let ran = run(CATERER, &[]);
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    assert_eq!(ran.stdout, "");
}
