//! Waiting for several handles at once.

use std::{fmt, time::Duration, time::Instant};

use crossbeam::channel::{Receiver, unbounded};

use crate::handle::{Announcement, Handle, deadline};

/// Until when [`wait`] waits.
///
/// ```
/// use futures_pool::{ThreadPool, Until, wait};
///
/// let pool = ThreadPool::new(2)?;
/// let (send, receive) = std::sync::mpsc::channel();
/// let fails = pool.spawn(|| -> () { panic!("no paper") });
/// let waits = pool.spawn(move || receive.recv().expect("it is sent"));
/// let waited = wait([fails, waits], Until::FirstError, None);
/// assert_eq!((waited.done.len(), waited.pending.len()), (1, 1));
/// send.send(())?;
/// let waited = wait(waited.pending, Until::AllDone, None);
/// assert_eq!(waited.done.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// One of the jobs is done.
    FirstDone,
    /// One of the jobs has failed or was cancelled, or all are done.
    FirstError,
    /// All jobs are done.
    AllDone,
}

/// What [`wait`] has waited for: each handle is in one of the two lists, in the
/// order in which it was given.
///
/// ```
/// use futures_pool::{Executor, ThreadPool, Until, Waited, wait};
///
/// let pool = ThreadPool::new(2)?;
/// let jobs = [1_u32, 2].map(|n| pool.submit(u64::from, n));
/// let Waited { done, pending } = wait(jobs, Until::AllDone, None);
/// assert!(pending.is_empty());
/// let results = done.into_iter().map(|job| job.result());
/// assert_eq!(results.sum::<Result<u64, _>>()?, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Waited<T> {
    /// Jobs that have ended, in one way or another.
    pub done: Vec<Handle<T>>,
    /// The rest.
    pub pending: Vec<Handle<T>>,
}

/// Waits until as much is done as `until` says, but no longer than `limit`: that
/// it has passed is no error, and seen by what is still pending.
///
/// ```
/// use std::time::Duration;
///
/// use futures_pool::{ThreadPool, Until, wait};
///
/// let pool = ThreadPool::new(1)?;
/// let (send, receive) = std::sync::mpsc::channel();
/// let job = pool.spawn(move || receive.recv());
/// let waited = wait([job], Until::AllDone, Some(Duration::from_millis(1)));
/// assert_eq!(waited.pending.len(), 1); // it goes on
/// send.send(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn wait<T>(
    handles: impl IntoIterator<Item = Handle<T>>,
    until: Until,
    limit: Option<Duration>,
) -> Waited<T> {
    let (handles, done) = subscribed(handles);
    let deadline = deadline(limit);
    for _ in 0..handles.len() {
        match next(&done, deadline) {
            Some((_, error)) => match until {
                Until::FirstDone => break,
                Until::FirstError if error.is_some() => break,
                Until::FirstError | Until::AllDone => {}
            },
            None => break,
        }
    }
    let (done, pending) = handles.into_iter().partition(Handle::is_done);
    Waited { done, pending }
}

/// The handles in the order in which their jobs are done, each with its number
/// in the order in which it was given. With a `limit`, it ends with an error
/// when that has passed.
///
/// No handle comes twice: there are no two of the same job.
///
/// ```
/// use futures_pool::{Executor, ThreadPool, as_completed};
///
/// fn nap(ms: u64) -> u64 {
///     std::thread::sleep(std::time::Duration::from_millis(ms));
///     ms
/// }
///
/// let pool = ThreadPool::new(2)?;
/// let times = [20, 1];
/// for done in as_completed(times.map(|ms| pool.submit(nap, ms)), None) {
///     let (number, nap) = done?; // number 1 comes first, as a rule
///     assert_eq!(nap.result()?, times[number]);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn as_completed<T>(
    handles: impl IntoIterator<Item = Handle<T>>,
    limit: Option<Duration>,
) -> AsCompleted<T> {
    let (handles, done) = subscribed(handles);
    let deadline = deadline(limit);
    let handles: Vec<_> = handles.into_iter().map(Some).collect();
    AsCompleted { unfinished: handles.len(), handles, done, deadline }
}

/// The iterator of [`as_completed`].
///
/// ```
/// use futures_pool::{AsCompleted, Unfinished, as_completed};
/// use futures_pool::{Executor, ThreadPool};
///
/// fn sum(jobs: AsCompleted<u64>) -> Result<u64, Unfinished> {
///     jobs.map(|done| Ok(done?.1.result().unwrap_or(0))).sum()
/// }
///
/// let pool = ThreadPool::new(2)?;
/// let jobs = [1_u32, 2, 3].map(|n| pool.submit(u64::from, n));
/// assert_eq!(sum(as_completed(jobs, None))?, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AsCompleted<T> {
    handles: Vec<Option<Handle<T>>>,
    unfinished: usize,
    done: Receiver<Announcement>,
    deadline: Option<Instant>,
}

/// Not all jobs were done in time.
///
/// ```
/// use std::time::Duration;
///
/// use futures_pool::{ThreadPool, Unfinished, as_completed};
///
/// let pool = ThreadPool::new(1)?;
/// let (send, receive) = std::sync::mpsc::channel();
/// let job = pool.spawn(move || receive.recv());
/// let mut jobs = as_completed([job], Some(Duration::from_millis(1)));
/// let unfinished = jobs.next().unwrap().unwrap_err();
/// assert_eq!(unfinished, Unfinished { pending: 1, of: 1 });
/// send.send(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// How many have not ended.
    pub pending: usize,
    /// How many there were in all.
    pub of: usize,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unfinished { pending, of } = self;
        write!(f, "{pending} (of {of}) jobs unfinished")
    }
}

impl std::error::Error for Unfinished {}

impl<T> Iterator for AsCompleted<T> {
    type Item = Result<(usize, Handle<T>), Unfinished>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.unfinished == 0 {
            return None;
        }
        if let Some((number, _)) = next(&self.done, self.deadline) {
            self.unfinished -= 1;
            let handle = self.handles[number].take()?;
            return Some(Ok((number, handle)));
        }
        let (pending, of) = (self.unfinished, self.handles.len());
        self.unfinished = 0;
        Some(Err(Unfinished { pending, of }))
    }
}

/// Has every handle tell when it is done.
fn subscribed<T>(
    handles: impl IntoIterator<Item = Handle<T>>,
) -> (Vec<Handle<T>>, Receiver<Announcement>) {
    let (list, done) = unbounded();
    let handles = handles.into_iter().enumerate().map(|(number, handle)| {
        handle.subscribe(&list, number);
        handle
    });
    (handles.collect(), done)
}

fn next(
    done: &Receiver<Announcement>,
    deadline: Option<Instant>,
) -> Option<Announcement> {
    // Every handle is done some time, so there is something to receive.
    deadline.map_or_else(|| done.recv().ok(), |at| done.recv_deadline(at).ok())
}
