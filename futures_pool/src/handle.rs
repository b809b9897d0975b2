//! What stands for a submitted job.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use std::{fmt, future::Future, mem, pin::Pin};

use crossbeam::channel::Sender;

use crate::error::{JobError, discard, lock, run};
use crate::spin::spin;

/// Stands for the result of a submitted job, which runs whether or not anybody
/// asks for it. Dropping the handle does not cancel the job.
///
/// What Python calls a future. In Rust a [`Future`] is work that does nothing
/// until it is polled; this is a handle to work that goes on by itself, like
/// [`std::thread::JoinHandle`]. It can be awaited, on any runtime.
///
/// ```
/// use std::time::Duration;
///
/// use futures_pool::{Executor, JobError, ThreadPool};
///
/// fn nap(ms: u64) {
///     std::thread::sleep(Duration::from_millis(ms));
/// }
///
/// let pool = ThreadPool::new(1)?;
/// let (long, never) = (pool.submit(nap, 500), pool.submit(nap, 60_000));
/// assert!(never.cancel()); // it is still pending
/// assert_eq!(never.result(), Err(JobError::Cancelled));
/// match long.result_timeout(Duration::from_millis(1)) {
///     Ok(done) => done?,
///     Err(long) => long.result()?, // not done by then, and not lost
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the job runs, but its result or error would go unnoticed"]
pub struct Handle<T> {
    slot: Arc<Slot<T>>,
}

/// The pool's end of a handle. Dropped without a result, it tells the handle
/// that the job was cancelled.
pub(crate) struct Promise<T> {
    slot: Arc<Slot<T>>,
}

/// Whether the outcome of a job has been told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    NotYet,
    Yes,
}

/// Whoever runs a job, and can be made to stop it: a worker process.
pub(crate) trait Stop: Send + Sync {
    /// Ends the job of this number, if it is still the one that runs.
    fn stop(&self, number: u64) -> bool;
}

/// Who runs a job, and the number by which it knows the job.
pub(crate) type Runner = (Weak<dyn Stop>, u64);

struct Slot<T> {
    done: AtomicBool,
    state: Mutex<State<T>>,
    /// Threads that wait for the job are woken by this.
    changed: Condvar,
    /// Whether a waiting thread may spin first.
    spins: bool,
}

struct State<T> {
    phase: Phase<T>,
    /// Whether a thread waits for `changed`.
    waited_for: bool,
    /// Who else is told: one at most, for a handle cannot be cloned.
    subscriber: Option<Subscriber>,
    callbacks: Vec<Callback>,
    /// They are being called: one that is added now is called after them.
    calling: bool,
}

enum Phase<T> {
    Pending,
    /// With its runner, if that can be made to stop.
    Running(Option<Runner>),
    Done(Result<T, JobError>),
    /// The result has been handed out; what is left of it is its error.
    Taken(Option<JobError>),
}

enum Subscriber {
    Task(Waker),
    /// Somebody who waits for several, and knows this one by a number.
    List(Sender<Announcement>, usize),
}

type Callback = Box<dyn FnOnce(Option<&JobError>) + Send>;

/// Which one of several is done, and its error.
pub(crate) type Announcement = (usize, Option<JobError>);

impl<T> Slot<T> {
    /// No code of a user runs under this lock.
    fn state(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.state)
    }

    fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Puts the outcome there, and tells whoever waits for it.
    fn finish(
        &self,
        mut state: MutexGuard<'_, State<T>>,
        outcome: Result<T, JobError>,
    ) {
        let error = outcome.as_ref().err().cloned();
        state.phase = Phase::Done(outcome); // before: nothing of a user's
        self.done.store(true, Ordering::Release);
        let subscriber = state.subscriber.take();
        state.calling = true;
        let waited_for = state.waited_for;
        drop(state); // first: whoever is woken wants the lock
        if waited_for {
            self.changed.notify_all();
        }
        match subscriber {
            Some(Subscriber::Task(waker)) => _ = run(|| waker.wake()),
            Some(Subscriber::List(list, number)) => {
                let _ = list.send((number, error.clone())); // or it is gone
            }
            None => {}
        }
        loop {
            let mut state = self.state();
            let callbacks = mem::take(&mut state.callbacks);
            state.calling = !callbacks.is_empty();
            drop(state);
            if callbacks.is_empty() {
                return;
            }
            for callback in callbacks {
                let _ = run(|| callback(error.as_ref())); // the hook printed it
            }
        }
    }
}

