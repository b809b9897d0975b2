//! A pool of threads.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::{fmt, io, mem, num::NonZero, time::Duration};

use crossbeam::channel::{Receiver, Sender, TrySendError, bounded, unbounded};

use crate::error::{JobError, discard, run};
use crate::executor::{
    Executor, Function, Pending, Value, when_dropped, workers,
};
use crate::handle::{Handle, Promise, deadline};
use crate::spin::spin;
use crate::staff::Staff;

/// Runs jobs on a limited number of threads of this process. A thread is
/// started when a job comes in and none is free, and then stays.
///
/// A job that panics ends with an error, and its thread goes on. A job that
/// never returns cannot be ended: a pool of processes can do that.
///
/// ```
/// use futures_pool::{Executor, ThreadPool};
///
/// let pool = ThreadPool::new(4)?;
/// let words = vec!["thread", "pool"];
/// let longest = pool.spawn(move || words.iter().map(|w| w.len()).max());
/// assert_eq!(longest.result()?, Some(6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ThreadPool {
    shared: Arc<Shared>,
    /// `None` once the pool is closed: without it the threads end.
    queue: RwLock<Option<Sender<Task>>>,
    workers: usize,
}

/// What the threads share.
struct Shared {
    tasks: Receiver<Task>,
    /// How many threads have nothing to do and nothing on its way to them.
    free: AtomicUsize,
    initializer: Option<Box<dyn Fn() + Send + Sync>>,
    /// Set when the initializer has failed, or no thread could be started.
    broken: OnceLock<JobError>,
    staff: Staff,
    spins: bool,
}

/// A job with its argument and its promise.
type Task = Box<dyn FnOnce(&Shared) + Send>;

impl ThreadPool {
    /// A pool of at most `workers` threads.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let pool = ThreadPool::new(2)?;
    /// assert_eq!(pool.submit(u64::from, 7_u32).result()?, 7);
    /// assert!(ThreadPool::new(0).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `workers` is 0.
    pub fn new(workers: usize) -> io::Result<ThreadPool> {
        ThreadPool::builder().workers(workers).build()
    }

    /// A pool with as many workers as there are cores for this process, unless
    /// the builder is told otherwise.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let cores = std::thread::available_parallelism()?.get();
    /// assert_eq!(ThreadPool::builder().build()?.workers(), cores);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> ThreadPoolBuilder {
        ThreadPoolBuilder::default()
    }

    /// Queues a closure, which need not be encodable: its captured values and
    /// its result stay in this process. Otherwise like
    /// [`submit`](Executor::submit). For closures that borrow there is
    /// [`scope`](crate::scope).
    ///
    /// ```
    /// use futures_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let list = vec![1, 2, 3];
    /// assert_eq!(pool.spawn(move || list.len()).result()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spawn<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Handle<T> {
        // A copy: to wait for room in the queue must not keep it from closing.
        let Some(queue) = self.queue() else {
            discard(job);
            return Handle::failed(JobError::Closed);
        };
        if let Some(error) = self.shared.broken.get() {
            discard(job);
            return Handle::failed(error.clone());
        }
        let (promise, handle) = Handle::new(self.shared.spins);
        let task: Task = Box::new(move |shared| match shared.broken.get() {
            Some(error) => shared.complete(promise, Err(error.clone())),
            None if promise.start(None) => shared.complete(promise, run(job)),
            None => shared.complete(promise, Err(JobError::Cancelled)),
        });
        if let Err(TrySendError::Full(task)) = queue.try_send(task) {
            queue.send(task).expect("the pool keeps the other end");
            if self.queue().is_none() {
                handle.cancel(); // it was closed meanwhile
            }
        }
        if !self.shared.expects_one_more() {
            self.start_thread();
        }
        handle
    }

    /// The queue, unless it is closed.
    fn queue(&self) -> Option<Sender<Task>> {
        self.queue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn start_thread(&self) {
        let staff = &self.shared.staff;
        if staff.started() >= self.workers {
            return;
        }
        let shared = self.shared.clone();
        match staff.start("worker", move || shared.work()) {
            Ok(()) => {}
            // Without any, nobody would ever look at the queue.
            Err(error) if staff.started() == 0 => {
                let how = format!("no thread could be started: {error}");
                let _ = self.shared.broken.set(JobError::Broken(how)); // or was
                self.shared.tasks.try_iter().for_each(|t| t(&self.shared));
            }
            // The others do its share.
            Err(_) => {}
        }
    }
}

impl Shared {
    /// One thread: does what comes, until nothing can come any more.
    fn work(&self) {
        if let Some(initializer) = &self.initializer
            && let Err(error) = run(initializer)
        {
            let how = format!("the initializer failed: {error}");
            let _ = self.broken.set(JobError::Broken(how)); // or it was before
        }
        while let Some(task) = self.next() {
            let _ = run(|| task(self)); // it drops what is a user's
        }
    }

    fn next(&self) -> Option<Task> {
        let found = match self.spins {
            true => spin(None, || self.tasks.try_recv().ok()),
            false => None,
        };
        found.or_else(|| self.tasks.recv().ok())
    }

