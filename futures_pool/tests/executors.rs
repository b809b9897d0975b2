//! What every executor promises: each case runs on threads and on processes.
//! This program is its own worker.
//!
//! The rows named at the cases (FUT, END, SEC) are what the suites of trusted
//! systems hold, and the decisions (D) are where those disagree. That one
//! suite passes on both pools is FUT-01.
//!
//! What cannot be written down needs no case: no handle can be given twice
//! (FUT-16), for there are no two of the same job; no result can be set twice
//! (FUT-23), for a promise is kept by giving it away; no size of `map` can be
//! negative, and none but the one in [`sizes_do_not_matter`] can be 0 (FUT-04,
//! FUT-09).

mod harness;

use std::{
    cell::Cell,
    env, fs, io,
    io::Write,
    mem,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind},
    path::PathBuf,
    pin::{Pin, pin},
    process::{self, Command, ExitCode},
    sync::{Arc, Mutex, mpsc},
    task::{Context, Wake, Waker},
    thread::{self, sleep},
    time::{Duration, Instant},
};

use futures::executor::block_on;
use futures_pool::{
    Executor, Function, Handle, JobError, MapOptions, Pending, ProcessPool,
    ThreadPool, Unfinished, Until, Waited, as_completed, init, job, wait,
};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_bytes::ByteBuf;

use harness::{Belongings, Case, Room, threads, until};

fn main() -> ExitCode {
    init([
        job(square),
        job(fail),
        job(echo),
        job(who),
        job(hold),
        job(hold_or_fail),
        job(fail_every_fourth),
        job(wait_for_the_next),
        job(mark),
        job(after_the_next),
        job(be_late),
        job(is_prepared),
        job(prepare),
        job(prepare_badly),
        job(pass),
        job(spill),
        job(read),
        job(write),
        job(arm),
        job(disarm),
        job(large),
        job(nap),
        job(leave),
        job(scribble),
        job(catch),
        job(pass_on),
        job(crash),
        job(crash_and_leave),
        job(print),
        job(ask),
    ]);
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments == ["as-leftover"] {
        sleep(Duration::from_secs(5));
        return ExitCode::SUCCESS;
    }
    if let [role, room, how, pool] = &arguments[..]
        && role == "as-program"
    {
        let room = Room(room.into());
        match pool.as_str() {
            "ThreadPool" => ends_with_work_to_do::<ThreadPool>(how, &room),
            _ => ends_with_work_to_do::<ProcessPool>(how, &room),
        }
        return ExitCode::SUCCESS;
    }
    harness::run(CASES)
}

macro_rules! cases {
    (both: [$($both:ident)*] processes: [$($processes:ident)*]) => {
        &[
            $(
                (concat!(stringify!($both), "[threads]"), $both::<ThreadPool>),
                (
                    concat!(stringify!($both), "[processes]"),
                    $both::<ProcessPool>,
                ),
            )*
            $((concat!(stringify!($processes), "[processes]"), $processes),)*
        ]
    };
}

const CASES: &[Case] = cases! {
    both: [
        results_come_back
        map_keeps_the_order
        sizes_do_not_matter
        nothing_comes_of_nothing
        an_error_comes_in_its_place
        a_map_has_a_deadline
        a_deadline_is_counted_from_the_call
        being_late_is_not_the_deadline
        a_map_takes_no_more_than_it_needs
        arguments_that_fail_harm_nobody
        a_pool_has_a_size
        no_more_workers_than_told
        a_free_worker_is_used_again
        waiting_ends_when_told
        waiting_has_a_limit
        what_is_done_first_comes_first
        what_is_pending_can_be_cancelled
        what_is_cancelled_never_runs
        a_long_queue_can_be_cancelled
        a_waiter_hears_that_its_job_is_cancelled
        a_result_can_be_asked_for_again
        nobody_has_to_wait_for_a_result
        who_waits_for_one_job_holds_up_no_other
        callbacks_are_called_in_order
        callbacks_keep_their_order_while_they_are_called
        callbacks_may_use_their_pool
        whoever_waits_does_not_call_back
        a_callback_that_panics_harms_nobody
        what_panics_when_dropped_harms_nobody
        arguments_that_panic_when_dropped_harm_nobody
        a_pool_can_be_ended_by_a_callback
        an_executor_can_be_shared
        whoever_waits_in_whatever_way_is_served
        a_panic_says_what_and_where
        a_panic_that_is_passed_on_has_no_place
        a_panic_harms_nobody
        workers_are_prepared
        a_worker_that_cannot_be_prepared_breaks_the_pool
        what_is_done_is_released
        a_job_that_waits_for_its_own_pool_can_get_out
        a_closed_pool_takes_nothing
        shutting_down_finishes_what_is_pending
        shutting_down_cancels_what_is_pending
        shutting_down_can_be_repeated_and_hastened
        closing_does_not_wait
        shutting_down_is_not_held_up_by_full_pipes
        dropping_shuts_down
        a_program_ends_with_work_to_do
        five_hundred_pools_leave_nothing
    ]
    processes: [
        workers_are_there_from_the_beginning
        what_cannot_be_read_fails_alone
        a_damaged_frame_breaks_the_pool
        a_worker_that_leaves_breaks_the_pool
        a_worker_that_leaves_can_be_replaced
        a_worker_that_crashes_breaks_the_pool
        what_it_started_delays_nobody
        what_a_job_prints_does_not_disturb
        a_job_that_asks_hears_nothing
        jobs_that_are_not_listed_are_refused
        jobs_are_listed_once
        closures_are_not_jobs
    ]
};

/// What the suite needs of a pool, besides [`Executor`].
trait Pool: Executor + Send + Sync + 'static {
    fn of(workers: usize) -> io::Result<Self>;
    fn of_any_size() -> Self;
    fn prepared(prepare: impl Function<(), ()> + Sync) -> Self;
    /// How many workers live now.
    fn living(&self) -> usize;
}

