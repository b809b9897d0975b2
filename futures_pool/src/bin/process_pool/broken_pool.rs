//! A job kills its worker: what becomes of the other jobs, and of the job.
//!
//!     cargo run -p futures_pool --bin broken_pool
//!
//! Of 20 dishes on 2 workers, the 8th kills its worker while the other worker
//! is busy with the 9th; 19 and 20 are ordered after that. What has failed is
//! cooked again: a dish may be begun twice, so retry only what may be. The last
//! column names the workers that are gone: a broken pool ends all of them.
//!
//! Change this and watch: leave out `failed.push(8)`. What nobody retries is
//! lost: the count is 1 then, and the program ends with an error.
//!
//! Output (figures vary):
//!     a dead worker    by        done  failed  refused  retried  lost  gone
//!     breaks its pool  SIGABRT      7      11        2       13     0  10598 10599
//!     breaks its pool  SIGKILL      7      11        2       13     0  10606 10607
//!     is replaced      SIGABRT     19       1        0        1     0  10614
//!     is replaced      SIGKILL     19       1        0        1     0  10619
//!     the 8th dish has no result: worker 10619 died, and the job with it: signal: 9 (SIGKILL)

use std::{collections::BTreeSet, io::Read, process::abort, time::Duration};
use std::{io, net::SocketAddr, net::TcpListener, net::TcpStream};

use futures_pool::{Executor, Handle, JobError, ProcessPool};
use futures_pool::{ProcessPoolBuilder, init, job};
use nix::sys::{prctl::set_dumpable, signal::Signal, signal::raise};
use serde::{Deserialize, Serialize};
use shared::{Failure, Result, flags, say, watchdog::Watchdog};

fn main() -> Result {
    init([job(cook)]);
    flags([]);
    let _bound = Watchdog::guard("the dishes", Duration::from_secs(10))?;
    say!(
        "a dead worker    by        done  failed  refused  retried  lost  gone"
    );
    row("breaks its pool", ProcessPool::builder, Death::Abort)?;
    row("breaks its pool", ProcessPool::builder, Death::Kill)?;
    let forgiving = || ProcessPool::builder().replace_dead_workers();
    row("is replaced", forgiving, Death::Abort)?;
    let how = row("is replaced", forgiving, Death::Kill)?;
    say!("the 8th dish has no result: {how}");
    Ok(())
}

const WORKERS: usize = 2;

/// What happens while a dish is cooked.
#[derive(Serialize, Deserialize)]
enum Hitch {
    None,
    /// Cannot go on until somebody opens the gate.
    Waits(SocketAddr),
    /// The same, and then the worker dies.
    Dies(SocketAddr, Death),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Death {
    Abort,
    Kill,
}

fn cook((dish, hitch): (u32, Hitch)) -> u32 {
    match hitch {
        Hitch::None => {}
        Hitch::Waits(gate) => wait_at(gate),
        Hitch::Dies(gate, death) => {
            wait_at(gate);
            die(death);
        }
    }
    dish
}

fn wait_at(gate: SocketAddr) {
    let gate = TcpStream::connect(gate);
    let opens = gate.and_then(|mut gate| gate.read(&mut [0]));
    opens.expect("the gate is kept by `row`");
}

fn die(death: Death) {
    set_dumpable(false).expect("always allowed"); // leaves no core file
    match death {
        Death::Abort => abort(),
        Death::Kill => raise(Signal::SIGKILL).expect("it may kill itself"),
    }
}

/// Cooks 20 dishes, some of them twice, and returns what the pool said of the
/// death.
fn row(
    policy: &str,
    pool: fn() -> ProcessPoolBuilder,
    death: Death,
) -> Result<String> {
    let gates = [gate()?, gate()?];
    let [eighth, ninth] = [gates[0].local_addr()?, gates[1].local_addr()?];
    let pool = pool().workers(WORKERS).build()?;
    let crew = pool.pids();
    let order = |dish, hitch| (dish, pool.submit(cook, (dish, hitch)));
    let easy = |dish| order(dish, Hitch::None);

    let mut orders: Vec<_> = (1..=7).map(easy).collect();
    let (_, deadly) = order(8, Hitch::Dies(eighth, death));
    orders.push(order(9, Hitch::Waits(ninth)));
    orders.extend((10..=18).map(easy));
    // When both are at their gates, 1 to 7 are done and 10 to 18 are pending.
    let [(eighth, _), (ninth, _)] = [gates[0].accept()?, gates[1].accept()?];
    drop(eighth);
    let how = match deadly.result() {
        Err(how @ JobError::WorkerDied { .. }) => how.to_string(),
        _ => return Err(Failure::new("nobody noticed that a worker died")),
    };
    drop(ninth);
    let late = (19..=20).map(easy).collect();

    let (done, mut failed) = outcomes(orders);
    let (done_late, refused) = outcomes(late);
    failed.push(8);
    let alive = pool.pids();
    let gone = crew.iter().filter(|pid| !alive.contains(pid));
    let gone = gone.map(u32::to_string).collect::<Vec<_>>().join(" ");

    // A broken pool stays broken; the next one knows nothing of it.
    let broken = !refused.is_empty();
    let pool = if broken { ProcessPool::new(WORKERS)? } else { pool };
    let again = |&dish| (dish, pool.submit(cook, (dish, Hitch::None)));
    let again = failed.iter().chain(&refused).map(again).collect();
    let (retried, _) = outcomes(again);

    let served: BTreeSet<_> =
        [&done[..], &done_late, &retried].concat().into_iter().collect();
    let lost = (1..=20).filter(|dish| !served.contains(dish)).count();
    say!(
        "{policy:<17}{:<9}{:>5}{:>8}{:>9}{:>9}{lost:>6}  {gone}",
        how.split(['(', ')']).nth(1).unwrap_or("?"),
        done.len() + done_late.len(),
        failed.len(),
        refused.len(),
        retried.len()
    );
    if lost == 0 { Ok(how) } else { Err(Failure::new("dishes are lost")) }
}

fn gate() -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0))
}

/// The dishes that were cooked, and those that were not.
fn outcomes(orders: Vec<(u32, Handle<u32>)>) -> (Vec<u32>, Vec<u32>) {
    let ends = orders.into_iter().map(|(dish, order)| (dish, order.result()));
    let (done, failed): (Vec<_>, Vec<_>) =
        ends.partition(|(_, end)| end.is_ok());
    let dishes = |ends: Vec<(u32, _)>| ends.into_iter().map(|(d, _)| d);
    (dishes(done).collect(), dishes(failed).collect())
}
