//! Why a job may have no result, and how its panic becomes one of the reasons.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::{any::Any, cell::RefCell, fmt, panic};

use serde::{Deserialize, Serialize};

/// Why there is no result.
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
    /// The job was cancelled before it was started.
    Cancelled,
    /// The deadline of a `map` passed.
    TimedOut,
    /// The job's worker died, or the pool is broken: a worker died before, or
    /// could not be made ready. Says how.
    Broken(String),
    /// The pool takes no more jobs: it was told to finish.
    Closed,
    /// An argument or a result cannot be turned into bytes.
    Encode(String),
    /// Bytes cannot be turned into an argument or a result.
    Decode(String),
    /// The job is not in the list that was given to [`init`](crate::init).
    Unregistered(String),
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JobError::Panicked { message, place } => {
                write!(f, "job panicked at {place}: {message}")
            }
            JobError::Cancelled => f.write_str("job was cancelled"),
            JobError::TimedOut => f.write_str("deadline passed"),
            JobError::Broken(how) => write!(f, "no result: {how}"),
            JobError::Closed => f.write_str("pool takes no more jobs"),
            JobError::Encode(why) => write!(f, "cannot encode: {why}"),
            JobError::Decode(why) => write!(f, "cannot decode: {why}"),
            JobError::Unregistered(name) => {
                write!(f, "`{name}` is missing in futures_pool::init")
            }
        }
    }
}

impl std::error::Error for JobError {}

thread_local! {
    /// Where the last panic of this thread was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Calls code of a user; its panic is an error, with its place.
pub(crate) fn run<T>(code: impl FnOnce() -> T) -> Result<T, JobError> {
    static WATCH: Once = Once::new();
    // A panic's place is told to the hook only: the one that is there is kept,
    // and goes on telling.
    WATCH.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PLACE.set(panic.location().map(ToString::to_string));
            tell(panic);
        }));
    });
    PLACE.take(); // of a panic that went no further
    // Unwind-safe: what the code has touched is dropped with it.
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        let message = message(&*payload);
        // What was thrown may panic again when it is thrown away.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        let place = PLACE.take().unwrap_or_else(|| "unknown place".into());
        JobError::Panicked { message, place }
    })
}

/// What a user's code does under a lock of ours is caught, so no panic has left
/// behind what is not whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic says: panics carry a `&str` or a `String`, as a rule.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "(no message)".into())
}
