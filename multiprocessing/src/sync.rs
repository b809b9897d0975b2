//! What processes wait for: a semaphore, an event, a barrier.
//!
//! Each lies in [`SharedMemory`](crate::SharedMemory), is valid when all of its
//! bytes are zero, and is found there by its place:
//!
//! ```
//! use std::time::Duration;
//! use multiprocessing::{SharedMemory, sync::Event};
//!
//! # fn main() -> std::io::Result<()> {
//! let memory = SharedMemory::new(size_of::<Event>())?;
//! let stop: &Event = memory.view(0)?; // a child does the same
//! stop.set();
//! assert!(stop.wait(Duration::from_secs(1)));
//! # Ok(())
//! # }
//! ```
//!
//! None of them knows who waits. If a process is killed that has a permit of a
//! semaphore, the permit is gone: see [`RobustMutex`](crate::RobustMutex). So
//! every wait has a limit.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::futex::{wait, wake};

crate::shared! {
    /// An event: processes wait until it is set. In Python:
    /// `multiprocessing.Event`.
    pub struct Event {
        set: AtomicU32,
    }
}

impl Event {
    /// Sets it, and wakes all that wait.
    pub fn set(&self) {
        self.set.store(1, SeqCst);
        wake(&self.set, u32::MAX);
    }

    /// From now on they wait again.
    pub fn clear(&self) {
        self.set.store(0, SeqCst);
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.set.load(SeqCst) != 0
    }

    /// Waits until it is set, at most `limit`, and says whether it is. (One that
    /// is set and cleared at once, a waiter may miss, as in Python.)
    #[must_use]
    pub fn wait(&self, limit: Duration) -> bool {
        let end = Limit::new(limit);
        while !self.is_set() {
            let Some(left) = end.left() else { return self.is_set() };
            let _ = wait(&self.set, 0, left); // and look again
        }
        true
    }
}

crate::shared! {
    /// A bounded semaphore: so many processes at a time. In Python:
    /// `multiprocessing.BoundedSemaphore`; with one permit it is what
    /// `multiprocessing.Lock` is.
    ///
    /// Before [`init`](Self::init) there are no permits.
    pub struct Semaphore {
        free: AtomicU32,
        most: AtomicU32,
    }
}

impl Semaphore {
    /// Sets the number of permits, all of them free. To be called once, before
    /// other processes have it.
    pub fn init(&self, permits: u32) {
        self.most.store(permits, SeqCst);
        self.free.store(permits, SeqCst);
    }

    /// Takes a permit, and waits for it at most `limit`. `false`: there was
    /// none.
    #[must_use]
    pub fn acquire(&self, limit: Duration) -> bool {
        let end = Limit::new(limit);
        while !self.try_acquire() {
            let Some(left) = end.left() else { return self.try_acquire() };
            let _ = wait(&self.free, 0, left); // and try again
        }
        true
    }

    /// Takes a permit if there is one now.
    #[must_use]
    pub fn try_acquire(&self) -> bool {
        let one_less = |free: u32| free.checked_sub(1);
        self.free.fetch_update(SeqCst, SeqCst, one_less).is_ok()
    }

    /// Gives a permit back.
    ///
    /// # Errors
    ///
    /// All permits are free: it was given back once too often. Their number
    /// stays.
    pub fn release(&self) -> Result<(), ReleasedTooOften> {
        let most = self.most.load(SeqCst);
        let one_more = |free: u32| (free < most).then(|| free + 1);
        let before = self.free.fetch_update(SeqCst, SeqCst, one_more);
        before.map_err(|_| ReleasedTooOften)?;
        wake(&self.free, 1);
        Ok(())
    }

    /// How many permits are free now. It may be another number at once.
    pub fn free(&self) -> u32 {
        self.free.load(SeqCst)
    }
}

/// A permit was given back to a [`Semaphore`] that had all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleasedTooOften;

impl fmt::Display for ReleasedTooOften {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore released too many times")
    }
}

impl std::error::Error for ReleasedTooOften {}

/// The round of a barrier, who has arrived in it, and whether it is broken.
const ARRIVED: u32 = 0x0000_ffff;
const ROUND: u32 = 0x7fff_0000;
const NEXT_ROUND: u32 = 0x0001_0000;
const BROKEN: u32 = 0x8000_0000;

crate::shared! {
    /// A barrier: all wait until the last one has arrived, round after round. In
    /// Python: `multiprocessing.Barrier`.
    ///
    /// Before [`init`](Self::init) it is broken.
    pub struct Barrier {
        parties: AtomicU32,
        state: AtomicU32,
    }
}

impl Barrier {
    /// Sets the number of processes, or threads, that meet here. To be called
    /// before others have it, or when it is broken and all of them know: then it
    /// is whole again (in Python: `reset`).
    pub fn init(&self, parties: u16) {
        self.parties.store(parties.into(), SeqCst);
        self.state.store(0, SeqCst);
    }

