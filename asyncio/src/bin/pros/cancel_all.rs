//! Ten thousand guests wait: all are sent away at once, or all are served.
//!
//!     cargo run --release -p asyncio --bin cancel_all
//!
//! A cancelled task is dropped where it waits: what it holds is dropped, what
//! stands behind its `await` never runs. The clock stops when all have left.
//!
//! Claims: A25
//! Change this and watch: `drop` the guests of async-std, as smol's are: after
//! five seconds nobody has left.
//!
//! Output (figures vary):
//!     all at once                   left  served      ms
//!     tokio JoinSet, shutdown      10000       0     9.1
//!     tokio JoinSet, join_all      10000   10000     8.0
//!     smol, drop                   10000       0     3.4
//!     smol, join_all               10000   10000     6.3
//!     async-std, cancel            10000       0     8.5
//!     async-std, join_all          10000   10000     8.3
//!     A25 borne out: cancelled: 10000 guards run, 0 end; awaited: 10000 end

use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering::Relaxed};
use std::time::{Duration, Instant};

use async_std::task::JoinHandle;
use futures::future::join_all;
use shared::{Result, claim, flags, measure::ms, notice_debug_build, say};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

const GUESTS: u32 = 10_000;

#[tokio::main]
async fn main() -> Result {
    flags([]);
    notice_debug_build();
    say!("{:<26}{:>8}{:>8}{:>8}", "all at once", "left", "served", "ms");
    let parties = [in_tokio().await?, in_smol().await?, in_async_std().await?];

    let [[(guards, ended), (_, served)], ..] = parties;
    let holds = parties == [[(GUESTS, 0), (GUESTS, GUESTS)]; 3];
    let figure = format!(
        "cancelled: {guards} guards run, {ended} end; awaited: {served} end"
    );
    claim("A25", holds, figure)
}

/// How many have left, and how many were served before that: when they are
/// sent away, and when they are waited for.
type Party = [(u32, u32); 2];

async fn in_tokio() -> Result<Party> {
    let invite = |room| guests(room).collect::<JoinSet<_>>();
    let cancel = async |mut guests: JoinSet<_>, _: &Room| {
        guests.shutdown().await;
    };
    let serve = async |guests: JoinSet<_>, room: &Room| {
        room.dishes.add_permits(GUESTS as usize);
        guests.join_all().await;
    };
    Ok([
        row("tokio JoinSet, shutdown", invite, cancel).await,
        row("tokio JoinSet, join_all", invite, serve).await,
    ])
}

async fn in_smol() -> Result<Party> {
    let invite = |room| guests(room).map(smol::spawn).collect::<Vec<_>>();
    let cancel = async |guests: Vec<_>, _: &Room| drop(guests);
    let serve = async |guests: Vec<_>, room: &Room| {
        room.dishes.add_permits(GUESTS as usize);
        join_all(guests).await;
    };
    Ok([
        row("smol, drop", invite, cancel).await,
        row("smol, join_all", invite, serve).await,
    ])
}

async fn in_async_std() -> Result<Party> {
    let spawn = async_std::task::spawn;
    let invite = |room| guests(room).map(spawn).collect::<Vec<_>>();
    let cancel = async |guests: Vec<_>, _: &Room| {
        join_all(guests.into_iter().map(JoinHandle::cancel)).await;
    };
    let serve = async |guests: Vec<_>, room: &Room| {
        room.dishes.add_permits(GUESTS as usize);
        join_all(guests).await;
    };
    Ok([
        row("async-std, cancel", invite, cancel).await,
        row("async-std, join_all", invite, serve).await,
    ])
}

async fn row<Guests>(
    way: &str,
    invite: impl Fn(Arc<Room>) -> Guests,
    end: impl AsyncFnOnce(Guests, &Room),
) -> (u32, u32) {
    let room = Arc::new(Room::new());
    let guests = invite(room.clone());
    all(&room.seated).await;
    let started = Instant::now();
    end(guests, &room).await;
    all(&room.left).await;
    let took = ms(started.elapsed());
    let left = room.left.available_permits() as u32;
    let served = room.served.load(Relaxed);
    say!("{way:<26}{left:>8}{served:>8}{took:>8.1}");
    (left, served)
}

/// Each semaphore counts how many have got so far.
struct Room {
    seated: Semaphore,
    dishes: Semaphore,
    left: Semaphore,
    served: AtomicU32,
}

impl Room {
    fn new() -> Room {
        let [seated, dishes, left] = [(); 3].map(|()| Semaphore::new(0));
        Room { seated, dishes, left, served: AtomicU32::new(0) }
    }
}

fn guests(
    room: Arc<Room>,
) -> impl Iterator<Item = impl Future<Output = ()> + Send + 'static> {
    (0..GUESTS).map(move |_| guest(room.clone()))
}

async fn guest(room: Arc<Room>) {
    let _coat = Coat(&room);
    room.seated.add_permits(1);
    let _dish = room.dishes.acquire().await;
    room.served.fetch_add(1, Relaxed); // behind the await
}

/// A guard: whoever leaves takes it along, served or not.
struct Coat<'a>(&'a Room);

impl Drop for Coat<'_> {
    fn drop(&mut self) {
        self.0.left.add_permits(1);
    }
}

/// Waits until `count` has come to all guests.
async fn all(count: &Semaphore) {
    let all = timeout(Duration::from_secs(5), count.acquire_many(GUESTS));
    let _ = all.await; // if not all: the figures say so
}
