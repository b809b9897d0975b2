//! Ten kitchens, ten cooks: worker processes, this program started ten times.
//!
//!     cargo run -p multiprocessing --bin kitchens
//!
//! Each kitchen is a process of its own with one cook. A thread of the parent
//! sends it dishes (standard input) and receives plates (standard output). In
//! Python: `Pool(10).map(cook, dishes)`. Processes share no memory, so one that
//! crashes or is killed takes no other with it. The program `role` explains how
//! a program starts itself again.
//!
//! Claims: M1
//! Change this and watch: `--menu chopping`, and compare with `cooks`: here
//! processes are not faster than threads, because no global lock (GIL) keeps
//! threads from working in parallel.
//!
//! Output (figures vary):
//!     multiprocessing::kitchens  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        111 ms
//!      1 bibimbap  process 8560         │ █░░░░░░░░░░░░░░░░░░░░         │   80
//!      2 bulgogi   process 8574         │  █░░░░░░░░░░░░░░░░            │   69
//!      3 japchae   process 8573         │  █░░░░░░░░░░░░░░░░░░░░░       │   89
//!      4 galbi     process 8575         │ █░░░░░░░░░░░░░░               │   60
//!      5 mandu     process 8568         │  █░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  110
//!      6 pajeon    process 8567         │ █░░░░░░░░░░░░░░░░░░░░░░░░     │   95
//!      7 kimbap    process 8569         │  █░░░░░░░░░░                  │   50
//!      8 tteok     process 8570         │  █░░░░░░░░░░░░░░░░░░░░        │   84
//!      9 jjigae    process 8571         │ █░░░░░░░░░░░░░░░░░░░░░░░░     │   95
//!     10 hotteok   process 8572         │ █░░░░░░░░░░░░░░░░░░           │   75
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   718 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   111 ms  6.5 times as fast, 1.11 of the bound
//!     cooked by 10 threads in 10 processes; CPU 20 ms, 84 switches, 32.4 MiB
//!     The article, M1: "Multiprocessing: ten kitchens, ten cooks, ten dishes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M1 is borne out: 10 processes cooked 10 dishes at the same time

use shared::{Dish, Kitchen, Result, cook, role};

const KITCHENS: usize = 10;

fn main() -> Result {
    if let Some([oven]) = role::started_as("kitchen") {
        let oven = oven.parse()?;
        return Ok(serve(|dish: Dish| cook(dish, oven))?);
    }
    let kitchen = Kitchen::open()?;
    let dishes = kitchen.dishes();
    let plates = map(KITCHENS, &dishes, || {
        let mut kitchen_process = role::command("kitchen")?;
        kitchen_process.arg(kitchen.oven.to_string());
        Ok(kitchen_process)
    })?;
    kitchen.claim_timed("M1", |meal| {
        let kitchens = meal.plates.len().min(KITCHENS);
        meal.processes == kitchens && meal.fills(KITCHENS)
    });
    kitchen.serve(plates)
}

// ANCHOR: kitchens
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, ErrorKind::BrokenPipe, Write};
use std::process::{Command, Stdio};
use std::{panic::resume_unwind, thread};

use serde::{Serialize, de::DeserializeOwned};

/// Has `items` done by worker processes, and returns the results in the order
/// of the items. Each worker is this program (`std::env::current_exe`), started
/// again by the command that `worker` makes, in a role in which it calls
/// [`serve`].
///
/// # Errors
///
/// A job has failed, a worker has died, a value cannot be encoded, or the
/// system refuses a process or a thread. All workers have ended then.
pub fn map<A: Serialize + Sync, T: DeserializeOwned + Send>(
    workers: usize,
    items: &[A],
    worker: impl Fn() -> io::Result<Command> + Sync,
) -> io::Result<Vec<T>> {
    let workers = workers.clamp(1, items.len().max(1));
    let results = thread::scope(|scope| {
        // For each worker a thread that talks to it. (`scope.spawn` would panic
        // where the system refuses a thread.)
        let start = |n| {
            let items = items.iter().enumerate().skip(n).step_by(workers);
            let worker = &worker;
            let talk = move || ask(worker()?, items);
            thread::Builder::new().spawn_scoped(scope, talk)
        };
        let threads = (0..workers).map(start);
        let threads = threads.collect::<io::Result<Vec<_>>>()?;
        let results = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        });
        results.collect::<io::Result<Vec<Vec<T>>>>()
    })?;
    // Item n was done by the worker n % workers.
    let mut results: Vec<_> = results.into_iter().map(Vec::into_iter).collect();
    Ok((0..items.len()).filter_map(|n| results[n % workers].next()).collect())
}

/// Starts a worker, and has it do these items, one by one.
fn ask<'a, A: Serialize + 'a, T: DeserializeOwned>(
    mut worker: Command,
    items: impl Iterator<Item = (usize, &'a A)>,
) -> io::Result<Vec<T>> {
    let worker = worker.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut worker = worker.spawn()?;
    let mut to = worker.stdin.take().expect("it was piped");
    let mut from = BufReader::new(worker.stdout.take().expect("it was piped"));
    let mut current = 0;
    let results = items.map(|(n, item)| {
        current = n;
        send(&mut to, item)?;
        let result: Result<T, String> = receive(&mut from)?;
        result.map_err(io::Error::other)
    });
    let results = results.collect();
    drop((to, from)); // The end of the items: the worker ends,
    let end = worker.wait()?; // and does not stay behind as a zombie.
    match end.success() {
        true => results,
        false => {
            let died = format!("item {current}: its worker has died: {end}");
            Err(io::Error::other(died))
        }
    }
}

/// In a worker process: does the items that come, until no more come. Nothing
/// else may be printed to standard output, because the results go there.
///
/// # Errors
///
/// What comes is no item, or a result cannot be encoded.
pub fn serve<A: DeserializeOwned, T: Serialize, E: Display>(
    mut job: impl FnMut(A) -> Result<T, E>,
) -> io::Result<()> {
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    while !from.fill_buf()?.is_empty() {
        let result = job(receive(&mut from)?);
        let result = result.map_err(|error| error.to_string());
        match send(&mut to, &result) {
            // The parent has died, or gave up.
            Err(error) if error.kind() == BrokenPipe => return Ok(()),
            sent => sent?,
        }
    }
    Ok(())
}

/// A message is a value without a zero byte (COBS), and a zero at its end.
fn send(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let message = postcard::to_stdvec_cobs(value);
    to.write_all(&message.map_err(io::Error::other)?)?;
    to.flush()
}

fn receive<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<T> {
    let mut message = Vec::new();
    match from.read_until(0, &mut message)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => postcard::from_bytes_cobs(&mut message).map_err(io::Error::other),
    }
}
// ANCHOR_END: kitchens
