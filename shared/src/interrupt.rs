//! Ctrl+C for a child process, and what is left of it.

use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{self, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::sys::signal::{SIGINT, SIGKILL, SigHandler, kill, killpg, signal};
use nix::unistd::Pid;

use crate::Result;

/// How a child ended that was interrupted.
#[derive(Debug)]
pub struct Interrupted {
    /// How often Ctrl+C was pressed.
    pub presses: usize,
    /// From the first time to its end.
    pub took: Duration,
    /// The lines that it wrote after it was told of.
    pub said: Vec<String>,
    /// How it ended: by SIGKILL if Ctrl+C did not do it.
    pub status: ExitStatus,
    /// How many of the processes that it had named outlived it. They have been
    /// killed.
    pub orphans: usize,
}

impl Interrupted {
    /// How many jobs have cleaned up; see [`CleanUp`].
    pub fn cleaned_up(&self) -> usize {
        self.count(CLEANED_UP)
    }

    /// How many lines of what it wrote are `line`.
    pub fn count(&self, line: &str) -> usize {
        self.said.iter().filter(|said| *said == line).count()
    }
}

/// In the child: stands for what a job must not leave behind, a file or a lock.
/// Says that the job has begun, and, when it is dropped, that it cleans up.
#[derive(Debug)]
pub struct CleanUp(());

impl CleanUp {
    /// Prints the id of this process, for [`press_ctrl_c`].
    pub fn at_the_end() -> CleanUp {
        crate::say!("{}", process::id());
        CleanUp(())
    }
}

impl Drop for CleanUp {
    fn drop(&mut self) {
        crate::say!("{CLEANED_UP}");
    }
}

const CLEANED_UP: &str = "cleaned up";

/// Starts a child as a shell does in a terminal, in a process group of its own,
/// and sends SIGINT to the whole group, as Ctrl+C does there: once, and again
/// after 200 ms, up to `most` times, until the child has ended. 800 ms after
/// the last time it is killed.
///
/// Ctrl+C is pressed when the child has written `jobs` lines, each with the id
/// of a process in which a job has begun.
///
/// # Errors
///
/// The child cannot be started, or ends before these lines.
pub fn press_ctrl_c(
    child: &mut Command,
    jobs: usize,
    most: usize,
) -> Result<Interrupted> {
    hear_interrupts()?;
    let (log, pen) = io::pipe()?;
    child.process_group(0).stdout(pen.try_clone()?).stderr(pen);
    let mut running = child.spawn()?;
    child.stdout(Stdio::null()).stderr(Stdio::null()); // the pens are its own
    let mut log = BufReader::new(log).lines();
    let begun = log.by_ref().take(jobs);
    let pids = begun.map(|pid| Ok(Pid::from_raw(pid?.parse()?)));
    let pids = pids.collect::<Result<Vec<Pid>>>()?;

    let (pressed, mut presses) = (Instant::now(), 0);
    while presses < most && running.try_wait()?.is_none() {
        killpg(Pid::from_raw(running.id() as i32), SIGINT)?;
        presses += 1;
        let patience = if presses < most { 200 } else { 800 };
        wait_until(patience, || !matches!(running.try_wait(), Ok(None)));
    }
    let took = pressed.elapsed();
    running.kill()?; // unless it has ended
    let status = running.wait()?;

    wait_until(500, || !pids.iter().any(lives)); // the kernel is at it
    let orphans: Vec<_> = pids.into_iter().filter(lives).collect();
    orphans.iter().try_for_each(|&pid| kill(pid, SIGKILL))?;
    let said = log.collect::<io::Result<_>>()?;
    Ok(Interrupted { presses, took, said, status, orphans: orphans.len() })
}

/// Lets SIGINT end this process, and the children that it starts. What a shell
/// starts in the background ignores this signal, and so do its children.
///
/// # Errors
///
/// The system does not let us.
#[expect(unsafe_code, reason = "there is no safe way to the default")]
pub fn hear_interrupts() -> Result {
    // SAFETY: it is no function of ours that will run then.
    unsafe { signal(SIGINT, SigHandler::SigDfl) }?;
    Ok(())
}

fn wait_until(millis: u64, mut done: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_millis(millis);
    while !done() && Instant::now() < limit {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A process that has ended and still counts is a zombie: Z.
fn lives(pid: &Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
