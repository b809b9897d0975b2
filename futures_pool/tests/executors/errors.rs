//! What panics in a job, or in a value of one, is an error of that job.

use std::panic::catch_unwind;

use futures_pool::{Job, Pending, job};

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        a_panic_says_what_and_where
        a_panic_that_is_passed_on_has_no_place
        a_panic_ends_neither_its_worker_nor_other_jobs
        a_result_that_panics_when_dropped_does_no_harm
        an_argument_that_panics_when_dropped_does_no_harm
    ]
    once: []
}

pub fn jobs() -> Vec<Job> {
    vec![job(catch), job(arm), job(disarm)]
}

/// FUT-28.
fn a_panic_says_what_and_where<P: Pool>(_: Folder) {
    let pool = P::of(1);
    let (message, place) = panic_in(pool.submit(fail, 7).result()).unwrap();
    assert_eq!(message, "no 7 today");
    assert!(place.starts_with(&where_fail_panics()), "{place}");
}

/// FUT-28: where a panic was that is only passed on is not known here; where
/// the one before it was is no answer.
fn a_panic_that_is_passed_on_has_no_place<P: Pool>(_: Folder) {
    let pool = P::of(1);
    assert_eq!(pool.submit(catch, 7).result(), Ok(true));
    let (message, place) = panic_in(pool.submit(pass_on, 7).result()).unwrap();
    assert_eq!((message.as_str(), place.as_str()), ("no 7", "unknown place"));
}

fn catch(n: u64) -> bool {
    catch_unwind(|| fail(n)).is_err()
}

/// FUT-29, D7.
fn a_panic_ends_neither_its_worker_nor_other_jobs<P: Pool>(_: Folder) {
    let pool = P::of(1);
    let worker = pool.submit(who, 0).result();
    let handles: Vec<_> =
        (0..16).map(|n| pool.submit(fail_every_fourth, n)).collect();
    for (handle, n) in handles.into_iter().zip(0..) {
        let result = handle.result();
        assert_eq!(result.ok(), (n % 4 != 3).then_some(n * n));
    }
    assert_eq!(pool.submit(who, 0).result(), worker);
}

/// SEC-19: a result that nobody asks for.
fn a_result_that_panics_when_dropped_does_no_harm<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let handle = pool.submit(arm, (folder.clone(), 1));
    folder.wait_for("started-1");
    drop(handle);
    folder.release([1]);
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

fn arm((folder, n): Ticket) -> Armed {
    Armed(hold((folder, n)) > 0)
}

/// SEC-19: an argument that is dropped by whoever finds its job cancelled, or
/// by whoever closes the pool.
fn an_argument_that_panics_when_dropped_does_no_harm<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    assert!(pool.submit(disarm, Armed(true)).cancel());
    folder.release([0]);
    assert_eq!(held.result(), Ok(0));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    assert_eq!(pool.submit(square, 3).result(), Ok(9));

    let held = submit_held(&pool, &folder, 1);
    folder.wait_for("started-1");
    let armed = pool.submit(disarm, Armed(true));
    pool.close(Pending::Cancel);
    assert_eq!(armed.result(), cancelled());
    folder.release([1]);
    assert_eq!(held.result(), Ok(1));
}

fn disarm(mut armed: Armed) {
    armed.0 = false;
}
