//! Workers that die, and bytes that are not what they should be: whatever goes
//! wrong, and whenever, there is a certain error in bounded time, and nothing
//! is left behind.
//!
//! This program is its own worker, its own liar (a worker that is none) and its
//! own victim (a program that is killed with its workers).
//!
//! The rows at the cases (CRASH-01) stand in the table of `tests/README.md`.

mod deaths;
mod ends;
mod faults;
mod jobs;
mod liars;
mod lies;
mod matrix;
mod races;
mod starts;
#[path = "../support/mod.rs"]
mod support;
mod values;
mod victims;
mod waits;

use std::process::ExitCode;

fn main() -> ExitCode {
    liars::be_one(); // does not return if this is one: a liar has no `init`
    starts::follow_plan();
    futures_pool::init(jobs::jobs().chain(faults::jobs()));
    if victims::plays_a_role() {
        return ExitCode::SUCCESS;
    }
    let cases = [
        matrix::cases(),
        deaths::cases(),
        starts::cases(),
        races::cases(),
        waits::cases(),
        values::cases(),
        ends::cases(),
        lies::cases(),
        victims::cases(),
        faults::cases(),
    ];
    support::run(cases.into_iter().flatten())
}
