//! A crew of processes: this program, started again, once for every worker.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{collections::VecDeque, num::NonZero, sync::atomic::AtomicU64};
use std::{env, fmt, io, mem, thread};
use std::{sync::atomic::Ordering::Relaxed, thread::JoinHandle};

use crossbeam::channel::{Sender, bounded};

use crate::executor::{Executor, Function, Pending, Value, run, workers};
use crate::handle::{Handle, JobError, Promise};
use crate::lane::{End, Lane, Letter, Order, Sent, Work};
use crate::wire::{Large, Unencoded};
use crate::worker::{job_name, may_start_workers};
use crate::{wire, worker};

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
pub struct ProcessPool {
    crew: Arc<Crew>,
    /// One for each worker: starts it, hears it, buries it.
    attendants: Mutex<Vec<JoinHandle<()>>>,
    numbers: AtomicU64,
}

/// What submitters, attendants and waiters share.
pub(crate) struct Crew {
    state: Mutex<State>,
    options: Options,
    /// Of the last frame that was written, for the next one.
    spare: Mutex<Vec<u8>>,
}

#[derive(Default)]
struct State {
    pending: VecDeque<Order>,
    /// The last one to become idle is the first to get work: its memory is
    /// still warm.
    idle: Vec<Arc<Lane>>,
    /// All living ones.
    lanes: Vec<Arc<Lane>>,
    closed: bool,
    broken: Option<JobError>,
}

struct Options {
    workers: usize,
    /// A named function, called first in each worker.
    prepare: Option<&'static str>,
    replace: bool,
    jobs_per_worker: Option<u64>,
    program: PathBuf,
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
        self.crew.close();
        self.crew.fail("its workers were killed");
    }

    /// The process numbers of the workers that live now.
    pub fn pids(&self) -> Vec<u32> {
        self.crew.state().lanes.iter().map(|lane| lane.pid()).collect()
    }

    fn assign<A: Value, T: Value>(
        &self,
        name: &'static str,
        chunk: bool,
        argument: A,
    ) -> Handle<T> {
        let number = self.numbers.fetch_add(1, Relaxed);
        let order = worker::Order { number, name, chunk };
        let begun = |buffer| wire::append(wire::begin(buffer), &order);
        let frame = begun(self.crew.buffer());
        let letter = match frame.and_then(|f| wire::append(f, &argument)) {
            Ok(frame) => wire::seal(frame).map(Letter::Frame),
            Err(Unencoded::Error(why)) => Err(why),
            Err(Unencoded::Large) => {
                let head = begun(Vec::new()).unwrap_or_default();
                Large::new(head, argument).map(|large| {
                    Letter::Large(Box::new(|pipe| large.write(pipe)))
                })
            }
        };
        let letter = match letter {
            Ok(letter) => letter,
            Err(why) => return Handle::failed(JobError::Encode(why)),
        };
        let (promise, handle) = Handle::new();
        let work = Box::new(Awaited { promise, number });
        self.crew.assign(Order { letter, work });
        handle
    }
}

/// A promise that is kept with what comes from a worker.
struct Awaited<T> {
    promise: Promise<T>,
    number: u64,
}

impl<T: Value> Work for Awaited<T> {
    fn start(&self, lane: &Arc<Lane>) -> bool {
        self.promise.start(Some((lane.clone(), self.number)))
    }

    fn is_answered_by(&self, number: u64) -> bool {
        self.number == number
    }

    fn keep(self: Box<Self>, outcome: Result<&[u8], JobError>) {
        let decode = |bytes| {
            postcard::from_bytes(bytes)
                .map_err(|why| JobError::Decode(why.to_string()))
        };
        let outcome = outcome.and_then(|bytes| run(|| decode(bytes)).flatten());
        // Code of a user, like decoding: a waker, and the end of a result that
        // nobody wants. Whoever reads for others survives both.
        let _ = run(|| self.promise.keep(outcome));
    }
}

impl Crew {
    pub(crate) fn program(&self) -> &Path {
        &self.options.program
    }

