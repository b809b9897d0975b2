//! A job on its way: from the queue to a worker, and its result to the handle.

use super::encoding;
use super::packet::Outbox;
use super::worker::Head;
use crate::error::{JobError, discard, run};
use crate::executor::Value;
use crate::handle::{Promise, Runner, Told};

/// The number of the order by which a worker is initialized.
pub(crate) const INITIALIZER: u64 = u64::MAX;

/// A submitted job, without the types of its argument and its result.
pub(crate) trait Order: Send {
    fn number(&self) -> u64;

    /// Marks the job as running. False: it was cancelled, and must not run.
    fn start(&self, runner: Runner) -> bool;

    /// No worker has it after all.
    fn back_to_pending(&self);

    /// Writes the order. The argument stays here until there is a reply: for
    /// another worker, if this one ends before it has begun.
    fn write(&self, outbox: &mut Outbox) -> Result<(), JobError>;

    /// Drops the argument, and decodes the result.
    fn decode(&mut self, result: Result<&[u8], JobError>);

    /// Tells the handle. `free`: see [`Promise::complete`].
    fn complete(self: Box<Self>, free: &mut dyn FnMut(Told));
}

/// Ends a job without a result.
pub(crate) fn fail(mut order: Box<dyn Order>, error: JobError) {
    order.decode(Err(error));
    order.complete(&mut |_| ());
}

/// The call of a function that is done elsewhere.
pub(crate) struct Call<A, T> {
    pub(crate) head: Head,
    argument: Option<A>,
    promise: Promise<T>,
    outcome: Option<Result<T, JobError>>,
}

impl<A: Value, T: Value> Call<A, T> {
    pub(crate) fn new(
        head: Head,
        argument: A,
        promise: Promise<T>,
    ) -> Box<Call<A, T>> {
        let argument = Some(argument);
        Box::new(Call { head, argument, promise, outcome: None })
    }
}

/// To encode, to decode and to drop a value is code of a user, which may panic.
impl<A: Value, T: Value> Order for Call<A, T> {
    fn number(&self) -> u64 {
        self.head.number
    }

    fn start(&self, runner: Runner) -> bool {
        self.promise.start(Some(runner))
    }

    fn back_to_pending(&self) {
        self.promise.back_to_pending();
    }

    fn write(&self, outbox: &mut Outbox) -> Result<(), JobError> {
        let argument = self.argument.as_ref().expect("there is no reply yet");
        run(|| outbox.write(&self.head, argument)).flatten()
    }

    fn decode(&mut self, result: Result<&[u8], JobError>) {
        discard(self.argument.take());
        self.outcome = Some(result.and_then(|bytes| {
            run(|| encoding::decode(bytes))?.map_err(JobError::Decode)
        }));
    }

    fn complete(self: Box<Self>, free: &mut dyn FnMut(Told)) {
        let Call { promise, outcome, .. } = *self;
        let outcome = outcome.unwrap_or(Err(JobError::Cancelled));
        // Nobody may want the result any more: it is dropped here, then.
        let _ = run(|| promise.complete(outcome, free));
    }
}
