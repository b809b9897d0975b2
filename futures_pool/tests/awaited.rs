//! A handle can be awaited, on whatever executor. This program is its own
//! worker.

use std::{thread, time::Duration};

use futures_pool::{Executor, JobError, Pending, init, job};
use futures_pool::{ProcessPool, ThreadPool};
use shared::watchdog::within;

fn main() {
    init([job(square), job(fail), job(nap)]);
    let all = within(Duration::from_secs(60), || {
        on_every_executor(&ThreadPool::new(2).unwrap());
        println!("test on_every_executor[threads] ... ok");
        on_every_executor(&ProcessPool::new(2).unwrap());
        println!("test on_every_executor[processes] ... ok");
    });
    all.unwrap_or_else(|stalled| panic!("{stalled}"));
    println!("\ntest result: ok. 2 passed; 0 failed");
}

fn square(n: u64) -> u64 {
    n * n
}

fn fail(_: u64) -> u64 {
    panic!("burnt")
}

fn nap(ms: u64) -> u64 {
    thread::sleep(Duration::from_millis(ms));
    ms
}

fn on_every_executor(pool: &impl Executor) {
    let tokio = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    for _ in 0..50 {
        tokio.block_on(work(pool));
        smol::block_on(work(pool));
        async_std::task::block_on(work(pool));
        futures::executor::block_on(work(pool));
    }
    // Done, cancelled, refused: each is heard by whoever awaits.
    let [one, two] = [1, 2].map(|_| pool.submit(nap, 20));
    let pending = pool.submit(square, 2);
    assert!(pending.cancel());
    assert_eq!(smol::block_on(pending), Err(JobError::Cancelled));
    pool.close(Pending::Finish);
    let late = pool.submit(square, 3);
    assert_eq!(async_std::task::block_on(late), Err(JobError::Closed));
    assert_eq!(
        smol::block_on(async { (one.await, two.await) }),
        (Ok(20), Ok(20))
    );
}

async fn work(pool: &impl Executor) {
    let [one, two, three] = [1, 2, 3].map(|n| pool.submit(square, n));
    // In another order than they were begun.
    let (three, one, two) = (three.await, one.await, two.await);
    assert_eq!([one, two, three], [Ok(1), Ok(4), Ok(9)]);
    let failed = pool.submit(fail, 7).await;
    assert!(matches!(failed, Err(JobError::Panicked { .. })), "{failed:?}");
    // Whoever only asks whether it is done, gives up, and comes back.
    let mut nap = pool.submit(nap, 1);
    if futures::poll!(&mut nap).is_pending() {
        assert_eq!(nap.await, Ok(1));
    }
}
