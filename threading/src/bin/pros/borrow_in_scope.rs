//! Scoped threads borrow local variables: no `Arc`, no copy, no `'static`.
//!
//!     cargo run -p threading --bin borrow_in_scope
//!
//! A thread of `thread::spawn` may outlive the function that starts it, so it
//! must own what it uses (`'static`): with `move` and `Arc`, which counts the
//! owners. A scope waits for its threads, and so does rayon: these threads may
//! borrow. In Python threads share every variable, and it stays alive for them.
//!
//! Code that must not compile is in `compile_fail/borrow_in_spawn.rs`; a test
//! checks its error code, E0373.
//!
//! Change this and watch: `std::thread::spawn` instead of `scope.spawn`, in
//! `sum_in_scope`. That is error E0521, and not E0373: here the closure uses
//! data that the function itself has borrowed from its caller, not a local
//! variable.
//!
//! Output (figures vary):
//!     4 scoped threads borrow: the sum is 5000050000
//!     rayon's threads borrow:  the sum is 5000050000
//!     4 plain threads own:     the sum is 5000050000

use shared::{Result, ensure, flags, say};

fn main() -> Result {
    flags([]);
    let numbers: Vec<u64> = (1..=100_000).collect();
    let right = numbers.iter().sum::<u64>();
    let borrowed = sum_in_scope(&numbers);
    say!("4 scoped threads borrow: the sum is {borrowed}");
    let in_pool = sum_by_rayon(&numbers);
    say!("rayon's threads borrow:  the sum is {in_pool}");
    let owned = sum_in_arc(numbers); // `numbers` cannot be used any more
    say!("4 plain threads own:     the sum is {owned}");
    ensure([borrowed, in_pool, owned] == [right; 3], "a sum is wrong")
}

// ANCHOR: scope
use std::thread;

/// Adds up in four threads that borrow the numbers.
pub fn sum_in_scope(numbers: &[u64]) -> u64 {
    let share = numbers.len().div_ceil(4).max(1); // `chunks(0)` panics
    thread::scope(|scope| {
        let threads: Vec<_> = numbers
            .chunks(share)
            // No `move`: the closure borrows the numbers behind `part`.
            .map(|part| scope.spawn(|| part.iter().sum::<u64>()))
            .collect();
        threads.into_iter().map(|t| t.join().expect("no overflow")).sum()
    })
}
// ANCHOR_END: scope

// ANCHOR: rayon
use rayon::prelude::*;

/// Adds up in rayon's threads, which borrow the numbers.
pub fn sum_by_rayon(numbers: &[u64]) -> u64 {
    numbers.par_iter().sum()
}
// ANCHOR_END: rayon

// ANCHOR: arc
use std::sync::Arc;

/// Adds up in four threads that share ownership of the numbers (`Arc`). For
/// threads that are not joined in the function that starts them.
pub fn sum_in_arc(numbers: Vec<u64>) -> u64 {
    let share = numbers.len().div_ceil(4);
    let numbers = Arc::new(numbers);
    // `map` of an array is not lazy: all four threads start.
    let threads = [0, 1, 2, 3].map(|part| {
        let numbers = Arc::clone(&numbers); // one more owner
        std::thread::spawn(move || {
            numbers.iter().skip(part * share).take(share).sum::<u64>()
        })
    });
    threads.into_iter().map(|t| t.join().expect("no overflow")).sum()
}
// ANCHOR_END: arc
