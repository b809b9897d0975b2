//! Generators without `yield`: lazy iterators on stable Rust.
//!
//!     cargo run -p asyncio --bin generators
//!
//! `gen` blocks with `yield` are for nightly compilers only. A closure keeps
//! what a generator keeps between two values. An async block does so by itself:
//! the compiler makes the same state machine of it, which stops at each await.
//! `successors` is one ahead: it makes the next value before it returns one. A
//! `Vec` is not lazy.
//!
//! `streams` shows async generators.
//!
//! Claims: A13, A14
//! Change this and watch: `.take(60).collect::<Vec<_>>().into_iter()` behind
//! `iter::from_fn(..)`. All 60 are made at once, and A14 is contradicted.
//!
//! Output (figures vary):
//!     iter::from_fn: [1, 2, 4, 8, 16] taken, 5 made
//!     iter::successors: [1, 2, 4, 8, 16] taken, 6 made
//!     an async block: [1, 2, 4, 8, 16] taken, 5 made
//!     a Vec: [1, 2, 4, 8, 16] taken, 60 made
//!     A13 borne out: an async block works as a generator: 5 values made for 5
//!     A14 borne out: for 5 values from_fn made 5, successors 6, without yield; a Vec made 60

use shared::{Failure, Result, claim, flags, say};

const TAKEN: usize = 5;

fn main() -> Result {
    flags([]);
    let made = Cell::new(0);
    let closure = take(from_fn(&made), "iter::from_fn", &made)?;
    let chain = take(successors(&made), "iter::successors", &made)?;
    let block = take(async_block(&made), "an async block", &made)?;
    let list = take(a_vec(&made).into_iter(), "a Vec", &made)?;

    let figure = format!(
        "an async block works as a generator: {block} values made for {TAKEN}"
    );
    claim("A13", block == TAKEN, figure)?;
    let figure = format!(
        "for {TAKEN} values from_fn made {closure}, successors {chain}, without \
         yield; a Vec made {list}"
    );
    let lazy = closure == TAKEN && chain == TAKEN + 1;
    claim("A14", lazy && list > chain, figure)
}

/// Takes five powers of two, and returns how many were made for that.
fn take(
    powers: impl Iterator<Item = u64>,
    way: &str,
    made: &Cell<usize>,
) -> Result<usize> {
    let taken: Vec<u64> = powers.take(TAKEN).collect();
    let made = made.take();
    say!("{way}: {taken:?} taken, {made} made");
    match taken == [1, 2, 4, 8, 16] {
        true => Ok(made),
        false => Err(Failure::new("these are no powers of two")),
    }
}

fn from_fn(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    let mut next = 1;
    iter::from_fn(move || {
        let power = count(next, made);
        next *= 2;
        Some(power)
    })
}

fn successors(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    let first = count(1, made);
    iter::successors(Some(first), |power| Some(count(power * 2, made)))
}

fn async_block(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    generator(async move |values: Values<u64>| {
        let mut next = 1;
        loop {
            values.give(count(next, made)).await; // Python: yield
            next *= 2;
        }
    })
}

/// Not lazy: all values are made at once.
fn a_vec(made: &Cell<usize>) -> Vec<u64> {
    (0..60).map(|n| count(1 << n, made)).collect()
}

fn count(power: u64, made: &Cell<usize>) -> u64 {
    made.update(|made| made + 1);
    power
}

// ANCHOR: generators
use std::task::{Context, Poll, Waker};
use std::{cell::Cell, future::poll_fn, iter, mem, rc::Rc};

/// An iterator of what `body` gives away; it ends when `body` returns. The body
/// may await nothing but `give`: nobody would wake it.
pub fn generator<T, F: Future<Output = ()>>(
    body: impl FnOnce(Values<T>) -> F,
) -> impl Iterator<Item = T> {
    let value = Rc::new(Cell::new(None));
    let mut body = Box::pin(body(Values(value.clone())));
    let next = move || {
        let mut context = Context::from_waker(Waker::noop());
        match body.as_mut().poll(&mut context) {
            Poll::Pending => value.take(),
            Poll::Ready(()) => None,
        }
    };
    iter::from_fn(next).fuse()
}

/// Where the body of a generator puts its values.
pub struct Values<T>(Rc<Cell<Option<T>>>);

impl<T> Values<T> {
    /// Gives a value away, and goes on when the next one is asked for.
    pub async fn give(&self, value: T) {
        self.0.set(Some(value));
        let mut given = false;
        poll_fn(|_| match mem::replace(&mut given, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        })
        .await;
    }
}
// ANCHOR_END: generators
