//! A panic in four ways to start work: error propagation and exit status.
//!
//!     cargo run -p threading --bin panic_ways
//!
//! Each way runs in a child process. It prints the message that its `main`
//! gets, if it gets one. Exit status 101 is that of a `main` that panics
//! itself: the panic went on in the thread that waits. rayon's threads have no
//! names unless the pool is told to name them.
//!
//! Read `panic_report` first. `panic_abort` shows what ends the whole process.
//!
//! Claims: T6
//! Change this and watch: take the name out of `spawn_named`. The report of a
//! panic says `<unnamed>` then, and does not tell which thread has failed.
//!
//! Output (times vary, counts do not):
//!     way                main gets                 thread named  exit status
//!     thread, joined     no number                 yes                     0
//!     thread, dropped    nothing                   yes                     0
//!     scope, not joined  a scoped thread panicked  yes                   101
//!     rayon join         no number                 no                    101
//!     The article, T6: "There is no built-in way to get an exception of a thread back to who waits for it."
//!     Our answer for Rust: false (not true)
//!     Our answer to T6 is borne out: main learns of the panic in 3 of 4 ways

use std::panic::{catch_unwind, resume_unwind};
use std::thread::{self, Builder};
use std::time::Duration;

use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, panic_text, role, say};

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return victim(&way); // as a child: this program again
    }
    flags([]);
    let mut table =
        Table::new(["way", "main gets", "thread named", "exit status"]);
    let mut told = Vec::new();
    for (way, _) in WAYS {
        let child = role::command("victim")?.arg(way).output()?;
        let gets = String::from_utf8(child.stdout)?.trim_end().to_string();
        let report = String::from_utf8(child.stderr)?;
        let named = report.contains("thread 'parser'");
        let status = child.status.code().unwrap_or(-1);
        table.row([&way, &gets, &if named { "yes" } else { "no" }, &status]);
        told.push(gets);
    }
    table.print();
    let count = told.iter().filter(|gets| *gets != "nothing").count();
    let figure =
        format!("main learns of the panic in {count} of {} ways", told.len());
    claim("T6", told[0] == "no number" && told[1] == "nothing", figure)
}

/// The child: panics in one way, and prints what its `main` gets.
fn victim(way: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    let run = WAYS.into_iter().find(|(name, _)| *name == way);
    let (_, run) = run.ok_or_else(|| Failure::new("no such way"))?;
    match catch_unwind(run) {
        Ok(Ok(())) => say!("nothing"),
        Ok(Err(payload)) => say!("{}", panic_text(&*payload)),
        Err(payload) => {
            say!("{}", panic_text(&*payload));
            resume_unwind(payload); // without us it would have ended `main`
        }
    }
    Ok(())
}

/// A name, and what the thread that waits gets as a value.
type Way = (&'static str, fn() -> thread::Result<()>);

const WAYS: [Way; 4] = [
    ("thread, joined", || start().join()),
    ("thread, dropped", || {
        let thread = start();
        while !thread.is_finished() {
            thread::yield_now(); // so that it does panic before we end
        }
        drop(thread); // WRONG: nobody can ask for its message any more
        Ok(())
    }),
    ("scope, not joined", || {
        thread::scope(|s| _ = parser().spawn_scoped(s, parse).expect(ROOM));
        Ok(())
    }),
    ("rayon join", || {
        rayon::join(parse, || ());
        Ok(())
    }),
];

const ROOM: &str = "there is room for one more thread";

fn start() -> JoinHandle<()> {
    spawn_named("parser", parse).expect(ROOM)
}

fn parser() -> Builder {
    Builder::new().name("parser".into())
}

fn parse() {
    panic!("no number");
}

// ANCHOR: panic_ways
use std::{io, thread::JoinHandle};

/// Starts a thread with a name: the report of a panic shows it, and so do
/// debuggers. That the system refuses a thread is an error, not a panic.
///
/// # Panics
///
/// There is a zero byte in the name.
pub fn spawn_named<T: Send + 'static>(
    name: &str,
    job: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(name.into()).spawn(job)
}
// ANCHOR_END: panic_ways
