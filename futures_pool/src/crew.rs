//! The crew: a fixed number of threads, each with a tool of its own, that take
//! tasks from one rail. A thread pool's tool is nothing; a process pool's is a
//! worker process.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use std::{io, thread};

use crossbeam::channel::{Receiver, Sender, unbounded};

/// What a crew member does with its tool. False: the tool is broken.
pub(crate) type Task<Tool> = Box<dyn FnOnce(&mut Tool) -> bool + Send>;

pub(crate) struct Crew<Tool> {
    /// `None` once the crew is told to finish.
    rail: Option<Sender<Task<Tool>>>,
    members: Vec<thread::JoinHandle<()>>,
    /// Set: what still hangs on the rail is thrown away.
    cancelled: Arc<AtomicBool>,
}

impl<Tool: 'static> Crew<Tool> {
    /// Hires `size` members; each makes its tool on its own thread. Returns
    /// when all are ready.
    ///
    /// # Errors
    ///
    /// A thread or a tool cannot be made. Those already hired go home.
    pub(crate) fn hire(
        size: usize,
        make_tool: fn() -> io::Result<Tool>,
    ) -> io::Result<Crew<Tool>> {
        if size == 0 {
            let message = "a pool needs at least one worker";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let (rail, tasks) = unbounded::<Task<Tool>>();
        let (ready, all_ready) = unbounded();
        let cancelled = Arc::new(AtomicBool::new(false));
        let mut crew = Crew {
            rail: Some(rail),
            members: Vec::new(),
            cancelled: cancelled.clone(),
        };
        for number in 1..=size {
            let (tasks, ready) = (tasks.clone(), ready.clone());
            let cancelled = cancelled.clone();
            let member = thread::Builder::new()
                .name(format!("crew-{number}"))
                .spawn(move || match make_tool() {
                    Ok(tool) => {
                        let _ = ready.send(Ok(())); // the rest may have failed
                        work(tool, &tasks, &cancelled);
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error)); // likewise
                    }
                })?;
            crew.members.push(member);
        }
        drop(ready); // one that panics sends nothing, and ends the waiting
        all_ready.iter().take(size).collect::<io::Result<()>>()?;
        Ok(crew)
    }

    /// Throws away all tasks that nobody has taken yet, and later ones.
    pub(crate) fn cancel_pending(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Hangs a task on the rail. With nobody left to take it, it is dropped.
    pub(crate) fn assign(&self, task: Task<Tool>) {
        let rail = self.rail.as_ref().expect("only dropping takes it away");
        let _ = rail.send(task); // dropping the task tells its handle
    }
}

fn work<Tool>(
    mut tool: Tool,
    tasks: &Receiver<Task<Tool>>,
    cancelled: &AtomicBool,
) {
    for task in tasks {
        // A task that is dropped tells its handle.
        if !cancelled.load(Relaxed) && !task(&mut tool) {
            break;
        }
    }
}

/// The crew finishes what hangs on the rail, and goes home.
impl<Tool> Drop for Crew<Tool> {
    fn drop(&mut self) {
        drop(self.rail.take());
        for member in self.members.drain(..) {
            let _ = member.join(); // a panic was already told to its handle
        }
    }
}
