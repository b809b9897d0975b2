//! Generators without `yield`: lazy iterators on stable Rust.
//!
//!     cargo run -p asyncio --bin generators
//!
//! `gen` blocks with `yield` are for nightly compilers only. A closure keeps
//! what a generator keeps between two values. `successors` is one ahead: it
//! makes the next value before it returns one. A `Vec` is not lazy.
//!
//! `generator_from_async` makes a generator of an async block; `streams` shows
//! async generators.
//!
//! Claims: A14
//! Change this and watch: `.take(60).collect::<Vec<_>>().into_iter()` behind
//! `generate(..)`. All 60 are made, taken or not, and A14 is contradicted.
//!
//! Output (figures vary):
//!     iter::from_fn: [1, 2, 4, 8, 16] taken, 5 made
//!     iter::successors: [1, 2, 4, 8, 16] taken, 6 made
//!     a Vec: [1, 2, 4, 8, 16] taken, 60 made
//!     The article, A14: "A generator is a function that makes an iterator, with yield inside."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to A14 is borne out: for 5 values, without yield, from_fn made 5, successors 6; a Vec made 60

use std::cell::Cell;

use shared::{Result, claim, ensure, flags, say};

const TAKEN: usize = 5;

fn main() -> Result {
    flags([]);
    let made = Cell::new(0);
    let closure = take(from_fn(&made), "iter::from_fn", &made)?;
    let chain = take(successors(&made), "iter::successors", &made)?;
    let list = take(a_vec(&made).into_iter(), "a Vec", &made)?;

    let figure = format!(
        "for {TAKEN} values, without yield, from_fn made {closure}, \
         successors {chain}; a Vec made {list}"
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
    ensure(taken == [1, 2, 4, 8, 16], "these are no powers of two")?;
    Ok(made)
}

fn from_fn(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    generate(1, |power| {
        let made = count(*power, made);
        *power *= 2;
        Some(made)
    })
}

fn successors(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    let first = count(1, made);
    iter::successors(Some(first), |power| Some(count(power * 2, made)))
}

/// Not lazy: all values are made, taken or not.
fn a_vec(made: &Cell<usize>) -> Vec<u64> {
    (0..60).map(|n| count(1 << n, made)).collect()
}

fn count(power: u64, made: &Cell<usize>) -> u64 {
    made.update(|made| made + 1);
    power
}

// ANCHOR: generators
use std::iter;

/// A lazy iterator: `next` makes each value, from a state that is kept between
/// two of them, until it returns `None`.
pub fn generate<S, T>(
    mut state: S,
    mut next: impl FnMut(&mut S) -> Option<T>,
) -> impl Iterator<Item = T> {
    iter::from_fn(move || next(&mut state)).fuse()
}
// ANCHOR_END: generators
