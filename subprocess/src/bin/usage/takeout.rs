//! Child processes (Popen): ten children of another program, each with a dish.
//!
//!     cargo run -p subprocess --bin takeout
//!
//! Each child reads its order from standard input and writes the plate to
//! standard output. In Python: `Popen` and `communicate(timeout=..)`. A child
//! that is not done in time is killed and waited for, or it would stay behind
//! as a zombie.
//!
//! Claims: S1
//! Change this and watch: `AT_ONCE` to 1: each child starts when the one before
//! it has ended, as with one cook.
//!
//! Output (figures vary):
//!     subprocess::takeout  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        114 ms
//!      1 bibimbap  process 10290        │█░░░░░░░░░░░░░░░░░░░           │   75
//!      2 bulgogi   process 10294        │█░░░░░░░░░░░░░░░░              │   65
//!      3 japchae   process 10298        │  █░░░░░░░░░░░░░░░░░░░░░       │   92
//!      4 galbi     process 10302        │  █░░░░░░░░░░░░░               │   60
//!      5 mandu     process 10306        │   █░░░░░░░░░░░░░░░░░░░░░░░░░░ │  113
//!      6 pajeon    process 10310        │   █░░░░░░░░░░░░░░░░░░░░░░░░   │  105
//!      7 kimbap    process 10314        │    █░░░░░░░░░░░               │   59
//!      8 tteok     process 10318        │    █░░░░░░░░░░░░░░░░░░░░      │   94
//!      9 jjigae    process 10322        │     █░░░░░░░░░░░░░░░░░░░░░░   │  105
//!     10 hotteok   process 10326        │     █░░░░░░░░░░░░░░░░░        │   85
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   114 ms  6.3 times as fast, 1.14 of the bound
//!     cooked by 10 threads in 10 processes; CPU 27 ms, 94 switches, 27.4 MiB
//!     The article, S1: "It runs child processes and manages their input and output streams."
//!     Our answer for Rust: holds (true)
//!     Our answer to S1 is borne out: 10 processes cooked 10 dishes at the same time

use std::{net::SocketAddr, path::Path, time::Instant};

use duct::{Handle, cmd};
use shared::{Dish, Failure, Kitchen, PATIENCE, Plate, Result};
use subprocess::cargo;

const AT_ONCE: usize = 10;

fn main() -> Result {
    let caterer = cargo::sibling("caterer")?;
    let kitchen = Kitchen::open()?;
    let mut plates = Vec::new();
    for dishes in kitchen.dishes().chunks(AT_ONCE) {
        let orders = dishes
            .iter()
            .map(|dish| Ok((dish, order(&caterer, dish, kitchen.oven)?)))
            .collect::<Result<Vec<_>>>()?;
        // Wait for all of them before looking at what went wrong with one.
        let deadline = Instant::now() + 3 * PATIENCE;
        let parcels: Vec<_> = orders
            .into_iter()
            .map(|(dish, order)| unpack(dish, order, deadline))
            .collect();
        plates.extend(parcels.into_iter().collect::<Result<Vec<_>>>()?);
    }
    kitchen.claim("S1", |meal| meal.processes == meal.plates.len());
    kitchen.serve(plates)
}

/// The order goes in by standard input, all of it at once.
fn order(caterer: &Path, dish: &Dish, oven: SocketAddr) -> Result<Handle> {
    let child = cmd!(caterer)
        .stdin_bytes(serde_json::to_vec(&(dish, oven))?)
        .stdout_capture()
        .stderr_capture()
        .unchecked() // the status is looked at below
        .start()?;
    Ok(child)
}

/// The plate comes out by standard output, complaints by standard error.
fn unpack(dish: &Dish, order: Handle, deadline: Instant) -> Result<Plate> {
    let Some(parcel) = order.wait_deadline(deadline)? else {
        order.kill()?;
        order.wait()?; // or it would stay behind as a zombie
        return Err(Failure::new(format!("{dish} was not delivered")));
    };
    if parcel.status.success() {
        return Ok(serde_json::from_slice(&parcel.stdout)?);
    }
    match String::from_utf8_lossy(&parcel.stderr).trim() {
        "" => Err(Failure::new(format!("{dish}: {}", parcel.status))),
        complaint => Err(Failure::new(complaint)),
    }
}
