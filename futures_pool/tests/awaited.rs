//! A handle can be awaited, on whatever runtime.

use std::{thread, time::Duration};

use futures_pool::{Executor, JobError, Pending, ThreadPool};
use shared::watchdog::within;

fn square(n: u64) -> u64 {
    thread::sleep(Duration::from_millis(1)); // it is not done when it is awaited
    n * n
}

fn fail(_: u64) -> u64 {
    panic!("burnt")
}

async fn three_squares(pool: &ThreadPool) -> Result<u64, JobError> {
    let [one, two, three] = [1, 2, 3].map(|n| pool.submit(square, n));
    Ok(one.await? + two.await? + three.await?)
}

#[test]
fn on_tokio_on_smol_and_on_none() {
    let sums = within(Duration::from_secs(20), || {
        let pool = ThreadPool::new(2).unwrap();
        let tokio = tokio::runtime::Builder::new_multi_thread().build();
        [
            tokio.unwrap().block_on(three_squares(&pool)),
            smol::block_on(three_squares(&pool)),
            futures::executor::block_on(three_squares(&pool)),
        ]
    });
    assert_eq!(sums, Ok([const { Ok(14) }; 3]));
}

#[test]
fn errors_and_the_end_of_a_pool_are_heard() {
    let heard = within(Duration::from_secs(20), || {
        let pool = ThreadPool::new(1).unwrap();
        let busy = pool.submit(square, 1);
        let (failed, pending) = (pool.submit(fail, 1), pool.submit(square, 2));
        smol::block_on(async {
            let _ = busy.await; // it is done
            let failed = failed.await;
            let late = pool.submit(square, 3);
            let _ = pending.await;
            pool.shutdown(Pending::Cancel);
            (failed, late.await, pool.submit(square, 4).await)
        })
    });
    let (failed, late, closed) = heard.unwrap();
    assert!(matches!(failed, Err(JobError::Panicked { .. })), "{failed:?}");
    assert!(matches!(late, Ok(9) | Err(JobError::Cancelled)), "{late:?}");
    assert_eq!(closed, Err(JobError::Closed));
}
