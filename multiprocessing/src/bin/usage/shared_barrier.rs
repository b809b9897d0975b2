//! Barrier between processes: all of them finish a round before the next one.
//!
//!     cargo run -p multiprocessing --bin shared_barrier
//!
//! Five processes work in rounds. A process begins a round when all have
//! finished the round before. At the end of each round the barrier answers
//! `true` to one process, the leader. The leader does what has to be done once.
//! After the last round, one process does not come again. When the limit is
//! over, the barrier is broken, and all others are told. So no process waits
//! for ever if another one has died. In Python: `multiprocessing.Barrier` and
//! `BrokenBarrierError`.
//!
//! The program `shared_event` has processes wait for one of them.
//!
//! Change this and watch: `if true` instead of `if barrier.wait(limit)?`.
//! Nobody waits then: the rounds are not in step, and all are leaders.
//!
//! Output (times vary, counts do not):
//!     5 processes: 5000 of 5000 rounds in step
//!     leaders: 1000 of 1000 rounds have one
//!     one does not come: 4 of 4 others are told

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use multiprocessing::{SharedMemory, shared};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const PROCESSES: u32 = 5;
const ROUNDS: u32 = 1_000;
const LIMIT: Duration = Duration::from_secs(5);

shared! {
    struct Memory {
        barrier: Barrier,
        begun: AtomicU32,
        in_step: AtomicU32,
        leaders: AtomicU32,
        told: AtomicU32,
    }
}

fn main() -> Result {
    if let Some([number]) = role::started_as("worker") {
        return work(number.parse()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the rounds", Duration::from_secs(20))?;
    let shared = SharedMemory::new(size_of::<Memory>())?;
    let memory: &Memory = shared.view(0)?;
    memory.barrier.init(PROCESSES.try_into()?);
    let mut workers = Vec::new();
    for number in 0..PROCESSES {
        let mut worker = role::command("worker")?;
        worker.arg(number.to_string()).stdin(shared.hand_over()?);
        workers.push(worker.spawn()?);
    }
    for mut worker in workers {
        ensure(worker.wait()?.success(), "a worker has failed")?;
    }
    let counts = [&memory.in_step, &memory.leaders, &memory.told];
    let [steps, leaders, told] = counts.map(|count| count.load(SeqCst));
    let (all, others) = (PROCESSES * ROUNDS, PROCESSES - 1);
    say!("{PROCESSES} processes: {steps} of {all} rounds in step");
    say!("leaders: {leaders} of {ROUNDS} rounds have one");
    say!("one does not come: {told} of {others} others are told");
    ensure([steps, leaders, told] == [all, ROUNDS, others], "out of step")
}

/// The child: its stdin is the memory.
fn work(number: u32) -> Result {
    let shared = SharedMemory::inherited()?;
    let memory: &Memory = shared.view(0)?;
    let leader = || _ = memory.leaders.fetch_add(1, SeqCst);
    let done = in_rounds(&memory.barrier, ROUNDS, LIMIT, leader, |round| {
        // All have begun the round before, and nobody the next one.
        let begun = memory.begun.fetch_add(1, SeqCst);
        let now = begun / PROCESSES == round;
        memory.in_step.fetch_add(now.into(), SeqCst);
    });
    done?;
    let short = Duration::from_millis(50);
    if number != 0 && memory.barrier.wait(short) == Err(Broken) {
        memory.told.fetch_add(1, SeqCst);
    }
    Ok(())
}

// ANCHOR: shared_barrier
use std::time::Duration;

use multiprocessing::sync::{Barrier, Broken};

/// Runs `work` in each round, and waits for all the others after it. One of all
/// processes, the leader of the round, runs `once` then.
///
/// # Errors
///
/// The others did not come within `limit`: one of them is too slow, or dead.
/// Then all of them are told, in this round or when they come.
pub fn in_rounds(
    barrier: &Barrier,
    rounds: u32,
    limit: Duration,
    mut once: impl FnMut(),
    mut work: impl FnMut(u32),
) -> Result<(), Broken> {
    for round in 0..rounds {
        work(round);
        if barrier.wait(limit)? {
            once();
        }
    }
    Ok(())
}
// ANCHOR_END: shared_barrier
