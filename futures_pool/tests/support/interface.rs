//! How the suites use the library: how pools are made, how they are told what
//! to do, and what their errors say. Besides this the suites call methods of
//! `Executor` and `Handle`, `wait` and `as_completed`.

use std::{
    env, fmt::Debug, io, num::NonZero, process::Command, time::Duration,
};

use futures_pool::{
    Executor, Function, Handle, JobError, MapOptions, ProcessPool,
    ProcessPoolBuilder, ThreadPool, Until, wait,
};

use super::threads;

/// What the cases need of a pool that run on both, besides [`Executor`].
pub trait Pool: Executor + Send + Sync + 'static {
    const NAME: &str;

    fn try_of(workers: usize) -> io::Result<Self>;
    fn of_any_size() -> Self;
    fn prepared(prepare: impl Function<(), ()>) -> Self;
    /// One worker, and at most `jobs` jobs may be pending.
    fn with_queue_limit(jobs: usize) -> Self;
    /// How many workers live now.
    fn living(&self) -> usize;

    fn of(workers: usize) -> Self {
        Self::try_of(workers).unwrap()
    }
}

impl Pool for ThreadPool {
    const NAME: &str = "threads";

    fn try_of(workers: usize) -> io::Result<ThreadPool> {
        ThreadPool::new(workers)
    }

    fn of_any_size() -> ThreadPool {
        ThreadPool::builder().build().unwrap()
    }

    fn prepared(prepare: impl Function<(), ()>) -> ThreadPool {
        let two = ThreadPool::builder().workers(2);
        two.initializer(prepare, ()).build().unwrap()
    }

    fn with_queue_limit(jobs: usize) -> ThreadPool {
        let one = ThreadPool::builder().workers(1);
        one.queue_limit(NonZero::new(jobs).unwrap()).build().unwrap()
    }

    fn living(&self) -> usize {
        threads("worker-").len()
    }
}

impl Pool for ProcessPool {
    const NAME: &str = "processes";

    fn try_of(workers: usize) -> io::Result<ProcessPool> {
        ProcessPool::new(workers)
    }

    fn of_any_size() -> ProcessPool {
        ProcessPool::builder().build().unwrap()
    }

    fn prepared(prepare: impl Function<(), ()>) -> ProcessPool {
        let two = ProcessPool::builder().workers(2);
        two.initializer(prepare, ()).build().unwrap()
    }

    fn with_queue_limit(jobs: usize) -> ProcessPool {
        let one = ProcessPool::builder().workers(1);
        one.queue_limit(NonZero::new(jobs).unwrap()).build().unwrap()
    }

    fn living(&self) -> usize {
        self.pids().len()
    }
}

/// What becomes of a pool of processes when a worker dies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    Break,
    Replace,
}

impl Policy {
    pub fn pool(self, workers: usize) -> ProcessPool {
        match self {
            Policy::Break => ProcessPool::of(workers),
            Policy::Replace => replacing(workers),
        }
    }
}

pub fn one() -> ProcessPool {
    ProcessPool::of(1)
}

pub fn replacing(workers: usize) -> ProcessPool {
    let pool = ProcessPool::builder().workers(workers);
    pool.replace_dead_workers().build().unwrap()
}

/// Each of its workers does `jobs` jobs.
pub fn wearing_out(workers: usize, jobs: u64) -> ProcessPool {
    let pool = ProcessPool::builder().workers(workers);
    pool.max_tasks_per_child(NonZero::new(jobs).unwrap()).build().unwrap()
}

/// Its workers find this in their environment.
pub fn with_env(name: &str, value: &str) -> ProcessPoolBuilder {
    ProcessPool::builder().workers(1).env(name, value)
}

/// This program, started like a worker, but by nobody's pool.
pub fn as_worker() -> Command {
    let mut worker = Command::new(env::current_exe().unwrap());
    worker.arg("as-worker");
    worker
}

/// A result that the pool reads, for nobody waits for this single one.
pub fn unhelped<T>(handle: Handle<T>) -> Result<T, JobError> {
    wait([handle], Until::AllDone, None).done.remove(0).result()
}

pub fn in_chunks(size: usize) -> MapOptions {
    MapOptions::chunk(size)
}

pub fn in_chunks_ahead(size: usize, ahead: usize) -> MapOptions {
    MapOptions { ahead: NonZero::new(ahead), ..MapOptions::chunk(size) }
}

pub fn with_deadline(limit: Duration) -> MapOptions {
    MapOptions { within: Some(limit), ..MapOptions::default() }
}

pub fn cancelled<T>() -> Result<T, JobError> {
    Err(JobError::Cancelled)
}

pub fn closed<T>() -> Result<T, JobError> {
    Err(JobError::Closed)
}

pub fn timed_out<T>() -> Result<T, JobError> {
    Err(JobError::TimedOut)
}

/// How the worker died, or what broke the pool.
pub fn how_broken(error: &JobError) -> Option<String> {
    match error {
        JobError::Broken(how) => Some(how.clone()),
        JobError::WorkerDied { pid, exit, .. } => {
            Some(format!("worker {pid} died: {exit}"))
        }
        _ => None,
    }
}

/// The error, whether or not the job had begun.
pub fn cause(error: JobError) -> JobError {
    match error {
        JobError::WorkerDied { pid, exit, .. } => {
            JobError::WorkerDied { pid, exit, began: false }
        }
        other => other,
    }
}

/// The cause of the error that there must be.
#[track_caller]
pub fn cause_of<T: Debug>(result: Result<T, JobError>) -> JobError {
    cause(result.unwrap_err())
}

/// The process number of the worker that died, if it says one.
pub fn dead_worker(error: &JobError) -> Option<u32> {
    match error {
        JobError::WorkerDied { pid, .. } => Some(*pid),
        _ => None,
    }
}

/// What a panic said, and where it was.
pub fn panic_in<T>(result: Result<T, JobError>) -> Option<(String, String)> {
    match result {
        Err(JobError::Panicked { message, place }) => Some((message, place)),
        _ => None,
    }
}

pub fn is_encode_error(error: &JobError) -> bool {
    matches!(error, JobError::Encode(_))
}

pub fn is_decode_error(error: &JobError) -> bool {
    matches!(error, JobError::Decode(_))
}

pub fn unlisted_job(error: &JobError) -> Option<&str> {
    match error {
        JobError::Unregistered(name) => Some(name),
        _ => None,
    }
}

#[track_caller]
pub fn assert_broken<T: Debug>(result: &Result<T, JobError>, how: &str) {
    let told = result.as_ref().err().and_then(how_broken);
    assert!(
        told.as_deref().is_some_and(|t| t.contains(how)),
        "{result:?}, not {how}"
    );
}

#[track_caller]
pub fn assert_panicked<T: Debug>(result: &Result<T, JobError>) {
    assert!(matches!(result, Err(JobError::Panicked { .. })), "{result:?}");
}

#[track_caller]
pub fn assert_not_encoded<T: Debug>(result: &Result<T, JobError>) {
    assert!(result.as_ref().is_err_and(is_encode_error), "{result:?}");
}

#[track_caller]
pub fn assert_not_decoded<T: Debug>(result: &Result<T, JobError>) {
    assert!(result.as_ref().is_err_and(is_decode_error), "{result:?}");
}
