//! A worker process as its pool sees it: a socket to it, memory that is shared
//! with it, and at most one job in between.
//!
//! Orders are sent by whoever has the worker: who took it from the list of idle
//! ones, or its reader, which has just got the reply before. Replies are read
//! by its reader only, a thread of its own, which also sees the worker's end.

use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use std::{env, io};

use rustix::net::{
    AddressFamily, Shutdown, SocketFlags, SocketType, shutdown, socketpair,
};
use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal,
};

use super::encoding;
use super::order::{INITIALIZER, Order, fail};
use super::packet::{Inbox, Outbox, Received, is_decoded, is_ready};
use super::registry::{Identity, PROGRAM, Registry, Reply};
use super::segment::Segment;
use super::worker::{DEPTH, ROLE, Setup};
use crate::error::{JobError, WorkerExit, lock};
use crate::handle::{Stop, Told};
use crate::spin::spin;

/// How long a program may take to say that it is a worker, and a worker to end
/// when it is told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a worker that has closed its socket may take to end: as a rule it
/// is all but dead.
const GRACE: Duration = Duration::from_secs(1);

/// A worker that is idle for so long gives back its memory for large messages.
const IDLE: Duration = Duration::from_millis(100);

/// How often the reader of an idle worker looks at the time, at most.
const SOON: Duration = Duration::from_millis(10);

pub(crate) struct Link {
    pub(crate) pid: u32,
    socket: OwnedFd,
    /// Readable when the process has ended.
    process: OwnedFd,
    /// What orders are written with, and the shared memory. Nobody waits for
    /// it: it belongs to whoever has the worker, and then to its reader.
    outbox: Mutex<Outbox>,
    state: Mutex<State>,
    /// Once it is reaped, its number may be somebody else's.
    reaped: Mutex<bool>,
    pub(crate) started: Instant,
    /// How many jobs it has done.
    pub(crate) jobs_done: AtomicU64,
    options: Options,
}

/// What is the same for all workers of a pool.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    /// Whether threads and workers may spin while they wait.
    pub(crate) spins: bool,
    /// How long a job may run.
    pub(crate) time_limit: Option<Duration>,
    /// How much memory a worker may have.
    pub(crate) memory_limit: Option<u64>,
}

#[derive(Default)]
struct State {
    /// The order that is being written.
    writing: Option<u64>,
    job: Option<InFlight>,
    /// Nothing can be sent any more.
    dead: bool,
    /// Why it was made to end.
    sentence: Option<Sentence>,
}

struct InFlight {
    order: Box<dyn Order>,
    deadline: Option<Instant>,
}

/// Why a worker is made to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sentence {
    /// It is not needed any more.
    Retired,
    /// Its job has exceeded the time limit.
    TimeLimit,
    /// Its job is to be stopped.
    Stopped,
    /// It has sent what it may not send.
    Violation(String),
}

/// Where a worker gets its orders.
pub(crate) trait Pool {
    /// Enters the worker in the list of idle ones. False: it has to be given
    /// something to do.
    fn keeps_idle(&self, link: &Arc<Link>) -> bool;

    /// Gives the worker the next pending order, or nothing more to do.
    fn give_next(&self, link: &Arc<Link>);
}

/// What has become of an order.
pub(crate) enum Sent {
    /// The worker has it, or is being killed because of it.
    OnItsWay,
    /// It was cancelled, or failed: the worker is still free.
    NotNeeded,
    /// The worker is dead: another one has to do it.
    Refused(Box<dyn Order>),
}

/// A worker that has ended.
pub(crate) struct Ended {
    pub(crate) sentence: Option<Sentence>,
    pub(crate) exit: WorkerExit,
    /// The order that it had.
    pub(crate) order: Option<Box<dyn Order>>,
    /// Whether it had begun with that.
    pub(crate) began: bool,
}

