//! Values that cannot be encoded (pickled): the job fails, the worker goes on.
//!
//!     cargo run -p futures_pool --bin encode_errors
//!
//! What goes to another process is encoded as bytes, and not every value can
//! be. Most mistakes are found when the program is compiled, because the type
//! must have serde's `Serialize`: an open file has not (see `compile_fail`).
//! Two mistakes are found only when the program runs. A path may have bytes
//! that are no UTF-8, and a field that is left out (`skip_serializing_if`)
//! would be missed by the reader, because the bytes carry no names. Both are
//! `JobError::Encode`; Python raises `PicklingError`. On threads nothing is
//! encoded, so nothing fails.
//!
//! Change this and watch: take the line with `skip_serializing_if` away. The
//! order can cross then, and the program, which expects an error, ends with
//! one.
//!
//! Output (figures vary):
//!     thread, argument: Ok
//!     thread, result: Ok
//!     process, argument: Order skips the field `note` (skip_serializing_if)
//!     process, result: path contains invalid UTF-8 characters
//!     process, the path as bytes: "menu-\xFF"

use std::ffi::OsStr;

use futures_pool::{Executor, JobError, ProcessPool, ThreadPool, init, job};
use serde::{Deserialize, Serialize};
use shared::{Result, ensure, flags, say};

fn main() -> Result {
    init([job(read), job(look_up), job(look_up_any)]);
    flags([]);
    let threads = failed("thread", &ThreadPool::new(1)?);
    let pool = ProcessPool::new(1)?;
    let processes = failed("process", &pool);
    let path: PathBuf = pool.submit(look_up_any, ()).result()?.into();
    say!("process, the path as bytes: {path:?}");
    let same = path.as_os_str().as_bytes() == b"menu-\xFF";
    ensure(same, "another path came back")?;
    let two = (threads, processes) == (0, 2);
    ensure(two, "other jobs failed than the two in a process")
}

/// How many of two jobs could not be encoded.
fn failed(worker: &str, pool: &impl Executor) -> usize {
    let argument = pool.submit(read, Order { note: None }).result().err();
    let result = pool.submit(look_up, ()).result().err();
    let mut failed = 0;
    for (what, error) in [("argument", argument), ("result", result)] {
        match error {
            None => say!("{worker}, {what}: Ok"),
            Some(JobError::Encode(why)) => {
                say!("{worker}, {what}: {why}");
                failed += 1;
            }
            Some(other) => say!("{worker}, {what}: {other}"),
        }
    }
    failed
}

#[derive(Serialize, Deserialize)]
struct Order {
    // WRONG: the bytes have no names, so nobody would see that this is missing
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

fn read(order: Order) -> String {
    order.note.unwrap_or("no note".into())
}

/// `()` means that the job needs no argument.
fn look_up((): ()) -> PathBuf {
    let path = OsStr::from_bytes(b"menu-\xFF"); // WRONG: it is not UTF-8
    path.into()
}

fn look_up_any((): ()) -> AnyPath {
    AnyPath::from(OsStr::from_bytes(b"menu-\xFF").as_ref())
}

// ANCHOR: encode_errors
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::{ffi::OsString, path::Path, path::PathBuf};

/// A path as an argument or a result of a job. Every path can go to another
/// process in this way, because it travels as bytes.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct AnyPath(Vec<u8>);

impl From<&Path> for AnyPath {
    fn from(path: &Path) -> AnyPath {
        AnyPath(path.as_os_str().as_bytes().into())
    }
}

impl From<AnyPath> for PathBuf {
    fn from(path: AnyPath) -> PathBuf {
        OsString::from_vec(path.0).into()
    }
}
// ANCHOR_END: encode_errors
