//! What the programs rely on, when things go wrong: tasks end, errors arrive,
//! nothing is lost. Every test is bounded by the watchdog; time stands still
//! where it is not the subject.

use std::{
    any::Any,
    future::pending,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use futures::future::{FutureExt, join_all};
use shared::watchdog::within;
use smol::LocalExecutor;
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinSet, yield_now},
    time::sleep,
};

#[expect(dead_code, reason = "only the part to copy is tested")]
#[path = "../src/bin/usage/chef.rs"]
mod chef;
#[expect(dead_code, reason = "only the part to copy is tested")]
#[path = "../src/bin/usage/many_servers.rs"]
mod many_servers;
#[expect(dead_code, reason = "only the part to copy is tested")]
#[path = "../src/bin/usage/stall_detector.rs"]
mod stall_detector;

const LIMIT: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_hours(1);

/// One thread, and a clock that jumps whenever everybody waits.
fn paused() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap()
}

fn two_threads() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Runs the test on tokio, with time standing still.
fn on_tokio<F: Future<Output: Send + 'static>>(
    test: impl FnOnce() -> F + Send + 'static,
) -> F::Output {
    within(LIMIT, || paused().block_on(test())).unwrap()
}

/// Runs the test on one thread of smol.
fn on_smol<Output: Send + 'static>(
    test: impl AsyncFnOnce(&LocalExecutor<'static>) -> Output + Send + 'static,
) -> Output {
    within(LIMIT, || {
        let chef = LocalExecutor::new();
        smol::block_on(chef.run(test(&chef)))
    })
    .unwrap()
}

/// Counts the destructors that have run.
#[derive(Clone, Default)]
struct Cleaned(Arc<AtomicUsize>);

impl Cleaned {
    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Work that waits forever, and cleans up when it is dropped.
    fn waits(&self) -> impl Future<Output = u32> + Send + 'static {
        let guard = OnDrop(self.clone());
        async move {
            let _guard = guard;
            pending().await
        }
    }
}

struct OnDrop(Cleaned);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

fn text(payload: Box<dyn Any + Send>) -> String {
    payload.downcast_ref::<&str>().expect("a literal").to_string()
}

/// Polls once, and lets nobody wake it.
fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// AIO-02: the end of a runtime drops its tasks, begun or not, and says so.
#[test]
fn the_end_of_tokio_drops_its_tasks() {
    for new in [paused, two_threads] {
        let cleaned = Cleaned::default();
        let waits: Vec<_> = (0..100).map(|_| cleaned.waits()).collect();
        let outcomes = within(LIMIT, move || {
            let runtime = new();
            let spawn = |wait| runtime.spawn(wait);
            let tasks: Vec<_> = waits.into_iter().map(spawn).collect();
            runtime.block_on(yield_now());
            drop(runtime);
            paused().block_on(join_all(tasks))
        });
        assert_eq!(cleaned.count(), 100);
        for outcome in outcomes.unwrap() {
            assert!(outcome.unwrap_err().is_cancelled());
        }
    }
}

/// AIO-02: so does the end of an executor of smol.
#[test]
fn the_end_of_smol_drops_its_tasks() {
    let cleaned = Cleaned::default();
    let waits: Vec<_> = (0..100).map(|_| cleaned.waits()).collect();
    let outcomes = within(LIMIT, || {
        let chef = LocalExecutor::new();
        let spawn = |wait| chef.spawn(wait).fallible();
        let tasks: Vec<_> = waits.into_iter().map(spawn).collect();
        assert!(chef.try_tick()); // one of them has begun
        drop(chef);
        smol::block_on(join_all(tasks))
    });
    assert_eq!(cleaned.count(), 100);
    assert_eq!(outcomes.unwrap(), vec![None; 100]);
}

/// AIO-02: async-std has no runtime that ends: its tasks go on after
/// `block_on`.
#[test]
fn tasks_of_async_std_go_on() {
    let answer = within(LIMIT, || {
        let (ask, asked) = smol::channel::bounded::<u32>(1);
        let (answer, answered) = mpsc::channel();
        async_std::task::block_on(async {
            async_std::task::spawn(async move {
                answer.send(asked.recv().await.unwrap() + 1).unwrap();
            });
        });
        ask.send_blocking(6).unwrap();
        answered.recv().unwrap()
    });
    assert_eq!(answer, Ok(7));
}

