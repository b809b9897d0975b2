//! Child processes (Popen): ten children of another program, each with a dish.
//!
//!     cargo run -p subprocess --bin takeout
//!
//! Claims: S1
//! Change this and watch: `AT_ONCE` to 1: children, too, can stand in line.
//!
//! Output (figures vary):
//!     subprocess::takeout  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        109 ms
//!      1 bibimbap  process 31254        │  █░░░░░░░░░░░░░░░░░░░         │   78
//!      2 bulgogi   process 31258        │  █░░░░░░░░░░░░░░░░            │   69
//!      3 japchae   process 31262        │  █░░░░░░░░░░░░░░░░░░░░░░      │   91
//!      4 galbi     process 31266        │  █░░░░░░░░░░░░░░              │   60
//!      5 mandu     process 31270        │ █░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  108
//!      6 pajeon    process 31274        │ █░░░░░░░░░░░░░░░░░░░░░░░░░░   │   99
//!      7 kimbap    process 31278        │  █░░░░░░░░░░░                 │   51
//!      8 tteok     process 31282        │  █░░░░░░░░░░░░░░░░░░░░░       │   86
//!      9 jjigae    process 31286        │  █░░░░░░░░░░░░░░░░░░░░░░░░    │   97
//!     10 hotteok   process 31290        │   █░░░░░░░░░░░░░░░░░          │   77
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   109 ms  6.5 times as fast, 1.09 of the bound
//!     cooked by 10 threads in 10 processes; CPU 21 ms, 120 switches, 27.6 MiB
//!     The article, S1: "It runs child processes and manages their input and output streams."
//!     Our answer for Rust: holds (true)
//!     S1 borne out: 10 threads in 10 processes, 6.5 times as fast as one cook

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
