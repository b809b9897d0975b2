//! Local socket or shared memory: how an argument reaches a worker process.
//!
//!     cargo run -p futures_pool --bin socket_or_memory
//!
//! Here a worker process is stopped, so what its pool sends waits unread. Linux
//! shows in /proc what a process has open, and a copy of the worker's file
//! descriptor tells how many bytes wait in its socket. A short argument is in
//! the socket as a whole. Of a long argument only the length is there; the
//! bytes are in memory that both processes share. Results come back in the same
//! two ways. Python uses pipes.
//!
//! The program `worker_ends` shows how long a worker lives.
//!
//! Claims: F17, F20
//! Change this and watch: `LONG` of 5 000. It goes through the socket as a
//! whole, and F17 is contradicted.
//!
//! Output (figures vary):
//!     argument of 3000 bytes: 3006 bytes in the socket
//!     argument of 3000 bytes: 0 bytes in memory
//!     argument of 50000 bytes: 9 bytes in the socket
//!     argument of 50000 bytes: 53248 bytes in memory
//!     result of 50000 bytes: 53248 bytes in memory
//!     The article, F17: "The bytes go from the parent to the child over a local socket."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to F17 is borne out: of an argument of 3000 bytes 3006 wait in the socket, of one of 50000 bytes 9
//!     The article, F20: "The result goes back over the local socket."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to F20 is borne out: a result of 50000 bytes takes 53248 of shared memory

use std::os::unix::fs::MetadataExt;
use std::{thread, time::Duration};

use futures_pool::{Executor, ProcessPool, init, job};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, Signal};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use rustix::process::{kill_process, pidfd_getfd, pidfd_open};
use rustix::{fd::OwnedFd, io::ioctl_fionread};
use shared::{Result, claim, ensure, flags, say, watchdog::Watchdog};

const SHORT: usize = 3_000;
const LONG: usize = 50_000;

fn main() -> Result {
    init([job(same), job(thread::sleep)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(10))?;
    let pool = ProcessPool::new(1)?;
    let short = sent(&pool, SHORT)?;
    let long = sent(&pool, LONG)?;

    let result = pool.submit(same, "a".repeat(LONG));
    let next = pool.submit(thread::sleep, Duration::from_millis(300));
    result.result()?;
    let back = memory_of(pool.pids()[0])?; // kept, while the next job runs
    next.result()?;
    say!("result of {LONG} bytes: {back} bytes in memory");

    let figure = format!(
        "of an argument of {SHORT} bytes {} wait in the socket, of one of \
         {LONG} bytes {}",
        short.in_socket, long.in_socket
    );
    let there = short.in_socket > SHORT && short.in_memory == 0;
    let beside = long.in_socket < 100 && long.in_memory >= LONG;
    claim("F17", there && beside, figure)?;
    let figure =
        format!("a result of {LONG} bytes takes {back} of shared memory");
    claim("F20", back >= LONG, figure)
}

fn same(text: String) -> String {
    text
}

/// Where the bytes of an argument are while the worker is stopped.
struct Sent {
    in_socket: usize,
    in_memory: usize,
}

fn sent(pool: &ProcessPool, size: usize) -> Result<Sent> {
    let worker = pool.pids()[0];
    let id = Pid::from_raw(worker.cast_signed()).expect("it is not 0");
    let socket = its_socket(worker, id)?;
    kill_process(id, Signal::STOP)?;
    waitid(WaitId::Pid(id), WaitIdOptions::STOPPED)?;
    let order = pool.submit(same, "a".repeat(size));
    let in_socket = ioctl_fionread(socket)? as usize;
    let in_memory = memory_of(worker)?;
    kill_process(id, Signal::CONT)?;
    order.result()?;
    say!("argument of {size} bytes: {in_socket} bytes in the socket");
    say!("argument of {size} bytes: {in_memory} bytes in memory");
    Ok(Sent { in_socket, in_memory })
}

/// A copy of the worker's end of the one socket that it shares with its pool.
fn its_socket(worker: u32, id: Pid) -> Result<OwnedFd> {
    let ours = open_files(std::process::id())?;
    let inherited = |name: &str| ours.iter().any(|(_, own)| own == name);
    let mut sockets = open_files(worker)?;
    sockets.retain(|(number, name)| {
        *number > 2 && name.starts_with("socket:") && !inherited(name)
    });
    ensure(sockets.len() == 1, "the worker has more than one socket, or none")?;
    let process = pidfd_open(id, PidfdFlags::empty())?;
    Ok(pidfd_getfd(process, sockets[0].0, PidfdGetfdFlags::empty())?)
}

/// How many bytes of memory the worker shares with its pool.
fn memory_of(worker: u32) -> Result<usize> {
    let mut bytes = 0;
    for (number, name) in open_files(worker)? {
        if name.starts_with("/memfd:futures_pool") {
            let file = fs::metadata(format!("/proc/{worker}/fd/{number}"))?;
            bytes += 512 * file.blocks() as usize;
        }
    }
    Ok(bytes)
}

// ANCHOR: socket_or_memory
use std::{fs, io};

/// What a process has open, as `lsof` shows it: the number of each descriptor,
/// and a path, or `socket:[...]`, `pipe:[...]`, `/memfd:...`. For processes of
/// the same user. What is closed meanwhile is left out.
///
/// # Errors
///
/// There is no such process, it belongs to another user, or the system is not
/// Linux.
pub fn open_files(pid: u32) -> io::Result<Vec<(i32, String)>> {
    let file = |file: fs::DirEntry| {
        let number = file.file_name().to_str()?.parse().ok()?;
        let name = fs::read_link(file.path()).ok()?;
        Some((number, name.display().to_string()))
    };
    let files = fs::read_dir(format!("/proc/{pid}/fd"))?;
    Ok(files.flatten().filter_map(file).collect())
}
// ANCHOR_END: socket_or_memory