    /// Waits until all have arrived, at most `limit`. `true` for one of them in
    /// each round: the last one.
    ///
    /// # Errors
    ///
    /// It is broken: somebody's time was up, or somebody has called
    /// [`abort`](Self::abort). All that wait are told, and all that come.
    pub fn wait(&self, limit: Duration) -> Result<bool, Broken> {
        let end = Limit::new(limit);
        let parties = self.parties.load(SeqCst);
        let arrive = |state: u32| match (state & ARRIVED) + 1 {
            _ if state & BROKEN != 0 || parties == 0 => None,
            all if all == parties => {
                Some(((state & ROUND) + NEXT_ROUND) & ROUND)
            }
            _ => Some(state + 1),
        };
        let before = self.state.fetch_update(SeqCst, SeqCst, arrive);
        let before = before.map_err(|_| Broken)?;
        if (before & ARRIVED) + 1 == parties {
            wake(&self.state, u32::MAX);
            return Ok(true);
        }
        loop {
            let state = self.state.load(SeqCst);
            if state & ROUND != before & ROUND {
                return Ok(false);
            }
            if state & BROKEN != 0 {
                return Err(Broken);
            }
            match end.left() {
                Some(left) => _ = wait(&self.state, state, left),
                // Broken from now on, unless it was complete just now.
                None => self.break_round(before & ROUND),
            }
        }
    }

    /// Breaks it: all that wait are told, and all that come.
    pub fn abort(&self) {
        self.state.fetch_or(BROKEN, SeqCst);
        wake(&self.state, u32::MAX);
    }

    fn break_round(&self, round: u32) {
        let broken =
            |state: u32| (state & ROUND == round).then_some(state | BROKEN);
        if self.state.fetch_update(SeqCst, SeqCst, broken).is_ok() {
            wake(&self.state, u32::MAX);
        }
    }
}

/// A [`Barrier`] is broken: not all have come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier is broken")
    }
}

impl std::error::Error for Broken {}

/// Of a [`Condition`]: those that wait are counted in the lower half, and
/// notifications that nobody has taken yet in the upper half.
const WAITING: u32 = 0x0000_ffff;
const NOTIFIED: u32 = 0x0001_0000;

crate::shared! {
    /// What [`Guard::wait_for`](crate::Guard::wait_for) waits for.
    ///
    /// A process that is killed while it waits stays counted. So there may be a
    /// notification too many, but never one too few.
    pub(crate) struct Condition {
        state: AtomicU32,
        /// The number of the next one that waits.
        next: AtomicU32,
        /// What `next` was at the last notification. Whoever has come later may
        /// take none: it belongs to those that were there.
        last: AtomicU32,
    }
}

impl Condition {
    /// Counts this thread as one that waits, while it has the lock. Returns its
    /// number.
    pub(crate) fn enter(&self) -> u32 {
        let one_more =
            |state: u32| (state & WAITING < WAITING).then(|| state + 1);
        let entered = self.state.fetch_update(SeqCst, SeqCst, one_more);
        assert!(entered.is_ok(), "too many wait");
        self.next.fetch_add(1, SeqCst)
    }

    /// Sleeps until a notification is there for this number, at most `limit`.
    pub(crate) fn sleep(&self, number: u32, limit: Duration) -> bool {
        let end = Limit::new(limit);
        let take = |state: u32| {
            // The numbers may overflow: what counts is the distance.
            let ahead = self.last.load(SeqCst).wrapping_sub(number);
            let was_there = ahead.cast_signed() > 0;
            was_there.then(|| state.checked_sub(NOTIFIED)).flatten()
        };
        loop {
            let taken = self.state.fetch_update(SeqCst, SeqCst, take);
            let Err(state) = taken else { return true };
            let Some(left) = end.left() else { break };
            let _ = wait(&self.state, state, left); // and look again
        }
        // In one step: a notification, or this thread waits no more.
        let mut notified = false;
        let leave = |state: u32| {
            let taken = take(state);
            notified = taken.is_some();
            let one_less = (state & WAITING).saturating_sub(1);
            taken.or(Some((state & !WAITING) | one_less))
        };
        let _ = self.state.fetch_update(SeqCst, SeqCst, leave);
        notified
    }

    /// Notifies `count` of those that wait, or all if fewer do. To be called
    /// with the lock.
    pub(crate) fn notify(&self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        // This comes first: a process that is killed between these two steps
        // has notified nobody.
        self.last.store(self.next.load(SeqCst), SeqCst);
        let mut these = 0;
        let one_step = |state: u32| {
            let (waiting, notified) = (state & WAITING, state / NOTIFIED);
            these = count.min(waiting);
            let notified = (notified + these).min(WAITING);
            Some(waiting - these + notified * NOTIFIED)
        };
        let _ = self.state.fetch_update(SeqCst, SeqCst, one_step);
        if these > 0 {
            // All look. One of those that were meant may be killed just now.
            wake(&self.state, u32::MAX);
        }
        these
    }
}

