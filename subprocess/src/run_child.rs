//! One child program, run to its end, or to its time limit, or to Ctrl+C:
//! whatever comes first. Nothing of it is left running.
//!
//! The tools of this repository run programs with [`run_child()`].
//!
//! ```
//! use std::{process::Command, time::Duration};
//! use subprocess::run_child::{Limits, Stop, Why, run_child};
//!
//! # fn main() -> std::io::Result<()> {
//! let limits = Limits {
//!     time: Duration::from_secs(60),
//!     output: 1 << 20,
//!     grace: Duration::from_secs(1),
//! };
//! let mut command = Command::new("rustc");
//! let ran = run_child(command.arg("-V"), b"", limits, &Stop::never())?;
//! assert_eq!(ran.why, Why::Ended);
//! assert!(ran.status.success());
//! assert!(ran.stdout.bytes.starts_with(b"rustc "));
//! # Ok(())
//! # }
//! ```

// ANCHOR: run_child
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::{net::UnixStream, process::CommandExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpgid, kill_process,
    kill_process_group, pidfd_open, waitid,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

/// What a child may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may run.
    pub time: Duration,
    /// How many bytes are kept of its standard output, and of its standard
    /// error. All that follows is read and counted, but not kept: a child that
    /// nobody reads from would stall.
    pub output: usize,
    /// How long it may take to end after SIGTERM. Then it gets SIGKILL. When it
    /// has ended, its output gets the same time again to be closed.
    pub grace: Duration,
}

/// Why a child has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// By itself, or by a signal from elsewhere: see the status.
    Ended,
    /// Its time was up.
    TimeUp,
    /// We were told to stop.
    Stopped,
}

/// What is known of a child that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Why it has ended.
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

/// Runs a child with this input, and waits until it has ended: by itself, when
/// its time is up, or when we are told to stop.
///
/// The child is the leader of a new process group. So Ctrl+C at the terminal
/// does not reach it (`stop` does), and it is ended together with everything
/// that it has started: by SIGTERM, and after the grace by SIGKILL. When it
/// ends by itself, what it has left in its group is killed, too. Only a process
/// that has moved to another group or session, or that belongs to another user,
/// can stay; then the output is not complete.
///
/// All waits are bounded by these limits, also if the child does not read its
/// input, and if it does not end at SIGTERM. Input that it does not want is
/// dropped. When the child has ended, or its time is up, no `stop` is heard any
/// more; this may take four times the grace, and two seconds.
///
/// # Errors
///
/// The child cannot be started; or the system cannot wait for it: because
/// other code has waited for it, or because this process ignores SIGCHLD.
/// `TimedOut` if it does not even end by SIGKILL within a second, because it
/// hangs inside the system. `PermissionDenied` if it has become another user's
/// (as by `sudo`) and does not end in time: it goes on, and nobody waits for
/// it.
pub fn run_child(
    command: &mut Command,
    input: &[u8],
    limits: Limits,
    stop: &Stop,
) -> io::Result<Finished> {
    let Limits { time, grace, .. } = limits;
    let has_input = !input.is_empty();
    command
        .stdin(if has_input { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = Group { child: command.spawn()?, status: None };
    let mut pipes = Pipes::of(&mut child.child, input, limits.output)?;
    // `poll` says that this can be read when the child has ended.
    let end = pidfd_open(child.id(), PidfdFlags::empty())?;
    let [end, stop] = [Some(end.as_fd()), stop.event()];

    let why = match pipes.serve([end, stop], time)? {
        Some(0) => Why::Ended,
        Some(_) => Why::Stopped,
        None => Why::TimeUp,
    };
    if why != Why::Ended {
        child.signal(Signal::TERM)?;
        if pipes.serve([end, None], grace)?.is_none() {
            child.signal(Signal::KILL)?;
            let moment = grace.max(Duration::from_secs(1)); // not at once
            if pipes.serve([end, None], moment)?.is_none() {
                return Err(child.give_up());
            }
        }
    }
    // Processes that it has started may still hold its output.
    pipes.serve([None, None], grace)?;
    child.signal(Signal::KILL)?;
    pipes.serve([None, None], grace.max(Duration::from_millis(100)))?;
    let [stdout, stderr] = pipes.outputs.map(|(output, _)| output);
    let Some(status) = child.wait()? else { return Err(child.give_up()) };
    Ok(Finished { why, status, stdout, stderr })
}

/// Told to stop: by SIGINT (Ctrl+C), SIGTERM or SIGHUP.
#[derive(Debug)]
pub struct Stop {
    signal: Arc<AtomicUsize>,
    /// Readable from the first signal on, for good: nobody reads it.
    event: Option<UnixStream>,
}

impl Stop {
    /// Takes these signals over for the rest of the process: they do not end it
    /// any more. Ask [`signal`](Stop::signal) what came, and end. To be called
    /// once. A signal that this process has blocked is not heard; SIGHUP is
    /// heard also after `nohup`.
    ///
    /// # Errors
    ///
    /// The system does not let us.
    pub fn listen() -> io::Result<Stop> {
        let signal = Arc::new(AtomicUsize::new(0));
        let (event, told) = UnixStream::pair()?;
        // First what can fail: without an event no signal is taken over.
        let told = [told.try_clone()?, told.try_clone()?, told];
        for (number, told) in [SIGINT, SIGTERM, SIGHUP].into_iter().zip(told) {
            let came = signal.clone();
            flag::register_usize(number, came, number as usize)?;
            pipe::register(number, told)?;
        }
        Ok(Stop { signal, event: Some(event) })
    }

    /// Never told, and no signal is taken over.
    pub fn never() -> Stop {
        Stop { signal: Arc::default(), event: None }
    }

    /// The number of the last signal that came.
    pub fn signal(&self) -> Option<i32> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            number => Some(number as i32),
        }
    }

    fn event(&self) -> Option<BorrowedFd<'_>> {
        self.event.as_ref().map(AsFd::as_fd)
    }
}