/// AIO-03: on Ctrl-C the work is dropped, and clean-up runs, before the end.
/// (From here on, Ctrl-C does not end this process of tests; they are bounded.)
#[test]
fn ctrl_c_drops_the_work_and_cleans_up() {
    use nix::sys::signal::{Signal, raise};
    use tokio::signal::unix::{SignalKind, signal};

    let cleaned = Cleaned::default();
    let work = cleaned.waits();
    let interrupted = on_tokio(async || {
        let mut ctrl_c = signal(SignalKind::interrupt()).unwrap();
        raise(Signal::SIGINT).unwrap();
        tokio::select! {
            _ = work => false,
            _ = ctrl_c.recv() => true,
        }
    });
    assert!(interrupted);
    assert_eq!(cleaned.count(), 1);
}

/// AIO-04: one task of a group fails: the others are cancelled and awaited.
#[test]
fn one_failure_ends_a_group() {
    let (failed, cleaned) = on_tokio(async || {
        let cleaned = Cleaned::default();
        let mut group = JoinSet::new();
        for _ in 0..9 {
            group.spawn(cleaned.waits());
        }
        group.spawn(sleep(HOUR).map(|()| 3));
        let failed = group.join_next().await.unwrap().unwrap();
        group.shutdown().await;
        assert!(group.is_empty());
        (failed, cleaned.count())
    });
    assert_eq!((failed, cleaned), (3, 9));
}

/// AIO-04: the same on smol: cancelling a task waits for its end.
#[test]
fn one_failure_ends_a_group_of_smol() {
    let (failed, cleaned) = on_smol(async |chef| {
        let cleaned = Cleaned::default();
        let mut group: Vec<_> =
            (0..9).map(|_| chef.spawn(cleaned.waits())).collect();
        group.push(chef.spawn(async { 3 }));
        let (failed, _, rest) = futures::future::select_all(group).await;
        let ends = join_all(rest.into_iter().map(|task| task.cancel())).await;
        assert_eq!(ends, [None; 9]);
        (failed, cleaned.count())
    });
    assert_eq!((failed, cleaned), (3, 9));
}

/// AIO-04, AIO-16: of errors and panics in a group, none is lost.
#[test]
fn every_error_of_a_group_is_told() {
    let outcomes = on_tokio(async || {
        let mut group = JoinSet::new();
        for dish in 0..10 {
            group.spawn(async move {
                sleep(HOUR).await;
                assert_ne!(dish, 5);
                if dish % 3 == 0 { Err(dish) } else { Ok(dish) }
            });
        }
        let mut outcomes = [0; 3];
        while let Some(outcome) = group.join_next().await {
            match outcome {
                Ok(Ok(_)) => outcomes[0] += 1,
                Ok(Err(_)) => outcomes[1] += 1,
                Err(error) => outcomes[2] += u32::from(error.is_panic()),
            }
        }
        outcomes
    });
    assert_eq!(outcomes, [5, 4, 1]);
}

/// AIO-05: who cancels the owner of a group cancels the group.
#[test]
fn a_group_ends_with_its_owner() {
    on_tokio(async || {
        let (alive, mut ended) = tokio::sync::mpsc::channel::<()>(1);
        let owner = tokio::spawn(async move {
            let mut group = JoinSet::new();
            for _ in 0..9 {
                let alive = alive.clone();
                group.spawn(async move { alive.closed().await });
            }
            group.join_next().await;
        });
        yield_now().await;
        owner.abort();
        assert!(owner.await.unwrap_err().is_cancelled());
        assert_eq!(ended.recv().await, None); // nobody holds `alive` any more
    });
}

/// AIO-05: an error in the body of a group is returned, and the group ends.
#[test]
fn an_error_in_the_body_ends_a_group() {
    let outcome = on_tokio(async || {
        let cleaned = Cleaned::default();
        let body = async {
            let mut group = JoinSet::new();
            (0..9).for_each(|_| _ = group.spawn(cleaned.waits()));
            yield_now().await; // all have begun
            Err::<u32, _>("burnt")?;
            group.join_next().await.ok_or("there are nine")
        };
        let outcome = body.await.map(|_| ());
        while cleaned.count() < 9 {
            yield_now().await; // aborted, they end in their next turn
        }
        outcome
    });
    assert_eq!(outcome, Err("burnt"));
}

