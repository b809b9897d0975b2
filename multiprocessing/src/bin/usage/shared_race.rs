//! Lost update between processes: no compiler refuses it, nothing reports it.
//!
//!     cargo run -p multiprocessing --bin shared_race
//!
//! A plain `u64` that two threads write does not compile (error E0499). With
//! an atomic it compiles. But to load the number, and then to store the number
//! plus 1, is two steps: others may store between them, and their updates are
//! lost. This is the same between threads and between processes. Between
//! processes the compiler cannot even check that the memory has only atomics,
//! because it sees one process only. (Our macro `shared!` checks it.) Here 4
//! processes load the same number in each round, before any of them stores: 3
//! of 4 updates are lost. The cure is an update in one step, `fetch_add`. In
//! Python `value.value += 1` is two steps: use `with value.get_lock():`.
//!
//! The program `lock_race` of the crate threading shows the same on threads.
//!
//! Claims: M5
//! Change this and watch: in `in_two_steps`, call `race.counter.add(1)` instead
//! of the `store`. Then no update is lost, and M5 is contradicted.
//!
//! Output (times vary, counts do not):
//!     load, then store: 300 of 400 updates are lost
//!     fetch_add: 0 of 400 updates are lost
//!     The article, M5: "Shared memory is hard to reason about, even between threads of one process."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to M5 is borne out: 4 processes that load and store lose 300 of 400 updates, with fetch_add 0 of 400

use std::{process, thread::yield_now, time::Duration};

use multiprocessing::{SharedMemory, end_with_parent};
use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const PROCESSES: u64 = 4;
const ROUNDS: u64 = 100;

fn main() -> Result {
    if let Some([way, parent]) = role::started_as("racer") {
        return add_many(&way, parent.parse()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the race", Duration::from_secs(10))?;
    let all = PROCESSES * ROUNDS;
    let two_steps = all - counted_by("two steps")?;
    say!("load, then store: {two_steps} of {all} updates are lost");
    let one_step = all - counted_by("one step")?;
    say!("fetch_add: {one_step} of {all} updates are lost");
    let figure = format!(
        "{PROCESSES} processes that load and store lose {two_steps} of {all} \
         updates, with fetch_add {one_step} of {all}"
    );
    claim("M5", two_steps == (PROCESSES - 1) * ROUNDS && one_step == 0, figure)
}

// `shared!` is a macro of `multiprocessing`: it accepts only atomics. (This is
// not the crate `shared`, which all programs here use.)
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
fn add_many(way: &str, parent: u32) -> Result {
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
    meet(race, 2 * round + 1); // forced: all have seen the same number
    // WRONG: other processes change the counter after it was read.
    race.counter.count.store(seen + 1, Relaxed);
    meet(race, 2 * round + 2);
}

/// Waits until all processes have called this for the `nth` time.
fn meet(race: &Race, nth: u64) {
    race.arrived.fetch_add(1, AcqRel);
    while race.arrived.load(Acquire) < nth * PROCESSES {
        yield_now(); // if one dies, the watchdog ends the parent, and so all
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
