//! A manager: one process owns the data, and the others send it requests.
//!
//!     cargo run -p multiprocessing --bin manager
//!
//! This is what Python's `multiprocessing.Manager` does: its dictionaries and
//! lists live in one process, and each use of them is a message to it. No
//! memory is shared, so nothing needs a lock between processes. But only a
//! single request is atomic. `counter["n"] += 1` is two requests in Python, get
//! and set, and between them another worker may set: a lost update. The cure is
//! a request that says what is to be done: add.
//!
//! Change this and watch: in `work`, leave out the line with `Request::Meet`.
//! Then it depends on luck how many updates are lost, and the program may end
//! with an error.
//!
//! Output (times vary, counts do not):
//!     two requests, get and set: 3 of 4 updates are lost
//!     one request, add: 0 of 4 updates are lost

use std::process::{Child, Stdio};
use std::sync::{Barrier, Mutex};
use std::{io, thread, time::Duration};

use serde::Deserialize;
use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const WORKERS: usize = 4;

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Request {
    Get,
    Set(usize),
    Add(usize),
    /// Is answered when all workers have sent it.
    Meet,
}

fn main() -> Result {
    if let Some([way]) = role::started_as("worker") {
        return work(&way);
    }
    flags([]);
    let _bound = Watchdog::guard("the requests", Duration::from_secs(10))?;
    let kept = counted("get-and-set")?;
    let lost = WORKERS - kept;
    say!("two requests, get and set: {lost} of {WORKERS} updates are lost");
    let kept = counted("add")?;
    let lost_by_add = WORKERS - kept;
    say!("one request, add: {lost_by_add} of {WORKERS} updates are lost");
    ensure((lost, lost_by_add) == (WORKERS - 1, 0), "others were lost")
}

/// Has each worker add 1 to a counter of this process; returns the counter.
fn counted(way: &str) -> Result<usize> {
    let (counter, all) = (Mutex::new(0), Barrier::new(WORKERS));
    let obey = |request| {
        if let Request::Meet = request {
            all.wait();
        }
        let mut counter = counter.lock().expect("no panic while locked");
        match request {
            Request::Get | Request::Meet => {}
            Request::Set(number) => *counter = number,
            Request::Add(number) => *counter += number,
        }
        *counter
    };
    let start = |_| {
        let mut worker = role::command("worker")?;
        worker.arg(way).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    };
    let workers = (0..WORKERS).map(start).collect::<io::Result<Vec<_>>>()?;
    thread::scope(|scope| {
        let serve = |mut worker: Child| {
            let to = worker.stdin.take().expect("it was piped");
            let from = worker.stdout.take().expect("it was piped");
            let answered = answer(from, to, obey);
            worker.wait()?; // even after an error: it leaves no zombie
            answered
        };
        // One thread of the manager for each worker.
        let on_thread = |worker| scope.spawn(move || serve(worker));
        let threads: Vec<_> = workers.into_iter().map(on_thread).collect();
        let ends = threads.into_iter().map(|t| t.join().expect("no panic"));
        ends.collect::<io::Result<()>>()
    })?;
    let counter = *counter.lock().expect("no panic while locked");
    Ok(counter)
}

/// A worker: adds 1, in this way.
fn work(way: &str) -> Result {
    let send = |request| -> io::Result<usize> {
        ask(io::stdin().lock(), io::stdout(), &request)
    };
    if way == "add" {
        send(Request::Add(1))?;
        return Ok(());
    }
    let before = send(Request::Get)?;
    send(Request::Meet)?; // forced: all workers have got the same number
    send(Request::Set(before + 1))?; // WRONG: overwrites what others have set
    Ok(())
}

// ANCHOR: manager
use std::io::{BufRead, BufReader, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// In the process that owns the data: answers each request of one worker by
/// what `act` returns, until the worker ends. (Each worker has its own two
/// pipes, and a thread that calls this.)
///
/// # Errors
///
/// A pipe cannot be read or written, or what came is no request.
pub fn answer<Q: DeserializeOwned, A: Serialize>(
    from: impl Read,
    mut to: impl Write,
    mut act: impl FnMut(Q) -> A,
) -> std::io::Result<()> {
    for line in BufReader::new(from).lines() {
        let answer = act(serde_json::from_str(&line?)?);
        writeln!(to, "{}", serde_json::to_string(&answer)?)?;
    }
    Ok(())
}

/// In a worker: sends a request to the owner, and waits for the answer.
///
/// # Errors
///
/// A pipe cannot be read or written; the owner has ended, or sends what is no
/// answer.
pub fn ask<Q: Serialize, A: DeserializeOwned>(
    mut from: impl BufRead,
    mut to: impl Write,
    request: &Q,
) -> std::io::Result<A> {
    writeln!(to, "{}", serde_json::to_string(request)?)?;
    to.flush()?;
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}
// ANCHOR_END: manager