impl Link {
    /// Starts a worker, and hears that it is one: the same program, with the
    /// same list of jobs. To be called by the thread that will be its reader:
    /// the kernel ends a worker with the thread that has started it.
    pub(crate) fn start(
        mut command: Command,
        registry: &Registry,
        options: Options,
    ) -> io::Result<(Link, Child, Inbox)> {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET, // which keeps packets apart
            SocketFlags::CLOEXEC,
            None,
        )?;
        let mut outbox = Outbox::new(Segment::create()?);
        let setup = Setup {
            parent: std::process::id(),
            depth: DEPTH.load(Relaxed) + 1,
            spins: options.spins,
            memory_limit: options.memory_limit,
        };
        outbox.write(&setup, &()).map_err(io::Error::other)?;
        outbox.send(&ours)?; // it waits there for the worker
        let mut child = command
            .stdin(theirs)
            .stdout(outbox.segment.inherited()?)
            .spawn()
            .map_err(|why| cannot("start", why))?;
        drop(command); // and with it the worker's end of the socket
        let process = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
        let process = process.map_err(|why| {
            let _ = child.kill(); // a worker that cannot be watched
            let _ = child.wait();
            cannot("watch", why.into())
        })?;
        let link = Link {
            pid: child.id(),
            socket: ours,
            process,
            outbox: Mutex::new(outbox),
            state: Mutex::default(),
            reaped: Mutex::default(),
            started: Instant::now(),
            jobs_done: AtomicU64::new(0),
            options,
        };
        let mut inbox = Inbox::new();
        if let Err(why) = link.says_hello(registry, &mut inbox) {
            link.kill();
            let exit = link.reap(&mut child, Duration::ZERO);
            let text = format!(
                "not a worker ({why}; {exit}): \
                 futures_pool::init must be the first line of its main"
            );
            return Err(io::Error::other(text));
        }
        Ok((link, child, inbox))
    }

    /// Bounded: what has not been said by the deadline will not be said.
    fn says_hello(
        &self,
        registry: &Registry,
        inbox: &mut Inbox,
    ) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let received = loop {
            if let Some(received) = inbox.receive(&self.socket)? {
                break received;
            }
            if !is_ready(&self.socket, Some(&self.process), Some(deadline)) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // Its socket may still be open, in a child that it has left.
            if self.has_ended() && inbox.receive(&self.socket)?.is_none() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let mut outbox = lock(&self.outbox);
        let bytes = inbox.bytes(received, &mut outbox.segment)?;
        let identity: Result<Identity, _> = encoding::decode(bytes);
        let ours = registry.identity()?;
        match identity.map_err(io::Error::other)?.difference(ours) {
            Some(difference) => Err(io::Error::other(difference)),
            None => Ok(()),
        }
    }

    /// Sends an order to a worker that has none.
    pub(crate) fn send(self: &Arc<Self>, order: Box<dyn Order>) -> Sent {
        let mut state = lock(&self.state);
        if state.dead || state.sentence.is_some() {
            return Sent::Refused(order);
        }
        state.writing = Some(order.number());
        drop(state);
        let stop: Weak<Link> = Arc::downgrade(self);
        if !order.start((stop, order.number())) {
            fail(order, JobError::Cancelled);
            return Sent::NotNeeded;
        }
        let mut outbox = lock(&self.outbox);
        if let Err(error) = order.write(&mut outbox) {
            outbox.segment.release(); // of what had room
            drop(outbox);
            fail(order, error);
            return Sent::NotNeeded;
        }
        // The reader must find the job here when it sees the reply.
        let mut state = lock(&self.state);
        if state.sentence == Some(Sentence::Stopped) {
            drop(state); // the worker is killed already
            fail(order, JobError::Cancelled);
            return Sent::OnItsWay;
        }
        state.writing = None;
        if state.dead || outbox.send(&self.socket).is_err() {
            state.dead = true; // its reader sees that, too
            order.back_to_pending();
            return Sent::Refused(order);
        }
        let limit = self.options.time_limit;
        let limit = limit.filter(|_| order.number() != INITIALIZER);
        let deadline = limit.and_then(|l| Instant::now().checked_add(l));
        state.job = Some(InFlight { order, deadline });
        Sent::OnItsWay
    }

    /// The reader's work: completes the worker's jobs until its end. False: it
    /// had not begun with the order that it has.
    pub(crate) fn serve(
        self: &Arc<Self>,
        inbox: &mut Inbox,
        pool: &dyn Pool,
    ) -> bool {
        loop {
            let completed = match self.next_reply(inbox) {
                Ok(received) => self.complete(inbox, received, pool),
                Err(why) if why.kind() == io::ErrorKind::InvalidData => {
                    Err("not a message")
                }
                // What it had not read when it ended, it had not begun.
                Err(why) => {
                    return why.kind() != io::ErrorKind::ConnectionReset;
                }
            };
            if let Err(what) = completed {
                self.end(Sentence::Violation(what.into()));
                return true;
            }
        }
    }

    /// Waits for the next reply.
    ///
    /// # Errors
    ///
    /// The worker has ended, or is made to end.
    fn next_reply(&self, inbox: &mut Inbox) -> io::Result<Received> {
        let receive = || inbox.receive(&self.socket).transpose();
        if self.options.spins
            && let Some(found) = spin(None, receive)
        {
            return found;
        }
        loop {
            let deadline = self.next_deadline();
            let ready = is_ready(&self.socket, Some(&self.process), deadline);
            match inbox.receive(&self.socket)? {
                Some(received) => return Ok(received),
                None if !ready => self.time_has_passed(),
                // Its socket may still be open, in a child that it has left.
                None if self.has_ended() => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                None => {}
            }
        }
    }

    fn has_ended(&self) -> bool {
        is_ready(&self.process, None, Some(Instant::now()))
    }

    /// When the reader has to look at the time.
    fn next_deadline(&self) -> Option<Instant> {
        let state = lock(&self.state);
        let now = Instant::now();
        let rest = match &state.job {
            Some(job) => return job.deadline,
            // A job that is sent meanwhile must not be seen too late.
            None if !self.holds_memory() => self.options.time_limit?.max(SOON),
            None => IDLE.min(self.options.time_limit.unwrap_or(IDLE)).max(SOON),
        };
        now.checked_add(rest)
    }

    fn time_has_passed(&self) {
        let state = lock(&self.state);
        match &state.job {
            None => {
                drop(state);
                self.release();
            }
            Some(InFlight { deadline: Some(at), .. })
                if *at <= Instant::now() =>
            {
                drop(state);
                self.end(Sentence::TimeLimit);
            }
            Some(_) => {}
        }
    }

    /// Whether the worker keeps memory for large messages; false while somebody
    /// writes to it.
    fn holds_memory(&self) -> bool {
        let outbox = self.outbox.try_lock();
        outbox.is_ok_and(|outbox| !outbox.segment.is_empty())
    }

    /// Gives it back, unless there is a job.
    fn release(&self) {
        if let Ok(mut outbox) = self.outbox.try_lock()
            && !outbox.segment.is_empty()
            && lock(&self.state).job.is_none()
        {
            outbox.segment.release();
        }
    }

    /// Takes the result out of a reply and hands it to the job's handle.
    ///
    /// # Errors
    ///
    /// The worker has broken the protocol.
    fn complete(
        self: &Arc<Self>,
        inbox: &Inbox,
        received: Received,
        pool: &dyn Pool,
    ) -> Result<(), &'static str> {
        let mut state = lock(&self.state);
        if state.sentence.is_some() {
            return Ok(()); // too late, or not to be believed
        }
        let job = state.job.take().ok_or("a reply without an order")?;
        drop(state);
        let mut order = job.order;
        let mut outbox = lock(&self.outbox);
        let message = inbox.bytes(received, &mut outbox.segment);
        let reply = message.ok().and_then(reply_in);
        match reply.filter(|((number, _), _)| *number == order.number()) {
            Some(((_, outcome), result)) => {
                order.decode(outcome.map(|()| result));
            }
            None => {
                let deadline = job.deadline;
                lock(&self.state).job = Some(InFlight { order, deadline });
                return Err("not the reply to its order");
            }
        }
        is_decoded(received, &mut outbox.segment);
        drop(outbox);
        if order.number() != INITIALIZER {
            self.jobs_done.fetch_add(1, Relaxed);
        }
        let mut idle = false;
        order.complete(&mut |told| match told {
            Told::NotYet => idle = pool.keeps_idle(self),
            Told::Yes if !idle => pool.give_next(self),
            Told::Yes => {}
        });
        Ok(())
    }

    /// Makes the worker end: at once, or, when it is retired, by itself.
    pub(crate) fn end(&self, sentence: Sentence) {
        let mut state = lock(&self.state);
        let first = state.sentence.is_none();
        let retired = sentence == Sentence::Retired;
        state.sentence.get_or_insert(sentence);
        drop(state);
        match retired {
            // In both directions: then its reader sees the end, too. Other
            // processes that have inherited the socket do not matter.
            true => _ = shutdown(&self.socket, Shutdown::Both), // or it is dead
            false if first => self.kill(),
            false => {}
        }
    }

    /// Kills the worker with everything that it has started, unless it has been
    /// reaped: then its number may be another's.
    pub(crate) fn kill(&self) {
        let reaped = lock(&self.reaped);
        if !*reaped {
            self.kill_group();
        }
    }

    /// Errors: they have ended, or it has no group yet.
    fn kill_group(&self) {
        let group = Pid::from_raw(self.pid as i32).expect("it is not 0");
        let _ = kill_process_group(group, Signal::KILL);
        let _ = pidfd_send_signal(&self.process, Signal::KILL);
    }

    /// Waits for the end of the worker, and says how it ended. What it has
    /// started, and left behind, is killed.
    pub(crate) fn wait_for_end(&self, child: &mut Child, began: bool) -> Ended {
        let mut state = lock(&self.state);
        state.dead = true;
        let sentence = state.sentence.clone();
        let order = state.job.take().map(|job| job.order);
        drop(state);
        let patience = match sentence {
            Some(Sentence::Retired) => PATIENCE,
            None => GRACE,
            Some(_) => Duration::ZERO,
        };
        let mut exit = self.reap(child, patience);
        if let Some(Sentence::Violation(what)) = &sentence {
            exit = WorkerExit::Violation(what.clone());
        }
        Ended { sentence, exit, order, began }
    }

    fn reap(&self, child: &mut Child, patience: Duration) -> WorkerExit {
        let deadline = Instant::now() + patience;
        if !is_ready(&self.process, None, Some(deadline)) {
            self.kill();
        }
        is_ready(&self.process, None, None);
        let mut reaped = lock(&self.reaped);
        self.kill_group(); // not reaped yet, so the number is still its own
        *reaped = true;
        match child.wait() {
            Ok(status) => status.into(),
            // Somebody else has waited for it: its status is lost.
            Err(why) => {
                WorkerExit::Violation(format!("its exit status: {why}"))
            }
        }
    }
}

impl Stop for Link {
    fn stop(&self, number: u64) -> bool {
        let mut state = lock(&self.state);
        let is_it = |job: &InFlight| job.order.number() == number;
        let runs = state.job.as_ref().is_some_and(is_it)
            || state.writing == Some(number);
        let stops = runs && state.sentence.is_none();
        if stops {
            // Under the same lock: the next job must not be taken for this one.
            state.sentence = Some(Sentence::Stopped);
        }
        drop(state);
        if stops {
            self.kill();
        }
        stops
    }
}

/// The command that starts this program as a worker.
pub(crate) fn command() -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(PROGRAM);
    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    command.arg(ROLE);
    command
}

fn cannot(what: &str, why: io::Error) -> io::Error {
    let text = format!("cannot {what} a worker ({PROGRAM}): {why}");
    io::Error::new(why.kind(), text)
}

fn reply_in(message: &[u8]) -> Option<(Reply, &[u8])> {
    postcard::take_from_bytes(message).ok()
}

#[cfg(test)]
mod tests;
