//! Cleaning up after a cancelled task: once in vain, then in three ways.
//!
//!     cargo run -p asyncio --bin cleanup
//!
//! A hundred cooks are called off while they bake. Each has to wipe its board,
//! which is done at once, and to turn the oven off, which takes an await: too
//! much for `drop`, which cannot await.
//!
//! Claims: A25
//! Change this and watch: `drop(cooks)` for `join_all` in `asked`. The cooks
//! are cancelled before they hear that they should stop, and clean nothing.
//!
//! Output (figures vary):
//!     100 cooks clean up          boards   ovens off
//!     after their await                0           0
//!     by a guard                     100           0
//!     when asked to stop             100         100
//!     by calling the porter          100         100
//!     A25 borne out: 0 clean up, 100 with a guard, 100 if asked

use std::future::pending;
use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};

use shared::{Result, claim, flags, say};
use tokio::sync::{Semaphore, mpsc::unbounded_channel};
use tokio::task::{JoinSet, yield_now};
use tokio_util::sync::CancellationToken;

const COOKS: u32 = 100;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!("{:<24}{:>10}{:>12}", "100 cooks clean up", "boards", "ovens off");
    let cleaned = [
        row("after their await", after_the_await).await,
        row("by a guard", by_a_guard).await,
        row("when asked to stop", asked).await,
        row("by calling the porter", by_the_porter).await,
    ];
    let holds = cleaned == [(0, 0), (COOKS, 0), (COOKS, COOKS), (COOKS, COOKS)];
    let [(vain, _), (guarded, _), (_, asked), _] = cleaned;
    let figure =
        format!("{vain} clean up, {guarded} with a guard, {asked} if asked");
    claim("A25", holds, figure)
}

async fn after_the_await(kitchen: &Arc<Kitchen>) {
    let cook = |kitchen: Arc<Kitchen>| async move {
        kitchen.bake().await;
        kitchen.wipe_a_board(); // WRONG: who is cancelled never comes here
        kitchen.turn_an_oven_off().await;
    };
    hire(kitchen, cook).await.shutdown().await;
}

async fn by_a_guard(kitchen: &Arc<Kitchen>) {
    let cook = |kitchen: Arc<Kitchen>| async move {
        let _board = OnDrop(|| kitchen.wipe_a_board());
        kitchen.bake().await;
        kitchen.turn_an_oven_off().await; // WRONG: as above
    };
    hire(kitchen, cook).await.shutdown().await;
}

async fn asked(kitchen: &Arc<Kitchen>) {
    let stop = CancellationToken::new();
    let cook = |kitchen: Arc<Kitchen>| {
        let stop = stop.clone();
        async move {
            // The baking is cancelled, the cook is not.
            let _dish = stop.run_until_cancelled(kitchen.bake()).await;
            kitchen.wipe_a_board();
            kitchen.turn_an_oven_off().await;
        }
    };
    let cooks = hire(kitchen, cook).await;
    stop.cancel();
    cooks.join_all().await;
}

async fn by_the_porter(kitchen: &Arc<Kitchen>) {
    // Without a bound: a guard cannot wait for room.
    let (bell, mut calls) = unbounded_channel::<Arc<Kitchen>>();
    let porter = tokio::spawn(async move {
        while let Some(kitchen) = calls.recv().await {
            kitchen.wipe_a_board();
            kitchen.turn_an_oven_off().await;
        }
    });
    let cook = |kitchen: Arc<Kitchen>| {
        let bell = bell.clone();
        async move {
            let _call = OnDrop(|| _ = bell.send(kitchen.clone()));
            kitchen.bake().await;
        }
    };
    hire(kitchen, cook).await.shutdown().await;
    drop(bell); // the last one: the porter's loop ends
    porter.await.expect("a porter does not panic");
}

/// A hundred cooks, all of them baking.
async fn hire<Cook: Future<Output = ()> + Send + 'static>(
    kitchen: &Arc<Kitchen>,
    cook: impl Fn(Arc<Kitchen>) -> Cook,
) -> JoinSet<()> {
    let cooks = (0..COOKS).map(|_| cook(kitchen.clone())).collect();
    let _all = kitchen.baking.acquire_many(COOKS).await;
    cooks
}

// ANCHOR: cleanup
/// Does something when it is dropped: at the end of its block, and when the
/// task around it is cancelled or panics.
pub struct OnDrop<Work: FnMut()>(pub Work);

impl<Work: FnMut()> Drop for OnDrop<Work> {
    fn drop(&mut self) {
        (self.0)();
    }
}
// ANCHOR_END: cleanup

/// Boards that are wiped, and ovens that are off, after one way to clean up.
async fn row(
    way: &str,
    clean_up: impl AsyncFnOnce(&Arc<Kitchen>),
) -> (u32, u32) {
    let kitchen = Arc::new(Kitchen {
        baking: Semaphore::new(0),
        boards: AtomicU32::new(0),
        ovens: AtomicU32::new(0),
    });
    clean_up(&kitchen).await;
    let [boards, ovens] =
        [&kitchen.boards, &kitchen.ovens].map(|count| count.load(Relaxed));
    say!("{way:<24}{boards:>10}{ovens:>12}");
    (boards, ovens)
}

struct Kitchen {
    baking: Semaphore,
    boards: AtomicU32,
    ovens: AtomicU32,
}

impl Kitchen {
    /// Takes until somebody calls it off.
    async fn bake(&self) {
        self.baking.add_permits(1);
        pending().await
    }

    fn wipe_a_board(&self) {
        self.boards.fetch_add(1, Relaxed);
    }

    /// Takes an await, as all that goes through a socket.
    async fn turn_an_oven_off(&self) {
        yield_now().await;
        self.ovens.fetch_add(1, Relaxed);
    }
}
