//! What both pools have in common: how jobs are submitted, mapped and ended.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{
    collections::VecDeque, io, iter, mem, num::NonZero, sync::Mutex, vec,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{JobError, lock};
use crate::handle::{Handle, deadline};

/// What can go into a job and come out of it: owned, and encodable, for a
/// worker may be another process.
pub trait Value: Serialize + DeserializeOwned + Send + 'static {}

impl<V: Serialize + DeserializeOwned + Send + 'static> Value for V {}

/// A job: a plain function, for a closure cannot go to another process.
///
/// ```compile_fail,E0277
/// use futures_pool::{Executor, ThreadPool};
///
/// let list = vec![1, 2, 3];
/// let pool = ThreadPool::new(2).unwrap();
/// let last = pool.submit(move |(): ()| list.last().copied(), ());
/// ```
pub trait Function<A, T>: Fn(A) -> T + Copy + Send + 'static {}

impl<A, T, F: Fn(A) -> T + Copy + Send + 'static> Function<A, T> for F {}

/// What becomes of jobs that no worker has yet, when a pool ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// They are done first.
    Finish,
    /// They are cancelled, and never run.
    Cancel,
}

/// Runs jobs on a fixed number of workers.
///
/// Dropping an executor is `shutdown(Pending::Finish)`: it waits until all jobs
/// are done. (A program that leaves by [`std::process::exit`], or forgets the
/// executor, loses those that are not.)
///
/// A job that waits for another job of the same executor needs a worker while
/// it waits: when all of them do so, none can go on. Wait with
/// [`Handle::result_timeout`], or use `rayon::join`, which does the other job
/// meanwhile.
pub trait Executor: Sized {
    /// Queues `job(argument)` and returns at once. Jobs are started in the
    /// order in which they are submitted.
    ///
    /// For another process the argument is encoded when a worker takes it, by
    /// whatever thread has freed that: one that waits for its own result, maybe.
    /// So to encode, to decode and to drop a value must not wait for a lock, nor
    /// for a job of the same pool.
    fn submit<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        argument: A,
    ) -> Handle<T>;

    /// Queues several calls of `job` as one: they are done in a row, by one
    /// worker, and travel together. One that fails does not end the others.
    fn submit_chunk<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        arguments: Vec<A>,
    ) -> Handle<Vec<Result<T, JobError>>>;

    /// How many workers there are at most.
    fn workers(&self) -> usize;

    /// Takes no more jobs, and returns at once; those submitted before are done
    /// or cancelled, as `pending` says.
    fn close(&self, pending: Pending);

    /// [`Executor::close`], and waits until all workers have ended. May be
    /// called again, for instance to cancel what was first to be finished; while
    /// one call waits, another one only closes.
    fn shutdown(&self, pending: Pending);

    /// Calls `job` with each of the `arguments`, and returns the results in
    /// their order. The first jobs are submitted at once, the others as results
    /// are asked for.
    fn map<'a, A: Value, T: Value>(
        &'a self,
        job: impl Function<A, T>,
        arguments: impl IntoIterator<Item = A, IntoIter: 'a>,
    ) -> Map<'a, T> {
        self.map_with(MapOptions::default(), job, arguments)
    }

    /// [`Executor::map`] with options.
    ///
    /// ```
    /// use futures_pool::{Executor, MapOptions, ThreadPool};
    ///
    /// let pool = ThreadPool::new(2)?;
    /// let in_tens = MapOptions::chunk(10);
    /// let sum: Result<u32, _> = pool.map_with(in_tens, u32::from, 0..=99_u8).sum();
    /// assert_eq!(sum?, 4_950);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn map_with<'a, A: Value, T: Value>(
        &'a self,
        options: MapOptions,
        job: impl Function<A, T>,
        arguments: impl IntoIterator<Item = A, IntoIter: 'a>,
    ) -> Map<'a, T> {
        let deadline = deadline(options.within);
        let mut arguments = arguments.into_iter();
        let mut late = false;
        let size = options.chunk.map_or(1, NonZero::get);
        let chunks = iter::from_fn(move || {
            let chunk: Vec<A> = arguments.by_ref().take(size).collect();
            if late || chunk.is_empty() {
                return None;
            }
            late = deadline.is_some_and(|at| at <= Instant::now());
            Some(match late {
                true => (1, Handle::failed(JobError::TimedOut)),
                false => (chunk.len(), self.submit_chunk(job, chunk)),
            })
        });
        let mut map = Map {
            chunks: Box::new(chunks),
            ahead: options.ahead.map_or(4 * self.workers(), NonZero::get),
            deadline,
            submitted: VecDeque::new(),
            ready: Vec::new().into_iter(),
        };
        map.look_ahead();
        map
    }
}

