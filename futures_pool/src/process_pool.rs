//! A pool of processes: this program, started again, once for each worker.
//!
//! What is where: `registry` is the list of jobs that a worker can run, `order`
//! a job on its way, `link` a worker as its pool sees it, `worker` the same from
//! inside; `packet`, `segment` and `encoding` are what goes between the two.

mod encoding;
mod link;
mod order;
mod packet;
mod registry;
mod segment;
mod worker;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io, mem, num::NonZero};

use crossbeam::channel::{Sender, unbounded};

use crate::error::{JobError, discard, lock};
use crate::executor::{
    Executor, Function, Pending, Value, when_dropped, workers,
};
use crate::handle::{Handle, Promise, deadline};
use crate::spin::cores;
use crate::staff::Staff;
use link::{Ended, Link, Options, Pool, Sent, Sentence};
use order::{Call, INITIALIZER, Order, fail};
use packet::Inbox;
use registry::Registry;
pub use registry::{Job, init, job};
use worker::{DEEPEST, DEPTH, Head};

/// More workers than that are a mistake, not a wish.
const MOST_WORKERS: usize = 4_096;

/// A worker that cannot be started is tried again after a pause, twice as long
/// each time, and so often.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// A worker that has lived so long could be started, whatever became of it.
const LIVES: Duration = Duration::from_millis(100);

/// Runs jobs in processes of their own: a job that crashes takes only its
/// worker along, not this program. [`init`](crate::init) must be the first line
/// of `main`.
///
/// When a worker dies, the pool is broken, as in Python: running and pending
/// jobs fail with [`JobError::WorkerDied`], and so do later ones. **For code
/// that may crash, choose
/// [`replace_dead_workers`](ProcessPoolBuilder::replace_dead_workers):** then
/// only the job that crashed fails, and a new worker takes its place.
///
/// A worker that dies at the very moment when it is sent a job may take that job
/// along. A program that forks must not use a pool in the child: both would talk
/// to the same workers.
///
/// Workers are trusted: they run the same program. They end with this process,
/// even when it is killed while they work. Each is in a session of its own, so
/// Ctrl+C and Ctrl+Z at the terminal reach this process, not its workers: with
/// Ctrl+C they end as soon as this process does, with Ctrl+Z they go on until
/// they have nothing more to do. What a job has started and left behind is
/// killed when its worker ends, unless it is in a session of its own by then.
/// Workers inherit this process's environment, working directory and standard
/// error, and descriptors that are not marked close-on-exec (Rust marks all
/// that it opens). Linux only: it is the kernel that ends them. A job may have
/// a pool of its own.
///
/// ```standalone_crate
/// use futures_pool::{Executor, JobError, ProcessPool, WorkerExit, init, job};
///
/// fn half(n: u64) -> u64 {
///     if n == 0 { std::process::abort() } else { n / 2 }
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     init([job(half)]);
///     let pool = ProcessPool::builder().replace_dead_workers().build()?;
///     assert_eq!(pool.submit(half, 8).result()?, 4);
///     match pool.submit(half, 0).result() {
///         Err(JobError::WorkerDied { exit, began, .. }) => {
///             assert_eq!((exit, began), (WorkerExit::Signal(6), true));
///         }
///         other => panic!("{other:?}"),
///     }
///     assert_eq!(pool.submit(half, 8).result()?, 4);
///     Ok(())
/// }
/// ```
pub struct ProcessPool {
    dispatcher: Arc<Dispatcher>,
    numbers: AtomicU64,
}

/// Gives the jobs to the workers: what submitters, readers and supervisors
/// share.
struct Dispatcher {
    state: Mutex<State>,
    /// There is room in the queue, or the pool is closed.
    room: Condvar,
    /// The pool is closed or broken.
    over: Condvar,
    /// The supervisors: a thread for each worker, which starts it, reads from
    /// it, reaps it and starts the next one.
    staff: Staff,
    registry: &'static Registry,
    initializer: Option<Initializer>,
    settings: Settings,
}

#[derive(Default)]
struct State {
    pending: VecDeque<Box<dyn Order>>,
    /// The last one to become idle is the first to get work: its memory is
    /// still warm.
    idle: Vec<Arc<Link>>,
    /// All living ones.
    links: Vec<Arc<Link>>,
    closed: bool,
    broken: Option<JobError>,
    /// How many orders are being sent by who has submitted them. A worker that
    /// dies meanwhile has to be replaced.
    sending: usize,
    /// How many supervisors start no more workers.
    left: usize,
}

