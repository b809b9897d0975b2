//! What a job returns comes back, to whoever asks, and in whatever way.

use std::{sync::Arc, thread, time::Duration};

use futures_pool::{Job, job};
use serde::{Deserialize, Serialize};

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        a_job_returns_its_result
        a_result_can_be_asked_for_again_after_a_timeout
        arguments_and_results_are_released
        ten_threads_can_share_a_pool
        a_bounded_wait_gets_out_of_a_full_pool
    ]
    once: []
}

pub fn jobs() -> Vec<Job> {
    vec![job(echo), job(pass), job(spill), job(wait_for_the_next)]
}

/// FUT-02.
fn a_job_returns_its_result<P: Pool>(_: Folder) {
    let pool = P::of(3);
    let handles: Vec<_> = (0..100).map(|n| pool.submit(square, n)).collect();
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n * n));
    }
    let letter: Letter = ("Käse".into(), None, vec![0, 255, 10], -0.1);
    assert_eq!(pool.submit(echo, letter.clone()).result(), Ok(letter));
}

type Letter = (String, Option<i64>, Vec<u8>, f64);

fn echo(letter: Letter) -> Letter {
    letter
}

/// FUT-22.
fn a_result_can_be_asked_for_again_after_a_timeout<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    // Nobody has it yet, and a worker has it.
    let first = submit_held(&pool, &folder, 0);
    let mut handle = submit_held(&pool, &folder, 1);
    for _ in 0..3 {
        let limit = Duration::from_millis(20);
        handle = handle.result_timeout(limit).expect_err("it is held");
        assert_eq!(handle.error(), None);
        folder.release([0]);
        folder.wait_for("started-1");
    }
    folder.release([1]);
    assert_eq!(handle.result_timeout(Duration::MAX).unwrap(), Ok(1));
    assert_eq!(first.result_timeout(Duration::ZERO).unwrap(), Ok(0));
    let bad = pool.submit(fail, 1);
    until("an error", || bad.error().is_some());
}

/// FUT-32.
fn arguments_and_results_are_released<P: Pool>(_: Folder) {
    let pool = P::of(1);
    let owner = Arc::new(());
    let bowl = || Bowl { _owner: Some(owner.clone()) };
    drop(pool.submit(pass, bowl()).result());
    drop(pool.submit(spill, bowl()).result());
    drop(pool.submit(pass, bowl())); // nobody asks
    drop(pool.map(pass, (0..9).map(|_| bowl())).collect::<Vec<_>>());
    let handle = pool.submit(spill, bowl());
    let released = || Arc::strong_count(&owner) == 1;
    until("what was passed", released);
    drop(handle);
}

/// Is counted by its owner, unless it has gone to another process.
#[derive(Serialize, Deserialize)]
struct Bowl {
    #[serde(skip)]
    _owner: Option<Arc<()>>,
}

fn pass(bowl: Bowl) -> Bowl {
    bowl
}

fn spill(_: Bowl) -> Bowl {
    panic!("spilt")
}

/// FUT-27.
fn ten_threads_can_share_a_pool<P: Pool>(_: Folder) {
    let pool = P::of(3);
    let use_it = |user: u64| {
        let numbers = 100 * user..100 * user + 30;
        let handles: Vec<_> =
            numbers.clone().map(|n| pool.submit(square, n)).collect();
        let mapped: Vec<_> = pool.map(square, numbers.clone()).collect();
        for ((handle, n), mapped) in
            handles.into_iter().zip(numbers).zip(mapped)
        {
            assert_eq!(mapped, Ok(n * n));
            let is_cancelled = n % 2 == 1 && handle.cancel();
            let expected = if is_cancelled { cancelled() } else { mapped };
            assert_eq!(handle.result(), expected);
        }
    };
    thread::scope(|all| {
        (0..10).for_each(|user| drop(all.spawn(move || use_it(user))));
    });
}

/// FUT-33: of one whose only worker has a job that waits for the next one. To
/// wait with a limit, here and in the job, is the way out.
fn a_bounded_wait_gets_out_of_a_full_pool<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let tickets = [0, 1].map(|n| (folder.clone(), n));
    let [waits, helps] = tickets.map(|t| pool.submit(wait_for_the_next, t));
    folder.wait_for("started-0");
    let limit = Duration::from_millis(20);
    let helps = helps.result_timeout(limit).expect_err("it cannot begin");
    assert!(!folder.has("started-1"));
    folder.put("enough");
    assert_eq!(waits.result(), Ok(false));
    assert_eq!(helps.result(), Ok(false));
}

/// Whether the next one is done before this one has waited long enough.
fn wait_for_the_next((folder, n): Ticket) -> bool {
    folder.put(format!("started-{n}"));
    let next = format!("ended-{}", n + 1);
    until("either", || folder.has(&next) || folder.has("enough"));
    let done = folder.has(&next);
    folder.put(format!("ended-{n}"));
    done
}
