//! Who cooks, how long it takes, and what happens when something goes wrong.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use shared::oven::Faults;

use crate::support::*;

const KITCHENS: &str = env!("CARGO_BIN_EXE_kitchens");

#[test]
fn who_cooks() {
    assert_eq!(who(&meal(KITCHENS, &[])), (10, 10));
    assert_eq!(who(&meal(KITCHENS, &["--dishes", "3"])), (3, 3));
    assert_eq!(who(&meal(KITCHENS, &["--dishes", "25"])), (10, 10));
}

#[test]
fn ten_kitchens_wait_together() {
    waits_for_all_at_once(KITCHENS);
}

#[test]
fn ten_kitchens_use_all_cores() {
    uses_the_cores(KITCHENS);
}

#[test]
fn kitchens_are_well_behaved() {
    is_well_behaved(KITCHENS, include_str!("../../src/bin/usage/kitchens.rs"));
}

#[test]
fn nothing_is_left_of_a_killed_kitchen() {
    leaves_nothing_when_killed(KITCHENS, "as-kitchen");
}

#[test]
fn a_kitchen_that_dies_is_told_by_its_dish() {
    let oven = lit_oven(Faults { stall: 1.0, ..Faults::default() }).to_string();
    let arguments = ["--dishes", "1", "--oven", &oven];
    let (child, mark) = start(KITCHENS, &arguments);
    let kitchen = wait_for(&mark, "as-kitchen");
    kill(Pid::from_raw(kitchen), Signal::SIGKILL).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let died = "Error: item 0: its worker has died: signal: 9 (SIGKILL)\n";
    assert_eq!(stderr, died);
    assert_eq!(output.status.code(), Some(1));
    nothing_is_left(&mark);
}
