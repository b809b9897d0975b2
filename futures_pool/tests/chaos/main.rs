//! Workers are killed at random while their pool is used in every way there is.
//! Nothing hangs; each job ends once, with its own result or with an error that
//! names a worker that was killed; and no more jobs are lost than workers.
//!
//!     CHAOS_SECONDS=600 cargo test -p futures_pool --test chaos
//!
//! `CHAOS_SEED` is printed; given again, it leads to the same decisions, though
//! not to the same interleavings. This program is its own worker.

mod jobs;
mod random;
mod round;
#[path = "../support/mod.rs"]
mod support;
mod ways;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use random::Random;
use round::round;
use support::{Case, Folder, interface::Policy};

fn main() -> ExitCode {
    futures_pool::init(jobs::jobs());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("CHAOS_SEED").unwrap_or(now.subsec_nanos().into());
    let seconds = number("CHAOS_SECONDS").unwrap_or(5);
    let half = Duration::from_secs(seconds) / 2;
    eprintln!("CHAOS_SEED={seed} CHAOS_SECONDS={seconds}");
    let cases = [
        ("workers are killed, and the pool breaks", Policy::Break),
        ("workers are killed, and are replaced", Policy::Replace),
    ];
    support::run(cases.map(|(name, policy)| {
        let test = move |folder| chaos(policy, half, seed, folder);
        Case::new(name, test).longer(half)
    }))
}

fn number(variable: &str) -> Option<u64> {
    let value = env::var(variable).ok()?;
    Some(value.parse().expect("it is a number"))
}

/// CRASH-01, D2: round after round, until the time is up.
fn chaos(policy: Policy, time: Duration, seed: u64, folder: Folder) {
    let (began, mut random) = (Instant::now(), Random::new(seed));
    let (mut rounds, mut jobs, mut lost) = (0, 0, 0);
    while rounds == 0 || began.elapsed() < time {
        println!("CHAOS_SEED={seed} {policy:?}, round {rounds}");
        let folder = folder.inner(&rounds.to_string());
        let tally = round(policy, random.fork(), &folder);
        folder.remove();
        (jobs, lost) = (jobs + tally.jobs, lost + tally.lost);
        rounds += 1;
    }
    println!("{policy:?}: {rounds} rounds, {jobs} jobs, {lost} lost");
}
