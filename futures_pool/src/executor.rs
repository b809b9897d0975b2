//! What both pools have in common: how jobs are submitted, mapped and ended.

use std::{io, num::NonZero, thread, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::error::JobError;
use crate::handle::Handle;
use crate::map::{Map, MapOptions};

/// What can go into a job and come out of it: owned, and encodable, for a
/// worker may be another process.
///
/// Between processes a value is copied. That also goes for a `Mutex`, an atomic
/// number or, with serde's feature `rc`, an `Arc`: serde encodes what is in
/// it, and the job gets a value of its own. What belongs to one process has no
/// encoding: a file, a socket, a channel.
///
/// ```
/// use futures_pool::{Executor, ThreadPool};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)] // that is all
/// struct Order {
///     item: String,
///     count: u32,
/// }
///
/// fn total(order: Order) -> u32 {
///     order.count * order.item.len() as u32
/// }
///
/// let pool = ThreadPool::new(1)?;
/// let order = Order { item: "pen".into(), count: 2 };
/// assert_eq!(pool.submit(total, order).result()?, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The encoding (postcard) writes no names, so these attributes of serde cannot
/// cross: a field that is left out (`skip_serializing_if`), `flatten`,
/// `untagged` and `tag = "..."` are refused with an error, and so is
/// `serde_json::Value`. `skip_serializing` needs `skip_deserializing` beside it,
/// and in a tuple struct nothing may be left out: that cannot be noticed. Bytes
/// that are left over are an error.
///
/// ```compile_fail,E0277
/// use futures_pool::{Executor, ThreadPool};
///
/// fn read(mut file: std::fs::File) {}
///
/// let pool = ThreadPool::new(2).unwrap();
/// let file = std::fs::File::open("notes.txt").unwrap();
/// let done = pool.submit(read, file); // ThreadPool::spawn takes closures
/// ```
pub trait Value: Serialize + DeserializeOwned + Send + 'static {}

impl<V: Serialize + DeserializeOwned + Send + 'static> Value for V {}

/// A job: a plain function, for what a closure has captured cannot go to another
/// process. ([`ThreadPool::spawn`](crate::ThreadPool::spawn) takes closures.)
/// It has one argument; several travel as a tuple.
///
/// ```
/// use futures_pool::{Executor, ThreadPool};
///
/// fn power((base, exponent): (u64, u32)) -> u64 {
///     base.pow(exponent)
/// }
///
/// let pool = ThreadPool::new(1)?;
/// assert_eq!(pool.submit(power, (2, 10)).result()?, 1_024);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail,E0277
/// use futures_pool::{Executor, ThreadPool};
///
/// let list = vec![1, 2, 3];
/// let pool = ThreadPool::new(2).unwrap();
/// let last = pool.submit(move |(): ()| list.last().copied(), ());
/// ```
pub trait Function<A, T>: Fn(A) -> T + Copy + Send + Sync + 'static {}

impl<A, T, F: Fn(A) -> T + Copy + Send + Sync + 'static> Function<A, T> for F {}

/// What becomes of jobs that no worker has yet, when a pool ends.
///
/// ```
/// use futures_pool::{Executor, JobError, Pending, ThreadPool};
///
/// let pool = ThreadPool::new(1)?;
/// let (send, receive) = std::sync::mpsc::channel::<()>();
/// let _first = pool.spawn(move || receive.recv()); // no result before `drop`
/// let second = pool.submit(u64::from, 7_u32);
/// pool.close(Pending::Cancel);
/// assert_eq!(second.result(), Err(JobError::Cancelled));
/// drop(send);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
/// are done. During a panic it is `shutdown(Pending::Cancel)`. (A program that
/// leaves by [`std::process::exit`], or forgets the executor, loses the jobs
/// that are not done.)
///
/// A job that waits for another job of the same executor needs a worker while
/// it waits: when all of them do so, none can go on. Wait with
/// [`Handle::result_timeout`], or use `rayon::join`, which does the other job
/// meanwhile.
///
/// ```
/// use futures_pool::{Executor, JobError, ThreadPool};
///
/// fn double(n: u32) -> u32 {
///     2 * n
/// }
///
/// /// For every pool, of threads or of processes.
/// fn doubled(pool: &impl Executor) -> Result<Vec<u32>, JobError> {
///     pool.map(double, 1..4).collect()
/// }
///
/// assert_eq!(doubled(&ThreadPool::new(2)?)?, [2, 4, 6]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Executor: Sized {
    /// Queues `job(argument)` and returns at once, unless the queue is limited
    /// and full. Jobs are started in the order in which they are submitted.
    ///
    /// For another process the argument is encoded here, in this thread; what
    /// goes wrong with that is told by the handle. The result is decoded in a
    /// thread of the pool.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let pool = ThreadPool::new(2)?;
    /// let [three, four] = [3_u32, 4].map(|n| pool.submit(u64::from, n));
    /// assert_eq!(three.result()? + four.result()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn submit<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        argument: A,
    ) -> Handle<T>;

    /// Queues several calls of `job` as one: they are done in a row, by one
    /// worker, and travel together. One that fails does not end the others.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// fn half(n: u32) -> u32 {
    ///     assert!(n % 2 == 0, "{n} is odd");
    ///     n / 2
    /// }
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let halves = pool.submit_chunk(half, vec![2, 3, 4]).result()?;
    /// let halves: Vec<_> = halves.into_iter().map(Result::ok).collect();
    /// assert_eq!(halves, [Some(1), None, Some(2)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn submit_chunk<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        arguments: Vec<A>,
    ) -> Handle<Vec<Result<T, JobError>>>;

    /// How many workers there are at most.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// assert_eq!(ThreadPool::new(3)?.workers(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    fn workers(&self) -> usize;

    /// Takes no more jobs, and returns at once; those submitted before are done
    /// or cancelled, as `pending` says.
    ///
    /// ```
    /// use futures_pool::{Executor, JobError, Pending, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let early = pool.submit(u64::from, 1_u32);
    /// pool.close(Pending::Finish);
    /// let late = pool.submit(u64::from, 2_u32);
    /// assert_eq!(early.result(), Ok(1));
    /// assert_eq!(late.result(), Err(JobError::Closed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn close(&self, pending: Pending);

    /// [`Executor::close`], and waits until all workers have ended. May be
    /// called again, for instance to cancel what was first to be finished. In a
    /// job or a callback of the same pool it only closes: that cannot wait for
    /// itself.
    ///
    /// ```
    /// use futures_pool::{Executor, Pending, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let jobs = [1_u32, 2, 3].map(|n| pool.submit(u64::from, n));
    /// pool.shutdown(Pending::Finish);
    /// assert!(jobs.iter().all(|job| job.is_done()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn shutdown(&self, pending: Pending) {
        let _ = self.shutdown_timeout(pending, Duration::MAX); // no limit
    }

    /// [`Executor::shutdown`], but waits no longer than `limit`. True: all
    /// workers have ended.
    ///
    /// ```
    /// use futures_pool::{Executor, Pending, ThreadPool};
    /// use std::{thread::sleep, time::Duration};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let slow = pool.submit(sleep, Duration::from_millis(50));
    /// assert!(!pool.shutdown_timeout(Pending::Finish, Duration::ZERO));
    /// assert_eq!(slow.result(), Ok(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "a job may still be running"]
    fn shutdown_timeout(&self, pending: Pending, limit: Duration) -> bool;

    /// Calls `job` with each of the `arguments`, and returns the results in
    /// their order. The first jobs are submitted at once, the others as results
    /// are asked for.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let pool = ThreadPool::new(2)?;
    /// let cubes = pool.map(|n: u64| n.pow(3), [1, 2, 3]);
    /// assert_eq!(cubes.collect::<Result<Vec<_>, _>>()?, [1, 8, 27]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        Map::new(self.workers(), options, arguments, move |chunk| {
            self.submit_chunk(job, chunk)
        })
    }
}

/// What a pool does with pending jobs when it is dropped. During a panic nobody
/// waits for what has not begun.
pub(crate) fn when_dropped() -> Pending {
    match thread::panicking() {
        true => Pending::Cancel,
        false => Pending::Finish,
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
