//! What both pools have in common: the interface, the handle, the errors.

use std::{any::Any, fmt};

use crossbeam::channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Runs jobs on a fixed number of workers.
///
/// Dropping an executor waits until all its jobs are done.
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

/// Where the pool puts the result. Dropped unused, it says "broken pool".
pub(crate) type Promise<T> = Sender<Result<T, JobError>>;

impl<T> Handle<T> {
    pub(crate) fn new() -> (Promise<T>, Handle<T>) {
        let (promise, outcome) = bounded(1);
        (promise, Handle { outcome })
    }

    /// Waits for the job and returns what it returned.
    ///
    /// # Errors
    ///
    /// The job panicked, or it could not be run to its end.
    pub fn result(self) -> Result<T, JobError> {
        self.outcome.recv().unwrap_or(Err(JobError::BrokenPool))
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
    /// No worker is left to run the job.
    BrokenPool,
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
            JobError::BrokenPool => f.write_str("no worker is left"),
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
