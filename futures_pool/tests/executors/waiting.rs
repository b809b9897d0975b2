//! Waiting for several jobs, for none, and in every way at once.

use std::{
    mem,
    pin::pin,
    sync::{Arc, mpsc},
    task::{Context, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use futures::executor::block_on;
use futures_pool::{
    Handle, Job, Pending, Unfinished, Until, Waited, as_completed, job, wait,
};
use serde_bytes::ByteBuf;

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        wait_returns_what_is_done_and_what_is_pending
        wait_returns_at_its_limit
        as_completed_yields_first_what_is_done_first
        a_worker_is_free_again_though_nobody_waits
        a_waiter_holds_up_no_other_job
        every_way_of_waiting_is_served
    ]
    once: []
}

pub fn jobs() -> Vec<Job> {
    vec![job(hold_or_fail), job(nap)]
}

/// FUT-14. Three jobs each time, of which number 1 fails.
fn wait_returns_what_is_done_and_what_is_pending<P: Pool>(folder: Folder) {
    use Until::{AllDone, FirstDone, FirstError};
    let pool = P::of(3);
    let table: [(Until, &[u64], &[u64]); 8] = [
        // Until, done before, done then; the rest is pending.
        (FirstDone, &[], &[0]),
        (FirstDone, &[2], &[]),
        (FirstDone, &[0, 1], &[]),
        (FirstError, &[0], &[1]),
        (FirstError, &[1], &[]),
        (FirstError, &[0, 2], &[1]),
        (AllDone, &[0], &[1, 2]),
        (AllDone, &[0, 1, 2], &[]),
    ];
    for ((end, before, then), row) in table.into_iter().zip(0..) {
        let go = |n: &u64| folder.release([3 * row + n]);
        let handles: Vec<_> = (0..3)
            .map(|n| pool.submit(hold_or_fail, (folder.clone(), 3 * row + n)))
            .collect();
        for n in before {
            go(n);
            until("a job", || handles[*n as usize].is_done());
        }
        then.iter().for_each(go);
        let Waited { done, pending } = wait(handles, end, None);
        folder.release(3 * row..3 * row + 3);
        let mut expected = [before, then].concat();
        expected.sort();
        assert_eq!(numbers(done), expected, "{end:?} {before:?} {then:?}");
        expected.extend(numbers(pending));
        expected.sort();
        assert_eq!(expected, [0, 1, 2]);
    }
}

fn hold_or_fail((folder, n): Ticket) -> u64 {
    hold((folder, n));
    if n % 3 == 1 { fail(n) } else { n % 3 }
}

/// FUT-15.
fn wait_returns_at_its_limit<P: Pool>(folder: Folder) {
    let pool = P::of(2);
    let (held, done) = (submit_held(&pool, &folder, 7), pool.submit(square, 2));
    until("a square", || done.is_done());
    let (began, limit) = (Instant::now(), Duration::from_millis(50));
    let waited = wait([held, done], Until::AllDone, Some(limit));
    assert!(began.elapsed() >= limit);
    folder.release([7]);
    assert_eq!(numbers(waited.done), [4]);
    assert_eq!(numbers(waited.pending), [7]);
    assert!(wait::<u64>([], Until::FirstDone, None).done.is_empty());
}

/// FUT-18.
fn as_completed_yields_first_what_is_done_first<P: Pool>(folder: Folder) {
    let pool = P::of(2);
    let handles = [submit_held(&pool, &folder, 0), pool.submit(square, 2)];
    let mut completed = as_completed(handles, None);
    let mut next = || {
        let (number, handle) = completed.next()?.unwrap();
        Some((number, handle.result()))
    };
    assert_eq!(next(), Some((1, Ok(4))));
    folder.release([0]);
    assert_eq!((next(), next()), (Some((0, Ok(0))), None));
    for (limit, n) in [(Duration::ZERO, 1), (Duration::from_millis(50), 3)] {
        let done = [pool.submit(square, 2), pool.submit(fail, 2)];
        done.iter().for_each(|done| until("a job", || done.is_done()));
        let held = [n, n + 1].map(|n| submit_held(&pool, &folder, n));
        let both = held.into_iter().chain(done);
        let mut completed = as_completed(both, Some(limit));
        let two: Vec<_> = completed.by_ref().take(2).flatten().collect();
        let (at, two): (Vec<_>, Vec<_>) = two.into_iter().unzip();
        assert_eq!((at, numbers(two)), (vec![2, 3], vec![4, 1]));
        let late = completed.next().unwrap().unwrap_err();
        assert_eq!(late, Unfinished { pending: 2, of: 4 });
        assert!(late.to_string().starts_with("2 (of 4)"), "{late}");
        assert!(completed.next().is_none());
        folder.release([n, n + 1]);
    }
}

