//! As [`run_child`](mod@crate::run_child), for tokio: to cancel the future ends
//! the child, with all that it has started.

// ANCHOR: run_child_tokio
use std::future::{Future, pending};
use std::io::{self, ErrorKind};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpgid, kill_process,
    kill_process_group, pidfd_open, waitid,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio::{select, try_join};

/// What a child may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may run.
    pub time: Duration,
    /// How many bytes are kept of each of its outputs. The rest is counted.
    pub output: usize,
    /// How long it may take to end after SIGTERM, before SIGKILL; and how long
    /// its output may stay open, once more, when it has ended.
    pub grace: Duration,
}

/// Why a child has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By itself, or by a signal from elsewhere: see the status.
    Ended,
    /// Its time was up.
    TimeUp,
}

/// What is known of a child that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Who ended it.
    pub why: Why,
    /// Its exit code, or the signal that ended it.
    pub status: ExitStatus,
    /// What it wrote to its standard output.
    pub stdout: Output,
    /// What it wrote to its standard error.
    pub stderr: Output,
}

/// What a child wrote.
#[derive(Debug, Default)]
pub struct Output {
    /// The first bytes, up to the limit.
    pub bytes: Vec<u8>,
    /// How many bytes came in all.
    pub total: u64,
    /// Whether it was read to its end (EOF). If not, a process that has left
    /// the group of the child still holds the other end of the pipe.
    pub complete: bool,
}

/// Runs a child with this input, until it has ended by itself or its time is
/// up, or until this future is dropped.
///
/// The child is the leader of a new process group, and is ended together with
/// what it has started: by SIGTERM, and after the grace by SIGKILL. What it has
/// left in its group when it ends by itself is killed, too. A child that does
/// not read its input is no error.
///
/// If the future is dropped, the group is killed at once, and the child is
/// waited for. This blocks the thread for about a millisecond, and 100 ms at
/// the most. (If SIGKILL has not ended the child by then, tokio waits for it
/// later, as long as a runtime runs.)
///
/// # Errors
///
/// The child cannot be started; or the system cannot wait for it, because
/// other code has. `TimedOut` if it does not even end by SIGKILL within a
/// second, because it hangs inside the system. `PermissionDenied` if it has
/// become another user's (as by `sudo`) and does not end in time: it goes on.
///
/// # Panics
///
/// Outside of a tokio runtime with I/O and time (`enable_all`).
pub async fn run_child_tokio(
    command: &mut Command,
    input: &[u8],
    limits: Limits,
) -> io::Result<Finished> {
    let Limits { time, output, grace } = limits;
    let has_input = !input.is_empty();
    command
        .stdin(if has_input { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut ends = signal(SignalKind::child())?; // before the child starts
    let mut child = Group(command.spawn()?);
    let pid = child.id().expect("nobody has waited for it");
    let mut pipes = Pipes {
        input: child.0.stdin.take().map(|pipe| (pipe, input)),
        stdout: Source::new(child.0.stdout.take(), output),
        stderr: Source::new(child.0.stderr.take(), output),
    };

    let mut why = Why::Ended;
    let end = pipes.serve_until(has_ended(pid, &mut ends), time).await?;
    // It may have ended while this task had no turn.
    if end.is_none() && !is_ended(pid)? {
        why = Why::TimeUp;
        child.signal(Signal::TERM)?;
        let end = has_ended(pid, &mut ends);
        if pipes.serve_until(end, grace).await?.is_none() {
            child.signal(Signal::KILL)?;
            let end = has_ended(pid, &mut ends);
            let moment = grace.max(Duration::from_secs(1)); // it needs some
            if pipes.serve_until(end, moment).await?.is_none() {
                let error = "the child cannot be killed";
                return Err(io::Error::new(ErrorKind::TimedOut, error));
            }
        }
    }
    // Others may have its output: what it has started.
    pipes.serve_for(grace).await?;
    child.signal(Signal::KILL)?;
    pipes.serve_for(grace.max(Duration::from_millis(100))).await?;
    let [stdout, stderr] = [pipes.stdout.output, pipes.stderr.output];
    Ok(Finished { why, status: child.0.wait().await?, stdout, stderr })
}

/// Looks, and does not wait: `Child::wait` would free the number of the child
/// for other processes. It is that of the group, and what is left in the group
/// still has to be killed. `ECHILD`: somebody else has waited for it.
fn is_ended(child: Pid) -> Result<bool, Errno> {
    let options =
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(child), options)?.is_some())
}

