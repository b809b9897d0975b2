//! What the pools cost, each beside its yardstick, in the same run.
//!
//!     cargo bench -p futures_pool
//!     cargo bench -p futures_pool --features procspawn
//!
//! The two of a pair take turns, and the medians are compared: ours divided by
//! the yardstick's. Wake-ups are cheap on the same core and dear across cores,
//! so round trips are measured on one core and on all.

use std::{
    env,
    fs::File,
    hint::black_box,
    io::{self, Read, Write},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    process::{self, Child, Command, Stdio},
    time::Instant,
};

use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use futures_pool::{Executor, MapOptions, ProcessPool, ThreadPool, init, job};
use memmap2::MmapMut;
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::memfd::{MFdFlags, memfd_create},
    unistd::Pid,
};
use serde_bytes::ByteBuf;
use shared::{Result, measure::median, measure::peak_rss_kib, say};

fn main() -> Result {
    #[cfg(feature = "procspawn")]
    procspawn::init(); // does not return in a worker of that crate
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() == Some("as-echo") {
        return bare_echo(&arguments.next().unwrap_or_default());
    }
    init([job(nothing), job(echo), job(echo_and_peak)]);
    a_hundred_megabytes()?; // first: peaks are for life
    say!("{:<36}{:>13}{:>13}   ratio", "a job", "ours", "theirs");
    threads()?;
    others()?;
    let all = sched_getaffinity(Pid::from_raw(0))?;
    round_trips("on all cores")?;
    let mut one = CpuSet::new();
    one.set(0)?;
    sched_setaffinity(Pid::from_raw(0), &one)?;
    round_trips("on one core")?;
    sched_setaffinity(Pid::from_raw(0), &all)?;
    many_small()
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
    say!("{name:<36}{here:>10.2} here{there:>8.2} there");
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
                    let (pass, plate) = bounded(1);
                    theirs.execute(move || {
                        pass.send(nothing(number)).expect("room")
                    });
                    assert_eq!(plate.recv(), Ok(number));
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
            None => say!("{name:<36}  python3 is not there"),
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
    let rail = yardstick(1);
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
                    assert_eq!(send(&rail, number).recv(), Ok(number));
                }
            },
        ],
    );
    row("thread pool, one at a time", latency, JOBS / 10)?;
    let pool = ThreadPool::new(2)?;
    let rail = yardstick(2);
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
                    (0..JOBS).map(|number| send(&rail, number)).collect();
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
    let (rail, tasks) = unbounded::<Task>();
    for _ in 0..workers {
        let tasks = tasks.clone();
        // Not joined: it ends when the rail is dropped.
        std::thread::spawn(move || tasks.into_iter().for_each(|task| task()));
    }
    rail
}

fn send(rail: &Sender<Task>, number: u64) -> Receiver<u64> {
    let (pass, plate) = bounded(1);
    let task = move || pass.send(nothing(number)).expect("it is waited for");
    rail.send(Box::new(task)).expect("there are workers");
    plate
}

/// A process pool's job, and the bare channel that it uses: the medians of five
/// pairs of them, for each pair finds its own place on the cores.
fn round_trips(where_: &str) -> Result {
    for (name, size, times) in [
        ("8 B", 8, 1_000),
        ("4 KiB", 4 << 10, 1_000),
        ("64 KiB", 64 << 10, 300),
        ("1 MiB", 1 << 20, 20),
        ("16 MiB", LARGEST, 3),
    ] {
        let mut all = [const { Vec::new() }; 2];
        for _ in 0..5 {
            for (all, nanos) in all.iter_mut().zip(a_pair(size, times)?) {
                all.push(nanos);
            }
        }
        let medians = all.map(|nanos| median(&nanos));
        row(&format!("process, {name} {where_}"), medians, times)?;
    }
    Ok(())
}

