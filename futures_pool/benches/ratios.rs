//! What the pools cost, each beside its yardstick, in the same run.
//!
//!     cargo bench -p futures_pool
//!     cargo bench -p futures_pool --features procspawn
//!
//! The two of a pair take turns, and the medians are compared: ours divided by
//! the yardstick's. Wake-ups are cheap on the same core and dear across cores,
//! so round trips are measured on one core and on all.

mod bare;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, available_parallelism};
use std::{env, hint, hint::black_box, process::Command, time::Instant};

use bare::{Bare, LARGEST};
use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use futures_pool::{
    Executor, MapOptions, ProcessPool, ThreadPool, as_completed, init, job,
};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use serde_bytes::ByteBuf;
use shared::{Result, measure::median, measure::peak_rss_kib, say};

fn main() -> Result {
    #[cfg(feature = "procspawn")]
    procspawn::init(); // does not return in a worker of that crate
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some("as-echo") {
        return Ok(bare::echo()?);
    }
    init([job(nothing), job(echo), job(echo_and_peak), job(short)]);
    a_hundred_megabytes()?; // first: peaks are for life
    say!("{:<42}{:>13}{:>13}   ratio", "a job", "ours", "theirs");
    threads()?;
    others()?;
    let all = sched_getaffinity(Pid::from_raw(0))?;
    round_trips("on all cores")?;
    let mut one = CpuSet::new();
    one.set(0)?;
    sched_setaffinity(Pid::from_raw(0), &one)?;
    round_trips("on one core")?;
    sched_setaffinity(Pid::from_raw(0), &all)?;
    many_small()?;
    beside_busy_loops()
}

fn nothing(number: u64) -> u64 {
    black_box(number)
}

fn echo(bytes: ByteBuf) -> ByteBuf {
    bytes
}

/// Peak memory on each side, as a multiple of the payload.
fn a_hundred_megabytes() -> Result {
    const SIZE: usize = 100 << 20;
    let pool = ProcessPool::new(1)?;
    let bytes = ByteBuf::from(vec![7; SIZE]);
    let (back, there) = pool.submit(echo_and_peak, bytes).result()?;
    assert_eq!(back.len(), SIZE);
    let payloads = |kib: u64| kib as f64 * 1024.0 / SIZE as f64;
    let (here, there) = (payloads(peak_rss_kib()), payloads(there));
    let name = "100 MiB, peak memory in payloads";
    say!("{name:<42}{here:>10.2} here{there:>8.2} there");
    Ok(())
}

/// Its own peak is before the result is encoded: what comes then is copied in
/// small pieces.
fn echo_and_peak(bytes: ByteBuf) -> (ByteBuf, u64) {
    (bytes, peak_rss_kib())
}

/// Other pools, and Python's if it is there, for the same jobs one at a time.
fn others() -> Result {
    const JOBS: u64 = 2_000;
    let (threads, processes) = (ThreadPool::new(1)?, ProcessPool::new(1)?);
    let theirs = threadpool::ThreadPool::new(1);
    let pair = turns(
        9,
        [
            &mut || {
                for number in 0..JOBS {
                    assert_eq!(
                        threads.submit(nothing, number).result(),
                        Ok(number)
                    );
                }
            },
            &mut || {
                for number in 0..JOBS {
                    let (pass, reply) = bounded(1);
                    theirs.execute(move || {
                        pass.send(nothing(number)).expect("room")
                    });
                    assert_eq!(reply.recv(), Ok(number));
                }
            },
        ],
    );
    row("thread pool, threadpool crate", pair, JOBS)?;
    #[cfg(feature = "procspawn")]
    beside_procspawn(&processes, JOBS)?;
    let mut ours = [const { Vec::new() }; 2];
    for _ in 0..9 {
        ours[0].push(one_at_a_time(&threads, JOBS));
        ours[1].push(one_at_a_time(&processes, JOBS));
    }
    for (kind, ours) in ["Thread", "Process"].into_iter().zip(ours) {
        let name = format!("{} pool, Python", kind.to_lowercase());
        match python(&format!("{kind}PoolExecutor"), JOBS) {
            Some(theirs) => row(&name, [median(&ours), theirs], JOBS)?,
            None => say!("{name:<42}  python3 is not there"),
        }
    }
    Ok(())
}

#[cfg(feature = "procspawn")]
fn beside_procspawn(pool: &ProcessPool, jobs: u64) -> Result {
    let theirs = procspawn::Pool::builder(1).build()?;
    let mut all = [const { Vec::new() }; 2];
    for _ in 0..9 {
        all[0].push(one_at_a_time(pool, jobs));
        let started = Instant::now();
        for number in 0..jobs {
            assert_eq!(theirs.spawn(number, nothing).join()?, number);
        }
        all[1].push(started.elapsed().as_nanos() as u64);
    }
    row("process pool, procspawn", all.map(|nanos| median(&nanos)), jobs)
}