/// A child and its process group, which has the same number. Until somebody
/// has waited for the child, the system gives this number to nobody else.
struct Group {
    child: Child,
    /// Known when the child has been waited for.
    status: Option<ExitStatus>,
}

impl Group {
    fn id(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Looks, and does not wait. `ECHILD`: somebody else has waited for it, or
    /// this process ignores SIGCHLD. Then its number may be that of another
    /// one.
    fn has_ended(&self) -> Result<bool, Errno> {
        let options = WaitIdOptions::EXITED
            | WaitIdOptions::NOHANG
            | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.id()), options)?.is_some())
    }

    /// To the whole group, and to a child that has left it.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        self.has_ended()?;
        let child = self.id();
        let has_left = getpgid(Some(child)).is_ok_and(|group| group != child);
        let alone = if has_left { kill_process(child, signal) } else { Ok(()) };
        for done in [alone, kill_process_group(child, signal)] {
            match done {
                Ok(()) | Err(Errno::SRCH) => {} // `SRCH`: nobody is there
                // Another user's child (as of `sudo`) that has ended.
                Err(Errno::PERM) if self.has_ended()? => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// It was killed, or has ended. Bounded: a debugger may keep its status.
    fn wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(1) {
            self.status = self.child.try_wait()?;
            if self.status.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(self.status)
    }

    /// Waiting for it could take for ever.
    fn give_up(self) -> io::Error {
        std::mem::forget(self);
        io::Error::new(ErrorKind::TimedOut, "the child cannot be killed")
    }
}

/// After an error or a panic, too, nothing stays that we may kill.
impl Drop for Group {
    fn drop(&mut self) {
        if self.status.is_none() && self.signal(Signal::KILL).is_ok() {
            let _ = self.wait();
        }
    }
}

/// Our ends of the pipes of a child.
struct Pipes<'a> {
    input: Option<(ChildStdin, &'a [u8])>,
    /// What came, and the pipe until it ends.
    outputs: [(Output, Option<Box<dyn Pipe>>); 2],
    limit: usize,
}

trait Pipe: Read + AsFd {}
impl<P: Read + AsFd> Pipe for P {}

impl<'a> Pipes<'a> {
    fn of(
        child: &mut Child,
        input: &'a [u8],
        limit: usize,
    ) -> io::Result<Self> {
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(|pipe| Box::new(pipe) as _);
        let stderr = child.stderr.take().map(|pipe| Box::new(pipe) as _);
        let outputs: [Option<Box<dyn Pipe>>; 2] = [stdout, stderr];
        // A read or a write never waits, whatever a child does with its end.
        for pipe in outputs.iter().flatten() {
            ioctl_fionbio(pipe.as_fd(), true)?;
        }
        if let Some(stdin) = &stdin {
            ioctl_fionbio(stdin, true)?;
        }
        let outputs = outputs.map(|pipe| (Output::default(), pipe));
        Ok(Pipes { input: stdin.map(|pipe| (pipe, input)), outputs, limit })
    }

    /// Writes and reads until one of the events comes: returns which. `None`:
    /// the time is up; or there are no events, and all is closed.
    fn serve(
        &mut self,
        events: [Option<BorrowedFd<'_>>; 2],
        time: Duration,
    ) -> io::Result<Option<usize>> {
        let deadline = Instant::now().checked_add(time); // `None`: never
        loop {
            let no_event = events.iter().all(Option::is_none);
            if no_event && self.outputs.iter().all(|(_, pipe)| pipe.is_none()) {
                return Ok(None);
            }
            let ready = self.wait(events, deadline)?;
            if let Some(event) = ready.iter().take(2).position(|ready| *ready) {
                return Ok(Some(event));
            }
            if ready[2] {
                self.write();
            }
            for (nth, ready) in ready.into_iter().skip(3).enumerate() {
                if ready {
                    self.read(nth)?;
                }
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Ok(None);
            }
        }
    }

    /// Which are ready: the events, the input, the outputs.
    fn wait(
        &self,
        events: [Option<BorrowedFd<'_>>; 2],
        deadline: Option<Instant>,
    ) -> io::Result<[bool; 5]> {
        let [stdout, stderr] = &self.outputs;
        let pipes = [
            self.input.as_ref().map(|(pipe, _)| pipe.as_fd()),
            stdout.1.as_ref().map(|pipe| pipe.as_fd()),
            stderr.1.as_ref().map(|pipe| pipe.as_fd()),
        ];
        let all: Vec<(usize, BorrowedFd<'_>)> = (events.into_iter())
            .chain(pipes)
            .enumerate()
            .filter_map(|(nth, one)| Some((nth, one?)))
            .collect();
        let for_what = |nth| match nth {
            2 => PollFlags::OUT,
            _ => PollFlags::IN,
        };
        let mut polled: Vec<PollFd<'_>> = (all.iter())
            .map(|(nth, fd)| PollFd::from_borrowed_fd(*fd, for_what(*nth)))
            .collect();
        let left =
            deadline.map(|d| d.saturating_duration_since(Instant::now()));
        // More than the system can count is never.
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut polled, left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut ready = [false; 5];
        for ((nth, _), polled) in all.iter().zip(&polled) {
            ready[*nth] = !polled.revents().is_empty();
        }
        Ok(ready)
    }

    /// As much as there is room for. A child that reads no more is no error.
    fn write(&mut self) {
        let Some((pipe, left)) = &mut self.input else { return };
        match pipe.write(left) {
            Ok(count) if count < left.len() => *left = &left[count..],
            Err(error) if is_for_later(&error) => {}
            Ok(_) | Err(_) => self.input = None, // closes the pipe
        }
    }

    fn read(&mut self, nth: usize) -> io::Result<()> {
        let (output, source) = &mut self.outputs[nth];
        let Some(pipe) = source else { return Ok(()) };
        let mut buffer = vec![0; 1 << 16]; // a thread may have a small stack
        match pipe.read(&mut buffer) {
            Ok(0) => {
                output.complete = true;
                *source = None;
            }
            Ok(count) => {
                let room = self.limit.saturating_sub(output.bytes.len());
                output.bytes.extend(&buffer[..count.min(room)]);
                output.total += count as u64;
            }
            Err(error) if is_for_later(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
// ANCHOR_END: run_child
