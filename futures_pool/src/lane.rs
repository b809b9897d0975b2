//! A worker process as its pool sees it: a pipe to it, a pipe from it, memory
//! that is shared with it, and at most one order in between.
//!
//! A result could always be read by the worker's attendant, a thread, which
//! then wakes whoever waits for it. But a wake-up is what a small job costs. So
//! whoever waits for a result sits down and reads it. The attendant watches out
//! for one only where it matters that nobody waits: other jobs are pending, or
//! somebody wants to be told, or asks how far the job is. An order is written by
//! whoever submits it, or by whoever has just read the reply before it.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::time::{Duration, Instant};
use std::{any::Any, fs::File, io, os::fd::OwnedFd, path::Path, thread};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::{
    Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout,
};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{Signal, killpg};
use nix::{errno::Errno, unistd::Pid};

use crate::error::{JobError, lock, run};
use crate::wire::{Inbox, Outbox, is_readable};
use crate::worker::{HELLO, Order, Reply, as_worker};
use crate::{handle::Helper, segment::Segment};

/// How long a program may take to say that it is a worker, and how long a
/// worker may take to end when it is told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a worker that has closed its pipe may take to end: it is dying, as
/// a rule, and all but dead.
const GRACE: Duration = Duration::from_secs(1);

/// A job, from the queue to its handle.
pub(crate) trait Work: Send {
    fn number(&self) -> u64;
    /// False: it was cancelled.
    fn start(&self, lane: &Arc<Lane>) -> bool;
    /// Writes the order.
    fn write(&self, outbox: &mut Outbox) -> Result<(), JobError>;
    /// Its argument, which is not needed any more, if it matters when that is
    /// dropped.
    fn argument(&mut self) -> Option<Box<dyn Any>>;
    /// Decodes the result.
    fn settle(&mut self, result: Result<&[u8], JobError>);
    /// Tells the handle.
    fn tell(self: Box<Self>);
}

/// Ends a job without a result.
pub(crate) fn refuse(mut work: Box<dyn Work>, error: JobError) {
    work.settle(Err(error));
    work.tell();
}

/// Whom a lane tells that its worker has nothing to do.
pub(crate) trait Foreman: Send + Sync {
    fn is_free(&self, lane: &Arc<Lane>);
}

/// What has become of an order.
pub(crate) enum Sent {
    OnItsWay,
    /// It was cancelled, or cannot be encoded: the worker is still free.
    PutAway,
    /// The worker is dead: another one has to do it.
    Refused(Box<dyn Work>),
}

/// How a worker comes to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It is told to go.
    Retired,
    Died,
    /// It is made to go, for it has sent this.
    Lied(&'static str),
}

