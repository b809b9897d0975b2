//! What both pools have in common: how jobs are submitted, mapped and ended.

use std::time::{Duration, Instant};
use std::{collections::VecDeque, io, num::NonZero, thread, vec};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::JobError;
use crate::handle::Handle;

/// What can go into a job and come out of it: owned, and encodable, for a
/// worker may be another process.
pub trait Value: Serialize + DeserializeOwned + Send + 'static {}

impl<V: Serialize + DeserializeOwned + Send + 'static> Value for V {}

/// A job: a plain function, for a closure cannot go to another process.
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
    /// called again, for instance to cancel what was first to be finished.
    fn shutdown(&self, pending: Pending);

    /// Calls `job` with each of the `arguments`, and returns the results in
    /// their order. The first jobs are submitted at once, the others as results
    /// are asked for.
    fn map<A: Value, T: Value, F: Function<A, T>, I: IntoIterator<Item = A>>(
        &self,
        job: F,
        arguments: I,
    ) -> Map<'_, Self, F, I::IntoIter, T> {
        self.map_with(MapOptions::default(), job, arguments)
    }

    /// [`Executor::map`] with options.
    fn map_with<
        A: Value,
        T: Value,
        F: Function<A, T>,
        I: IntoIterator<Item = A>,
    >(
        &self,
        options: MapOptions,
        job: F,
        arguments: I,
    ) -> Map<'_, Self, F, I::IntoIter, T> {
        let mut map = Map {
            executor: self,
            job,
            arguments: arguments.into_iter(),
            chunk: options.chunk.get(),
            ahead: options.ahead.map_or(4 * self.workers(), NonZero::get),
            deadline: options
                .within
                .and_then(|d| Instant::now().checked_add(d)),
            submitted: VecDeque::new(),
            ready: Vec::new().into_iter(),
        };
        map.look_ahead();
        map
    }
}

/// How [`Executor::map_with`] goes about its arguments. None of the numbers can
/// be 0, by their type.
#[derive(Clone, Copy, Debug)]
pub struct MapOptions {
    /// How many arguments travel together. More makes small jobs cheaper; the
    /// results of a chunk are there when all of it is done.
    pub chunk: NonZero<usize>,
    /// How many chunks are submitted before their results are asked for; no
    /// more arguments are taken from the iterator than that. Four for each
    /// worker, unless told otherwise.
    pub ahead: Option<NonZero<usize>>,
    /// How long all of it may take, from the call on.
    pub within: Option<Duration>,
}

impl Default for MapOptions {
    fn default() -> MapOptions {
        MapOptions { chunk: NonZero::<usize>::MIN, ahead: None, within: None }
    }
}

impl MapOptions {
    /// With this many arguments to a chunk.
    ///
    /// # Panics
    ///
    /// 0 is not a size.
    pub fn chunk(size: usize) -> MapOptions {
        let chunk = NonZero::new(size).expect("a chunk holds an argument");
        MapOptions { chunk, ..MapOptions::default() }
    }
}

/// The results of a [`map`](Executor::map), in the order of the arguments. An
/// argument whose job fails is an error in its place; the others go on.
///
/// After the deadline it yields [`JobError::TimedOut`] once and ends. Dropped
/// early, or timed out, it cancels what has not been started.
#[must_use = "what nobody asks for is cancelled"]
pub struct Map<'pool, E, F, I, T> {
    executor: &'pool E,
    job: F,
    arguments: I,
    chunk: usize,
    ahead: usize,
    deadline: Option<Instant>,
    submitted: VecDeque<Handle<Vec<Result<T, JobError>>>>,
    ready: vec::IntoIter<Result<T, JobError>>,
}

impl<E, F, I, T> Map<'_, E, F, I, T>
where
    E: Executor,
    I: Iterator<Item: Value>,
    T: Value,
    F: Function<I::Item, T>,
{
    fn look_ahead(&mut self) {
        while self.submitted.len() < self.ahead {
            let chunk: Vec<_> =
                self.arguments.by_ref().take(self.chunk).collect();
            if chunk.is_empty() {
                break;
            }
            let late = self.deadline.is_some_and(|at| Instant::now() >= at);
            let chunk = if late {
                self.ahead = 0; // nothing is begun any more
                Handle::failed(JobError::TimedOut)
            } else {
                self.executor.submit_chunk(self.job, chunk)
            };
            self.submitted.push_back(chunk);
        }
    }

    /// The results of the next chunk; a chunk that was lost is one error.
    fn next_chunk(&mut self) -> Option<Vec<Result<T, JobError>>> {
        let chunk = self.submitted.pop_front()?;
        let outcome = match self.deadline {
            None => chunk.result(),
            Some(at) => {
                let rest = at.saturating_duration_since(Instant::now());
                chunk.result_timeout(rest).unwrap_or_else(|late| {
                    late.cancel();
                    self.cancel();
                    Err(JobError::TimedOut)
                })
            }
        };
        Some(outcome.unwrap_or_else(|error| vec![Err(error)]))
    }
}

impl<E, F, I, T> Map<'_, E, F, I, T> {
    /// Nothing more is started, and nothing more comes out.
    fn cancel(&mut self) {
        self.ahead = 0;
        for chunk in self.submitted.drain(..) {
            chunk.cancel();
        }
    }
}

impl<E, F, I, T> Iterator for Map<'_, E, F, I, T>
where
    E: Executor,
    I: Iterator<Item: Value>,
    T: Value,
    F: Function<I::Item, T>,
{
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

impl<E, F, I, T> Drop for Map<'_, E, F, I, T> {
    fn drop(&mut self) {
        self.cancel();
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
