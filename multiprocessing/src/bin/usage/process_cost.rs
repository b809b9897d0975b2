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
//! Change this and watch: `EACH` of 50. The cost of each process falls a
//! little, because more processes share the pages of the program.
//!
//! Output (figures vary):
//!     x

use std::io::{Read, Write};
use std::process::{self, Child, Stdio};
use std::{sync::mpsc, thread, time::Duration, time::Instant};

use shared::measure::{Memory, NoiseMeter, median};
use shared::watchdog::Watchdog;
use shared::{Result, Table, claim_timed, flags, notice_debug_build, role};

const EACH: usize = 10;

fn main() -> Result {
    if let Some([]) = role::started_as("waiter") {
        return wait();
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the workers", Duration::from_secs(10))?;
    let meter = NoiseMeter::start();
    let (thread, process) = (cost_of_threads()?, cost_of_processes()?);
    let noise = meter.read();
    let mut table = Table::new(["for each worker", "thread", "process"]);
    for ((row, thread), process) in ROWS.iter().zip(thread).zip(process) {
        let [thread, process] = [thread, process].map(|x| format!("{x:.1}"));
        table.row([row, &thread, &process]);
    }
    table.print();
    let ([thread_us, .., thread_kib], [us, .., kib]) = (thread, process);
    let figure = format!(
        "{EACH} processes waited at the same time, each for {us:.0} us to \
         start and {kib:.0} KiB; a thread took {thread_us:.0} us and \
         {thread_kib:.0} KiB"
    );
    claim_timed("M1", us > thread_us && kib > thread_kib, noise, figure)
}

const ROWS: [&str; 6] = [
    "start us",
    "PSS KiB",
    "of it private KiB",
    "page tables KiB",
    "kernel stacks KiB",
    "memory in all KiB",
];

fn cost_of_threads() -> Result<[f64; 6]> {
    let before = sizes(&[process::id()])?;
    thread::scope(|scope| {
        let (mut starts, mut leashes) = (Vec::new(), Vec::new());
        for _ in 0..EACH {
            let (ready, is_ready) = mpsc::channel();
            let (leash, end) = mpsc::channel::<()>();
            let begun = Instant::now();
            thread::Builder::new().spawn_scoped(scope, move || {
                ready.send(()).expect("the other side waits for this");
                end.recv() // an error, as soon as `leash` is dropped
            })?;
            is_ready.recv()?;
            starts.push(begun.elapsed());
            leashes.push(leash);
        }
        cost(&starts, before, sizes(&[process::id()])?)
    })
}

fn cost_of_processes() -> Result<[f64; 6]> {
    let before = sizes(&[process::id()])?;
    let (mut starts, mut children) = (Vec::new(), Vec::new());
    for _ in 0..EACH {
        let begun = Instant::now();
        let mut child = role::command("waiter")?;
        child.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = child.spawn()?;
        let stdout = child.stdout.as_mut().expect("it is a pipe");
        stdout.read_exact(&mut [0])?; // it is ready
        starts.push(begun.elapsed());
        children.push(child);
    }
    let pids = children.iter().map(Child::id).chain([process::id()]);
    let after = sizes(&pids.collect::<Vec<_>>());
    for child in &mut children {
        child.wait()?; // which closes its input first, so it ends
    }
    cost(&starts, before, after?)
}

/// In the child: says that it is ready, and waits until its input ends.
fn wait() -> Result {
    std::io::stdout().write_all(b".")?;
    std::io::stdout().flush()?;
    Ok(std::io::stdin().read(&mut [0]).map(drop)?)
}

/// The median start, and what each worker has added to all sizes.
fn cost(
    starts: &[Duration],
    before: [f64; 4],
    after: [f64; 4],
) -> Result<[f64; 6]> {
    let start = median(starts).as_secs_f64() * 1e6;
    let each: [f64; 4] =
        std::array::from_fn(|n| (after[n] - before[n]) / EACH as f64);
    let [pss, private, tables, stacks] = each;
    Ok([start, pss, private, tables, stacks, pss + tables + stacks])
}

/// The sums over these processes, in KiB.
fn sizes(pids: &[u32]) -> Result<[f64; 4]> {
    let mut sums = [0.0; 4];
    for pid in pids {
        let ProcessMemory { pss, private } = memory_of(*pid)?;
        let kernel = Memory::of(*pid)?;
        let sizes = [pss, private, kernel.page_tables, kernel.kernel_stacks];
        (0..4).for_each(|n| sums[n] += sizes[n] as f64);
    }
    Ok(sums)
}

// ANCHOR: process_cost
use std::{fs, io};

/// Resident memory of a process, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessMemory {
    /// The proportional set size: a page that three processes share counts as
    /// a third of it. Sums over processes count no page twice.
    pub pss: u64,
    /// Pages that no other process has: free again when this process ends.
    pub private: u64,
}

/// How much memory the process `pid` has, with its part of shared pages. Linux
/// only, by `/proc/PID/smaps_rollup`.
///
/// # Errors
///
/// There is no such process, it has ended, or it belongs to another user.
pub fn memory_of(pid: u32) -> io::Result<ProcessMemory> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let kib = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let number =
            number.and_then(|number| number.trim().parse::<u64>().ok());
        number.ok_or_else(|| io::Error::other(format!("no {name} in /proc")))
    };
    Ok(ProcessMemory {
        pss: kib("Pss:")?,
        private: kib("Private_Clean:")? + kib("Private_Dirty:")?,
    })
}
// ANCHOR_END: process_cost
