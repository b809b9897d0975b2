//! Which functions worker processes can run.
//!
//! A function cannot be sent to another process. But the worker is the same
//! program, started again, with the same list of jobs: so a job's place in the
//! list is enough. A job is looked up by its type, which the compiler keeps
//! unique, unlike its name. A pool and its worker compare their lists, and the
//! files they run from, before the first job.

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::{env, io, sync::OnceLock};

use rustix::fs::stat;
use serde::{Deserialize, Serialize};

use super::encoding;
use super::packet::Outbox;
use super::worker::{self, Head};
use crate::error::{JobError, run};
use crate::executor::{Function, Value};

/// The program that this process runs, whatever has become of its file: it may
/// have been built anew, moved or deleted meanwhile.
pub(crate) const PROGRAM: &str = "/proc/self/exe";

static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// What [`init`] was given.
pub(crate) struct Registry {
    jobs: Vec<Job>,
    places: HashMap<TypeId, u32>,
    identity: Result<Identity, String>,
}

/// What a pool and its worker must have in common.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Device, inode and size of the program's file, which nobody can write to
    /// while it runs.
    file: (u64, u64, i64),
    /// The name and the type of each job.
    jobs: Vec<(String, u64)>,
}

/// An entry in the list of jobs: see [`job`].
///
/// ```
/// use futures_pool::{Job, init, job};
///
/// fn double(n: u64) -> u64 {
///     2 * n
/// }
///
/// /// What this module adds to the list.
/// fn jobs() -> Vec<Job> {
///     vec![job(double)]
/// }
///
/// init(jobs());
/// ```
pub struct Job {
    name: &'static str,
    type_id: TypeId,
    prepare: Box<Prepare>,
}

/// Decodes the argument of an order, or its list of arguments.
type Prepare = dyn Fn(&Head, &[u8]) -> Result<Call, JobError> + Send + Sync;

/// Calls the function, and writes the reply.
pub(crate) type Call = Box<dyn FnOnce(&mut Outbox) -> Result<(), JobError>>;

/// What comes before the result in a reply: the order's number, and whether
/// there is a result.
pub(crate) type Reply = (u64, Result<(), JobError>);

/// Makes `function` known to worker processes, for [`init`].
///
/// ```
/// use futures_pool::{init, job};
///
/// fn double(n: u64) -> u64 {
///     2 * n
/// }
///
/// init([job(double), job(str_len)]);
/// # fn str_len(text: String) -> usize { text.len() }
/// ```
pub fn job<A: Value, T: Value, F: Function<A, T>>(function: F) -> Job {
    let prepare = move |order: &Head, argument: &[u8]| -> Result<Call, _> {
        let head = (order.number, Ok::<_, JobError>(()));
        if !order.chunk {
            let argument: A = decode(argument)?;
            let result = move || run(|| function(argument));
            return Ok(Box::new(move |out| out.write(&head, &result()?)));
        }
        let arguments: Vec<A> = decode(argument)?;
        let one = move |argument| run(|| function(argument));
        let all = move || arguments.into_iter().map(one).collect::<Vec<_>>();
        Ok(Box::new(move |out| out.write(&head, &all())))
    };
    let type_id = type_of::<A, T, F>(&function);
    Job { name: type_name::<F>(), type_id, prepare: Box::new(prepare) }
}

fn decode<A: Value>(argument: &[u8]) -> Result<A, JobError> {
    encoding::decode(argument).map_err(JobError::Decode)
}

/// A plain function is a type of its own, without a value. (That of a function
/// pointer would not say which function it is.)
fn type_of<A: 'static, T: 'static, F: Function<A, T>>(_: &F) -> TypeId {
    const { assert!(size_of::<F>() == 0, "a job must be a plain function") }
    TypeId::of::<(A, T, F)>()
}

/// The first line of `main`, with all jobs that worker processes may run. In a
/// worker process it does the work and never returns; elsewhere it returns at
/// once.
///
/// A worker process runs what comes before this line, too. Its list has to be
/// the same as here: it must not depend on arguments or on time.
///
/// ```standalone_crate
/// fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// fn main() {
///     futures_pool::init([futures_pool::job(square)]);
///     // the program itself
/// }
/// ```
///
/// # Panics
///
/// When it is called again, or a job is in the list twice.
pub fn init(jobs: impl IntoIterator<Item = Job>) {
    let jobs: Vec<Job> = jobs.into_iter().collect();
    let mut places = HashMap::new();
    for (place, job) in (0..).zip(&jobs) {
        let before = places.insert(job.type_id, place);
        assert!(before.is_none(), "`{}` is in the list twice", job.name);
    }
    let identity = Identity::new(&jobs).map_err(|why| {
        format!("cannot look at {PROGRAM} (is /proc mounted?): {why}")
    });
    let registry = Registry { jobs, places, identity };
    let first = REGISTRY.set(registry).is_ok();
    assert!(first, "futures_pool::init is called twice");
    if env::args_os().nth(1).is_some_and(|role| role == worker::ROLE) {
        worker::work(Registry::get().expect("it was just set"));
    }
}

impl Registry {
    /// # Errors
    ///
    /// [`init`] has not been called. Without it a worker would be one more run
    /// of `main`, which starts workers, which ...
    pub(crate) fn get() -> io::Result<&'static Registry> {
        let missing = "futures_pool::init must be the first line of main";
        REGISTRY.get().ok_or_else(|| io::Error::other(missing))
    }

    /// # Errors
    ///
    /// The program's file cannot be looked at.
    pub(crate) fn identity(&self) -> io::Result<&Identity> {
        self.identity.as_ref().map_err(|why| io::Error::other(why.as_str()))
    }

    /// A job's place in the list.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub(crate) fn place<A: 'static, T: 'static, F: Function<A, T>>(
        &self,
        function: &F,
    ) -> Result<u32, JobError> {
        let place = self.places.get(&type_of::<A, T, F>(function)).copied();
        let name = type_name::<F>();
        place.ok_or_else(|| JobError::Unregistered(name.into()))
    }

    /// Decodes the argument for the job that is ordered.
    pub(crate) fn prepare(
        &self,
        order: &Head,
        argument: &[u8],
    ) -> Result<Call, JobError> {
        let job = self.jobs.get(order.place as usize);
        let job = job.expect("the pool has the same list");
        run(|| (job.prepare)(order, argument)).flatten()
    }
}

impl Identity {
    /// What differs, if anything does.
    pub(crate) fn difference(&self, ours: &Identity) -> Option<&'static str> {
        if self.file != ours.file {
            Some("it runs another build of the program")
        } else if self.jobs != ours.jobs {
            Some("its list of jobs is another one")
        } else {
            None
        }
    }

    fn new(jobs: &[Job]) -> io::Result<Identity> {
        let file = stat(PROGRAM)?;
        let jobs = jobs.iter().map(|job| {
            let mut hasher = DefaultHasher::new(); // the same in each process
            job.type_id.hash(&mut hasher);
            (job.name.to_string(), hasher.finish())
        });
        Ok(Identity {
            file: (file.st_dev, file.st_ino, file.st_size),
            jobs: jobs.collect(),
        })
    }
}
