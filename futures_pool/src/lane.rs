//! A worker process as its pool sees it: a pipe to it, a pipe from it, and at
//! most one order in between.
//!
//! A result could always be read by the worker's attendant, a thread, which
//! then wakes whoever waits for it. But a wake-up is what a small job costs. So
//! whoever waits for a result sits down and reads it; the attendant reads only
//! what nobody waits for. In the same way an order is written by whoever submits
//! it; only what the pipe has no room for is left to the attendant, so that
//! nobody who submits has to wait.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};
use std::{fs::File, io::Write as _, os::fd::OwnedFd};
use std::{io, thread};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{Signal, killpg};
use nix::{errno::Errno, poll::PollFlags, unistd::Pid};

use crate::handle::{Helper, JobError};
use crate::wire::{Frame, Frames, LARGE, is_ready};
use crate::worker::{HELLO, Reply, as_worker, whole};
use crate::{executor::run, process_pool::Crew};
use crate::{wire, worker};

/// How long a program may take to say that it is a worker, and how long a
/// worker may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a worker that has closed its pipe may take to end: it is dying, as
/// a rule, and all but dead.
const MOMENT: Duration = Duration::from_secs(1);

/// A job on its way to a worker.
pub(crate) struct Order {
    pub(crate) letter: Letter,
    pub(crate) work: Box<dyn Work>,
}

/// What is written to the worker.
pub(crate) enum Letter {
    Frame(Vec<u8>),
    /// Encoded when it is written, which may have to wait for room.
    Large(Box<Write>),
}

type Write = dyn FnOnce(&File) -> io::Result<()> + Send;

/// The other end of an order: what is to be done with the reply.
pub(crate) trait Work: Send {
    /// False: it was cancelled.
    fn start(&self, lane: &Arc<Lane>) -> bool;
    fn is_answered_by(&self, number: u64) -> bool;
    fn keep(self: Box<Self>, outcome: Result<&[u8], JobError>);
}

/// What has become of an order.
pub(crate) enum Sent {
    OnItsWay,
    Cancelled,
    /// The worker was dead already: somebody else has to do it.
    DeadBefore(Order),
}

/// How a worker's life ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was told to go.
    Retired,
    Died,
}

pub(crate) struct Lane {
    me: Weak<Lane>,
    crew: Weak<Crew>,
    pid: u32,
    child: Mutex<Child>,
    /// `None` once the worker is told to end.
    orders: Mutex<Option<File>>,
    replies: File,
    /// The reader's chair: whoever has it reads `replies`.
    chair: Mutex<Frames>,
    in_flight: Mutex<InFlight>,
    /// What is left of a letter, for the attendant.
    unwritten: Mutex<Option<Letter>>,
    done: AtomicU64,
    retired: AtomicBool,
    /// Why the worker is of no use any more, if not by its death.
    failed: OnceLock<Option<&'static str>>,
    /// What the attendant waits for: `bell`, and `replies` while nobody else
    /// reads them.
    events: Epoll,
    bell: EventFd,
}

#[derive(Default)]
struct InFlight {
    work: Option<Box<dyn Work>>,
    /// Nothing can be sent any more.
    dead: bool,
}

const BELL: u64 = 0;
const REPLIES: u64 = 1;

impl Lane {
    /// Starts a worker, and hears that it is one.
    pub(crate) fn start(crew: &Arc<Crew>) -> io::Result<Arc<Lane>> {
        // Before there is a child that an error here would leave behind.
        let events = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC)?;
        events.add(&bell, EpollEvent::new(EpollFlags::EPOLLIN, BELL))?;
        let mut child = as_worker(&mut Command::new(crew.program()))
            .process_group(0) // to be killed with all that it starts
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = OwnedFd::from(child.stdin.take().expect("it is piped"));
        let replies = OwnedFd::from(child.stdout.take().expect("it is piped"));
        let replies = File::from(replies);
        let mut frames = Frames::default();
        let never_wait = FcntlArg::F_SETFL(OFlag::O_NONBLOCK);
        let watched = events
            .add(&replies, EpollEvent::new(WAITED_FOR, REPLIES))
            .and_then(|()| fcntl(&orders, never_wait));
        if let Err(error) = watched {
            let _ = child.kill(); // it may have ended already
            child.wait()?;
            return Err(error.into());
        }
        if !says_hello(&mut frames, &replies) {
            let _ = child.kill(); // likewise
            let status = child.wait()?;
            return Err(io::Error::other(format!(
                "{} is no worker ({status}): \
                 futures_pool::init must be the first line of its main",
                crew.program().display()
            )));
        }
        let _ = fcntl(&replies, FcntlArg::F_SETPIPE_SZ(LARGE as i32)); // or as it is
        let _ = fcntl(&orders, FcntlArg::F_SETPIPE_SZ(LARGE as i32)); // likewise
        Ok(Arc::new_cyclic(|me| Lane {
            me: me.clone(),
            crew: Arc::downgrade(crew),
            pid: child.id(),
            child: Mutex::new(child),
            orders: Mutex::new(Some(orders.into())),
            replies,
            chair: Mutex::new(frames),
            in_flight: Mutex::default(),
            unwritten: Mutex::default(),
            done: AtomicU64::new(0),
            retired: AtomicBool::new(false),
            failed: OnceLock::new(),
            events,
            bell,
        }))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// How many jobs it has done.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Sends an order to a worker that has none.
    pub(crate) fn send(&self, order: Order) -> Sent {
        let Order { letter, work } = order;
        let mut in_flight = lock(&self.in_flight);
        if in_flight.dead {
            return Sent::DeadBefore(Order { letter, work });
        }
        if !work.start(&self.me()) {
            return Sent::Cancelled;
        }
        in_flight.work = Some(work);
        drop(in_flight);
        match letter {
            Letter::Frame(frame) => self.write(frame),
            large => self.leave(large),
        }
        Sent::OnItsWay
    }