impl<T> Promise<T> {
    /// Marks the job as running. False: it was cancelled, and must not run.
    pub(crate) fn start(&self, runner: Option<Runner>) -> bool {
        let mut state = self.slot.state();
        let pending = matches!(state.phase, Phase::Pending);
        if pending {
            state.phase = Phase::Running(runner);
        }
        pending
    }

    /// The job has not begun after all.
    pub(crate) fn back_to_pending(&self) {
        let mut state = self.slot.state();
        if let Phase::Running(_) = state.phase {
            state.phase = Phase::Pending;
        }
    }

    /// Puts the outcome there, unless there is one. `free` is to say that the
    /// worker is free. It is called before anybody sees the outcome, so that
    /// whoever submits next finds the worker free, and again after that; only
    /// after that if callbacks and wakers hear of it, which may take long.
    pub(crate) fn complete(
        self,
        outcome: Result<T, JobError>,
        mut free: impl FnMut(Told),
    ) {
        let state = self.slot.state();
        let calls_back = !state.callbacks.is_empty()
            || matches!(state.subscriber, Some(Subscriber::Task(_)));
        if !calls_back {
            free(Told::NotYet);
        }
        if self.slot.is_done() {
            drop(state);
            discard(outcome);
        } else {
            self.slot.finish(state, outcome);
        }
        free(Told::Yes);
    }
}

impl<T> Drop for Promise<T> {
    fn drop(&mut self) {
        let state = self.slot.state();
        if !self.slot.is_done() {
            self.slot.finish(state, Err(JobError::Cancelled));
        }
    }
}

impl<T> Handle<T> {
    /// The two ends. Threads that wait for the result may spin first.
    pub(crate) fn new(spins: bool) -> (Promise<T>, Handle<T>) {
        let state = State {
            phase: Phase::Pending,
            waited_for: false,
            subscriber: None,
            callbacks: Vec::new(),
            calling: false,
        };
        let slot = Arc::new(Slot {
            done: AtomicBool::new(false),
            state: Mutex::new(state),
            changed: Condvar::new(),
            spins,
        });
        (Promise { slot: slot.clone() }, Handle { slot })
    }

    /// A handle whose job has already failed.
    pub(crate) fn failed(error: JobError) -> Handle<T> {
        let (promise, handle) = Handle::new(false);
        promise.complete(Err(error), |_| ());
        handle
    }

    /// Waits for the job and returns what it returned.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// assert_eq!(pool.submit(u64::from, 7_u32).result()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The job panicked, was cancelled, or could not be run to its end.
    pub fn result(self) -> Result<T, JobError> {
        self.wait(None);
        self.take()
    }

    /// Waits for the job, but no longer than `limit`. A job that is not done by
    /// then goes on, and its handle comes back: so a limit that has passed is
    /// never taken for an error of the job.
    ///
    /// ```
    /// use std::{sync::mpsc::channel, time::Duration};
    ///
    /// use futures_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let (send, receive) = channel();
    /// let job = pool.spawn(move || receive.recv());
    /// let limit = Duration::from_millis(1);
    /// let job = job.result_timeout(limit).expect_err("it has received nothing");
    /// send.send("now")?;
    /// assert_eq!(job.result()?, Ok("now"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Outside: not done yet. Inside: as with [`Handle::result`].
    pub fn result_timeout(
        self,
        limit: Duration,
    ) -> Result<Result<T, JobError>, Handle<T>> {
        match self.wait(deadline(Some(limit))) {
            true => Ok(self.take()),
            false => Err(self),
        }
    }