/// A process may be killed between its change and its wake-up, or after the
/// wake-up that was meant for others, too. So those that wait look for
/// themselves as often as this.
const LOOK: Duration = Duration::from_secs(1);

/// The end of a wait. One that the clock does not know never comes.
struct Limit(Option<Instant>);

impl Limit {
    fn new(limit: Duration) -> Limit {
        Limit(Instant::now().checked_add(limit))
    }

    /// How long to sleep now; `None` when it is over.
    fn left(&self) -> Option<Duration> {
        let Some(end) = self.0 else { return Some(LOOK) };
        let left = end.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left.min(LOOK))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::{fs, thread};

    use super::*;
    use crate::{Shared, SharedMemory};

    const LONG: Duration = Duration::from_secs(20);
    const NOW: Duration = Duration::ZERO;

    fn with_new<T: Shared>(test: impl FnOnce(&T)) {
        let memory = SharedMemory::new(size_of::<T>()).unwrap();
        test(memory.view(0).unwrap());
    }

    #[test]
    fn a_notification_is_only_for_those_that_waited() {
        with_new(|condition: &Condition| {
            let early = condition.enter();
            assert_eq!(condition.notify(9), 1);
            let late = condition.enter();
            assert!(!condition.sleep(late, NOW), "stolen");
            assert!(condition.sleep(early, NOW), "lost");
            assert_eq!(condition.notify(9), 0);
            let both = [condition.enter(), condition.enter()];
            assert_eq!((condition.notify(1), condition.notify(1)), (1, 1));
            assert!(both.iter().rev().all(|one| condition.sleep(*one, NOW)));
        });
    }

    #[test]
    fn the_numbers_of_those_that_wait_may_overflow() {
        with_new(|condition: &Condition| {
            condition.next.store(u32::MAX, SeqCst);
            condition.last.store(u32::MAX, SeqCst);
            let both = [condition.enter(), condition.enter()];
            assert!(!condition.sleep(both[0], NOW));
            let third = condition.enter();
            assert_eq!(condition.notify(9), 2);
            let fourth = condition.enter();
            assert!(!condition.sleep(fourth, NOW));
            assert!(condition.sleep(both[1], NOW));
            assert!(condition.sleep(third, NOW));
        });
    }

    /// Whoever is killed while it waits never leaves.
    #[test]
    fn the_dead_that_waited_take_no_notification_away() {
        with_new(|condition: &Condition| {
            for _ in 0..3 {
                for _ in 0..WAITING {
                    condition.enter(); // and never comes back
                }
                assert_eq!(condition.notify(u32::MAX), WAITING);
            }
            let alive = condition.enter();
            assert_eq!(condition.notify(1), 1);
            assert!(condition.sleep(alive, NOW));
        });
    }

    #[test]
    fn one_too_many_that_waits_changes_nothing() {
        with_new(|condition: &Condition| {
            condition.state.store(WAITING, SeqCst);
            let too_many = || condition.enter();
            let too_many = std::panic::AssertUnwindSafe(too_many);
            std::panic::catch_unwind(too_many).unwrap_err();
            assert_eq!(condition.state.load(SeqCst), WAITING);
        });
    }

    /// A thread waits; then `change` is made, and nobody wakes it, as if the
    /// process had been killed just then.
    fn finds_out(wait: impl FnOnce() -> bool + Send, change: impl FnOnce()) {
        let begun = Instant::now();
        thread::scope(|scope| {
            let (send, tid) = mpsc::channel();
            let waiter = scope.spawn(move || {
                send.send(rustix::thread::gettid()).unwrap();
                wait()
            });
            let tid = tid.recv().unwrap().as_raw_nonzero();
            let stat = format!("/proc/self/task/{tid}/stat");
            while !fs::read_to_string(&stat).unwrap().contains(") S ") {
                thread::yield_now();
            }
            change();
            assert!(waiter.join().unwrap());
        });
        assert!(begun.elapsed() < LONG);
    }

    #[test]
    fn a_wake_up_that_never_came_is_made_up_for() {
        with_new(|event: &Event| {
            finds_out(|| event.wait(LONG), || event.set.store(1, SeqCst));
        });
        with_new(|semaphore: &Semaphore| {
            semaphore.init(1);
            assert!(semaphore.try_acquire());
            let give_back = || semaphore.free.store(1, SeqCst);
            finds_out(|| semaphore.acquire(LONG), give_back);
        });
        with_new(|barrier: &Barrier| {
            barrier.init(2);
            let complete = || barrier.state.store(NEXT_ROUND, SeqCst);
            finds_out(|| barrier.wait(LONG) == Ok(false), complete);
        });
        with_new(|condition: &Condition| {
            let number = condition.enter();
            let notify = || {
                condition.last.store(1, SeqCst);
                condition.state.store(NOTIFIED, SeqCst);
            };
            finds_out(|| condition.sleep(number, LONG), notify);
        });
    }
}
