//! A crew of processes: this program, started again, once for every worker.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::{any::Any, path::PathBuf, thread::JoinHandle};
use std::{collections::VecDeque, env, fmt, io, mem, num::NonZero, thread};

use crossbeam::channel::{Sender, bounded};

use crate::error::{JobError, lock, run};
use crate::executor::{Executor, Function, Pending, Value, join, workers};
use crate::handle::{Handle, Helper, Promise};
use crate::lane::{End, Foreman, Lane, Sent, Work, refuse};
use crate::wire::{self, Outbox};
use crate::worker::{Order, job_name, may_start_workers};

/// Runs jobs in processes of their own: a job that crashes takes only workers
/// along, not this program. [`init`](crate::init) must be the first line of
/// `main`.
///
/// When a worker dies, the pool is broken, as in Python: running and pending
/// jobs fail with [`JobError::Broken`], which says how it died, and so do later
/// ones. With [`ProcessPoolBuilder::replace_dead_workers`] only the dead
/// worker's job fails.
///
/// Workers end with this process, even when it is killed while they work. They
/// inherit its environment and standard error. Linux only: it is the kernel
/// that ends them. A job may have a pool of its own.
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
///     let pool = ProcessPool::builder().replace_dead_workers().build()?;
///     assert_eq!(pool.submit(half, 8).result()?, 4);
///     let lost = pool.submit(half, 0).result();
///     assert!(matches!(lost, Err(JobError::Broken(how)) if how.contains("6")));
///     assert_eq!(pool.submit(half, 8).result()?, 4);
///     Ok(())
/// }
/// ```
pub struct ProcessPool {
    crew: Arc<Crew>,
    /// One for each worker: starts it, hears it, buries it.
    attendants: Mutex<Vec<JoinHandle<()>>>,
    numbers: AtomicU64,
}

/// What submitters, attendants and waiters share.
pub(crate) struct Crew {
    state: Mutex<State>,
    workers: usize,
    program: PathBuf,
    options: ProcessPoolBuilder,
}

#[derive(Default)]
struct State {
    pending: VecDeque<Box<dyn Work>>,
    /// The last one to become idle is the first to get work: its memory is
    /// still warm.
    idle: Vec<Arc<Lane>>,
    /// All living ones.
    lanes: Vec<Arc<Lane>>,
    closed: bool,
    broken: Option<JobError>,
}

impl ProcessPool {
    /// Starts `workers` processes, and a thread here to look after each.
    ///
    /// # Errors
    ///
    /// `workers` is 0, [`init`](crate::init) has not been called, or a process
    /// cannot be started.
    pub fn new(workers: usize) -> io::Result<ProcessPool> {
        ProcessPool::builder().workers(workers).build()
    }

    /// A pool with as many workers as there are cores for this process, unless
    /// the builder is told otherwise.
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder::default()
    }

    /// Kills all workers, and what they have started, at once: running and
    /// pending jobs fail, and later ones are refused.
    pub fn kill(&self) {
        self.crew.close(Pending::Finish);
        self.crew.fail("its workers were killed");
    }

    /// The process numbers of the workers that live now.
    pub fn pids(&self) -> Vec<u32> {
        self.crew.state().lanes.iter().map(|lane| lane.pid).collect()
    }

    fn assign<A: Value, T: Value>(
        &self,
        name: &'static str,
        chunk: bool,
        argument: A,
    ) -> Handle<T> {
        let number = self.numbers.fetch_add(1, Relaxed);
        let (promise, handle) = Handle::new();
        let argument = Some(argument);
        let call =
            Call { number, name, chunk, argument, promise, outcome: None };
        self.crew.assign(Box::new(call), false);
        handle
    }
}

/// A job that is done elsewhere.
struct Call<A, T> {
    number: u64,
    name: &'static str,
    chunk: bool,
    argument: Option<A>,
    promise: Promise<T>,
    outcome: Option<Result<T, JobError>>,
}

impl<A: Value, T: Value> Work for Call<A, T> {
    fn number(&self) -> u64 {
        self.number
    }

    fn start(&self, lane: &Arc<Lane>) -> bool {
        self.promise.start(Some((lane.clone(), self.number)))
    }

    fn write(&self, outbox: &mut Outbox) -> Result<(), JobError> {
        let Call { number, name, chunk, .. } = *self;
        let argument = self.argument.as_ref().expect("it is not sent yet");
        outbox.write(&(Order { number, name, chunk }, argument))
    }

