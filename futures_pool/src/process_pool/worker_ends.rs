//! What ties a worker process to its pool, what goes that way, and how it ends.
//!
//!     cargo run -p futures_pool --bin worker_ends
//!
//! A worker has two pipes and no socket: it reads orders from one and writes
//! results to the other. Linux shows in /proc what a process has open, and how
//! many bytes it has read and written. What travels is the name of the job with
//! its argument, and the result. A worker stays for the next job. When its pool
//! is dropped, its orders end, and so does the worker.
//!
//! Claims: F17, F20
//! Change this and watch: `std::mem::forget(pool)` for `drop(pool)`. In the
//! last row the workers are alive then, an error. They end with the program.
//!
//! Output (figures vary):
//!     worker     we write, it reads     it writes, we read     sockets
//!     6494       pipe:[118730]          pipe:[118731]                0
//!     6495       pipe:[118732]          pipe:[118733]                0
//!     jobs                bytes read     bytes written     alive
//!     a long argument          50029                 9     6494 6495
//!     a long result               29             50009     6494 6495
//!     100 short ones            2800               900     6494 6495
//!     pool is dropped              -                 -     none
//!     F17 holds: 2 pipes, 0 sockets; 50029 bytes for an argument of 50000
//!     F20 holds: 2 pipes, 0 sockets; 50009 bytes for a result of 50000

use std::{collections::HashSet, fs, os::unix::fs::PermissionsExt, process};
use std::{path::Path, thread, time::Duration};

use futures_pool::{Executor, JobError, ProcessPool, init, job};
use shared::{Failure, Result, claim, flags, say, watchdog::Watchdog};

const WORKERS: usize = 2;
const LONG: usize = 50_000;

fn main() -> Result {
    init([job(length), job(repeat)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(3))?;
    let pool = ProcessPool::new(WORKERS)?;
    let crew = pool.pids();
    say!("worker     we write, it reads     it writes, we read     sockets")?;
    let ties = crew.iter().map(|&worker| ties(worker));
    let ties = ties.collect::<Result<Vec<Ties>>>()?;

    let text = "a".repeat(LONG);
    let argument = || pool.submit(length, text).result();
    let result = || Ok(pool.submit(repeat, LONG).result()?.len());
    let short = || pool.map(length, vec![String::new(); 100]).sum();
    say!("jobs                bytes read     bytes written     alive")?;
    let [read, _] = row("a long argument", &crew, argument)?;
    let [_, written] = row("a long result", &crew, result)?;
    row("100 short ones", &crew, short)?;
    end(pool, &crew)?;
    verdict(&ties, read, written)
}

fn length(text: String) -> usize {
    text.len()
}

fn repeat(times: usize) -> String {
    "a".repeat(times)
}

/// What a worker reads from, and writes to, and its sockets.
type Ties = (String, String, usize);

fn ties(worker: u32) -> Result<Ties> {
    let (ours, its) = (open_files(process::id())?, open_files(worker)?);
    // What is the same in both is inherited, like standard error.
    let own: Vec<_> = its.difference(&ours).collect();
    let [there, back] = [true, false].map(|reads| {
        let tied = own.iter().filter(|(name, read)| {
            *read == reads && ours.contains(&(name.clone(), !reads))
        });
        let names: Vec<_> = tied.map(|(name, _)| name.as_str()).collect();
        names.join(" ")
    });
    let is_socket = |file: &&&Open| file.0.starts_with("socket:");
    let sockets = own.iter().filter(is_socket).count();
    say!("{worker:<11}{there:<23}{back:<23}{sockets:>7}")?;
    Ok((there, back, sockets))
}

/// What a process has open: by name, and whether it can read from it.
type Open = (String, bool);

fn open_files(pid: u32) -> Result<HashSet<Open>> {
    let files = fs::read_dir(format!("/proc/{pid}/fd"))?;
    let open = files.map(|file| {
        let path = file?.path();
        let rights = fs::symlink_metadata(&path)?.permissions().mode();
        let name = fs::read_link(path)?.display().to_string();
        Ok((name, rights & 0o400 != 0))
    });
    open.collect()
}

/// Bytes that all workers have read and written for some jobs.
fn row(
    jobs: &str,
    crew: &[u32],
    work: impl FnOnce() -> Result<usize, JobError>,
) -> Result<[usize; 2]> {
    let before = bytes(crew)?;
    work()?;
    let after = bytes(crew)?;
    let [read, written] = [0, 1].map(|of| after[of] - before[of]);
    let alive = alive(crew);
    say!("{jobs:<20}{read:>10}{written:>18}     {alive}")?;
    Ok([read, written])
}

fn bytes(crew: &[u32]) -> Result<[usize; 2]> {
    let mut sums = [0, 0];
    for worker in crew {
        let stat = || fs::read_to_string(format!("/proc/{worker}/stat"));
        while !stat()?.contains(") S ") {
            thread::yield_now(); // it counts first, and then sleeps
        }
        let io = fs::read_to_string(format!("/proc/{worker}/io"))?;
        let counts = io.lines().filter_map(|line| line.split_once(": "));
        for (sum, (_, count)) in sums.iter_mut().zip(counts) {
            *sum += count.parse::<usize>()?; // rchar and wchar come first
        }
    }
    Ok(sums)
}

fn alive(crew: &[u32]) -> String {
    let lives = |pid: &&u32| Path::new(&format!("/proc/{pid}")).exists();
    let alive: Vec<_> = crew.iter().filter(lives).map(u32::to_string).collect();
    if alive.is_empty() { "none".into() } else { alive.join(" ") }
}

fn end(pool: ProcessPool, crew: &[u32]) -> Result {
    drop(pool);
    let left = alive(crew);
    say!("pool is dropped              -                 -     {left}")?;
    match left.as_str() {
        "none" => Ok(()),
        _ => Err(Failure::new("workers are left behind")),
    }
}

fn verdict(ties: &[Ties], read: usize, written: usize) -> Result {
    let is_pipe = |name: &str| name.starts_with("pipe:") && !name.contains(' ');
    let sockets: usize = ties.iter().map(|tie| tie.2).sum();
    let there = ties.iter().filter(|tie| is_pipe(&tie.0)).count();
    let back = ties.iter().filter(|tie| is_pipe(&tie.1)).count();
    let holds =
        |pipes, bytes| pipes == WORKERS && sockets == 0 && bytes >= LONG;
    let figure = |pipes, bytes, what| {
        let ends = format!("{pipes} pipes, {sockets} sockets");
        format!("{ends}; {bytes} bytes for {what} of {LONG}")
    };
    claim("F17", holds(there, read), figure(there, read, "an argument"))?;
    claim("F20", holds(back, written), figure(back, written, "a result"))
}
