//! How many workers five pools start, and when.
//!
//!     cargo run -p futures_pool --bin growth
//!
//! Is `submit` enough, and does the pool spread the work over its workers, up
//! to the maximum? Yes, confirmed. Some start all workers when they are built
//! or first used, others one by one, when a job comes and no worker is free.
//! (tokio's maximum is 512, smol's 500; rayon's is one for each core.)
//!
//! Claims: F7, F8
//! Change this and watch: `MOST` of 2. The two pools of ours stop there, and
//! each of their workers has twice as many jobs.
//!
//! Output (figures vary):
//!                          workers, for so many jobs    jobs each, of 100
//!     pool                 0      1      3    100       least      most
//!     ThreadPool           0      1      3      4          25        25
//!     ProcessPool          4      4      4      4          24        26
//!     rayon spawn          0      2      2      2          48        52
//!     tokio spawn_blocking 0      1      3    100           1         1
//!     smol unblock         0      1      3    100           1         1
//!     F7 borne out: with 100 jobs ours grows to 4, tokio's 100, smol's 100
//!     F8 borne out: in 5 of 5 pools every worker has a share

use std::sync::{RwLock, atomic::AtomicUsize, atomic::Ordering::SeqCst};
use std::{collections::HashMap, fs, num::NonZero, thread, time::Duration};

use futures::future::{BoxFuture, FutureExt, TryFutureExt, try_join_all};
use futures::{channel::oneshot, executor::block_on};
use futures_pool::{Executor, ProcessPool, ThreadPool, init, job};
use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::runtime::Builder;

const MOST: usize = 4;

fn main() -> Result {
    init([job(dish), job(watch)]);
    flags([]);
    let _bound = Watchdog::guard("the pools", Duration::from_secs(3))?;
    say!("{:21}workers, for so many jobs    jobs each, of 100", "");
    say!("{:21}0      1      3    100       least      most", "pool");
    // A process for each pool: all threads but its first are the pool's.
    let fresh = ProcessPool::builder().max_tasks_per_child(NonZero::<u64>::MIN);
    let fresh = fresh.workers(1).build()?;
    let watch = |pool: &str, jobs| {
        fresh.submit(watch, (pool.to_string(), jobs)).result()?
    };
    let ours = row("ThreadPool", watch)?;
    let processes = row("ProcessPool", |_, jobs| watch_processes(jobs))?;
    let rayon = row("rayon spawn", watch)?;
    let tokio = row("tokio spawn_blocking", watch)?;
    let smol = row("smol unblock", watch)?;
    verdict([ours, processes, rayon, tokio, smol])
}

/// What one pool did: workers when it was built, and when the jobs had come;
/// who did each of the jobs.
type Watched = (usize, usize, Vec<i32>);

/// Workers with 0, 1, 3 and 100 jobs, and the least that one had to do.
type Growth = ([usize; 4], usize);

fn row(
    pool: &str,
    watch: impl Fn(&str, usize) -> Result<Watched>,
) -> Result<Growth> {
    let [(built, one, _), (_, three, _), (_, hundred, who)] =
        [watch(pool, 1)?, watch(pool, 3)?, watch(pool, 100)?];
    let mut shares = HashMap::new();
    who.iter().for_each(|worker| *shares.entry(worker).or_insert(0) += 1);
    let mut shares = Vec::from_iter(shares.into_values());
    shares.resize(hundred, 0); // workers without a job
    shares.sort();
    let (least, most) = (shares[0], shares[hundred - 1]);
    say!(
        "{pool:<21}{built}{one:>7}{three:>7}{hundred:>7}{least:>12}{most:>10}"
    );
    Ok(([built, one, three, hundred], least))
}

/// Closed while jobs come in: so nobody is free for a second one.
static GATE: RwLock<()> = RwLock::new(());
static BEGUN: AtomicUsize = AtomicUsize::new(0);

/// The job that all pools are given. Returns who has done it.
fn dish((): ()) -> i32 {
    BEGUN.fetch_add(1, SeqCst);
    let _open = GATE.read().expect("nobody panics with it");
    thread::sleep(Duration::from_millis(2)); // time for others to take theirs
    nix::unistd::gettid().as_raw()
}

fn watch((pool, jobs): (String, usize)) -> Result<Watched> {
    let before = threads()?;
    let submit = submit_to(&pool)?;
    let built = threads()? - before;
    let closed = GATE.write().expect("nobody panics with it");
    let dishes: Vec<_> = (0..jobs).map(|_| submit()).collect();
    let room = match pool.as_str() {
        "ThreadPool" => MOST,
        "rayon spawn" => rayon::current_num_threads(),
        _ => jobs,
    };
    while BEGUN.load(SeqCst) < jobs.min(room) {
        thread::sleep(Duration::from_millis(1));
    }
    let grown = threads()? - before;
    drop(closed);
    Ok((built, grown, block_on(try_join_all(dishes))?))
}

/// Linux knows all of them.
fn threads() -> Result<usize> {
    Ok(fs::read_dir("/proc/self/task")?.count())
}

type Submit = Box<dyn Fn() -> BoxFuture<'static, Result<i32>>>;

fn submit_to(pool: &str) -> Result<Submit> {
    Ok(match pool {
        "ThreadPool" => {
            let crew = ThreadPool::new(MOST)?;
            Box::new(move || crew.submit(dish, ()).err_into().boxed())
        }
        "rayon spawn" => Box::new(|| {
            let (tell, told) = oneshot::channel();
            rayon::spawn(|| tell.send(dish(())).expect("it is waited for"));
            told.err_into().boxed()
        }),
        "tokio spawn_blocking" => {
            let crew = Builder::new_current_thread().build()?;
            Box::new(move || {
                crew.spawn_blocking(|| dish(())).err_into().boxed()
            })
        }
        _ => Box::new(|| smol::unblock(|| Ok(dish(()))).boxed()),
    })
}

fn watch_processes(jobs: usize) -> Result<Watched> {
    let crew = ProcessPool::new(MOST)?;
    let built = crew.pids().len();
    let dishes: Vec<_> = (0..jobs).map(|_| crew.submit(dish, ())).collect();
    let grown = crew.pids().len();
    let dishes = dishes.into_iter().map(|dish| dish.result());
    Ok((built, grown, dishes.collect::<Result<_, _>>()?))
}

fn verdict(pools: [Growth; 5]) -> Result {
    let [ours, processes, rayon, tokio, smol] = pools.map(|pool| pool.0);
    let [_, cores, ..] = rayon;
    let as_needed = ours == [0, 1, 3.min(MOST), MOST]
        && [tokio, smol] == [[0, 1, 3, 100]; 2];
    let at_once = processes == [MOST; 4] && rayon == [0, cores, cores, cores];
    let [ours, tokio, smol] = [ours, tokio, smol].map(|workers| workers[3]);
    let figure = format!(
        "with 100 jobs ours grows to {ours}, tokio's {tokio}, smol's {smol}"
    );
    claim("F7", as_needed && at_once, figure)?;
    let fair = pools.iter().filter(|(_, least)| *least > 0).count();
    let all = pools.len();
    let figure = format!("in {fair} of {all} pools every worker has a share");
    claim("F8", fair == pools.len(), figure)
}
