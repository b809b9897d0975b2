//! Lazy iterators on stable Rust: what nobody asks for is not made.
//!
//!     cargo run -p asyncio --bin generators
//!
//! Missing is Python's `yield`: blocks of `gen` are for nightly compilers only.
//! What a generator remembers between two values, a closure or a struct does.
//! `successors` is one ahead: giving a value away, it makes the next one.
//!
//! Claims: A14
//! Change this and watch: 50 for `TAKEN`. Who is lazy makes 50 or 51 then; the
//! `Vec` makes 60, as before.
//!
//! Output (figures vary):
//!     sourdough from      taken   made
//!     iter::from_fn           5      5
//!     iter::successors        5      6
//!     a struct                5      5
//!     a Vec                   5     60
//!     A14 borne out: for 5 taken 5, 6 and 5 made; by a Vec 60

use std::{cell::Cell, iter};

use shared::{Failure, Result, claim, flags, say};

const TAKEN: usize = 5;

fn main() -> Result {
    flags([]);
    say!("{:<18}{:>7}{:>7}", "sourdough from", "taken", "made");
    let closure = row("iter::from_fn", |made| Box::new(from_fn(made)))?;
    let chain = row("iter::successors", |made| Box::new(successors(made)))?;
    let state = row("a struct", |made| Box::new(Sourdough { made, jars: 1 }))?;
    let list = row("a Vec", |made| Box::new(a_vec(made).into_iter()))?;

    let lazy = closure == TAKEN && state == TAKEN && chain == TAKEN + 1;
    let figure = format!(
        "for {TAKEN} taken {closure}, {chain} and {state} made; by a Vec {list}"
    );
    claim("A14", lazy && list > TAKEN + 1, figure)
}

type Jars<'a> = Box<dyn Iterator<Item = u64> + 'a>;

/// Takes five, checks them, and tells how many were made for that.
fn row(way: &str, iterator: fn(&Cell<usize>) -> Jars) -> Result<usize> {
    let made = Cell::new(0);
    let taken: Vec<u64> = iterator(&made).take(TAKEN).collect();
    if !taken.iter().copied().eq((0..TAKEN).map(|day| 1 << day)) {
        return Err(Failure::new(format!("{way} gives {taken:?}")));
    }
    say!("{way:<18}{:>7}{:>7}", taken.len(), made.get());
    Ok(made.get())
}

fn from_fn(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    let mut jars = 1;
    iter::from_fn(move || {
        let given = counted(jars, made);
        jars *= 2;
        Some(given)
    })
}

fn successors(made: &Cell<usize>) -> impl Iterator<Item = u64> {
    let first = counted(1, made);
    iter::successors(Some(first), |jars| Some(counted(jars * 2, made)))
}

struct Sourdough<'a> {
    made: &'a Cell<usize>,
    jars: u64,
}

impl Iterator for Sourdough<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let given = counted(self.jars, self.made);
        self.jars *= 2;
        Some(given)
    }
}

/// Not lazy: all there will ever be, at once.
fn a_vec(made: &Cell<usize>) -> Vec<u64> {
    (0..60).map(|day| counted(1 << day, made)).collect()
}

fn counted(jars: u64, made: &Cell<usize>) -> u64 {
    made.update(|made| made + 1);
    jars
}