    /// Writes an order, or as much of it as there is room for.
    fn write(&self, mut frame: Vec<u8>) {
        let mut written = 0;
        if let Some(mut orders) = lock(&self.orders).as_ref() {
            while written < frame.len() {
                match orders.write(&frame[written..]) {
                    Ok(size) => written += size,
                    Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                    Err(why) if why.kind() == io::ErrorKind::WouldBlock => {
                        frame.drain(..written);
                        return self.leave(Letter::Frame(frame));
                    }
                    Err(_) => return self.fail(None),
                }
            }
        }
        if let Some(crew) = self.crew.upgrade() {
            crew.reuse(frame);
        }
    }

    /// Leaves the rest of a letter to the attendant, who may wait for room.
    fn leave(&self, letter: Letter) {
        *lock(&self.unwritten) = Some(letter);
        self.ring();
    }

    fn write_rest(&self) {
        let rest = lock(&self.unwritten).take();
        let orders = lock(&self.orders);
        let written = match (rest, &*orders) {
            (Some(Letter::Frame(frame)), Some(orders)) => {
                wire::write(orders, &frame)
            }
            // To encode is code of a user.
            (Some(Letter::Large(write)), Some(orders)) => run(|| write(orders))
                .unwrap_or(Err(io::ErrorKind::Other.into())),
            _ => Ok(()),
        };
        drop(orders);
        if written.is_err() {
            self.fail(None);
        }
    }

    /// Has the worker call the function `name` before any job.
    pub(crate) fn prepare(&self, name: &str) -> Result<(), JobError> {
        let broken = || JobError::Broken("it died".into());
        let order = worker::Order { number: u64::MAX, name, chunk: false };
        self.write(whole(&(order, ())).map_err(|_| broken())?);
        let reply = lock(&self.chair).next(&self.replies);
        let reply = reply.ok().flatten().ok_or_else(broken)?;
        let (_, outcome) = reply_in(&reply).ok_or_else(broken)?.0;
        outcome
    }

    /// The attendant's work, until the worker's end.
    pub(crate) fn attend(&self) -> End {
        loop {
            let mut events = [EpollEvent::empty(); 2];
            let ready = match self.events.wait(&mut events, EpollTimeout::NONE)
            {
                Ok(ready) => ready,
                Err(Errno::EINTR) => continue,
                Err(_) => return End::Died,
            };
            for event in &events[..ready] {
                if event.data() == BELL {
                    let _ = self.bell.read(); // it has been heard
                    self.write_rest();
                } else if let Ok(frames) = self.chair.try_lock() {
                    self.read(frames);
                    self.await_reply();
                }
            }
            if self.failed.get().is_some() {
                return End::Died;
            }
            if self.retired.load(Ordering::Relaxed) {
                return End::Retired;
            }
        }
    }

    /// Reads what has come: somebody else may have read it meanwhile.
    fn read(&self, mut frames: MutexGuard<'_, Frames>) {
        if !is_readable(&self.replies, Some(Instant::now())) {
            return;
        }
        loop {
            match frames.read(&self.replies) {
                Ok(None) => {}
                Ok(Some(frame)) => return self.deliver(frame, frames),
                Err(error) => return self.fail(reason(&error)),
            }
        }
    }

    /// Leaves the chair and hands the reply to the job that it belongs to.
    /// Before that the worker gets its next order: whoever has the result may
    /// find it free.
    fn deliver(&self, frame: Frame, chair: MutexGuard<'_, Frames>) {
        if self.failed.get().is_some() {
            return; // who has lied once is believed no more
        }
        let reply = reply_in(&frame).and_then(|((number, outcome), result)| {
            let work = &mut lock(&self.in_flight).work;
            let work = work.take_if(|work| work.is_answered_by(number))?;
            Some((work, outcome.map(|()| result)))
        });
        // Not before: a waiter that sits down now has to see that its reply has
        // come already.
        drop(chair);
        // Its end is an event that may have come while the chair was taken.
        self.await_reply();
        let Some((work, outcome)) = reply else {
            return self.fail(Some("a reply to nothing"));
        };
        self.done.fetch_add(1, Ordering::Relaxed);
        if let Some(crew) = self.crew.upgrade() {
            crew.is_free(&self.me());
        }
        work.keep(outcome);
        if let Ok(mut chair) = self.chair.try_lock() {
            chair.reuse(frame);
        }
    }

