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
//! Change this and watch: give the parser no name. Standard error tells only
//! the place then, and T7 is contradicted.
//!
//! Output (figures vary):
//!     way                main gets                 stderr names   exit status
//!     thread, joined     no number                 thread, place            0
//!     thread, dropped    nothing                   thread, place            0
//!     scope, joined      no number                 thread, place            0
//!     scope, not joined  a scoped thread panicked  thread, place          101
//!     crossbeam scope    no number                 thread, place            0
//!     rayon join         no number                 place                  101
//!     T6 borne out: main is told of the panic in 5 of 6 ways
//!     T7 borne out: stderr names thread and place in 5 of 6 ways

use std::panic::{catch_unwind, resume_unwind};
use std::thread::{self, Builder};
use std::time::Duration;

use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table, claim, flags, panic_text, role, say};

fn main() -> Result {
    if let Some([way]) = role::started_as("victim") {
        return panic_and_tell(&way);
    }
    flags([]);
    let mut table =
        Table::new(["way", "main gets", "stderr names", "exit status"]);
    let mut ends = Vec::new();
    for (way, _) in WAYS {
        let end = run(way)?;
        let gets = end.message.as_deref().unwrap_or("nothing");
        let code = end.code.map_or("signal".into(), |code| code.to_string());
        table.row([&way, &gets, &end.named.join(", "), &code]);
        ends.push(end);
    }
    table.print();
    verdict(&ends)
}

/// How a child ended, and who was told of the panic.
struct End {
    /// What its `main` got: the panic's message, or another one.
    message: Option<String>,
    /// What the report on standard error names.
    named: Vec<&'static str>,
    /// `None`: a signal ended it.
    code: Option<i32>,
}

/// The parent: runs a way in a child.
fn run(way: &str) -> Result<End> {
    let mut child = role::command("victim")?;
    let output = child.arg(way).env("RUST_BACKTRACE", "0").output()?;
    let message = String::from_utf8(output.stdout)?.trim_end().to_string();
    let report = String::from_utf8(output.stderr)?;
    let named = [("thread 'parser'", "thread"), ("panic_ways.rs:", "place")];
    let named = named.iter().filter(|(text, _)| report.contains(text));
    Ok(End {
        message: (!message.is_empty()).then_some(message),
        named: named.map(|(_, name)| *name).collect(),
        code: output.status.code(),
    })
}

fn verdict(ends: &[End]) -> Result {
    let [joined, dropped, ..] = ends else { unreachable!("six ways") };
    let told = ends.iter().filter(|end| end.message.is_some()).count();
    let returned = joined.message.as_deref() == Some(MESSAGE);
    let figure = format!("main is told of the panic in {told} of 6 ways");
    claim("T6", returned && joined.code == Some(0), figure)?;
    let named = ends.iter().filter(|end| end.named.len() == 2).count();
    let silent = dropped.message.is_none() && dropped.code == Some(0);
    let figure = format!("stderr names thread and place in {named} of 6 ways");
    claim("T7", silent && dropped.named.len() == 2, figure)
}

/// The child: panics in one way, and says what its `main` gets.
fn panic_and_tell(name: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    let known = WAYS.iter().find(|(way, _)| *way == name);
    let (_, way) = known.ok_or_else(|| Failure::new("no such way"))?;
    match catch_unwind(way) {
        Ok(Ok(())) => {}
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
    ("thread, joined", joined),
    ("thread, dropped", dropped),
    ("scope, joined", scope_joined),
    ("scope, not joined", scope_not_joined),
    ("crossbeam scope", crossbeam_scope),
    ("rayon join", rayon_join),
];

const MESSAGE: &str = "no number";

fn parse() {
    panic!("{MESSAGE}");
}

/// The report of a panic shows the name of its thread.
fn parser() -> Builder {
    Builder::new().name("parser".into())
}

const ROOM: &str = "there is room for one more thread";

fn joined() -> thread::Result<()> {
    parser().spawn(parse).expect(ROOM).join()
}

fn dropped() -> thread::Result<()> {
    let thread = parser().spawn(parse).expect(ROOM);
    while !thread.is_finished() {
        thread::yield_now(); // so that it does panic before we end
    }
    drop(thread); // WRONG: nobody can ask for its message any more
    Ok(())
}

fn scope_joined() -> thread::Result<()> {
    thread::scope(|s| parser().spawn_scoped(s, parse).expect(ROOM).join())
}

fn scope_not_joined() -> thread::Result<()> {
    let parser = Builder::new().name("parser".into());
    thread::scope(|s| _ = parser.spawn_scoped(s, parse).expect(ROOM));
    Ok(())
}

fn crossbeam_scope() -> thread::Result<()> {
    let ended = crossbeam::scope(|s| {
        let parser = s.builder().name("parser".into());
        parser.spawn(|_| parse()).expect(ROOM);
    });
    ended.map_err(|all| all.downcast::<Vec<_>>().expect("all").remove(0))
}

fn rayon_join() -> thread::Result<()> {
    rayon::join(parse, || ());
    Ok(())
}
