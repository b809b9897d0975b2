//! Serialization (pickling): who encodes and decodes arguments and results.
//!
//!     cargo run -p futures_pool --bin who_encodes
//!
//! A value goes to another process as bytes, and becomes a new value there. The
//! type here notes which process encodes it, and which one decodes it. The
//! parent encodes the argument; the worker decodes it, runs the function, and
//! encodes the result; the parent decodes the result. On a thread nothing is
//! encoded: the value itself is handed over.
//!
//! The program `round_trip` shows what each step costs.
//!
//! Claims: F18, F19, F21
//! Change this and watch: `relay(Traced::default())` for the submitted job of
//! the `ProcessPool`. Nobody encodes anything then, and F18 is contradicted.
//!
//! Output (figures vary):
//!     on a thread: nobody encodes: true
//!     The article, F18: "The child turns them into objects."
//!     Our answer for Rust: holds (true)
//!     Our answer to F18 is borne out: the parent encoded the argument, the worker decoded it
//!     The article, F19: "The child runs the function and turns the result into bytes."
//!     Our answer for Rust: holds (true)
//!     Our answer to F19 is borne out: the worker ran the function, the worker encoded the result
//!     The article, F21: "The parent turns the result into an object."
//!     Our answer for Rust: holds (true)
//!     Our answer to F21 is borne out: the parent decoded the result

use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use shared::{Result, claim, ensure, flags, say};

fn main() -> Result {
    init([job(relay)]);
    flags([]);
    let by_thread =
        ThreadPool::new(1)?.submit(relay, Traced::default()).result()?;
    let untouched = by_thread.decoded_by.is_none();
    say!("on a thread: nobody encodes: {untouched}");
    ensure(untouched, "a value was encoded for a thread")?;

    let pool = ProcessPool::new(1)?;
    let (parent, worker) = (process::id(), pool.pids()[0]);
    let seen = pool.submit(relay, Traced::default()).result()?;
    verdict(&seen, parent, worker)
}

fn verdict(seen: &Relayed, parent: u32, worker: u32) -> Result {
    let name = |pid| match pid {
        Some(pid) if pid == parent => "the parent",
        Some(pid) if pid == worker => "the worker",
        _ => "nobody",
    };
    let figure = format!(
        "{} encoded the argument, {} decoded it",
        name(seen.encoded_by),
        name(seen.decoded_by)
    );
    let sent = seen.encoded_by == Some(parent);
    claim("F18", sent && seen.decoded_by == Some(worker), figure)?;
    let encoder = name(seen.result.encoded_by);
    let ran = name(Some(seen.ran_in));
    let figure =
        format!("{ran} ran the function, {encoder} encoded the result");
    let there = seen.ran_in == worker && seen.result.encoded_by == Some(worker);
    claim("F19", there, figure)?;
    let figure = format!("{} decoded the result", name(seen.result.decoded_by));
    claim("F21", seen.result.decoded_by == Some(parent), figure)
}

#[derive(Serialize, Deserialize)]
struct Relayed {
    /// Who encoded and decoded the argument, as the worker saw it.
    encoded_by: Option<u32>,
    decoded_by: Option<u32>,
    ran_in: u32,
    result: Traced,
}

fn relay(argument: Traced) -> Relayed {
    let Traced { encoded_by, decoded_by } = argument;
    let result = Traced::default();
    Relayed { encoded_by, decoded_by, ran_in: process::id(), result }
}

// ANCHOR: who_encodes
use std::process;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Notes in which process it was encoded and decoded: use it as an argument or
/// a result to see whether that goes to another process. `None`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// Its process number.
    pub encoded_by: Option<u32>,
    /// Its process number.
    pub decoded_by: Option<u32>,
}

impl Serialize for Traced {
    fn serialize<S: Serializer>(&self, bytes: S) -> Result<S::Ok, S::Error> {
        process::id().serialize(bytes)
    }
}

impl<'de> Deserialize<'de> for Traced {
    fn deserialize<D: Deserializer<'de>>(bytes: D) -> Result<Self, D::Error> {
        let encoded_by = Some(u32::deserialize(bytes)?);
        Ok(Traced { encoded_by, decoded_by: Some(process::id()) })
    }
}
// ANCHOR_END: who_encodes