async fn has_ended(child: Pid, ends: &mut tokio::signal::unix::Signal) {
    while let Ok(false) = is_ended(child) {
        // The end of some child; or a moment, because no signal comes where
        // SIGCHLD is blocked.
        let _ = timeout(Duration::from_millis(100), ends.recv()).await;
    }
}

/// A child and its process group, which has the same number.
struct Group(Child);

impl Group {
    /// `None` if it was waited for: another process may have the number then.
    fn id(&self) -> Option<Pid> {
        Pid::from_raw(self.0.id()? as i32)
    }

    /// To the whole group, and to a child that has left it.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        let Some(child) = self.id() else { return Ok(()) };
        is_ended(child)?;
        let has_left = getpgid(Some(child)).is_ok_and(|group| group != child);
        let alone = if has_left { kill_process(child, signal) } else { Ok(()) };
        for done in [alone, kill_process_group(child, signal)] {
            match done {
                Ok(()) | Err(Errno::SRCH) => {} // or nobody is in the group
                // It was another user's, as those of `sudo` are, and has ended.
                Err(Errno::PERM) if is_ended(child)? => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Cancelled, or after an error or a panic: nothing stays that we may kill.
impl Drop for Group {
    fn drop(&mut self) {
        let Some(child) = self.id() else { return };
        let _ = self.signal(Signal::KILL);
        if let Ok(end) = pidfd_open(child, PidfdFlags::empty()) {
            let most = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
            let mut end = [PollFd::new(&end, PollFlags::IN)];
            let _ = retry_on_intr(|| poll(&mut end, Some(&most)));
        }
        let _ = self.0.try_wait(); // no zombie
    }
}

/// Our ends of the pipes of a child. The futures below may be dropped at each
/// `await`: nothing that was read is lost.
struct Pipes<'a> {
    input: Option<(ChildStdin, &'a [u8])>,
    stdout: Source<ChildStdout>,
    stderr: Source<ChildStderr>,
}

impl Pipes<'_> {
    /// Writes and reads until the event comes. `None`: the time was up first.
    async fn serve_until<T>(
        &mut self,
        event: impl Future<Output = T>,
        time: Duration,
    ) -> io::Result<Option<T>> {
        let serve = async {
            self.serve().await?;
            pending().await // all is closed: wait for the event only
        };
        select! {
            event = event => Ok(Some(event)),
            failed = serve => failed,
            () = sleep(time) => Ok(None),
        }
    }

    /// Writes and reads until all is closed, or the time is up.
    async fn serve_for(&mut self, time: Duration) -> io::Result<()> {
        timeout(time, self.serve()).await.unwrap_or(Ok(()))
    }

    async fn serve(&mut self) -> io::Result<()> {
        let Pipes { input, stdout, stderr } = self;
        try_join!(write(input), stdout.read(), stderr.read()).map(drop)
    }
}

/// A child that reads no more is no error.
async fn write(input: &mut Option<(ChildStdin, &[u8])>) -> io::Result<()> {
    while let Some((pipe, left)) = input {
        match pipe.write(left).await {
            Ok(count) if count < left.len() => *left = &left[count..],
            Ok(_) | Err(_) => *input = None, // closes the pipe
        }
    }
    Ok(())
}

struct Source<P> {
    pipe: Option<P>,
    limit: usize,
    output: Output,
}

impl<P: AsyncRead + Unpin> Source<P> {
    fn new(pipe: Option<P>, limit: usize) -> Source<P> {
        Source { pipe, limit, output: Output::default() }
    }

    async fn read(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        while let Some(pipe) = &mut self.pipe {
            let count = pipe.read(&mut buffer).await?;
            if count == 0 {
                self.output.complete = true;
                self.pipe = None;
            }
            let room = self.limit.saturating_sub(self.output.bytes.len());
            self.output.bytes.extend(&buffer[..count.min(room)]);
            self.output.total += count as u64;
        }
        Ok(())
    }
}
// ANCHOR_END: run_child_tokio
