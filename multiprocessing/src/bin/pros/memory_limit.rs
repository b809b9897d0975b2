//! Memory limit: `RLIMIT_AS` limits one worker process, and no other process.
//!
//!     cargo run -p multiprocessing --bin memory_limit
//!
//! A limit belongs to a process. So a thread cannot have its own limit, but a
//! worker process can: it sets the limit at its start. `RLIMIT_AS` counts
//! addresses, not memory: it also refuses 64 MiB that are never touched.
//! `RLIMIT_DATA` counts no mapped files. If an allocation is refused, a Rust
//! program ends by `abort`, unless it allocates with `try_reserve`. In Python:
//! `resource.setrlimit`, and the error is `MemoryError`. A cgroup limits the
//! memory that is really used, from outside: `systemd-run -p MemoryMax=32M`.
//!
//! Claims: M8
//! Change this and watch: set `LIMIT` to 1 GiB. All of it is possible then,
//! and M8 is contradicted.
//!
//! Output (figures vary):
//!     64 MiB       touched  reserved  mapped file  vec!
//!     RLIMIT_AS    refused  refused   refused      SIGABRT
//!     RLIMIT_DATA  refused  refused   yes          SIGABRT
//!     no limit     yes      yes       yes          yes
//!     Not in the article, M8: "Strengths: what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: of 4 ways to get 64 MiB RLIMIT_AS allows 0, RLIMIT_DATA 1, no limit 4

use std::{hint::black_box, os::unix::process::ExitStatusExt, time::Duration};

use memmap2::MmapOptions;
use nix::sys::prctl::set_dumpable;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use shared::{Result, Table, claim, flags, role, say, watchdog::Watchdog};

const LIMIT: u64 = 32 << 20;
const NEED: usize = 64 << 20;
const NEEDS: [&str; 4] = ["touched", "reserved", "mapped file", "vec!"];

fn main() -> Result {
    if let Some([limit, need]) = role::started_as("worker") {
        return work(&limit, &need);
    }
    flags([]);
    let _bound = Watchdog::guard("the workers", Duration::from_secs(20))?;
    let [needs @ .., last] = NEEDS;
    let mut table = Table::new(["64 MiB", needs[0], needs[1], needs[2], last]);
    let addresses = row(&mut table, "RLIMIT_AS")?;
    let data = row(&mut table, "RLIMIT_DATA")?;
    let unlimited = row(&mut table, "no limit")?; // goes on after the others
    table.print();
    let got = |cells: &[String]| cells.iter().filter(|c| *c == "yes").count();
    let got = [&addresses, &data, &unlimited].map(|cells| got(cells));
    let figure = format!(
        "of 4 ways to get 64 MiB RLIMIT_AS allows {}, RLIMIT_DATA {}, no limit \
         {}",
        got[0], got[1], got[2]
    );
    claim("M8", got[0] == 0 && got[1] < 4 && got[2] == 4, figure)
}

/// Each need has a worker of its own.
fn row(table: &mut Table<5>, limit: &str) -> Result<[String; 4]> {
    let mut cells = NEEDS.map(String::from);
    for cell in &mut cells {
        let worker = role::command("worker")?.args([limit, cell]).output()?;
        *cell = match worker.status.signal() {
            Some(6) => "SIGABRT".to_string(),
            _ => String::from_utf8_lossy(&worker.stdout).trim().to_string(),
        };
    }
    let [a, b, c, d] = &cells;
    table.row([&limit, a, b, c, d]);
    Ok(cells)
}

fn work(limit: &str, need: &str) -> Result {
    match limit {
        "RLIMIT_AS" => limit_memory(Resource::As, LIMIT)?,
        "RLIMIT_DATA" => limit_memory(Resource::Data, LIMIT)?,
        _ => {}
    }
    let mut bytes = Vec::<u8>::new();
    let gets = match need {
        "vec!" => {
            set_dumpable(false)?; // leaves no core file
            !black_box(vec![1_u8; NEED]).is_empty() // WRONG: a refusal aborts
        }
        "mapped file" => {
            let file = memfd_create("empty", MemfdFlags::CLOEXEC)?;
            ftruncate(&file, NEED as u64)?;
            MmapOptions::new().map_raw(&file).is_ok()
        }
        // An error instead of the abort.
        _ => bytes.try_reserve_exact(NEED).is_ok(),
    };
    while gets && need == "touched" && bytes.len() < NEED {
        bytes.extend_from_slice(&[1; 1 << 20]);
    }
    say!("{}", if gets { "yes" } else { "refused" });
    Ok(())
}

// ANCHOR: memory_limit
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Limits the memory of this process, and of each process that it starts. To be
/// called at the start of a worker. Only a privileged process can undo it.
///
/// `Resource::As` counts all addresses: also program, libraries, reserved and
/// shared memory, and for each thread its stack and up to 64 MiB that the
/// allocator of glibc reserves. `Resource::Data` counts only private memory
/// that can be written, touched or not. A refused allocation ends the process
/// by `abort`, but `try_reserve` returns an error.
///
/// # Errors
///
/// The system refuses the limit.
pub fn limit_memory(what: Resource, bytes: u64) -> rustix::io::Result<()> {
    // An old limit that is lower stays.
    let bytes = getrlimit(what).maximum.map_or(bytes, |old| old.min(bytes));
    setrlimit(what, Rlimit { current: Some(bytes), maximum: Some(bytes) })
}
// ANCHOR_END: memory_limit
