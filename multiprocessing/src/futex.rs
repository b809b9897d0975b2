//! A futex: sleep until another process changes an atomic, and wake who sleeps.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rustix::io::Errno;
use rustix::thread::futex::{self, Flags, Timespec};

/// Sleeps while `word` is `expected`, until [`wake`], at most `timeout`. Look at
/// `word` again afterwards, whatever the answer: a wait may end for no reason.
///
/// `false`: nobody woke this thread in time.
///
/// # Panics
///
/// The kernel does not allow this call, for example by a filter of system calls.
#[must_use]
pub fn wait(word: &AtomicU32, expected: u32, timeout: Duration) -> bool {
    // A time that the kernel cannot count is for ever.
    let timeout = Timespec::try_from(timeout).ok();
    // Without the private flag: the sleepers are threads of any process.
    match futex::wait(word, Flags::empty(), expected, timeout.as_ref()) {
        Err(Errno::TIMEDOUT) => false,
        // Woken, or `word` had changed already, or a signal came.
        Ok(()) | Err(Errno::AGAIN | Errno::INTR) => true,
        Err(why) => panic!("futex: {why}"),
    }
}

/// Wakes at most `count` of the threads, of any process, that [`wait`] for
/// `word`, and says how many those were.
///
/// # Panics
///
/// As [`wait`].
pub fn wake(word: &AtomicU32, count: u32) -> usize {
    if count == 0 {
        return 0; // the kernel would wake one
    }
    // The kernel's count is signed: more than it has is everybody.
    let count = count.min(i32::MAX as u32);
    match futex::wake(word, Flags::empty(), count) {
        Ok(woken) => woken,
        Err(why) => panic!("futex: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::{thread, time::Duration};

    use super::*;

    #[test]
    fn none_means_none_and_all_means_all() {
        let (word, long) = (AtomicU32::new(0), Duration::from_secs(20));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while word.load(SeqCst) == 0 {
                        let _ = wait(&word, 0, long);
                    }
                });
            }
            // Until at least one of them sleeps.
            while wake(&word, 1) == 0 {}
            let woken: usize = (0..1_000).map(|_| wake(&word, 0)).sum();
            word.store(1, SeqCst);
            wake(&word, u32::MAX);
            assert_eq!(woken, 0);
        });
        assert!(!wait(&word, 1, Duration::from_millis(1)), "nobody woke it");
        assert!(wait(&word, 0, long), "it has changed already");
    }
}
