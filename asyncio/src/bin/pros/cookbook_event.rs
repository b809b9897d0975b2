//! asyncio.Event: any number of tasks wait until another one sets it.
//!
//!     cargo run -p asyncio --bin cookbook_event
//!
//! `Notify` wakes the tasks that wait at this moment; an Event adds a flag for
//! those that come later. No wake-up is lost: a task that comes late finds the
//! flag, and a task that waits goes on even if the flag is cleared at once.
//!
//! A wait for a value: `cookbook_condition`. The other recipes: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: leave out `event.set()`. The wait is not over, and
//! A20 is contradicted.
//!
//! Output (figures vary):
//!     before set() the wait is over: false; after it: true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: a wait for an Event was over before set(): false, after it: true

use std::pin::pin;

use futures::poll;
use shared::{Result, claim, flags, say};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let event = Event::default();
    let mut wait = pin!(event.wait());
    let before = poll!(&mut wait).is_ready();
    event.set();
    event.clear(); // a task that waited before goes on, as in Python
    let after = poll!(&mut wait).is_ready();
    say!("before set() the wait is over: {before}; after it: {after}");
    let figure = format!(
        "a wait for an Event was over before set(): {before}, after it: {after}"
    );
    claim("A20", !before && after, figure)
}

// ANCHOR: event
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tokio::sync::Notify;

/// `asyncio.Event`: any number of tasks wait until it is set. Threads may
/// set it, too.
#[derive(Default)]
pub struct Event {
    set: AtomicBool,
    waiting: Notify,
}

impl Event {
    /// Lets all that wait go on, and all that come later.
    pub fn set(&self) {
        self.set.store(true, SeqCst);
        self.waiting.notify_waiters();
    }

    /// From now on, `wait` waits. Tasks that `set` has let go on do go on.
    pub fn clear(&self) {
        self.set.store(false, SeqCst);
    }

    /// Whether it is set now.
    pub fn is_set(&self) -> bool {
        self.set.load(SeqCst)
    }

    /// Returns at once if it is set.
    pub async fn wait(&self) {
        // First this, then the look: a `set` in between is not missed.
        let notified = self.waiting.notified();
        if !self.is_set() {
            notified.await;
        }
    }
}
// ANCHOR_END: event
