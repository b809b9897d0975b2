//! Ten kitchens, ten cooks: worker processes, this program started ten times.
//!
//!     cargo run -p multiprocessing --bin kitchens
//!
//! Claims: M1
//! Change this and watch: `--menu chopping`, and compare with `cooks`: here
//! processes are not faster than threads. What they are good for is dying.
//!
//! Output (figures vary):
//!     multiprocessing::kitchens  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        111 ms
//!      1 bibimbap  process 31237        │  █░░░░░░░░░░░░░░░░░░░         │   80
//!      2 bulgogi   process 31222        │█░░░░░░░░░░░░░░░░░             │   65
//!      3 japchae   process 31223        │█░░░░░░░░░░░░░░░░░░░░░░        │   85
//!      4 galbi     process 31224        │█░░░░░░░░░░░░░░                │   55
//!      5 mandu     process 31236        │  █░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  110
//!      6 pajeon    process 31229        │ █░░░░░░░░░░░░░░░░░░░░░░░░     │   96
//!      7 kimbap    process 31231        │  █░░░░░░░░░░                  │   49
//!      8 tteok     process 31230        │  █░░░░░░░░░░░░░░░░░░░░        │   83
//!      9 jjigae    process 31234        │ █░░░░░░░░░░░░░░░░░░░░░░░░     │   93
//!     10 hotteok   process 31235        │  █░░░░░░░░░░░░░░░░░           │   74
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   111 ms  6.5 times as fast, 1.11 of the bound
//!     cooked by 10 threads in 10 processes; CPU 18 ms, 108 switches, 31.5 MiB
//!     The article, M1: "Multiprocessing: ten kitchens, ten cooks, ten dishes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     M1 borne out: 10 threads in 10 processes, 6.5 times as fast as one cook

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
    kitchen.claim_timed("M1", |meal| meal.fills(KITCHENS));
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