    fn argument(&mut self) -> Option<Box<dyn Any>> {
        let argument = self.argument.take()?;
        mem::needs_drop::<A>().then(|| Box::new(argument) as Box<dyn Any>)
    }

    fn settle(&mut self, result: Result<&[u8], JobError>) {
        self.outcome = Some(result.and_then(wire::decode));
    }

    fn tell(self: Box<Self>) {
        let Call { promise, outcome, .. } = *self;
        let outcome = outcome.unwrap_or(Err(JobError::Cancelled));
        // A waker is code of a user, and so is the end of what nobody wants.
        let _ = run(|| promise.keep(outcome, || ()));
    }
}

impl Crew {
    /// No code of a user runs under this lock.
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Gives the order to an idle worker, or to the queue. `again`: it was
    /// taken out of the queue, but its worker turned out to be dead.
    fn assign(&self, mut work: Box<dyn Work>, mut again: bool) {
        loop {
            let mut state = self.state();
            let error = match &state.broken {
                Some(error) => Some(error.clone()),
                None if !state.closed => None,
                None if !again => Some(JobError::Closed),
                None => state.lanes.is_empty().then(|| {
                    JobError::Broken("the last worker died before it".into())
                }),
            };
            if let Some(error) = error {
                drop(state);
                return refuse(work, error);
            }
            let Some(lane) = state.idle.pop() else {
                match again {
                    true => state.pending.push_front(work),
                    false => state.pending.push_back(work),
                }
                return state.lanes.iter().for_each(|lane| lane.watch());
            };
            drop(state);
            match lane.send(work) {
                Sent::OnItsWay if again => return lane.watch(),
                Sent::OnItsWay => return, // whoever submits may wait for it
                Sent::PutAway => return self.is_free(&lane),
                Sent::Refused(refused) => (work, again) = (refused, true),
            }
        }
    }

    /// Takes no more orders; idle workers may go.
    fn close(&self, pending: Pending) {
        let mut state = self.state();
        state.closed = true;
        let idle = mem::take(&mut state.idle);
        let cancelled = match pending {
            Pending::Finish => VecDeque::new(),
            Pending::Cancel => mem::take(&mut state.pending),
        };
        state.lanes.iter().for_each(|lane| lane.watch());
        drop(state);
        idle.iter().for_each(|lane| lane.end(End::Retired));
        // An order that is dropped tells its handle, and drops its argument.
        cancelled.into_iter().for_each(|work| _ = run(|| drop(work)));
    }

    /// Breaks the pool for ever; `how` is told to all jobs, unless it was
    /// broken before.
    fn fail(&self, how: &str) {
        let mut state = self.state();
        let error = JobError::Broken(how.into());
        let error = state.broken.get_or_insert(error).clone();
        let pending = mem::take(&mut state.pending);
        state.lanes.iter().for_each(|lane| lane.kill());
        drop(state);
        for work in pending {
            refuse(work, error.clone());
        }
    }

    /// The life of an attendant. Workers are started by this thread and no
    /// other, for the kernel ends them with the thread that started them.
    fn attend(self: Arc<Self>, first: Sender<io::Result<()>>) {
        let mut next = None;
        let told = self.start().map(|lane| next = Some(lane));
        let _ = first.send(told); // or another one has failed
        drop(first);
        while let Some(lane) = next {
            next = self.look_after(lane);
        }
    }

    /// Starts a worker, and enters it in the list.
    fn start(self: &Arc<Self>) -> io::Result<Arc<Lane>> {
        let foreman: Weak<Crew> = Arc::downgrade(self);
        let lane = Lane::start(&self.program, foreman)?;
        let mut state = self.state();
        state.lanes.push(lane.clone());
        if state.broken.is_some() {
            lane.kill();
        }
        Ok(lane)
    }

    /// From a worker's start to its end. Returns the one that replaces it.
    fn look_after(self: &Arc<Self>, lane: Arc<Lane>) -> Option<Arc<Lane>> {
        let prepare = |name| lane.prepare(name);
        let end = match self.options.prepare.map_or(Ok(()), prepare) {
            Ok(()) => {
                self.is_free(&lane);
                lane.attend()
            }
            Err(why) => {
                self.fail(&format!("a worker could not be made ready: {why}"));
                End::Died
            }
        };
        let how = lane.bury(end);
        if end != End::Retired && !self.options.replace {
            self.fail(&how);
        }
        let mut state = self.state();
        state.lanes.retain(|other| !Arc::ptr_eq(other, &lane));
        state.idle.retain(|other| !Arc::ptr_eq(other, &lane));
        let broken = state.broken.clone();
        let over = broken.is_some() || state.closed && state.pending.is_empty();
        drop(state);
        lane.lose(broken.unwrap_or(JobError::Broken(how)));
        if over {
            return None;
        }
        let next = self.start();
        if let Err(why) = &next {
            self.fail(&format!("a worker could not be started: {why}"));
        }
        next.ok()
    }
}