impl ProcessPool {
    /// Starts `workers` processes, and a thread here to look after each.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(square)]);
    ///     let pool = ProcessPool::new(2)?;
    ///     assert_eq!(pool.submit(square, 3).result()?, 9);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As with [`ProcessPoolBuilder::build`].
    pub fn new(workers: usize) -> io::Result<ProcessPool> {
        ProcessPool::builder().workers(workers).build()
    }

    /// A pool with as many workers as there are cores for this process, unless
    /// the builder is told otherwise.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(square)]);
    ///     let pool = ProcessPool::builder().build()?;
    ///     let cores = std::thread::available_parallelism()?.get();
    ///     assert_eq!(pool.workers(), cores);
    ///     Ok(())
    /// }
    /// ```
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder::default()
    }

    /// Kills all workers, and what they have started, at once: running, pending
    /// and later jobs fail with [`JobError::Broken`].
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
    ///     pool.kill();
    ///     assert!(matches!(endless.result(), Err(JobError::Broken(_))));
    ///     Ok(())
    /// }
    /// ```
    #[doc(alias = "kill_workers")]
    pub fn kill(&self) {
        self.dispatcher.close(Pending::Finish);
        self.dispatcher
            .fail(JobError::Broken("its workers were killed".into()));
    }

    /// The process numbers of the workers that live now.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn pid((): ()) -> u32 {
    ///     std::process::id()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(pid)]);
    ///     let pool = ProcessPool::new(2)?;
    ///     let worker = pool.submit(pid, ()).result()?;
    ///     assert!(pool.pids().contains(&worker) && pool.pids().len() == 2);
    ///     Ok(())
    /// }
    /// ```
    pub fn pids(&self) -> Vec<u32> {
        self.dispatcher.state().links.iter().map(|link| link.pid).collect()
    }

    fn assign<A: Value, T: Value>(
        &self,
        place: Result<u32, JobError>,
        chunk: bool,
        argument: A,
    ) -> Handle<T> {
        let number = self.numbers.fetch_add(1, Relaxed);
        match place {
            Err(error) => {
                discard(argument);
                Handle::failed(error)
            }
            Ok(place) => {
                let spins = self.dispatcher.settings.options.spins;
                let (promise, handle) = Handle::new(spins);
                let head = Head { number, place, chunk };
                let order = Call::new(head, argument, promise);
                self.dispatcher.submit(order);
                handle
            }
        }
    }
}

/// Makes the order by which a worker is initialized.
type Initializer = Box<dyn Fn(Promise<()>) -> Box<dyn Order> + Send + Sync>;

impl Dispatcher {
    /// No code of a user runs under this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits while the queue is full, and gives the order to an idle worker, or
    /// to the queue.
    fn submit(&self, order: Box<dyn Order>) {
        let limit = self.settings.queue_limit.map_or(usize::MAX, NonZero::get);
        let mut state = self.state();
        while state.pending.len() >= limit
            && !state.closed
            && state.broken.is_none()
        {
            let woken = self.room.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let closed = state.closed.then_some(JobError::Closed);
        let refusal = state.broken.clone().or(closed);
        match refusal {
            None => {
                // This one takes no room in the queue: the next may have it.
                if self.settings.queue_limit.is_some() && !state.idle.is_empty()
                {
                    self.room.notify_one();
                }
                self.dispatch(state, order);
            }
            Some(error) => {
                drop(state);
                fail(order, error);
            }
        }
    }

    fn dispatch<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        mut order: Box<dyn Order>,
    ) {
        loop {
            if let Some(error) = state.broken.clone() {
                drop(state);
                return fail(order, error);
            }
            let Some(link) = state.idle.pop() else {
                return state.pending.push_back(order);
            };
            state.sending += 1;
            drop(state);
            let sent = link.send(order);
            state = self.state();
            state.sending -= 1;
            order = match sent {
                Sent::Refused(refused) => refused,
                Sent::OnItsWay => return self.retire_if_over(state),
                Sent::NotNeeded => {
                    self.retire_if_over(state);
                    return self.give_next(&link);
                }
            };
        }
    }