pub(crate) struct Lane {
    foreman: Weak<dyn Foreman>,
    pub(crate) pid: u32,
    child: Mutex<Child>,
    /// `None` once the worker is told to end.
    orders: Mutex<Option<File>>,
    replies: File,
    /// The reader's chair: whoever has it reads `replies`. Nobody waits for it.
    chair: Mutex<Inbox>,
    /// What an order is written with. Nobody waits for this, either: it belongs
    /// to whoever has the order, and then to whoever reads the reply.
    outbox: Mutex<Outbox>,
    in_flight: Mutex<InFlight>,
    /// How many jobs it has done.
    pub(crate) done: AtomicU64,
    /// Set when the worker is of no use any more.
    end: OnceLock<End>,
    /// What the attendant waits for: `bell`, the worker's end, and a reply, if
    /// it is `watched` for.
    events: Epoll,
    /// False: the worker's end will be an event, but no reply. True: both will,
    /// or an event has come, and whoever sits in the chair sets this anew.
    watched: Mutex<bool>,
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
    pub(crate) fn start(
        program: &Path,
        foreman: Weak<dyn Foreman>,
    ) -> io::Result<Arc<Lane>> {
        // Before there is a child that an error here would leave behind.
        let events = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC)?;
        events.add(&bell, EpollEvent::new(EpollFlags::EPOLLIN, BELL))?;
        let mut segment = Segment::create()?;
        let mut child = as_worker(&mut Command::new(program), &segment)
            .process_group(0) // to be killed with all that it starts
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = OwnedFd::from(child.stdin.take().expect("it is piped"));
        let replies = OwnedFd::from(child.stdout.take().expect("it is piped"));
        let replies = File::from(replies);
        let mut inbox = Inbox::default();
        let never_wait = || FcntlArg::F_SETFL(OFlag::O_NONBLOCK);
        let hello = events
            .add(&replies, EpollEvent::new(ITS_END, REPLIES))
            .and_then(|()| fcntl(&orders, never_wait()))
            .and_then(|_| fcntl(&replies, never_wait()))
            .map(|_| says_hello(&mut inbox, &replies, &mut segment));
        if hello != Ok(true) {
            let _ = child.kill(); // it may have ended already
            let status = child.wait()?;
            hello?;
            return Err(io::Error::other(format!(
                "{} is no worker ({status}): \
                 futures_pool::init must be the first line of its main",
                program.display()
            )));
        }
        Ok(Arc::new(Lane {
            foreman,
            pid: child.id(),
            child: Mutex::new(child),
            orders: Mutex::new(Some(orders.into())),
            replies,
            chair: Mutex::new(inbox),
            outbox: Mutex::new(Outbox::new(segment)),
            in_flight: Mutex::default(),
            done: AtomicU64::new(0),
            end: OnceLock::new(),
            events,
            watched: Mutex::default(),
            bell,
        }))
    }

    /// Sends an order to a worker that has none.
    pub(crate) fn send(self: &Arc<Self>, mut work: Box<dyn Work>) -> Sent {
        if lock(&self.in_flight).dead {
            return Sent::Refused(work);
        }
        if !work.start(self) {
            let _ = run(|| drop(work)); // to drop an argument is a user's code
            return Sent::PutAway;
        }
        let mut outbox = lock(&self.outbox);
        // To encode is, too.
        if let Err(error) = run(|| work.write(&mut outbox)).flatten() {
            drop(outbox);
            refuse(work, error);
            return Sent::PutAway;
        }
        let mut in_flight = lock(&self.in_flight);
        if in_flight.dead || !self.post(&mut outbox) {
            drop(in_flight);
            self.end(End::Died);
            return Sent::Refused(work);
        }
        let argument = work.argument();
        in_flight.work = Some(work);
        drop((in_flight, outbox));
        let _ = run(|| drop(argument));
        Sent::OnItsWay
    }

    fn post(&self, outbox: &mut Outbox) -> bool {
        let orders = lock(&self.orders);
        orders.as_ref().is_some_and(|pipe| outbox.send(pipe).is_ok())
    }

    /// Has the worker call the function `name` before any job.
    pub(crate) fn prepare(&self, name: &str) -> Result<(), JobError> {
        let died = || JobError::Broken("it died".into());
        let mut outbox = lock(&self.outbox);
        let order = Order { number: u64::MAX, name, chunk: false };
        outbox.write(&(order, ()))?;
        let sent = self.post(&mut outbox);
        let mut inbox = lock(&self.chair);
        let length = sent.then(|| inbox.wait(&self.replies, None).ok());
        let length = length.flatten().flatten().ok_or_else(died)?;
        let bytes = inbox.bytes(length, &mut outbox.segment);
        let ((_, outcome), _) =
            bytes.ok().and_then(reply_in).ok_or_else(died)?;
        outcome
    }

    /// The attendant's work, until the worker's end.
    pub(crate) fn attend(self: &Arc<Self>) -> End {
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
                    continue;
                }
                *lock(&self.watched) = true; // until whoever reads is done
                let Ok(mut inbox) = self.chair.try_lock() else {
                    continue;
                };
                self.set_watched(false);
                match inbox.take(&self.replies) {
                    Ok(Some(length)) => self.deliver(length, inbox),
                    // Somebody else has read it meanwhile.
                    Ok(None) => self.watch(),
                    Err(error) => self.end(end_by(&error)),
                }
            }
            if let Some(end) = self.end.get() {
                return *end;
            }
        }
    }

    /// Leaves the chair and hands the reply to the job that it belongs to.
    /// Before that the worker gets its next order: whoever has the result may
    /// find it free.
    fn deliver(self: &Arc<Self>, length: usize, inbox: MutexGuard<Inbox>) {
        if self.end.get().is_some() {
            return; // who has lied once is believed no more
        }
        let mut outbox = lock(&self.outbox);
        let message = inbox.bytes(length, &mut outbox.segment).ok();
        let Some(((number, outcome), result)) = message.and_then(reply_in)
        else {
            return self.end(End::Lied("what is not a reply"));
        };
        let in_flight = &self.in_flight;
        let work = lock(in_flight).work.take_if(|w| w.number() == number);
        let work = work.map(|mut work| {
            work.settle(outcome.map(|()| result));
            work
        });
        outbox.segment.release(length);
        drop(outbox);
        // Not before: a waiter that sits down now has to see that its reply has
        // come already.
        drop(inbox);
        self.set_watched(false);
        let Some(work) = work else {
            return self.end(End::Lied("a reply to nothing"));
        };
        self.done.fetch_add(1, Ordering::Relaxed);
        if let Some(foreman) = self.foreman.upgrade() {
            foreman.is_free(self);
        }
        work.tell();
    }

    /// The attendant is to say good-bye to the worker.
    pub(crate) fn end(&self, end: End) {
        let _ = self.end.set(end); // the first reason is the reason
        let _ = self.bell.write(1); // full only if it rings anyway
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
        let until = Instant::now()
            + match end {
                End::Retired => PATIENCE,
                End::Died => GRACE,
                End::Lied(_) => Duration::ZERO,
            };
        is_readable(&self.replies, Some(until)); // its end, as a rule
        let pid = self.pid;
        match (end, self.ended(until)) {
            (End::Lied(what), _) => format!("worker {pid} sent {what}"),
            (_, Ok(status)) => format!("worker {pid} died: {status}"),
            (_, Err(error)) => format!("worker {pid} is lost: {error}"),
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
            refuse(work, error);
        }
    }

    /// Whether the attendant is to read the next reply.
    fn set_watched(&self, wanted: bool) {
        let mut watched = lock(&self.watched);
        if *watched != wanted {
            let events = if wanted { A_REPLY } else { ITS_END };
            let mut event = EpollEvent::new(events, REPLIES);
            let _ = self.events.modify(&self.replies, &mut event); // it is there
            *watched = wanted;
        }
    }
}

