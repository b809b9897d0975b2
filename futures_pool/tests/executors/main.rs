//! What every executor promises: each case runs on threads and on processes,
//! but for those that are about processes alone. This program is its own
//! worker.
//!
//! The rows at the cases (FUT-02) stand in the table of `tests/README.md`.

mod callbacks;
mod cancel;
mod errors;
mod jobs;
mod lifecycle;
mod limits;
mod limits_of_jobs;
mod map;
mod processes;
mod results;
#[path = "../support/mod.rs"]
mod support;
mod waiting;

use std::process::ExitCode;

fn main() -> ExitCode {
    let lists = [
        jobs::jobs(),
        results::jobs(),
        map::jobs(),
        errors::jobs(),
        waiting::jobs(),
        limits::jobs(),
        limits_of_jobs::jobs(),
        processes::jobs(),
    ];
    futures_pool::init(lists.into_iter().flatten());
    if lifecycle::plays_a_role() || processes::plays_a_role() {
        return ExitCode::SUCCESS;
    }
    let cases = [
        results::cases(),
        map::cases(),
        errors::cases(),
        cancel::cases(),
        callbacks::cases(),
        waiting::cases(),
        limits::cases(),
        limits_of_jobs::cases(),
        lifecycle::cases(),
        processes::cases(),
    ];
    support::run(cases.into_iter().flatten())
}
