//! Serialization cost: what a value costs on its way to another process.
//!
//!     cargo run --release -p multiprocessing --bin serialise_cost
//!
//! A thread receives a value as it is, and the size does not matter. Another
//! process receives bytes: the value is encoded, the bytes are copied into a
//! pipe and out of it, and they are decoded into a new value. The columns are
//! medians in microseconds. "thread" and "pipe" are the time until the value
//! (its bytes) is there, and an answer is here. "postcard" and "JSON" are the
//! time to encode and to decode: postcard is binary, JSON is text. Plain bytes
//! need no encoding. (For a small value, "thread" and "pipe" are little more
//! than the time to wake the receiver.) In Python: pickle, which
//! `multiprocessing` uses for arguments and results.
//!
//! The program `messages` compares ways to send the bytes.
//!
//! Claims: M9
//! Change this and watch: `String::new()` as the name in `compare`. Numbers
//! alone cost less in both formats. The thread costs the same.
//!
//! Output (figures vary):
//!     records   bytes  thread us  postcard us  JSON us  pipe us
//!           1      31       13.2          0.4      0.3      3.7
//!         100    3091       12.7          5.8     19.2      5.8
//!        5000  168764       12.8        553.2   1349.1    106.6
//!     Not in the article, M9: "Weaknesses: starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: 5000 records reach a thread in 12 us; encoding takes 553 us, sending 106 us

use std::io::{self, Read, Write};
use std::{process::Stdio, sync::mpsc, thread};

use postcard::{from_bytes, to_stdvec};
use serde_json::{from_slice, to_vec};
use shared::measure::{NoiseMeter, try_median_of};
use shared::{Failure, Result, Table, claim_timed, flags, role};
use shared::{notice_debug_build, watchdog::Watchdog};

const TRIES: usize = 7;

/// A number, a name, a score.
type Record = (u64, String, f64);

fn main() -> Result {
    let _bound = Watchdog::guard("the values", Duration::from_secs(20))?;
    if let Some([bytes]) = role::started_as("receiver") {
        return receive(bytes.parse()?);
    }
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let heading =
        ["records", "bytes", "thread us", "postcard us", "JSON us", "pipe us"];
    let mut table = Table::new(heading);
    compare(1, &mut table)?;
    compare(100, &mut table)?;
    let times = compare(5_000, &mut table)?;
    table.print();
    let [thread, codec, pipe] = times.map(|time| time.as_micros());
    let figure = format!(
        "5000 records reach a thread in {thread} us; encoding takes {codec} \
         us, sending {pipe} us"
    );
    claim_timed("M9", codec > thread && pipe > thread, meter.read(), figure)
}

/// The times for a thread, for postcard, and for a pipe.
fn compare(count: u64, table: &mut Table<6>) -> Result<[Duration; 3]> {
    let record = |n| (n, format!("the name of record {n}"), n as f64 / 4.0);
    let records: Vec<Record> = (0..count).map(record).collect();
    let binary = || encode_and_decode(&records, to_stdvec, |b| from_bytes(b));
    let text = || encode_and_decode(&records, to_vec, |b| from_slice(b));
    let postcard = try_median_of(TRIES, binary)?;
    let json = try_median_of(TRIES, text)?;
    let bytes = to_stdvec(&records)?.len();
    let (pipe, thread) = (to_process(bytes)?, to_thread(records)?);
    let us = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e6);
    let cells = [thread, postcard, json, pipe].map(us);
    table.row([&count, &bytes, &cells[0], &cells[1], &cells[2], &cells[3]]);
    Ok([thread, postcard, pipe])
}

/// The value goes to a thread, and comes back.
fn to_thread(mut records: Vec<Record>) -> Result<Duration> {
    let (to, values) = mpsc::channel();
    let (answers, from) = mpsc::channel();
    // It ends when `to` is dropped.
    thread::spawn(move || values.into_iter().try_for_each(|v| answers.send(v)));
    try_median_of(TRIES, || {
        let begun = Instant::now();
        to.send(std::mem::take(&mut records))?;
        records = from.recv()?;
        Ok(begun.elapsed())
    })
}

/// As many bytes go to another process; one byte comes back.
fn to_process(bytes: usize) -> Result<Duration> {
    let mut child = role::command("receiver")?;
    child.arg(bytes.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn()?;
    let mut to = child.stdin.take().expect("it was piped");
    let mut from = child.stdout.take().expect("this, too");
    let value = vec![b'x'; bytes];
    let took = try_median_of(TRIES, || {
        let begun = Instant::now();
        to.write_all(&value)?;
        from.read_exact(&mut [0])?;
        Ok::<_, Failure>(begun.elapsed())
    });
    drop(to); // then the child ends
    child.wait()?;
    took
}

/// The child.
fn receive(bytes: usize) -> Result {
    let mut value = vec![0; bytes];
    while io::stdin().read_exact(&mut value).is_ok() {
        io::stdout().write_all(b"\n")?; // the end of a line: sent at once
    }
    Ok(())
}

// ANCHOR: serialise_cost
use std::time::{Duration, Instant};

/// How long it takes to encode and to decode `value`, in a format of your
/// choice, for example with `postcard::to_stdvec` and `postcard::from_bytes`.
/// Take the median of several times.
///
/// # Errors
///
/// Those of `encode` and `decode`.
///
/// # Panics
///
/// What comes out is not equal to `value`.
pub fn encode_and_decode<T: PartialEq, E>(
    value: &T,
    encode: impl Fn(&T) -> Result<Vec<u8>, E>,
    decode: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<Duration, E> {
    let begun = Instant::now();
    let decoded = decode(&encode(value)?)?;
    let took = begun.elapsed();
    assert!(decoded == *value, "another value has come out");
    Ok(took)
}
// ANCHOR_END: serialise_cost
