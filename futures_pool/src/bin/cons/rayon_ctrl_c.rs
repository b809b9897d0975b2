//! KeyboardInterrupt in rayon: Ctrl+C ends a loop, and keeps partial results.
//!
//!     cargo run -p futures_pool --bin rayon_ctrl_c
//!
//! rayon has no way to stop a loop from outside, and Ctrl+C without a handler
//! ends the process: nobody learns what was done. Here a handler sets a flag.
//! Each item looks at the flag before it begins; those that have begun are
//! done, all others are skipped. The results of the items that were done are
//! kept. The article warns of a pool that one Ctrl+C does not end. In Rust the
//! problem is the opposite: everything ends at once, and what was done is lost.
//!
//! The program starts itself as a child, and presses Ctrl+C on this child. Read
//! the program `ctrl_c` first.
//!
//! Claims: F12, X4
//! Change this and watch: `|item| Some(work(item))` as the closure in
//! `map_until`. All items are done before the program ends, and F12 is
//! contradicted.
//!
//! Output (figures vary):
//!     42 of 200 items were done when the loop ended
//!     The article, F12: "Graceful shutdown needs careful design: one Ctrl+C does not end it."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to F12 is borne out: Ctrl+C ended a rayon loop after 42 of 200 items
//!     Not in the article, X4: "What Ctrl+C does, model by model."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to X4 is borne out: 0 processes are left after Ctrl+C: rayon has threads, no worker processes

use std::{thread, time::Duration};

use shared::interrupt::press_ctrl_c;
use shared::{Result, claim, ensure, flags, role, say, watchdog::Watchdog};

const ITEMS: u64 = 200;

fn main() -> Result {
    if let Some([]) = role::started_as("loop") {
        return interrupted_loop(); // as a child: this program again
    }
    flags([]);
    // Waits until the child has written 1 line, and presses Ctrl+C 1 time.
    let ended = press_ctrl_c(&mut role::command("loop")?, 1, 1)?;
    for line in &ended.said {
        say!("{line}");
    }
    let count = ended.said.iter().find_map(|line| line.split(' ').next());
    let done: u64 = count.unwrap_or_default().parse()?;
    let early = ended.status.success() && (1..ITEMS).contains(&done);
    let verb = if early { "ended" } else { "did not end" };
    let figure =
        format!("Ctrl+C {verb} a rayon loop after {done} of {ITEMS} items");
    claim("F12", early, figure)?;
    let orphans = ended.orphans;
    let figure = format!(
        "{orphans} processes are left after Ctrl+C: rayon has threads, no \
         worker processes"
    );
    claim("X4", orphans == 0, figure)
}

/// The child: 200 items of 5 ms on two threads are half a second.
fn interrupted_loop() -> Result {
    let _bound = Watchdog::guard("the loop", Duration::from_secs(3))?;
    let told = told_to_stop()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    let items = Vec::from_iter(0..ITEMS);
    let results = pool.install(|| map_until(&told, &items, square));

    let done = results.iter().flatten().count();
    say!("{done} of {ITEMS} items were done when the loop ended");
    let right = |(n, result): (u64, &Option<u64>)| {
        result.is_none_or(|square| square == n * n)
    };
    ensure((0..).zip(&results).all(right), "a result is wrong")
}

fn square(n: &u64) -> u64 {
    if *n == 20 {
        // `press_ctrl_c` in the parent waits for this line.
        say!("{}", std::process::id());
    }
    thread::sleep(Duration::from_millis(5)); // the work itself
    n * n
}

// ANCHOR: rayon_ctrl_c
use std::io;
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering::Relaxed};

use rayon::prelude::*;
use signal_hook::{consts::SIGINT, flag};

/// A flag that the first Ctrl+C sets. The second one ends the program at once,
/// with status 130. To be called once, early in `main`.
///
/// # Errors
///
/// The system refuses the handler.
pub fn told_to_stop() -> io::Result<Arc<AtomicBool>> {
    let told = Arc::new(AtomicBool::new(false));
    // The handlers run in this order. The first one ends the program if the
    // flag is set, and the second one sets it. In the other order the first
    // Ctrl+C would end the program at once.
    flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&told))?;
    flag::register(SIGINT, Arc::clone(&told))?;
    Ok(told)
}

/// Calls `work` with each item, in parallel, until the flag is set. Returns the
/// results in the order of the items, `None` for those that were skipped; the
/// count of what was done is `results.iter().flatten().count()`.
///
/// # Panics
///
/// When `work` panics.
pub fn map_until<T: Sync, R: Send>(
    told: &AtomicBool,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<Option<R>> {
    let unless_told = |item| (!told.load(Relaxed)).then(|| work(item));
    items.par_iter().map(unless_told).collect()
}
// ANCHOR_END: rayon_ctrl_c
