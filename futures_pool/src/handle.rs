//! What stands for a submitted job, and why a job may have no result.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use std::{
    cell::RefCell, fmt, future::Future, mem, pin::Pin, thread, thread::Thread,
};

use crossbeam::channel::Sender;

use crate::error::{JobError, lock, run};
use crate::look::Look;

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
/// assert!(never.cancel()); // it waits for its turn
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

/// A wait for a result may help to bring it about, instead of sleeping until
/// another thread has: that saves a wake-up.
pub(crate) trait Helper: Send + Sync {
    /// Helps with the job of this number until it is done, until the deadline,
    /// or until somebody else does it.
    fn help(self: Arc<Self>, number: u64, deadline: Option<Instant>);

    /// Has somebody else do it, for nobody will wait, as it seems.
    fn watch(&self);
}

struct Slot<T> {
    done: AtomicBool,
    state: Mutex<State<T>>,
}

struct State<T> {
    phase: Phase<T>,
    /// Who waits: one at most, for a handle cannot be cloned.
    waiter: Option<Waiter>,
    callbacks: Vec<Callback>,
    /// They are being called: one that is added now is called after them.
    calling: bool,
}

enum Phase<T> {
    Pending,
    Running(Option<Help>),
    Done(Result<T, JobError>),
    /// The result has been handed out.
    Taken,
}

/// Who helps, and the number by which it knows the job.
pub(crate) type Help = (Arc<dyn Helper>, u64);

enum Waiter {
    Thread(Thread),
    Task(Waker),
    /// Somebody who waits for several, and knows it by this number.
    List(Sender<Announcement>, usize),
}

thread_local! {
    /// A thread that has lost time by looking does not look for a while.
    static LOOK: RefCell<Look> = RefCell::default();
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

    /// For somebody who does not wait, but wants to know.
    fn watched(&self) -> MutexGuard<'_, State<T>> {
        let state = self.state();
        if let Phase::Running(Some((helper, _))) = &state.phase {
            helper.watch();
        }
        state
    }

    /// Puts the outcome there, and tells whoever waits for it.
    fn finish(
        &self,
        mut state: MutexGuard<'_, State<T>>,
        outcome: Result<T, JobError>,
    ) {
        let error = outcome.as_ref().err().cloned();
        let before = mem::replace(&mut state.phase, Phase::Done(outcome));
        self.done.store(true, Ordering::Release);
        let waiter = state.waiter.take();
        state.calling = true;
        drop((state, before));
        match waiter {
            Some(Waiter::Thread(thread)) => thread.unpark(),
            // A waker is a user's code, as a callback is.
            Some(Waiter::Task(waker)) => drop(run(|| waker.wake())),
            Some(Waiter::List(list, number)) => {
                let _ = list.send((number, error.clone())); // or they have gone
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
                let _ = run(|| callback(error.as_ref())); // its panic has been told
            }
        }
    }
}

impl<T> Promise<T> {
    /// Marks the job as running, with somebody who can help to finish it, if
    /// there is. False: it was cancelled, and must not run.
    pub(crate) fn start(&self, help: Option<Help>) -> bool {
        let mut state = self.slot.state();
        // Running: by a worker that was dead before it had the order.
        let can = matches!(state.phase, Phase::Pending | Phase::Running(_));
        if can {
            state.phase = Phase::Running(help);
        }
        can
    }

