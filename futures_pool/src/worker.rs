//! The worker process, from inside.
//!
//! A function cannot be sent to another process. But the worker is the same
//! program, so that a name is enough: jobs are listed in [`init`], and travel
//! by name with their encoded argument.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{any::type_name, fs::File, process::Command};
use std::{env, io, process};

use nix::unistd::{dup2_stdin, dup2_stdout, getppid};
use nix::{sys::prctl::set_pdeathsig, sys::signal::Signal};
use serde::{Deserialize, Serialize};

use crate::executor::{Function, Value, run};
use crate::handle::JobError;
use crate::wire;
use crate::wire::{Frame, Frames, Large, Unencoded};

/// The first argument of a program that is started as a worker; the second is
/// the number of the process that starts it, the third its depth.
const ROLE: &str = "as-worker";

/// What a worker says first. It changes with the protocol, so that a program of
/// another version is not understood in a wrong way.
pub(crate) const HELLO: &str = "futures_pool worker, protocol 1";

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
    let is_worker = || env::args().nth(1).is_some_and(|role| role == ROLE);
    let initialised = INITIALISED.load(Ordering::Relaxed);
    if !initialised && (!another || is_worker()) {
        let message = "futures_pool::init must be the first line of main";
        return Err(io::Error::other(message));
    }
    if DEPTH.load(Ordering::Relaxed) >= DEEPEST {
        return Err(io::Error::other("pools in workers are too deep"));
    }
    Ok(())
}

/// Gives a program the arguments that make a worker of it.
pub(crate) fn as_worker(program: &mut Command) -> &mut Command {
    let depth = DEPTH.load(Ordering::Relaxed) + 1;
    program.args([ROLE, &process::id().to_string(), &depth.to_string()])
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
    one: Box<Encoded>,
    /// The same for a list of arguments.
    chunk: Box<Encoded>,
}

/// A job for bytes. Returns its reply, unless that has been written already.
type Encoded = dyn Fn(Argument, Replying) -> Result<Option<Vec<u8>>, JobError>;

/// Where the reply is to be put, and how it begins.
struct Replying<'a> {
    buffer: Vec<u8>,
    number: u64,
    pipe: &'a File,
}

impl Replying<'_> {
    fn with(
        self,
        result: &impl Serialize,
    ) -> Result<Option<Vec<u8>>, JobError> {
        let head: Reply = (self.number, Ok(()));
        let begun = |buffer| wire::append(wire::begin(buffer), &head);
        let reply = begun(self.buffer).and_then(|r| wire::append(r, result));
        let reply = match reply {
            Ok(reply) => wire::seal(reply).map(Some),
            Err(Unencoded::Error(why)) => Err(why),
            Err(Unencoded::Large) => {
                let head = begun(Vec::new()).unwrap_or_default();
                Large::new(head, result).map(|reply| {
                    if reply.write(self.pipe).is_err() {
                        process::exit(1); // nobody can read what is cut
                    }
                    None
                })
            }
        };
        reply.map_err(JobError::Encode)
    }
}

/// The argument stands in a frame after so many bytes.
struct Argument<'a> {
    frame: Frame,
    after: usize,
    frames: &'a mut Frames,
}

impl Argument<'_> {
    /// Gives the frame back before the job begins: it may be as large as the
    /// argument.
    fn decoded<A: Value>(self) -> Result<A, JobError> {
        let argument = postcard::from_bytes(&self.frame.bytes()[self.after..]);
        self.frames.reuse(self.frame);
        argument.map_err(|why| JobError::Decode(why.to_string()))
    }
}

/// Makes `function` known to worker processes, for [`init`].
///
/// # Panics
///
/// When it is a closure: several of them have the same name.
pub fn job<A: Value, T: Value, F: Function<A, T>>(function: F) -> Job {
    let name = job_name::<F>();
    assert!(!name.contains("{{closure}}"), "a job must be a named function");
    Job {
        name,
        one: Box::new(move |argument, reply| {
            let argument = argument.decoded()?;
            let result: T = run(|| function(argument))?;
            reply.with(&result)
        }),
        chunk: Box::new(move |arguments, reply| {
            let arguments: Vec<A> = arguments.decoded()?;
            let one = |argument| run(|| function(argument));
            let results: Vec<Result<T, _>> =
                arguments.into_iter().map(one).collect();
            reply.with(&results)
        }),
    }
}

