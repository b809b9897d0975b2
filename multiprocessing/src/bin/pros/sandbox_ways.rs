//! Sandbox: what do rlimits, landlock and seccomp refuse, and at what cost?
//!
//!     cargo run --release -p multiprocessing --bin sandbox_ways
//!
//! A parser that is taken over tries to read a file and to connect a socket. A
//! thread can restrict itself, too. But it shares its memory with the other
//! threads, so the attack makes one of those do the work: a thread is no
//! boundary. The rlimit allows no new descriptor (root could undo it). landlock
//! takes away files and ports, seccomp all system calls but a few. The column
//! "us" is what the restriction costs, once for each process.
//!
//! Read the program `sandbox` first.
//!
//! Claims: M8
//! Change this and watch: add `libc::SYS_openat` to the calls in
//! `multiprocessing/src/sandbox.rs`. With seccomp alone the file is read, and
//! M8 is contradicted; landlock still refuses the file.
//!
//! Output (figures vary):
//!     parser in a                        file     socket    us
//!     thread with seccomp                open     open     251
//!     process                            open     open       0
//!     process with rlimit                refused  refused    0
//!     process with landlock              refused  refused   13
//!     process with seccomp               refused  refused  190
//!     process with landlock and seccomp  refused  refused  186
//!     Not in the article, M8: "Strengths: what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: of 2 attacks 2 succeed on a thread with seccomp, 0 in a process with seccomp

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};
use std::{fs, thread};

use multiprocessing::sandbox;
use seccompiler::{apply_filter, apply_filter_all_threads};
use shared::{Failure, Result, Table, claim, ensure, flags};
use shared::{notice_debug_build, role, say, watchdog::Watchdog};

const THREAD: &str = "thread with seccomp";
const PROCESS: &str = "process";
const RLIMIT: &str = "process with rlimit";
const LANDLOCK: &str = "process with landlock";
const SECCOMP: &str = "process with seccomp";
const BOTH: &str = "process with landlock and seccomp";
const WAYS: [&str; 6] = [THREAD, PROCESS, RLIMIT, LANDLOCK, SECCOMP, BOTH];
const OPEN: &str = "open";

fn main() -> Result {
    if let Some([way, port]) = role::started_as("program") {
        return be_attacked(&way, port.parse()?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the attacks", Duration::from_secs(20))?;
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = server.local_addr()?.port().to_string();
    let mut table = Table::new(["parser in a", "file", "socket", "us"]);
    let mut succeed = [0; WAYS.len()];
    for (way, succeed) in WAYS.iter().zip(&mut succeed) {
        *succeed = row(&mut table, way, &port)?;
    }
    table.print();
    if !fs::exists("/proc/sys/kernel/seccomp")? {
        say!("this kernel has no seccomp, so the sandbox is not judged");
        return Ok(());
    }
    let [thread, process, _, _, seccomp, both] = succeed;
    let figure = format!(
        "of 2 attacks {thread} succeed on a thread with seccomp, {seccomp} in \
         a process with seccomp"
    );
    claim("M8", [thread, process, seccomp, both] == [2, 2, 0, 0], figure)
}

/// Returns how many of the two attempts succeed.
fn row(table: &mut Table<4>, way: &str, port: &str) -> Result<usize> {
    let program = role::command("program")?.args([way, port]).output()?;
    ensure(program.status.success(), "a program fails")?;
    let line = String::from_utf8(program.stdout)?;
    let cells: Vec<_> = line.trim().split(", ").collect();
    table.row([&way, &cells[0], &cells[1], &cells[2]]);
    Ok(cells.iter().filter(|cell| **cell == OPEN).count())
}

/// The program that is attacked prints the cells of its row.
fn be_attacked(way: &str, port: u16) -> Result {
    let timed = || {
        let begun = Instant::now();
        Ok::<_, Failure>((restrict(way)?, begun.elapsed().as_micros()))
    };
    let (is_here, us) = match way {
        // What is taken over can write to all memory of the program. So it can
        // make another thread do the work: this one, which is not restricted.
        THREAD => {
            thread::scope(|all| all.spawn(timed).join().expect("no panic"))
        }
        _ => timed(),
    }?;
    let [file, socket] = match (way, is_here) {
        (THREAD, _) | (_, true) => attack(port),
        (_, false) => ["not available here", "-"],
    };
    say!("{file}, {socket}, {us}");
    Ok(())
}

fn attack(port: u16) -> [&'static str; 2] {
    let read = fs::read("/etc/passwd").is_ok();
    let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    [read, connected].map(|succeeds| if succeeds { OPEN } else { "refused" })
}

/// Returns whether this kernel has that restriction.
fn restrict(way: &str) -> io::Result<bool> {
    Ok(match way {
        THREAD => apply_filter(&sandbox::few_calls()?).is_ok(),
        RLIMIT => no_new_descriptors().is_ok(),
        LANDLOCK => sandbox::no_files_no_ports()?,
        SECCOMP => apply_filter_all_threads(&sandbox::few_calls()?).is_ok(),
        BOTH => sandbox::enter().is_ok(),
        _ => true, // no restriction
    })
}

// ANCHOR: sandbox_ways
use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// From now on this process opens no file and no socket: its limit of open
/// descriptors is 0. What is open stays open. (A process of root can raise the
/// limit again, so this alone is no sandbox.)
///
/// # Errors
///
/// The system refuses it.
pub fn no_new_descriptors() -> io::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    Ok(setrlimit(Resource::Nofile, none)?)
}
// ANCHOR_END: sandbox_ways