fn a_pair(size: usize, times: u64) -> Result<[u64; 2]> {
    let pool = ProcessPool::new(1)?;
    let mut bare = Bare::start()?;
    let bytes = vec![7; size];
    let mut back = vec![0; size];
    let mut sent = ByteBuf::from(bytes.clone());
    Ok(turns(
        9,
        [
            &mut || {
                for _ in 0..times {
                    let bytes = std::mem::take(&mut sent);
                    sent =
                        pool.submit(echo, bytes).result().expect("it echoes");
                }
                assert_eq!(sent.len(), size);
            },
            &mut || {
                for _ in 0..times {
                    bare.round_trip(&bytes, &mut back).expect("it echoes");
                }
                assert_eq!(back, bytes);
            },
        ],
    ))
}

/// Another process at the end of two pipes, that sends back what it gets. What
/// is too large for a pipe is in memory that both share, as with a pool.
struct Bare {
    child: Child,
    there: File,
    back: File,
    _owner: File, // its number is what the child opens
    memory: MmapMut,
}

const LARGEST: usize = 16 << 20;

/// What a pipe takes in one piece.
const PIPED: usize = 4_096 - 4;

impl Bare {
    fn start() -> io::Result<Bare> {
        let owner = memfd_create("bare", MFdFlags::MFD_CLOEXEC)?;
        let owner = File::from(owner);
        owner.set_len(LARGEST as u64)?;
        let memory =
            format!("/proc/{}/fd/{}", process::id(), owner.as_raw_fd());
        let mut child = Command::new(env::current_exe()?)
            .args(["as-echo", &memory])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let there = OwnedFd::from(child.stdin.take().expect("it is piped"));
        let back = OwnedFd::from(child.stdout.take().expect("it is piped"));
        let memory = mapped(&owner)?;
        let [there, back] = [there, back].map(File::from);
        Ok(Bare { child, there, back, _owner: owner, memory })
    }

    fn round_trip(&mut self, bytes: &[u8], back: &mut [u8]) -> io::Result<()> {
        let length = (bytes.len() as u32).to_le_bytes();
        if bytes.len() <= PIPED {
            self.there.write_all(&[&length, bytes].concat())?;
            return self.back.read_exact(back);
        }
        self.memory[..bytes.len()].copy_from_slice(bytes);
        self.there.write_all(&length)?;
        self.back.read_exact(&mut [0])?;
        back.copy_from_slice(&self.memory[..bytes.len()]);
        Ok(())
    }
}

/// Not waited for where it ends, but here.
impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it waits for more, and has nothing to do
        let _ = self.child.wait(); // there is nobody to tell
    }
}

/// Ends with the pipe.
fn bare_echo(memory: &str) -> Result {
    let stream = |stream: &dyn AsFd| stream.as_fd().try_clone_to_owned();
    let mut orders = File::from(stream(&io::stdin())?);
    let mut replies = File::from(stream(&io::stdout())?);
    let memory = File::options().read(true).write(true).open(memory)?;
    let mut memory = mapped(&memory)?;
    let mut head = [0; 4];
    let mut bytes = vec![0; LARGEST];
    while orders.read_exact(&mut head).is_ok() {
        let length = u32::from_le_bytes(head) as usize;
        let bytes = &mut bytes[..length];
        if length <= PIPED {
            orders.read_exact(bytes)?;
            replies.write_all(bytes)?;
        } else {
            bytes.copy_from_slice(&memory[..length]);
            memory[..length].copy_from_slice(bytes);
            replies.write_all(&[1])?;
        }
    }
    Ok(())
}

#[expect(unsafe_code, reason = "another process writes there, too")]
fn mapped(memory: &File) -> io::Result<MmapMut> {
    // SAFETY: it stays as long as it is, and the two sides take turns.
    unsafe { MmapMut::map_mut(memory) }
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
    say!("{:<36}{each:>10.3} us", "process, map in chunks of 1 000");
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
    say!("{name:<36}{ours:>10.2} us{theirs:>10.2} us{ratio:>8.2}");
    Ok(())
}
