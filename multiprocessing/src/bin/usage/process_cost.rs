//! Cost of a process beside a thread: time to start, and memory while it waits.
//!
//!     cargo run --release -p multiprocessing --bin process_cost
//!
//! Ten workers do nothing but wait: ten threads, then ten processes, which are
//! this program started again. Resident memory (RSS) counts pages that several
//! processes share once for each of them. The proportional set size (PSS)
//! divides a shared page by the number of its processes, so a sum of PSS counts
//! each page once. A figure here is what all processes have more than before,
//! divided by ten. The kernel's part is in none of these sizes: page tables,
//! and a stack in the kernel for each thread.
//!
//! The program `exit_status` shows how a process ends.
//!
//! Claims: M1
//! Change this and watch: set `EACH` to 50. The cost of each process falls a
//! little, because more processes share the pages of the program.
//!
//! Output (figures vary):
//!     for each worker    thread  process
//!     start us             65.0    851.4
//!     PSS KiB              14.0    221.1
//!     of it private KiB    14.0     68.4
//!     page tables KiB       8.0     47.6
//!     kernel stacks KiB    16.0     16.0
//!     memory in all KiB    38.0    284.7
//!     The article, M1: "Multiprocessing: ten kitchens, ten cooks, ten dishes."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to M1 is borne out: each of 10 processes needs 851 us to start and 285 KiB, a thread 65 us and 38 KiB

use std::io::{Read, Write, stdin, stdout};
use std::process::{self, Child, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::{array, thread, time::Duration, time::Instant};

use shared::measure::{Memory, median};
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim, flags, notice_debug_build, role};

const EACH: usize = 10;

fn main() -> Result {
    if let Some([]) = role::started_as("waiter") {
        stdout().write_all(b"\n")?; // it is ready; a line is sent at once
        return Ok(stdin().read(&mut [0]).map(drop)?); // until its input ends
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the workers", Duration::from_secs(10))?;
    let process = cost(start_process, |child| Some(child.id()), end_process)?;
    let thread = cost(start_thread, |_| None, drop)?;
    let mut table = Table::new(["for each worker", "thread", "process"]);
    for ((row, thread), process) in ROWS.iter().zip(thread).zip(process) {
        let [thread, process] = [thread, process].map(|x| format!("{x:.1}"));
        table.row([row, &thread, &process]);
    }
    table.print();
    let ([thread_us, .., thread_kib], [us, .., kib]) = (thread, process);
    let figure = format!(
        "each of {EACH} processes needs {us:.0} us to start and {kib:.0} KiB, \
         a thread {thread_us:.0} us and {thread_kib:.0} KiB"
    );
    claim("M1", kib > 2.0 * thread_kib, figure)
}

/// The thread is not joined: it ends when this sender is dropped.
fn start_thread() -> Result<Sender<()>> {
    let ((leash, end), (ready, is_ready)) = (channel(), channel());
    thread::Builder::new().spawn(move || {
        ready.send(()).expect("the other side waits for this");
        end.recv()
    })?;
    Ok(is_ready.recv().map(|()| leash)?)
}

fn start_process() -> Result<Child> {
    let mut child = role::command("waiter")?;
    child.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn()?;
    let stdout = child.stdout.as_mut().expect("it is a pipe");
    stdout.read_exact(&mut [0])?; // it is ready
    Ok(child)
}

fn end_process(mut child: Child) {
    // `wait` closes its input first, so it ends.
    child.wait().expect("nobody else waits for it");
}

const ROWS: [&str; 6] = [
    "start us",
    "PSS KiB",
    "of it private KiB",
    "page tables KiB",
    "kernel stacks KiB",
    "memory in all KiB",
];

/// One figure for each row: the median start, and what each worker has added.
fn cost<W>(
    start: fn() -> Result<W>,
    pid: fn(&W) -> Option<u32>,
    end: fn(W),
) -> Result<[f64; 6]> {
    let (mut workers, mut starts) = (Vec::new(), Vec::new());
    let before = sizes(&[process::id()])?;
    for _ in 0..EACH {
        let begun = Instant::now();
        workers.push(start()?);
        starts.push(begun.elapsed().as_nanos());
    }
    let pids = workers.iter().filter_map(pid).chain([process::id()]);
    let after = sizes(&pids.collect::<Vec<_>>());
    workers.into_iter().for_each(end);
    let after = after?;
    let added: [f64; 4] = array::from_fn(|n| after[n] - before[n]);
    let [pss, private, tables, stacks] = added.map(|kib| kib / EACH as f64);
    let start = median(&starts) as f64 / 1e3;
    Ok([start, pss, private, tables, stacks, pss + tables + stacks])
}

/// The sums over these processes, in KiB.
fn sizes(pids: &[u32]) -> Result<[f64; 4]> {
    let mut sums = [0.0; 4];
    for pid in pids {
        let pss = memory_of(*pid, "Pss:")?;
        let all = Memory::of(*pid)?;
        let sizes = [pss, all.private, all.page_tables, all.kernel_stacks];
        (0..4).for_each(|n| sums[n] += sizes[n] as f64);
    }
    Ok(sums)
}

// ANCHOR: process_cost
use std::{fs, io};

/// Memory of the process `pid` in KiB, a figure of `/proc/PID/smaps_rollup`
/// (Linux). `Pss:` is its resident memory, where a page that three processes
/// share counts as a third, so sums count no page twice. `Private_Dirty:` is
/// what would be free without it.
///
/// # Errors
///
/// There is no such process or figure, or the process is of another user.
pub fn memory_of(pid: u32, figure: &str) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(figure));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib = kib.and_then(|kib| kib.parse().ok());
    kib.ok_or_else(|| io::Error::other(format!("no {figure} of {pid}")))
}
// ANCHOR_END: process_cost
