//! Limits on jobs, workers and queues; killing one job; and who is told first.

use std::{
    cell::RefCell,
    env, fs,
    os::unix::fs::MetadataExt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process,
    sync::Arc,
    thread,
    time::Duration,
};

use futures::executor::block_on;
use futures_pool::{
    Executor, Function, Job, JobError, Pending, ProcessPool, ThreadPool, Until,
    WorkerExit, as_completed, job, scope, wait,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        a_handle_that_was_awaited_can_be_waited_for
        an_argument_that_panics_when_dropped_harms_nobody
        a_full_queue_holds_up_whoever_submits
        all_who_wait_for_room_get_it
        a_full_queue_does_not_keep_a_pool_from_closing
        an_error_is_known_when_it_has_been_taken
        shutdown_can_have_a_limit
        a_panic_does_not_wait_for_what_is_pending
        a_job_can_be_submitted_while_a_thread_ends
    ]
    once: [
        a_pool_of_threads_of_any_size_maps
        a_pool_of_too_many_processes_is_refused
        scoped_closures_may_borrow
        functions_of_the_same_name_are_told_apart
        a_field_that_is_left_out_is_refused
        a_job_that_takes_too_long_is_ended
        one_running_job_can_be_killed
        a_job_can_be_killed_while_its_argument_is_encoded
        idle_workers_may_be_killed_again_and_again
        a_value_that_is_not_encoded_keeps_no_memory
        a_worker_that_needs_too_much_memory_dies
        workers_have_an_environment_of_their_own
        a_result_is_told_before_another_argument_is_encoded
        an_idle_worker_keeps_no_large_memory
        a_worker_that_leaves_a_child_behind_is_known_dead
    ]
}

pub fn jobs() -> Vec<Job> {
    vec![
        job(disarm),
        job(first::same),
        job(second::same),
        job(notes),
        job(endless),
        job(allocate),
        job(variable),
        job(slow),
        job(fork_and_exit),
        job(endless_with),
        job(large_and_bad),
        job(take_bad),
        job(twins().0),
        job(twins().1),
    ]
}

/// FUT-40.
fn a_handle_that_was_awaited_can_be_waited_for<P: Pool>(_: Folder) {
    let pool = P::of(1);
    let awaited = || {
        let mut handle = pool.submit(square, 3);
        assert_eq!(block_on(&mut handle), Ok(9));
        handle
    };
    let waited = wait([awaited()], Until::AllDone, None);
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 0));
    let completed: Vec<_> = as_completed([awaited()], None).collect();
    assert!(matches!(completed[..], [Ok((0, _))]));
    assert_eq!(awaited().result(), Err(JobError::Taken));
    assert_eq!(block_on(awaited()), Err(JobError::Taken));
}

/// SEC-19: pending when its pool is ended, or breaks, or when it is cancelled.
fn an_argument_that_panics_when_dropped_harms_nobody<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let pending: Vec<_> =
        (0..3).map(|_| pool.submit(disarm, Armed(true))).collect();
    assert!(pending[0].cancel());
    pool.close(Pending::Cancel);
    folder.release([0]);
    assert_eq!(held.result(), Ok(0));
    for job in pending {
        assert_eq!(job.result(), cancelled());
    }
}

fn disarm(mut armed: Armed) {
    armed.0 = false;
}

