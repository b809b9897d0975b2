//! Cancellation and clean-up: a cancelled task runs only its Drop code.
//!
//!     cargo run -p asyncio --bin cleanup
//!
//! Python raises CancelledError inside the task, so `finally` runs. In Rust the
//! future is dropped where it waits: code after the await never runs. What has
//! to run belongs in the `Drop` of a guard: that runs at the end of its block,
//! after a panic, and when the task is cancelled. `Drop` cannot await: see
//! `async_cleanup`.
//!
//! Claims: A25
//! Change this and watch: leave out `yield_now()` in `main`. Tasks that are
//! cancelled before they start have made no guard: no clean-up runs, and A25 is
//! contradicted.
//!
//! Output (times vary, counts do not):
//!     after the await: 0 of 20 clean-ups ran
//!     by a guard: 20 of 20 clean-ups ran
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A25 is borne out: of 20 cancelled tasks, 0 cleaned up after the await, 20 by a guard

use std::future::pending;
use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};

use shared::{Result, claim, flags, say};
use tokio::task::{JoinSet, yield_now};

const TASKS: u32 = 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let (after, guarded) = (Arc::default(), Arc::default());
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        tasks.spawn(cleans_up_at_the_end(Arc::clone(&after)));
        tasks.spawn(cleans_up_by_a_guard(Arc::clone(&guarded)));
    }
    yield_now().await; // lets each task run until it waits
    tasks.shutdown().await;

    let [after, guarded] = [after, guarded].map(|count| count.load(Relaxed));
    say!("after the await: {after} of {TASKS} clean-ups ran");
    say!("by a guard: {guarded} of {TASKS} clean-ups ran");
    let figure = format!(
        "of {TASKS} cancelled tasks, {after} cleaned up after the await, \
         {guarded} by a guard"
    );
    claim("A25", (after, guarded) == (0, TASKS), figure)
}

async fn cleans_up_at_the_end(cleaned: Arc<AtomicU32>) {
    wait().await;
    clean_up(&cleaned); // WRONG: a cancelled task never comes here
}

async fn cleans_up_by_a_guard(cleaned: Arc<AtomicU32>) {
    let _guard = OnDrop(|| clean_up(&cleaned));
    wait().await;
}

/// Stands for any wait that lasts until the task is cancelled.
async fn wait() {
    pending().await
}

/// Stands for a clean-up, such as removing a file: counts how often it runs.
fn clean_up(cleaned: &AtomicU32) {
    cleaned.fetch_add(1, Relaxed);
}

// ANCHOR: cleanup
/// Does something when it is dropped: at the end of its block (Python's
/// `finally`), and when the task around it is cancelled or panics. Name it:
/// `let _guard = `; with `let _ = ` it is dropped at once.
pub struct OnDrop<Work: FnMut()>(pub Work);

impl<Work: FnMut()> Drop for OnDrop<Work> {
    fn drop(&mut self) {
        (self.0)(); // calls the closure
    }
}
// ANCHOR_END: cleanup
