//! Workers that die, and bytes that are not what they should be: whatever goes
//! wrong, and whenever, there is a certain error in bounded time, and nothing
//! is left behind.
//!
//! This program is its own worker, its own liar (a worker that is none) and its
//! own victim (a program that is killed with its workers).

#[path = "crashes/liars.rs"]
mod liars;
#[path = "crashes/matrix.rs"]
mod matrix;
#[path = "crashes/rows.rs"]
mod rows;
#[path = "crashes/trap.rs"]
mod trap;
#[path = "crashes/victims.rs"]
mod victims;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    time::{Duration, Instant},
};

use shared::watchdog::within;

fn main() {
    liars::lie(); // does not return if this is one: a liar has no `init`
    futures_pool::init(trap::jobs());
    if victims::play() {
        return;
    }
    let options: Vec<String> = env::args().skip(1).collect();
    let filter = options.iter().find(|option| !option.starts_with('-'));
    let mut cases = matrix::cases();
    cases.extend(rows::cases());
    cases.extend(victims::cases());
    cases.retain(|case| filter.is_none_or(|part| case.name.contains(part)));
    if options.iter().any(|option| option == "--list") {
        cases.iter().for_each(|case| println!("{}: test", case.name));
        return;
    }
    let all = cases.len();
    let failed = cases.into_iter().filter_map(Case::failure).count();
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {} passed; {failed} failed", all - failed);
    process::exit(if failed == 0 { 0 } else { 101 });
}

struct Case {
    name: String,
    test: Box<dyn FnOnce() + Send>,
}

impl Case {
    fn new(name: &str, test: impl FnOnce() + Send + 'static) -> Case {
        Case { name: name.to_string(), test: Box::new(test) }
    }

    /// Runs it, and tells. `Some`: it failed, or left something behind.
    fn failure(self) -> Option<()> {
        let before = Open::now();
        let limit = Duration::from_secs(20);
        let test = AssertUnwindSafe(|| within(limit, self.test));
        let outcome = match catch_unwind(test) {
            Err(_) => Err("it panicked".to_string()),
            Ok(Err(stalled)) => Err(stalled.to_string()),
            Ok(Ok(())) if !soon(|| Open::now() == before) => {
                Err(format!("{before:?} became {:?}", Open::now()))
            }
            Ok(Ok(())) => Ok(()),
        };
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("test {} ... {word}", self.name);
        outcome.map_err(|why| println!("    {why}")).err()
    }
}

/// What this process has, and has to give back.
#[derive(Debug, PartialEq)]
struct Open {
    files: usize,
    threads: usize,
    children: Vec<u32>,
}

impl Open {
    fn now() -> Open {
        let count = |path| fs::read_dir(path).unwrap().count();
        Open {
            files: count("/proc/self/fd"),
            threads: count("/proc/self/task"),
            children: children(),
        }
    }
}

fn children() -> Vec<u32> {
    children_of(me())
}

/// The processes whose parent it is, also those that are dead and not buried.
fn children_of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        stat(&format!("/proc/{pid}")).is_some_and(|(_, ppid)| ppid == parent)
    })
    .collect()
}

fn me() -> u32 {
    process::id()
}

/// The state of a process or a thread, and its parent.
fn stat(folder: &str) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("{folder}/stat")).ok()?;
    // The name before it may have spaces and brackets.
    let mut fields = stat.rsplit(") ").next()?.split(' ');
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn is_alive(pid: u32) -> bool {
    stat(&format!("/proc/{pid}")).is_some_and(|(state, _)| state != 'Z')
}

/// Whether it becomes true within two seconds.
fn soon(mut is_true: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        if is_true() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    is_true()
}
