//! Who cooks, how long it takes, and what happens when something goes wrong.

use shared::measure::cores;

use crate::support::*;

const ONE_COOK: &str = env!("CARGO_BIN_EXE_one_cook");
const COOKS: &str = env!("CARGO_BIN_EXE_cooks");
const CROSSBEAM: &str = env!("CARGO_BIN_EXE_cooks_crossbeam");
const RAYON: &str = env!("CARGO_BIN_EXE_cooks_rayon");

#[test]
fn who_cooks() {
    assert_eq!(who(&meal(ONE_COOK, &[])), (1, 1));
    assert_eq!(who(&meal(COOKS, &[])), (10, 1));
    assert_eq!(who(&meal(COOKS, &["--dishes", "100"])), (100, 1));
    assert_eq!(who(&meal(CROSSBEAM, &[])), (4, 1));
    let (threads, processes) = who(&meal(RAYON, &[]));
    assert!((1..=cores()).contains(&threads) && processes == 1, "{threads}");
}

#[test]
fn one_cook_does_one_thing_at_a_time() {
    assert_eq!(at_once(&meal(ONE_COOK, &["--menu", "mixed"])), 1);
}

#[test]
fn ten_cooks_wait_together() {
    waits_for_all_at_once(COOKS);
}

#[test]
fn four_workers_never_have_more_than_four_dishes() {
    let dishes = || {
        let dishes = at_once(&meal(CROSSBEAM, &[]));
        assert!(dishes <= 4, "{dishes}");
        dishes as f64
    };
    shows(dishes, |dishes| dishes == 4.0);
}

#[test]
fn threads_work_at_the_same_time() {
    for program in [COOKS, CROSSBEAM, RAYON] {
        if program == RAYON && cores() == 1 {
            continue; // it has one thread for each core
        }
        uses_the_cores(program);
    }
}

#[test]
fn one_cook_is_well_behaved() {
    is_well_behaved(ONE_COOK, include_str!("../../src/bin/usage/one_cook.rs"));
}

#[test]
fn cooks_are_well_behaved() {
    is_well_behaved(COOKS, include_str!("../../src/bin/usage/cooks.rs"));
}

#[test]
fn cooks_crossbeam_are_well_behaved() {
    let source = include_str!("../../src/bin/usage/cooks_crossbeam.rs");
    is_well_behaved(CROSSBEAM, source);
}

#[test]
fn cooks_rayon_are_well_behaved() {
    is_well_behaved(RAYON, include_str!("../../src/bin/usage/cooks_rayon.rs"));
}

#[test]
fn nothing_is_left_of_a_killed_kitchen() {
    leaves_nothing_when_killed(ONE_COOK, "as-oven");
    leaves_nothing_when_killed(COOKS, "as-oven");
}

#[test]
fn a_trace_can_be_read_by_others_but_not_by_everybody() {
    use std::os::unix::fs::PermissionsExt;

    let name = format!("trace-{}.json", std::process::id());
    let file = std::env::temp_dir().join(name);
    let path = file.to_str().unwrap();
    assert!(run(COOKS, &["--trace", path]).status.success());
    let text = std::fs::read_to_string(&file).unwrap();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(mode & 0o777, 0o600);
    let trace: serde_json::Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let count = |phase| events.iter().filter(|e| e["ph"] == phase).count();
    // Ten names of threads; work; the beginning and end of each wait.
    assert_eq!(["M", "X", "b", "e"].map(count), [10, 10, 10, 10]);
}