/// The name by which a function travels: its path in the program. That of a
/// closure or of a pointer would not say which one it is.
pub(crate) fn job_name<F>() -> &'static str {
    const { assert!(size_of::<F>() == 0, "a job must be a plain function") }
    type_name::<F>()
}

/// The first line of `main`, with all jobs that worker processes may run. In a
/// worker process it does the work and never returns; elsewhere it returns at
/// once.
pub fn init(jobs: impl IntoIterator<Item = Job>) {
    INITIALISED.store(true, Ordering::Relaxed);
    let mut arguments = env::args().skip(1);
    if arguments.next().is_some_and(|role| role == ROLE) {
        let parent = arguments.next().and_then(|pid| pid.parse().ok());
        let depth = arguments.next().and_then(|depth| depth.parse().ok());
        DEPTH.store(depth.unwrap_or(DEEPEST), Ordering::Relaxed);
        let jobs: Vec<Job> = jobs.into_iter().collect();
        process::exit(serve(parent, &jobs).map_or(1, |()| 0));
    }
}

/// Runs what comes in until nothing comes any more.
fn serve(parent: Option<i32>, jobs: &[Job]) -> io::Result<()> {
    // A worker that waits sees the end of its orders; one that works sees
    // nothing, so the kernel ends it with its parent.
    set_pdeathsig(Signal::SIGKILL)?;
    if parent != Some(getppid().as_raw()) {
        return Err(io::Error::other("the parent died before that"));
    }
    // The pipes are for frames, not for jobs, nor for what jobs start: from now
    // on they are elsewhere (and closed on exec), a job reads nothing from its
    // standard input, and what it prints goes to standard error.
    let orders = own(io::stdin())?;
    let replies = own(io::stdout())?;
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(io::stderr())?;
    wire::write(&replies, &whole(&HELLO)?)?;
    let mut frames = Frames::default();
    let mut reply = Vec::new();
    while let Some(order) = frames.next(&orders)? {
        let last = Replying { buffer: reply, number: 0, pipe: &replies };
        reply = answer(jobs, order, &mut frames, last)?.unwrap_or_default();
        wire::write(&replies, &reply)?;
    }
    Ok(())
}

fn own(stream: impl AsFd) -> io::Result<File> {
    let stream: OwnedFd = stream.as_fd().try_clone_to_owned()?;
    Ok(stream.into())
}

/// Runs a job. Its reply is put where the one before it was.
fn answer(
    jobs: &[Job],
    frame: Frame,
    frames: &mut Frames,
    last: Replying,
) -> io::Result<Option<Vec<u8>>> {
    let order = postcard::take_from_bytes(frame.bytes());
    let (order, argument): (Order, _) = order.map_err(io::Error::other)?;
    let reply = Replying { number: order.number, ..last };
    let (number, chunk) = (order.number, order.chunk);
    let after = frame.bytes().len() - argument.len();
    let job = jobs.iter().find(|job| job.name == order.name);
    let job = job.ok_or_else(|| JobError::Unregistered(order.name.into()));
    let outcome = job.and_then(|job| {
        let work = if chunk { &job.chunk } else { &job.one };
        // To decode and to encode is code of a user, too.
        let argument = Argument { frame, after, frames };
        run(|| work(argument, reply)).flatten()
    });
    outcome.or_else(|error| {
        let reply: Reply = (number, Err(error));
        whole(&reply).map(Some)
    })
}

/// A frame of its own.
pub(crate) fn whole(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let frame = wire::append(wire::begin(Vec::new()), value);
    let frame = frame.ok().and_then(|frame| wire::seal(frame).ok());
    frame.ok_or_else(|| io::Error::other("it cannot be encoded"))
}
