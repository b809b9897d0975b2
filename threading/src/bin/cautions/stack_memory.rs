//! Memory of a thread: its stack is reserved address space, mostly never used.
//!
//!     cargo run -p threading --bin stack_memory
//!
//! The "8 MB for each thread" of Python on Linux are addresses. A stack becomes
//! memory page by page, when somebody writes to it. Linux tells what 100 parked
//! threads add, here divided by 100: addresses (`VmSize`), private pages, and
//! what the kernel keeps: page tables and a kernel stack of 16 KiB (computed).
//! Not counted: the kernel's own records of a thread (such as `task_struct`).
//!
//! The program `stack_depth` shows what happens when a stack is too small.
//!
//! Claims: T10
//! Change this and watch: run it with RUST_MIN_STACK=8388608 in front. Now the
//! default is 8 MiB, as in Python, and T10 is contradicted.
//!
//! Output (figures vary):
//!                 stack  KiB reserved  private  in the kernel
//!                64 KiB            85        9             16
//!               default          2069        9             19
//!                 8 MiB          8213        9             20
//!     8 MiB, 1 MiB used          8213     1033             22
//!     The article, T10: "Each thread needs about 8 MB more memory."
//!     Our answer for Rust: false (not true)
//!     Our answer to T10 is borne out: a parked thread reserves 2069 KiB, uses 9 KiB of its own and 19 KiB in the kernel

use std::sync::mpsc;
use std::{fs, hint::black_box, thread};

use shared::measure::Memory;
use shared::{Failure, Result, Table, claim, flags, role};

const THREADS: u64 = 100;

fn main() -> Result {
    flags([]);
    // One heap for all threads: the C library reserves 64 MiB of addresses for
    // each of several heaps, and they are not stacks.
    role::restart_with([("MALLOC_ARENA_MAX", "1")])?;
    let mut table =
        Table::new(["stack", "KiB reserved", "private", "in the kernel"]);
    let table = &mut table;
    each(table, "64 KiB", Some(64), || ())?;
    let default = each(table, "default", None, || ())?;
    let large = each(table, "8 MiB", Some(8 << 10), || ())?;
    let used = each(table, "8 MiB, 1 MiB used", Some(8 << 10), use_one_mib)?;
    table.print();
    let Cost { reserved, private, kernel } = default;
    let figure = format!(
        "a parked thread reserves {reserved} KiB, uses {private} KiB of its \
         own and {kernel} KiB in the kernel"
    );
    let two_mib = (2_000..4_000).contains(&reserved);
    let needs_less = private + kernel < 128 && large.reserved > 8_000;
    let by_use = used.private > large.private + 1_000;
    claim("T10", two_mib && needs_less && by_use, figure)
}

/// What a thread adds, in KiB.
struct Cost {
    reserved: u64,
    private: u64,
    kernel: u64,
}

/// Starts threads that work and then stay. They are not joined, and end with
/// the process: the stack of a thread that has ended would be kept, and given
/// to the next one.
fn each(
    table: &mut Table<4>,
    stack: &str,
    kib: Option<usize>,
    work: fn(),
) -> Result<Cost> {
    let (reserved, before) = (addresses()?, Memory::now()?);
    let (tell, told) = mpsc::sync_channel(0);
    for _ in 0..THREADS {
        let tell = tell.clone();
        builder_with_stack(kib).spawn(move || {
            work();
            let _ = tell.send(()); // nobody listens if one could not start
            loop {
                thread::park();
            }
        })?;
        told.recv()?;
    }
    let after = Memory::now()?;
    let kernel = |memory: &Memory| memory.page_tables + memory.kernel_stacks;
    let cost = Cost {
        reserved: (addresses()? - reserved) / THREADS,
        private: (after.private - before.private) / THREADS,
        kernel: (kernel(&after) - kernel(&before)) / THREADS,
    };
    table.row([&stack, &cost.reserved, &cost.private, &cost.kernel]);
    Ok(cost)
}

/// Addresses that this process has reserved, in KiB.
fn addresses() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or_else(|| Failure::new("/proc tells no VmSize"))?.parse()?)
}

/// Once written to, it stays resident, even when this has returned.
#[inline(never)]
fn use_one_mib() {
    let bytes = [1_u8; 1 << 20];
    black_box(&bytes);
}

// ANCHOR: stack_memory
/// A thread with a stack of `kib` KiB, or of the default size (2 MiB, or
/// `RUST_MIN_STACK` bytes). Its `spawn` returns an error if the system refuses
/// the thread. A stack that is too small aborts the process when it is full.
pub fn builder_with_stack(kib: Option<usize>) -> std::thread::Builder {
    match kib {
        Some(kib) => {
            std::thread::Builder::new().stack_size(kib.saturating_mul(1 << 10))
        }
        None => std::thread::Builder::new(),
    }
}
// ANCHOR_END: stack_memory