    /// Why the job failed; `None` while it is not done, and when it succeeded.
    ///
    /// ```
    /// use futures_pool::{JobError, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let job = pool.spawn(|| -> u32 { panic!("no paper") });
    /// while !job.is_done() {
    ///     std::thread::yield_now();
    /// }
    /// assert!(matches!(job.error(), Some(JobError::Panicked { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "exception")]
    pub fn error(&self) -> Option<JobError> {
        match &self.slot.state().phase {
            Phase::Done(outcome) => outcome.as_ref().err().cloned(),
            Phase::Taken(error) => error.clone(),
            Phase::Pending | Phase::Running(_) => None,
        }
    }

    /// Whether the job has ended: with a result, with an error, or cancelled.
    ///
    /// ```
    /// use futures_pool::{Executor, Pending, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let job = pool.submit(u64::from, 7_u32);
    /// pool.shutdown(Pending::Finish);
    /// assert!(job.is_done());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "done")]
    pub fn is_done(&self) -> bool {
        self.slot.is_done()
    }

    /// Whether a worker has the job now.
    ///
    /// ```
    /// use std::sync::{Arc, Barrier};
    ///
    /// use futures_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let both = Arc::new(Barrier::new(2));
    /// let its = both.clone();
    /// let job = pool.spawn(move || {
    ///     its.wait(); // it has begun
    ///     its.wait(); // it may end
    /// });
    /// both.wait();
    /// assert!(job.is_running());
    /// both.wait();
    /// job.result()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "running")]
    pub fn is_running(&self) -> bool {
        matches!(self.slot.state().phase, Phase::Running(_))
    }

