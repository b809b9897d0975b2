//! The threads of a pool, and waiting for their end.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::{cell::Cell, io, mem, time::Instant};

use crate::error::lock;

/// Values are encoded, decoded and dropped on these threads, too: deeply nested
/// ones need as much stack as in `main`.
const STACK: usize = 8 << 20;

#[derive(Default)]
pub(crate) struct Staff {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// A thread has left.
    left: Condvar,
}

#[derive(Default)]
struct State {
    threads: Vec<JoinHandle<()>>,
    started: usize,
    living: usize,
}

thread_local! {
    /// Of which staff this thread is: the address of what that shares.
    static MINE: Cell<usize> = const { Cell::new(0) };
}

impl Staff {
    /// Starts a thread.
    ///
    /// # Errors
    ///
    /// The system refuses one.
    pub(crate) fn start(
        &self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let mut state = lock(&self.shared.state);
        state.started += 1;
        state.living += 1;
        let name = format!("{name}-{}", state.started);
        drop(state);
        let leave = Leave(self.shared.clone());
        let thread = thread::Builder::new().name(name).stack_size(STACK);
        let started = thread.spawn(move || {
            MINE.set(Arc::as_ptr(&leave.0).addr());
            work();
        });
        let mut state = lock(&self.shared.state);
        match started {
            Ok(thread) => state.threads.push(thread),
            Err(why) => {
                state.started -= 1;
                return Err(why);
            }
        }
        Ok(())
    }

    /// How many threads have been started.
    pub(crate) fn started(&self) -> usize {
        lock(&self.shared.state).started
    }

    /// Waits until all threads have ended: true. Or until the deadline: false.
    /// A thread of the staff cannot wait for itself: in a job, or in a callback,
    /// this returns false at once.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> bool {
        if MINE.get() == Arc::as_ptr(&self.shared).addr() {
            return false;
        }
        let mut state = lock(&self.shared.state);
        while state.living > 0 {
            let left = &self.shared.left;
            state = match deadline {
                None => {
                    left.wait(state).unwrap_or_else(PoisonError::into_inner)
                }
                Some(at) => {
                    let rest = at.saturating_duration_since(Instant::now());
                    if rest.is_zero() {
                        return false;
                    }
                    let woken = left.wait_timeout(state, rest);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        let threads = mem::take(&mut state.threads);
        drop(state);
        for thread in threads {
            let _ = thread.join(); // at once; a panic was told where it was
        }
        true
    }
}

/// Says that the thread has left, even if it panics.
struct Leave(Arc<Shared>);

impl Drop for Leave {
    fn drop(&mut self) {
        lock(&self.0.state).living -= 1;
        self.0.left.notify_all();
    }
}
