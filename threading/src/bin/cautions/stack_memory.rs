//! What a parked thread costs in memory: reserved is one thing, used another.
//!
//!     cargo run -p threading --bin stack_memory
//!
//! A stack is only a range of addresses until somebody writes to it; then it
//! is memory, page by page, until its thread ends. The figures are Linux's:
//! `VmSize` and `VmRSS` of `/proc/self/status`, divided by the threads.
//!
//! Claims: T10
//! Change this and watch: run it with RUST_MIN_STACK=8388608 in front; now the
//! default is 8 MiB, as in Python, and T10 is contradicted.
//!
//! Output (figures vary):
//!     stack                  reserved each    resident each
//!     64 KiB                        85 KiB           10 KiB
//!     default                     2069 KiB            9 KiB
//!     8 MiB                       8213 KiB            9 KiB
//!     8 MiB, 1 MiB touched        8213 KiB         1033 KiB
//!     T10 borne out: default 2069 KiB, 9 of it used

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{RwLock, mpsc};
use std::thread::{self, Builder, Scope};
use std::{env, fs, hint::black_box};

use shared::{Failure, Result, claim, flags, say};

const THREADS: u64 = 100;

fn main() -> Result {
    flags([]);
    with_one_arena()?;
    say!("{:<21}{:>15}{:>17}", "stack", "reserved each", "resident each");
    let gate = RwLock::new(());
    thread::scope(|floor| {
        // Closed to the end: the stack of a thread that has ended would be
        // kept, and given to the next one.
        let _closed = gate.write().expect("nobody panics with it");
        let row = |stack: &str, thread: fn() -> Builder, work: fn()| {
            let before = memory()?;
            park(floor, &gate, thread, work)?;
            Ok::<_, Failure>(each(stack, before, memory()?))
        };
        row("64 KiB", || Builder::new().stack_size(64 << 10), || ())?;
        let default = row("default", Builder::new, || ())?;
        let large = row("8 MiB", eight_mib, || ())?;
        let touched = row("8 MiB, 1 MiB touched", eight_mib, touch)?;
        let holds = (2_000..4_000).contains(&default.reserved)
            && large.reserved > 3 * default.reserved
            && default.resident < 128
            && touched.resident > large.resident + 1_000;
        let Memory { reserved, resident } = default;
        let figure = format!("default {reserved} KiB, {resident} of it used");
        claim("T10", holds, figure)
    })
}

fn eight_mib() -> Builder {
    Builder::new().stack_size(8 << 20)
}

/// Starts this program over with one heap for all threads. The C library
/// reserves 64 MiB of addresses for each of several: they are not stacks.
fn with_one_arena() -> Result {
    const ARENAS: &str = "MALLOC_ARENA_MAX";
    if env::var_os(ARENAS).is_some() {
        return Ok(());
    }
    let mut again = Command::new(env::current_exe()?);
    Err(again.args(env::args().skip(1)).env(ARENAS, "1").exec().into())
}

/// Returns when all threads have worked and wait at the gate.
fn park<'all>(
    floor: &'all Scope<'all, '_>,
    gate: &'all RwLock<()>,
    thread: fn() -> Builder,
    work: fn(),
) -> Result {
    let (tell, told) = mpsc::channel();
    for _ in 0..THREADS {
        let tell = tell.clone();
        thread().spawn_scoped(floor, move || {
            work();
            let _ = tell.send(()); // nobody listens if one could not start
            drop(tell);
            drop(gate.read());
        })?;
    }
    for _ in 0..THREADS {
        told.recv()?;
    }
    Ok(())
}

/// Once written to, it stays resident, even when this has returned.
#[inline(never)]
fn touch() {
    let plates = [1_u8; 1 << 20];
    black_box(&plates);
}

/// In KiB.
#[derive(Clone, Copy)]
struct Memory {
    reserved: u64,
    resident: u64,
}

fn memory() -> Result<Memory> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib = |name| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|text| text.parse().ok())
    };
    let memory = kib("VmSize").zip(kib("VmRSS"));
    let (reserved, resident) =
        memory.ok_or_else(|| Failure::new("no figures in /proc"))?;
    Ok(Memory { reserved, resident })
}

fn each(stack: &str, before: Memory, after: Memory) -> Memory {
    let reserved = (after.reserved - before.reserved) / THREADS;
    let resident = (after.resident - before.resident) / THREADS;
    say!("{stack:<21}{reserved:>11} KiB{resident:>13} KiB");
    Memory { reserved, resident }
}
