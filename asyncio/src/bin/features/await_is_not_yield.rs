//! `await` may pause, but need not: what is ready goes on at once.
//!
//!     cargo run -p asyncio --bin await_is_not_yield
//!
//! A heart beats whenever it has a turn. On the same thread, somebody awaits a
//! million times what is ready. tokio's channel gives way after 128 items;
//! those of smol and async-std do not.
//!
//! Claims: A16
//! Change this and watch: `tokio::task::unconstrained` around the loop over
//! tokio's channel: not one beat.
//!
//! Output (figures vary):
//!     beats of a heart beside a million awaits
//!     await                          tokio    smol  async-std
//!     what is ready                      0       0          0
//!     and yield every 1 000           1000    1000       1000
//!     a full channel                  7812       0          0
//!     A16 borne out: 0 beats, 1000 by yielding, 7812 by tokio's channel

use std::{cell::Cell, future::ready, pin::pin};

use futures::future::select;
use shared::{Result, claim, flags, say};
use smol::future::yield_now;

const AWAITS: u64 = 1_000_000;

fn main() -> Result {
    flags([]);
    say!("beats of a heart beside a million awaits");
    say!("{:<28}{:>8}{:>8}{:>11}", "await", "tokio", "smol", "async-std");
    let ready = row("what is ready", rushes(), rushes(), rushes())?;
    let turns = row("and yield every 1 000", yields(), yields(), yields())?;
    let full = row("a full channel", by_tokio(), by_smol(), by_async_std())?;
    let [rush, turn] = [ready, turns].map(|beats| beats[0]);
    let tokio = full[0];
    let figure =
        format!("{rush} beats, {turn} by yielding, {tokio} by tokio's channel");
    let yielding = turns.iter().all(|&beats| beats >= AWAITS / 2_000);
    let budget = tokio >= AWAITS / 256 && full[1..] == [0, 0];
    claim("A16", ready == [0; 3] && yielding && budget, figure)
}

fn row(
    name: &str,
    on_tokio: impl Future,
    on_smol: impl Future,
    on_async_std: impl Future,
) -> Result<[u64; 3]> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let beats = [
        builder.build()?.block_on(beats_beside(on_tokio)),
        smol::block_on(beats_beside(on_smol)),
        async_std::task::block_on(beats_beside(on_async_std)),
    ];
    let [tokio, smol, async_std] = beats;
    say!("{name:<28}{tokio:>8}{smol:>8}{async_std:>11}");
    Ok(beats)
}

/// How often a heart has a turn between the beginning of `work` and its end.
async fn beats_beside(work: impl Future) -> u64 {
    let beats = Cell::new(0);
    let heart = async {
        loop {
            yield_now().await;
            beats.set(beats.get() + 1);
        }
    };
    select(pin!(heart), pin!(work)).await; // in turn, until the work is done
    beats.get()
}

async fn rushes() {
    for number in 0..AWAITS {
        ready(number).await; // WRONG: an await, and no pause
    }
}

async fn yields() {
    for number in 0..AWAITS {
        ready(number).await;
        if number % 1_000 == 0 {
            yield_now().await; // a pause, whoever runs this
        }
    }
}

async fn by_tokio() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    (0..AWAITS).for_each(|n| sender.send(n).expect("it is open"));
    drop(sender);
    while receiver.recv().await.is_some() {}
}

async fn by_smol() {
    let (sender, receiver) = smol::channel::unbounded();
    (0..AWAITS).for_each(|n| sender.try_send(n).expect("it is open"));
    drop(sender);
    while receiver.recv().await.is_ok() {}
}

async fn by_async_std() {
    let (sender, receiver) = async_std::channel::unbounded();
    (0..AWAITS).for_each(|n| sender.try_send(n).expect("it is open"));
    drop(sender);
    while receiver.recv().await.is_ok() {}
}
