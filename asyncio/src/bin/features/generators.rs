//! Generators without `yield`: lazy iterators on stable Rust, in four ways.
//!
//!     cargo run -p asyncio --bin generators
//!
//! `gen` blocks with `yield` are for nightly compilers only. A closure or a
//! struct keeps what a generator keeps between two values. An async block does
//! it by itself: the compiler makes the same state machine of it, which stops
//! at each await. `successors` is one ahead: it makes the next value before it
//! returns one. A `Vec` is not lazy.
//!
//! `streams` shows async generators.
//!
//! Claims: A13, A14
//! Change this and watch: `collect()` the powers of `from_fn` into a `Vec` in
//! front of `into_iter()`. It never ends; with `take(60)` before it, 60 are
//! made and A14 is contradicted.
//!
//! Output (figures vary):

use shared::{Failure, Result, Table, claim, flags};

const TAKEN: usize = 5;

fn main() -> Result {
    flags([]);
    let mut table = Table::new(["powers of two from", "taken", "made"]);
    let mut row = |way, powers| taken(&mut table, way, powers);
    let closure = row("iter::from_fn", |made| Box::new(from_fn(made)))?;
    let chain = row("iter::successors", |made| Box::new(successors(made)))?;
    let by_struct = row("a struct", |made| Box::new(Powers { made, next: 1 }))?;
    let block = row("an async block", |made| Box::new(async_block(made)))?;
    let list = row("a Vec", |made| Box::new(a_vec(made).into_iter()))?;
    table.print();

    let figure = format!(
        "an async block gave {TAKEN} values, one for each poll: {block} made"
    );
    claim("A13", block == TAKEN, figure)?;
    let lazy = closure == TAKEN && by_struct == TAKEN && chain == TAKEN + 1;
    let figure = format!(
        "without `yield`: {TAKEN} values taken, {closure}, {by_struct} and \
         {chain} made, {list} by a Vec"
    );
    claim("A14", lazy && list > chain, figure)
}

type Iter<'a> = Box<dyn Iterator<Item = u64> + 'a>;

/// Takes five, checks them, and returns how many were made for that.
fn taken(
    table: &mut Table<3>,
    way: &str,
    powers: fn(&Cell<usize>) -> Iter,
) -> Result<usize> {
    let made = Cell::new(0);
    let taken: Vec<u64> = powers(&made).take(TAKEN).collect();
    if taken != [1, 2, 4, 8, 16] {
        return Err(Failure::new(format!("{way} gives {taken:?}")));
    }
    table.row([&way, &taken.len(), &made.get()]);
    Ok(made.get())
}

fn counted(power: u64, made: &Cell<usize>) -> u64 {
    made.update(|made| made + 1);
    power
}

fn from_fn(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    let mut next = 1;
    iter::from_fn(move || {
        let power = counted(next, made);
        next *= 2;
        Some(power)
    })
}

fn successors(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    let first = counted(1, made);
    iter::successors(Some(first), |power| Some(counted(power * 2, made)))
}

struct Powers<'a> {
    made: &'a Cell<usize>,
    next: u64,
}

impl Iterator for Powers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let power = counted(self.next, self.made);
        self.next *= 2;
        Some(power)
    }
}

fn async_block(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    generator(async move |values: Values<u64>| {
        let mut next = 1;
        loop {
            values.give(counted(next, made)).await; // Python: yield
            next *= 2;
        }
    })
}

/// Not lazy: all values are made at once.
fn a_vec(made: &Cell<usize>) -> Vec<u64> {
    (0..60).map(|n| counted(1 << n, made)).collect()
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