    /// True: a free thread takes the next task.
    fn expects_one_more(&self) -> bool {
        let one_less = |free: usize| free.checked_sub(1);
        self.free.fetch_update(SeqCst, SeqCst, one_less).is_ok()
    }

    /// The thread counts as free before its result is known: then whoever gets
    /// that, and submits again, finds it free.
    fn complete<T>(&self, promise: Promise<T>, outcome: Result<T, JobError>) {
        let mut busy = true;
        let free = |_| {
            if mem::take(&mut busy) && self.tasks.is_empty() {
                self.free.fetch_add(1, SeqCst);
            }
        };
        // A waker that panics, or a result that does so when it is dropped, ends
        // no thread.
        let _ = run(|| promise.complete(outcome, free));
    }
}

impl Executor for ThreadPool {
    fn submit<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        argument: A,
    ) -> Handle<T> {
        self.spawn(move || job(argument))
    }

    fn submit_chunk<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        arguments: Vec<A>,
    ) -> Handle<Vec<Result<T, JobError>>> {
        let one = move |argument| run(|| job(argument));
        self.spawn(move || arguments.into_iter().map(one).collect())
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn close(&self, pending: Pending) {
        self.queue.write().unwrap_or_else(PoisonError::into_inner).take();
        if pending == Pending::Cancel {
            // A task that is dropped tells its handle, and drops its argument.
            self.shared.tasks.try_iter().for_each(discard);
        }
    }

    fn shutdown_timeout(&self, pending: Pending, limit: Duration) -> bool {
        self.close(pending);
        self.shared.staff.wait(deadline(Some(limit)))
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shutdown(when_dropped());
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadPool({} workers)", self.workers)
    }
}

/// What a [`ThreadPool`] is to be like.
///
/// ```
/// use std::num::NonZero;
///
/// use futures_pool::{Executor, ThreadPool};
///
/// fn greet(name: String) {
///     println!("{name} from {:?}", std::thread::current().name());
/// }
///
/// let pool = ThreadPool::builder()
///     .workers(2)
///     .initializer(greet, "hello".to_string()) // in each thread
///     .queue_limit(NonZero::new(100).unwrap()) // then submit waits
///     .build()?;
/// pool.submit(greet, "a job".into()).result()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[must_use = "`build` makes the pool"]
pub struct ThreadPoolBuilder {
    workers: Option<usize>,
    initializer: Option<Box<dyn Fn() + Send + Sync>>,
    queue_limit: Option<NonZero<usize>>,
    never_spins: bool,
}

impl ThreadPoolBuilder {
    /// At most `workers` threads.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// assert_eq!(ThreadPool::builder().workers(3).build()?.workers(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "max_workers")]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Has every thread call `function(argument)` before its first job. If that
    /// panics, the pool is broken: no job is run any more.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// static LEVEL: AtomicU32 = AtomicU32::new(0);
    ///
    /// let pool = ThreadPool::builder()
    ///     .initializer(|level| LEVEL.store(level, Relaxed), 3)
    ///     .build()?;
    /// assert_eq!(pool.submit(|(): ()| LEVEL.load(Relaxed), ()).result()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "initargs")]
    pub fn initializer<A: Value + Clone + Sync>(
        mut self,
        function: impl Function<A, ()>,
        argument: A,
    ) -> Self {
        self.initializer = Some(Box::new(move || function(argument.clone())));
        self
    }

    /// How many jobs may be pending; when the limit is reached, `submit` waits
    /// until there is room (back-pressure). A cancelled job takes its room until
    /// its turn comes.
    ///
    /// ```
    /// use std::num::NonZero;
    ///
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let limit = NonZero::new(10).unwrap();
    /// let pool = ThreadPool::builder().workers(1).queue_limit(limit).build()?;
    /// // This loop waits while ten jobs are pending.
    /// for n in 0..1_000_u32 {
    ///     drop(pool.submit(u64::from, n));
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn queue_limit(mut self, jobs: NonZero<usize>) -> Self {
        self.queue_limit = Some(jobs);
        self
    }

    /// Threads go to sleep as soon as they wait. Otherwise, while cores are
    /// idle, some of them check for up to 100 us first (they spin): that makes
    /// small jobs faster, and costs CPU time.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let pool = ThreadPool::builder().never_spin().build()?;
    /// assert_eq!(pool.submit(u64::from, 7_u32).result()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn never_spin(mut self) -> Self {
        self.never_spins = true;
        self
    }

    /// The pool. No thread is started yet.
    ///
    /// ```
    /// use futures_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::builder().workers(2).build()?;
    /// assert!(ThreadPool::builder().workers(0).build().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There would be no worker.
    pub fn build(self) -> io::Result<ThreadPool> {
        let workers = workers(self.workers)?;
        let (queue, tasks) = match self.queue_limit {
            Some(jobs) => bounded(jobs.get()),
            None => unbounded(),
        };
        let shared = Arc::new(Shared {
            tasks,
            free: AtomicUsize::new(0),
            initializer: self.initializer,
            broken: OnceLock::new(),
            staff: Staff::default(),
            spins: !self.never_spins,
        });
        Ok(ThreadPool { shared, queue: RwLock::new(Some(queue)), workers })
    }
}

impl fmt::Debug for ThreadPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadPoolBuilder(workers: {:?})", self.workers)
    }
}