impl Pool for ThreadPool {
    fn of(workers: usize) -> io::Result<ThreadPool> {
        ThreadPool::new(workers)
    }

    fn of_any_size() -> ThreadPool {
        ThreadPool::builder().build().unwrap()
    }

    fn prepared(prepare: impl Function<(), ()> + Sync) -> ThreadPool {
        let two = ThreadPool::builder().workers(2);
        two.prepare(prepare).build().unwrap()
    }

    fn living(&self) -> usize {
        threads("crew-").len()
    }
}

impl Pool for ProcessPool {
    fn of(workers: usize) -> io::Result<ProcessPool> {
        ProcessPool::new(workers)
    }

    fn of_any_size() -> ProcessPool {
        ProcessPool::builder().build().unwrap()
    }

    fn prepared(prepare: impl Function<(), ()> + Sync) -> ProcessPool {
        ProcessPool::builder().workers(2).prepare(prepare).build().unwrap()
    }

    fn living(&self) -> usize {
        self.pids().len()
    }
}

fn square(n: u64) -> u64 {
    n * n
}

fn fail(n: u64) -> u64 {
    panic!("no {n} today")
}

fn fail_every_fourth(n: u64) -> u64 {
    if n % 4 == 3 { fail(n) } else { square(n) }
}

type Letter = (String, Option<i64>, Vec<u8>, f64);

fn echo(letter: Letter) -> Letter {
    letter
}

/// The worker that has this job.
fn who(_: u64) -> String {
    format!("{} {:?}", process::id(), thread::current().id())
}

/// A job with a place where it can be told to go on, and what has happened.
type Ticket = (Room, u64);

/// Is there until it is told to go.
fn hold((room, n): Ticket) -> u64 {
    room.tell(format!("started-{n}"));
    room.hear(format!("go-{n}"));
    room.tell(format!("ended-{n}"));
    n
}

fn mark((room, n): Ticket) -> u64 {
    room.tell(format!("ended-{n}"));
    n
}

/// Each is done after the next one; there are four.
fn after_the_next((room, n): Ticket) -> u64 {
    if n < 3 {
        room.hear(format!("ended-{}", n + 1));
    }
    mark((room, n))
}

/// Has a time limit of its own, which for 2 is too short.
fn be_late(n: u64) -> Result<u64, JobError> {
    if n == 2 { Err(JobError::TimedOut) } else { Ok(n) }
}

thread_local! {
    static PREPARED: Cell<bool> = const { Cell::new(false) };
}

fn prepare(_: ()) {
    PREPARED.set(true);
}

fn prepare_badly(_: ()) {
    panic!("no water")
}

fn is_prepared((room, n): Ticket) -> bool {
    hold((room, n));
    PREPARED.get()
}

fn submit_held<P: Pool>(pool: &P, room: &Room, n: u64) -> Handle<u64> {
    pool.submit(hold, (room.clone(), n))
}

/// FUT-02.
fn results_come_back<P: Pool>(_: Room) {
    let pool = P::of(3).unwrap();
    let handles: Vec<_> = (0..100).map(|n| pool.submit(square, n)).collect();
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n * n));
    }
    let letter: Letter = ("Käse".into(), None, vec![0, 255, 10], -0.1);
    assert_eq!(pool.submit(echo, letter.clone()).result(), Ok(letter));
}

/// FUT-03.
fn map_keeps_the_order<P: Pool>(room: Room) {
    let pool = P::of(4).unwrap();
    let tickets = (0..4).map(|n| (room.clone(), n));
    let results: Vec<_> = pool.map(after_the_next, tickets).collect();
    assert_eq!(results, (0..4).map(Ok).collect::<Vec<_>>());
}

/// FUT-04.
fn sizes_do_not_matter<P: Pool>(_: Room) {
    let pool = P::of(2).unwrap();
    let squares: Vec<_> = (0..40).map(|n| Ok(n * n)).collect();
    for size in [1, 6, 40, 50] {
        let results = pool.map_with(MapOptions::chunk(size), square, 0..40);
        assert_eq!(results.collect::<Vec<_>>(), squares, "{size}");
    }
    assert!(catch_unwind(|| MapOptions::chunk(0)).is_err());
}

/// FUT-05.
fn nothing_comes_of_nothing<P: Pool>(_: Room) {
    let pool = P::of(2).unwrap();
    assert_eq!(pool.map(square, []).count(), 0);
    assert_eq!(pool.map_with(MapOptions::chunk(6), square, []).count(), 0);
    assert_eq!(pool.submit_chunk(square, vec![]).result(), Ok(vec![]));
}

/// FUT-06, D4.
fn an_error_comes_in_its_place<P: Pool>(_: Room) {
    let pool = P::of(2).unwrap();
    for size in [1, 3, 10] {
        let options = MapOptions::chunk(size);
        let results = pool.map_with(options, fail_every_fourth, 0..10);
        for (result, n) in results.zip(0..) {
            match result {
                Err(JobError::Panicked { message, .. }) if n % 4 == 3 => {
                    assert_eq!(message, format!("no {n} today"));
                }
                other => assert_eq!(other, Ok(n * n), "{size}"),
            }
        }
    }
}

/// FUT-07.
fn a_map_has_a_deadline<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let within = Some(Duration::from_millis(200));
    let options = MapOptions { within, ..MapOptions::default() };
    let tickets = (0..3).map(|n| (room.clone(), n));
    room.release([0]);
    let mut results = pool.map_with(options, hold, tickets);
    assert_eq!(results.next(), Some(Ok(0)));
    assert_eq!(results.next(), Some(Err(JobError::TimedOut)));
    assert_eq!(results.next(), None);
    room.release([1]);
    pool.shutdown(Pending::Finish);
    assert!(room.knows("ended-1") && !room.knows("started-2"));
}

