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
    use std::thread;

    use super::*;

    /// The kernel takes 0 for 1.
    #[test]
    fn to_wake_nobody_wakes_nobody() {
        let word = AtomicU32::new(0);
        let time = Duration::from_millis(200);
        thread::scope(|scope| {
            let sleeper = scope.spawn(|| wait(&word, 0, time));
            while !sleeper.is_finished() {
                assert_eq!(wake(&word, 0), 0);
                thread::yield_now();
            }
            assert!(!sleeper.join().unwrap(), "woken");
        });
    }
}
