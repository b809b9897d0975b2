//! A crew of processes: this program, started again, once for every worker.

use std::io;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    crew::Crew,
    executor::{Executor, Handle, JobError},
    worker::{Worker, job_name},
};

/// Runs jobs in a fixed number of processes: a job that crashes takes only its
/// worker along.
///
/// [`init`](crate::init) must be the first line of `main`.
pub struct ProcessPool {
    crew: Crew<Worker>,
}

impl ProcessPool {
    /// Starts `workers` processes, and a thread here to look after each.
    ///
    /// # Errors
    ///
    /// `workers` is 0, [`init`](crate::init) has not been called, or a process
    /// cannot be started.
    pub fn new(workers: usize) -> io::Result<ProcessPool> {
        let crew = Crew::hire(workers, Worker::start)?;
        Ok(ProcessPool { crew })
    }
}

impl Executor for ProcessPool {
    fn submit<F, A, T>(&self, _job: F, argument: A) -> Handle<T>
    where
        F: Fn(A) -> T + Copy + Send + 'static,
        A: Serialize + DeserializeOwned + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let (promise, handle) = Handle::new();
        self.crew.assign(Box::new(move |worker| {
            let outcome = worker.run(job_name::<F>(), &argument);
            let alive = !matches!(outcome, Err(JobError::WorkerDied(_)));
            promise.keep(outcome);
            alive
        }));
        handle
    }

    fn cancel_pending(&self) {
        self.crew.cancel_pending();
    }
}