/// FUT-07: a guest who asks late gets nothing, and nothing is begun for him.
fn a_deadline_is_counted_from_the_call<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let within = Some(Duration::from_millis(50));
    let options = MapOptions { within, ..MapOptions::default() };
    let tickets = (0..3).map(|n| (room.clone(), n));
    let busy = submit_held(&pool, &room, 9);
    let called = Instant::now();
    let mut results = pool.map_with(options, mark, tickets);
    until("the deadline", || called.elapsed() > Duration::from_millis(50));
    assert_eq!(results.next(), Some(Err(JobError::TimedOut)));
    assert_eq!(results.next(), None);
    room.release([9]);
    pool.shutdown(Pending::Finish);
    assert!(busy.is_done());
    assert_eq!(room.count("ended-"), 1);
}

/// FUT-08, D8.
fn being_late_is_not_the_deadline<P: Pool>(_: Room) {
    let pool = P::of(1).unwrap();
    let within = Some(Duration::from_secs(20));
    let options = MapOptions { within, ..MapOptions::default() };
    let results: Vec<_> = pool.map_with(options, be_late, 0..4).collect();
    let late = Ok(Err(JobError::TimedOut));
    assert_eq!(results, [Ok(Ok(0)), Ok(Ok(1)), late.clone(), Ok(Ok(3))]);
    let outcome = pool.submit(be_late, 2).result_timeout(Duration::MAX);
    assert_eq!(outcome.expect("it is done"), late);
}

/// FUT-09.
fn a_map_takes_no_more_than_it_needs<P: Pool>(_: Room) {
    let pool = P::of(2).unwrap();
    let taken = Cell::new(0);
    let endless = (0..).inspect(|_| taken.set(taken.get() + 1));
    let options = MapOptions { ahead: NonZero::new(3), ..MapOptions::chunk(2) };
    let mut results = pool.map_with(options, square, endless);
    assert_eq!(taken.get(), 6);
    for (n, expected) in [6, 6, 8, 8, 10].into_iter().enumerate() {
        let n = n as u64;
        assert_eq!(results.next(), Some(Ok(n * n)));
        assert_eq!(taken.get(), expected);
    }
}

/// FUT-10.
fn arguments_that_fail_harm_nobody<P: Pool>(_: Room) {
    let pool = P::of(2).unwrap();
    for _ in 0..2 {
        let arguments = (0..10).map(|n| if n == 5 { fail(n) } else { n });
        let mapped = || pool.map(square, arguments).count();
        let payload = catch_unwind(AssertUnwindSafe(mapped)).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"no 5 today".to_string()));
        assert_eq!(pool.submit(square, 3).result(), Ok(9));
    }
}

/// FUT-11.
fn a_pool_has_a_size<P: Pool>(_: Room) {
    let none = P::of(0).err().unwrap();
    assert_eq!(none.kind(), io::ErrorKind::InvalidInput);
    let cores = thread::available_parallelism().unwrap().get();
    assert_eq!(P::of_any_size().workers(), cores);
    // From here on this thread, and what it starts, has one core.
    let mut one = CpuSet::new();
    let allowed = nix::sched::sched_getaffinity(Pid::from_raw(0)).unwrap();
    let core = (0..CpuSet::count()).find(|n| allowed.is_set(*n).unwrap());
    one.set(core.unwrap()).unwrap();
    sched_setaffinity(Pid::from_raw(0), &one).unwrap();
    assert_eq!(P::of_any_size().workers(), 1);
}

/// FUT-12.
fn no_more_workers_than_told<P: Pool>(room: Room) {
    let pool = P::of(3).unwrap();
    let handles: Vec<_> =
        (0..45).map(|n| submit_held(&pool, &room, n)).collect();
    for n in 0..45 {
        let started = || room.count("started-") as u64;
        let all = (n + 3).min(45);
        until("three to have begun", || started() >= all);
        assert_eq!(started(), all);
        assert_eq!(pool.living(), 3);
        room.release([n]);
    }
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n));
    }
}

/// FUT-13.
fn a_free_worker_is_used_again<P: Pool>(room: Room) {
    let pool = P::of(4).unwrap();
    if pool.living() == 4 {
        // They are all started at once: let all be there before it counts.
        let held: Vec<_> =
            (0..4).map(|n| submit_held(&pool, &room, n)).collect();
        room.release(0..4);
        assert_eq!(numbers(held), [0, 1, 2, 3]);
    }
    let living = pool.living().max(1);
    let first = pool.submit(who, 0).result();
    for n in 1..10 {
        assert_eq!(pool.submit(who, n).result(), first);
    }
    assert_eq!(pool.living(), living);
}

/// FUT-14. Three jobs each time, of which number 1 fails.
fn waiting_ends_when_told<P: Pool>(room: Room) {
    use Until::{AllDone, FirstDone, FirstError};
    let pool = P::of(3).unwrap();
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
        let go = |n: &u64| room.release([3 * row + n]);
        let handles: Vec<_> = (0..3)
            .map(|n| pool.submit(hold_or_fail, (room.clone(), 3 * row + n)))
            .collect();
        for n in before {
            go(n);
            until("a job", || handles[*n as usize].is_done());
        }
        then.iter().for_each(go);
        let Waited { done, pending } = wait(handles, end, None);
        room.release(3 * row..3 * row + 3);
        let mut expected = [before, then].concat();
        expected.sort();
        assert_eq!(numbers(done), expected, "{end:?} {before:?} {then:?}");
        expected.extend(numbers(pending));
        expected.sort();
        assert_eq!(expected, [0, 1, 2]);
    }
}

fn hold_or_fail((room, n): Ticket) -> u64 {
    hold((room, n));
    if n % 3 == 1 { fail(n) } else { n % 3 }
}

fn numbers(handles: Vec<Handle<u64>>) -> Vec<u64> {
    handles.into_iter().map(|h| h.result().unwrap_or(1)).collect()
}

/// FUT-15.
fn waiting_has_a_limit<P: Pool>(room: Room) {
    let pool = P::of(2).unwrap();
    let (held, done) = (submit_held(&pool, &room, 7), pool.submit(square, 2));
    until("a square", || done.is_done());
    let (began, limit) = (Instant::now(), Duration::from_millis(50));
    let waited = wait([held, done], Until::AllDone, Some(limit));
    assert!((1..20).contains(&(began.elapsed().as_millis() / 50)));
    room.release([7]);
    assert_eq!(numbers(waited.done), [4]);
    assert_eq!(numbers(waited.pending), [7]);
    assert!(wait::<u64>([], Until::FirstDone, None).done.is_empty());
}

