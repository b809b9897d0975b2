//! The worker process, from inside.
//!
//! A function cannot be sent to another process. But the worker is the same
//! program, so that a name is enough: jobs are listed in [`init`], and travel
//! by name with their encoded argument.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{any::type_name, collections::BTreeMap, ffi::OsString};
use std::{env, fs::File, io, process, process::Command};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{dup2_stdin, dup2_stdout, getppid};
use nix::{sys::prctl::set_pdeathsig, sys::signal::Signal};
use serde::{Deserialize, Serialize};

use crate::error::{JobError, run};
use crate::executor::{Function, Value};
use crate::{segment::Segment, wire, wire::Inbox, wire::Outbox};

/// The first argument of a program that is started as a worker; the others are
/// the number of the process that starts it, its depth, and where the memory is
/// that they share.
const ROLE: &str = "as-worker";

/// What a worker says first. It changes with the protocol, so that a program of
/// another version is not understood in a wrong way.
pub(crate) const HELLO: &str = "futures_pool worker, protocol 2";

/// Whether [`init`] has been passed: without it, a worker would be one more
/// run of `main`, which starts workers, which ...
static INITIALISED: AtomicBool = AtomicBool::new(false);

/// A job may have a pool of its own, whose jobs have ... How deep this is.
static DEPTH: AtomicUsize = AtomicUsize::new(0);

/// A job that goes on to start pools, each in the other, ends with an error, not
/// with the machine.
const DEEPEST: usize = 8;

/// Whether this process may start workers that run its own program, or
/// `another`.
pub(crate) fn may_start_workers(another: bool) -> io::Result<()> {
    let is_worker = || env::args_os().nth(1).is_some_and(|role| role == ROLE);
    let initialised = INITIALISED.load(Ordering::Relaxed);
    Err(io::Error::other(if !initialised && (!another || is_worker()) {
        "futures_pool::init must be the first line of main"
    } else if DEPTH.load(Ordering::Relaxed) >= DEEPEST {
        "pools in workers are too deep"
    } else {
        return Ok(());
    }))
}

/// Gives a program the arguments that make a worker of it.
pub(crate) fn as_worker<'a>(
    program: &'a mut Command,
    segment: &Segment,
) -> &'a mut Command {
    let depth = DEPTH.load(Ordering::Relaxed) + 1;
    let parent = process::id();
    program
        .args([ROLE, &parent.to_string(), &depth.to_string()])
        .arg(segment.path())
}

/// What comes before the argument in an order.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order<'a> {
    /// The reply has the same one.
    pub(crate) number: u64,
    /// The job's.
    pub(crate) name: &'a str,
    /// Whether the argument is a list of arguments.
    pub(crate) chunk: bool,
}

/// What comes before the result in a reply: the order's number, and whether
/// there is a result.
pub(crate) type Reply = (u64, Result<(), JobError>);

/// An entry in the list of jobs: see [`job`].
pub struct Job {
    name: &'static str,
    /// Takes its argument, or a list of them, from the desk, and leaves its
    /// result there.
    work: Box<Work>,
}

type Work = dyn Fn(&mut Desk, bool) -> Result<(), JobError>;

/// Where a worker works: what lies there is the present job's.
struct Desk {
    inbox: Inbox,
    outbox: Outbox,
    /// The order is so long, and its argument begins after so many bytes.
    length: usize,
    after: usize,
    number: u64,
}

impl Desk {
    /// The memory is given back before the job begins: it may be as large as
    /// the argument.
    fn argument<A: Value>(&mut self) -> Result<A, JobError> {
        let segment = &mut self.outbox.segment;
        let bytes = self.inbox.bytes(self.length, segment);
        let bytes = bytes.expect("the order was read there");
        let argument = wire::decode(&bytes[self.after..]);
        segment.release(self.length);
        argument
    }

    fn result(&mut self, result: &impl Serialize) -> Result<(), JobError> {
        self.outbox.write(&(self.number, Ok::<_, JobError>(()), result))
    }
}

