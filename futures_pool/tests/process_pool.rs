//! What a pool of processes promises. This program is its own worker.

use std::process;
use std::time::{Duration, Instant};

use futures_pool::{Executor, Handle, JobError, ProcessPool, init, job};

fn main() {
    init([
        job(square),
        job(fail),
        job(crash),
        job(print),
        job(pid),
        job(echo),
        job(ask),
        job(crash_and_leave),
    ]);
    if std::env::args().any(|argument| argument == "--linger") {
        return std::thread::sleep(Duration::from_secs(5));
    }
    // Like the standard harness: `--list` has nothing to run.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    for (name, test) in TESTS {
        test();
        println!("test {name} ... ok");
    }
    println!("\ntest result: ok. {} passed; 0 failed", TESTS.len());
}

const TESTS: [(&str, fn()); 9] = [
    ("results_come_back_in_order", results_come_back_in_order),
    ("a_panic_comes_back_and_the_worker_goes_on", panics_come_back),
    ("a_dead_worker_is_told_by_how_it_died", dead_workers_are_told),
    ("what_a_job_prints_does_not_disturb", printing_does_not_disturb),
    ("large_values_pass", large_values_pass),
    ("jobs_that_are_not_listed_are_refused", unlisted_jobs_are_refused),
    ("a_job_that_asks_hears_nothing", asking_hears_nothing),
    ("what_a_dead_worker_started_delays_nobody", leftovers_delay_nobody),
    ("closures_are_not_jobs", closures_are_not_jobs),
];

fn square(n: u64) -> u64 {
    n * n
}

fn fail(n: u64) -> u64 {
    panic!("no {n} today")
}

fn crash(_: u64) -> u64 {
    process::abort()
}

fn print(n: u64) -> u64 {
    println!("this is not a frame");
    n
}

fn pid(_: u64) -> u32 {
    process::id()
}

fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// Bytes on standard input.
fn ask(_: u64) -> usize {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap()
}

/// Starts something that outlives it, then dies.
fn crash_and_leave(_: u64) -> u64 {
    let own = std::env::current_exe().unwrap();
    process::Command::new(own).arg("--linger").spawn().unwrap();
    process::abort()
}

fn results_come_back_in_order() {
    let pool = ProcessPool::new(2).unwrap();
    let handles: Vec<_> = (0..100).map(|n| pool.submit(square, n)).collect();
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n * n));
    }
    let mut pids: Vec<_> = (0..50).map(|n| pool.submit(pid, n)).collect();
    let pids: Vec<_> = pids.drain(..).map(|h| h.result().unwrap()).collect();
    assert!(!pids.contains(&process::id()));
}

fn panics_come_back() {
    let pool = ProcessPool::new(1).unwrap();
    let bad = pool.submit(fail, 7);
    let good = pool.submit(square, 7);
    assert_eq!(bad.result(), Err(JobError::Panicked("no 7 today".into())));
    assert_eq!(good.result(), Ok(49));
}

fn dead_workers_are_told() {
    let pool = ProcessPool::new(1).unwrap();
    let dead = pool.submit(crash, 0);
    let later: Vec<Handle<u64>> =
        (0..5).map(|n| pool.submit(square, n)).collect();
    match dead.result() {
        Err(JobError::WorkerDied(how)) => {
            assert!(how.contains("signal: 6"), "{how}")
        }
        other => panic!("{other:?}"),
    }
    for handle in later {
        while !handle.is_done() {
            std::thread::yield_now(); // not run is done, too
        }
        assert_eq!(handle.result(), Err(JobError::NotRun));
    }
    let too_late = pool.submit(square, 1);
    assert_eq!(too_late.result(), Err(JobError::NotRun));
}

fn printing_does_not_disturb() {
    let pool = ProcessPool::new(1).unwrap();
    assert_eq!(pool.submit(print, 3).result(), Ok(3));
}

fn large_values_pass() {
    let pool = ProcessPool::new(1).unwrap();
    let bytes: Vec<u8> = (0..10_000_000_u32).map(|n| n as u8).collect();
    assert_eq!(pool.submit(echo, bytes.clone()).result(), Ok(bytes));
}

fn unlisted_jobs_are_refused() {
    fn unlisted(n: u64) -> u64 {
        n
    }
    let pool = ProcessPool::new(1).unwrap();
    match pool.submit(unlisted, 1).result() {
        Err(JobError::Unregistered(name)) => assert!(name.contains("unlisted")),
        other => panic!("{other:?}"),
    }
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
}

fn asking_hears_nothing() {
    let pool = ProcessPool::new(1).unwrap();
    assert_eq!(pool.submit(ask, 0).result(), Ok(0));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
}

fn leftovers_delay_nobody() {
    let pool = ProcessPool::new(1).unwrap();
    let started = Instant::now();
    let outcome = pool.submit(crash_and_leave, 0).result();
    assert!(matches!(outcome, Err(JobError::WorkerDied(_))), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

fn closures_are_not_jobs() {
    let listed = std::panic::catch_unwind(|| job(|n: u64| n + 1));
    assert!(listed.is_err());
}