    /// Whether the job was cancelled, here or with its pool.
    ///
    /// ```
    /// use futures_pool::{Executor, Pending, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let job = pool.submit(u64::from, 7_u32);
    /// pool.shutdown(Pending::Finish);
    /// assert!(!job.is_cancelled() && !job.cancel()); // it is done
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "cancelled")]
    pub fn is_cancelled(&self) -> bool {
        self.error() == Some(JobError::Cancelled)
    }

    /// Cancels the job if it is pending: then it never runs. True if it is
    /// cancelled, now or before.
    ///
    /// A running job goes on, in both pools: a thread cannot be interrupted.
    /// [`Handle::kill`] ends a job that runs in a process.
    ///
    /// ```
    /// use futures_pool::ThreadPool;
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let (send, receive) = std::sync::mpsc::channel();
    /// let first = pool.spawn(move || receive.recv());
    /// let second = pool.spawn(|| 7); // the only worker is not free
    /// assert!(second.cancel() && second.is_cancelled());
    /// send.send(())?;
    /// assert_eq!(first.result()?, Ok(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(&self) -> bool {
        let state = self.slot.state();
        match state.phase {
            Phase::Pending => self.slot.finish(state, Err(JobError::Cancelled)),
            _ => drop(state),
        }
        self.is_cancelled()
    }

    /// Cancels the job, even if it runs in a worker process: that is killed,
    /// with everything that it has started, and another worker takes its place.
    /// The other workers go on. True if the job will not be done, now or later.
    ///
    /// In a pool of threads this is [`Handle::cancel`].
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, JobError, ProcessPool, init, job};
    ///
    /// fn spin_for_ever((): ()) {
    ///     loop {}
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(spin_for_ever)]);
    ///     let pool = ProcessPool::new(1)?;
    ///     let endless = pool.submit(spin_for_ever, ());
    ///     assert!(endless.kill());
    ///     assert_eq!(endless.result(), Err(JobError::Cancelled));
    ///     Ok(())
    /// }
    /// ```
    pub fn kill(&self) -> bool {
        if self.cancel() {
            return true;
        }
        let runner = match &self.slot.state().phase {
            Phase::Running(runner) => runner.clone(),
            _ => None,
        };
        let stopped = |(runner, number): Runner| {
            runner.upgrade().is_some_and(|runner| runner.stop(number))
        };
        runner.is_some_and(stopped)
    }

    /// Has `callback` called with the job's error, if any, once it is done: in
    /// the thread that completes it, or at once, here, if it is done already.
    /// Callbacks are called in the order in which they were added. They should
    /// be short, and not wait for jobs of the same pool; one that panics is
    /// ignored.
    ///
    /// ```
    /// use futures_pool::{Executor, ThreadPool};
    ///
    /// let pool = ThreadPool::new(1)?;
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let handle = pool.submit(u64::from, 7_u32);
    /// handle.on_done(move |error| _ = tell.send(error.is_none()));
    /// assert_eq!((told.recv()?, handle.result()?), (true, 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "add_done_callback")]
    pub fn on_done(
        &self,
        callback: impl FnOnce(Option<&JobError>) + Send + 'static,
    ) {
        let mut state = self.slot.state();
        let error = match &state.phase {
            Phase::Done(outcome) if !state.calling => {
                outcome.as_ref().err().cloned()
            }
            Phase::Taken(error) if !state.calling => error.clone(),
            _ => return state.callbacks.push(Box::new(callback)),
        };
        drop(state);
        let _ = run(|| callback(error.as_ref())); // the hook has printed it
    }

    /// Has `list` told when the job is done, instead of whoever was told before.
    pub(crate) fn subscribe(&self, list: &Sender<Announcement>, number: usize) {
        let mut state = self.slot.state();
        let error = match &state.phase {
            Phase::Done(outcome) => outcome.as_ref().err().cloned(),
            Phase::Taken(error) => error.clone(),
            Phase::Pending | Phase::Running(_) => {
                let list = Subscriber::List(list.clone(), number);
                let before = state.subscriber.replace(list);
                drop(state); // a waker is a user's, too
                return discard(before);
            }
        };
        let _ = list.send((number, error)); // or nobody waits any more
    }

    /// Waits until the job is done: true. Or until the deadline: false.
    fn wait(&self, deadline: Option<Instant>) -> bool {
        let done = || self.slot.is_done().then_some(());
        if done().is_some() || self.slot.spins && spin(deadline, done).is_some()
        {
            return true;
        }
        let mut state = self.slot.state();
        state.waited_for = true;
        while !self.slot.is_done() {
            let rest =
                deadline.map(|at| at.saturating_duration_since(Instant::now()));
            let changed = &self.slot.changed;
            state = match rest {
                None => {
                    changed.wait(state).unwrap_or_else(PoisonError::into_inner)
                }
                Some(Duration::ZERO) => return false,
                Some(rest) => {
                    let woken = changed.wait_timeout(state, rest);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }

    fn take(&self) -> Result<T, JobError> {
        let mut state = self.slot.state();
        let error = match &state.phase {
            Phase::Done(outcome) => outcome.as_ref().err().cloned(),
            Phase::Taken(error) => error.clone(),
            Phase::Pending | Phase::Running(_) => None,
        };
        match mem::replace(&mut state.phase, Phase::Taken(error)) {
            Phase::Done(outcome) => outcome,
            _ => Err(JobError::Taken),
        }
    }
}

/// When so much time has passed; never, if that is not told, or too far away.
pub(crate) fn deadline(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}

/// Awaiting a handle waits for a job that runs anyway. Awaited again after it
/// was done, it yields [`JobError::Taken`].
///
/// ```
/// use futures_pool::{Executor, JobError, ThreadPool};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = ThreadPool::new(1)?;
/// let mut job = pool.submit(u64::from, 7_u32);
/// assert_eq!((&mut job).await, Ok(7));
/// assert_eq!(job.await, Err(JobError::Taken));
/// # Ok(())
/// # }
/// ```
impl<T> Future for Handle<T> {
    type Output = Result<T, JobError>;

    fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Self::Output> {
        // A waker is a user's code: cloned and dropped outside of the lock.
        let waker = Subscriber::Task(context.waker().clone());
        let mut state = self.slot.state();
        if self.slot.is_done() {
            drop(state);
            return Poll::Ready(self.take());
        }
        let before = state.subscriber.replace(waker);
        drop(state);
        discard(before);
        Poll::Pending
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle(done: {})", self.slot.is_done())
    }
}
