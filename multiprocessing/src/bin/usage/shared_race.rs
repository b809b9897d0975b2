//! Lost update between processes: no compiler refuses it, nothing reports it.
//!
//!     cargo run -p multiprocessing --bin shared_race
//!
//! Inside one process the compiler refuses a data race: two threads may not
//! write to the same `u64` (error E0499; the program `lock_race` of threading
//! shows which races are left). But the compiler sees one process only. It does
//! not know that other processes change the same memory. So an update in two
//! steps compiles: load the number, store the number plus 1. Here 4 processes
//! load the same number in each round, before any of them stores: 3 of 4
//! updates are lost. The cure is an update in one step, `fetch_add`. In Python
//! `value.value += 1` is two steps, and the cure is `with value.get_lock():`.
//!
//! Claims: M5
//! Change this and watch: `race.counter.add(1)` instead of the `store` in
//! `in_two_steps`. Then no update is lost, and M5 is contradicted.
//!
//! Output (times vary, counts do not):
//!     load, then store: 300 of 400 updates are lost
//!     fetch_add: 0 of 400 updates are lost
//!     The article, M5: "Shared memory is hard to reason about, even between threads of one process."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to M5 is borne out: by load and store 4 processes lose 300 of 400 updates, by fetch_add 0 of 400

use std::{process, thread::yield_now, time::Duration};

use multiprocessing::{SharedMemory, end_with_parent};
use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const PROCESSES: u64 = 4;
const ROUNDS: u64 = 100;

fn main() -> Result {
    if let Some([way, parent]) = role::started_as("racer") {
        return race(&way, parent.parse()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the race", Duration::from_secs(10))?;
    let all = PROCESSES * ROUNDS;
    let two_steps = all - counted_by("two steps")?;
    say!("load, then store: {two_steps} of {all} updates are lost");
    let one_step = all - counted_by("one step")?;
    say!("fetch_add: {one_step} of {all} updates are lost");
    let figure = format!(
        "by load and store {PROCESSES} processes lose {two_steps} of {all} \
         updates, by fetch_add {one_step} of {all}"
    );
    claim("M5", two_steps == (PROCESSES - 1) * ROUNDS && one_step == 0, figure)
}

shared! {
    struct Race {
        counter: Counter,
        arrived: AtomicU64,
    }
}

/// What the counter shows when all processes have made all of their updates.
fn counted_by(way: &str) -> Result<u64> {
    let memory = SharedMemory::new(size_of::<Race>())?;
    let mut children = Vec::new();
    for _ in 0..PROCESSES {
        let mut child = role::command("racer")?;
        child.args([way, &process::id().to_string()]);
        children.push(child.stdin(memory.hand_over()?).spawn()?);
    }
    for mut child in children {
        ensure(child.wait()?.success(), "a process did not finish")?;
    }
    Ok(memory.view::<Race>(0)?.counter.get())
}

/// The child: its standard input is the shared memory.
fn race(way: &str, parent: u32) -> Result {
    end_with_parent(parent)?;
    let memory = SharedMemory::inherited()?;
    let race: &Race = memory.view(0)?;
    for round in 0..ROUNDS {
        match way {
            "two steps" => in_two_steps(race, round),
            _ => race.counter.add(1),
        }
    }
    Ok(())
}

fn in_two_steps(race: &Race, round: u64) {
    let seen = race.counter.get();
    wait_for_all(race, 2 * round + 1); // forced: all have seen the same number
    // WRONG: other processes change the counter after it was read.
    race.counter.count.store(seen + 1, Relaxed);
    wait_for_all(race, 2 * round + 2);
}

/// Waits until all processes have come here for the `nth` time.
fn wait_for_all(race: &Race, nth: u64) {
    race.arrived.fetch_add(1, AcqRel);
    while race.arrived.load(Acquire) < nth * PROCESSES {
        yield_now(); // if a process dies, the watchdog of the parent ends this
    }
}

// ANCHOR: shared_race
use std::sync::atomic::{AtomicU64, Ordering::*};

use multiprocessing::shared;

shared! {
    /// A counter in shared memory that all processes may change: no update is
    /// lost.
    pub struct Counter {
        count: AtomicU64,
    }
}

impl Counter {
    /// Adds in one step.
    pub fn add(&self, count: u64) {
        self.count.fetch_add(count, Relaxed);
    }

    /// What has been counted so far.
    pub fn get(&self) -> u64 {
        self.count.load(Relaxed)
    }
}
// ANCHOR_END: shared_race
