//! Shared state: what a child process changes, and what its parent sees of it.
//!
//!     cargo run -p multiprocessing --bin nothing_shared
//!
//! A thread sees all memory of its process. A child process does not: it is
//! this program, started again. It has its own statics, its own heap and its
//! own threads, and all of them begin anew. Its working directory and its
//! environment are copies. Two things are shared: the position in a file whose
//! descriptor the child has inherited, and shared memory. In Python globals
//! begin anew, too, with `spawn` and `forkserver`; `fork` copies them, and the
//! copy is not shared.
//!
//! Claims: M9
//! Change this and watch: `run_with(&SharedMemory::new(4_096)?, ..)` in `main`.
//! Then the child changes other memory, the parent sees 0 of 6 changes, and M9
//! is contradicted.
//!
//! Output (times vary, counts do not):
//!     static: the parent sees 7, and then 7
//!     heap: the parent sees 0 values, and then 0 values
//!     threads: the parent sees 2, and then 2
//!     moved to /proc: the parent sees false, and then false
//!     position in a file: the parent sees 0, and then 8
//!     shared memory: the parent sees 0, and then 8
//!     the parent sees 2 of 6 changes
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: a parent sees 2 of 6 changes of its child: file position and shared memory

use std::env::{current_dir, set_current_dir};
use std::io::{Read, Seek};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{fs, fs::File, thread, time::Duration};

use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

static NUMBER: AtomicU64 = AtomicU64::new(0);
static HEAP: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return change_all(&SharedMemory::inherited()?);
    }
    flags([]);
    let _bound = Watchdog::guard("the child", Duration::from_secs(10))?;
    NUMBER.store(7, Relaxed); // the child begins with 0 nevertheless
    let memory = SharedMemory::new(4_096)?;
    let before = look(&memory)?;
    let status = run_with(&memory, &mut role::command("child")?)?;
    ensure(status.success(), "the child has not changed everything")?;
    let after = look(&memory)?;

    let changes = before.iter().zip(&after);
    for ((what, before), (_, after)) in changes.clone() {
        say!("{what}: the parent sees {before}, and then {after}");
    }
    let seen = changes.filter(|(before, after)| before != after).count();
    let all = before.len();
    say!("the parent sees {seen} of {all} changes");
    let figure = format!(
        "a parent sees {seen} of {all} changes of its child: file position and \
         shared memory"
    );
    let shared = before[..4] == after[..4] && before[4..] != after[4..];
    claim("M9", shared && seen == 2, figure)
}

/// What can be seen from this process.
fn look(memory: &SharedMemory) -> Result<[(&'static str, String); 6]> {
    let threads = fs::read_dir("/proc/self/task")?.count();
    let moved = current_dir()?.ends_with("proc");
    let mut file = File::from(memory.file().try_clone_to_owned()?);
    let number = memory.view::<AtomicU64>(0)?.load(Relaxed);
    Ok([
        ("static", NUMBER.load(Relaxed).to_string()),
        ("heap", format!("{} values", HEAP.lock()?.len())),
        ("threads", threads.to_string()),
        ("moved to /proc", moved.to_string()),
        ("position in a file", file.stream_position()?.to_string()),
        ("shared memory", number.to_string()),
    ])
}

/// The child changes all of that.
fn change_all(memory: &SharedMemory) -> Result {
    ensure(NUMBER.swap(8, Relaxed) == 0, "the static does not begin anew")?;
    HEAP.lock()?.push(8);
    thread::spawn(|| {
        loop {
            thread::park()
        }
    }); // ends with this process
    set_current_dir("/proc")?;
    let mut file = File::from(memory.file().try_clone_to_owned()?);
    file.read_exact(&mut [0; 8])?;
    memory.view::<AtomicU64>(0)?.store(8, Relaxed);
    Ok(())
}

// ANCHOR: nothing_shared
use std::io;
use std::process::{Command, ExitStatus};

use multiprocessing::SharedMemory;

/// In the parent: runs a child that shares this memory, and waits for its end.
/// The child finds the memory by `SharedMemory::inherited()`.
///
/// # Errors
///
/// The child could not be started.
pub fn run_with(
    memory: &SharedMemory,
    child: &mut Command,
) -> io::Result<ExitStatus> {
    child.stdin(memory.hand_over()?).status()
}
// ANCHOR_END: nothing_shared