/// FUT-35.
fn a_full_queue_holds_up_whoever_submits<P: Pool>(folder: Folder) {
    let pool = P::with_queue_limit(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let pending = pool.submit(square, 2);
    thread::scope(|all| {
        let (pool, its) = (&pool, folder.clone());
        let late = all.spawn(move || {
            its.put("submits");
            let job = pool.submit(square, 3);
            its.put("submitted");
            job.result()
        });
        folder.wait_for("submits");
        // It cannot be before there is room.
        assert!(!folder.has("submitted"));
        folder.release([0]);
        folder.wait_for("submitted");
        assert_eq!(late.join().unwrap(), Ok(9));
    });
    assert_eq!((held.result(), pending.result()), (Ok(0), Ok(4)));
}

/// FUT-34: the first one finds an idle worker, so there is room for the other one, too.
fn all_who_wait_for_room_get_it<P: Pool>(folder: Folder) {
    for n in 0..10 {
        let pool = P::with_queue_limit(1);
        let held = submit_held(&pool, &folder, n);
        folder.wait_for(format!("started-{n}"));
        let pending = pool.submit(square, 2);
        thread::scope(|all| {
            let submit = || pool.submit(square, 3).result();
            let late = [0, 1].map(|_| {
                let late = thread::Builder::new().name("submitter".into());
                late.spawn_scoped(all, submit).unwrap()
            });
            until("them to wait", || {
                let all = threads("submitter");
                all.len() == 2 && all.iter().all(|s| s.contains("(sleeping)"))
            });
            assert!(pending.cancel());
            folder.release([n]);
            for late in late {
                until("its result", || late.is_finished());
                assert_eq!(late.join().unwrap(), Ok(9));
            }
        });
        assert_eq!(held.result(), Ok(n));
    }
}

/// END-13.
fn shutdown_can_have_a_limit<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let moment = Duration::from_millis(10);
    assert!(!pool.shutdown_timeout(Pending::Finish, moment));
    assert!(!held.is_done());
    folder.release([0]);
    assert!(pool.shutdown_timeout(Pending::Finish, Duration::MAX));
    assert_eq!(held.result(), Ok(0));
}

/// END-14.
fn a_panic_does_not_wait_for_what_is_pending<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let pending = submit_held(&pool, &folder, 1); // nobody releases it
    thread::scope(|all| {
        all.spawn(|| {
            until("its end", || pending.is_cancelled());
            folder.release([0]);
        });
        let unwinds = AssertUnwindSafe(|| {
            let _pool = pool;
            resume_unwind(Box::new("no hook"));
        });
        assert!(catch_unwind(unwinds).is_err());
    });
    assert_eq!(held.result(), Ok(0));
}

/// SEC-20: when the library's own locals of that thread are there, are not there
/// yet, or are gone. The last one made is the first to go.
fn a_job_can_be_submitted_while_a_thread_ends<P: Pool>(_: Folder) {
    struct Last<P: Pool>(Arc<P>);

    impl<P: Pool> Drop for Last<P> {
        fn drop(&mut self) {
            use_pool(&*self.0);
        }
    }

    fn use_pool<P: Pool>(pool: &P) {
        let job = pool.submit(square, 3);
        until("its end", || job.is_done());
        job.on_done(|_| ()); // called at once, as a rule: by this thread
        assert_eq!(job.result(), Ok(9));
    }

    thread_local! {
        static LAST: RefCell<Option<Box<dyn std::any::Any>>> =
            const { RefCell::new(None) };
    }
    for (before, after) in [(true, false), (false, false), (false, true)] {
        let pool = Arc::new(P::of(1));
        let last = Last(pool.clone());
        let ends = thread::spawn(move || {
            let pool = last.0.clone();
            let uses = |does: bool| does.then(|| use_pool(&*pool));
            uses(before);
            LAST.set(Some(Box::new(last)));
            uses(after);
        });
        ends.join().unwrap();
        assert_eq!(Arc::strong_count(&pool), 1);
    }
}

/// FUT-36: what is submitted ahead is bounded.
fn a_pool_of_threads_of_any_size_maps(_: Folder) {
    let pool = ThreadPool::of(usize::MAX / 2 + 1);
    let squares: Result<Vec<_>, _> = pool.map(square, 0..10).collect();
    assert_eq!(squares.unwrap().len(), 10);
}

/// FUT-11.
fn a_pool_of_too_many_processes_is_refused(_: Folder) {
    for workers in [4_097, usize::MAX / 2 + 1, usize::MAX] {
        assert!(ProcessPool::try_of(workers).is_err());
    }
}