/// FUT-18.
fn what_is_done_first_comes_first<P: Pool>(room: Room) {
    let pool = P::of(2).unwrap();
    let handles = [submit_held(&pool, &room, 0), pool.submit(square, 2)];
    let mut completed = as_completed(handles, None);
    let mut next = || {
        let (number, handle) = completed.next()?.unwrap();
        Some((number, handle.result()))
    };
    assert_eq!(next(), Some((1, Ok(4))));
    room.release([0]);
    assert_eq!((next(), next()), (Some((0, Ok(0))), None));
    for (limit, n) in [(Duration::ZERO, 1), (Duration::from_millis(50), 3)] {
        let done = [pool.submit(square, 2), pool.submit(fail, 2)];
        done.iter().for_each(|done| until("a job", || done.is_done()));
        let held = [n, n + 1].map(|n| submit_held(&pool, &room, n));
        let both = held.into_iter().chain(done);
        let mut completed = as_completed(both, Some(limit));
        let two: Vec<_> = completed.by_ref().take(2).flatten().collect();
        let (at, two): (Vec<_>, Vec<_>) = two.into_iter().unzip();
        assert_eq!((at, numbers(two)), (vec![2, 3], vec![4, 1]));
        let late = completed.next().unwrap().unwrap_err();
        assert_eq!(late, Unfinished { pending: 2, of: 4 });
        assert!(late.to_string().starts_with("2 (of 4)"), "{late}");
        assert!(completed.next().is_none());
        room.release([n, n + 1]);
    }
}

/// FUT-19, D3.
fn what_is_pending_can_be_cancelled<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let (good, bad) = (pool.submit(square, 2), pool.submit(fail, 2));
    let (running, pending) =
        (submit_held(&pool, &room, 0), pool.submit(square, 3));
    room.hear("started-0");
    let table = [
        // Its job, running, done, and whether it can be cancelled.
        (&good, false, true, false),
        (&bad, false, true, false),
        (&running, true, false, false),
        (&pending, false, false, true),
        (&pending, false, true, true),
    ];
    for (handle, running, done, cancels) in table {
        let state = (handle.is_running(), handle.is_done());
        assert_eq!(state, (running, done), "{handle:?}");
        assert_eq!(handle.cancel(), cancels, "{handle:?}");
        assert_eq!(handle.is_cancelled(), cancels, "{handle:?}");
    }
    room.release([0]);
    assert_eq!(running.result(), Ok(0));
    assert_eq!(good.result(), Ok(4));
    assert_eq!(pending.result(), Err(JobError::Cancelled));
}

/// FUT-20.
fn what_is_cancelled_never_runs<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let held = submit_held(&pool, &room, 0);
    let mut marks: Vec<_> =
        (1..9).map(|n| pool.submit(mark, (room.clone(), n))).collect();
    let last = marks.pop().unwrap();
    assert!(marks.iter().all(Handle::cancel));
    room.release([0]);
    assert_eq!((held.result(), last.result()), (Ok(0), Ok(8)));
    assert_eq!(room.count("ended-"), 2);
    for mark in marks {
        assert_eq!(mark.result(), Err(JobError::Cancelled));
    }
}

/// FUT-20: all of it is put away by whoever finds it.
fn a_long_queue_can_be_cancelled<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let held = submit_held(&pool, &room, 0);
    room.hear("started-0");
    let queue: Vec<_> = (0..50_000).map(|n| pool.submit(square, n)).collect();
    assert!(queue.iter().all(Handle::cancel));
    room.release([0]);
    assert_eq!(held.result(), Ok(0));
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// FUT-21. Whoever waits for a result has given the handle away: it is the pool
/// that can still cancel the job.
fn a_waiter_hears_that_its_job_is_cancelled<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let held = submit_held(&pool, &room, 0);
    room.hear("started-0");
    thread::scope(|all| {
        let name = |n| thread::Builder::new().name(format!("waiter-{n}"));
        let waiters = [1, 2, 3].map(|n| {
            let handle = pool.submit(square, n);
            name(n).spawn_scoped(all, || handle.result()).unwrap()
        });
        until("three that sleep", || {
            let sleeps = |status: &String| status.contains("S (sleeping)");
            threads("waiter-").iter().filter(|s| sleeps(s)).count() == 3
        });
        pool.close(Pending::Cancel);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Err(JobError::Cancelled));
        }
    });
    room.release([0]);
    assert_eq!(held.result(), Ok(0));
}

/// FUT-22.
fn a_result_can_be_asked_for_again<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    // Nobody has it yet, and a worker has it.
    let first = submit_held(&pool, &room, 0);
    let mut handle = submit_held(&pool, &room, 1);
    for _ in 0..3 {
        let limit = Duration::from_millis(20);
        handle = handle.result_timeout(limit).expect_err("it is pending");
        assert_eq!(handle.error(), None);
        room.release([0]);
        room.hear("started-1");
    }
    room.release([1]);
    assert_eq!(handle.result_timeout(Duration::MAX).unwrap(), Ok(1));
    assert_eq!(first.result_timeout(Duration::ZERO).unwrap(), Ok(0));
    let bad = pool.submit(fail, 1);
    until("an error", || bad.error().is_some());
}

/// Every way of not waiting: with a single worker, which has to be free again.
fn nobody_has_to_wait_for_a_result<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    mem::forget(submit_held(&pool, &room, 0));
    room.release(0..10);
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    drop(submit_held(&pool, &room, 1));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));

    let held = |n| submit_held(&pool, &room, n);
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
    assert!(room.knows("ended-8"));
}

struct Telling(mpsc::Sender<u64>);

