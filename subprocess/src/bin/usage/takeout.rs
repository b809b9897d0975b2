//! Child processes (Popen): ten of them run another program, each with a dish.
//!
//!     cargo run -p subprocess --bin takeout
//!
//! Each child reads its order from standard input and writes the plate to
//! standard output. In Python: `Popen` and `communicate(timeout=..)`. If a
//! child is not done in time, all children are killed and then waited for: a
//! child stays in the list of processes, as a zombie, until its parent waits.
//!
//! Claims: S1
//! Change this and watch: `AT_ONCE` to 1: each child starts when the one before
//! it has ended, as with one cook.
//!
//! Output (figures vary):
//!     subprocess::takeout  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        109 ms
//!      1 bibimbap  process 5456         │█░░░░░░░░░░░░░░░░░░░░          │   74
//!      2 bulgogi   process 5460         │ █░░░░░░░░░░░░░░░░             │   66
//!      3 japchae   process 5464         │ █░░░░░░░░░░░░░░░░░░░░░░       │   87
//!      4 galbi     process 5468         │  █░░░░░░░░░░░░░               │   59
//!      5 mandu     process 5472         │ █░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  107
//!      6 pajeon    process 5476         │  █░░░░░░░░░░░░░░░░░░░░░░░░░   │  100
//!      7 kimbap    process 5480         │  █░░░░░░░░░░░                 │   51
//!      8 tteok     process 5484         │  █░░░░░░░░░░░░░░░░░░░░░       │   87
//!      9 jjigae    process 5488         │   █░░░░░░░░░░░░░░░░░░░░░░░    │   97
//!     10 hotteok   process 5492         │   █░░░░░░░░░░░░░░░░░░         │   79
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   109 ms  6.6 times as fast, 1.08 of the bound
//!     cooked by 10 threads in 10 processes; CPU 26 ms, 85 switches, 27.8 MiB
//!     The article, S1: "It runs child processes and manages their input and output streams."
//!     Our answer for Rust: holds (true)
//!     Our answer to S1 is borne out: 10 processes cooked 10 dishes at the same time

use shared::{Dish, Failure, Kitchen, PATIENCE, Plate, Result};
use subprocess::cargo;

const AT_ONCE: usize = 10;

fn main() -> Result {
    let caterer = cargo::sibling("caterer")?;
    let kitchen = Kitchen::open()?;
    let mut plates = Vec::new();
    for dishes in kitchen.dishes().chunks(AT_ONCE) {
        let to_order = |dish| serde_json::to_vec(&(dish, kitchen.oven));
        let orders = dishes.iter().map(to_order).collect::<Result<_, _>>()?;
        let parcels = run_each(caterer.as_ref(), orders, 3 * PATIENCE)?;
        for (dish, parcel) in dishes.iter().zip(parcels) {
            plates.push(unpack(dish, &parcel)?);
        }
    }
    kitchen.claim("S1", |meal| meal.processes == meal.plates.len());
    kitchen.serve(plates)
}

/// The plate comes out by standard output, complaints by standard error.
fn unpack(dish: &Dish, parcel: &Output) -> Result<Plate> {
    if parcel.status.success() {
        return Ok(serde_json::from_slice(&parcel.stdout)?);
    }
    match String::from_utf8_lossy(&parcel.stderr).trim() {
        "" => Err(Failure::new(format!("{dish}: {}", parcel.status))),
        complaint => Err(Failure::new(complaint)),
    }
}

// ANCHOR: takeout
use std::ffi::OsStr;
use std::io;
use std::process::Output;
use std::time::{Duration, Instant};

use duct::{Handle, cmd};

/// Starts `program` once for each input, all at the same time, and returns how
/// each of them ended and what it wrote, in the order of the inputs.
///
/// The input is written to standard input, which is closed then. A child that
/// fails is no `Err`: look at its status.
///
/// # Errors
///
/// One of them cannot be started, or is not done within the limit. Then all
/// that still run are killed.
///
/// # Panics
///
/// If the system has no thread left: duct needs one for each stream.
pub fn run_each(
    program: &OsStr,
    inputs: Vec<Vec<u8>>,
    limit: Duration,
) -> io::Result<Vec<Output>> {
    let deadline = Instant::now().checked_add(limit); // or no deadline
    let mut children = Children(Vec::new());
    for input in inputs {
        let child = cmd!(program).stdin_bytes(input);
        let child = child.stdout_capture().stderr_capture().unchecked();
        children.0.push(child.start()?);
    }
    let ended = children.0.iter().map(|child| {
        let output = match deadline {
            Some(deadline) => child.wait_deadline(deadline)?,
            None => Some(child.wait()?),
        };
        output.cloned().ok_or_else(|| io::ErrorKind::TimedOut.into())
    });
    ended.collect()
}

/// No child outlives this.
struct Children(Vec<Handle>);

impl Drop for Children {
    fn drop(&mut self) {
        for child in &self.0 {
            let _ = child.kill(); // no error if it has ended
        }
        // So that none stays as a zombie. For a second at most: a process that
        // a child has started may hold the output of the child open for ever.
        let deadline = Instant::now() + Duration::from_secs(1);
        for child in &self.0 {
            let _ = child.wait_deadline(deadline);
        }
    }
}
// ANCHOR_END: takeout
