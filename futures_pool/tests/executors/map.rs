//! `map`: order, chunks, errors, deadlines, and how far it looks ahead.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use futures_pool::{Job, JobError, Pending, job};

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        results_come_in_the_order_of_the_arguments
        the_size_of_chunks_does_not_change_the_results
        an_empty_map_ends_at_once
        an_error_stands_in_the_place_of_its_argument
        a_map_ends_at_its_deadline_and_cancels_the_rest
        the_deadline_of_a_map_counts_from_the_call
        an_error_of_a_job_is_not_taken_for_the_deadline
        a_map_takes_arguments_only_as_far_ahead_as_told
        an_iterator_that_panics_leaves_the_pool_usable
    ]
    once: []
}

pub fn jobs() -> Vec<Job> {
    vec![job(after_the_next), job(be_late)]
}

/// FUT-03.
fn results_come_in_the_order_of_the_arguments<P: Pool>(folder: Folder) {
    let pool = P::of(4);
    let tickets = (0..4).map(|n| (folder.clone(), n));
    let results: Vec<_> = pool.map(after_the_next, tickets).collect();
    assert_eq!(results, (0..4).map(Ok).collect::<Vec<_>>());
}

/// Each is done after the next one; there are four.
fn after_the_next((folder, n): Ticket) -> u64 {
    if n < 3 {
        folder.wait_for(format!("ended-{}", n + 1));
    }
    mark((folder, n))
}

/// FUT-04.
fn the_size_of_chunks_does_not_change_the_results<P: Pool>(_: Folder) {
    let pool = P::of(2);
    let squares: Vec<_> = (0..40).map(|n| Ok(n * n)).collect();
    for size in [1, 6, 40, 50] {
        let results = pool.map_with(in_chunks(size), square, 0..40);
        assert_eq!(results.collect::<Vec<_>>(), squares, "{size}");
    }
    assert!(catch_unwind(|| in_chunks(0)).is_err());
}

/// FUT-05.
fn an_empty_map_ends_at_once<P: Pool>(_: Folder) {
    let pool = P::of(2);
    assert_eq!(pool.map(square, []).count(), 0);
    assert_eq!(pool.map_with(in_chunks(6), square, []).count(), 0);
    assert_eq!(pool.submit_chunk(square, vec![]).result(), Ok(vec![]));
}

/// FUT-06, D4.
fn an_error_stands_in_the_place_of_its_argument<P: Pool>(_: Folder) {
    let pool = P::of(2);
    for size in [1, 3, 10] {
        let options = in_chunks(size);
        let results = pool.map_with(options, fail_every_fourth, 0..10);
        for (result, n) in results.zip(0..) {
            match n % 4 {
                3 => {
                    let (message, _) = panic_in(result).unwrap();
                    assert_eq!(message, format!("no {n} today"));
                }
                _ => assert_eq!(result, Ok(n * n), "{size}"),
            }
        }
    }
}

/// FUT-07. On a machine that is too busy for the first job to be done in
/// time, the limit is a longer one.
fn a_map_ends_at_its_deadline_and_cancels_the_rest<P: Pool>(folder: Folder) {
    let limits = [100, 1_000, 10_000].map(Duration::from_millis);
    let in_time = limits.into_iter().zip(0..).any(|(limit, n)| {
        let pool = P::of(1);
        let folder = folder.inner(&n.to_string());
        let tickets = (0..3).map(|n| (folder.clone(), n));
        folder.release([0]);
        let mut results = pool.map_with(with_deadline(limit), hold, tickets);
        let first = results.next();
        if first == Some(timed_out()) {
            folder.release([1, 2]);
            return false;
        }
        assert_eq!(first, Some(Ok(0)));
        folder.wait_for("started-1");
        assert_eq!(results.next(), Some(timed_out()));
        assert_eq!(results.next(), None);
        folder.release([1]);
        pool.shutdown(Pending::Finish);
        assert!(folder.has("ended-1") && !folder.has("started-2"));
        true
    });
    assert!(in_time);
}

/// FUT-07: whoever asks late gets nothing, and nothing is started any more.
fn the_deadline_of_a_map_counts_from_the_call<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let limit = Duration::from_millis(50);
    let tickets = (0..3).map(|n| (folder.clone(), n));
    let busy = submit_held(&pool, &folder, 9);
    let mut results = pool.map_with(with_deadline(limit), mark, tickets);
    let called = Instant::now();
    until("the deadline", || called.elapsed() > limit);
    assert_eq!(results.next(), Some(timed_out()));
    assert_eq!(results.next(), None);
    folder.release([9]);
    pool.shutdown(Pending::Finish);
    assert!(busy.is_done());
    assert_eq!(folder.count("ended-"), 1);
}

/// FUT-08, D8.
fn an_error_of_a_job_is_not_taken_for_the_deadline<P: Pool>(_: Folder) {
    let pool = P::of(1);
    let options = with_deadline(Duration::from_secs(3_600));
    let results: Vec<_> = pool.map_with(options, be_late, 0..4).collect();
    let late = Ok(timed_out());
    assert_eq!(results, [Ok(Ok(0)), Ok(Ok(1)), late.clone(), Ok(Ok(3))]);
    let outcome = pool.submit(be_late, 2).result_timeout(Duration::MAX);
    assert_eq!(outcome.expect("it is done"), late);
}

/// Has a time limit of its own, which for 2 is too short.
fn be_late(n: u64) -> Result<u64, JobError> {
    if n == 2 { timed_out() } else { Ok(n) }
}

/// FUT-09.
fn a_map_takes_arguments_only_as_far_ahead_as_told<P: Pool>(_: Folder) {
    let pool = P::of(2);
    let taken = Cell::new(0);
    let endless = (0..).inspect(|_| taken.set(taken.get() + 1));
    let mut results = pool.map_with(in_chunks_ahead(2, 3), square, endless);
    assert_eq!(taken.get(), 6);
    for (n, expected) in [6, 6, 8, 8, 10].into_iter().enumerate() {
        let n = n as u64;
        assert_eq!(results.next(), Some(Ok(n * n)));
        assert_eq!(taken.get(), expected);
    }
}

/// FUT-10.
fn an_iterator_that_panics_leaves_the_pool_usable<P: Pool>(_: Folder) {
    let pool = P::of(2);
    for _ in 0..2 {
        let arguments = (0..10).map(|n| if n == 5 { fail(n) } else { n });
        let mapped = || pool.map(square, arguments).count();
        let payload = catch_unwind(AssertUnwindSafe(mapped)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"no 5 today".to_string()));
        assert_eq!(pool.submit(square, 3).result(), Ok(9));
    }
}
