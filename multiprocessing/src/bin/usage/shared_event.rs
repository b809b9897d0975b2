//! Event between processes: one process tells all the others to stop.
//!
//!     cargo run -p multiprocessing --bin shared_event
//!
//! An event is a flag in shared memory that processes can wait for. A process
//! that waits sleeps in a system call (futex) until another process wakes it,
//! and meanwhile uses no CPU time. Each wait has a limit, because the process
//! that should set the event may have been killed. In Python:
//! `multiprocessing.Event`, and `while not stop.wait(1): ...`.
//!
//! The program `shared_barrier` has all processes wait for each other.
//!
//! Change this and watch: leave out `stop.set()`. No process stops, the
//! watchdog finds that, and the program ends with an error.
//!
//! Output (times vary, counts do not):
//!     one set() of the event: 4 of 4 processes stop

use std::io::{self, Read, Write, pipe};
use std::process::id;

use multiprocessing::{SharedMemory, end_with_parent};
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const PROCESSES: usize = 4;

fn main() -> Result {
    if let Some([parent]) = role::started_as("worker") {
        return work(parent.parse()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the workers", Duration::from_secs(10))?;
    let memory = SharedMemory::new(size_of::<Event>())?;
    let stop: &Event = memory.view(0)?;
    let (mut told, tell) = pipe()?;
    let mut workers = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = role::command("worker")?;
        command.arg(id().to_string());
        command.stdin(memory.hand_over()?).stdout(tell.try_clone()?);
        workers.push(command.spawn()?);
    }
    drop(tell); // else our own end of the pipe stays open
    told.read_exact(&mut [0; PROCESSES])?; // forced: all of them work
    stop.set();
    let ended = told.read_to_end(&mut Vec::new())?;
    for worker in &mut workers {
        ensure(worker.wait()?.success(), "a worker has failed")?;
    }
    say!("one set() of the event: {ended} of {PROCESSES} processes stop");
    ensure(ended == PROCESSES, "not all processes were told")
}

/// The child: its stdin is the memory.
fn work(parent: u32) -> Result {
    end_with_parent(parent)?;
    let memory = SharedMemory::inherited()?;
    let mut to = io::stdout();
    to.write_all(b"b").and_then(|()| to.flush())?; // begun
    work_until(memory.view(0)?, Duration::from_millis(5), || {});
    to.write_all(b"e").and_then(|()| to.flush())?; // ended
    Ok(())
}

// ANCHOR: shared_event
use std::time::Duration;

use multiprocessing::sync::Event;

/// Runs `work` again and again, with a pause between, until the event is set. A
/// process that sleeps in the pause is woken at once. Returns how often.
pub fn work_until(
    stop: &Event,
    pause: Duration,
    mut work: impl FnMut(),
) -> usize {
    let mut turns = 0;
    while !stop.wait(pause) {
        work();
        turns += 1;
    }
    turns
}
// ANCHOR_END: shared_event
