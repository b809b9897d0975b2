//! The worker process, from inside.

use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::{io, process};

use rustix::fs::fstat;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{
    Resource, Rlimit, Signal, getppid, set_parent_process_death_signal,
    setrlimit, setsid,
};
use rustix::stdio::{dup2_stdin, dup2_stdout};
use serde::{Deserialize, Serialize};

use super::encoding;
use super::packet::{Inbox, Outbox, Received, is_decoded};
use super::registry::{Registry, Reply};
use super::segment::Segment;
use crate::{error::run, spin::spin};

/// The first argument of a program that is started as a worker.
pub(crate) const ROLE: &str = "as-worker";

/// What a worker is told first. It finds that in its standard input, which is
/// the socket to its pool; its standard output is the shared memory.
#[derive(Serialize, Deserialize)]
pub(crate) struct Setup {
    /// The process that has started it.
    pub(crate) parent: u32,
    /// How deep it is: see [`DEEPEST`].
    pub(crate) depth: u32,
    /// Whether it may spin while it waits.
    pub(crate) spins: bool,
    /// How much memory it may have, in bytes.
    pub(crate) memory_limit: Option<u64>,
}

/// What comes before the argument in an order.
#[derive(Serialize, Deserialize)]
pub(crate) struct Head {
    /// The reply has the same one.
    pub(crate) number: u64,
    /// The job's place in the list.
    pub(crate) place: u32,
    /// Whether the argument is a list of arguments.
    pub(crate) chunk: bool,
}

/// How deep this process is: a job may have a pool of its own, whose jobs may
/// have one, too.
pub(crate) static DEPTH: AtomicU32 = AtomicU32::new(0);

/// Jobs that go on to start pools, each in the other, end with an error, not
/// with the machine.
pub(crate) const DEEPEST: u32 = 8;

/// Runs what comes in until nothing comes any more.
pub(crate) fn work(registry: &Registry) -> ! {
    process::exit(match serve(registry) {
        Ok(()) => 0,
        Err(Broken::NoPool) => {
            eprintln!("`{ROLE}` is for workers, which a ProcessPool starts");
            2
        }
        Err(Broken::System(why)) => {
            eprintln!("worker {}: {why}", process::id());
            1
        }
    })
}

/// Why a worker cannot go on.
enum Broken {
    /// There is no pool at the other end of standard input.
    NoPool,
    System(io::Error),
}

impl<E: Into<io::Error>> From<E> for Broken {
    fn from(why: E) -> Broken {
        Broken::System(why.into())
    }
}

fn serve(registry: &Registry) -> Result<(), Broken> {
    let (link, setup) = Link::to_pool()?;
    // Not dropped: a job may have closed its descriptors, and Rust aborts (in a
    // debug build) when they are closed again, before anybody is told why.
    let mut link = ManuallyDrop::new(link);
    // A session of its own: so its process group can be killed with all that
    // jobs have started, Ctrl+C at the terminal is for the pool's process only,
    // and nobody here is stopped for using the terminal from the background.
    setsid()?;
    link.stay_with(setup.parent)?;
    DEPTH.store(setup.depth, Relaxed);
    if let Some(bytes) = setup.memory_limit {
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        setrlimit(Resource::Data, limit)?;
    }
    let hello = link.outbox.write(registry.identity()?, &());
    hello.map_err(io::Error::other)?;
    loop {
        link.send()?;
        let Some(received) = link.wait(setup.spins)? else {
            return Ok(());
        };
        link.stay_with(setup.parent)?; // or a job before has changed that
        link.answer(registry, received)?;
    }
}

/// The worker's end of the channel.
struct Link {
    socket: OwnedFd,
    inbox: Inbox,
    outbox: Outbox,
    /// Which file the socket is: a job may close all descriptors and open its
    /// own, and must not find our messages there.
    inode: u64,
}

impl Link {
    /// The channel is not for jobs, nor for what jobs start: from now on it is
    /// elsewhere (and closed on exec), a job reads nothing from its standard
    /// input, and what it prints goes to standard error.
    fn to_pool() -> Result<(Link, Setup), Broken> {
        let socket = fcntl_dupfd_cloexec(io::stdin(), 3)?;
        let mut inbox = Inbox::new();
        let Ok(Some(setup)) = inbox.receive(&socket) else {
            return Err(Broken::NoPool);
        };
        let segment = fcntl_dupfd_cloexec(io::stdout(), 3)?;
        let mut segment = Segment::of(segment)?;
        let setup = inbox.bytes(setup, &mut segment)?;
        let setup = encoding::decode(setup).map_err(io::Error::other)?;
        let (ends_at_once, _) = io::pipe()?;
        dup2_stdin(ends_at_once)?;
        dup2_stdout(io::stderr())?;
        let inode = fstat(&socket)?.st_ino;
        let outbox = Outbox::new(segment);
        Ok((Link { socket, inbox, outbox, inode }, setup))
    }

    /// A worker that waits sees the end of its pool. While it works, the kernel
    /// ends it with the thread that has started it. That setting is lost with a
    /// change of the user, so it is made again before each job.
    fn stay_with(&self, parent: u32) -> Result<(), Broken> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        match getppid().map(|pid| pid.as_raw_pid() as u32) == Some(parent) {
            true => Ok(()),
            false => Err(io::Error::other("its pool has ended").into()),
        }
    }

    fn send(&mut self) -> Result<(), Broken> {
        let file = fstat(&self.socket);
        if file.map(|file| file.st_ino) != Ok(self.inode) {
            let why = "a job has closed the descriptors of its worker";
            return Err(io::Error::other(why).into());
        }
        Ok(self.outbox.send(&self.socket)?)
    }

    /// Waits for an order. `None`: there will be none.
    fn wait(&mut self, spins: bool) -> Result<Option<Received>, Broken> {
        let Link { socket, inbox, .. } = self;
        let mut received = Ok(None);
        if spins {
            let found = spin(None, || inbox.receive(socket).transpose());
            received = found.transpose();
        }
        while let Ok(None) = received {
            received = inbox.wait(socket);
        }
        match received {
            Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            received => Ok(received?),
        }
    }

    /// Does what an order asks for, and writes the reply.
    fn answer(
        &mut self,
        registry: &Registry,
        received: Received,
    ) -> Result<(), Broken> {
        let bytes = self.inbox.bytes(received, &mut self.outbox.segment)?;
        let order = postcard::take_from_bytes(bytes);
        let (order, argument): (Head, _) = order.map_err(io::Error::other)?;
        let call = registry.prepare(&order, argument);
        is_decoded(received, &mut self.outbox.segment);
        let outbox = &mut self.outbox;
        let reply = call.and_then(|call| run(|| call(outbox)).flatten());
        if let Err(error) = reply {
            outbox.segment.release(); // of what had room
            let head: Reply = (order.number, Err(error));
            outbox.write(&head, &()).map_err(io::Error::other)?;
        }
        Ok(())
    }
}
