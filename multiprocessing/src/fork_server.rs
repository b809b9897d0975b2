//! A fork server: a small process that forks whenever it is asked.
//!
//! It is started early, has one thread and little memory. So it may fork, and
//! its forks cost little, whatever its parent has. In Python: the start method
//! `forkserver`.
//!
//! ```no_run
//! use std::{env, process::Command, time::Duration};
//! use multiprocessing::fork_server::{ForkServer, serve_forks};
//!
//! fn main() -> std::io::Result<()> {
//!     if env::args().nth(1).as_deref() == Some("server") {
//!         return serve_forks(|job| 2 * job); // in a new process for each job
//!     }
//!     let mut command = Command::new(env::current_exe()?);
//!     command.arg("server");
//!     let mut server = ForkServer::start(command)?;
//!     let ended = server.run(21, Duration::from_secs(1))?;
//!     assert_eq!(ended.status, Some(42));
//!     Ok(())
//! }
//! ```

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::fork::fork;

/// How a process of a [`ForkServer`] has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its process id.
    pub pid: u32,
    /// Its exit status; `None` if a signal ended it.
    pub status: Option<i32>,
}

/// A process with one thread that forks when it is asked. If this is dropped, or
/// this process ends, the server ends, and so does the process that it has
/// forked.
#[derive(Debug)]
pub struct ForkServer {
    process: Child,
    socket: UnixStream,
}

impl ForkServer {
    /// Starts a program that calls [`serve_forks`] first of all.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn start(mut command: Command) -> io::Result<ForkServer> {
        let (socket, theirs) = UnixStream::pair()?;
        let process = command.stdin(OwnedFd::from(theirs)).spawn()?;
        Ok(ForkServer { process, socket })
    }

    /// Has a new process do this job, and waits for its end.
    ///
    /// # Errors
    ///
    /// The server could not fork. Or the server has died, or the job took longer
    /// than `limit`: then the server and its process are killed, and each
    /// further job is an error, too. Start another server.
    pub fn run(&mut self, job: u8, limit: Duration) -> io::Result<Ended> {
        let answer = self.ask(job, limit).map_err(|why| {
            // Else a late answer would be taken for that of the next job.
            let _ = self.process.kill(); // or it has ended
            match why.kind() {
                io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
                _ => why,
            }
        });
        let [pid, status] = answer?;
        match pid {
            0 => Err(io::Error::from_raw_os_error(status)),
            pid => Ok(Ended {
                pid: pid.unsigned_abs(),
                status: (status >= 0).then_some(status),
            }),
        }
    }

    fn ask(&mut self, job: u8, limit: Duration) -> io::Result<[i32; 2]> {
        let begun = Instant::now();
        self.socket.write_all(&[job])?;
        let (mut answer, mut came) = ([[0; 4]; 2], 0);
        let bytes = answer.as_flattened_mut();
        while came < bytes.len() {
            // A signal that is handled here does not begin the time anew.
            let left = limit.saturating_sub(begun.elapsed());
            let left = left.max(Duration::from_micros(1)); // 0 is no time
            self.socket.set_read_timeout(Some(left))?;
            match self.socket.read(&mut bytes[came..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => came += more,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
        Ok(answer.map(i32::from_ne_bytes))
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        let _ = self.process.kill(); // or it has ended
        let _ = self.process.wait();
    }
}

/// In the server: forks a process for each job, one after the other. The process
/// ends with the status that `work` returns. Its stdin is empty. Returns when
/// the parent has ended.
///
/// # Errors
///
/// This process has no socket as its stdin.
pub fn serve_forks(work: impl Fn(u8) -> u8) -> io::Result<()> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    // A job that reads from stdin must not get the next jobs.
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let (mut socket, mut job) = (UnixStream::from(stdin), [0]);
    while socket.read(&mut job)? == 1 {
        let answer = match fork(|| work(job[0])) {
            Ok(mut child) => {
                if !child.ends_before_hangup(&socket)? {
                    return Ok(()); // the parent has ended; drop kills the child
                }
                let pid = child.id().cast_signed();
                [pid, child.wait()?.unwrap_or(-1)]
            }
            Err(why) => [0, why.raw_os_error().unwrap_or(1)],
        };
        socket.write_all(answer.map(i32::to_ne_bytes).as_flattened())?;
    }
    Ok(())
}