    /// Puts the outcome there, unless there is one, and says that the worker is
    /// `free`: before that is seen, or after the code of a user who hears of it.
    pub(crate) fn keep(self, outcome: Result<T, JobError>, free: impl Fn()) {
        let state = self.slot.state();
        let busy = !state.callbacks.is_empty()
            || matches!(state.waiter, Some(Waiter::Task(_)));
        if !busy {
            free();
        }
        if !self.slot.is_done() {
            self.slot.finish(state, outcome);
        }
        if busy {
            free();
        }
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
    pub(crate) fn new() -> (Promise<T>, Handle<T>) {
        let state = State {
            phase: Phase::Pending,
            waiter: None,
            callbacks: Vec::new(),
            calling: false,
        };
        let (done, state) = (AtomicBool::new(false), Mutex::new(state));
        let slot = Arc::new(Slot { done, state });
        (Promise { slot: slot.clone() }, Handle { slot })
    }

    /// A handle whose job has already failed.
    pub(crate) fn failed(error: JobError) -> Handle<T> {
        let (promise, handle) = Handle::new();
        promise.keep(Err(error), || ());
        handle
    }

    /// Waits for the job and returns what it returned.
    ///
    /// # Errors
    ///
    /// The job panicked, was cancelled, or could not be run to its end.
    pub fn result(self) -> Result<T, JobError> {
        self.wait(None);
        self.taken()
    }

    /// Waits for the job, but no longer than `limit`. A job that is not done by
    /// then goes on, and its handle comes back: a limit that has passed cannot
    /// be taken for an error of the job.
    ///
    /// # Errors
    ///
    /// Outside: not done yet. Inside: as with [`Handle::result`].
    pub fn result_timeout(
        self,
        limit: Duration,
    ) -> Result<Result<T, JobError>, Handle<T>> {
        match self.wait(deadline(Some(limit))) {
            true => Ok(self.taken()),
            false => Err(self),
        }
    }

    /// Why the job failed; `None` while it is not done, and when it is done
    /// well.
    pub fn error(&self) -> Option<JobError> {
        match &self.slot.watched().phase {
            Phase::Done(outcome) => outcome.as_ref().err().cloned(),
            _ => None,
        }
    }

    /// Whether the job has ended, in one way or another.
    pub fn is_done(&self) -> bool {
        let _seen = self.slot.watched();
        self.slot.is_done()
    }

    /// Whether a worker has the job now.
    pub fn is_running(&self) -> bool {
        matches!(self.slot.watched().phase, Phase::Running(_))
    }

    /// Whether the job was cancelled, here or with its pool.
    pub fn is_cancelled(&self) -> bool {
        self.error() == Some(JobError::Cancelled)
    }

    /// Cancels the job if no worker has it yet: then it never runs. True if it
    /// is cancelled, now or before.
    ///
    /// A running job is not interrupted: a thread cannot be, and both pools
    /// behave in the same way. See
    /// [`ProcessPool::kill`](crate::ProcessPool::kill).
    pub fn cancel(&self) -> bool {
        let state = self.slot.state();
        match state.phase {
            Phase::Pending => self.slot.finish(state, Err(JobError::Cancelled)),
            _ => drop(state),
        }
        self.is_cancelled()
    }

    /// Has `callback` called with the job's error, if any, once it is done: in
    /// the thread that finishes it, or at once, here, if it is done already.
    /// Callbacks are called in the order in which they were added. They should
    /// be short, and not wait for jobs of the same pool; one that panics is
    /// ignored.
    pub fn on_done(
        &self,
        callback: impl FnOnce(Option<&JobError>) + Send + 'static,
    ) {
        let mut state = self.slot.watched();
        let error = match &state.phase {
            Phase::Done(outcome) if !state.calling => {
                outcome.as_ref().err().cloned()
            }
            Phase::Taken if !state.calling => None,
            _ => return state.callbacks.push(Box::new(callback)),
        };
        drop(state);
        let _ = run(|| callback(error.as_ref())); // its panic has been told
    }

    /// Has `list` told when the job is done, instead of whoever waited before.
    pub(crate) fn announce(&self, list: &Sender<Announcement>, number: usize) {
        let mut state = self.slot.watched();
        let error = match &state.phase {
            Phase::Done(outcome) => outcome.as_ref().err().cloned(),
            _ => {
                let list = Waiter::List(list.clone(), number);
                let before = state.waiter.replace(list);
                return drop((state, before));
            }
        };
        let _ = list.send((number, error)); // or nobody waits any more
    }

    /// Waits until the job is done: true. Or until the deadline: false.
    fn wait(&self, deadline: Option<Instant>) -> bool {
        let state = self.slot.state();
        let help = match &state.phase {
            // Callbacks are not for a thread that waits, perhaps with a lock.
            Phase::Running(help) if state.callbacks.is_empty() => help.clone(),
            _ => None,
        };
        drop(state);
        if let Some((helper, number)) = help {
            helper.help(number, deadline);
        }
        let done = || self.slot.is_done().then_some(());
        if LOOK.with_borrow_mut(|l| l.out_for(deadline, done)).is_some() {
            return true;
        }
        let me = Waiter::Thread(thread::current());
        let before = self.slot.state().waiter.replace(me);
        drop(before); // not under the lock: a waker is a user's code
        while !self.slot.is_done() {
            match deadline
                .map(|at| at.saturating_duration_since(Instant::now()))
            {
                None => thread::park(),
                Some(Duration::ZERO) => return false,
                Some(rest) => thread::park_timeout(rest),
            }
        }
        true
    }

    fn taken(&self) -> Result<T, JobError> {
        match mem::replace(&mut self.slot.state().phase, Phase::Taken) {
            Phase::Done(outcome) => outcome,
            _ => unreachable!("only asked for when it is done, and once"),
        }
    }
}

/// When so much time has passed; never, if that is not told, or too far away.
pub(crate) fn deadline(limit: Option<Duration>) -> Option<Instant> {
    limit.and_then(|limit| Instant::now().checked_add(limit))
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        drop(self.slot.watched());
    }
}

/// Awaiting a handle waits for a job that runs anyway.
impl<T> Future for Handle<T> {
    type Output = Result<T, JobError>;

    fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Self::Output> {
        let waker = Waiter::Task(context.waker().clone());
        let mut state = self.slot.watched();
        match mem::replace(&mut state.phase, Phase::Taken) {
            Phase::Done(outcome) => Poll::Ready(outcome),
            Phase::Taken => panic!("awaited again after it was done"),
            phase => {
                state.phase = phase;
                let before = state.waiter.replace(waker);
                drop((state, before)); // in this order: it is a user's code
                Poll::Pending
            }
        }
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle(done: {})", self.slot.is_done())
    }
}
