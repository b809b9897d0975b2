//! What ties a worker process to its pool: one local socket, and shared memory.
//!
//!     cargo run -p futures_pool --bin worker_ends
//!
//! The worker is stopped, so that an order waits where it was sent. Linux shows
//! in /proc what a process has open, and a copy of the worker's file descriptor
//! tells how many bytes wait in its socket. A short argument is there as a
//! whole. Of a long one only the length is there, and the argument is in memory
//! that both processes share. Results come back in the same two ways. When the
//! pool is dropped, the worker ends.
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
//!     F20 borne out: 1 socket, 0 pipes; a result of 50000 bytes took 53248 of shared memory

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::{fs, io, path::Path, thread, time::Duration};

use futures_pool::{Executor, Handle, ProcessPool, init, job};
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, Signal};
use rustix::process::{kill_process, pidfd_getfd, pidfd_open};
use shared::{Failure, Result, Table, claim, flags, say, watchdog::Watchdog};

const SHORT: usize = 3_000;
const LONG: usize = 50_000;

fn main() -> Result {
    init([job(length), job(repeat), job(thread::sleep)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let pool = ProcessPool::new(1)?;
    let worker = Worker::of(&pool)?;
    let short = worker.stopped(|| pool.submit(length, "a".repeat(SHORT)))?;
    let long = worker.stopped(|| pool.submit(length, "a".repeat(LONG)))?;
    let result = pool.submit(repeat, LONG);
    let next = pool.submit(thread::sleep, Duration::from_millis(300));
    assert_eq!(result.result()?.len(), LONG);
    let back = worker.memory()?; // kept, while the next job runs
    next.result()?;
    drop(pool);
    if Path::new(&format!("/proc/{}", worker.pid)).exists() {
        return Err(Failure::new("the worker is left behind"));
    }
    let mut table = Table::new(["message", "bytes", "in socket", "in memory"]);
    table.row([&"argument", &SHORT, &short.in_socket, &short.in_memory]);
    table.row([&"argument", &LONG, &long.in_socket, &long.in_memory]);
    table.row([&"result", &LONG, &"", &back]);
    table.print();
    verdict(&worker, [short, long], back)
}

fn verdict(worker: &Worker, waiting: [Waiting; 2], back: usize) -> Result {
    let [short, long] = waiting;
    let Worker { sockets, pipes, .. } = worker;
    say!("the worker has {sockets} socket, {pipes} pipes");
    let one_socket = (*sockets, *pipes) == (1, 0);
    let there = short.in_socket > SHORT && short.in_memory == 0;
    let beside = long.in_socket < 100 && long.in_memory >= LONG;
    let figure = format!(
        "of an argument of {SHORT} bytes {} wait in the socket, of one of \
         {LONG} bytes {}",
        short.in_socket, long.in_socket
    );
    claim("F17", one_socket && there && beside, figure)?;
    let figure = format!(
        "{sockets} socket, {pipes} pipes; a result of {LONG} bytes took {back} \
         of shared memory"
    );
    claim("F20", one_socket && back >= LONG, figure)
}

fn length(text: String) -> usize {
    text.len()
}

fn repeat(times: usize) -> String {
    "a".repeat(times)
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
        let inherited = |name: &str| ours.iter().any(|(_, own)| own == name);
        files.retain(|(number, name)| *number > 2 && !inherited(name));
        let all = |kind| files.iter().filter(move |f| f.1.starts_with(kind));
        let (sockets, pipes) = (all("socket:").count(), all("pipe:").count());
        let socket = all("socket:").next();
        let socket = socket.ok_or_else(|| Failure::new("it has no socket"))?;
        let process = pidfd_open(id(pid), PidfdFlags::empty())?;
        let socket = pidfd_getfd(process, socket.0, PidfdGetfdFlags::empty())?;
        Ok(Worker { pid, sockets, pipes, socket })
    }

    /// Stops the worker while an order is sent, and lets it do the job.
    fn stopped(&self, send: impl FnOnce() -> Handle<usize>) -> Result<Waiting> {
        kill_process(id(self.pid), Signal::STOP)?;
        let stat = format!("/proc/{}/stat", self.pid);
        while !fs::read_to_string(&stat)?.contains(") T ") {
            thread::yield_now();
        }
        let order = send();
        let in_socket = ioctl_fionread(self.socket.as_fd())? as usize;
        let waiting = Waiting { in_socket, in_memory: self.memory()? };
        kill_process(id(self.pid), Signal::CONT)?;
        order.result()?;
        Ok(waiting)
    }

    /// How many bytes of memory it shares with its pool.
    fn memory(&self) -> io::Result<usize> {
        let mut files = open_files(self.pid)?;
        files.retain(|(_, name)| name.starts_with("/memfd:futures_pool"));
        let size = |(number, _)| {
            let path = format!("/proc/{}/fd/{number}", self.pid);
            Ok(512 * fs::metadata(path)?.blocks() as usize)
        };
        files.into_iter().map(size).sum()
    }
}

fn id(pid: u32) -> Pid {
    Pid::from_raw(pid as i32).expect("a process has a number")
}

/// The numbers of file descriptors, and what they stand for.
fn open_files(pid: u32) -> io::Result<Vec<(i32, String)>> {
    let files = fs::read_dir(format!("/proc/{pid}/fd"))?;
    let file = |file: io::Result<fs::DirEntry>| {
        let file = file?;
        let number = file.file_name().to_string_lossy().parse();
        let name = fs::read_link(file.path())?.display().to_string();
        Ok((number.map_err(io::Error::other)?, name))
    };
    files.map(file).collect()
}