impl Wake for Telling {
    fn wake(self: Arc<Self>) {
        self.0.send(0).unwrap();
    }
}

fn who_waits_for_one_job_holds_up_no_other<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let first = submit_held(&pool, &room, 0);
    room.hear("started-0");
    let waiter = thread::spawn(|| first.result());
    let others: Vec<_> = (1..9).map(|n| pool.submit(square, n)).collect();
    room.release([0]);
    // Nobody waits for these.
    others.iter().for_each(|it| until("a square", || it.is_done()));
    assert_eq!(waiter.join().unwrap(), Ok(0));
}

/// FUT-24.
fn callbacks_are_called_in_order<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    for (outcome, n) in ["none", "panicked", "cancelled"].into_iter().zip(0..) {
        let held = submit_held(&pool, &room, n);
        let handle = match outcome {
            "panicked" => pool.submit(fail, 2),
            _ => pool.submit(square, 2),
        };
        let (called, calls) = mpsc::channel();
        let note = |number| {
            let called = called.clone();
            handle.on_done(move |error| {
                let error = error.map_or("none".into(), ToString::to_string);
                called.send((number, error)).unwrap();
            });
        };
        [1, 2].into_iter().for_each(note);
        if outcome == "cancelled" {
            assert!(handle.cancel());
        }
        room.release([n]);
        assert_eq!(held.result(), Ok(n));
        until("the job", || handle.is_done());
        note(3);
        for number in [1, 2, 3] {
            let (n, error) = calls.recv().unwrap();
            assert!(n == number && error.contains(outcome), "{n} {error}");
        }
        assert!(calls.try_recv().is_err());
    }
}

/// FUT-24: one that is added meanwhile does not overtake.
fn callbacks_keep_their_order_while_they_are_called<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let handle = submit_held(&pool, &room, 0);
    let (called, calls) = mpsc::channel();
    let (first, second) = (called.clone(), called);
    let its = room.clone();
    handle.on_done(move |_| {
        its.tell("called");
        its.hear("go-1");
        first.send(1).unwrap();
    });
    room.release([0]);
    room.hear("called");
    handle.on_done(move |_| second.send(2).unwrap());
    room.release([1]);
    assert_eq!(calls.iter().collect::<Vec<_>>(), [1, 2]);
}

/// One of the workers may be busy with the callback.
fn callbacks_may_use_their_pool<P: Pool>(room: Room) {
    let pool = Arc::new(P::of(2).unwrap());
    let (tell, told) = mpsc::channel();
    let job = submit_held(&*pool, &room, 0);
    let its = pool.clone();
    job.on_done(move |_| {
        tell.send(its.submit(square, 3).result()).unwrap();
    });
    room.release([0]);
    assert_eq!(told.recv().unwrap(), Ok(9));
    drop(job);
}

/// It may have a lock that the callback wants.
fn whoever_waits_does_not_call_back<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let taken = Arc::new(Mutex::new(0));
    for n in 0..10 {
        let job = submit_held(&pool, &room, n);
        let its = taken.clone();
        job.on_done(move |_| *its.lock().unwrap() += 1);
        let count = taken.lock().unwrap();
        room.release([n]);
        assert_eq!(job.result(), Ok(n));
        drop(count);
        until("the callback", || *taken.lock().unwrap() == n + 1);
    }
}

/// FUT-25, SEC-19: and no waker either.
fn a_callback_that_panics_harms_nobody<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let mut held = submit_held(&pool, &room, 0);
    let alarm = Arc::new(Alarm).into();
    let mut context = Context::from_waker(&alarm);
    assert!(Pin::new(&mut held).poll(&mut context).is_pending());
    let (called, calls) = mpsc::channel();
    held.on_done(|_| panic!("spilt"));
    held.on_done(|_| panic_any(Armed(true)));
    held.on_done(move |_| called.send("later").unwrap());
    room.release([0]);
    assert_eq!(calls.recv(), Ok("later"));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
}

struct Alarm;

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        panic!("too early")
    }
}

/// Panics when it is dropped.
#[derive(Serialize, Deserialize)]
struct Armed(bool);

impl Drop for Armed {
    fn drop(&mut self) {
        assert!(!self.0 || thread::panicking(), "dropped");
    }
}

fn arm((room, n): Ticket) -> Armed {
    Armed(hold((room, n)) > 0)
}

/// SEC-19: a result that nobody asks for.
fn what_panics_when_dropped_harms_nobody<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let handle = pool.submit(arm, (room.clone(), 1));
    room.hear("started-1");
    drop(handle);
    room.release([1]);
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// SEC-19: an argument that is dropped by whoever finds its job cancelled, or by
/// whoever closes the pool.
fn arguments_that_panic_when_dropped_harm_nobody<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let held = submit_held(&pool, &room, 0);
    room.hear("started-0");
    assert!(pool.submit(disarm, Armed(true)).cancel());
    room.release([0]);
    assert_eq!(held.result(), Ok(0));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
    assert_eq!(pool.submit(square, 3).result(), Ok(9));

    let held = submit_held(&pool, &room, 1);
    room.hear("started-1");
    let armed = pool.submit(disarm, Armed(true));
    pool.close(Pending::Cancel);
    assert_eq!(armed.result(), Err(JobError::Cancelled));
    room.release([1]);
    assert_eq!(held.result(), Ok(1));
}

fn disarm(mut armed: Armed) {
    armed.0 = false;
}

/// END-04: while it is being ended from elsewhere, too.
fn a_pool_can_be_ended_by_a_callback<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let held = submit_held(&pool, &room, 0);
    room.hear("started-0");
    let pending = pool.submit(square, 2);
    thread::scope(|all| {
        let (pool, (ended, end)) = (Arc::new(&pool), mpsc::channel());
        // A callback may not borrow, so a thread of its own ends the pool for
        // it, and the callback waits for that.
        let (call, called) = mpsc::channel::<()>();
        let its = pool.clone();
        all.spawn(move || {
            called.recv().unwrap();
            its.shutdown(Pending::Cancel);
            ended.send(()).unwrap();
        });
        held.on_done(move |_| {
            call.send(()).unwrap();
            end.recv().unwrap();
        });
        room.release([0]);
        pool.shutdown(Pending::Finish);
    });
    assert!(held.is_done() && pending.is_done());
}