    /// No code of a user runs under this lock, so nobody panics with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn buffer(&self) -> Vec<u8> {
        mem::take(&mut self.spare())
    }

    pub(crate) fn reuse(&self, buffer: Vec<u8>) {
        *self.spare() = buffer;
    }

    fn spare(&self) -> MutexGuard<'_, Vec<u8>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the order to an idle worker, or to the queue.
    fn assign(&self, order: Order) {
        let mut state = self.state();
        let refused = match &state.broken {
            Some(error) => Some(error.clone()),
            None => state.closed.then_some(JobError::Closed),
        };
        if let Some(error) = refused {
            drop(state);
            return order.work.keep(Err(error));
        }
        match state.idle.pop() {
            None => state.pending.push_back(order),
            Some(lane) => {
                drop(state);
                self.send(&lane, order);
            }
        }
    }

    fn send(&self, lane: &Arc<Lane>, order: Order) {
        match lane.send(order) {
            Sent::OnItsWay => {}
            Sent::Cancelled => self.is_free(lane),
            Sent::DeadBefore(order) => self.assign(order),
        }
    }

    /// Gives the worker the next order, or nothing more to do.
    pub(crate) fn is_free(&self, lane: &Arc<Lane>) {
        let mut state = self.state();
        let worn =
            self.options.jobs_per_worker.is_some_and(|n| lane.done() >= n);
        if worn || state.closed && state.pending.is_empty() {
            drop(state);
            return lane.retire();
        }
        match state.pending.pop_front() {
            None => state.idle.push(lane.clone()),
            Some(order) => {
                drop(state);
                self.send(lane, order);
            }
        }
    }

    /// Takes no more orders; idle workers may go.
    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let idle = mem::take(&mut state.idle);
        drop(state);
        idle.iter().for_each(|lane| lane.retire());
    }

    fn cancel_pending(&self) {
        let pending = mem::take(&mut self.state().pending);
        drop(pending); // an order that is dropped tells its handle
    }

    /// Breaks the pool for ever; `how` is told to all jobs, unless it was
    /// broken before.
    fn fail(&self, how: &str) {
        let mut state = self.state();
        let error = JobError::Broken(how.into());
        let error = state.broken.get_or_insert(error).clone();
        let pending = mem::take(&mut state.pending);
        let lanes = state.lanes.clone();
        drop(state);
        lanes.iter().for_each(|lane| lane.kill());
        for order in pending {
            order.work.keep(Err(error.clone()));
        }
    }

    /// The life of an attendant. Workers are started by this thread and no
    /// other, for the kernel ends them with the thread that started them.
    fn attend(self: Arc<Self>, first: Sender<io::Result<()>>) {
        match self.start() {
            Err(error) => {
                let _ = first.send(Err(error)); // or another one has failed
            }
            Ok(lane) => {
                let _ = first.send(Ok(())); // likewise
                let mut next = self.look_after(lane);
                while let Some(lane) = next {
                    next = self.look_after(lane);
                }
            }
        }
    }

    /// Starts a worker, and enters it in the list.
    fn start(self: &Arc<Self>) -> io::Result<Arc<Lane>> {
        let lane = Lane::start(self)?;
        let mut state = self.state();
        state.lanes.push(lane.clone());
        let broken = state.broken.is_some();
        drop(state);
        if broken {
            lane.kill();
        }
        Ok(lane)
    }

    /// From a worker's start to its end. Returns the one that replaces it.
    fn look_after(self: &Arc<Self>, lane: Arc<Lane>) -> Option<Arc<Lane>> {
        let end = match self.options.prepare.map(|name| lane.prepare(name)) {
            Some(Err(error)) => {
                self.fail(&format!(
                    "a worker could not be made ready: {error}"
                ));
                End::Died
            }
            Some(Ok(())) | None => {
                self.is_free(&lane);
                lane.attend()
            }
        };
        let how = lane.bury(end);
        if end == End::Died && !self.options.replace {
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
        self.start()
            .inspect_err(|error| {
                self.fail(&format!("a worker could not be started: {error}"));
            })
            .ok()
    }
}

impl Executor for ProcessPool {
    fn submit<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        argument: A,
    ) -> Handle<T> {
        self.assign(name_of(&job), false, argument)
    }

    fn submit_chunk<A: Value, T: Value>(
        &self,
        job: impl Function<A, T>,
        arguments: Vec<A>,
    ) -> Handle<Vec<Result<T, JobError>>> {
        self.assign(name_of(&job), true, arguments)
    }

    fn workers(&self) -> usize {
        self.crew.options.workers
    }

    fn close(&self, pending: Pending) {
        if pending == Pending::Cancel {
            self.crew.cancel_pending();
        }
        self.crew.close();
    }

    fn shutdown(&self, pending: Pending) {
        self.close(pending);
        let mut attendants =
            self.attendants.lock().unwrap_or_else(PoisonError::into_inner);
        for attendant in attendants.drain(..) {
            // A callback may end its own pool, and cannot wait for itself.
            if attendant.thread().id() != thread::current().id() {
                let _ = attendant.join(); // its jobs were told of a panic
            }
        }
    }
}

fn name_of<F>(_: &F) -> &'static str {
    job_name::<F>()
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
    pub fn workers(mut self, workers: usize) -> ProcessPoolBuilder {
        self.workers = Some(workers);
        self
    }

    /// Has every worker call `prepare`, which is listed like a job, before its
    /// first job. If that panics, the pool is broken: no job is run any more.
    pub fn prepare(mut self, prepare: impl Function<(), ()>) -> Self {
        self.prepare = Some(name_of(&prepare));
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
        let options = Options {
            workers,
            prepare: self.prepare,
            replace: self.replace,
            jobs_per_worker: self.jobs_per_worker.map(NonZero::get),
            program: self.program.map_or_else(env::current_exe, Ok)?,
        };
        let crew = Arc::new(Crew {
            state: Mutex::default(),
            options,
            spare: Mutex::default(),
        });
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
            pool.attendants
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(attendant);
        }
        drop(ready); // one that panics says nothing, and ends the waiting
        let started: io::Result<Vec<()>> =
            all_ready.iter().take(workers).collect();
        started.map(|_| pool)
    }
}
