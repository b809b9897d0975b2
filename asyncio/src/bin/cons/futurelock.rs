//! A future that nobody polls keeps a lock, and its own task waits for it.
//!
//!     cargo run -p asyncio --bin futurelock
//!
//! `select!` on `&mut paying` keeps the future when the other branch wins. From
//! then on nobody polls it: the lock that it holds never comes free, nor does
//! one that is handed to it while it queues. (smol's lock, which is async-std's
//! too, is handed on only to who has waited long: else, who asks first has it.)
//!
//! Claims: A33
//! Change this and watch: `tokio::join!(&mut paying, till.enter())` instead of
//! the guilty line: it polls both, and nobody is stuck.
//!
//! Output (figures vary):
//!     lock       paying       kept      dropped   spawned
//!     tokio's    holds it     stuck     done      done
//!     tokio's    queues       stuck     done      done
//!     smol's     holds it     stuck     done      done
//!     smol's     queues       done      done      done
//!     A33 borne out: stuck: 3 of 4 when kept, 0 of 8 cured

use std::{pin::pin, sync::Arc, time::Duration};

use shared::{Result, claim, flags, say};
use tokio::{select, sync::Notify, task::yield_now, time::timeout};

/// Ample: what is not stuck needs less than a millisecond.
const LIMIT: Duration = Duration::from_millis(200);

type TokioLock = tokio::sync::Mutex<()>;
type SmolLock = smol::lock::Mutex<()>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!("lock       paying       kept      dropped   spawned");
    let rows = [
        row::<TokioLock>("tokio's", false).await,
        row::<TokioLock>("tokio's", true).await,
        row::<SmolLock>("smol's", false).await,
        row::<SmolLock>("smol's", true).await,
    ];
    let stuck = |way: usize| rows.iter().filter(|row| row[way]).count();
    let [kept, cured] = [stuck(0), stuck(1) + stuck(2)];
    let figure = format!("stuck: {kept} of 4 when kept, {cured} of 8 cured");
    claim("A33", rows[0][0] && rows[1][0] && cured == 0, figure)
}

/// Whether the task is stuck, for each way to treat the future.
async fn row<L: Lock>(lock: &str, in_use: bool) -> [bool; 3] {
    let stuck = [
        timeout(LIMIT, kept::<L>(in_use)).await.is_err(),
        timeout(LIMIT, dropped::<L>(in_use)).await.is_err(),
        timeout(LIMIT, spawned::<L>(in_use)).await.is_err(),
    ];
    let paying = if in_use { "queues" } else { "holds it" };
    let [kept, dropped, spawned] =
        stuck.map(|stuck| if stuck { "stuck" } else { "done" });
    say!("{lock:<11}{paying:<13}{kept:<10}{dropped:<10}{spawned}");
    stuck
}

/// Asks for the lock, keeps it over an await, and gives it back.
async fn pay<L: Lock>(till: Arc<L>, asked: Arc<Notify>) {
    asked.notify_one(); // forced: the other branch of `select!` wins now
    let _till = till.enter().await;
    yield_now().await;
}

async fn kept<L: Lock>(in_use: bool) {
    let (till, asked) = <(Arc<L>, Arc<Notify>)>::default();
    let in_use = if in_use { Some(till.enter().await) } else { None };
    let mut paying = pin!(pay(till.clone(), asked.clone()));
    select! {
        biased; // forced: `paying` first
        () = &mut paying => {}
        () = asked.notified() => {}
    }
    drop(in_use);
    till.enter().await; // WRONG: waits for `paying`, which nobody polls
}

async fn dropped<L: Lock>(in_use: bool) {
    let (till, asked) = <(Arc<L>, Arc<Notify>)>::default();
    let in_use = if in_use { Some(till.enter().await) } else { None };
    let paying = pay(till.clone(), asked.clone());
    select! {
        biased;
        () = paying => {} // owned by `select!`, and dropped when that ends
        () = asked.notified() => {}
    }
    drop(in_use);
    till.enter().await;
}

async fn spawned<L: Lock>(in_use: bool) {
    let (till, asked) = <(Arc<L>, Arc<Notify>)>::default();
    let in_use = if in_use { Some(till.enter().await) } else { None };
    let mut paying = tokio::spawn(pay(till.clone(), asked.clone()));
    select! {
        biased;
        paid = &mut paying => paid.expect("it does not panic"),
        () = asked.notified() => {} // the runtime polls `paying`, as before
    }
    drop(in_use);
    till.enter().await; // when it is ours, `paying` is done with it
}

/// What the two locks have in common.
trait Lock: Default + Send + Sync + 'static {
    fn enter(&self) -> impl Future<Output: Send> + Send;
}

impl Lock for TokioLock {
    fn enter(&self) -> impl Future<Output: Send> + Send {
        self.lock()
    }
}

impl Lock for SmolLock {
    fn enter(&self) -> impl Future<Output: Send> + Send {
        self.lock()
    }
}
