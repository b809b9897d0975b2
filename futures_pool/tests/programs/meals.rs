//! Who cooks, how long it takes, and what happens when something goes wrong.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use shared::oven::Faults;

use crate::support::*;

const BRIGADE: &str = env!("CARGO_BIN_EXE_brigade");
const PROCESSES: &str = env!("CARGO_BIN_EXE_brigade_processes");

const BRIGADE_SOURCE: &str = include_str!("../../src/bin/usage/brigade.rs");
const PROCESSES_SOURCE: &str =
    include_str!("../../src/bin/usage/brigade_processes.rs");

#[test]
fn who_cooks() {
    assert_eq!(who(&meal(BRIGADE, &[])), (4, 1));
    assert_eq!(who(&meal(PROCESSES, &[])), (4, 4));
    assert_eq!(who(&meal(BRIGADE, &["--dishes", "50"])), (4, 1));
    assert_eq!(who(&meal(PROCESSES, &["--dishes", "50"])), (4, 4));
}

#[test]
fn a_crew_of_four_waits_four_at_a_time() {
    for program in [BRIGADE, PROCESSES] {
        let meal = meal(program, &["--menu", "waiting", "--dishes", "20"]);
        assert_eq!(at_once(&meal), 4, "{meal}");
    }
}

/// Dishes are prepared by several workers at the same time, also where these
/// take turns on one core.
#[test]
fn a_crew_works_in_parallel() {
    for program in [BRIGADE, PROCESSES] {
        let meal = meal(program, &["--menu", "chopping", "--dishes", "20"]);
        let prepared = prepared_at_once(&meal);
        assert!((2..=4).contains(&prepared), "{prepared}: {meal}");
    }
}

#[test]
fn brigade_is_well_behaved() {
    is_well_behaved(BRIGADE, BRIGADE_SOURCE);
}

#[test]
fn brigade_processes_is_well_behaved() {
    is_well_behaved(PROCESSES, PROCESSES_SOURCE);
}

#[test]
fn nothing_is_left_of_a_killed_kitchen() {
    leaves_nothing_when_killed(BRIGADE, "as-oven");
    leaves_nothing_when_killed(PROCESSES, "as-worker");
}

#[test]
fn a_worker_that_dies_ends_the_program_with_one_line() {
    let oven = lit_oven(Faults { stall: 1.0, ..Faults::default() }).to_string();
    let arguments = ["--dishes", "1", "--oven", &oven];
    let (child, mark) = start(PROCESSES, &arguments);
    // One of four has the dish, and nobody knows which: all four die.
    let workers = wait_for_all(&mark, "as-worker", 4);
    for worker in workers {
        let _ = kill(Pid::from_raw(worker), Signal::SIGKILL); // or ended by now
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    nothing_is_left(&mark);
}