impl Foreman for Crew {
    /// Gives the worker the next order, or nothing more to do.
    fn is_free(&self, lane: &Arc<Lane>) {
        let most = self.options.jobs_per_worker;
        loop {
            let mut state = self.state();
            let worn =
                most.is_some_and(|most| lane.done.load(Relaxed) >= most.get());
            if worn || state.closed && state.pending.is_empty() {
                drop(state);
                return lane.end(End::Retired);
            }
            let Some(work) = state.pending.pop_front() else {
                return state.idle.push(lane.clone());
            };
            drop(state);
            match lane.send(work) {
                Sent::OnItsWay => return lane.watch(),
                Sent::PutAway => {}
                Sent::Refused(work) => return self.assign(work, true),
            }
        }
    }
}

impl Executor for ProcessPool {
    fn submit<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        argument: A,
    ) -> Handle<T> {
        self.assign(job_name(&job), false, argument)
    }

    fn submit_chunk<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        arguments: Vec<A>,
    ) -> Handle<Vec<Result<T, JobError>>> {
        self.assign(job_name(&job), true, arguments)
    }

    fn workers(&self) -> usize {
        self.crew.workers
    }

    fn close(&self, pending: Pending) {
        self.crew.close(pending);
    }

    fn shutdown(&self, pending: Pending) {
        self.close(pending);
        join(&self.attendants);
    }
}

impl Drop for ProcessPool {
    fn drop(&mut self) {
        self.shutdown(Pending::Finish);
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProcessPool({} workers)", self.workers())
    }
}

/// How a [`ProcessPool`] is to be.
#[derive(Debug, Default)]
pub struct ProcessPoolBuilder {
    workers: Option<usize>,
    prepare: Option<&'static str>,
    replace: bool,
    jobs_per_worker: Option<NonZero<u64>>,
    program: Option<PathBuf>,
}

impl ProcessPoolBuilder {
    /// So many processes.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Has every worker call `prepare`, which is listed like a job, before its
    /// first job. If that panics, the pool is broken: no job is run any more.
    pub fn prepare(mut self, prepare: impl Function<(), ()>) -> Self {
        self.prepare = Some(job_name(&prepare));
        self
    }

    /// When a worker dies, only its job fails; another worker takes its place.
    pub fn replace_dead_workers(mut self) -> Self {
        self.replace = true;
        self
    }

    /// A worker ends after so many jobs, and another one takes its place: then
    /// memory that jobs have lost is given back.
    pub fn jobs_per_worker(mut self, jobs: NonZero<u64>) -> Self {
        self.jobs_per_worker = Some(jobs);
        self
    }

    /// Workers run this program, instead of the present one; it has to call
    /// [`init`](crate::init), with the same jobs. For tests, whose `main` is
    /// not theirs.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// Starts the workers, and returns when all are there.
    ///
    /// # Errors
    ///
    /// There would be no worker, [`init`](crate::init) has not been called,
    /// this is a worker in a pool of a worker, and so on, too many times, or a
    /// process cannot be started, or does not answer as a worker does.
    pub fn build(self) -> io::Result<ProcessPool> {
        let workers = workers(self.workers)?;
        may_start_workers(self.program.is_some())?;
        let program = self.program.clone().map_or_else(env::current_exe, Ok)?;
        let (state, options) = (Mutex::default(), self);
        let crew = Arc::new(Crew { state, workers, program, options });
        // From here on dropping it ends what has been started.
        let pool = ProcessPool {
            crew: crew.clone(),
            attendants: Mutex::default(),
            numbers: AtomicU64::new(0),
        };
        let (ready, all_ready) = bounded(workers);
        for number in 1..=workers {
            let (crew, ready) = (crew.clone(), ready.clone());
            let attendant = thread::Builder::new()
                .name(format!("attendant-{number}"))
                .spawn(move || crew.attend(ready))?;
            lock(&pool.attendants).push(attendant);
        }
        drop(ready); // one that panics says nothing, and ends the waiting
        let started: io::Result<Vec<()>> =
            all_ready.iter().take(workers).collect();
        started.map(|_| pool)
    }
}
