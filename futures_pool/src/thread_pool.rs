//! A crew of threads.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::{fmt, io, thread, thread::JoinHandle};

use crossbeam::channel::{Receiver, Sender, unbounded};

use crate::error::{JobError, lock, run};
use crate::executor::{Executor, Function, Pending, Value, join, workers};
use crate::{handle::Handle, handle::Promise, look::Look};

/// Runs jobs on threads of this process, on so many at most. A thread is
/// started when a job comes in and none is free, and then stays.
pub struct ThreadPool {
    crew: Arc<Crew>,
    /// `None` once the pool is closed: without it the threads end.
    rail: RwLock<Option<Sender<Task>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    workers: usize,
}

/// What the threads share.
struct Crew {
    tasks: Receiver<Task>,
    /// How many threads have nothing to do and nothing on its way to them.
    free: AtomicUsize,
    prepare: Option<Box<dyn Fn() + Send + Sync>>,
    /// Set when a thread could not be made ready, or not be started.
    broken: OnceLock<JobError>,
}

/// A job with its argument and its promise.
type Task = Box<dyn FnOnce(&Crew) + Send>;

impl ThreadPool {
    /// A pool of at most `workers` threads.
    ///
    /// # Errors
    ///
    /// `workers` is 0.
    pub fn new(workers: usize) -> io::Result<ThreadPool> {
        ThreadPool::builder().workers(workers).build()
    }

    /// A pool with as many workers as there are cores for this process, unless
    /// the builder is told otherwise.
    pub fn builder() -> ThreadPoolBuilder {
        ThreadPoolBuilder::default()
    }

    fn assign<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Handle<T> {
        let rail = self.rail.read().unwrap_or_else(PoisonError::into_inner);
        let Some(rail) = &*rail else {
            return Handle::failed(JobError::Closed);
        };
        if let Some(error) = self.crew.broken.get() {
            return Handle::failed(error.clone());
        }
        let (promise, handle) = Handle::new();
        let task: Task = Box::new(move |crew| match crew.broken.get() {
            Some(error) => crew.keep(promise, Err(error.clone())),
            None if promise.start(None) => crew.keep(promise, run(job)),
            None => crew.keep(promise, Err(JobError::Cancelled)),
        });
        rail.send(task).expect("the crew keeps the other end");
        if !self.crew.expects_one_more() {
            self.start_thread();
        }
        handle
    }

    fn start_thread(&self) {
        let mut threads = lock(&self.threads);
        if threads.len() == self.workers {
            return;
        }
        let name = format!("crew-{}", threads.len() + 1);
        let crew = self.crew.clone();
        match thread::Builder::new().name(name).spawn(move || crew.work()) {
            Ok(thread) => threads.push(thread),
            // Without any, nobody would ever look at the rail.
            Err(error) if threads.is_empty() => {
                let how = format!("no thread could be started: {error}");
                let _ = self.crew.broken.set(JobError::Broken(how)); // or worse
                self.crew.tasks.try_iter().for_each(|task| task(&self.crew));
            }
            // The others do its share.
            Err(_) => {}
        }
    }
}

impl Crew {
    /// One thread: does what comes, until nothing can come any more.
    fn work(&self) {
        if let Some(prepare) = &self.prepare
            && let Err(error) = run(prepare)
        {
            let how = format!("a worker could not be made ready: {error}");
            let _ = self.broken.set(JobError::Broken(how)); // or it was before
        }
        let mut look = Look::default();
        while let Some(task) = look
            .out_for(None, || self.tasks.try_recv().ok())
            .or_else(|| self.tasks.recv().ok())
        {
            let _ = run(|| task(self)); // it drops what is a user's
        }
    }

    /// True: a free thread takes the next task.
    fn expects_one_more(&self) -> bool {
        let one_less = |free: usize| free.checked_sub(1);
        self.free.fetch_update(SeqCst, SeqCst, one_less).is_ok()
    }

    /// The thread counts as free before its result is known: then whoever gets
    /// that, and submits again, finds it free.
    fn keep<T>(&self, promise: Promise<T>, outcome: Result<T, JobError>) {
        let free =
            || _ = self.free.fetch_add(self.tasks.is_empty().into(), SeqCst);
        // A waker that panics, or a result that does so when it is dropped, ends
        // no thread.
        let _ = run(|| promise.keep(outcome, free));
    }
}

impl Executor for ThreadPool {
    fn submit<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        argument: A,
    ) -> Handle<T> {
        self.assign(move || job(argument))
    }

    fn submit_chunk<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        arguments: Vec<A>,
    ) -> Handle<Vec<Result<T, JobError>>> {
        let one = move |argument| run(|| job(argument));
        self.assign(move || arguments.into_iter().map(one).collect())
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn close(&self, pending: Pending) {
        self.rail.write().unwrap_or_else(PoisonError::into_inner).take();
        if pending == Pending::Cancel {
            // A task that is dropped tells its handle, and drops its argument.
            let tasks = self.crew.tasks.try_iter();
            tasks.for_each(|task| _ = run(|| drop(task)));
        }
    }

    fn shutdown(&self, pending: Pending) {
        self.close(pending);
        join(&self.threads);
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        self.shutdown(Pending::Finish);
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadPool({} workers)", self.workers)
    }
}

/// How a [`ThreadPool`] is to be.
#[derive(Default)]
pub struct ThreadPoolBuilder {
    workers: Option<usize>,
    prepare: Option<Box<dyn Fn() + Send + Sync>>,
}

impl ThreadPoolBuilder {
    /// At most so many threads.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Has every thread call `prepare` before its first job. If that panics,
    /// the pool is broken: no job is run any more.
    pub fn prepare(mut self, prepare: impl Function<(), ()> + Sync) -> Self {
        self.prepare = Some(Box::new(move || prepare(())));
        self
    }

    /// The pool. No thread is started yet.
    ///
    /// # Errors
    ///
    /// There would be no worker.
    pub fn build(self) -> io::Result<ThreadPool> {
        let workers = workers(self.workers)?;
        let (rail, tasks) = unbounded();
        let (free, prepare) = (AtomicUsize::new(0), self.prepare);
        let broken = OnceLock::new();
        let crew = Arc::new(Crew { tasks, free, prepare, broken });
        let (rail, threads) = (RwLock::new(Some(rail)), Mutex::default());
        Ok(ThreadPool { crew, rail, threads, workers })
    }
}

impl fmt::Debug for ThreadPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThreadPoolBuilder(workers: {:?})", self.workers)
    }
}
