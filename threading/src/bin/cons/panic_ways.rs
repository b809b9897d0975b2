//! A panic in six ways to start work: error propagation and exit status.
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
//! Claims: T6, T7
//! Change this and watch: take the name out of `spawn_named`. Standard error
//! tells only the place then, and T7 is contradicted.
//!
//! Output (figures vary):
//!     way                main gets                 thread named  exit status
//!     thread, joined     no number                 yes                     0
//!     thread, dropped    nothing                   yes                     0
//!     scope, joined      no number                 yes                     0
//!     scope, not joined  a scoped thread panicked  yes                   101
//!     crossbeam scope    no number                 yes                     0
//!     rayon join         no number                 no                    101
//!     The article, T6: "There is no built-in way to get an exception of a thread back to who waits for it."
//!     Our answer for Rust: false (not true)
//!     T6 borne out: main is told of the panic in 5 of 6 ways
//!     The article, T7: "That makes threads hard to debug."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     T7 borne out: stderr names thread and place in 5 of 6 ways

use std::panic::{catch_unwind, resume_unwind};
use std::thread::{self, Builder};
use std::time::Duration;

use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, panic_text, role, say};

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return victim(&way);
    }
    flags([]);
    let mut table =
        Table::new(["way", "main gets", "thread named", "exit status"]);
    let (mut told, mut named) = (Vec::new(), Vec::new());
    for (way, _) in WAYS {
        let child = role::command("victim")?.arg(way).output()?;
        told.push(String::from_utf8(child.stdout)?.trim_end().to_string());
        let stderr = String::from_utf8(child.stderr)?;
        let place = stderr.contains("panic_ways.rs:");
        named.push(place && stderr.contains("thread 'parser'"));
        let (gets, names) = (&told[told.len() - 1], named[named.len() - 1]);
        let status = child.status.code().unwrap_or(-1);
        let names = if names { "yes" } else { "no" };
        table.row([&way, gets, &names, &status]);
    }
    table.print();
    verdict(&told, &named)
}

fn verdict(told: &[String], named: &[bool]) -> Result {
    let all = WAYS.len();
    let messages = told.iter().filter(|told| **told != "nothing").count();
    let figure =
        format!("main is told of the panic in {messages} of {all} ways");
    claim("T6", told[0] == "no number" && told[1] == "nothing", figure)?;
    let count = named.iter().filter(|named| **named).count();
    let figure =
        format!("stderr names thread and place in {count} of {all} ways");
    claim("T7", named[1], figure) // even where nobody joins
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

const WAYS: [Way; 6] = [
    ("thread, joined", || spawn_named("parser", parse).expect(ROOM).join()),
    ("thread, dropped", dropped),
    ("scope, joined", || {
        thread::scope(|s| parser().spawn_scoped(s, parse).expect(ROOM).join())
    }),
    ("scope, not joined", || {
        thread::scope(|s| _ = parser().spawn_scoped(s, parse).expect(ROOM));
        Ok(())
    }),
    ("crossbeam scope", crossbeam_scope),
    ("rayon join", || {
        rayon::join(parse, || ());
        Ok(())
    }),
];

fn dropped() -> thread::Result<()> {
    let thread = spawn_named("parser", parse).expect(ROOM);
    while !thread.is_finished() {
        thread::yield_now(); // so that it does panic before we end
    }
    drop(thread); // WRONG: nobody can ask for its message any more
    Ok(())
}

fn crossbeam_scope() -> thread::Result<()> {
    let ended = crossbeam::scope(|scope| {
        let parser = scope.builder().name("parser".into());
        parser.spawn(|_| parse()).expect(ROOM);
    });
    ended.map_err(|all| all.downcast::<Vec<_>>().expect("all").remove(0))
}

const ROOM: &str = "there is room for one more thread";

fn parse() {
    panic!("no number");
}

fn parser() -> Builder {
    Builder::new().name("parser".into())
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
