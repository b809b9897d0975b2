//! Tasks nap on one thread: by `await`, which leaves it free, and by blocking.
//!
//!     cargo run -p asyncio --bin suspend_not_block
//!
//! Claims: A11
//! Change this and watch: `flavor = "multi_thread"`: then as many block at the
//! same time as there are cores, and the rest wait as before.
//!
//! Output (figures vary):
//!     a nap of 10 ms       tasks      ms  naps in a row
//!     sleep, await            20      11            1.1
//!     sleep, await          1000      16            1.6
//!     thread::sleep           20     203           20.3
//!     A11 borne out: 20 naps last 1.1, or 20.3 if they block

use std::{thread, time::Duration, time::Instant};

use shared::{Result, claim, flags, measure::ms, say};
use tokio::{task::JoinSet, time::sleep};

const NAP: Duration = Duration::from_millis(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!(
        "{:<18}{:>8}{:>8}{:>15}",
        "a nap of 10 ms",
        "tasks",
        "ms",
        "naps in a row"
    );
    let few = row("sleep, await", 20, suspends).await;
    let many = row("sleep, await", 1_000, suspends).await;
    let blocked = row("thread::sleep", 20, blocks).await;
    let figure =
        format!("20 naps last {few:.1}, or {blocked:.1} if they block");
    let together = few < 10.0 && many < 500.0;
    claim("A11", together && blocked >= 20.0, figure)
}

async fn suspends() {
    sleep(NAP).await;
}

async fn blocks() {
    thread::sleep(NAP); // WRONG: nobody else has a turn meanwhile
}

async fn row<Nap: Future<Output = ()> + Send + 'static>(
    by: &str,
    count: usize,
    nap: fn() -> Nap,
) -> f64 {
    let started = Instant::now();
    let tasks: JoinSet<()> = (0..count).map(|_| nap()).collect();
    tasks.join_all().await;
    let took = ms(started.elapsed());
    let naps = took / ms(NAP);
    say!("{by:<18}{count:>8}{took:>8.0}{naps:>15.1}");
    naps
}