/// Every way of not waiting: with a single worker, which has to be free again.
fn a_worker_is_free_again_though_nobody_waits<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    mem::forget(submit_held(&pool, &folder, 0));
    folder.release(0..10);
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    drop(submit_held(&pool, &folder, 1));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    assert!(folder.has("ended-1"), "a job runs, though its handle is dropped");

    let held = |n| submit_held(&pool, &folder, n);
    let asked = held(2);
    until("it to be done", || asked.is_done());
    let asked = held(3);
    until("it not to run", || !asked.is_running());
    let failed = pool.submit(fail, 7);
    until("its error", || failed.error().is_some());
    let (tell, told) = mpsc::channel();
    held(4).on_done({
        let tell = tell.clone();
        move |_| tell.send(4).unwrap()
    });
    assert_eq!(told.recv(), Ok(4));
    let mut polled = pin!(held(5));
    let waker = Waker::from(Arc::new(Telling(tell)));
    let mut context = Context::from_waker(&waker);
    if polled.as_mut().poll(&mut context).is_pending() {
        assert_eq!(told.recv(), Ok(0));
        assert!(polled.as_mut().poll(&mut context).is_ready());
    }
    let late = held(6).result_timeout(Duration::ZERO).unwrap_or_else(|late| {
        until("it to be done", || late.is_done());
        late.result()
    });
    assert_eq!(late, Ok(6));
    let waited = wait([held(7)], Until::AllDone, None);
    assert_eq!(numbers(waited.done), [7]);
    // And the end of a pool waits for what nobody else waits for.
    mem::forget(held(8));
    pool.shutdown(Pending::Finish);
    assert!(folder.has("ended-8"));
}

struct Telling(mpsc::Sender<u64>);

impl Wake for Telling {
    fn wake(self: Arc<Self>) {
        self.0.send(0).unwrap();
    }
}

fn a_waiter_holds_up_no_other_job<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let first = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let waiter = thread::spawn(|| first.result());
    let others: Vec<_> = (1..9).map(|n| pool.submit(square, n)).collect();
    folder.release([0]);
    // Nobody waits for these.
    others.iter().for_each(|it| until("a square", || it.is_done()));
    assert_eq!(waiter.join().unwrap(), Ok(0));
}

/// FUT-27: of three users who wait in every way there is, in no order. The same
/// numbers each time, so that only the system decides who meets whom.
fn every_way_of_waiting_is_served<P: Pool>(_: Folder) {
    for workers in [1, 2, 3] {
        let pool = P::of(workers);
        thread::scope(|all| {
            for user in 1..=3 {
                let pool = &pool;
                all.spawn(move || {
                    (0..300).for_each(|n| use_somehow(pool, user, n))
                });
            }
        });
    }
}

fn use_somehow<P: Pool>(pool: &P, user: u64, n: u64) {
    // The middle digits of a product, to go about it in no order.
    let number = (user * 1_000 + n).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let us = number / 16 % 500;
    match number % 16 {
        0 => assert_eq!(pool.submit(square, n).result(), Ok(n * n)),
        1 => assert_eq!(pool.submit(nap, us).result(), Ok(us)),
        2 => assert_eq!(block_on(pool.submit(nap, us)), Ok(us)),
        3 => drop(pool.submit(nap, us)),
        4 => mem::forget(pool.submit(nap, us)),
        5 | 6 => {
            let limit = Duration::from_micros(us / 2);
            match pool.submit(nap, us).result_timeout(limit) {
                Ok(result) => assert_eq!(result, Ok(us)),
                Err(late) => {
                    until("it to be done", || late.is_done());
                    assert_eq!(late.result(), Ok(us));
                }
            }
        }
        7 => {
            let (tell, told) = mpsc::channel();
            let job = pool.submit(nap, us);
            job.on_done(move |_| tell.send(()).unwrap());
            told.recv().unwrap();
        }
        8 => {
            let naps = (0..4).map(|more| pool.submit(nap, us + more));
            let first = wait(naps, Until::FirstDone, None);
            let limit = Some(Duration::from_micros(us));
            let rest = wait(first.pending, Until::AllDone, limit).pending;
            let still = || rest.iter().any(Handle::is_running);
            until("them not to run", || !still());
        }
        9 => {
            let naps = (0..4).map(|more| pool.submit(nap, us + more));
            for done in as_completed(naps, None) {
                let (number, nap) = done.unwrap();
                assert_eq!(nap.result(), Ok(us + number as u64));
            }
        }
        10 => {
            let squares = pool.map(square, 0..10).zip(0..);
            squares.for_each(|(square, n)| assert_eq!(square, Ok(n * n)));
        }
        11 => {
            let chunks = pool.map_with(in_chunks(3), square, 0..20);
            let some = chunks.take(4).zip(0..);
            some.for_each(|(square, n)| assert_eq!(square, Ok(n * n)));
        }
        12 => {
            let bytes = ByteBuf::from(vec![7; 100 * us as usize]);
            let back = pool.submit(large, bytes.clone()).result();
            assert!(back == Ok(bytes));
        }
        13 => {
            let nap = pool.submit(nap, us);
            let cancelled = nap.cancel();
            assert_eq!(nap.result().is_err(), cancelled);
        }
        14 => assert!(pool.submit(pass_on, 7).result().is_err()),
        _ => {
            let square = pool.submit(square, n);
            thread::sleep(Duration::from_micros(us)); // or it is late
            assert_eq!(square.result(), Ok(n * n));
        }
    }
}

/// Takes a while: what it is for is the load, not the order.
fn nap(us: u64) -> u64 {
    thread::sleep(Duration::from_micros(us));
    us
}
