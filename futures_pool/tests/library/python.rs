//! The tables in the README for Python programmers: every name of ours in them
//! is used here, so it exists; and what they say of pools of threads is tried.

use std::{
    collections::BTreeSet,
    num::NonZero,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use futures_pool::{
    Executor, Handle, JobError, MapOptions, Pending, ProcessPool, ThreadPool,
    Unfinished, Until, as_completed, init, scope, wait,
};

const README: &str = include_str!("../../README.md");
const THIS_FILE: &str = include_str!("python.rs");

/// What the second column calls `none` has no name to be looked for.
#[test]
fn the_names_in_the_tables_exist() {
    let (_, tables) =
        README.split_once("\n## What differs from Python").unwrap();
    let mut names = BTreeSet::new();
    for row in tables.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let ["", _, here, _, ""] = cells[..] else {
            panic!("not three cells: {row}");
        };
        let code = here.split('`').skip(1).step_by(2);
        names.extend(code.flat_map(words));
    }
    assert!(names.len() > 40, "{names:?}");
    let code = code_of(THIS_FILE).lines();
    let code = code.filter(|line| !line.trim_start().starts_with("//"));
    let here: BTreeSet<&str> = code.flat_map(words).collect();
    let missing: Vec<_> = names.difference(&here).collect();
    assert!(missing.is_empty(), "not used in this file: {missing:?}");
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.split(move |c| !is_part(c)).filter(|word| !word.is_empty())
}

/// The part of this file that stands below: names in its head prove nothing.
fn code_of(source: &str) -> &str {
    source.rsplit_once("// From here on").unwrap().1
}

// From here on the names are used.

fn square(n: u64) -> u64 {
    n * n
}

fn refuse_odd(n: u64) -> u64 {
    assert!(n.is_multiple_of(2), "{n} is odd");
    n
}

fn say_name((): ()) -> Option<String> {
    thread::current().name().map(String::from)
}

/// A job that runs until it is told to end, or the sender is gone.
fn held(pool: &ThreadPool) -> (Sender<()>, Handle<()>) {
    let (end, told): (_, Receiver<()>) = channel();
    let (tell, begun) = channel();
    let job = move || {
        tell.send(()).expect("it is waited for");
        let _ = told.recv(); // an error: the sender is gone
    };
    let handle = pool.spawn(job);
    begun.recv().expect("it begins");
    (end, handle)
}

#[test]
fn executors() {
    let n = 2;
    let pool = ThreadPool::new(n).unwrap();
    let (job, argument) = (square, 3);
    assert_eq!(pool.submit(job, argument).result(), Ok(9));
    assert_eq!(pool.spawn(move || argument + 1).result(), Ok(4));
    assert_eq!(scope(1, |pool| pool.spawn(|| n).result()).unwrap(), Ok(2));

    let arguments = [2, 3, 4];
    let results: Vec<_> = pool.map(refuse_odd, arguments).collect();
    assert_eq!((&results[0], &results[2]), (&Ok(2), &Ok(4)));
    assert!(matches!(results[1], Err(JobError::Panicked { .. })));
    let all = pool.map_with(MapOptions::chunk(64), square, 0..100);
    assert_eq!(all.filter_map(Result::ok).count(), 100);

    let one = ThreadPool::new(1).unwrap();
    let names = one.submit(say_name, ());
    assert_eq!(names.result(), Ok(Some("worker-1".into())));
    let (end, running) = held(&one);
    let within = Some(Duration::ZERO);
    let late = MapOptions { within, ..MapOptions::default() };
    let late: Vec<_> = one.map_with(late, square, 0..9).collect();
    assert_eq!(late, [Err(JobError::TimedOut)]);
    let ahead = NonZero::new(2);
    let mut taken = 0;
    let some = MapOptions { ahead, ..MapOptions::default() };
    drop(one.map_with(some, square, (0..9).inspect(|_| taken += 1)));
    assert_eq!(taken, 2);

    let pending = one.submit(square, 2);
    one.close(Pending::Finish);
    assert_eq!(one.submit(square, 3).result(), Err(JobError::Closed));
    assert!(!one.shutdown_timeout(Pending::Finish, Duration::ZERO));
    assert!(!pending.is_done());
    one.close(Pending::Cancel);
    assert!(pending.is_cancelled());
    drop(end);
    one.shutdown(Pending::Cancel);
    assert_eq!(running.result(), Ok(()));
}

/// Of pools of processes only the names are looked at: this program has no
/// `main` of its own.
#[test]
fn builders() {
    let (function, argument) = (|_: u64| {}, 1);
    let builder = ThreadPool::builder().initializer(function, argument);
    let limit = NonZero::new(9).unwrap();
    drop(builder.queue_limit(limit).never_spin().build().unwrap());
    let _ = ProcessPool::builder()
        .initializer(function, argument)
        .max_tasks_per_child(NonZero::new(100).unwrap())
        .time_limit(Duration::from_secs(1))
        .memory_limit(1 << 30)
        .queue_limit(limit)
        .replace_dead_workers()
        .env("LANG", "C")
        .env_clear()
        .never_spin();
    let _ = (ProcessPool::new, ProcessPool::kill, || init([]));
}

#[test]
fn futures() {
    let pool = ThreadPool::new(1).unwrap();
    let (end, running) = held(&pool);
    let pending = pool.submit(square, 3);
    assert!(running.is_running() && !pending.is_running());
    assert!(!running.cancel() && !running.kill());
    assert_eq!(pending.error(), None);
    let limit = Duration::ZERO;
    let pending = pending.result_timeout(limit).expect_err("it comes back");
    assert!(pending.cancel() && pending.is_cancelled() && pending.is_done());
    assert_eq!(pending.error(), Some(JobError::Cancelled));
    let (tell, told) = channel();
    let callback = move |error: Option<&JobError>| {
        tell.send(error.cloned()).expect("it is waited for");
    };
    pending.on_done(callback);
    assert_eq!(told.recv(), Ok(Some(JobError::Cancelled)));
    drop(end);
    assert_eq!(running.result(), Ok(()));
}

#[test]
fn functions_and_exceptions() {
    let pool = ThreadPool::new(1).unwrap();
    let (end, running) = held(&pool);
    let cancelled = pool.spawn(|| {});
    assert!(cancelled.cancel());
    let handles = [running, cancelled];
    let (until, limit) = (Until::FirstError, None);
    let waited = wait(handles, until, limit);
    assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
    let limit = Some(Duration::ZERO);
    let handles = waited.pending;
    let waited = wait(handles, Until::FirstDone, limit);
    let mut all = as_completed(waited.pending, limit);
    let unfinished = Unfinished { pending: 1, of: 1 };
    assert_eq!(all.next().unwrap().unwrap_err(), unfinished);
    assert!(all.next().is_none());
    drop(end);
    let handles = [2, 3].map(|n| pool.submit(square, n));
    let waited = wait(handles, Until::AllDone, None);
    assert_eq!((waited.done.len(), waited.pending.len()), (2, 0));

    let refuse = |_: u64| panic!("this is not ready");
    let broken = ThreadPool::builder().workers(1).initializer(refuse, 1);
    let error = broken.build().unwrap().submit(square, 3).result();
    assert!(matches!(error, Err(JobError::Broken(_))), "{error:?}");
    // These come from pools of processes only.
    let others = |error| match error {
        JobError::WorkerDied { pid: _, exit: _, began: _ } => "worker",
        JobError::Encode(_) | JobError::Decode(_) => "value",
        JobError::Unregistered(_) => "list",
        _ => "other",
    };
    assert_eq!(others(JobError::Taken), "other");
}
