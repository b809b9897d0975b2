//! Why a job may have no result, and how a panic becomes one of the reasons.

use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::{any::Any, cell::RefCell, fmt, panic, thread};

use serde::{Deserialize, Serialize};

/// Why a job has no result.
///
/// ```
/// use futures_pool::{Executor, JobError, ThreadPool};
///
/// fn half(n: u32) -> u32 {
///     assert!(n % 2 == 0, "{n} is odd");
///     n / 2
/// }
///
/// let pool = ThreadPool::new(1)?;
/// match pool.submit(half, 7).result() {
///     Err(JobError::Panicked { message, .. }) => assert_eq!(message, "7 is odd"),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum JobError {
    /// The job panicked. Its worker goes on.
    Panicked {
        /// What the panic said.
        message: String,
        /// Where: file, line and column.
        place: String,
    },
    /// The job was cancelled, or killed by [`Handle::kill`](crate::Handle::kill).
    Cancelled,
    /// The deadline of a [`map`](crate::MapOptions::within) passed.
    TimedOut,
    /// The job ran longer than its time limit, so its worker process was
    /// killed.
    TimeLimit,
    /// A worker process died: the job's own one, or the one whose death has
    /// broken the pool.
    WorkerDied {
        /// The process number of the worker.
        pid: u32,
        /// How the worker ended.
        exit: WorkerExit,
        /// Whether a worker had taken this job: it may have done some of its
        /// work. False: this job was never begun.
        began: bool,
    },
    /// The pool is broken: the initializer failed, no worker could be started,
    /// or [`ProcessPool::kill`](crate::ProcessPool::kill) was called. The text
    /// tells which.
    Broken(String),
    /// The pool takes no more jobs: it was closed.
    Closed,
    /// The argument or the result cannot be encoded.
    Encode(String),
    /// The bytes cannot be decoded as the argument or the result.
    Decode(String),
    /// The job is missing in the list that was given to [`init`](crate::init).
    Unregistered(String),
    /// The result was handed out before, by awaiting a reference to the handle.
    Taken,
}

/// How a worker process ended.
///
/// ```
/// use futures_pool::WorkerExit;
///
/// assert_eq!(WorkerExit::Code(3).to_string(), "exit status: 3");
/// assert_eq!(WorkerExit::Signal(9).to_string(), "signal: 9 (SIGKILL)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WorkerExit {
    /// It left with this exit status, 0 included: a job called
    /// [`std::process::exit`].
    Code(i32),
    /// This signal killed it: 6 for an abort, 9 for a kill, 11 for an invalid
    /// memory access.
    Signal(i32),
    /// It broke the protocol, and was killed: what it did.
    Violation(String),
}

impl From<ExitStatus> for WorkerExit {
    fn from(status: ExitStatus) -> WorkerExit {
        match status.code() {
            Some(code) => WorkerExit::Code(code),
            None => WorkerExit::Signal(status.signal().unwrap_or_default()),
        }
    }
}

impl fmt::Display for WorkerExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self {
            WorkerExit::Code(code) => ExitStatus::from_raw(code << 8),
            WorkerExit::Signal(signal) => ExitStatus::from_raw(*signal),
            WorkerExit::Violation(what) => {
                return write!(f, "protocol violation: {what}");
            }
        };
        status.fmt(f)
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobError::Panicked { message, place } => {
                write!(f, "job panicked at {place}: {message}")
            }
            JobError::Cancelled => f.write_str("job was cancelled"),
            JobError::TimedOut => f.write_str("deadline passed"),
            JobError::TimeLimit => f.write_str("job exceeded its time limit"),
            JobError::WorkerDied { pid, exit, began: true } => {
                write!(f, "worker {pid} died, and the job with it: {exit}")
            }
            JobError::WorkerDied { pid, exit, began: false } => {
                write!(
                    f,
                    "not run, because the pool is broken: worker {pid}: {exit}"
                )
            }
            JobError::Broken(why) => write!(f, "pool broken: {why}"),
            JobError::Closed => f.write_str("pool takes no more jobs"),
            JobError::Encode(why) => write!(f, "cannot encode: {why}"),
            JobError::Decode(why) => write!(f, "cannot decode: {why}"),
            JobError::Unregistered(name) => {
                write!(f, "`{name}` is missing in futures_pool::init")
            }
            JobError::Taken => f.write_str("result was taken before"),
        }
    }
}

impl std::error::Error for JobError {}

thread_local! {
    /// Where the last panic of this thread was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes the place, or nothing in a thread whose locals are destroyed already.
fn set_place(place: Option<String>) -> Option<String> {
    PLACE.try_with(|cell| cell.replace(place)).ok().flatten()
}

/// Calls code of a user; its panic becomes an error, with its place.
pub(crate) fn run<T>(code: impl FnOnce() -> T) -> Result<T, JobError> {
    static HOOK: Once = Once::new();
    // Only the panic hook is told the place. The hook that is there is kept,
    // and goes on printing. (During a panic no hook can be set; then the place
    // stays unknown.)
    if !thread::panicking() {
        HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                set_place(panic.location().map(ToString::to_string));
                print(panic);
            }));
        });
    }
    set_place(None);
    // Unwind-safe: what the code has touched is dropped with it.
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        let message = message(&*payload);
        // The payload is a user's value: dropping it may panic again.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        let place = set_place(None).unwrap_or_else(|| "unknown place".into());
        JobError::Panicked { message, place }
    })
}

/// Drops a user's value: its `Drop` may panic, and that is nobody's result.
pub(crate) fn discard<T>(value: T) {
    let _ = run(|| drop(value)); // the panic hook has printed it
}

/// Locks a mutex of ours. No code of a user runs under it without being caught,
/// so a poisoned one still holds what is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The text of a panic: almost always a `&str` or a `String`.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "(no message)".into())
}