/// FUT-27.
fn an_executor_can_be_shared<P: Pool>(_: Room) {
    let pool = P::of(3).unwrap();
    let use_it = |guest: u64| {
        let numbers = 100 * guest..100 * guest + 30;
        let handles: Vec<_> =
            numbers.clone().map(|n| pool.submit(square, n)).collect();
        let mapped: Vec<_> = pool.map(square, numbers.clone()).collect();
        for ((handle, n), mapped) in
            handles.into_iter().zip(numbers).zip(mapped)
        {
            assert_eq!(mapped, Ok(n * n));
            let cancelled = n % 2 == 1 && handle.cancel();
            let expected =
                if cancelled { Err(JobError::Cancelled) } else { mapped };
            assert_eq!(handle.result(), expected);
        }
    };
    thread::scope(|all| {
        (0..10).for_each(|guest| drop(all.spawn(move || use_it(guest))));
    });
}

fn nap(us: u64) -> u64 {
    sleep(Duration::from_micros(us));
    us
}

/// FUT-27: three users who wait in every way there is, in no order. The same
/// numbers each time, so that only the system decides who meets whom.
fn whoever_waits_in_whatever_way_is_served<P: Pool>(_: Room) {
    for workers in [1, 2, 3] {
        let pool = P::of(workers).unwrap();
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
            let chunks = pool.map_with(MapOptions::chunk(3), square, 0..20);
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
            sleep(Duration::from_micros(us));
            assert_eq!(square.result(), Ok(n * n));
        }
    }
}

/// FUT-28.
fn a_panic_says_what_and_where<P: Pool>(_: Room) {
    let pool = P::of(1).unwrap();
    let line = include_str!("executors.rs").lines();
    let line = 1 + line.take_while(|l| !l.contains("panic!(\"no {n}")).count();
    let Err(JobError::Panicked { message, place }) =
        pool.submit(fail, 7).result()
    else {
        panic!("it does not panic")
    };
    assert_eq!(message, "no 7 today");
    assert!(place.starts_with(&format!("{}:{line}:", file!())), "{place}");
}

/// FUT-28: where a panic was that is only passed on is not known here; where
/// the one before it was is no answer.
fn a_panic_that_is_passed_on_has_no_place<P: Pool>(_: Room) {
    let pool = P::of(1).unwrap();
    assert_eq!(pool.submit(catch, 7).result(), Ok(true));
    let Err(JobError::Panicked { message, place }) =
        pool.submit(pass_on, 7).result()
    else {
        panic!("it does not panic")
    };
    assert_eq!((message.as_str(), place.as_str()), ("no 7", "unknown place"));
}

fn catch(n: u64) -> bool {
    catch_unwind(|| fail(n)).is_err()
}

fn pass_on(n: u64) -> bool {
    resume_unwind(Box::new(format!("no {n}")))
}

/// FUT-29, D7.
fn a_panic_harms_nobody<P: Pool>(_: Room) {
    let pool = P::of(1).unwrap();
    let worker = pool.submit(who, 0).result();
    let handles: Vec<_> =
        (0..16).map(|n| pool.submit(fail_every_fourth, n)).collect();
    for (handle, n) in handles.into_iter().zip(0..) {
        let result = handle.result();
        assert_eq!(result.ok(), (n % 4 != 3).then_some(n * n));
    }
    assert_eq!(pool.submit(who, 0).result(), worker);
}

/// FUT-30.
fn workers_are_prepared<P: Pool>(room: Room) {
    let pool = P::prepared(prepare);
    let handles = [0, 1].map(|n| pool.submit(is_prepared, (room.clone(), n)));
    (0..2).for_each(|n| room.hear(format!("started-{n}"))); // both
    room.release(0..2);
    assert_eq!(handles.map(Handle::result), [Ok(true), Ok(true)]);
}

/// FUT-31.
fn a_worker_that_cannot_be_prepared_breaks_the_pool<P: Pool>(_: Room) {
    let pool = P::prepared(prepare_badly);
    let handles: Vec<_> = (0..5).map(|n| pool.submit(square, n)).collect();
    for handle in handles {
        let broken = handle.result().unwrap_err();
        assert!(matches!(broken, JobError::Broken(_)), "{broken:?}");
        assert!(broken.to_string().contains("no water"), "{broken}");
        assert_eq!(pool.submit(square, 1).result(), Err(broken));
    }
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

/// FUT-32.
fn what_is_done_is_released<P: Pool>(_: Room) {
    let pool = P::of(1).unwrap();
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

/// FUT-33. A bounded wait, here and in the job, is the way out.
fn a_job_that_waits_for_its_own_pool_can_get_out<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let tickets = [0, 1].map(|n| (room.clone(), n));
    let [waits, helps] = tickets.map(|t| pool.submit(wait_for_the_next, t));
    room.hear("started-0");
    let limit = Duration::from_millis(20);
    let helps = helps.result_timeout(limit).expect_err("it cannot begin");
    assert_eq!(waits.result(), Ok(false));
    assert_eq!(helps.result(), Ok(false));
}

/// Whether the next one is done while this one waits.
fn wait_for_the_next((room, n): Ticket) -> bool {
    room.tell(format!("started-{n}"));
    let began = Instant::now();
    while !room.knows(format!("ended-{}", n + 1)) {
        if began.elapsed() > Duration::from_millis(100) {
            mark((room, n));
            return false;
        }
        sleep(Duration::from_millis(1));
    }
    true
}

/// END-01.
fn a_closed_pool_takes_nothing<P: Pool>(_: Room) {
    for end in [P::close, P::shutdown] {
        let pool = P::of(1).unwrap();
        let early = pool.submit(square, 2);
        end(&pool, Pending::Finish);
        let late = pool.submit(square, 3);
        assert_eq!(late.error(), Some(JobError::Closed));
        assert_eq!(pool.map(square, [3]).next(), Some(Err(JobError::Closed)));
        assert_eq!(early.result(), Ok(4));
    }
}

/// END-02, END-09: there are no markers to stop by, and no slots for them.
fn shutting_down_finishes_what_is_pending<P: Pool>(_: Room) {
    for (workers, jobs) in [(2, 50), (8, 1), (1, 5_000), (4, 0)] {
        let pool = P::of(workers).unwrap();
        let handles: Vec<_> =
            (0..jobs).map(|n| pool.submit(square, n)).collect();
        pool.shutdown(Pending::Finish);
        assert!(handles.iter().all(Handle::is_done));
        for (handle, n) in handles.into_iter().zip(0..) {
            assert_eq!(handle.result(), Ok(n * n));
        }
    }
}

/// END-03.
fn shutting_down_cancels_what_is_pending<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let held = submit_held(&pool, &room, 0);
    let pending: Vec<_> = (1..50).map(|n| pool.submit(square, n)).collect();
    room.hear("started-0");
    pool.close(Pending::Cancel);
    assert!(pending.iter().all(Handle::is_cancelled));
    room.release([0]);
    pool.shutdown(Pending::Cancel);
    assert_eq!(held.result_timeout(Duration::ZERO).unwrap(), Ok(0));
}

