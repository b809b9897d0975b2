//! A crew of threads.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    crew::Crew,
    executor::{Executor, Handle, panicked},
};

/// Runs jobs on a fixed number of threads of this process.
pub struct ThreadPool {
    crew: Crew<()>,
}

impl ThreadPool {
    /// Starts `workers` threads.
    ///
    /// # Errors
    ///
    /// `workers` is 0, or the system does not give as many threads.
    pub fn new(workers: usize) -> io::Result<ThreadPool> {
        let crew = Crew::hire(workers, || Ok(()))?;
        Ok(ThreadPool { crew })
    }
}

impl Executor for ThreadPool {
    fn submit<F, A, T>(&self, job: F, argument: A) -> Handle<T>
    where
        F: Fn(A) -> T + Copy + Send + 'static,
        A: Serialize + DeserializeOwned + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let (promise, handle) = Handle::new();
        self.crew.assign(Box::new(move |()| {
            // Unwind-safe: what the job has touched is dropped with it.
            let job = AssertUnwindSafe(|| job(argument));
            promise.keep(catch_unwind(job).map_err(panicked));
            true
        }));
        handle
    }

    fn cancel_pending(&self) {
        self.crew.cancel_pending();
    }
}
