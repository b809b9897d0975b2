//! Spinning: checking again and again for a short while before going to sleep.
//!
//! To be woken on another core takes 20 to 80 us, longer than many a job. So a
//! thread that waits checks for 100 us first, and lets others run meanwhile.
//! That only pays while cores are idle. On a busy machine a spinning thread
//! gives its core away and gets it back milliseconds later, where a sleeping
//! one would be woken at once. So whoever notices that stops all spinning in
//! this process for a while, and longer each time.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::{cell::Cell, sync::OnceLock, thread, time::Duration, time::Instant};

/// How long to spin: as long as it takes to be woken on another core.
const SPIN: Duration = Duration::from_micros(100);

/// A thread that has spun in vain does not spin for this many times as long.
const PAUSE: u32 = 20;

/// A thread that gets its core back so late has met other work there.
const BUSY: Duration = Duration::from_micros(500);

/// How long nobody spins after that: at first, and at most.
const BUSY_PAUSE: (Duration, Duration) =
    (Duration::from_millis(100), Duration::from_secs(10));

thread_local! {
    /// Until when this thread does not spin, in microseconds: see [`micros`].
    static RESTS_UNTIL: Cell<u64> = const { Cell::new(0) };
}

/// Until when nobody spins in this process.
static NOT_BEFORE: AtomicU64 = AtomicU64::new(0);
/// How long the last pause of a busy machine was, in microseconds.
static LAST_PAUSE: AtomicU64 = AtomicU64::new(0);
/// How many threads spin now.
static SPINNERS: AtomicUsize = AtomicUsize::new(0);

/// Microseconds since this was first asked.
fn micros(now: Instant) -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    now.saturating_duration_since(*start).as_micros() as u64
}

/// On how many cores this process may run.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES
        .get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// Checks `found` again and again, and returns what it finds. `None`: nothing
/// within [`SPIN`], nor before the deadline; or this is no time to spin.
pub(crate) fn spin<T>(
    deadline: Option<Instant>,
    mut found: impl FnMut() -> Option<T>,
) -> Option<T> {
    let began = Instant::now();
    let not_before = NOT_BEFORE.load(Relaxed).max(RESTS_UNTIL.get());
    if micros(began) < not_before || deadline.is_some_and(|at| at <= began) {
        return None;
    }
    let _seat = Seat::take()?;
    let mut last = began;
    loop {
        if let Some(found) = found() {
            return Some(found);
        }
        thread::yield_now();
        let now = Instant::now();
        if now - last > BUSY {
            pause_for_long(now);
            return found();
        }
        if now - began > SPIN {
            RESTS_UNTIL.set(micros(now + PAUSE * (now - began)));
            return None;
        }
        if deadline.is_some_and(|at| at <= now) {
            return None;
        }
        last = now;
    }
}

/// The machine is busy: nobody spins for a while, and for twice as long if the
/// last such pause is not long over.
fn pause_for_long(now: Instant) {
    let (first, most) = BUSY_PAUSE;
    let last = Duration::from_micros(LAST_PAUSE.load(Relaxed));
    let over = Duration::from_micros(
        micros(now).saturating_sub(NOT_BEFORE.load(Relaxed)),
    );
    let pause = if over > 10 * last { first } else { (2 * last).min(most) };
    let pause = pause.max(first);
    LAST_PAUSE.store(pause.as_micros() as u64, Relaxed);
    NOT_BEFORE.fetch_max(micros(now + pause), Relaxed);
}

/// The right to spin. There are few: a quarter of the cores, but two.
struct Seat;

impl Seat {
    fn take() -> Option<Seat> {
        let seat = Seat; // given back, whatever comes next
        let taken = SPINNERS.fetch_add(1, Relaxed);
        (taken < (cores() / 4).max(2)).then_some(seat)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        SPINNERS.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One after the other: they share what this module knows.
    #[test]
    fn finds_what_is_there_and_stops_where_it_does_not_pay() {
        assert_eq!(spin(None, || Some(1)), Some(1));
        let mut checks = 0;
        let never = || {
            checks += 1;
            None::<()>
        };
        assert_eq!(spin(None, never), None);
        assert!(checks > 0);
        // It has just spun in vain, so not again.
        assert_eq!(spin(None, || -> Option<()> { unreachable!() }), None);
        RESTS_UNTIL.set(0);
        // A thread that gets its core back late says so for all.
        let late = || -> Option<()> {
            thread::sleep(2 * BUSY);
            None
        };
        assert_eq!(spin(None, late), None);
        let first = LAST_PAUSE.load(Relaxed);
        assert!(micros(Instant::now()) < NOT_BEFORE.load(Relaxed));
        NOT_BEFORE.store(micros(Instant::now()), Relaxed);
        assert_eq!(spin(None, late), None);
        assert_eq!(LAST_PAUSE.load(Relaxed), 2 * first);
        NOT_BEFORE.store(0, Relaxed);
        // No more seats than there are.
        let seats: Vec<_> =
            (0..cores() + 2).map_while(|_| Seat::take()).collect();
        assert!(seats.len() <= (cores() / 4).max(2));
        assert_eq!(spin(None, || Some(1)), None);
        drop(seats);
        assert_eq!(SPINNERS.load(Relaxed), 0);
    }
}
