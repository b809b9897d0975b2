//! A lock of the standard library, held across an await, stops a whole thread.
//!
//!     cargo run -p asyncio --bin guard_across_await
//!
//! Two guests pay at one till. The first waits for the bank and keeps the lock;
//! the second blocks the only thread, and nobody is left to hear the bank. With
//! tasks that may move between threads, the mistake does not compile: see
//! `compile_fail/guard_across_await.rs`.
//!
//! Claims: A26, A33
//! Change this and watch: let one guest pay alone. All is well, then: a test
//! with one guest does not find it. (`cargo clippy` does.)
//!
//! Output (figures vary):
//!     two guests pay with             tokio     smol      async-std
//!     std's guard, over the await     stuck     stuck     stuck
//!     std's guard, in a block         24        24        24
//!     tokio's guard                   24        24        24
//!     smol's guard                    24        24        24
//!     A26 borne out: stuck: 3 of 3 with std's guard, 0 of 9 when cured
//!     A33 borne out: stuck: 3 of 3 with std's guard, 0 of 9 when cured

use std::time::Duration;

use futures::future::{FutureExt, LocalBoxFuture};
use shared::{Result, claim, flags, say, watchdog::within};
use tokio::runtime::Builder;

/// Ample: guests who are not stuck need less than a millisecond.
const LIMIT: Duration = Duration::from_millis(300);

fn main() -> Result {
    flags([]);
    say!("{:<32}tokio     smol      async-std", "two guests pay with");
    let held = row("std's guard, over the await", || held().boxed_local());
    let dropped = row("std's guard, in a block", || dropped().boxed_local());
    let tokio = row("tokio's guard", || tokio_guard().boxed_local());
    let smol = row("smol's guard", || smol_guard().boxed_local());
    let cured = dropped + tokio + smol;
    let figure =
        format!("stuck: {held} of 3 with std's guard, {cured} of 9 when cured");
    claim("A26", held == 3 && cured == 0, &figure)?;
    claim("A33", held == 3 && cured == 0, &figure)
}

/// Stands for any await: the other guest has a turn meanwhile.
async fn ask_the_bank() {
    smol::future::yield_now().await;
}

#[expect(clippy::await_holding_lock, reason = "that is the mistake")]
async fn held() -> u64 {
    let till = std::sync::Mutex::new(0);
    let pay = async || {
        let mut till = till.lock().expect("nobody panics with it");
        *till += 12;
        ask_the_bank().await; // WRONG: who locks meanwhile blocks the thread
    };
    tokio::join!(pay(), pay());
    till.into_inner().expect("nobody panics with it")
}

async fn dropped() -> u64 {
    let till = std::sync::Mutex::new(0);
    let pay = async || {
        {
            let mut till = till.lock().expect("nobody panics with it");
            *till += 12;
        }
        ask_the_bank().await;
    };
    tokio::join!(pay(), pay());
    till.into_inner().expect("nobody panics with it")
}

async fn tokio_guard() -> u64 {
    let till = tokio::sync::Mutex::new(0);
    let pay = async || {
        let mut till = till.lock().await; // who waits here lets others work
        *till += 12;
        ask_the_bank().await;
    };
    tokio::join!(pay(), pay());
    till.into_inner()
}

async fn smol_guard() -> u64 {
    let till = smol::lock::Mutex::new(0); // async-std's is the same one
    let pay = async || {
        let mut till = till.lock().await;
        *till += 12;
        ask_the_bank().await;
    };
    tokio::join!(pay(), pay());
    till.into_inner()
}

/// What the guests have paid.
type Paid = LocalBoxFuture<'static, u64>;

fn on_tokio(paying: Paid) -> u64 {
    let runtime = Builder::new_current_thread().build();
    runtime.expect("it needs no file").block_on(paying)
}

/// On how many of three runtimes the guests are stuck.
fn row(way: &str, pay: fn() -> Paid) -> usize {
    let runtimes: [fn(Paid) -> u64; 3] = [
        on_tokio,
        |all| smol::block_on(all),
        |all| async_std::task::block_on(all),
    ];
    // A thread that is stuck is left behind: nobody can end a thread.
    let paid = runtimes.map(|run| within(LIMIT, move || run(pay())));
    let text = paid.each_ref().map(|paid| match paid {
        Ok(sum) => sum.to_string(),
        Err(_) => "stuck".into(),
    });
    say!("{way:<32}{:<10}{:<10}{}", text[0], text[1], text[2]);
    paid.iter().filter(|paid| paid.is_err()).count()
}