/// AIO-05, AIO-08: a panic while a cancelled task cleans up stays in that task,
/// and is told to who joins it.
#[test]
fn an_error_in_the_clean_up_is_told() {
    for new in [paused, two_threads] {
        let ends = within(LIMIT, move || {
            new().block_on(async {
                let mut group = JoinSet::new();
                group.spawn(Cleaned::default().waits());
                let armed = PanicsOnDrop;
                group.spawn(async move {
                    let _armed = armed;
                    pending().await
                });
                group.abort_all();
                let mut ends = Vec::new();
                while let Some(end) = group.join_next().await {
                    ends.push(end.unwrap_err().is_panic());
                }
                ends.sort();
                ends
            })
        });
        assert_eq!(ends, Ok(vec![false, true]));
    }
}

/// AIO-08: a dropped group aborts all, and so does a handle for one whose
/// `JoinHandle` is gone.
#[test]
fn what_is_dropped_or_aborted_ends() {
    let cleaned = on_tokio(async || {
        let cleaned = Cleaned::default();
        let mut group = JoinSet::new();
        (0..9).for_each(|_| _ = group.spawn(cleaned.waits()));
        yield_now().await; // all have begun
        drop(group);
        let forgotten = tokio::spawn(cleaned.waits()).abort_handle();
        yield_now().await;
        assert!(!forgotten.is_finished(), "without its handle, it goes on");
        forgotten.abort();
        yield_now().await;
        assert!(forgotten.is_finished());
        cleaned.count()
    });
    assert_eq!(cleaned, 10);
}

/// AIO-08: on smol, a dropped task is cancelled, unless it is detached.
#[test]
fn a_dropped_task_of_smol_ends() {
    let cleaned = on_smol(async |chef| {
        let cleaned = Cleaned::default();
        drop(chef.spawn(cleaned.waits()));
        smol::future::yield_now().await;
        let dropped = cleaned.count();
        chef.spawn(cleaned.waits()).detach();
        smol::future::yield_now().await;
        (dropped, cleaned.count())
    });
    assert_eq!(cleaned, (1, 1));
}

/// AIO-11: who queues for a lock and is dropped, asleep or just woken, hands
/// its turn on: exactly one of the others gets it.
#[test]
fn a_cancelled_waiter_hands_its_turn_on() {
    macro_rules! hands_on {
        ($new:expr, $lock:ident) => {
            let lock = $new;
            let mut asleep = Box::pin(lock.$lock());
            let held = lock.$lock().now_or_never().unwrap();
            assert!(poll(asleep.as_mut()).is_pending());
            let mut woken = Box::pin(lock.$lock());
            assert!(poll(woken.as_mut()).is_pending());
            let mut second = pin!(lock.$lock());
            assert!(poll(second.as_mut()).is_pending());
            let mut third = pin!(lock.$lock());
            assert!(poll(third.as_mut()).is_pending());
            drop(asleep);
            drop(held); // wakes the first in the queue
            drop(woken);
            let Poll::Ready(held) = poll(second.as_mut()) else {
                panic!("the turn is lost");
            };
            assert!(poll(third.as_mut()).is_pending(), "two owners");
            drop(held);
            assert!(poll(third.as_mut()).is_ready());
        };
    }
    hands_on!(tokio::sync::Mutex::new(0), lock);
    hands_on!(tokio::sync::RwLock::new(0), write);
    hands_on!(tokio::sync::Semaphore::new(1), acquire);
    hands_on!(smol::lock::Mutex::new(0), lock);
    hands_on!(smol::lock::RwLock::new(0), write);
    hands_on!(smol::lock::Semaphore::new(1), acquire);
}

/// AIO-11: tokio's locks are taken in the order in which they were asked for.
#[test]
fn the_first_to_ask_is_the_first_to_enter() {
    let order = on_tokio(async || {
        let lock = Arc::new(tokio::sync::Mutex::new(Vec::new()));
        let held = lock.lock().await;
        let tasks = (0..100).map(|guest| {
            let lock = lock.clone();
            tokio::spawn(async move {
                let mut order = lock.lock().await;
                yield_now().await;
                order.push(guest);
            })
        });
        let tasks: Vec<_> = tasks.collect();
        yield_now().await; // all queue now, in the order of their start
        drop(held);
        join_all(tasks).await;
        Arc::into_inner(lock).unwrap().into_inner()
    });
    assert!(order.is_sorted());
    assert_eq!(order.len(), 100);
}