    /// The attendant is to say good-bye to the worker: it has nothing to do.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
        self.ring();
    }

    /// The worker is of no use any more.
    fn fail(&self, reason: Option<&'static str>) {
        let _ = self.failed.set(reason); // the first reason is the reason
        self.ring();
    }

    /// Kills the worker and all that it has started, unless it has ended.
    pub(crate) fn kill(&self) {
        let mut child = lock(&self.child);
        // Not reaped yet, so its number is still its own.
        if let Ok(None) = child.try_wait() {
            let _ = killpg(Pid::from_raw(self.pid as i32), Signal::SIGKILL);
            let _ = child.kill(); // one of the two will do
        }
    }

    /// Waits for the end of the worker, and says how it was.
    pub(crate) fn bury(&self, end: End) -> String {
        lock(&self.orders).take();
        let failed = self.failed.get().copied().flatten();
        let patience = match (failed, end) {
            (Some(_), _) => Duration::ZERO,
            (None, End::Retired) => PATIENCE,
            (None, End::Died) => MOMENT,
        };
        let until = Instant::now() + patience;
        is_readable(&self.replies, Some(until)); // its end, as a rule
        let pid = self.pid;
        match (failed, self.ended(until)) {
            (Some(reason), _) => format!("worker {pid} sent {reason}"),
            (None, Ok(status)) => format!("worker {pid} died: {status}"),
            (None, Err(error)) => format!("worker {pid} is lost: {error}"),
        }
    }

    /// A worker that has closed its pipe ends soon, or is made to. Nobody who
    /// wants to kill it has to wait for that.
    fn ended(&self, until: Instant) -> io::Result<ExitStatus> {
        let mut pause = Duration::from_micros(50);
        while Instant::now() < until {
            if let Some(status) = lock(&self.child).try_wait()? {
                return Ok(status);
            }
            thread::sleep(pause);
            pause = Duration::from_millis(10).min(2 * pause);
        }
        self.kill();
        lock(&self.child).wait()
    }

    /// Tells the job that the worker had, if any, and sends no more.
    pub(crate) fn lose(&self, error: JobError) {
        let mut in_flight = lock(&self.in_flight);
        in_flight.dead = true;
        let work = in_flight.work.take();
        drop(in_flight);
        if let Some(work) = work {
            work.keep(Err(error));
        }
    }

    /// Whether the worker has this order, and its reply has not come.
    fn has(&self, number: u64) -> bool {
        let work = &lock(&self.in_flight).work;
        work.as_ref().is_some_and(|work| work.is_answered_by(number))
    }

    fn me(&self) -> Arc<Lane> {
        self.me.upgrade().expect("it is in use")
    }

    fn ring(&self) {
        let _ = self.bell.write(1); // full only if it rings anyway
    }

    /// The attendant is to read the next reply.
    fn await_reply(&self) {
        self.set_events(WAITED_FOR);
    }

    fn set_events(&self, events: EpollFlags) {
        let mut event = EpollEvent::new(events, REPLIES);
        let _ = self.events.modify(&self.replies, &mut event); // it was added
    }
}

/// One event, then none until it is set again. The end of the pipe is an event
/// in any case.
const WAITED_FOR: EpollFlags =
    EpollFlags::EPOLLIN.union(EpollFlags::EPOLLONESHOT);
const LEFT_ALONE: EpollFlags = EpollFlags::EPOLLONESHOT;

/// Whoever waits for the reply of this worker reads it, if the chair is free.
impl Helper for Lane {
    fn help(&self, number: u64, deadline: Option<Instant>) {
        let Ok(mut frames) = self.chair.try_lock() else {
            return;
        };
        self.set_events(LEFT_ALONE);
        while self.has(number)
            && (deadline.is_none() || is_readable(&self.replies, deadline))
        {
            match frames.read(&self.replies) {
                Ok(None) => {}
                Ok(Some(frame)) => return self.deliver(frame, frames),
                Err(error) => {
                    self.fail(reason(&error)); // the attendant does the rest
                    break;
                }
            }
        }
        drop(frames);
        self.await_reply();
    }
}

/// Waits for something to read, or for the pipe's end.
fn is_readable(pipe: &File, deadline: Option<Instant>) -> bool {
    is_ready(pipe, PollFlags::POLLIN, deadline)
}

/// Bounded: what has not been said by the deadline will not be said.
fn says_hello(frames: &mut Frames, replies: &File) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while is_readable(replies, Some(deadline)) {
        match frames.read(replies) {
            Ok(None) => {}
            Ok(Some(frame)) => {
                return postcard::from_bytes(frame.bytes()) == Ok(HELLO);
            }
            Err(_) => break,
        }
    }
    false
}

fn reply_in(frame: &Frame) -> Option<(Reply, &[u8])> {
    postcard::take_from_bytes(frame.bytes()).ok()
}

/// A pipe that ends is a death; anything else is told as it is.
fn reason(error: &io::Error) -> Option<&'static str> {
    let garbage = error.kind() == io::ErrorKind::InvalidData;
    garbage.then_some("what is not a reply")
}

/// No code of a user runs under these locks, so nobody panics with them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
