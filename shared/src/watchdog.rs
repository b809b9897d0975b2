//! Bounded waits: whatever hangs is found, named, and does not hang the rest.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::{fmt, fs, io, process, thread, time::Duration};

/// Ends the process (one line, status 1) unless it is dropped in time.
#[derive(Debug)]
pub struct Watchdog {
    /// Never used: its end tells the guarding thread that all is well.
    _leash: Sender<()>,
}

impl Watchdog {
    /// Guards the rest of the program: after `limit` it ends, saying `what`
    /// was not done, and where its threads stand.
    ///
    /// # Errors
    ///
    /// The guarding thread cannot be started.
    pub fn guard(what: &'static str, limit: Duration) -> io::Result<Watchdog> {
        let (leash, slack) = mpsc::channel::<()>();
        let guard = thread::Builder::new().name("watchdog".into());
        // Not joined: it sleeps until the program ends, one way or another.
        guard.spawn(move || {
            if slack.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                let stalled = Stalled { limit, threads: threads() };
                let _ = writeln!(io::stderr(), "Error: {what}: {stalled}");
                process::exit(1);
            }
        })?;
        Ok(Watchdog { _leash: leash })
    }
}

/// Runs `work` on a thread of its own and waits no longer than `limit`: the
/// way to show a hang without hanging.
///
/// # Errors
///
/// The work was not done in time. Its thread cannot be ended and is left
/// behind until the process ends.
///
/// # Panics
///
/// When `work` panics, with the same payload.
pub fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stalled> {
    let (send, outcome) = mpsc::sync_channel(1);
    let worker = thread::spawn(move || {
        let _ = send.send(work()); // nobody listens after a stall
    });
    match outcome.recv_timeout(limit) {
        Ok(value) => Ok(value),
        Err(RecvTimeoutError::Timeout) => {
            Err(Stalled { limit, threads: threads() })
        }
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("it sends before it ends"),
        },
    }
}

/// Something was not done in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stalled {
    /// How long it was waited for.
    pub limit: Duration,
    /// Where each thread of the process stood: its name and the kernel's word
    /// for what it sleeps in, where `/proc` tells.
    pub threads: Vec<String>,
}

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not done after {:?}", self.limit)?;
        let some = self.threads.len().min(8); // one line has no more room
        write!(f, "; threads: {}", self.threads[..some].join(", "))
    }
}

impl std::error::Error for Stalled {}

fn threads() -> Vec<String> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let read = |task: &fs::DirEntry, name: &str| {
        let text = fs::read_to_string(task.path().join(name));
        text.unwrap_or_default().trim().to_string()
    };
    tasks
        .flatten()
        .map(|task| match read(&task, "wchan").as_str() {
            "" | "0" => format!("{} runs", read(&task, "comm")),
            wchan => format!("{} in {wchan}", read(&task, "comm")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_is_returned() {
        assert_eq!(within(Duration::from_secs(10), || 7), Ok(7));
    }

    #[test]
    fn what_hangs_is_found() {
        let (_keep_open, never) = mpsc::channel::<()>();
        let limit = Duration::from_millis(50);
        let stalled = within(limit, move || never.recv().is_ok()).unwrap_err();
        assert_eq!(stalled.limit, limit);
        assert!(stalled.to_string().starts_with("not done after 50ms"));
    }

    #[test]
    #[should_panic(expected = "burnt")]
    fn what_panics_panics() {
        let _ = within(Duration::from_secs(10), || panic!("burnt"));
    }
}
