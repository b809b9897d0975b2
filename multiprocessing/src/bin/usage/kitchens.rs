//! Ten kitchens, ten cooks: worker processes, this program started ten times.
//!
//!     cargo run -p multiprocessing --bin kitchens
//!
//! Each kitchen is a process of its own with one cook. A thread of the parent
//! sends it dishes (standard input) and receives plates (standard output). In
//! Python: `ProcessPoolExecutor(max_workers=10)`. Processes share no memory, so
//! one that crashes or is killed takes no other with it.
//!
//! Claims: M1
//! Change this and watch: `--menu chopping`, and compare with `cooks`: here
//! processes are not faster than threads, because no global lock (GIL) keeps
//! threads from working in parallel.
//!
//! Output (figures vary):
//!     multiprocessing::kitchens  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        110 ms
//!      1 bibimbap  process 9843         │ █░░░░░░░░░░░░░░░░░░░          │   75
//!      2 bulgogi   process 9836         │ █░░░░░░░░░░░░░░░░             │   67
//!      3 japchae   process 9844         │  █░░░░░░░░░░░░░░░░░░░░░░      │   89
//!      4 galbi     process 9847         │  █░░░░░░░░░░░░░░              │   60
//!      5 mandu     process 9840         │ █░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  109
//!      6 pajeon    process 9845         │  █░░░░░░░░░░░░░░░░░░░░░░░░░░  │  103
//!      7 kimbap    process 9846         │ █░░░░░░░░░░░                  │   47
//!      8 tteok     process 9848         │ █░░░░░░░░░░░░░░░░░░░░░        │   84
//!      9 jjigae    process 9841         │ █░░░░░░░░░░░░░░░░░░░░░░░      │   91
//!     10 hotteok   process 9842         │ █░░░░░░░░░░░░░░░░░            │   71
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   110 ms  6.5 times as fast, 1.09 of the bound
//!     cooked by 10 threads in 10 processes; CPU 19 ms, 80 switches, 32.0 MiB
//!     The article, M1: "Multiprocessing: ten kitchens, ten cooks, ten dishes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M1 is borne out: 10 processes cooked 10 dishes at the same time

use std::io::{self, BufRead, BufReader, Write};
use std::{net::SocketAddr, process::Stdio, thread};

use serde::{Serialize, de::DeserializeOwned};
use shared::{Dish, Failure, Kitchen, Plate, Result, cook, role};

const KITCHENS: usize = 10;

fn main() -> Result {
    if let Some([oven]) = role::started_as("kitchen") {
        return cook_orders(oven.parse()?);
    }
    let kitchen = Kitchen::open()?;
    let dishes = kitchen.dishes();
    let deal = |n| dishes.iter().skip(n).step_by(KITCHENS).copied().collect();
    // Each kitchen has a thread here that gives it orders and takes plates.
    let plates = thread::scope(|office| {
        // `office.spawn` would panic where the system refuses a thread.
        let waiters = (0..KITCHENS.min(dishes.len())).map(|n| {
            let order = move || order(deal(n), kitchen.oven);
            thread::Builder::new().spawn_scoped(office, order)
        });
        waiters
            .collect::<io::Result<Vec<_>>>()?
            .into_iter()
            .map(|waiter| waiter.join().expect("a waiter does not panic"))
            .collect::<Result<Vec<_>>>()
    })?;
    kitchen.claim_timed("M1", |meal| {
        let kitchens = meal.plates.len().min(KITCHENS);
        meal.processes == kitchens && meal.fills(KITCHENS)
    });
    kitchen.serve(plates.concat())
}

/// In the parent: starts a kitchen and has it cook `dishes`, one by one.
fn order(dishes: Vec<Dish>, oven: SocketAddr) -> Result<Vec<Plate>> {
    let mut kitchen = role::command("kitchen")?
        .arg(oven.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut orders = kitchen.stdin.take().expect("it was piped");
    let mut pass = BufReader::new(kitchen.stdout.take().expect("and this"));
    let plates = dishes.into_iter().map(|dish| {
        let died = |_| Failure::new(format!("{dish}: its kitchen has died"));
        send(&mut orders, &dish).map_err(died)?;
        receive(&mut pass).map_err(died)?
    });
    let plates = plates.collect();
    drop(orders); // The end of the orders: the kitchen closes,
    kitchen.wait()?; // and does not stay behind as a zombie.
    plates
}

/// In the child: cooks whatever comes in, until nothing comes any more.
fn cook_orders(oven: SocketAddr) -> Result {
    while let Ok(dish) = receive(io::stdin().lock()) {
        send(io::stdout(), &cook(dish, oven))?;
    }
    Ok(())
}

/// A frame is a value without a zero byte (COBS), and a zero to end it.
fn send(mut pipe: impl Write, value: &impl Serialize) -> Result {
    pipe.write_all(&postcard::to_stdvec_cobs(value)?)?;
    Ok(pipe.flush()?)
}

fn receive<T: DeserializeOwned>(mut pipe: impl BufRead) -> Result<T> {
    let mut frame = Vec::new();
    pipe.read_until(0, &mut frame)?;
    Ok(postcard::from_bytes_cobs(&mut frame)?)
}
