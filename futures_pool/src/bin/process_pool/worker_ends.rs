//! What ties a worker process to its pool: one local socket, and shared memory.
//!
//!     cargo run -p futures_pool --bin worker_ends
//!
//! The worker is stopped, so that an order waits where it was sent. Linux shows
//! in /proc what a process has open, and a file descriptor of the worker, copied
//! to here, tells how many bytes wait in its socket. A short argument is there
//! as a whole. Of a long one only the length is there, and the argument is in
//! memory that both processes share. Results come back in the same two ways.
//! When the pool is dropped, the worker ends.
//!
//! Claims: F17, F20
//! Change this and watch: `std::mem::forget(pool)` for `drop(pool)`: the worker
//! is alive then, an error. It ends with the program.
//!
//! Output (figures vary):
//!     message   bytes  in socket  in memory
//!     argument   3000       3006          0
//!     argument  50000          9      53248
//!     result    50000                 53248
//!     the worker has 1 socket, 0 pipes
//!     F17 borne out: of an argument of 3000 bytes 3006 wait in the socket, of one of 50000 bytes 9
//!     F20 borne out: by 1 socket and 0 pipes; a result of 50000 bytes comes in 53248 bytes of shared memory

use std::os::fd::{AsFd, OwnedFd};
use std::{fs, io, path::Path, thread, time::Duration};

use futures_pool::{Executor, Handle, ProcessPool, init, job};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::io::ioctl_fionread;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};
use shared::{Failure, Result, Table, claim, flags, say, watchdog::Watchdog};

const SHORT: usize = 3_000;
const LONG: usize = 50_000;

fn main() -> Result {
    init([job(length), job(repeat), job(nap)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let pool = ProcessPool::new(1)?;
    let worker = Worker::of(&pool)?;
    let mut table = Table::new(["message", "bytes", "in socket", "in memory"]);

    let short = worker.stopped(|| pool.submit(length, "a".repeat(SHORT)))?;
    table.row([&"argument", &SHORT, &short.in_socket, &short.in_memory]);
    let long = worker.stopped(|| pool.submit(length, "a".repeat(LONG)))?;
    table.row([&"argument", &LONG, &long.in_socket, &long.in_memory]);
    let (result, next) = (pool.submit(repeat, LONG), pool.submit(nap, ()));
    assert_eq!(result.result()?.len(), LONG);
    let back = worker.memory()?; // kept, while the next job runs
    table.row([&"result", &LONG, &"", &back]);
    next.result()?;
    table.print();
    let Worker { sockets, pipes, .. } = worker;
    say!("the worker has {sockets} socket, {pipes} pipes");

    let one_socket = (sockets, pipes) == (1, 0);
    let there = short.in_socket > SHORT && short.in_memory == 0;
    let beside = long.in_socket < 100 && long.in_memory >= LONG;
    drop(pool);
    if Path::new(&format!("/proc/{}", worker.pid)).exists() {
        return Err(Failure::new("the worker is left behind"));
    }
    let figure = format!(
        "of an argument of {SHORT} bytes {} wait in the socket, of one of \
         {LONG} bytes {}",
        short.in_socket, long.in_socket
    );
    claim("F17", one_socket && there && beside, figure)?;
    let figure = format!(
        "by {sockets} socket and {pipes} pipes; a result of {LONG} bytes comes \
         in {back} bytes of shared memory"
    );
    claim("F20", one_socket && back >= LONG, figure)
}

fn length(text: String) -> usize {
    text.len()
}

fn repeat(times: usize) -> String {
    "a".repeat(times)
}

fn nap((): ()) {
    thread::sleep(Duration::from_millis(300));
}

/// A worker process, as /proc shows it.
struct Worker {
    pid: u32,
    /// How many of each it has, besides its standard streams.
    sockets: usize,
    pipes: usize,
    /// Its end of the socket, copied to this process.
    socket: OwnedFd,
}

/// Where the bytes of an order are while the worker is stopped.
struct Waiting {
    in_socket: usize,
    in_memory: usize,
}

impl Worker {
    fn of(pool: &ProcessPool) -> Result<Worker> {
        let pid = pool.pids()[0];
        let ours = open_files(std::process::id())?;
        let mut files = open_files(pid)?;
        // Standard input, output and error, and what it has inherited from us.
        files.retain(|f| f.number > 2 && ours.iter().all(|o| o.name != f.name));
        let count = |kind| files.iter().filter(|file| file.is(kind)).count();
        let (sockets, pipes) = (count("socket:"), count("pipe:"));
        let socket = files.iter().find(|file| file.is("socket:"));
        let socket = socket.ok_or_else(|| Failure::new("it has no socket"))?;
        let its = rustix::process::Pid::from_raw(pid as i32);
        let its = its.expect("a process has a number");
        let process = pidfd_open(its, PidfdFlags::empty())?;
        let flags = PidfdGetfdFlags::empty();
        let socket = pidfd_getfd(process, socket.number, flags)?;
        Ok(Worker { pid, sockets, pipes, socket })
    }

    /// Stops the worker while an order is sent, and lets it do the job.
    fn stopped(&self, send: impl FnOnce() -> Handle<usize>) -> Result<Waiting> {
        let pid = Pid::from_raw(self.pid as i32);
        kill(pid, Signal::SIGSTOP)?;
        let order = send();
        let in_socket = ioctl_fionread(self.socket.as_fd())? as usize;
        let waiting = Waiting { in_socket, in_memory: self.memory()? };
        kill(pid, Signal::SIGCONT)?;
        order.result()?;
        Ok(waiting)
    }

    /// How many bytes of memory it shares with its pool.
    fn memory(&self) -> io::Result<usize> {
        let files = open_files(self.pid)?.into_iter();
        files
            .filter(|file| file.is("/memfd:futures_pool"))
            .map(|file| {
                let path = format!("/proc/{}/fd/{}", self.pid, file.number);
                use std::os::unix::fs::MetadataExt;
                Ok(512 * fs::metadata(path)?.blocks() as usize)
            })
            .sum()
    }
}

/// A file descriptor, and what it stands for.
struct OpenFile {
    number: i32,
    name: String,
}

impl OpenFile {
    fn is(&self, kind: &str) -> bool {
        self.name.starts_with(kind)
    }
}

fn open_files(pid: u32) -> io::Result<Vec<OpenFile>> {
    let files = fs::read_dir(format!("/proc/{pid}/fd"))?;
    files
        .map(|file| {
            let path = file?.path();
            let number = path.file_name().and_then(|name| name.to_str());
            let number = number.and_then(|name| name.parse().ok());
            let name = fs::read_link(&path)?.display().to_string();
            Ok(OpenFile { number: number.unwrap_or(-1), name })
        })
        .collect()
}
