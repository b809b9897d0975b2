//! Threads that borrow: four add up receipts that stay where they are.
//!
//!     cargo run -p threading --bin borrow_in_scope
//!
//! A plain thread may outlive the function that starts it, so one that borrows
//! does not compile. A scope waits for its threads, so there they may borrow.
//! Without a scope, all must own: `Arc`, and `move`; "to own" counts the lines
//! that are there only for that. `compile_fail/borrow_in_spawn.rs` is the one
//! that must not compile; a test checks its error code.
//!
//! Claims: T4
//! Change this and watch: `std::thread::spawn` for `floor.spawn`, in
//! `in_a_scope`: E0521, which is E0373 for what a function was lent.
//!
//! Output (figures vary):
//!     way                        sum   lines  to own
//!     rayon   borrows     5000050000       4       0
//!     scope   borrows     5000050000      10       0
//!     arc     owns        5000050000      14       3
//!     spawn   borrows          E0373
//!     T4 borne out: to own: 0 lines by rayon, 0 in a scope, 3 by Arc

use shared::{Result, claim, flags, say};

fn main() -> Result {
    flags([]);
    let receipts: Vec<u64> = (1..=100_000).collect();
    let right = receipts.iter().sum::<u64>();
    say!("{:<8}{:<10}{:>12}{:>8}{:>8}", "way", "", "sum", "lines", "to own");
    let sums = [
        told("rayon", "borrows", by_rayon(&receipts)),
        told("scope", "borrows", in_a_scope(&receipts)),
        told("arc", "owns", in_an_arc(receipts)),
    ];
    let plain = include_str!("../../../compile_fail/borrow_in_spawn.rs");
    say!("{:<8}{:<10}{:>12}", "spawn", "borrows", &plain[4..9]);

    let [rayon, scope, arc] = ["rayon", "scope", "arc"].map(lines_to_own);
    let figure = format!(
        "to own: {rayon} lines by rayon, {scope} in a scope, {arc} by Arc"
    );
    claim("T4", sums == [right; 3] && rayon + scope == 0 && arc > 0, figure)
}

// ANCHOR: rayon
/// Borrows: rayon waits for what it has started.
pub fn by_rayon(receipts: &[u64]) -> u64 {
    use rayon::prelude::*;
    receipts.par_iter().sum()
}
// ANCHOR_END: rayon

// ANCHOR: scope
/// Borrows: a scope waits for its threads.
pub fn in_a_scope(receipts: &[u64]) -> u64 {
    let share = receipts.len().div_ceil(4).max(1);
    std::thread::scope(|floor| {
        let adders: Vec<_> = receipts
            .chunks(share)
            .map(|part| floor.spawn(|| part.iter().sum::<u64>()))
            .collect();
        adders.into_iter().map(|one| one.join().expect("it only adds")).sum()
    })
}
// ANCHOR_END: scope

// ANCHOR: arc
/// Owns: nobody waits for a plain thread, so each has its own handle.
pub fn in_an_arc(receipts: Vec<u64>) -> u64 {
    let share = receipts.len().div_ceil(4);
    let receipts = std::sync::Arc::new(receipts);
    let adders: Vec<_> = (0..4)
        .map(|number| {
            let receipts = std::sync::Arc::clone(&receipts);
            std::thread::spawn(move || {
                let part = receipts.iter().skip(number * share).take(share);
                part.sum::<u64>()
            })
        })
        .collect();
    adders.into_iter().map(|one| one.join().expect("it only adds")).sum()
}
// ANCHOR_END: arc

fn told(way: &str, data: &str, sum: u64) -> u64 {
    let (lines, to_own) = (source(way).count(), lines_to_own(way));
    say!("{way:<8}{data:<10}{sum:>12}{lines:>8}{to_own:>8}");
    sum
}

/// The lines that are there only because a thread must own what it reads.
fn lines_to_own(way: &str) -> usize {
    let words = ["Arc", "move"];
    source(way)
        .filter(|line| words.iter().any(|word| line.contains(word)))
        .count()
}

/// The lines of code between the anchors of this very file.
fn source(way: &str) -> impl Iterator<Item = &'static str> {
    include_str!("borrow_in_scope.rs")
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != format!("// ANCHOR: {way}"))
        .take_while(move |line| *line != format!("// ANCHOR_END: {way}"))
        .filter(|line| !line.starts_with("//"))
}