/// AIO-13: a `recv` that is dropped, asleep or just woken, takes no item along.
#[test]
fn a_cancelled_receiver_loses_nothing() {
    let (rail, mut orders) = tokio::sync::mpsc::channel(2);
    let mut asleep = Box::pin(orders.recv());
    assert!(poll(asleep.as_mut()).is_pending());
    rail.try_send(1).unwrap(); // wakes it
    drop(asleep);
    assert_eq!(orders.recv().now_or_never(), Some(Some(1)));

    let (rail, orders) = smol::channel::bounded(2);
    let mut first = Box::pin(orders.recv());
    let mut second = pin!(orders.recv());
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    rail.try_send(1).unwrap(); // wakes the first
    drop(first);
    assert_eq!(poll(second.as_mut()), Poll::Ready(Ok(1)));
    assert!(orders.is_empty());
}

/// AIO-13: a `send` that is dropped sends nothing, and blocks nobody.
#[test]
fn a_cancelled_sender_sends_nothing() {
    macro_rules! sends_nothing {
        ($channel:expr, $receive:ident) => {
            let (rail, orders) = $channel;
            let mut orders = Box::new(orders); // smol's need not be `mut`
            let orders = orders.as_mut();
            rail.try_send(1).unwrap();
            let mut asleep = Box::pin(rail.send(2));
            let mut woken = Box::pin(rail.send(3));
            let mut next = Box::pin(rail.send(4));
            assert!(poll(asleep.as_mut()).is_pending());
            assert!(poll(woken.as_mut()).is_pending());
            assert!(poll(next.as_mut()).is_pending());
            drop(asleep);
            assert_eq!(orders.$receive(), Ok(1)); // room for `woken`
            drop(woken);
            assert_eq!(poll(next.as_mut()), Poll::Ready(Ok(())));
            assert_eq!(orders.$receive(), Ok(4));
            assert!(orders.$receive().is_err());
        };
    }
    sends_nothing!(tokio::sync::mpsc::channel(1), try_recv);
    sends_nothing!(smol::channel::bounded(1), try_recv);
}

/// AIO-13: the end of a queue wakes all who wait at it, on either side; what
/// is in it is still received.
#[test]
fn closing_a_queue_wakes_everybody() {
    let woken = on_tokio(async || {
        let (rail, mut orders) = tokio::sync::mpsc::channel(1);
        rail.send(1).await.unwrap();
        let put = |n: u32| {
            let rail = rail.clone();
            tokio::spawn(async move { rail.send(n).await.is_err() })
        };
        let puts: Vec<_> = (0..9).map(put).collect();
        yield_now().await; // all wait for room
        orders.close();
        let refused = join_all(puts).await.into_iter().map(Result::unwrap);
        let refused = refused.filter(|refused| *refused).count();
        (refused, orders.recv().await, orders.recv().await)
    });
    assert_eq!(woken, (9, Some(1), None));

    let woken = on_smol(async |chef| {
        let (rail, orders) = smol::channel::bounded::<u32>(1);
        let get = |_| {
            let orders = orders.clone();
            chef.spawn(async move { orders.recv().await.is_err() })
        };
        let gets: Vec<_> = (0..9).map(get).collect();
        smol::future::yield_now().await; // all wait for an item
        drop(rail);
        let woken = join_all(gets).await;
        woken.into_iter().filter(|woken| *woken).count()
    });
    assert_eq!(woken, 9);
}

/// AIO-13: a receiver that leaves drops what is queued; the sender is told, and
/// keeps its item.
#[test]
fn a_queue_without_receiver_gives_items_back() {
    let cleaned = Cleaned::default();
    let item = || OnDrop(cleaned.clone());
    let (rail, orders) = tokio::sync::mpsc::channel(9);
    (0..5).for_each(|_| rail.try_send(item()).ok().unwrap());
    drop(orders);
    assert_eq!(cleaned.count(), 5);
    let refused = rail.send(item()).now_or_never().unwrap();
    assert_eq!(cleaned.count(), 5);
    drop(refused);
    assert_eq!(cleaned.count(), 6);
}