/// One event, then none until they are set again. The end is always one.
const ITS_END: EpollFlags = EpollFlags::EPOLLONESHOT;
const A_REPLY: EpollFlags = EpollFlags::EPOLLIN.union(ITS_END);

/// Whoever waits for the reply of this worker reads it, if the chair is free.
impl Helper for Lane {
    fn help(self: Arc<Self>, number: u64, deadline: Option<Instant>) {
        if let Ok(mut inbox) = self.chair.try_lock() {
            self.set_watched(false);
            let work = lock(&self.in_flight).work.as_ref().map(|w| w.number());
            if work == Some(number) {
                match inbox.wait(&self.replies, deadline) {
                    Ok(None) => {}
                    Ok(Some(length)) => return self.deliver(length, inbox),
                    Err(error) => self.end(end_by(&error)),
                }
            }
            drop(inbox);
            self.set_watched(false); // an event may have come and gone
        }
        self.watch();
    }

    fn watch(&self) {
        self.set_watched(true);
    }
}

/// Bounded: what has not been said by the deadline will not be said.
fn says_hello(inbox: &mut Inbox, pipe: &File, segment: &mut Segment) -> bool {
    let deadline = Instant::now() + PATIENCE;
    let hello = inbox.wait(pipe, Some(deadline)).ok().flatten();
    let hello = hello.and_then(|length| inbox.bytes(length, segment).ok());
    hello.is_some_and(|hello| postcard::from_bytes(hello) == Ok(HELLO))
}

fn reply_in(message: &[u8]) -> Option<(Reply, &[u8])> {
    postcard::take_from_bytes(message).ok()
}

/// A pipe that ends is a death; anything else is told as it is.
fn end_by(error: &io::Error) -> End {
    match error.kind() {
        io::ErrorKind::InvalidData => End::Lied("what is not a reply"),
        _ => End::Died,
    }
}
