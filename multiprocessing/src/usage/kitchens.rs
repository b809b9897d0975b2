//! Ten kitchens, ten cooks: this program, started ten times more.
//!
//!     cargo run -p multiprocessing --bin kitchens
//!
//! Claims: M1
//! Change this and watch: `--menu chopping`, and compare with `cooks`: here
//! processes are not faster than threads. What they are good for is dying.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Command, Stdio},
    thread,
};

use serde::{Serialize, de::DeserializeOwned};
use shared::{Dish, Failure, Kitchen, Plate, Result, cook};

const KITCHENS: usize = 10;
/// The first argument of a program that is started as one more kitchen.
const ROLE: &str = "as-kitchen";

fn main() -> Result {
    if env::args().nth(1).as_deref() == Some(ROLE) {
        return cook_orders();
    }
    let kitchen = Kitchen::open()?;
    let dishes = kitchen.dishes();
    let deal = |turn| dishes.iter().skip(turn).step_by(KITCHENS);
    // Each kitchen has a thread here that gives it orders and takes plates.
    let plates = thread::scope(|office| {
        let waiters: Vec<_> = (0..KITCHENS.min(dishes.len()))
            .map(|n| office.spawn(move || order(deal(n), kitchen.oven)))
            .collect();
        waiters
            .into_iter()
            .map(|waiter| waiter.join().expect("a waiter does not panic"))
            .collect::<Result<Vec<_>>>()
    })?;
    kitchen.claim("M1", |m| m.processes == m.plates.len().min(KITCHENS));
    kitchen.serve(plates.concat())
}

/// In the parent: starts a kitchen and has it cook `dishes`, one by one.
fn order<'a>(
    dishes: impl Iterator<Item = &'a Dish>,
    oven: SocketAddr,
) -> Result<Vec<Plate>> {
    let mut kitchen = Command::new(env::current_exe()?)
        .args([ROLE, &oven.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut orders = kitchen.stdin.take().expect("it was piped");
    let mut pass = BufReader::new(kitchen.stdout.take().expect("and this"));
    let plates = dishes.map(|dish| {
        send(&mut orders, dish)
            .and_then(|()| receive(&mut pass))
            .unwrap_or_else(|_| {
                Err(Failure::new(format!("{dish}: its kitchen has died")))
            })
    });
    let plates = plates.collect();
    drop(orders); // The end of the orders: the kitchen closes,
    kitchen.wait()?; // and does not stay behind as a zombie.
    plates
}

/// In the child: cooks whatever comes in, until nothing comes any more.
fn cook_orders() -> Result {
    let oven = env::args().nth(2).unwrap_or_default().parse()?;
    let mut orders = io::stdin().lock();
    while let Ok(dish) = receive(&mut orders) {
        send(io::stdout(), &cook(dish, oven))?;
    }
    Ok(())
}

/// A frame is a value without a zero byte (COBS), and a zero to end it.
fn send(mut pipe: impl Write, value: &impl Serialize) -> io::Result<()> {
    let frame = postcard::to_stdvec_cobs(value).map_err(io::Error::other)?;
    pipe.write_all(&frame)?;
    pipe.flush()
}

fn receive<T: DeserializeOwned>(mut pipe: impl BufRead) -> io::Result<T> {
    let mut frame = Vec::new();
    pipe.read_until(0, &mut frame)?;
    postcard::from_bytes_cobs(&mut frame).map_err(io::Error::other)
}
