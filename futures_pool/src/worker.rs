//! The worker process, from both sides.
//!
//! A function cannot be sent to another process. But the worker is the same
//! program, so that a name is enough: jobs are listed in [`init`], and travel
//! by name with their encoded argument.

use std::{
    any::type_name,
    env,
    fs::File,
    io::{self, BufReader},
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    process::{self, Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use nix::unistd::{dup2_stdin, dup2_stdout};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    executor::{JobError, panicked},
    wire::{read_frame, write_frame},
};

/// The first argument of a program that is started as a worker.
const ROLE: &str = "as-worker";

/// Whether [`init`] has been passed: without it, a worker would be one more
/// run of `main`, which starts workers, which ...
static INITIALISED: AtomicBool = AtomicBool::new(false);

/// An entry in the list of jobs: see [`job`].
pub struct Job {
    name: &'static str,
    run: Box<RunEncoded>,
}

/// A job with its argument and its result as bytes.
type RunEncoded = dyn Fn(&[u8]) -> Result<Vec<u8>, JobError>;

/// Makes `function` known to worker processes, for [`init`].
///
/// # Panics
///
/// When it is a closure: several of them have the same name.
pub fn job<F, A, T>(function: F) -> Job
where
    F: Fn(A) -> T + Copy + 'static,
    A: DeserializeOwned + 'static,
    T: Serialize + 'static,
{
    let name = job_name::<F>();
    assert!(!name.contains("{{closure}}"), "a job must be a named function");
    Job {
        name,
        run: Box::new(move |argument| {
            let argument = postcard::from_bytes(argument)?;
            // Unwind-safe: what the job has touched is dropped with it.
            let run = AssertUnwindSafe(|| function(argument));
            Ok(postcard::to_stdvec(&catch_unwind(run).map_err(panicked)?)?)
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
    if env::args_os().nth(1).is_some_and(|role| role == ROLE) {
        let jobs: Vec<Job> = jobs.into_iter().collect();
        process::exit(serve(&jobs).map_or(1, |()| 0));
    }
    INITIALISED.store(true, Ordering::Relaxed);
}

/// In the worker: runs what comes in until nothing comes any more.
fn serve(jobs: &[Job]) -> io::Result<()> {
    // The pipes are for frames, not for jobs, nor for what jobs start: from now
    // on they are elsewhere (and closed on exec), a job reads nothing from its
    // standard input, and what it prints goes to standard error.
    let mut orders = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut replies = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(io::stderr())?;
    while let Some(order) = read_frame(&mut orders)? {
        let outcome = run(jobs, &order);
        let reply = postcard::to_stdvec(&outcome).map_err(io::Error::other)?;
        write_frame(&mut replies, &reply)?;
    }
    Ok(())
}

fn run(jobs: &[Job], order: &[u8]) -> Result<Vec<u8>, JobError> {
    let (name, argument): (String, Vec<u8>) = postcard::from_bytes(order)?;
    match jobs.iter().find(|job| job.name == name) {
        Some(job) => (job.run)(&argument),
        None => Err(JobError::Unregistered(name)),
    }
}

/// In the parent: one worker process and the pipes to it.
pub(crate) struct Worker {
    child: Child,
    orders: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Worker {
    pub(crate) fn start() -> io::Result<Worker> {
        if !INITIALISED.load(Ordering::Relaxed) {
            let message = "futures_pool::init must be the first line of main";
            return Err(io::Error::other(message));
        }
        let mut child = Command::new(env::current_exe()?)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let replies = child.stdout.take().expect("it was piped");
        Ok(Worker { child, orders, replies: BufReader::new(replies) })
    }

    /// Has the worker run the job `name`, and waits for the result.
    pub(crate) fn run<A: Serialize, T: DeserializeOwned>(
        &mut self,
        name: &str,
        argument: &A,
    ) -> Result<T, JobError> {
        let order =
            postcard::to_stdvec(&(name, postcard::to_stdvec(argument)?))?;
        let reply = self.ask(&order).map_err(|why| match why.kind() {
            io::ErrorKind::InvalidInput => JobError::Codec(why.to_string()),
            _ => self.post_mortem(),
        })?;
        let outcome: Result<Vec<u8>, JobError> = postcard::from_bytes(&reply)?;
        Ok(postcard::from_bytes(&outcome?)?)
    }

    fn ask(&mut self, order: &[u8]) -> io::Result<Vec<u8>> {
        let orders = self.orders.as_mut().expect("only dropping takes it");
        write_frame(orders, order)?;
        let reply = read_frame(&mut self.replies)?;
        reply.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// How the worker died; if it only went mad, it dies now.
    fn post_mortem(&mut self) -> JobError {
        let _ = self.child.kill(); // it may be dead already: that is fine
        match self.child.wait() {
            Ok(status) => JobError::WorkerDied(status.to_string()),
            Err(error) => JobError::WorkerDied(error.to_string()),
        }
    }
}

/// The end of its orders ends the worker.
impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.wait(); // nothing more to be done about an error
    }
}
