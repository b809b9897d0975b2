//! To fork without exec: a child that is a copy of this process.
//!
//! Only the thread that forks is in the child. A lock that another thread has
//! at that moment stays locked in the child for ever, for example that of the
//! allocator. So a process with more than one thread must not do it.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{ffi::c_int, fs};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpid, getppid,
    kill_process, pidfd_open, set_parent_process_death_signal, waitpid,
};

use crate::lock::any_held;

/// Forks: `work` runs in a copy of this process, whose exit status it returns.
/// A panic in it is status 101. The child is killed if this process ends first.
///
/// # Errors
///
/// This process has more than one thread, or has a
/// [`RobustMutex`](crate::RobustMutex) locked: the child would have the guard,
/// too, but not the lock. Or the system does not tell how many threads there
/// are, or has no room for another process.
pub fn fork(work: impl FnOnce() -> u8) -> io::Result<Forked> {
    let threads = fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        let why = format!("{threads} threads: only a single one may fork");
        return Err(io::Error::other(why));
    }
    if any_held() {
        return Err(io::Error::other("a process with a lock may not fork"));
    }
    io::stdout().flush()?; // else the child has it, too, and prints it again
    fork_now(|| {
        let done = catch_unwind(AssertUnwindSafe(work));
        let flushed = io::stdout().flush();
        match (done, flushed) {
            (Ok(status), Ok(())) => status,
            (Ok(_), Err(_)) => 1,
            (Err(panic), _) => {
                std::mem::forget(panic); // its drop could panic
                101
            }
        }
    })
}

/// ONLY TO SHOW WHAT GOES WRONG: forks, however many threads this process has.
/// All that the child does is to lock this mutex, and to end with status 0.
///
/// Use [`fork`], or `std::process::Command`.
///
/// # Errors
///
/// The system has no room for another process.
pub fn fork_with_threads_and_lock<T>(mutex: &Mutex<T>) -> io::Result<Forked> {
    // A `Mutex` of Linux is a futex: to lock it allocates nothing.
    fork_now(|| match mutex.lock() {
        Ok(_) => 0,
        Err(_) => 1,
    })
}

/// Forks. The child ends when `work` is done: it never returns.
#[expect(unsafe_code, reason = "fork and _exit are functions of C")]
fn fork_now(work: impl FnOnce() -> u8) -> io::Result<Forked> {
    // SAFETY: so the C library declares them. `_exit` may always be called.
    unsafe extern "C" {
        fn fork() -> c_int;
        safe fn _exit(status: c_int) -> !;
    }
    let parent = getpid();
    // SAFETY: nobody else than `fork` and `fork_with_threads_and_lock` calls
    // this. There is one thread, so the child is whole; or the child only does
    // what is allowed after a fork with threads.
    let pid = unsafe { fork() };
    if pid != 0 {
        let child = (pid > 0).then_some(pid).and_then(Pid::from_raw);
        let pid = child.ok_or_else(io::Error::last_os_error)?;
        return Ok(Forked { pid, ended: None });
    }
    let bound = set_parent_process_death_signal(Some(Signal::KILL));
    // It may have ended before this signal was asked for.
    if bound.is_err() || getppid() != Some(parent) {
        _exit(1);
    }
    _exit(work().into())
}

/// A child of [`fork`]. If this is dropped, the child is killed and reaped.
#[derive(Debug)]
pub struct Forked {
    pid: Pid,
    ended: Option<WaitStatus>,
}

impl Forked {
    /// The child's process id.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits until the child has ended, and says how: its exit status, or `None`
    /// if a signal ended it.
    ///
    /// # Errors
    ///
    /// Somebody else has waited for this child.
    pub fn wait(&mut self) -> io::Result<Option<i32>> {
        Ok(self.ended(WaitOptions::empty())?.and_then(|s| s.exit_status()))
    }

    /// Waits until the child has ended, at most `limit`, and says whether it
    /// has.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), or this process has no free descriptor.
    pub fn ends_within(&mut self, limit: Duration) -> io::Result<bool> {
        self.wait_or(None, Instant::now().checked_add(limit))
    }

    /// Waits until the child has ended, or the other end of `socket` is closed,
    /// and says whether the child has ended: so a server ends with its client.
    ///
    /// # Errors
    ///
    /// As [`ends_within`](Self::ends_within).
    pub fn ends_before_hangup(
        &mut self,
        socket: &impl AsFd,
    ) -> io::Result<bool> {
        let hung_up = PollFd::new(socket, PollFlags::RDHUP);
        self.wait_or(Some(hung_up), None)
    }

    fn wait_or(
        &mut self,
        other: Option<PollFd<'_>>,
        end: Option<Instant>,
    ) -> io::Result<bool> {
        if self.ended(WaitOptions::NOHANG)?.is_some() {
            return Ok(true);
        }
        let child = pidfd_open(self.pid, PidfdFlags::empty())?;
        let ended = PollFd::new(&child, PollFlags::IN);
        let mut either: Vec<_> = other.into_iter().chain([ended]).collect();
        loop {
            let left =
                end.map(|end| end.saturating_duration_since(Instant::now()));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut either, left.as_ref()) {
                Err(Errno::INTR) => {} // a signal was handled: wait on
                polled => {
                    polled?;
                    break;
                }
            }
        }
        Ok(self.ended(WaitOptions::NOHANG)?.is_some())
    }

    /// Kills the child if it has not ended, and reaps it.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub fn kill(&mut self) -> io::Result<()> {
        if self.ended(WaitOptions::NOHANG)?.is_none() {
            kill_process(self.pid, Signal::KILL)?;
        }
        self.wait().map(drop)
    }

    fn ended(&mut self, how: WaitOptions) -> io::Result<Option<WaitStatus>> {
        if self.ended.is_none() {
            let waited =
                rustix::io::retry_on_intr(|| waitpid(Some(self.pid), how))?;
            self.ended = waited.map(|(_, status)| status);
        }
        Ok(self.ended)
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        let _ = self.kill(); // somebody else has waited for it
    }
}