/// END-04.
fn shutting_down_can_be_repeated_and_hastened<P: Pool>(room: Room) {
    let pool = P::of(1).unwrap();
    let held = submit_held(&pool, &room, 0);
    let pending: Vec<_> = (1..20).map(|n| pool.submit(square, n)).collect();
    room.hear("started-0");
    thread::scope(|all| {
        all.spawn(|| pool.shutdown(Pending::Finish));
        let closed = || pool.submit(square, 1).error().is_some();
        until("the first one", closed);
        all.spawn(|| pool.shutdown(Pending::Cancel));
        let waited = wait(pending, Until::AllDone, None);
        assert!(waited.done.iter().all(Handle::is_cancelled));
        room.release([0]);
    });
    assert_eq!(held.result(), Ok(0));
    pool.shutdown(Pending::Finish);
    pool.close(Pending::Cancel);
}

/// END-05: and all is put away, though the pool itself lives on.
fn closing_does_not_wait<P: Pool>(room: Room) {
    let before = Belongings::now();
    let pool = P::of(2).unwrap();
    let held = [0, 1].map(|n| submit_held(&pool, &room, n));
    let pending: Vec<_> = (2..9).map(|n| pool.submit(square, n)).collect();
    pool.close(Pending::Finish);
    assert!(!held.iter().chain(&pending).any(Handle::is_done));
    assert!(before != Belongings::now());
    room.release(0..2);
    for (handle, n) in pending.into_iter().zip(2..) {
        assert_eq!(handle.result(), Ok(n * n));
    }
    before.are_left().unwrap();
}

fn large(bytes: ByteBuf) -> ByteBuf {
    bytes
}

/// END-09: more on its way to and from the workers than pipes can hold.
fn shutting_down_is_not_held_up_by_full_pipes<P: Pool>(_: Room) {
    let pool = P::of(2).unwrap();
    let bytes = ByteBuf::from(vec![7; 3 << 20]);
    let handles: Vec<_> =
        (0..6).map(|_| pool.submit(large, bytes.clone())).collect();
    pool.shutdown(Pending::Finish);
    for handle in handles {
        assert!(handle.result().is_ok_and(|same| same == bytes));
    }
}

/// END-10.
fn dropping_shuts_down<P: Pool>(room: Room) {
    let before = Belongings::now();
    let pool = P::of(2).unwrap();
    let handles: Vec<_> =
        (0..50).map(|n| pool.submit(mark, (room.clone(), n))).collect();
    drop(pool);
    assert_eq!(room.count("ended-"), 50);
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n));
    }
    before.are_left().unwrap();
}

/// END-06, END-07, D5: how this program ends is told by its arguments.
fn a_program_ends_with_work_to_do<P: Pool>(room: Room) {
    let table = [
        // How it ends, what was started, and what ends before it.
        ("by returning", 9, 9),
        ("after closing", 9, 9),
        ("by exit", 1, 0),
    ];
    for ((how, started, ended), n) in table.into_iter().zip(0..) {
        let room = Room(room.0.join(n.to_string()));
        fs::create_dir(&room.0).unwrap();
        let pool = std::any::type_name::<P>().rsplit("::").next().unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .arg("as-program")
            .arg(&room.0)
            .args([how, pool])
            .output() // all that it has started has ended, too
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{how}: {said}");
        let counts = (room.count("started-"), room.count("ended-"));
        assert_eq!(counts, (started, ended), "{how}");
    }
}

fn ends_with_work_to_do<P: Pool>(how: &str, room: &Room) {
    let pool = P::of(1).unwrap();
    (0..9).for_each(|n| drop(submit_held(&pool, room, n)));
    room.hear("started-0");
    match how {
        "by exit" => process::exit(0),
        "after closing" => pool.close(Pending::Finish),
        _ => {}
    }
    room.release(0..9);
}

/// SEC-14.
fn five_hundred_pools_leave_nothing<P: Pool>(_: Room) {
    let before = Belongings::now();
    for n in 0..500 {
        let pool = P::of(2).unwrap();
        let handles = [n, n + 1].map(|n| pool.submit(square, n));
        assert_eq!(
            handles.map(Handle::result),
            [Ok(n * n), Ok((n + 1).pow(2))]
        );
    }
    before.are_left().unwrap();
}

fn workers_are_there_from_the_beginning(_: Room) {
    for _ in 0..200 {
        assert_eq!(ProcessPool::new(4).unwrap().pids().len(), 4);
    }
}

/// Can be written, but not read, if it is bad.
#[derive(Debug, PartialEq, Serialize)]
enum Dish {
    Good,
    Bad,
    Worse,
}

