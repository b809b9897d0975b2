//! Crashes and lies that have a story of their own.

use std::{
    env,
    future::Future,
    num::NonZero,
    pin::pin,
    sync::{Arc, mpsc},
    task::{Context, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use futures_pool::{Executor, Handle, JobError, MapOptions, Pending};
use futures_pool::{ProcessPool, ThreadPool, Until, Value, wait};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::Signal,
};
use serde_bytes::ByteBuf;

use crate::{
    Case, children, is_alive,
    liars::Liar,
    matrix::send,
    me, soon, stat,
    trap::{
        Door, How, Spot, Trap, die, dig, drop_badly, echo, nest, pid, plant,
        refuse_to_go, spin, spring, square, stay, throw,
    },
};

pub fn cases() -> Vec<Case> {
    let rows: &[(&str, fn())] = &[
        ("a worker that is killed from outside", killed_from_outside),
        ("an idle worker that is killed costs no job", killed_while_idle),
        ("a chunk that is lost is as many errors", lost_chunk),
        ("arguments that cannot be encoded", bad_arguments_here),
        ("arguments that cannot be decoded", bad_arguments_there),
        ("results that cannot be encoded", bad_results_there),
        ("results that cannot be decoded", bad_results_here),
        ("a bad result after the pool was closed", bad_results_at_the_end),
        ("ten large arguments for a dead worker", large_arguments),
        ("a slow callback holds up no submitter", slow_callbacks),
        ("a worker that dies with its last word", last_words),
        ("a new pool after a broken one", a_new_pool),
        ("a hundred megabytes there and back", a_hundred_megabytes),
        ("more than files may hold", no_room),
        ("a kill while megabytes are on their way", a_kill_on_the_way),
        ("more workers than cores work at once", many_at_once),
        ("a pool of two hundred", two_hundred),
        ("workers that are worn out", worn_out),
        ("a worker that cannot be replaced", no_replacement),
        ("a worker that cannot be started", not_all_start),
        ("a pool is killed at work, idle, and dead", kills),
        ("a worker that does not go is made to", made_to_go),
        ("a pool in a worker", nested),
        ("pools in pools have an end", not_too_deep),
        ("a pool is killed with the pools in it", nested_kill),
        ("panics where nobody expects them", odd_panics),
        ("a program that is no worker", no_workers),
        ("a worker that lies", lies),
    ];
    rows.iter().map(|(name, test)| Case::new(name, test)).collect()
}

fn one() -> ProcessPool {
    ProcessPool::new(1).unwrap()
}

/// Its results are read by the pool, for nobody waits for a single one.
fn unhelped<T: Value>(handle: Handle<T>) -> Result<T, JobError> {
    wait([handle], Until::AllDone, None).done.remove(0).result()
}

#[track_caller]
fn assert_broken<T: std::fmt::Debug>(result: Result<T, JobError>, how: &str) {
    match result {
        Err(JobError::Broken(told)) => {
            assert!(told.contains(how), "{told}, not {how}");
        }
        other => panic!("{other:?}, not {how}"),
    }
}

/// The pool is as it was.
#[track_caller]
fn assert_well(pool: &ProcessPool, worker: u32) {
    assert_eq!(pool.submit(pid, ()).result(), Ok(worker));
    assert_eq!(unhelped(pool.submit(pid, ())), Ok(worker));
}

fn killed_from_outside() {
    let signals =
        [(Signal::SIGKILL, "signal: 9"), (Signal::SIGTERM, "signal: 15")];
    for (signal, told) in signals {
        for busy in [true, false] {
            let pool = ProcessPool::new(2).unwrap();
            let jobs = if busy { 10 } else { 0 };
            let jobs: Vec<_> =
                (0..jobs).map(|_| pool.submit(spin, ())).collect();
            send(pool.pids()[1], signal);
            assert!(soon(|| pool.pids().is_empty()));
            let late = pool.submit(square, 1).result();
            assert_broken(late.clone(), told);
            for job in jobs {
                assert_eq!(job.result().err(), late.clone().err());
            }
            assert!(children().is_empty());
        }
    }
}

/// Whether the pool has noticed its death or not.
fn killed_while_idle() {
    let pool = ProcessPool::builder().workers(2).replace_dead_workers();
    let pool = pool.build().unwrap();
    for n in 0..50 {
        assert!(soon(|| pool.pids().len() == 2));
        let worker = pool.pids()[n % 2];
        send(worker, Signal::SIGKILL);
        let dead = || stat(&format!("/proc/{worker}"));
        assert!(soon(|| dead().is_none_or(|(state, _)| state == 'Z')));
        let jobs = [3, 4].map(|n| pool.submit(square, n));
        assert_eq!(jobs.map(Handle::result), [Ok(9), Ok(16)]);
    }
}

/// Every result is in the place of its argument.
fn lost_chunk() {
    let pool = ProcessPool::builder().workers(1).replace_dead_workers();
    let pool = pool.build().unwrap();
    let hows = (0..9).map(|n| match n {
        4 => (How::Exit(99), 0),
        _ => (How::Error, 0), // does nothing
    });
    let results = pool.map_with(MapOptions::chunk(3), die, hows);
    let results: Vec<_> = results.collect();
    for (result, n) in results.iter().zip(0..) {
        match n {
            3..6 => assert_broken(result.clone(), "exit status: 99"),
            _ => assert_eq!(*result, Ok(())),
        }
    }
    assert_eq!(results.len(), 9);
}

fn bad_arguments_here() {
    let pool = ProcessPool::new(2).unwrap();
    let trap = || Trap::new(Spot::EncodeArgument, How::Error);
    let jobs: Vec<_> = (0..100)
        .map(|n| (pool.submit(spring, trap()), pool.submit(square, n)))
        .collect();
    for ((bad, good), n) in jobs.into_iter().zip(0..) {
        let bad = bad.result();
        assert!(matches!(bad, Err(JobError::Encode(_))), "{bad:?}");
        assert_eq!(good.result(), Ok(n * n));
    }
    let trap = Trap::new(Spot::EncodeArgument, How::Panic);
    let bad = pool.submit(spring, trap).result();
    assert!(matches!(bad, Err(JobError::Panicked { .. })), "{bad:?}");
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

fn bad_arguments_there() {
    let pool = one();
    let worker = pool.pids()[0];
    let trap = Trap::new(Spot::DecodeArgument, How::Error);
    let bad = pool.submit(spring, trap).result();
    assert!(matches!(bad, Err(JobError::Decode(_))), "{bad:?}");
    assert_well(&pool, worker);
}

fn bad_results_there() {
    let pool = one();
    let worker = pool.pids()[0];
    for _ in 0..20 {
        let trap = Trap::new(Spot::EncodeResult, How::Error);
        let bad = pool.submit(spring, trap).result();
        assert!(matches!(bad, Err(JobError::Encode(_))), "{bad:?}");
    }
    assert_well(&pool, worker);
}

fn bad_results_here() {
    let pool = one();
    let worker = pool.pids()[0];
    for read in [Handle::result, unhelped] {
        let trap = |how| Trap::new(Spot::DecodeResult, how);
        let bad = read(pool.submit(spring, trap(How::Error)));
        assert!(matches!(bad, Err(JobError::Decode(_))), "{bad:?}");
        let bad = read(pool.submit(spring, trap(How::Panic)));
        assert!(matches!(bad, Err(JobError::Panicked { .. })), "{bad:?}");
        assert_well(&pool, worker);
    }
}

fn bad_results_at_the_end() {
    for _ in 0..5 {
        for spot in [Spot::EncodeResult, Spot::DecodeResult] {
            let pool = one();
            let bad = pool.submit(spring, Trap::new(spot, How::Error));
            pool.close(Pending::Finish);
            let good = pool.submit(square, 1).result();
            assert_eq!(good, Err(JobError::Closed));
            drop(pool);
            assert!(bad.is_done() && bad.error().is_some());
        }
    }
}

fn large_arguments() {
    let pool = one();
    let mut door = Door::new();
    let dies = pool.submit(die, (How::Exit(99), door.number()));
    door.knock();
    let jobs: Vec<_> = (0..10)
        .map(|_| {
            pool.submit(spring, Trap::heavy(Spot::Nowhere, How::Error, 5 << 20))
        })
        .collect();
    drop(door);
    assert_broken(dies.result(), "exit status: 99");
    for job in jobs {
        assert_broken(job.result(), "exit status: 99");
    }
}

fn slow_callbacks() {
    let pool = one();
    let mut door = Door::new();
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let first = pool.submit(stay, (door.number(), trap));
    door.knock();
    let (go_on, wait) = mpsc::channel::<()>();
    first.on_done(move |_| _ = wait.recv());
    drop(door);
    let jobs: Vec<_> = (0..100).map(|n| pool.submit(square, n)).collect();
    drop(go_on);
    for (job, n) in jobs.into_iter().zip(0..) {
        assert_eq!(job.result(), Ok(n * n));
    }
}

fn last_words() {
    let liar = Liar::new("last-words");
    let pool = ProcessPool::builder()
        .workers(1)
        .replace_dead_workers()
        .program(liar.path());
    let pool = pool.build().unwrap();
    for _ in 0..50 {
        let worker = pool.pids();
        let words = pool.submit(echo, ByteBuf::new()).result();
        assert_eq!(words.map(|words| words.len()), Ok(1 << 20));
        // Its death is noticed, though it has no job, and nobody submits one.
        assert!(soon(|| pool.pids() != worker && !pool.pids().is_empty()));
    }
}

fn a_new_pool() {
    for _ in 0..3 {
        let pool = one();
        let trap = Trap::new(Spot::Run, How::Abort);
        assert_broken(pool.submit(spring, trap).result(), "signal: 6");
        assert_eq!(one().submit(square, 3).result(), Ok(9));
    }
}

fn a_hundred_megabytes() {
    let bytes: Vec<u8> = (0..=250).collect();
    let bytes = bytes.repeat(400_000);
    let bytes = ByteBuf::from(bytes);
    let back = one().submit(echo, bytes.clone()).result().unwrap();
    assert!(back == bytes);
}

/// The limit on files is one on shared memory, and passing it would be a signal.
fn no_room() {
    let (now, most) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let pool = one();
    setrlimit(Resource::RLIMIT_FSIZE, 100_000, most).unwrap();
    let bytes = ByteBuf::from(vec![7; 1 << 20]);
    let large = pool.submit(echo, bytes.clone()).result();
    let small = pool.submit(square, 3).result();
    setrlimit(Resource::RLIMIT_FSIZE, now, most).unwrap();
    assert!(matches!(large, Err(JobError::Encode(_))), "{large:?}");
    assert_eq!(small, Ok(9));
    assert_eq!(pool.submit(echo, bytes.clone()).result(), Ok(bytes));
}

fn a_kill_on_the_way() {
    for delay in [0, 5, 50] {
        let pool = one();
        let job = pool.submit(echo, ByteBuf::from(vec![7; 50 << 20]));
        thread::sleep(Duration::from_millis(delay));
        let began = Instant::now();
        pool.kill();
        drop(pool);
        assert!(began.elapsed() < Duration::from_secs(5));
        match job.result() {
            Ok(bytes) => assert_eq!(bytes.len(), 50 << 20), // it was quick
            killed => assert_broken(killed, "killed"),
        }
    }
}

fn many_at_once() {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = 2 * cores + 2;
    let pool = ProcessPool::new(workers).unwrap();
    let mut door = Door::new();
    let trap = || Trap::new(Spot::Nowhere, How::Error);
    let jobs: Vec<_> = (0..workers)
        .map(|_| pool.submit(stay, (door.number(), trap())))
        .collect();
    (0..workers).for_each(|_| door.knock());
    drop(door);
    assert!(jobs.into_iter().all(|job| job.result().is_ok()));
}

fn two_hundred() {
    let pool = ProcessPool::new(200).unwrap();
    let squares: Result<Vec<_>, _> = pool.map(square, 0..1000).collect();
    assert_eq!(squares, Ok((0..1000).map(|n| n * n).collect()));
}

fn worn_out() {
    let pool = || {
        let pool = ProcessPool::builder().workers(1);
        pool.jobs_per_worker(NonZero::new(3).unwrap()).build().unwrap()
    };
    let fresh = pool();
    let jobs: Vec<_> = (0..30).map(|_| fresh.submit(pid, ())).collect();
    let mut pids: Vec<_> =
        jobs.into_iter().map(|job| job.result().unwrap()).collect();
    assert!(pids.chunks(3).all(|same| same.iter().all(|p| *p == same[0])));
    pids.dedup();
    assert_eq!(pids.len(), 10);
    assert!(soon(|| !pids.iter().any(|pid| children().contains(pid))));
    // What is pending is done, whoever does it.
    let early = pool();
    let jobs: Vec<_> = (0..30).map(|n| early.submit(square, n)).collect();
    early.shutdown(Pending::Finish);
    assert!(jobs.iter().all(|job| job.is_done() && job.error().is_none()));
}

fn no_replacement() {
    let liar = Liar::new("last-words");
    let pool = ProcessPool::builder().workers(1).replace_dead_workers();
    let pool = pool.program(liar.path()).build().unwrap();
    drop(liar);
    let jobs: Vec<_> =
        (0..5).map(|_| pool.submit(echo, ByteBuf::new())).collect();
    let results: Vec<_> = jobs.into_iter().map(Handle::result).collect();
    assert!(results[0].is_ok());
    // The next one may have been sent to the worker before it was seen dead.
    for result in &results[2..] {
        assert_broken(result.clone(), "could not be started");
    }
    assert_broken(pool.submit(square, 1).result(), "could not be started");
}

fn not_all_start() {
    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let used = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    for room in 1..40 {
        setrlimit(Resource::RLIMIT_NOFILE, used + room, most).unwrap();
        let pool = ProcessPool::new(10);
        setrlimit(Resource::RLIMIT_NOFILE, now, most).unwrap();
        assert!(pool.is_err());
        assert!(children().is_empty());
    }
    assert_eq!(one().submit(square, 3).result(), Ok(9));
}

fn kills() {
    let idle = one();
    idle.kill();
    assert!(idle.submit(square, 1).result().is_err());

    let working = ProcessPool::new(2).unwrap();
    let jobs: Vec<_> = (0..10).map(|_| working.submit(spin, ())).collect();
    working.kill();
    for job in jobs {
        assert_broken(job.result(), "killed");
    }
    assert_broken(working.submit(square, 1).result(), "killed");
    working.kill();
    working.shutdown(Pending::Cancel);
    working.kill();

    let dead = one();
    let trap = Trap::new(Spot::Run, How::Kill);
    assert_broken(dead.submit(spring, trap).result(), "signal: 9");
    dead.kill();
    assert_broken(dead.submit(square, 1).result(), "signal: 9");
}

fn made_to_go() {
    for kill in [true, false] {
        let pool = one();
        assert_eq!(pool.submit(refuse_to_go, ()).result(), Ok(()));
        send(pool.pids()[0], Signal::SIGTERM);
        assert_eq!(pool.submit(square, 3).result(), Ok(9));
        let began = Instant::now();
        if kill {
            pool.kill();
        }
        drop(pool);
        let limit = Duration::from_secs(if kill { 2 } else { 15 });
        assert!(began.elapsed() < limit);
    }
}

fn nested() {
    let pids = one().submit(nest, None).result().unwrap();
    assert_eq!(pids.len(), 2);
}

fn not_too_deep() {
    let (depth, why) = one().submit(dig, 1).result().unwrap();
    assert!((2..20).contains(&depth) && why.contains("deep"), "{why}");
}

fn nested_kill() {
    let pool = one();
    let mut door = Door::new();
    let job = pool.submit(nest, Some(door.number()));
    door.knock();
    let worker = pool.pids()[0];
    let within = crate::children_of(worker);
    assert_eq!(within.len(), 2);
    pool.kill();
    assert_broken(job.result(), "killed");
    assert!(soon(|| !within.iter().any(|pid| is_alive(*pid))));
}

/// A result that nobody wants any more when it comes, and that panics then.
fn drop_unseen(pool: &impl Executor) {
    let mut door = Door::new();
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let before = pool.submit(stay, (door.number(), trap));
    door.knock();
    drop(pool.submit(drop_badly, me()));
    drop(door);
    assert!(before.result().is_ok());
}

/// Panics when it is woken.
struct Panicky;

impl Wake for Panicky {
    fn wake(self: Arc<Self>) {
        std::panic::resume_unwind(Box::new(7));
    }
}

fn odd_panics() {
    let pool = one();
    let worker = pool.pids()[0];
    // What a job throws is no text, and throwing it away throws again.
    let thrown = pool.submit(throw, ()).result();
    assert!(matches!(thrown, Err(JobError::Panicked { .. })), "{thrown:?}");
    assert_well(&pool, worker);
    // A result that panics when it is dropped, there and here.
    let broken = pool.submit(drop_badly, 0).result();
    assert!(matches!(broken, Err(JobError::Panicked { .. })), "{broken:?}");
    assert_well(&pool, worker);
    drop_unseen(&pool);
    assert_well(&pool, worker);
    let threads = ThreadPool::new(1).unwrap();
    drop_unseen(&threads);
    assert_eq!(threads.submit(square, 3).result(), Ok(9));
    // A callback, and a waker.
    let callback = |_: Option<&JobError>| How::Panic.happen();
    let job = pool.submit(square, 3);
    job.on_done(callback);
    assert_eq!(unhelped(job), Ok(9));
    let mut door = Door::new();
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let mut job = pin!(pool.submit(stay, (door.number(), trap)));
    door.knock();
    let waker = Waker::from(Arc::new(Panicky));
    assert!(job.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(door);
    assert_well(&pool, worker);
    assert!(job.is_done());
    // A thread that was left in the worker.
    let door = Door::new();
    let planted = pool.submit(plant, (How::Panic, door.number()));
    assert_eq!(planted.result(), Ok(()));
    drop(door);
    assert_well(&pool, worker);
}

fn no_workers() {
    for lie in ["silent", "talkative", "older", "has-no-init"] {
        let liar = Liar::new(lie);
        let began = Instant::now();
        let pool = ProcessPool::builder().program(liar.path()).workers(3);
        let error = pool.build().unwrap_err().to_string();
        assert!(error.contains("first line of its main"), "{lie}: {error}");
        assert!(began.elapsed() < Duration::from_secs(5), "{lie}");
    }
    let nowhere = ProcessPool::builder().program("/nowhere/at/all");
    assert!(nowhere.build().is_err());
    let folder = ProcessPool::builder().program(env::temp_dir());
    assert!(folder.build().is_err());
}

fn lies() {
    const NO_REPLY: &str = "what is not a reply";
    const TO_NOTHING: &str = "a reply to nothing";
    for (lie, told) in [
        ("garbage", NO_REPLY),
        ("cut", NO_REPLY),
        ("cut-and-stays", NO_REPLY),
        ("twice-at-once", NO_REPLY),
        ("twice", "sent"), // the second one alone, or with the next
        ("another-number", TO_NOTHING),
        ("no-number", NO_REPLY),
        ("too-long", NO_REPLY),
        ("long-and-cut", NO_REPLY),
    ] {
        for read in [Handle::result, unhelped] {
            let liar = Liar::new(lie);
            let pool = ProcessPool::builder().program(liar.path()).workers(1);
            let pool = pool.build().unwrap();
            let worker = pool.pids()[0].to_string();
            let (first, second) =
                (pool.submit(square, 3), pool.submit(square, 4));
            match lie {
                // True as far as anybody can tell.
                "twice" => assert_eq!(read(first), Ok(9)),
                _ => assert_broken(read(first), told),
            }
            assert_broken(read(second), told);
            assert_broken(pool.submit(square, 5).result(), &worker);
        }
    }
    // Only this result is bad, not what it comes in.
    let liar = Liar::new("another-type");
    let pool = ProcessPool::builder().program(liar.path()).workers(1);
    let pool = pool.build().unwrap();
    for _ in 0..3 {
        let result = pool.submit(square, 3).result();
        assert!(matches!(result, Err(JobError::Decode(_))), "{result:?}");
    }
}