/// How [`Executor::map_with`] goes about its arguments. None of the numbers can
/// be 0, by their type.
#[derive(Clone, Copy, Debug, Default)]
pub struct MapOptions {
    /// How many arguments travel together: one, unless told otherwise. More
    /// makes small jobs cheaper; the results of a chunk are there when all of it
    /// is done.
    pub chunk: Option<NonZero<usize>>,
    /// How many chunks are submitted before their results are asked for; no
    /// more arguments are taken from the iterator than that. Four for each
    /// worker, unless told otherwise.
    pub ahead: Option<NonZero<usize>>,
    /// How long all of it may take, from the call on.
    pub within: Option<Duration>,
}

impl MapOptions {
    /// With this many arguments to a chunk.
    ///
    /// # Panics
    ///
    /// 0 is not a size.
    pub fn chunk(size: usize) -> MapOptions {
        let size = NonZero::new(size).expect("a chunk holds an argument");
        MapOptions { chunk: Some(size), ..MapOptions::default() }
    }
}

/// The results of a [`map`](Executor::map), in the order of the arguments. An
/// argument whose job fails is an error in its place; the others go on.
///
/// After the deadline it yields [`JobError::TimedOut`] once and ends. Dropped
/// early, or timed out, it cancels what has not been started.
#[must_use = "what nobody asks for is cancelled"]
pub struct Map<'a, T> {
    /// Takes arguments, submits a chunk of them, and yields it.
    chunks: Box<dyn Iterator<Item = Chunk<T>> + 'a>,
    ahead: usize,
    deadline: Option<Instant>,
    submitted: VecDeque<Chunk<T>>,
    ready: vec::IntoIter<Result<T, JobError>>,
}

/// So many arguments, and what becomes of them.
type Chunk<T> = (usize, Handle<Vec<Result<T, JobError>>>);

impl<T> Map<'_, T> {
    fn look_ahead(&mut self) {
        let missing = self.ahead.saturating_sub(self.submitted.len());
        self.submitted.extend(self.chunks.by_ref().take(missing));
    }

    /// The results of the next chunk; one that was lost is so many errors.
    fn next_chunk(&mut self) -> Option<Vec<Result<T, JobError>>> {
        let (size, chunk) = self.submitted.pop_front()?;
        let rest = self.deadline.map_or(Duration::MAX, |at| {
            at.saturating_duration_since(Instant::now())
        });
        let outcome = match chunk.result_timeout(rest) {
            Ok(outcome) => outcome,
            Err(late) => {
                late.cancel();
                self.cancel();
                return Some(vec![Err(JobError::TimedOut)]);
            }
        };
        let lost = |error| iter::repeat_n(error, size).map(Err).collect();
        Some(outcome.unwrap_or_else(lost))
    }

    /// Nothing more is started, and nothing more comes out.
    fn cancel(&mut self) {
        self.ahead = 0;
        for (_, chunk) in self.submitted.drain(..) {
            chunk.cancel();
        }
    }
}

impl<T> Iterator for Map<'_, T> {
    type Item = Result<T, JobError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(result) = self.ready.next() {
                return Some(result);
            }
            self.look_ahead();
            self.ready = self.next_chunk()?.into_iter();
        }
    }
}

impl<T> Drop for Map<'_, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Waits for the end of threads.
pub(crate) fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    let threads = mem::take(&mut *lock(threads));
    for thread in threads {
        // A job, or a callback, may end its own pool: its thread cannot wait for
        // itself.
        if thread.thread().id() != thread::current().id() {
            let _ = thread.join(); // a panic was told to whom it concerns
        }
    }
}

/// How many workers a pool gets: as many as it is told, or as there are cores
/// for this process, by affinity and by quota.
///
/// # Errors
///
/// It was told 0.
pub(crate) fn workers(wanted: Option<usize>) -> io::Result<usize> {
    match wanted {
        None => Ok(thread::available_parallelism().map_or(1, NonZero::get)),
        Some(0) => {
            let message = "a pool needs at least one worker";
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
        Some(workers) => Ok(workers),
    }
}
