//! What both pools have in common: the interface, the handle, the errors.

use std::{any::Any, fmt};

use crossbeam::channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Runs jobs on a fixed number of workers.
///
/// Dropping an executor waits until all its jobs are done, unless those that
/// have not been started are cancelled first.
pub trait Executor {
    /// Queues `job(argument)` and returns at once. Jobs are started in the
    /// order in which they are submitted.
    ///
    /// `job` must be a plain function, and what goes in and comes out must be
    /// encodable: then the same call works for threads and for processes.
    fn submit<F, A, T>(&self, job: F, argument: A) -> Handle<T>
    where
        F: Fn(A) -> T + Copy + Send + 'static,
        A: Serialize + DeserializeOwned + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static;

    /// Cancels all jobs that have not been started, and those submitted later.
    fn cancel_pending(&self);
}

/// Stands for the result of a submitted job, which runs whether or not anybody
/// asks for it.
///
/// What Python calls a future. In Rust a `Future` is work that does nothing
/// until it is polled; this is a handle to work that goes on by itself, like
/// [`std::thread::JoinHandle`].
#[derive(Debug)]
#[must_use = "the job runs, but its result or error would go unnoticed"]
pub struct Handle<T> {
    outcome: Receiver<Result<T, JobError>>,
}

/// Where the pool puts the result.
pub(crate) struct Promise<T> {
    sender: Sender<Result<T, JobError>>,
}

impl<T> Promise<T> {
    pub(crate) fn keep(self, outcome: Result<T, JobError>) {
        let _ = self.sender.try_send(outcome); // the handle may be gone
    }
}

/// Dropped with its task, it says so; after a result this comes too late.
impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let _ = self.sender.try_send(Err(JobError::NotRun)); // likewise
    }
}

impl<T> Handle<T> {
    pub(crate) fn new() -> (Promise<T>, Handle<T>) {
        let (sender, outcome) = bounded(1);
        (Promise { sender }, Handle { outcome })
    }

    /// Waits for the job and returns what it returned.
    ///
    /// # Errors
    ///
    /// The job panicked, or it could not be run to its end.
    pub fn result(self) -> Result<T, JobError> {
        self.outcome.recv().unwrap_or(Err(JobError::NotRun))
    }

    /// Whether the job has ended, in one way or another.
    pub fn is_done(&self) -> bool {
        !self.outcome.is_empty()
    }
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum JobError {
    /// The job panicked, with this message. Its worker goes on.
    Panicked(String),
    /// The worker process ended in the middle of the job, in this way.
    WorkerDied(String),
    /// The job was not run: no worker is left, or it was cancelled.
    NotRun,
    /// The argument or the result cannot be turned into bytes or back.
    Codec(String),
    /// The job is not in the list that was given to [`init`](crate::init).
    Unregistered(String),
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobError::Panicked(message) => write!(f, "job panicked: {message}"),
            JobError::WorkerDied(how) => write!(f, "worker died: {how}"),
            JobError::NotRun => f.write_str("job was not run"),
            JobError::Codec(why) => write!(f, "cannot encode or decode: {why}"),
            JobError::Unregistered(name) => {
                write!(f, "`{name}` is missing in futures_pool::init")
            }
        }
    }
}

impl std::error::Error for JobError {}

impl From<postcard::Error> for JobError {
    fn from(error: postcard::Error) -> JobError {
        JobError::Codec(error.to_string())
    }
}

/// What a panic says: panics carry a `&str` or a `String`, as a rule.
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> JobError {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    JobError::Panicked(text.unwrap_or_else(|| "(no message)".into()))
}
