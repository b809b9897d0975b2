//! `compare`: a row for everything that happens, and nothing left running.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::{example, support::*};

const COMPARE: &str = env!("CARGO_BIN_EXE_compare");

/// Takes the build lock in turns.
fn rows(trouble: &str, arguments: &[&str]) -> (Ran, Vec<Value>) {
    let _quiet = alone();
    let ran =
        run_with(COMPARE, &[&["--json"], arguments].concat(), |command| {
            command.env("TROUBLE", trouble);
        });
    let rows = serde_json::from_str(&ran.stdout);
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran, rows)
}

fn row<'a>(rows: &'a [Value], program: &str) -> &'a Value {
    rows.iter().find(|row| row["program"] == program).unwrap()
}

#[test]
fn all_programs_on_all_menus() {
    let (ran, rows) = rows("", &[]);
    assert!(ran.status.success(), "{ran:?}");
    let programs = [
        "one_cook",
        "cooks",
        "cooks_crossbeam",
        "cooks_rayon",
        "chef",
        "chef_multi",
        "chef_smol",
        "chef_async_std",
        "event_loop",
        "kitchens",
        "brigade",
        "brigade_processes",
        "takeout",
    ];
    assert_eq!(rows.len(), 3 * programs.len());
    for (row, at) in rows.iter().zip(0..) {
        assert_eq!(row["program"], programs[at % programs.len()]);
        assert_eq!(row["status"], "ok");
        assert_eq!(row["plates"].as_array().unwrap().len(), 10);
        for key in ["wall_ms", "serial_ms", "bound_ms", "lines_changed"] {
            assert!(row[key].is_number(), "{key}: {row}");
        }
    }
    assert_eq!(row(&rows, "one_cook")["lines_changed"], 0);
    assert_eq!(row(&rows, "cooks")["model"], "threading");
}

#[test]
fn trouble_becomes_a_row_and_the_rest_goes_on() {
    let also = example("troublemaker");
    for (trouble, said) in [
        ("panic", "exit status: 101: thread 'main'"),
        ("abort", "signal: 6 (SIGABRT)"),
        ("hang", "not done after 1s"),
        ("babble", "its JSON: "),
    ] {
        let asked = ["--only", "cooks", "--menu", "waiting", "--limit", "1"];
        let (ran, rows) =
            rows(trouble, &[&asked, &["--also", &also][..]].concat());
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        let told = [
            "[1/3] one_cook waiting",
            "[2/3] cooks waiting",
            "[3/3] troublemaker waiting",
            "Error: 1 run failed",
        ];
        assert_eq!(ran.stderr.lines().collect::<Vec<_>>(), told);
        let status = row(&rows, "troublemaker")["status"].as_str().unwrap();
        assert!(status.starts_with(said), "{trouble}: {status}");
        for program in ["one_cook", "cooks"] {
            assert_eq!(row(&rows, program)["status"], "ok");
        }
    }
}

#[test]
fn a_child_that_is_killed_from_outside_becomes_a_row() {
    let _quiet = alone();
    let also = example("troublemaker");
    let started = thread::spawn(move || {
        run_with(
            COMPARE,
            &[
                "--json", "--only", "cooks", "--menu", "waiting", "--also",
                &also,
            ],
            |command| {
                command.env("TROUBLE", "hang").env("VICTIM", "yes");
            },
        )
    });
    let victim = wait_for("VICTIM=yes", "troublemaker --json");
    kill(Pid::from_raw(victim), Signal::SIGKILL).unwrap();
    let ran = started.join().unwrap();
    let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    let status = &row(&rows, "troublemaker")["status"];
    assert_eq!(status, "signal: 9 (SIGKILL)");
}

#[test]
fn ctrl_c_in_the_middle_leaves_nothing_running() {
    let _quiet = alone();
    let also = example("troublemaker");
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        // One has children of its own, the other would never end.
        for (arguments, word) in [
            (vec!["--only", "kitchens", "--repeat", "100"], "as-kitchen"),
            (
                vec!["--only", "one_cook", "--also", &also],
                "troublemaker --json",
            ),
        ] {
            let (child, mark) = start_with(COMPARE, &arguments, |command| {
                command.env("TROUBLE", "hang");
            });
            wait_for(&mark, word);
            for _ in 0..3 {
                // Impatience changes nothing.
                kill(Pid::from_raw(child.id() as i32), signal).unwrap();
            }
            let told = Instant::now();
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(status));
            assert!(told.elapsed() < Duration::from_secs(10));
            let stderr = String::from_utf8(output.stderr).unwrap();
            let last = stderr.lines().next_back().unwrap();
            assert_eq!(last, "compare: interrupted; nothing is left running");
            assert_eq!(marked(&mark), []);
        }
    }
}

#[test]
fn tables_and_timelines_fit_their_columns() {
    let _quiet = alone();
    let also = example("troublemaker");
    let arguments = [
        "--only",
        "chef",
        "--menu",
        "waiting,mixed",
        "--repeat",
        "3",
        "--timeline",
        "--also",
        &also,
    ];
    let ran = run_with(COMPARE, &arguments, |command| {
        command.env("TROUBLE", "panic").env("LC_ALL", "C");
    });
    assert!(ran.stdout.is_ascii(), "{}", ran.stdout);
    for line in ran.stdout.lines() {
        assert!(line.len() <= 100, "{line}");
    }
    assert!(ran.stdout.contains("troublemaker: exit status: 101"));
    assert!(ran.stdout.contains("mixed menu: chef"));
}

#[test]
fn medians_come_from_a_run_that_was() {
    let arguments =
        ["--only", "one_cook", "--menu", "waiting", "--repeat", "3"];
    let (_, rows) = rows("", &arguments);
    assert_eq!(rows.len(), 1);
    let (wall, plates) = (&rows[0]["wall_ms"], rows[0]["plates"].as_array());
    let last = plates.unwrap().last().unwrap()["bake_ms"][1].as_f64().unwrap();
    let wall = wall.as_f64().unwrap();
    assert!(last <= wall && wall < last + 50.0, "{last} {wall}");
}

#[test]
fn wrong_usage_is_one_line() {
    for wrong in [
        "--only soup",
        "--menu soup",
        "--repeat 0",
        "--dishes 0",
        "--limit never",
        "--salt",
        "cooks",
    ] {
        let words: Vec<&str> = wrong.split(' ').collect();
        let ran = run(COMPARE, &words);
        assert_eq!(ran.status.code(), Some(2), "{wrong}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{wrong}: {ran:?}");
    }
    assert!(run(COMPARE, &["--help"]).stdout.contains("--only"));
}
