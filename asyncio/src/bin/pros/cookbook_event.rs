//! asyncio's Event and Condition: tasks wait until a value is as they want it.
//!
//!     cargo run -p asyncio --bin cookbook_event
//!
//! A `watch` channel keeps one value; all receivers can wait until a test is
//! true of it. No wake-up is lost: who comes late finds the value as it is.
//!
//! The other recipes: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: `== 3` for `>= 3`. A value that is there only for a
//! moment may be missed: the program may wait until the watchdog ends it.
//!
//! Output (figures vary):
//!     before set() the wait is over: false; after it: true
//!     wait_for(jobs >= 3) returned at 4 jobs
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     A20 borne out: a task waited for an Event, and one for a Condition

use std::{sync::Arc, time::Duration};

use condition::Condition;
use event::Event;
use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::{join, task::yield_now};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    let (early, set) = wait_for_an_event().await?;
    say!("before set() the wait is over: {early}; after it: {set}");
    let jobs = wait_for_three_jobs().await;
    say!("wait_for(jobs >= 3) returned at {jobs} jobs");
    let works = !early && set && jobs >= 3;
    claim("A20", works, "a task waited for an Event, and one for a Condition")
}

/// Whether the wait was over before the event was set, and after it.
async fn wait_for_an_event() -> Result<(bool, bool)> {
    let event = Arc::new(Event::default());
    let waits = event.clone();
    let task = tokio::spawn(async move { waits.wait().await });
    yield_now().await;
    let early = task.is_finished();
    event.set();
    task.await?;
    let set = event.is_set();
    event.clear();
    Ok((early, set && !event.is_set()))
}

async fn wait_for_three_jobs() -> u32 {
    let jobs = Condition::new(0);
    let add = async {
        for _ in 0..5 {
            jobs.change(|jobs| *jobs += 1);
            yield_now().await;
        }
    };
    join!(jobs.wait_for(|jobs| *jobs >= 3), add).0
}

/// The part to copy.
pub mod event {
    // ANCHOR: event
    use tokio::sync::watch::Sender;

    /// `asyncio.Event`: any number of tasks wait until it is set. Threads may
    /// set it, too.
    #[derive(Default)]
    pub struct Event(Sender<bool>);

    impl Event {
        /// Lets all that wait go on, and all that come later.
        pub fn set(&self) {
            self.0.send_replace(true);
        }

        /// From now on, `wait` waits.
        pub fn clear(&self) {
            self.0.send_replace(false);
        }

        /// Whether it is set now.
        pub fn is_set(&self) -> bool {
            *self.0.borrow()
        }

        /// Returns at once if it is set.
        pub async fn wait(&self) {
            let mut set = self.0.subscribe();
            set.wait_for(|set| *set).await.expect("`self` is the sender");
        }
    }
    // ANCHOR_END: event
}

/// The part to copy.
pub mod condition {
    // ANCHOR: condition
    use tokio::sync::watch::Sender;

    /// `asyncio.Condition`: tasks wait until a value is as they want it.
    pub struct Condition<T>(Sender<T>);

    impl<T: Clone> Condition<T> {
        /// The value at the beginning.
        pub fn new(value: T) -> Condition<T> {
            Condition(Sender::new(value))
        }

        /// Changes the value, and lets all look at it (`notify_all`).
        pub fn change(&self, change: impl FnOnce(&mut T)) {
            self.0.send_modify(change);
        }

        /// Waits until `test` is true of the value, and returns the value. A
        /// value that is there only for a moment may be missed.
        pub async fn wait_for(&self, test: impl FnMut(&T) -> bool) -> T {
            let mut value = self.0.subscribe();
            let seen = value.wait_for(test).await;
            seen.expect("`self` is the sender").clone()
        }
    }
    // ANCHOR_END: condition
}