/// FUT-37.
fn scoped_closures_may_borrow(_: Folder) {
    let numbers = [1, 2, 3];
    let doubled: Vec<u64> = scope(2, |pool| {
        let all: Vec<_> =
            numbers.iter().map(|n| pool.spawn(move || 2 * n)).collect();
        all.into_iter().map(|one| one.result().unwrap()).collect()
    })
    .unwrap();
    assert_eq!(doubled, [2, 4, 6]);
    assert_eq!(numbers.len(), 3);
    let panics = scope(1, |pool| pool.spawn(|| -> u64 { fail(1) }).result());
    assert_panicked(&panics.unwrap());
    assert!(scope(0, |_| ()).is_err());
}

mod first {
    pub fn same(_: u64) -> u64 {
        1
    }
}

mod second {
    pub fn same(_: u64) -> u64 {
        2
    }
}

/// Two functions whose names are the same, too: the type differs.
fn twins() -> (impl Function<u64, u64>, impl Function<u64, u64>) {
    let one = {
        fn same(_: u64) -> u64 {
            10
        }
        same
    };
    let two = {
        fn same(_: u64) -> u64 {
            20
        }
        same
    };
    (one, two)
}

/// FUT-38.
fn functions_of_the_same_name_are_told_apart(_: Folder) {
    let pool = one();
    assert_eq!(pool.submit(first::same, 0).result(), Ok(1));
    assert_eq!(pool.submit(second::same, 0).result(), Ok(2));
    let (ten, twenty) = twins();
    assert_eq!(pool.submit(ten, 0).result(), Ok(10));
    assert_eq!(pool.submit(twenty, 0).result(), Ok(20));
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Notes {
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    first: Vec<u8>,
    second: Vec<u8>,
    third: Vec<u8>,
}

fn notes(notes: Notes) -> Notes {
    notes
}

/// CRASH-31: without a name, the second one would be read as the first.
fn a_field_that_is_left_out_is_refused(_: Folder) {
    let pool = one();
    let left_out = || Notes { second: vec![0], ..Notes::default() };
    assert_not_encoded(&pool.submit(notes, left_out()).result());
    let whole = || Notes { first: vec![1], ..left_out() };
    assert_eq!(pool.submit(notes, whole()).result(), Ok(whole()));
}

fn endless((folder, n): Ticket) {
    folder.put(format!("started-{n}"));
    loop {
        thread::park();
    }
}

/// CRASH-32: only its worker is; a new one takes the place, whatever the
/// policy.
fn a_job_that_takes_too_long_is_ended(folder: Folder) {
    let limit = Duration::from_millis(50);
    let pool = ProcessPool::builder().workers(1).time_limit(limit);
    let pool = pool.build().unwrap();
    let worker = pool.pids()[0];
    let endless = pool.submit(endless, (folder.clone(), 0));
    let next = pool.submit(square, 3);
    assert_eq!(endless.result(), Err(JobError::TimeLimit));
    assert_eq!(next.result(), Ok(9));
    assert!(folder.has("started-0") && is_dead(worker));
}

/// CRASH-33.
fn one_running_job_can_be_killed(folder: Folder) {
    let pool = ProcessPool::of(2);
    let endless = pool.submit(endless, (folder.clone(), 0));
    let held = submit_held(&pool, &folder, 1);
    (0..2).for_each(|n| folder.wait_for(format!("started-{n}")));
    assert!(!endless.cancel());
    assert!(endless.kill());
    assert_eq!(endless.result(), cancelled());
    folder.release([1]);
    assert_eq!(held.result(), Ok(1));
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
    until("another worker", || pool.pids().len() == 2);
}

fn allocate(bytes: usize) -> usize {
    std::hint::black_box(vec![1_u8; bytes]).len()
}

/// CRASH-34.
fn a_worker_that_needs_too_much_memory_dies(_: Folder) {
    let pool = ProcessPool::builder().workers(1).memory_limit(200 << 20);
    let pool = pool.replace_dead_workers().build().unwrap();
    assert_eq!(pool.submit(allocate, 1 << 20).result(), Ok(1 << 20));
    let died = pool.submit(allocate, 1 << 30).result().unwrap_err();
    let JobError::WorkerDied { exit, began, .. } = died else {
        panic!("{died}");
    };
    assert_eq!((exit, began), (WorkerExit::Signal(6), true));
    assert_eq!(pool.submit(allocate, 1 << 20).result(), Ok(1 << 20));
}

fn variable(name: String) -> Option<String> {
    env::var(name).ok()
}

/// SEC-28.
fn workers_have_an_environment_of_their_own(_: Folder) {
    let pool = with_env("TEST_OF_WORKERS", "theirs").env_clear();
    let pool = pool.build().unwrap();
    let read = |name: &str| pool.submit(variable, name.into()).result();
    assert_eq!(read("TEST_OF_WORKERS"), Ok(Some("theirs".into())));
    assert_eq!(read("PATH"), Ok(None));
    assert!(env::var("TEST_OF_WORKERS").is_err());
}

/// Cannot be encoded before somebody says so.
struct Slow(Folder);

impl Serialize for Slow {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        self.0.put("encodes");
        self.0.wait_for("go-7");
        7_u64.serialize(writer)
    }
}

