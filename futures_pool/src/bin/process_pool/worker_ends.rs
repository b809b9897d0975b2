//! What ties a worker process to its pool, what goes that way, and how it ends.
//!
//!     cargo run -p futures_pool --bin worker_ends
//!
//! A worker has two pipes and no socket: it reads orders from one and writes
//! results to the other. Linux shows in /proc what a process has open, and how
//! many bytes it has read and written. What travels is the name of the job with
//! its argument, and the result. What is too long for a pipe's one piece is put
//! into memory that both share; the pipe brings its length only. A worker stays
//! for the next job. When its pool is dropped, its orders end, and so does it.
//!
//! Claims: F17, F20
//! Change this and watch: `std::mem::forget(pool)` for `drop(pool)`. In the
//! last row the workers are alive then, an error. They end with the program.
//!
//! Output (figures vary):
//!     worker     we write, it reads     it writes, we read     sockets
//!     18053      pipe:1032874           pipe:1032875                 0
//!     18051      pipe:1032872           pipe:1032873                 0
//!     jobs     bytes each     read     written     shared     alive
//!     argument       3000     3028           8          0     18053 18051
//!     result         3000       28        3008          0     18053 18051
//!     argument      50000        4           9      53248     18053 18051
//!     100               1     2900         900      53248     18053 18051
//!     pool is dropped                                          none
//!     F17 borne out: 2 pipes, 0 sockets; 3028 bytes by pipe for 3000, 53248 in shared memory for 50000
//!     F20 borne out: 2 pipes, 0 sockets; 3008 bytes by pipe for 3000, 53248 in shared memory for 50000

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::{collections::HashSet, path::Path, process, time::Duration};
use std::{fs, thread};

use futures_pool::{Executor, JobError, ProcessPool, init, job};
use shared::{Failure, Result, claim, flags, say, watchdog::Watchdog};

const SHORT: usize = 3_000;
const LONG: usize = 50_000;

fn main() -> Result {
    init([job(length), job(repeat)]);
    flags([]);
    let _bound = Watchdog::guard("the jobs", Duration::from_secs(3))?;
    let pool = ProcessPool::new(2)?;
    let crew = pool.pids();
    say!("worker     we write, it reads     it writes, we read     sockets");
    let ties: Vec<_> = crew.iter().map(ties).collect::<Result<_>>()?;

    let argument = |size| pool.submit(length, "a".repeat(size)).result();
    let result = |size| Ok(pool.submit(repeat, size).result()?.len());
    let many = |size| pool.map(length, vec!["a".repeat(size); 100]).sum();
    say!("jobs     bytes each     read     written     shared     alive");
    let [read, ..] = row("argument", SHORT, &crew, argument)?;
    let [_, written, _] = row("result", SHORT, &crew, result)?;
    let [.., shared] = row("argument", LONG, &crew, argument)?;
    row("100", 1, &crew, many)?;
    end(pool, &crew)?;
    verdict(&ties, [read, written, shared])
}

fn length(text: String) -> usize {
    text.len()
}

fn repeat(times: usize) -> String {
    "a".repeat(times)
}

/// What a worker reads from, and writes to, and its sockets.
type Ties = ([String; 2], usize);

fn ties(worker: &u32) -> Result<Ties> {
    let (ours, its) = (open_files(process::id())?, open_files(*worker)?);
    // What is the same in both is inherited, like standard error.
    let own: Vec<_> = its.difference(&ours).collect();
    let [there, back] = [true, false].map(|reads| {
        let tied = own.iter().filter(|(name, read)| {
            *read == reads && ours.contains(&(name.clone(), !reads))
        });
        tied.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
    });
    let sockets = own.iter().filter(|f| f.0.starts_with("socket:")).count();
    say!("{worker:<11}{there:<23}{back:<23}{sockets:>7}");
    Ok(([there, back], sockets))
}

/// What a process has open: by name, and whether it can read from it.
type Open = (String, bool);

fn open_files(pid: u32) -> Result<HashSet<Open>> {
    let files = fs::read_dir(format!("/proc/{pid}/fd"))?;
    let open = files.map(|file| {
        let path = file?.path();
        let rights = fs::symlink_metadata(&path)?.permissions().mode();
        let name = fs::read_link(path)?.display().to_string();
        Ok((name.replace(['[', ']'], ""), rights & 0o400 != 0))
    });
    open.collect()
}

fn row(
    jobs: &str,
    size: usize,
    crew: &[u32],
    work: impl FnOnce(usize) -> Result<usize, JobError>,
) -> Result<Bytes> {
    let before = bytes(crew)?;
    work(size)?;
    let after = bytes(crew)?;
    let [read, written] = [0, 1].map(|of| after[of] - before[of]);
    let sums = format!("{read:>9}{written:>12}{:>11}", after[2]);
    say!("{jobs:<9}{size:>10}{sums}     {}", alive(crew));
    Ok([read, written, after[2]])
}

/// What all workers have read and written, and have in memory shared with us.
type Bytes = [usize; 3];

fn bytes(crew: &[u32]) -> Result<Bytes> {
    let mut sums = [0; 3];
    for worker in crew {
        let stat = || fs::read_to_string(format!("/proc/{worker}/stat"));
        while !stat()?.contains(") S ") {
            thread::yield_now(); // it counts first, and then sleeps
        }
        let io = fs::read_to_string(format!("/proc/{worker}/io"))?;
        let counts = io.lines().filter_map(|line| line.split_once(": "));
        for (sum, (_, count)) in sums.iter_mut().take(2).zip(counts) {
            *sum += count.parse::<usize>()?; // rchar and wchar come first
        }
        for file in fs::read_dir(format!("/proc/{worker}/fd"))?.flatten() {
            let name = fs::read_link(file.path())?;
            if name.starts_with("/memfd:futures_pool (deleted)") {
                sums[2] += fs::metadata(file.path())?.blocks() as usize * 512;
            }
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
    say!("pool is dropped{:>42}{left}", "");
    let error = || Failure::new("workers are left behind");
    (left == "none").then_some(()).ok_or_else(error)
}

fn verdict(ties: &[Ties], [read, written, shared]: Bytes) -> Result {
    let pipe = |name: &str| name.starts_with("pipe:") && !name.contains(' ');
    let sockets: usize = ties.iter().map(|tie| tie.1).sum();
    for (id, way, bytes) in [("F17", 0, read), ("F20", 1, written)] {
        let ends = ties.iter().filter(|tie| pipe(&tie.0[way])).count();
        let tied = ends == ties.len() && sockets == 0;
        let figure = format!(
            "{ends} pipes, {sockets} sockets; {bytes} bytes by pipe for \
             {SHORT}, {shared} in shared memory for {LONG}"
        );
        claim(id, tied && bytes >= SHORT && shared >= LONG, figure)?;
    }
    Ok(())
}