/// AIO-13: with many on either side, every item arrives once, and who waits for
/// the end of the work waits for all of it.
#[test]
fn every_item_arrives_once() {
    let received = within(LIMIT, || {
        two_threads().block_on(async {
            let (rail, orders) = smol::channel::bounded(3);
            let (puts, gets) = (JoinSet::new(), JoinSet::new());
            let (mut puts, mut gets) = (puts, gets);
            for sender in 0..4_u32 {
                let (rail, orders) = (rail.clone(), orders.clone());
                puts.spawn(async move {
                    for n in 0..1_000 {
                        rail.send(sender * 1_000 + n).await.unwrap();
                    }
                });
                gets.spawn(async move {
                    let mut own = Vec::new();
                    while let Ok(item) = orders.recv().await {
                        own.push(item);
                    }
                    own
                });
            }
            drop((rail, orders));
            puts.join_all().await;
            gets.join_all().await.concat()
        })
    });
    let mut received = received.unwrap();
    received.sort();
    assert_eq!(received, (0..4_000).collect::<Vec<_>>());
}

/// AIO-14: while work blocks elsewhere, the tasks of the only thread go on; its
/// value arrives.
#[test]
fn tasks_go_on_beside_blocking_work() {
    /// Ends when the tasks have had a hundred turns.
    async fn beside(
        work: impl Future<Output = u32>,
        turns: mpsc::Sender<u32>,
    ) -> u32 {
        let ticks = async {
            for turn in 0..100 {
                turns.send(turn).unwrap();
                smol::future::yield_now().await;
            }
        };
        futures::future::join(work, ticks).await.0
    }
    fn works() -> (mpsc::Sender<u32>, impl FnOnce() -> u32 + Send + 'static) {
        let (turns, seen) = mpsc::channel();
        (turns, move || seen.iter().take(100).sum())
    }
    let sum = within(LIMIT, || {
        let (turns, work) = works();
        paused().block_on(async {
            let work = tokio::task::spawn_blocking(work);
            beside(work.map(Result::unwrap), turns).await
        })
    });
    assert_eq!(sum, Ok(4_950));
    let sum = within(LIMIT, || {
        let (turns, work) = works();
        smol::block_on(beside(smol::unblock(work), turns))
    });
    assert_eq!(sum, Ok(4_950));
    let sum = within(LIMIT, || {
        let (turns, work) = works();
        let work = async_std::task::spawn_blocking(work);
        async_std::task::block_on(beside(work, turns))
    });
    assert_eq!(sum, Ok(4_950));
}

/// AIO-14: a panic in blocking work reaches who awaits it.
#[test]
fn a_panic_in_blocking_work_is_told() {
    let told = on_tokio(async || {
        let work = tokio::task::spawn_blocking(|| panic!("burnt"));
        text(work.await.unwrap_err().into_panic())
    });
    assert_eq!(told, "burnt");
    let told = on_smol(async |_| {
        let work = smol::unblock(|| panic!("burnt"));
        text(AssertUnwindSafe(work).catch_unwind().await.unwrap_err())
    });
    assert_eq!(told, "burnt");
}

/// AIO-14: the end of a runtime does not wait longer than it may for blocking
/// work that is stuck.
#[test]
fn stuck_work_does_not_hold_up_the_end() {
    for limit in [Duration::ZERO, Duration::from_millis(100)] {
        let (release, stuck) = mpsc::channel::<()>();
        let (begin, begun) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let took = within(LIMIT, move || {
            let runtime = two_threads();
            runtime.spawn_blocking(move || {
                begin.send(()).unwrap();
                let _ = stuck.recv(); // until `release` is dropped
                end.send(()).unwrap();
            });
            begun.recv().unwrap();
            let started = Instant::now();
            runtime.shutdown_timeout(limit);
            started.elapsed()
        });
        // It has ended while the work is stuck, and not before its time.
        assert!(took.unwrap() >= limit);
        assert!(ended.try_recv().is_err());
        drop(release);
        ended.recv_timeout(LIMIT).unwrap(); // nobody ends a thread
    }
}

/// AIO-16: a panic ends its task only, and its text reaches who joins it.
#[test]
fn a_panic_ends_its_task_only() {
    for new in [paused, two_threads] {
        let outcome = within(LIMIT, move || {
            let runtime = new();
            let task = runtime.spawn(async { panic!("burnt") });
            let error = runtime.block_on(task).unwrap_err();
            assert!(error.is_panic());
            assert!(error.to_string().contains("burnt"), "{error}");
            let next = runtime.block_on(runtime.spawn(async { 7 })).unwrap();
            (text(error.into_panic()), next)
        });
        assert_eq!(outcome, Ok(("burnt".into(), 7)));
    }
}