fn one_at_a_time(pool: &impl Executor, jobs: u64) -> u64 {
    let started = Instant::now();
    for number in 0..jobs {
        assert_eq!(pool.submit(nothing, number).result(), Ok(number));
    }
    started.elapsed().as_nanos() as u64
}

/// Nanoseconds of the same jobs in Python: the median of nine rounds.
fn python(kind: &str, jobs: u64) -> Option<u64> {
    let program = format!(
        "import time, concurrent.futures as f\n\
         if __name__ == '__main__':\n \
         pool, times = f.{kind}(1), []\n \
         for r in range(9):\n  \
         t = time.perf_counter_ns()\n  \
         for n in range({jobs}): assert pool.submit(int, n).result() == n\n  \
         times.append(time.perf_counter_ns() - t)\n \
         print(sorted(times)[4])"
    );
    let output =
        Command::new("python3").args(["-c", &program]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A thread pool's job with its own handle, and a crossbeam channel's.
fn threads() -> Result {
    const JOBS: u64 = 20_000;
    // One at a time occupies one worker: the pool starts no other, either.
    let pool = ThreadPool::new(1)?;
    let queue = yardstick(1);
    let latency = turns(
        15,
        [
            &mut || {
                for number in 0..JOBS / 10 {
                    assert_eq!(
                        pool.submit(nothing, number).result(),
                        Ok(number)
                    );
                }
            },
            &mut || {
                for number in 0..JOBS / 10 {
                    assert_eq!(send(&queue, number).recv(), Ok(number));
                }
            },
        ],
    );
    row("thread pool, one at a time", latency, JOBS / 10)?;
    let pool = ThreadPool::new(2)?;
    let queue = yardstick(2);
    let throughput = turns(
        15,
        [
            &mut || {
                let all: Vec<_> = (0..JOBS)
                    .map(|number| pool.submit(nothing, number))
                    .collect();
                let all = all.into_iter().map(|one| one.result());
                assert_eq!(all.filter(|one| one.is_ok()).count() as u64, JOBS);
            },
            &mut || {
                let all: Vec<_> =
                    (0..JOBS).map(|number| send(&queue, number)).collect();
                let all = all.into_iter().map(|one| one.recv());
                assert_eq!(all.filter(|one| one.is_ok()).count() as u64, JOBS);
            },
        ],
    );
    row("thread pool, many at once", throughput, JOBS)
}

type Task = Box<dyn FnOnce() + Send>;

/// Threads at a channel: as little as a pool can be.
fn yardstick(workers: usize) -> Sender<Task> {
    let (queue, tasks) = unbounded::<Task>();
    for _ in 0..workers {
        let tasks = tasks.clone();
        // Not joined: it ends when the queue is dropped.
        std::thread::spawn(move || tasks.into_iter().for_each(|task| task()));
    }
    queue
}

fn send(queue: &Sender<Task>, number: u64) -> Receiver<u64> {
    let (pass, reply) = bounded(1);
    let task = move || pass.send(nothing(number)).expect("it is waited for");
    queue.send(Box::new(task)).expect("there are workers");
    reply
}

/// A process pool's job, and the bare channel that it uses: the medians of five
/// pairs of them, for each pair finds its own place on the cores. One at a time,
/// and as many at once as fit into 32 MiB, in three ways.
fn round_trips(where_: &str) -> Result {
    for (name, size, times) in [
        ("8 B", 8, 1_000),
        ("4 KiB", 4 << 10, 1_000),
        ("64 KiB", 64 << 10, 300),
        ("1 MiB", 1 << 20, 20),
        ("16 MiB", LARGEST, 2),
    ] {
        let mut all = [const { Vec::new() }; WAYS.len()];
        for _ in 0..5 {
            for (all, nanos) in all.iter_mut().zip(one_pair(size, times)?) {
                all.push(nanos);
            }
        }
        let medians = all.map(|nanos| median(&nanos));
        for (way, yardstick) in [(1, 0), (2, 0), (4, 3), (5, 3), (6, 3)] {
            let name = format!("process, {name} {where_}, {}", WAYS[way]);
            row(&name, [medians[way], medians[yardstick]], times)?;
        }
    }
    Ok(())
}

/// The yardstick, and what is measured by it; and the same for many values that
/// are all there before.
const WAYS: [&str; 7] = [
    "bare",
    "one at a time",
    "one, never spins",
    "bare, many",
    "backlog",
    "map",
    "as_completed",
];

/// Nanoseconds of each of the [`WAYS`], which take turns.
fn one_pair(size: usize, times: u64) -> Result<[u64; WAYS.len()]> {
    let pool = ProcessPool::new(1)?;
    let sleepy = ProcessPool::builder().workers(1).never_spin().build()?;
    let mut bare = Bare::start()?;
    let bytes = vec![7; size];
    let many = || (0..times).map(|_| ByteBuf::from(bytes.clone()));
    let one_by_one = |pool: &ProcessPool| {
        let mut sent = ByteBuf::from(bytes.clone());
        let started = Instant::now();
        for _ in 0..times {
            sent = pool.submit(echo, sent).result().expect("it echoes");
        }
        started.elapsed()
    };
    let mut nanos = [const { Vec::new() }; WAYS.len()];
    for _ in 0..7 {
        let mut sent = bytes.clone();
        let started = Instant::now();
        for _ in 0..times {
            sent = bare.round_trip(sent)?;
        }
        nanos[0].push(started.elapsed());
        assert_eq!(sent, bytes);
        nanos[1].push(one_by_one(&pool));
        nanos[2].push(one_by_one(&sleepy));

        let arguments: Vec<_> = many().map(ByteBuf::into_vec).collect();
        let started = Instant::now();
        for one in arguments {
            bare.round_trip(one)?;
        }
        nanos[3].push(started.elapsed());

        let arguments: Vec<_> = many().collect();
        let started = Instant::now();
        let all = arguments.into_iter().map(|one| pool.submit(echo, one));
        let all: Vec<_> = all.collect();
        for one in all {
            one.result()?;
        }
        nanos[4].push(started.elapsed());

        let arguments: Vec<_> = many().collect();
        let started = Instant::now();
        let results = pool.map(echo, arguments).filter(|one| one.is_ok());
        assert_eq!(results.count() as u64, times);
        nanos[5].push(started.elapsed());

        let arguments: Vec<_> = many().collect();
        let started = Instant::now();
        let all = arguments.into_iter().map(|one| pool.submit(echo, one));
        for one in as_completed(all.collect::<Vec<_>>(), None) {
            one?.1.result()?;
        }
        nanos[6].push(started.elapsed());
    }
    Ok(nanos.map(|all| median(&all).as_nanos() as u64))
}

/// A pool whose threads and workers may spin, and one where they never do,
/// while a busy loop wants each core, too.
fn beside_busy_loops() -> Result {
    const JOBS: u64 = 500;
    let spins = ProcessPool::new(2)?;
    let sleeps = ProcessPool::builder().workers(2).never_spin().build()?;
    let one_by_one = |pool: &ProcessPool| {
        for number in 0..JOBS {
            assert!(pool.submit(short, number).result().is_ok());
        }
    };
    let backlog = |pool: &ProcessPool| {
        let all = (0..JOBS).map(|number| pool.submit(short, number));
        for one in all.collect::<Vec<_>>() {
            assert!(one.result().is_ok());
        }
    };
    let cores = available_parallelism()?.get();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !is_over.load(Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        let one_by_one = turns(
            15,
            [&mut || one_by_one(&spins), &mut || one_by_one(&sleeps)],
        );
        let backlog =
            turns(15, [&mut || backlog(&spins), &mut || backlog(&sleeps)]);
        is_over.store(true, Relaxed);
        row("busy cores, one at a time: may spin, never", one_by_one, JOBS)?;
        row("busy cores, backlog: may spin, never", backlog, JOBS)
    })
}

/// A job of some 20 us.
fn short(number: u64) -> u64 {
    (0..20_000).fold(number, |sum, n| black_box(sum ^ n))
}

/// Many small jobs by `map`, in chunks.
fn many_small() -> Result {
    const JOBS: u64 = 100_000;
    let pool = ProcessPool::new(2)?;
    let mut nanos = Vec::new();
    for _ in 0..9 {
        let started = Instant::now();
        let options = MapOptions::chunk(1_000);
        let results = pool.map_with(options, nothing, 0..JOBS);
        assert_eq!(results.filter(|one| one.is_ok()).count() as u64, JOBS);
        nanos.push(started.elapsed().as_nanos() as u64);
    }
    let each = median(&nanos) as f64 / JOBS as f64 / 1_000.0;
    say!("{:<42}{each:>10.3} us", "process, map in chunks of 1 000");
    Ok(())
}

/// Nanoseconds of each way, which take turns.
fn turns(rounds: usize, mut ways: [&mut dyn FnMut(); 2]) -> [u64; 2] {
    let mut nanos = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        for (nanos, way) in nanos.iter_mut().zip(&mut ways) {
            let started = Instant::now();
            way();
            nanos.push(started.elapsed().as_nanos() as u64);
        }
    }
    nanos.map(|nanos| median(&nanos))
}

fn row(name: &str, [ours, theirs]: [u64; 2], times: u64) -> Result {
    let us = |nanos: u64| nanos as f64 / times as f64 / 1_000.0;
    let (ours, theirs) = (us(ours), us(theirs));
    let ratio = ours / theirs;
    say!("{name:<42}{ours:>10.2} us{theirs:>10.2} us{ratio:>8.2}");
    Ok(())
}