impl<'de> Deserialize<'de> for Dish {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Dish, D::Error> {
        match u32::deserialize(reader)? {
            0 => Ok(Dish::Good),
            1 => Err(de::Error::custom("bad")),
            _ => panic!("worse"),
        }
    }
}

fn read(dish: Dish) -> u64 {
    dish as u64
}

fn write(n: u64) -> Dish {
    [Dish::Good, Dish::Bad, Dish::Worse].into_iter().nth(n as usize).unwrap()
}

/// D1: neither an argument, by the worker, nor a result, by the pool.
fn what_cannot_be_read_fails_alone(_: Room) {
    let pool = ProcessPool::new(1).unwrap();
    let worker = pool.submit(who, 0).result();
    let fails_to_read = |error: Option<JobError>| match error {
        Some(JobError::Decode(_)) => "it says so",
        Some(JobError::Panicked { .. }) => "it panics",
        _ => "something else",
    };
    let table = [(Dish::Bad, "it says so"), (Dish::Worse, "it panics")];
    for ((dish, how), n) in table.into_iter().zip(1..) {
        let argument = pool.submit(read, dish).result();
        assert_eq!(fails_to_read(argument.err()), how);
        let result = pool.submit(write, n).result();
        assert_eq!(fails_to_read(result.err()), how);
        let nobody_asks = pool.submit(write, n);
        drop(nobody_asks);
    }
    assert_eq!(pool.submit(read, Dish::Good).result(), Ok(0));
    assert_eq!(pool.submit(who, 0).result(), worker);
}

/// Writes what is no frame where frames are expected.
fn scribble(_: u64) {
    let own = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let is_pipe = |path: &PathBuf| {
        let target = fs::read_link(path).unwrap_or_default();
        target.to_string_lossy().starts_with("pipe:")
    };
    // The second of the two, as they are numbered.
    let replies = own.map(|entry| entry.path()).filter(is_pipe).max().unwrap();
    let mut replies = fs::OpenOptions::new().write(true).open(replies).unwrap();
    replies.write_all(&[0xFF; 8]).unwrap();
}

/// D1: nobody knows what else would be misread.
fn a_damaged_frame_breaks_the_pool(_: Room) {
    let pool = ProcessPool::new(1).unwrap();
    let broken = pool.submit(scribble, 0).result().unwrap_err();
    assert!(broken.to_string().contains("not a reply"), "{broken}");
    assert_eq!(pool.submit(square, 1).result(), Err(broken));
}

fn leave((room, status): Ticket) -> u64 {
    room.hear("go");
    process::exit(status as i32)
}

/// D2, D6: even if it leaves politely.
fn a_worker_that_leaves_breaks_the_pool(room: Room) {
    for status in [0, 99] {
        let pool = ProcessPool::new(1).unwrap();
        let leaves = pool.submit(leave, (room.clone(), status));
        let pending = pool.submit(square, 1);
        room.tell("go");
        let broken = leaves.result().map(drop).unwrap_err();
        let how = format!("exit status: {status}");
        assert!(broken.to_string().ends_with(&how), "{broken}");
        assert_eq!(pending.result(), Err(broken.clone()));
        assert_eq!(pool.submit(square, 1).result(), Err(broken));
    }
}

/// D2: the other way, when that is asked for.
fn a_worker_that_leaves_can_be_replaced(room: Room) {
    let pool = ProcessPool::builder().workers(1).replace_dead_workers();
    let pool = pool.build().unwrap();
    let leaves = pool.submit(leave, (room.clone(), 0));
    let pending = pool.submit(square, 3);
    room.tell("go");
    assert!(matches!(leaves.result(), Err(JobError::Broken(_))));
    assert_eq!(pending.result(), Ok(9));
}

fn crash(_: u64) -> u64 {
    process::abort()
}

/// CRASH-02, CRASH-03.
fn a_worker_that_crashes_breaks_the_pool(_: Room) {
    let pool = ProcessPool::new(1).unwrap();
    let crashes = pool.submit(crash, 0);
    let pending: Vec<_> = (0..5).map(|n| pool.submit(square, n)).collect();
    let broken = crashes.result().unwrap_err();
    assert!(broken.to_string().contains("signal: 6"), "{broken}");
    for handle in pending {
        assert_eq!(handle.result(), Err(broken.clone()));
    }
    assert_eq!(pool.submit(square, 1).result(), Err(broken));
}

/// Starts something that outlives it, then dies.
fn crash_and_leave(_: u64) {
    let own = env::current_exe().unwrap();
    Command::new(own).arg("as-leftover").spawn().unwrap();
    process::abort()
}

fn what_it_started_delays_nobody(_: Room) {
    let pool = ProcessPool::new(1).unwrap();
    let started = Instant::now();
    let outcome = pool.submit(crash_and_leave, 0).result();
    assert!(matches!(outcome, Err(JobError::Broken(_))), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

fn print(n: u64) -> u64 {
    println!("this is not a frame");
    n
}

fn what_a_job_prints_does_not_disturb(_: Room) {
    let pool = ProcessPool::new(1).unwrap();
    assert_eq!(pool.submit(print, 3).result(), Ok(3));
}

/// How many bytes it reads from standard input.
fn ask(_: u64) -> usize {
    io::stdin().read_line(&mut String::new()).unwrap()
}

fn a_job_that_asks_hears_nothing(_: Room) {
    let pool = ProcessPool::new(1).unwrap();
    assert_eq!(pool.submit(ask, 0).result(), Ok(0));
    assert_eq!(pool.submit(square, 2).result(), Ok(4));
}

fn jobs_are_listed_once(_: Room) {
    let twice = catch_unwind(|| init([job(square), job(fail), job(square)]));
    let payload = twice.unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(message.contains("square` is there twice"), "{message}");
}

fn jobs_that_are_not_listed_are_refused(_: Room) {
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

fn closures_are_not_jobs(_: Room) {
    assert!(catch_unwind(|| job(|n: u64| n + 1)).is_err());
}