/// AIO-16: on smol and async-std, it goes on in who awaits the task.
#[test]
fn a_panic_reaches_who_awaits_the_task() {
    let outcome = on_smol(async |chef| {
        let task = chef.spawn(async { panic!("burnt") });
        let panic = AssertUnwindSafe(task).catch_unwind().await.unwrap_err();
        (text(panic), chef.spawn(async { 7 }).await)
    });
    assert_eq!(outcome, ("burnt".into(), 7));

    let outcome = within(LIMIT, || {
        async_std::task::block_on(async {
            let task = async_std::task::spawn(async { panic!("burnt") });
            let panic = AssertUnwindSafe(task).catch_unwind().await;
            let next = async_std::task::spawn(async { 7 }).await;
            (text(panic.unwrap_err()), next)
        })
    });
    assert_eq!(outcome, Ok(("burnt".into(), 7)));
}

/// `chef`: results come in the order of the items; the first error cancels the
/// other tasks, and so does dropping the future.
#[test]
fn mapped_tasks_are_cancelled_with_their_owner() {
    let (doubled, failed, cancelled) = on_tokio(async || {
        let doubled = chef::map(vec![3, 1, 2], async |n| {
            sleep(n * Duration::from_secs(1)).await;
            Ok::<_, ()>(2 * n)
        });
        let doubled = doubled.await;
        let cleaned = Cleaned::default();
        let works = |n| {
            let waits = cleaned.waits();
            async move { if n == 1 { Err(n) } else { Ok(waits.await) } }
        };
        let failed = chef::map((1..=10).collect(), works).await;
        yield_now().await; // aborted, they end in their next turn
        let after_an_error = cleaned.count();
        let mut dropped = Box::pin(chef::map((2..=10).collect(), works));
        assert!(poll(dropped.as_mut()).is_pending());
        drop(dropped);
        yield_now().await;
        (doubled, failed, [after_an_error, cleaned.count()])
    });
    assert_eq!(doubled, Ok(vec![6, 2, 4]));
    assert_eq!(failed, Err(1));
    assert_eq!(cancelled, [10, 19]);
}

/// `many_servers`: a server that accepts and says nothing delays nobody for
/// longer than the limit.
#[test]
fn a_silent_server_is_given_up() {
    let server = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = server.local_addr().unwrap();
    let outcome = within(LIMIT, move || {
        let one = Builder::new_current_thread().enable_all().build().unwrap();
        let limit = Duration::from_millis(50);
        one.block_on(many_servers::ask(address, b"hello", limit))
    });
    let kind = outcome.unwrap().unwrap_err().kind();
    assert_eq!(kind, std::io::ErrorKind::TimedOut);
}

/// `stall_detector`: the report comes while the call blocks (which lasts until
/// then), names the cure, and the watching thread ends with the runtime.
#[test]
fn a_stall_is_reported_while_it_lasts() {
    for (new, cure) in [
        (one_thread as fn() -> Runtime, "use spawn_blocking"),
        (one_worker, "use spawn_blocking or block_in_place"),
    ] {
        let report = within(LIMIT, move || {
            let (send, reports) = mpsc::channel();
            let report = move |text: &str| _ = send.send(text.to_string());
            let (runtime, limit) = (new(), Duration::from_millis(50));
            let handle = runtime.handle();
            stall_detector::watch_for_stalls(handle, limit, report).unwrap();
            let call = async move { (reports.recv().unwrap(), reports) };
            let (report, reports) =
                runtime.block_on(runtime.spawn(call)).unwrap();
            drop(runtime);
            while reports.recv().is_ok() {} // until nobody watches any more
            report
        });
        assert!(report.unwrap().ends_with(cure));
    }
}

/// `stall_detector`: where it cannot work, it says so at once. Its heart would
/// panic in its task, unheard, and no stall would ever be reported.
#[test]
fn a_runtime_without_timers_is_not_watched_in_silence() {
    let no_timers = Builder::new_current_thread().build().unwrap();
    let watch = |runtime: &Runtime, limit| {
        let watch = || {
            stall_detector::watch_for_stalls(runtime.handle(), limit, |_| {})
        };
        std::panic::catch_unwind(AssertUnwindSafe(watch)).is_err()
    };
    assert!(watch(&no_timers, HOUR));
    assert!(watch(&one_thread(), Duration::ZERO));
    assert!(!watch(&one_thread(), HOUR));
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn one_worker() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_time().build().unwrap()
}
