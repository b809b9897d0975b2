//! Order in from other people's kitchens: ten children of another program.
//!
//!     cargo run -p subprocess --bin takeout
//!
//! Claims: S1
//! Change this and watch: `AT_ONCE` to 1: children, too, can stand in line.
//!
//! Output (figures vary):
//!     subprocess::takeout  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        107 ms
//!      1 bibimbap  process 4478         │█░░░░░░░░░░░░░░░░░░░░          │   73
//!      2 bulgogi   process 4482         │█░░░░░░░░░░░░░░░░░             │   63
//!      3 japchae   process 4486         │ █░░░░░░░░░░░░░░░░░░░░░░       │   85
//!      4 galbi     process 4490         │ █░░░░░░░░░░░░░░               │   57
//!      5 mandu     process 4494         │ █░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  106
//!      6 pajeon    process 4498         │  █░░░░░░░░░░░░░░░░░░░░░░░░░   │   98
//!      7 kimbap    process 4502         │ █░░░░░░░░░░░                  │   47
//!      8 tteok     process 4506         │  █░░░░░░░░░░░░░░░░░░░░░       │   85
//!      9 jjigae    process 4510         │  █░░░░░░░░░░░░░░░░░░░░░░░░    │   94
//!     10 hotteok   process 4514         │  █░░░░░░░░░░░░░░░░░░          │   75
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   107 ms  6.7 times as fast, 1.07 of the bound
//!     cooked by 10 threads in 10 processes; CPU 18 ms, 100 switches, 27.3 MiB
//!     S1 holds: 10 threads in 10 processes, 6.7 times as fast as one cook

use std::{net::SocketAddr, path::Path, time::Instant};

use duct::{Handle, cmd};
use shared::{Dish, Failure, Kitchen, PATIENCE, Plate, Result};
use subprocess::programs;

const AT_ONCE: usize = 10;

fn main() -> Result {
    let caterer = programs::sibling("caterer")?;
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
