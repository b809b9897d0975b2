//! asyncio.Condition: tasks wait until a shared value is as they want it.
//!
//!     cargo run -p asyncio --bin cookbook_condition
//!
//! A `watch` channel keeps one value, and tasks wait until a test is true of
//! it. No wake-up is lost: a task that comes late finds the value as it is. But
//! a task looks at the value only when it runs, so it may miss a value that is
//! there only for a moment: test with `>=`, not with `==`.
//!
//! A flag without a value: `cookbook_event`. The other recipes: see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: `==` instead of `>=`. The test misses its value, and
//! the watchdog ends the program.
//!
//! Output (figures vary):
//!     wait_for(jobs >= 3) returned at 4 jobs
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: a task that waited for 3 jobs went on at 4

use std::time::Duration;

use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::{join, task::yield_now};

const WANTED: u32 = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the wait", Duration::from_secs(5))?;
    let jobs = Condition::new(0);
    let add = async {
        for _ in 0..2 * WANTED {
            jobs.change(|jobs| *jobs += 1);
            yield_now().await;
        }
    };
    let (seen, ()) = join!(jobs.wait_for(|jobs| *jobs >= WANTED), add);
    say!("wait_for(jobs >= {WANTED}) returned at {seen} jobs");
    let figure =
        format!("a task that waited for {WANTED} jobs went on at {seen}");
    claim("A20", seen >= WANTED, figure)
}

// ANCHOR: condition
use tokio::sync::watch::Sender;

/// `asyncio.Condition`: tasks wait until a value is as they want it.
pub struct Condition<T>(Sender<T>);

impl<T: Clone> Condition<T> {
    /// The value at the beginning.
    pub fn new(value: T) -> Condition<T> {
        Condition(Sender::new(value))
    }

    /// Changes the value, and lets all look at it (`notify_all`). Neither
    /// `change` nor a `test` may use this condition: it is locked then.
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