    /// The pool was closed while an order was sent: idle workers may go.
    fn retire_if_over(&self, mut state: MutexGuard<State>) {
        if state.is_over() {
            let idle = mem::take(&mut state.idle);
            drop(state);
            idle.iter().for_each(|link| link.end(Sentence::Retired));
        }
    }

    /// Whether the worker has done as many jobs as it may.
    fn is_worn(&self, link: &Link) -> bool {
        let most = self.settings.max_tasks_per_child;
        most.is_some_and(|most| link.jobs_done.load(Relaxed) >= most.get())
    }

    /// A worker has ended without having begun with its order.
    fn requeue(&self, order: Box<dyn Order>) {
        order.back_to_pending();
        let mut state = self.state();
        match state.broken.clone() {
            None => state.pending.push_front(order),
            Some(error) => {
                drop(state);
                return fail(order, error);
            }
        }
        // An idle worker, if there is one, or the next that is free.
        let idle = state.idle.pop();
        drop(state);
        if let Some(link) = idle {
            self.give_next(&link);
        }
    }

    /// Takes no more orders; idle workers may go.
    fn close(&self, pending: Pending) {
        let mut state = self.state();
        state.closed = true;
        let cancelled = match pending {
            Pending::Finish => VecDeque::new(),
            Pending::Cancel => mem::take(&mut state.pending),
        };
        let idle = match state.sending {
            0 => mem::take(&mut state.idle),
            _ => Vec::new(), // one of them may still be needed
        };
        drop(state);
        self.room.notify_all();
        self.over.notify_all();
        idle.iter().for_each(|link| link.end(Sentence::Retired));
        for order in cancelled {
            fail(order, JobError::Cancelled);
        }
    }

    /// Breaks the pool forever; pending jobs fail with the first reason for
    /// that.
    fn fail(&self, error: JobError) {
        let mut state = self.state();
        let error = state.broken.get_or_insert(error).clone();
        let pending = mem::take(&mut state.pending);
        state.idle.clear();
        let links = state.links.clone();
        drop(state);
        self.room.notify_all();
        self.over.notify_all();
        links.iter().for_each(|link| link.kill());
        for order in pending {
            fail(order, error.clone());
        }
    }

    /// The life of a supervisor. Workers are started by this thread and no
    /// other: the kernel ends them with the thread that has started them.
    fn supervise(
        self: &Arc<Self>,
        number: usize,
        first: Sender<io::Result<()>>,
    ) {
        let mut why = match self.start(number) {
            Ok(started) => {
                let _ = first.send(Ok(())); // or another one has failed
                drop(first);
                self.look_after(started)
            }
            Err(why) => return drop(first.send(Err(why))),
        };
        let mut tries = 0;
        loop {
            match why {
                Ok(()) => tries = 0,
                Err(why) if tries == TRIES => return self.give_up(&why),
                Err(_) => {
                    self.pause(FIRST_PAUSE * (1 << tries));
                    tries += 1;
                }
            }
            if self.leaves() {
                return;
            }
            why = match self.start(number) {
                Ok(started) => self.look_after(started),
                Err(why) => Err(why.to_string()),
            };
        }
    }

    /// Starts a worker, and enters it in the list.
    fn start(&self, number: usize) -> io::Result<(Arc<Link>, Child, Inbox)> {
        let mut command = link::command();
        if self.settings.clear_environment {
            command.env_clear();
        }
        command.envs(self.settings.environment.iter().cloned());
        // On many cores, not all workers spin at once.
        let mut options = self.settings.options;
        options.spins &= number <= (cores() / 4).max(2);
        let (link, child, inbox) =
            Link::start(command, self.registry, options)?;
        let link = Arc::new(link);
        let mut state = self.state();
        state.links.push(link.clone());
        if state.broken.is_some() {
            link.kill(); // too late
        }
        Ok((link, child, inbox))
    }

    /// From a worker's start to its end.
    ///
    /// # Errors
    ///
    /// It has died soon, before it had begun with a job: to start another one
    /// will not be of much use.
    fn look_after(
        self: &Arc<Self>,
        (link, mut child, mut inbox): (Arc<Link>, Child, Inbox),
    ) -> Result<(), String> {
        match &self.initializer {
            Some(order) => self.initialize(&link, order),
            None => self.give_next(&link),
        }
        let began = link.serve(&mut inbox, &**self);
        self.settle(&link, link.wait_for_end(&mut child, began))
    }

