//! A pool of threads for closures that borrow.

use std::{fmt, io, marker::PhantomData, thread};

use crossbeam::channel::{Receiver, Sender, unbounded};

use crate::error::{JobError, discard, run};
use crate::handle::Handle;

/// Calls `work` with a pool of at most `workers` threads for closures that may
/// borrow whatever lives longer than this call. It returns when all of them are
/// done; if `work` panics, those that have not begun are cancelled.
///
/// The pool of [`std::thread::scope`]: that starts a thread for each closure,
/// this one uses its threads again.
///
/// ```
/// let words = ["bounded", "queue", "thread"];
/// let lengths: Vec<_> = futures_pool::scope(2, |pool| {
///     let handles: Vec<_> =
///         words.iter().map(|word| pool.spawn(|| word.len())).collect();
///     handles.into_iter().map(|handle| handle.result()).collect()
/// })?;
/// assert_eq!(lengths, [Ok(7), Ok(5), Ok(6)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// `workers` is 0, or the system refuses a thread: then `work` is not called.
pub fn scope<'env, R>(
    workers: usize,
    work: impl for<'scope> FnOnce(&ScopedPool<'scope, 'env>) -> R,
) -> io::Result<R> {
    let workers = crate::executor::workers(Some(workers))?;
    thread::scope(|threads| {
        let (queue, tasks) = unbounded::<Task>();
        let pool = ScopedPool { queue, tasks, env: PhantomData };
        for number in 1..=workers {
            let tasks = pool.tasks.clone();
            let name = format!("scoped-{number}");
            thread::Builder::new()
                .name(name)
                .spawn_scoped(threads, move || {
                    tasks.into_iter().for_each(discard_panic)
                })?;
        }
        Ok(work(&pool))
    })
}

type Task<'scope> = Box<dyn FnOnce() + Send + 'scope>;

/// The pool of a [`scope`].
///
/// ```
/// use futures_pool::{ScopedPool, scope};
///
/// fn sum<'a>(pool: &ScopedPool<'a, '_>, numbers: &'a [u64]) -> u64 {
///     let (left, right) = numbers.split_at(numbers.len() / 2);
///     let left = pool.spawn(move || left.iter().sum::<u64>());
///     right.iter().sum::<u64>() + left.result().expect("it does not panic")
/// }
///
/// let numbers = [1, 2, 3, 4];
/// assert_eq!(scope(1, |pool| sum(pool, &numbers))?, 10);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct ScopedPool<'scope, 'env: 'scope> {
    queue: Sender<Task<'scope>>,
    tasks: Receiver<Task<'scope>>,
    env: PhantomData<&'scope mut &'env ()>,
}

impl<'scope> ScopedPool<'scope, '_> {
    /// Queues a closure. A panic of it is an error of its handle.
    ///
    /// ```
    /// let mut list = vec![3, 1, 2];
    /// futures_pool::scope(1, |pool| pool.spawn(|| list.sort()).result())??;
    /// assert_eq!(list, [1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn<T: Send + 'scope>(
        &self,
        job: impl FnOnce() -> T + Send + 'scope,
    ) -> Handle<T> {
        let (promise, handle) = Handle::new(false);
        let task = move || match promise.start(None) {
            true => promise.complete(run(job), |_| ()),
            false => promise.complete(Err(JobError::Cancelled), |_| ()),
        };
        self.queue.send(Box::new(task)).expect("it keeps the other end");
        handle
    }
}

/// What panics here is the end of a user's value, or a waker.
fn discard_panic(task: Task) {
    let _ = run(task);
}

impl Drop for ScopedPool<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.tasks.try_iter().for_each(discard);
        }
    }
}

impl fmt::Debug for ScopedPool<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScopedPool")
    }
}
