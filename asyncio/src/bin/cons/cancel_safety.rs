//! Orders come in two halves, and a bell rings between: who reads them whole?
//!
//!     cargo run -p asyncio --bin cancel_safety
//!
//! `select!` drops the futures that did not win. What such a future has read
//! by then is dropped with it, unless it is kept outside of the future.
//!
//! Claims: A25
//! Change this and watch: ring before the first half, not after it. Nothing
//! has been read yet when the bell wins, and all orders come through.
//!
//! Output (figures vary):
//!     read by                         sent   whole    torn
//!     read_line, fresh buffer           10       0      10
//!     read_line, kept buffer            10       0      10
//!     read_until, kept buffer           10      10       0
//!     Lines::next_line                  10      10       0
//!     A25 borne out: read_line: 0 of 10 whole, Lines: 10

use std::mem::take;

use shared::{Result, claim, flags, say};
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex,
};
use tokio::{select, sync::mpsc};

const SENT: usize = 10;
const ORDER: &str = "bibimbap";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!("{:<28}{:>8}{:>8}{:>8}", "read by", "sent", "whole", "torn");
    let line = row("read_line, fresh buffer", read_line_fresh).await?;
    row("read_line, kept buffer", read_line_kept).await?;
    let until = row("read_until, kept buffer", read_until_kept).await?;
    let lines = row("Lines::next_line", next_line).await?;
    let figure = format!("read_line: {line} of {SENT} whole, Lines: {lines}");
    claim("A25", (line, until, lines) == (0, SENT, SENT), figure)
}

type Phone = BufReader<DuplexStream>;
type Bell = mpsc::Receiver<()>;

async fn read_line_fresh(mut phone: Phone, mut bell: Bell) -> Result<Orders> {
    let mut orders = Vec::new();
    loop {
        let mut order = String::new();
        select! {
            biased; // in this order: the half is read before the bell rings
            read = phone.read_line(&mut order) => match read? {
                0 => return Ok(orders),
                _ => orders.push(order),
            },
            Some(()) = bell.recv() => {} // WRONG: `order` is dropped
        }
    }
}

async fn read_line_kept(mut phone: Phone, mut bell: Bell) -> Result<Orders> {
    let mut orders = Vec::new();
    let mut order = String::new();
    loop {
        select! {
            biased;
            // It may be no text yet, so read_line keeps the half to itself.
            read = phone.read_line(&mut order) => match read? {
                0 => return Ok(orders),
                _ => orders.push(take(&mut order)),
            },
            Some(()) = bell.recv() => {} // WRONG: `order` is empty
        }
    }
}

async fn read_until_kept(mut phone: Phone, mut bell: Bell) -> Result<Orders> {
    let mut orders = Vec::new();
    let mut order = Vec::new();
    loop {
        select! {
            biased;
            read = phone.read_until(b'\n', &mut order) => match read? {
                0 => return Ok(orders),
                _ => orders.push(String::from_utf8(take(&mut order))?),
            },
            Some(()) = bell.recv() => {} // the half stays in `order`
        }
    }
}

async fn next_line(phone: Phone, mut bell: Bell) -> Result<Orders> {
    let mut orders = Vec::new();
    let mut lines = phone.lines();
    loop {
        select! {
            biased;
            line = lines.next_line() => match line? {
                None => return Ok(orders),
                Some(order) => orders.push(order),
            },
            Some(()) = bell.recv() => {} // the half stays in `lines`
        }
    }
}

type Orders = Vec<String>;

async fn row(
    way: &str,
    read: impl AsyncFnOnce(Phone, Bell) -> Result<Orders>,
) -> Result<usize> {
    let (guest, phone) = duplex(64);
    let (ring, bell) = mpsc::channel(1);
    let calls = tokio::spawn(call(guest, ring));
    let orders = read(BufReader::new(phone), bell).await?;
    calls.await.expect("a guest does not panic")?;
    let whole = orders.iter().filter(|order| order.trim_end() == ORDER);
    let whole = whole.count();
    say!("{way:<28}{SENT:>8}{whole:>8}{:>8}", orders.len() - whole);
    Ok(whole)
}

async fn call(mut phone: DuplexStream, bell: mpsc::Sender<()>) -> Result {
    let (half, rest) = ORDER.split_at(4);
    for _ in 0..SENT {
        phone.write_all(half.as_bytes()).await?;
        bell.send(()).await.expect("it is heard");
        drop(bell.reserve().await); // room again: it has been heard
        phone.write_all(format!("{rest}\n").as_bytes()).await?;
    }
    Ok(())
}