    /// Sends the initializer as the worker's first order.
    fn initialize(self: &Arc<Self>, link: &Arc<Link>, order: &Initializer) {
        let (promise, handle) = Handle::new(false);
        let this = self.clone();
        handle.on_done(move |error| match error {
            // Its worker has died: it may be replaced.
            None | Some(JobError::WorkerDied { .. }) => {}
            Some(why) => {
                let why = format!("the initializer failed: {why}");
                this.fail(JobError::Broken(why));
            }
        });
        if let Sent::Refused(order) = link.send(order(promise)) {
            fail(order, JobError::Cancelled); // its reader will see why
        }
    }

    /// Says what becomes of a dead worker's job, and of the pool.
    fn settle(&self, link: &Arc<Link>, ended: Ended) -> Result<(), String> {
        let Ended { sentence, exit, order, began } = ended;
        let exit_text = exit.to_string();
        let died = |began| JobError::WorkerDied {
            pid: link.pid,
            exit: exit.clone(),
            began,
        };
        let unasked = matches!(sentence, None | Some(Sentence::Violation(_)));
        // Before anybody hears of it: whoever submits then must not be in time.
        if unasked && !self.settings.replace {
            self.fail(died(false));
        }
        let mut state = self.state();
        state.links.retain(|other| !Arc::ptr_eq(other, link));
        state.idle.retain(|other| !Arc::ptr_eq(other, link));
        let broken = state.broken.clone();
        drop(state);
        let job = order.as_ref().map(|order| order.number());
        let is_job = job.is_some_and(|number| number != INITIALIZER);
        if let Some(order) = order {
            match (sentence, broken) {
                (Some(Sentence::TimeLimit), _) => {
                    fail(order, JobError::TimeLimit)
                }
                (Some(Sentence::Stopped), _) => {
                    fail(order, JobError::Cancelled)
                }
                (_, Some(JobError::WorkerDied { pid, exit, .. })) => {
                    fail(order, JobError::WorkerDied { pid, exit, began });
                }
                (_, Some(broken)) => fail(order, broken),
                (_, None) if is_job && !began => self.requeue(order),
                (_, None) => fail(order, died(began)),
            }
        }
        let useful = link.jobs_done.load(Relaxed) > 0
            || (is_job && began)
            || !unasked
            || link.started.elapsed() > LIVES;
        let what = || format!("worker {} died: {exit_text}", link.pid);
        useful.then_some(()).ok_or_else(what)
    }

    /// Waits before the next try, but not longer than the pool is needed.
    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.state();
        while !state.is_over() {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return;
            }
            let woken = self.over.wait_timeout(state, rest);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether there is nothing more to do, so that this supervisor leaves.
    fn leaves(&self) -> bool {
        let mut state = self.state();
        let over = state.is_over();
        state.left += usize::from(over);
        over
    }

    /// This supervisor's worker cannot be replaced. The others go on; if all
    /// have left, the pool is broken: what is pending, or is pending again when
    /// its worker has died, would never be done.
    fn give_up(&self, why: &str) {
        let mut state = self.state();
        state.left += 1;
        let all = state.left == self.settings.workers;
        drop(state);
        if all {
            let why = format!("no worker could be started: {why}");
            self.fail(JobError::Broken(why));
        }
    }
}

impl Pool for Dispatcher {
    fn keeps_idle(&self, link: &Arc<Link>) -> bool {
        let mut state = self.state();
        let idle =
            state.pending.is_empty() && !state.is_over() && !self.is_worn(link);
        if idle {
            state.idle.push(link.clone());
        }
        idle
    }

    fn give_next(&self, link: &Arc<Link>) {
        loop {
            let mut state = self.state();
            if self.is_worn(link) || state.is_over() {
                drop(state);
                return link.end(Sentence::Retired);
            }
            let Some(order) = state.pending.pop_front() else {
                return state.idle.push(link.clone());
            };
            drop(state);
            if self.settings.queue_limit.is_some() {
                self.room.notify_one();
            }
            match link.send(order) {
                Sent::OnItsWay => return,
                Sent::NotNeeded => {}
                Sent::Refused(order) => return self.requeue(order),
            }
        }
    }
}

