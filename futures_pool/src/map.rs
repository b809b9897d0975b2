//! Calling one job with many arguments.

use std::time::{Duration, Instant};
use std::{collections::VecDeque, iter, num::NonZero, vec};

use crate::error::JobError;
use crate::handle::{Handle, deadline};

/// No more chunks are submitted ahead, unless it is wanted so.
const MOST_AHEAD: usize = 1 << 16;

/// How [`Executor::map_with`](crate::Executor::map_with) goes about its
/// arguments. None of the numbers can be 0, by their type.
///
/// ```
/// use std::time::Duration;
///
/// use futures_pool::{Executor, MapOptions, ThreadPool};
///
/// let pool = ThreadPool::new(2)?;
/// let within = Some(Duration::from_secs(60));
/// let options = MapOptions { within, ..MapOptions::chunk(10) };
/// let numbers = pool.map_with(options, u64::from, 1..=100_u32);
/// assert_eq!(numbers.sum::<Result<u64, _>>()?, 5_050);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// ```
    /// use futures_pool::MapOptions;
    ///
    /// let options = MapOptions::chunk(64);
    /// assert_eq!(options.chunk.map(usize::from), Some(64));
    /// ```
    ///
    /// # Panics
    ///
    /// 0 is not a size.
    pub fn chunk(size: usize) -> MapOptions {
        let size = NonZero::new(size).expect("a chunk holds an argument");
        MapOptions { chunk: Some(size), ..MapOptions::default() }
    }
}

/// The results of a [`map`](crate::Executor::map), in the order of the arguments. An
/// argument whose job fails is an error in its place; the others go on.
///
/// After the deadline it yields [`JobError::TimedOut`] once and ends. Dropped
/// early, or timed out, it cancels what has not been started.
///
/// ```
/// use futures_pool::{Executor, JobError, ThreadPool};
///
/// fn half(n: u32) -> u32 {
///     assert!(n % 2 == 0, "{n} is odd");
///     n / 2
/// }
///
/// let pool = ThreadPool::new(2)?;
/// let mut halves = pool.map(half, [2, 3, 4]);
/// assert_eq!(halves.next(), Some(Ok(1)));
/// assert!(matches!(halves.next(), Some(Err(JobError::Panicked { .. }))));
/// assert_eq!(halves.next(), Some(Ok(2)));
/// assert_eq!(halves.next(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "what nobody asks for is cancelled"]
pub struct Map<'a, T> {
    /// Takes arguments, submits a chunk of them, and yields it.
    chunks: Box<dyn Iterator<Item = Chunk<T>> + 'a>,
    ahead: usize,
    deadline: Option<Instant>,
    submitted: VecDeque<Chunk<T>>,
    ready: vec::IntoIter<Result<T, JobError>>,
}

/// The number of arguments, and what becomes of them.
type Chunk<T> = (usize, Handle<Vec<Result<T, JobError>>>);

impl<'a, T> Map<'a, T> {
    /// Submits the first chunks.
    pub(crate) fn new<A>(
        workers: usize,
        options: MapOptions,
        arguments: impl IntoIterator<Item = A, IntoIter: 'a>,
        submit: impl Fn(Vec<A>) -> Handle<Vec<Result<T, JobError>>> + 'a,
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
                false => (chunk.len(), submit(chunk)),
            })
        });
        let usual = workers.saturating_mul(4).min(MOST_AHEAD);
        let mut map = Map {
            chunks: Box::new(chunks),
            ahead: options.ahead.map_or(usual, NonZero::get),
            deadline,
            submitted: VecDeque::new(),
            ready: Vec::new().into_iter(),
        };
        map.look_ahead();
        map
    }

    fn look_ahead(&mut self) {
        let missing = self.ahead.saturating_sub(self.submitted.len());
        self.submitted.extend(self.chunks.by_ref().take(missing));
    }

    /// The results of the next chunk. If it is lost, each of them is an error.
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
