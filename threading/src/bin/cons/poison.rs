//! A panic under a lock warns all who lock after it, and they can repair.
//!
//!     cargo run -p threading --bin poison
//!
//! A cook carries eggs from the shelf to the table and drops them on the way.
//! Now the lock is poisoned: it still works, but what it guards may be half
//! done, so whoever locks it gets an `Err`, with the value inside.
//!
//! Claims: T5
//! Change this and watch: leave out `clear_poison`: the eggs are all there
//! again, and still everybody is warned.
//!
//! Output (figures vary):
//!     a panic under a Mutex      poisoned
//!       eggs found by the next   6 of 10
//!       eggs after the repair    10 of 10
//!     a panic while reading      not poisoned
//!     a panic while writing      poisoned
//!     T5 borne out: a panic left 6 of 10 eggs, 10 after repair

use std::sync::{Mutex, RwLock};
use std::{io, panic, thread};

use shared::{Result, claim, flags, say};

const CARTON: u32 = 10;

fn main() -> Result {
    flags([]);
    no_message_from("clumsy");
    let (warned, found, repaired) = eggs_dropped()?;
    say!("a panic under a Mutex      {}", poisoned(warned));
    say!("  eggs found by the next   {found} of {CARTON}");
    say!("  eggs after the repair    {repaired} of {CARTON}");
    let (reading, writing) = menu_torn()?;
    say!("a panic while reading      {}", poisoned(reading));
    say!("a panic while writing      {}", poisoned(writing));
    let repair = warned && found < CARTON && repaired == CARTON;
    let figure = format!(
        "a panic left {found} of {CARTON} eggs, {repaired} after repair"
    );
    claim("T5", repair && !reading && writing, figure)
}

/// Whether the next one is warned; the eggs it finds, and that all find after.
fn eggs_dropped() -> Result<(bool, u32, u32)> {
    let eggs = Mutex::new(Eggs { shelf: CARTON, table: 0 });
    clumsy(|| eggs.lock().expect("nobody was here").carry(4))?;
    let warned = eggs.lock().is_err();
    let mut found = 0;
    drop(lock_repaired(&eggs, |eggs| {
        found = eggs.shelf + eggs.table;
        eggs.shelf = CARTON - eggs.table;
    }));
    let eggs = eggs.lock()?;
    Ok((warned, found, eggs.shelf + eggs.table))
}

struct Eggs {
    shelf: u32,
    table: u32,
}

impl Eggs {
    fn carry(&mut self, eggs: u32) {
        self.shelf -= eggs;
        assert!(eggs <= 2, "two hands"); // WRONG: too late, they have gone
        self.table += eggs;
    }
}

// ANCHOR: poison
/// Locks. If somebody panicked under this lock, repairs the value first.
pub fn lock_repaired<T>(
    mutex: &std::sync::Mutex<T>,
    repair: impl FnOnce(&mut T),
) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| {
        let mut guard = poisoned.into_inner();
        repair(&mut guard);
        mutex.clear_poison(); // from here on it is like new
        guard
    })
}
// ANCHOR_END: poison

/// Whether an `RwLock` is poisoned by a reader's panic, and by a writer's.
fn menu_torn() -> io::Result<(bool, bool)> {
    let menu = RwLock::new("mandu");
    clumsy(|| panic!("reading {}", *menu.read().expect("as it was")))?;
    let by_reader = menu.is_poisoned();
    clumsy(|| panic!("writing {}", *menu.write().expect("only read")))?;
    Ok((by_reader, menu.is_poisoned()))
}

/// Runs `work` on a thread that does not survive it.
fn clumsy(work: impl FnOnce() + Send) -> io::Result<()> {
    let cook = thread::Builder::new().name("clumsy".into());
    thread::scope(|floor| {
        let end = cook.spawn_scoped(floor, work)?.join();
        assert!(end.is_err(), "it panics, by plan");
        Ok(())
    })
}

/// Panics of that thread are planned; all others are still told.
fn no_message_from(name: &'static str) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if thread::current().name() != Some(name) {
            usual(panic);
        }
    }));
}

fn poisoned(yes: bool) -> &'static str {
    if yes { "poisoned" } else { "not poisoned" }
}
