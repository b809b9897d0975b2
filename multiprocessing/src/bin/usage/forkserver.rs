//! Fork server: a small process, started early, forks whenever it is asked.
//!
//!     cargo run --release -p multiprocessing --bin forkserver
//!
//! Three ways to start a process, each measured until the process has ended and
//! was reaped. Exec starts a program from nothing. A fork copies the tables of
//! the parent's memory, so it costs more if the parent has much, and it is not
//! allowed in a process with threads. A fork server is a child that was started
//! by exec, has one thread and little memory, and forks for its parent. In
//! Python these are the start methods `spawn`, `fork` and `forkserver`. (A
//! child of Python's `spawn` also imports the modules again, here nothing is
//! loaded.)
//!
//! The program `fork_with_threads` shows why a program with threads must not
//! fork.
//!
//! Claims: M9
//! Change this and watch: `SIZE` of 1 << 30. The fork of this process takes
//! about four times as long, the other ways do not change.
//!
//! Output (figures vary):
//!     us to start and end  0 MiB  256 MiB
//!     a process by exec      869      676
//!     by fork of this one    181     6543
//!     by fork server         194      155
//!     a thread                31        -
//!     The article, M9: "Its weaknesses (not in the article): starting, encoding, and cleaning up."
//!     Our answer for Rust: holds (true)
//!     Our answer to M9 is borne out: to start and end a process takes 676 us by exec, 155 us by fork server; a thread 31 us

use std::hint::black_box;
use std::{thread, time::Instant};

use multiprocessing::fork::fork;
use nix::unistd::alarm;
use shared::measure::{NoiseMeter, try_median_of};
use shared::{Result, Table, claim_timed, ensure, flags};
use shared::{notice_debug_build, role};

const TRIES: usize = 9;
const SIZE: usize = 256 << 20;
const LIMIT: Duration = Duration::from_secs(5);

fn main() -> Result {
    if let Some([]) = role::started_as("server") {
        return Ok(serve_forks(|job| job)?);
    }
    if let Some([]) = role::started_as("empty") {
        return Ok(());
    }
    flags([]);
    notice_debug_build();
    alarm::set(20); // the bound: a watchdog is a thread, and forbids to fork
    let meter = NoiseMeter::start();
    let mut server = ForkServer::start(role::command("server")?)?;
    let small = each_way(&mut server)?;
    let memory = black_box(vec![1_u8; SIZE]); // all of its pages are touched
    let large = each_way(&mut server)?;
    drop(memory);
    let thread = us_of(|| Ok(thread::spawn(|| ()).join().is_ok()))?;
    print(small, large, thread);
    let [exec, _, served] = large;
    let figure = format!(
        "to start and end a process takes {exec:.0} us by exec, {served:.0} \
         us by fork server; a thread {thread:.0} us"
    );
    claim_timed("M9", exec.min(served) > thread, meter.read(), figure)
}

fn print(small: [f64; 3], large: [f64; 3], thread: f64) {
    let mut table = Table::new(["us to start and end", "0 MiB", "256 MiB"]);
    let names = ["a process by exec", "by fork of this one", "by fork server"];
    for (name, (small, large)) in names.iter().zip(small.iter().zip(large)) {
        table.row([name, &format!("{small:.0}"), &format!("{large:.0}")]);
    }
    table.row([&"a thread", &format!("{thread:.0}"), &"-"]);
    table.print();
}

/// The three ways: exec, fork, fork server. All processes end well.
fn each_way(server: &mut ForkServer) -> Result<[f64; 3]> {
    Ok([
        us_of(|| Ok(role::command("empty")?.status()?.success()))?,
        us_of(|| Ok(fork(|| 0)?.wait()? == Some(0)))?,
        us_of(|| Ok(server.run(0, LIMIT)?.status == Some(0)))?,
    ])
}

/// The median of several tries, in microseconds.
fn us_of(mut once: impl FnMut() -> Result<bool>) -> Result<f64> {
    try_median_of(TRIES, || {
        let begun = Instant::now();
        ensure(once()?, "it has failed")?;
        Ok(begun.elapsed().as_secs_f64() * 1e6)
    })
}

// ANCHOR: forkserver
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::time::Duration;

/// How a process of a [`ForkServer`] has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its process id.
    pub pid: u32,
    /// Its exit status; `None` if a signal ended it.
    pub status: Option<i32>,
}

/// A process with one thread that forks when it is asked. It ends with this
/// value or with this process, and the process that it has forked, too.
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
    /// The server could not fork. Or it has died or exceeded `limit`: then it
    /// is killed, and its process, too; start another one.
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
        let limit = limit.max(Duration::from_micros(1)); // 0 is no time
        self.socket.set_read_timeout(Some(limit))?;
        self.socket.write_all(&[job])?;
        let mut answer = [[0; 4]; 2];
        self.socket.read_exact(answer.as_flattened_mut())?;
        Ok(answer.map(i32::from_ne_bytes))
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        let _ = self.process.kill(); // or it has ended
        let _ = self.process.wait();
    }
}

/// In the server: forks a process for each job, one after the other, which ends
/// with the status that `work` returns. Returns when the parent has ended.
///
/// # Errors
///
/// This process has no socket as its stdin.
pub fn serve_forks(work: impl Fn(u8) -> u8) -> io::Result<()> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let (mut socket, mut job) = (UnixStream::from(stdin), [0]);
    while socket.read(&mut job)? == 1 {
        let answer = match multiprocessing::fork::fork(|| work(job[0])) {
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
// ANCHOR_END: forkserver
