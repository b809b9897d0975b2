//! The recipes to paste, where it gets difficult: errors, panics, callers that
//! give up, slow peers.

use std::future::pending;
use std::io::ErrorKind::{self, InvalidData, TimedOut, UnexpectedEof};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering::SeqCst};
use std::{thread, time::Duration};

use futures::FutureExt;
use shared::watchdog::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, oneshot};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

const LIMIT: Duration = Duration::from_secs(5);

#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/as_completed.rs"]
mod as_completed;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/cancel_all_runtimes.rs"]
mod cancel_all_runtimes;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/cookbook.rs"]
mod cookbook;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/cookbook_event.rs"]
mod cookbook_event;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/cookbook_io.rs"]
mod cookbook_io;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/gather.rs"]
mod gather;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/features/guess_tasks.rs"]
mod guess_tasks;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/lifo_slot.rs"]
mod lifo_slot;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/queue_workers.rs"]
mod queue_workers;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/race_across_await.rs"]
mod race_across_await;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/run_in_executor.rs"]
mod run_in_executor;
#[expect(dead_code, reason = "only its recipe is tested")]
#[path = "../../src/bin/pros/task_group.rs"]
mod task_group;

/// Counts how many of them are dropped.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Waits forever, and counts when it is cancelled.
async fn waits(dropped: Arc<AtomicUsize>) -> Result<(), String> {
    let _guard = Guard(dropped);
    pending().await
}

#[tokio::test]
async fn an_error_or_a_panic_ends_a_group_and_waits_for_all() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let job = |n| {
        let dropped = dropped.clone();
        async move {
            match n {
                0..=2 => waits(dropped).await,
                3 => Err("no".to_string()),
                _ => panic!("the oil burns"),
            }
        }
    };
    let ended = timeout(LIMIT, task_group::task_group((0..4).map(job))).await;
    assert_eq!(
        ended.expect("it does not wait for the others"),
        Err("no".into())
    );
    assert_eq!(dropped.swap(0, SeqCst), 3);

    let group = task_group::task_group([0, 1, 4].map(job));
    let ended = timeout(LIMIT, AssertUnwindSafe(group).catch_unwind()).await;
    let payload = ended.expect("it does not wait for the others").unwrap_err();
    assert_eq!(shared::panic_text(&*payload), "the oil burns");
    assert_eq!(dropped.load(SeqCst), 2);
}

/// With `buffered(2)` this never ends, with `buffer_unordered(2)` the results
/// have another order.
#[tokio::test]
async fn gather_keeps_the_order_and_a_slow_job_delays_nobody() {
    let (last, first) = oneshot::channel();
    let (mut last, mut first) = (Some(last), Some(first));
    let (most, running) = (&AtomicUsize::new(0), &AtomicUsize::new(0));
    let jobs: Vec<_> = (0..10)
        .map(|n| {
            let last = if n == 9 { last.take() } else { None };
            let first = if n == 0 { first.take() } else { None };
            async move {
                most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                yield_now().await;
                if let Some(first) = first {
                    first.await.unwrap();
                }
                last.map(|last| last.send(()));
                running.fetch_sub(1, SeqCst);
                n
            }
        })
        .collect();
    let all = timeout(LIMIT, gather::limited::gather_limited(jobs, 2)).await;
    assert!(all.expect("job 0 delays no other").into_iter().eq(0..10));
    assert_eq!(most.load(SeqCst), 2);
}

#[tokio::test]
async fn a_panic_is_passed_on_by_as_completed() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let other = dropped.clone();
    let job = |n| {
        let other = other.clone();
        async move {
            match n {
                0 => waits(other).await,
                _ => panic!("the oil burns"),
            }
        }
    };
    let all = as_completed::as_completed([0, 1].map(job), async |_| ());
    let ended = timeout(LIMIT, AssertUnwindSafe(all).catch_unwind()).await;
    let payload = ended.expect("it ends at once").unwrap_err();
    assert_eq!(shared::panic_text(&*payload), "the oil burns");
}

#[tokio::test]
async fn work_keeps_its_permit_when_its_caller_gives_up() {
    let permits = Arc::new(Semaphore::new(1));
    let (begun, begins) = oneshot::channel();
    let (end, ends) = std::sync::mpsc::channel();
    let call = run_in_executor::run_in_executor(permits.clone(), move || {
        begun.send(()).unwrap();
        ends.recv().unwrap()
    });
    let caller = tokio::spawn(call);
    begins.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert_eq!(permits.available_permits(), 0, "its work goes on");
    end.send(()).unwrap();
    drop(timeout(LIMIT, permits.acquire()).await.unwrap().unwrap());

    let panics = || -> u32 { panic!("the oil burns") };
    let ended = run_in_executor::run_in_executor(permits.clone(), panics).await;
    assert!(ended.unwrap_err().is_panic());
    assert_eq!(permits.available_permits(), 1);
}

#[tokio::test]
async fn half_a_line_is_an_error_and_a_silent_server_is_late() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let half = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"half a li").await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap_or_default()
    };
    let silent = Duration::from_millis(50);
    let reply = tokio::select! {
        reply = cookbook_io::client::ask(server, "order", silent) => reply,
        _ = half => unreachable!("the client has not left"),
    };
    assert_eq!(reply.unwrap_err().kind(), TimedOut);

    let cut = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"half a li").await.unwrap();
    };
    let ask = cookbook_io::client::ask(server, "order", LIMIT);
    let kind = tokio::join!(ask, cut).0.unwrap_err().kind();
    assert!(
        [UnexpectedEof, std::io::ErrorKind::ConnectionReset].contains(&kind)
    );
}