impl State {
    /// Whether there is nothing more to do, now and later.
    fn is_over(&self) -> bool {
        self.broken.is_some()
            || self.closed && self.pending.is_empty() && self.sending == 0
    }
}

impl Executor for ProcessPool {
    fn submit<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        argument: A,
    ) -> Handle<T> {
        let place = self.dispatcher.registry.place(&job);
        self.assign(place, false, argument)
    }

    fn submit_chunk<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        arguments: Vec<A>,
    ) -> Handle<Vec<Result<T, JobError>>> {
        let place = self.dispatcher.registry.place(&job);
        self.assign(place, true, arguments)
    }

    fn workers(&self) -> usize {
        self.dispatcher.settings.workers
    }

    fn close(&self, pending: Pending) {
        self.dispatcher.close(pending);
    }

    fn shutdown_timeout(&self, pending: Pending, limit: Duration) -> bool {
        self.close(pending);
        self.dispatcher.staff.wait(deadline(Some(limit)))
    }
}

impl Drop for ProcessPool {
    fn drop(&mut self) {
        self.shutdown(when_dropped());
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProcessPool({} workers)", self.workers())
    }
}

/// What a [`ProcessPool`] is to be like.
///
/// ```standalone_crate
/// use std::{num::NonZero, time::Duration};
///
/// use futures_pool::{Executor, JobError, ProcessPool, init, job};
///
/// fn nap(ms: u64) {
///     std::thread::sleep(Duration::from_millis(ms));
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     init([job(nap)]);
///     let pool = ProcessPool::builder()
///         .workers(2)
///         .replace_dead_workers() // one crash, one lost job
///         .time_limit(Duration::from_millis(100)) // for each job
///         .memory_limit(1 << 30) // for each worker
///         .queue_limit(NonZero::new(1_000).unwrap()) // then submit waits
///         .max_tasks_per_child(NonZero::new(100).unwrap())
///         .env("LANG", "C")
///         .build()?;
///     let (short, long) = (pool.submit(nap, 1), pool.submit(nap, 60_000));
///     assert_eq!(short.result(), Ok(()));
///     assert_eq!(long.result(), Err(JobError::TimeLimit));
///     Ok(())
/// }
/// ```
#[derive(Default)]
#[must_use = "`build` starts the pool"]
pub struct ProcessPoolBuilder {
    workers: Option<usize>,
    initializer: Option<io::Result<Initializer>>,
    never_spins: bool,
    settings: Settings,
}

/// What of it is needed later.
#[derive(Clone, Default)]
struct Settings {
    workers: usize,
    options: Options,
    replace: bool,
    max_tasks_per_child: Option<NonZero<u64>>,
    queue_limit: Option<NonZero<usize>>,
    environment: Vec<(OsString, OsString)>,
    clear_environment: bool,
}