/// Makes `function` known to worker processes, for [`init`].
///
/// # Panics
///
/// When it is a closure: several of them have the same name.
pub fn job<A: Value, T: Value, F: Function<A, T>>(function: F) -> Job {
    let name = job_name(&function);
    assert!(!name.contains("{{closure}}"), "a job must be a named function");
    let work = move |desk: &mut Desk, chunk| {
        if chunk {
            let arguments: Vec<A> = desk.argument()?;
            let arguments = arguments.into_iter();
            let results: Vec<Result<T, _>> =
                arguments.map(|one| run(|| function(one))).collect();
            desk.result(&results)
        } else {
            let argument = desk.argument()?;
            desk.result(&run(|| function(argument))?)
        }
    };
    Job { name, work: Box::new(work) }
}

/// The name by which a function travels: its path in the program. That of a
/// closure or of a pointer would not say which one it is.
pub(crate) fn job_name<F>(_: &F) -> &'static str {
    const { assert!(size_of::<F>() == 0, "a job must be a plain function") }
    type_name::<F>()
}

/// The first line of `main`, with all jobs that worker processes may run. In a
/// worker process it does the work and never returns; elsewhere it returns at
/// once.
///
/// # Panics
///
/// When two jobs have the same name: a worker could not tell them apart.
pub fn init(jobs: impl IntoIterator<Item = Job>) {
    INITIALISED.store(true, Ordering::Relaxed);
    let mut by_name = BTreeMap::new();
    for job in jobs {
        let name = job.name;
        assert!(by_name.insert(name, job).is_none(), "`{name}` is there twice");
    }
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|role| role == ROLE) {
        process::exit(serve(arguments, &by_name).map_or(1, |()| 0));
    }
}

/// Runs what comes in until nothing comes any more.
fn serve(
    mut arguments: impl Iterator<Item = OsString>,
    jobs: &BTreeMap<&str, Job>,
) -> io::Result<()> {
    // A worker that waits sees the end of its orders; one that works sees
    // nothing, so the kernel ends it with its parent.
    set_pdeathsig(Signal::SIGKILL)?;
    let mut number = || arguments.next()?.to_str()?.parse::<usize>().ok();
    if number() != usize::try_from(getppid().as_raw()).ok() {
        return Err(io::Error::other("the parent died before that"));
    }
    DEPTH.store(number().unwrap_or(DEEPEST), Ordering::Relaxed);
    // The pipes are for messages, not for jobs, nor for what jobs start: from
    // now on they are elsewhere (and closed on exec), a job reads nothing from
    // its standard input, and what it prints goes to standard error.
    let (orders, replies) = (own(io::stdin())?, own(io::stdout())?);
    let segment = Segment::open(arguments.next().unwrap_or_default())?;
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(io::stderr())?;
    fcntl(&orders, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let (inbox, outbox) = (Inbox::default(), Outbox::new(segment));
    let mut desk = Desk { inbox, outbox, length: 0, after: 0, number: 0 };
    desk.outbox.write(&HELLO).map_err(io::Error::other)?;
    loop {
        desk.outbox.send(&replies)?;
        match desk.inbox.wait(&orders, None) {
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(());
            }
            length => desk.length = length?.expect("there is no deadline"),
        }
        answer(jobs, &mut desk)?;
    }
}

fn own(stream: impl AsFd) -> io::Result<File> {
    let stream: OwnedFd = stream.as_fd().try_clone_to_owned()?;
    Ok(stream.into())
}

/// Does the job whose order lies on the desk, and leaves the reply there.
fn answer(jobs: &BTreeMap<&str, Job>, desk: &mut Desk) -> io::Result<()> {
    let segment = &mut desk.outbox.segment;
    let message = desk.inbox.bytes(desk.length, segment)?;
    let order = postcard::take_from_bytes(message);
    let (order, argument): (Order, _) = order.map_err(io::Error::other)?;
    desk.after = message.len() - argument.len();
    desk.number = order.number;
    let outcome = match jobs.get(order.name) {
        None => Err(JobError::Unregistered(order.name.into())),
        // To decode and to encode is code of a user, too.
        Some(job) => {
            let chunk = order.chunk;
            run(|| (job.work)(desk, chunk)).flatten()
        }
    };
    outcome.or_else(|error| {
        let reply: Reply = (desk.number, Err(error));
        desk.outbox.write(&reply).map_err(io::Error::other)
    })
}