/// The caller learns whether a client broke the rules or has just left.
#[tokio::test(start_paused = true)]
async fn a_line_is_whole_or_the_error_says_why() {
    async fn read(sent: &[&[u8]], close: bool) -> Result<String, ErrorKind> {
        let (mut client, server) = tokio::io::duplex(64);
        let send = async {
            for part in sent {
                let _ = client.write_all(part).await; // it may be cut off
                sleep(2 * LIMIT / 3).await;
            }
            (!close).then_some(client)
        };
        let mut server = BufReader::new(server);
        let line = guess_tasks::read_line(&mut server, 4, LIMIT);
        let (line, _client) = tokio::join!(line, send);
        line.map_err(|error| error.kind())
    }
    assert_eq!(read(&[b"1", b"23\n"], true).await, Ok("123".into()));
    assert_eq!(read(&[b"1\n2\n"], true).await, Ok("1".into()));
    assert_eq!(read(&[b"\xff\r\n"], true).await, Ok("\u{fffd}".into()));
    assert_eq!(read(&[b"1234\n"], true).await, Err(InvalidData));
    assert_eq!(read(&[], true).await, Err(UnexpectedEof));
    assert_eq!(read(&[b"12"], true).await, Err(UnexpectedEof));
    assert_eq!(read(&[b"1"], false).await, Err(TimedOut));
    assert_eq!(read(&[b"1", b"2", b"\n"], true).await, Err(TimedOut));
}

/// `block_in_place` alone panics there.
#[tokio::test]
async fn work_in_place_is_done_on_one_thread_too() {
    let worker = thread::current().id();
    assert_eq!(lifo_slot::in_place(|| thread::current().id()), worker);
}

#[tokio::test]
async fn a_worker_that_panics_leaves_the_jobs_to_the_others() {
    let done = Arc::new(AtomicUsize::new(0));
    let count = done.clone();
    let (jobs, mut workers) = queue_workers::start_workers(2, 1, move |job| {
        let count = count.clone();
        async move {
            assert_ne!(job, 3, "the oil burns");
            count.fetch_add(1, SeqCst);
        }
    });
    for job in 0..10 {
        timeout(LIMIT, jobs.send(job)).await.unwrap().unwrap();
    }
    drop(jobs);
    let mut panics = 0;
    while let Some(ended) = workers.join_next().await {
        panics += usize::from(ended.is_err());
    }
    assert_eq!((panics, done.load(SeqCst)), (1, 9));
}

#[tokio::test]
async fn a_cancelled_update_changes_nothing_and_lets_the_next_one_in() {
    let value = Mutex::new(1);
    let stuck = race_across_await::update(&value, async |_| pending().await);
    assert!(timeout(Duration::from_millis(10), stuck).await.is_err());
    let next = race_across_await::update(&value, async |value| value + 1);
    timeout(LIMIT, next).await.expect("the lock is free");
    assert_eq!(value.into_inner(), 2);
}

/// As in Python: a task that waits is not forgotten if it has had no turn
/// between `set` and `clear`.
#[tokio::test]
async fn an_event_that_is_cleared_at_once_ends_the_waits_before_it() {
    let event = Arc::new(cookbook_event::Event::default());
    let waits = event.clone();
    let task = tokio::spawn(async move { waits.wait().await });
    yield_now().await; // it waits now
    event.set();
    event.clear();
    timeout(LIMIT, task).await.expect("it was set").unwrap();
    assert!(!event.is_set());
    assert!(timeout(Duration::from_millis(10), event.wait()).await.is_err());
}

/// A panic of one is passed on; the others are cancelled.
#[test]
fn tasks_that_are_cancelled_together_are_gone() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let start = |_| {
        let guard = Guard(dropped.clone());
        smol::spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        })
    };
    let mut tasks: Vec<_> = (0..3).map(start).collect();
    let all = cancel_all_runtimes::cancel_tasks(tasks.split_off(1));
    smol::block_on(all);
    assert_eq!(dropped.load(SeqCst), 2);
    tasks.push(smol::spawn(async { panic!("the oil burns") }));
    while !tasks[1].is_finished() {
        thread::yield_now();
    }
    let all = AssertUnwindSafe(cancel_all_runtimes::cancel_tasks(tasks));
    assert!(smol::block_on(all.catch_unwind()).is_err());
    let end = std::time::Instant::now() + LIMIT;
    while dropped.load(SeqCst) < 3 && std::time::Instant::now() < end {
        thread::yield_now();
    }
    assert_eq!(dropped.load(SeqCst), 3);
}

/// Blocking work that is left is not waited for long, after a panic neither.
#[test]
fn a_panic_of_main_is_passed_on_although_blocking_work_goes_on() {
    let (end, ends) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = oneshot::channel();
    let ended = within(LIMIT, move || {
        let main = async move {
            tokio::task::spawn_blocking(move || {
                begun.send(()).unwrap();
                ends.recv()
            });
            begins.await.unwrap();
            panic!("the oil burns");
        };
        let run = AssertUnwindSafe(|| cookbook::run::run::<()>(main));
        std::panic::catch_unwind(run)
    });
    drop(end);
    let payload = ended.expect("it ends").unwrap_err();
    assert_eq!(shared::panic_text(&*payload), "the oil burns");
}