impl ProcessPoolBuilder {
    /// The number of processes.
    ///
    /// ```standalone_crate
    /// use futures_pool::{ProcessPool, init, job};
    ///
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(square)]);
    ///     let pool = ProcessPool::builder().workers(3).build()?;
    ///     assert_eq!(pool.pids().len(), 3);
    ///     Ok(())
    /// }
    /// ```
    #[doc(alias = "max_workers")]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Has every worker call `function(argument)` before its first job. The
    /// function is listed in [`init`](crate::init), like a job. If it panics,
    /// the pool is broken: no job is run any more. It has no time limit.
    ///
    /// ```standalone_crate
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    ///
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// static LEVEL: AtomicU32 = AtomicU32::new(0); // one in each process
    ///
    /// fn set_level(level: u32) {
    ///     LEVEL.store(level, Relaxed);
    /// }
    ///
    /// fn level((): ()) -> u32 {
    ///     LEVEL.load(Relaxed)
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(set_level), job(level)]);
    ///     let builder = ProcessPool::builder().initializer(set_level, 3);
    ///     assert_eq!(builder.build()?.submit(level, ()).result()?, 3);
    ///     Ok(())
    /// }
    /// ```
    #[doc(alias = "initargs")]
    pub fn initializer<A: Value + Clone + Sync>(
        mut self,
        function: impl Function<A, ()>,
        argument: A,
    ) -> Self {
        let place = Registry::get()
            .and_then(|all| all.place(&function).map_err(io::Error::other));
        self.initializer = Some(place.map(|place| -> Initializer {
            Box::new(move |promise| {
                let head = Head { number: INITIALIZER, place, chunk: false };
                Call::new(head, argument.clone(), promise)
            })
        }));
        self
    }

    /// When a worker dies, only its job fails; another worker takes its place.
    /// A worker that cannot be started is tried again, after a pause that
    /// doubles; after seven failures in a row its place stays empty, and without
    /// any worker the pool is broken.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, JobError, ProcessPool, init, job};
    ///
    /// fn half(n: u64) -> u64 {
    ///     if n == 0 { std::process::abort() } else { n / 2 }
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(half)]);
    ///     let pool = ProcessPool::builder().workers(1).replace_dead_workers();
    ///     let pool = pool.build()?;
    ///     let crash = pool.submit(half, 0).result();
    ///     assert!(matches!(crash, Err(JobError::WorkerDied { .. })));
    ///     assert_eq!(pool.submit(half, 8).result()?, 4);
    ///     Ok(())
    /// }
    /// ```
    pub fn replace_dead_workers(mut self) -> Self {
        self.settings.replace = true;
        self
    }

    /// A worker ends after `jobs` jobs, and another one takes its place: so
    /// memory that jobs have lost is given back. A chunk of `map` counts as one
    /// job.
    ///
    /// ```standalone_crate
    /// use std::num::NonZero;
    ///
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn pid((): ()) -> u32 {
    ///     std::process::id()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(pid)]);
    ///     let one = NonZero::<u64>::MIN;
    ///     let builder = ProcessPool::builder().max_tasks_per_child(one);
    ///     let pool = builder.workers(1).build()?;
    ///     let first = pool.submit(pid, ()).result()?;
    ///     assert_ne!(pool.submit(pid, ()).result()?, first);
    ///     Ok(())
    /// }
    /// ```
    pub fn max_tasks_per_child(mut self, jobs: NonZero<u64>) -> Self {
        self.settings.max_tasks_per_child = Some(jobs);
        self
    }

    /// How long each job may run, counted from its start. A worker whose job
    /// takes longer is killed, with everything that it has started, and
    /// replaced; the job fails with [`JobError::TimeLimit`], and the others go
    /// on. A chunk of `map` counts as one job.
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    ///
    /// use futures_pool::{Executor, JobError, ProcessPool, init, job};
    ///
    /// fn spin_for_ever((): ()) {
    ///     loop {}
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(spin_for_ever)]);
    ///     let limit = Duration::from_millis(50);
    ///     let pool = ProcessPool::builder().time_limit(limit).build()?;
    ///     let endless = pool.submit(spin_for_ever, ());
    ///     assert_eq!(endless.result(), Err(JobError::TimeLimit));
    ///     Ok(())
    /// }
    /// ```
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.settings.options.time_limit = Some(limit);
        self
    }

    /// How much memory each worker may have, in bytes (`RLIMIT_DATA`: heap and
    /// private writable maps). A job that needs more aborts its worker.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, ProcessPool, init, job};
    /// use futures_pool::{JobError, WorkerExit};
    ///
    /// fn allocate(bytes: usize) -> usize {
    ///     std::hint::black_box(vec![1_u8; bytes]).len()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(allocate)]);
    ///     let pool = ProcessPool::builder().memory_limit(200 << 20).build()?;
    ///     assert_eq!(pool.submit(allocate, 1 << 20).result()?, 1 << 20);
    ///     match pool.submit(allocate, 1 << 30).result() {
    ///         Err(JobError::WorkerDied { exit, .. }) => {
    ///             assert_eq!(exit, WorkerExit::Signal(6)); // an abort
    ///         }
    ///         other => panic!("{other:?}"),
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.settings.options.memory_limit = Some(bytes);
        self
    }

    /// How many jobs may be pending; when the limit is reached, `submit` waits
    /// until there is room (back-pressure).
    ///
    /// ```standalone_crate
    /// use std::num::NonZero;
    ///
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(square)]);
    ///     let limit = NonZero::new(10).unwrap();
    ///     let pool = ProcessPool::builder().queue_limit(limit).build()?;
    ///     // This loop waits while ten jobs are pending.
    ///     for n in 0..1_000 {
    ///         drop(pool.submit(square, n));
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn queue_limit(mut self, jobs: NonZero<usize>) -> Self {
        self.settings.queue_limit = Some(jobs);
        self
    }

    /// Sets a variable in the environment of the workers.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn variable(name: String) -> Option<String> {
    ///     std::env::var(name).ok()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(variable)]);
    ///     let pool = ProcessPool::builder().env("LEVEL", "3").build()?;
    ///     let level = pool.submit(variable, "LEVEL".into()).result()?;
    ///     assert_eq!(level.as_deref(), Some("3"));
    ///     Ok(())
    /// }
    /// ```
    pub fn env(
        mut self,
        name: impl Into<OsString>,
        value: impl Into<OsString>,
    ) -> Self {
        self.settings.environment.push((name.into(), value.into()));
        self
    }

    /// Workers inherit no variable of this process's environment.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn variables((): ()) -> usize {
    ///     std::env::vars_os().count()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(variables)]);
    ///     let pool = ProcessPool::builder().env_clear().env("LEVEL", "3");
    ///     assert_eq!(pool.build()?.submit(variables, ()).result()?, 1);
    ///     Ok(())
    /// }
    /// ```
    pub fn env_clear(mut self) -> Self {
        self.settings.clear_environment = true;
        self
    }

    /// Threads and workers go to sleep as soon as they wait. Otherwise, while
    /// cores are idle, some of them check for up to 100 us first (they spin):
    /// that makes small jobs faster, and costs CPU time.
    ///
    /// ```standalone_crate
    /// use futures_pool::{Executor, ProcessPool, init, job};
    ///
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(square)]);
    ///     let pool = ProcessPool::builder().never_spin().build()?;
    ///     assert_eq!(pool.submit(square, 3).result()?, 9);
    ///     Ok(())
    /// }
    /// ```
    pub fn never_spin(mut self) -> Self {
        self.never_spins = true;
        self
    }

    /// Starts the workers, and returns when all are there.
    ///
    /// ```standalone_crate
    /// use futures_pool::{ProcessPool, init, job};
    ///
    /// fn square(n: u64) -> u64 {
    ///     n * n
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     init([job(square)]);
    ///     let pool = ProcessPool::builder().workers(2).build()?;
    ///     assert_eq!(pool.pids().len(), 2);
    ///     assert!(ProcessPool::builder().workers(0).build().is_err());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// There would be no worker, or more than 4 096; [`init`](crate::init) has
    /// not been called; the initializer is not in its list, or its argument
    /// cannot be encoded; this is a worker in a pool of a worker, and so on, too
    /// many times; or a process cannot be started.
    pub fn build(self) -> io::Result<ProcessPool> {
        let workers = workers(self.workers)?;
        if workers > MOST_WORKERS {
            let text = format!("a pool has {MOST_WORKERS} workers at most");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        if DEPTH.load(Relaxed) >= DEEPEST {
            return Err(io::Error::other("pools in workers are too deep"));
        }
        let registry = Registry::get()?;
        registry.identity()?;
        let initializer = self.initializer.transpose()?;
        let mut settings = self.settings;
        settings.workers = workers;
        settings.options.spins = !self.never_spins;
        let dispatcher = Arc::new(Dispatcher {
            state: Mutex::default(),
            room: Condvar::new(),
            over: Condvar::new(),
            staff: Staff::default(),
            registry,
            initializer,
            settings,
        });
        // From here on dropping it ends what has been started.
        let numbers = AtomicU64::new(0);
        let pool = ProcessPool { dispatcher: dispatcher.clone(), numbers };
        let (ready, all_ready) = unbounded();
        for number in 1..=workers {
            let (ready, this) = (ready.clone(), dispatcher.clone());
            let supervise = move || this.supervise(number, ready);
            dispatcher.staff.start("supervisor", supervise)?;
        }
        drop(ready);
        for (started, worker) in all_ready.iter().zip(1..) {
            started.map_err(|why| {
                let text = format!("worker {worker} of {workers}: {why}");
                io::Error::new(why.kind(), text)
            })?;
        }
        Ok(pool)
    }
}

impl fmt::Debug for ProcessPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProcessPoolBuilder(workers: {:?})", self.workers)
    }
}