impl<'de> Deserialize<'de> for Slow {
    fn deserialize<D: serde::Deserializer<'de>>(
        reader: D,
    ) -> Result<Slow, D::Error> {
        u64::deserialize(reader).map(|_| Slow(Folder::at("nowhere")))
    }
}

fn slow(_: Slow) -> u64 {
    7
}

/// FUT-39.
fn a_result_is_told_before_another_argument_is_encoded(folder: Folder) {
    let pool = one();
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let slow = pool.submit(slow, Slow(folder.clone()));
    folder.release([0]);
    assert_eq!(held.result(), Ok(0));
    folder.wait_for("encodes"); // by the pool, while we go on
    assert!(!slow.is_done());
    folder.release([7]);
    assert_eq!(slow.result(), Ok(7));
}

/// SEC-22.
fn an_idle_worker_keeps_no_large_memory(_: Folder) {
    let pool = one();
    let bytes = ByteBuf::from(vec![7; 31 << 20]);
    assert_eq!(pool.submit(large, bytes.clone()).result(), Ok(bytes));
    until("it to be given back", || shared_memory() == 0);
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// Of all workers, in bytes.
fn shared_memory() -> u64 {
    let files = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let files = files.filter(|file| {
        fs::read_link(file.path())
            .is_ok_and(|name| name.starts_with("/memfd:futures_pool"))
    });
    let blocks = files.map(|file| fs::metadata(file.path()).unwrap());
    blocks.map(|file| file.blocks() * 512).sum()
}

/// The child has the worker's socket, so its end is not seen there.
#[expect(unsafe_code, reason = "fork is")]
fn fork_and_exit(_: u64) {
    // SAFETY: a worker has one thread while it works.
    match unsafe { nix::unistd::fork() }.unwrap() {
        nix::unistd::ForkResult::Child => loop {
            thread::park();
        },
        nix::unistd::ForkResult::Parent { .. } => process::exit(3),
    }
}

/// CRASH-35.
fn a_worker_that_leaves_a_child_behind_is_known_dead(_: Folder) {
    let pool = replacing(1);
    let left = pool.submit(fork_and_exit, 0).result();
    assert_broken(&left, "exit status: 3");
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// END-16: it closes at once, and whoever waits for room is told.
fn a_full_queue_does_not_keep_a_pool_from_closing<P: Pool>(folder: Folder) {
    let pool = P::with_queue_limit(1);
    let held = submit_held(&pool, &folder, 0);
    folder.wait_for("started-0");
    let pending = pool.submit(square, 2);
    thread::scope(|all| {
        let late = thread::Builder::new().name("submitter".into());
        let submit = || pool.submit(square, 3).result();
        let late = late.spawn_scoped(all, submit).unwrap();
        until("it to wait", || {
            let all = threads("submitter");
            all.len() == 1 && all[0].contains("(sleeping)")
        });
        let closed = all.spawn(|| pool.close(Pending::Cancel));
        until("the pool to be closed", || closed.is_finished());
        assert_eq!(pending.result(), Err(JobError::Cancelled));
        folder.release([0]);
        let told = late.join().unwrap();
        let refused = [Err(JobError::Cancelled), Err(JobError::Closed)];
        assert!(refused.contains(&told), "{told:?}");
    });
    assert_eq!(held.result(), Ok(0));
}

/// FUT-41.
fn an_error_is_known_when_it_has_been_taken<P: Pool>(_: Folder) {
    let pool = P::of(1);
    let mut handle = pool.submit(fail, 1);
    let error = block_on(&mut handle).unwrap_err();
    assert_eq!(handle.error(), Some(error.clone()));
    let (tell, told) = std::sync::mpsc::channel();
    handle.on_done(move |error| tell.send(error.cloned()).unwrap());
    assert_eq!(told.recv().unwrap(), Some(error));
    let waited = wait([handle], Until::FirstError, None);
    assert_eq!(waited.done.len(), 1);
}

fn endless_with(_: Vec<u64>) {
    loop {
        thread::park();
    }
}

/// CRASH-33: from the moment when it counts as running.
fn a_job_can_be_killed_while_its_argument_is_encoded(folder: Folder) {
    let pool = ProcessPool::new(1).unwrap();
    for n in 0..3 {
        let held = submit_held(&pool, &folder, n);
        folder.wait_for(format!("started-{n}"));
        // It is encoded when the worker is free, and that takes a while.
        let large = pool.submit(endless_with, vec![u64::MAX; 3_000_000]);
        folder.release([n]);
        while !large.is_running() {
            thread::yield_now();
        }
        assert!(large.kill());
        assert_eq!(large.result(), Err(JobError::Cancelled));
        assert_eq!(held.result(), Ok(n));
    }
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// CRASH-43: each of them has lived for a while.
fn idle_workers_may_be_killed_again_and_again(_: Folder) {
    let pool = ProcessPool::builder().workers(1).replace_dead_workers();
    let pool = pool.build().unwrap();
    for _ in 0..8 {
        let pid = pool.pids()[0];
        thread::sleep(Duration::from_millis(150)); // its life
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).unwrap();
        until("another one", || {
            pool.pids().first().is_some_and(|other| *other != pid)
        });
    }
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}

/// 300 MiB that can be encoded, and then something that cannot.
#[derive(Debug, Deserialize)]
struct LargeAndBad;

impl Serialize for LargeAndBad {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeTuple};
        let mut tuple = to.serialize_tuple(2)?;
        tuple.serialize_element(&ByteBuf::from(vec![7; 300 << 20]))?;
        Err(S::Error::custom("no more"))
    }
}

fn large_and_bad((): ()) -> LargeAndBad {
    LargeAndBad
}

/// SEC-22: neither here nor there.
fn a_value_that_is_not_encoded_keeps_no_memory(_: Folder) {
    let pool = ProcessPool::new(1).unwrap();
    let failed = pool.submit(large_and_bad, ()).result();
    assert!(matches!(failed, Err(JobError::Encode(_))), "{failed:?}");
    assert_eq!(shared_memory(), 0);
    let failed = pool.submit(take_bad, LargeAndBad).result();
    assert!(matches!(failed, Err(JobError::Encode(_))), "{failed:?}");
    assert_eq!(shared_memory(), 0);
}

fn take_bad(_: LargeAndBad) {}
