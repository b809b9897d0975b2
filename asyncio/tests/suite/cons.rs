//! The parts to copy of the section `cons` keep what they promise: under a
//! panic, a cancellation, a slow consumer, and a job that blocks.

use std::{
    env,
    future::{pending, ready},
    io::ErrorKind,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture, stream};
use shared::watchdog::within;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader, BufWriter, duplex},
    runtime::Builder,
    task::{JoinSet, yield_now},
    time::{Instant, sleep, timeout},
};

#[path = "../../src/bin/cons/async_with.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod async_with;
#[path = "../../src/bin/cons/bounded.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod bounded;
#[path = "../../src/bin/cons/buffered_stall.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod buffered_stall;
#[path = "../../src/bin/cons/buffered_stall_ways.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod buffered_stall_ways;
#[path = "../../src/bin/cons/cancel_safety.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod cancel_safety;
#[path = "../../src/bin/cons/graceful_shutdown.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod graceful_shutdown;
#[path = "../../src/bin/cons/limit_and_timeout.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod limit_and_timeout;
#[path = "../../src/bin/cons/runtime_shutdown.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod runtime_shutdown;

use graceful_shutdown::{Ends, drain};

const LIMIT: Duration = Duration::from_secs(20);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

/// Runs the test on one thread of tokio, with a clock that jumps whenever
/// everybody waits.
fn on_tokio<F: Future<Output: Send + 'static>>(
    test: impl FnOnce() -> F + Send + 'static,
) -> F::Output {
    let mut builder = Builder::new_current_thread();
    let paused = builder.enable_all().start_paused(true).build().unwrap();
    within(LIMIT, move || paused.block_on(test())).unwrap()
}

/// Panics without a report.
fn burn() -> ! {
    resume_unwind(Box::new("burnt"))
}

/// Counts the jobs that run at the same time.
#[derive(Clone, Default)]
struct Running(Arc<[AtomicUsize; 2]>);

impl Running {
    fn begin(&self) -> RunningGuard {
        let [now, most] = &*self.0;
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        RunningGuard(self.clone())
    }

    fn now(&self) -> usize {
        self.0[0].load(SeqCst)
    }

    fn most(&self) -> usize {
        self.0[1].load(SeqCst)
    }
}

struct RunningGuard(Running);

impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.0.0[0].fetch_sub(1, SeqCst);
    }
}

/// Three items, and a panic.
fn burns_at_four() -> impl Stream<Item = u32> + Send + 'static {
    stream::iter(1..=9).map(|n| if n == 4 { burn() } else { n })
}

/// A stream that panics does not end as if it were complete.
#[test]
fn the_panic_of_a_stream_in_a_task_is_one_of_its_consumer() {
    let outcome = on_tokio(async || {
        let items = buffered_stall::in_a_task(burns_at_four(), 2);
        tokio::spawn(items.collect::<Vec<_>>()).await
    });
    assert!(outcome.unwrap_err().is_panic());
}

/// What was not asked for any more is not done.
#[test]
fn dropping_a_stream_in_a_task_stops_its_work() {
    let ended = on_tokio(async || {
        let running = Running::default();
        let guard = running.begin();
        let work = stream::iter([1]).chain(stream::once(async move {
            let _guard = guard;
            pending().await
        }));
        let mut items = buffered_stall::in_a_task(work, 2);
        assert_eq!(items.next().await, Some(1));
        drop(items);
        let ends = async {
            while running.now() > 0 {
                sleep(SECOND).await
            }
        };
        timeout(HOUR, ends).await.is_ok()
    });
    assert!(ended, "nobody wants the rest, and it goes on");
}

#[test]
fn a_stream_in_a_task_arrives_whole_and_waits_for_room() {
    let (made, items) = on_tokio(async || {
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let work = stream::iter(0..100)
            .inspect(move |_| _ = count.fetch_add(1, SeqCst));
        let items = buffered_stall::in_a_task(work, 2);
        sleep(HOUR).await;
        let made = made.load(SeqCst);
        (made, items.collect::<Vec<_>>().await)
    });
    assert_eq!(made, 3, "two wait in the channel, one at its entry");
    assert_eq!(items, Vec::from_iter(0..100));
}

#[test]
fn buffered_tasks_go_on_panic_and_end_with_their_stream() {
    on_tokio(async || {
        let running = Running::default();
        let count = running.clone();
        let job = move |n| {
            let guard = count.begin();
            async move {
                let _guard = guard;
                sleep(if n == 0 { HOUR } else { SECOND }).await;
                if n == 7 { burn() } else { n }
            }
        };
        let jobs = stream::iter(0..9).map(job.clone());
        let mut done = pin!(buffered_stall_ways::in_tasks(jobs, 4));
        assert_eq!(done.next().await, Some(1));
        sleep(10 * SECOND).await; // the consumer is slow
        assert_eq!(running.now(), 1, "the others have ended meanwhile");

        let jobs = stream::iter(0..9).map(job.clone());
        let jobs = buffered_stall_ways::in_tasks(jobs, 4);
        let collected = tokio::spawn(jobs.collect::<Vec<_>>()).await;
        assert!(collected.unwrap_err().is_panic());

        let jobs = stream::iter(0..9).map(job.clone());
        let mut jobs = Box::pin(buffered_stall_ways::in_tasks(jobs, 4));
        assert_eq!(jobs.next().await, Some(1));
        drop(jobs);
        sleep(SECOND / 10).await;
        assert_eq!(running.now(), 1, "only the first stream's are left");
    });
}

/// Half a line that was read when the read was cancelled is not lost at the end
/// of the input.
#[test]
fn a_cancelled_read_loses_nothing_at_the_end_either() {
    let (first, second) = on_tokio(async || {
        let (mut sender, input) = duplex(64);
        let (mut input, mut partial) = (BufReader::new(input), Vec::new());
        sender.write_all(b"half").await.unwrap();
        let read = cancel_safety::next_line(&mut input, &mut partial);
        assert!(timeout(SECOND, read).await.is_err(), "it is cancelled");
        drop(sender);
        let first = cancel_safety::next_line(&mut input, &mut partial).await;
        let second = cancel_safety::next_line(&mut input, &mut partial).await;
        (first.unwrap(), second.unwrap())
    });
    assert_eq!(first.as_deref(), Some("half"));
    assert_eq!(second, None);
}

/// Two workers, and `blocking` jobs that each block one until the end.
fn drained(blocking: usize, others: fn(&mut JoinSet<()>)) -> Ends {
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let ends = within(LIMIT, move || {
        let _entered = runtime.enter();
        let mut jobs = JoinSet::new();
        let (begin, begun) = mpsc::channel();
        for _ in 0..blocking {
            let (begin, released) = (begin.clone(), released.clone());
            jobs.spawn(async move {
                begin.send(()).unwrap();
                let _ = released.lock().unwrap().recv();
            });
        }
        begun.iter().take(blocking).for_each(drop);
        others(&mut jobs);
        let ends = runtime.block_on(drain(jobs, Duration::from_millis(50)));
        runtime.shutdown_background();
        ends
    });
    drop(release);
    ends.expect("it returns in time")
}

#[test]
fn draining_does_not_wait_for_jobs_that_block() {
    let ends = drained(1, |jobs| {
        jobs.spawn(async {});
        jobs.spawn(pending());
    });
    let wanted = Ends { done: 1, cancelled: 1, stuck: 1, ..Ends::default() };
    assert_eq!(ends, wanted);
    // No worker is left: nor is the timer of tokio.
    assert_eq!(drained(2, |_| {}), Ends { stuck: 2, ..Ends::default() });
}

#[test]
fn a_job_that_panicked_was_not_done() {
    let ends = drained(0, |jobs| {
        jobs.spawn(async { burn() });
        jobs.spawn(async {});
    });
    assert_eq!(ends, Ends { done: 1, panicked: 1, ..Ends::default() });
    assert_eq!(drained(0, |_| {}), Ends::default());
}

/// Requests that never answer cost a place until their own deadline, and no
/// other request its time, also when the consumer is slow.
#[test]
fn each_request_has_its_own_deadline_from_its_start() {
    let (running, replies, took) = on_tokio(async || {
        let running = Running::default();
        let count = running.clone();
        let request = move |n: usize| {
            let guard = count.begin();
            async move {
                let _guard = guard;
                match n % 4 {
                    0 => pending().await,
                    _ => sleep(SECOND).await,
                }
                n
            }
        };
        let started = Instant::now();
        let deadline = 10 * SECOND;
        let requests =
            limit_and_timeout::requests(0..200, 20, deadline, request);
        let mut replies = Vec::new();
        let mut requests = pin!(requests);
        while let Some(reply) = requests.next().await {
            replies.push(reply);
            sleep(SECOND / 10).await; // a slow consumer
        }
        (running, replies, started.elapsed())
    });
    assert_eq!((running.most(), running.now()), (20, 0));
    assert_eq!(replies.len(), 200);
    assert!(!replies.is_sorted_by_key(|reply| reply.0), "as completed");
    for (number, reply) in replies {
        assert_eq!(reply.ok(), (number % 4 > 0).then_some(number));
    }
    // 50 of 200 wait for 10 seconds, and 150 for one, 20 at a time: 32.5 in
    // all, if nobody waits for anything else.
    assert!(took < 60 * SECOND, "{took:?}");
}

#[test]
fn a_panic_in_a_request_is_one_of_its_consumer() {
    let outcome = on_tokio(async || {
        let request = async |n| if n == 7 { burn() } else { n };
        let request = move |n: u32| request(n);
        let requests = limit_and_timeout::requests(0..9, 2, HOUR, request);
        tokio::spawn(requests.collect::<Vec<_>>()).await
    });
    assert!(outcome.unwrap_err().is_panic());
}

#[test]
fn limited_jobs_keep_limit_and_order_and_end_together() {
    on_tokio(async || {
        let running = Running::default();
        let job = |n: u64| -> BoxFuture<'static, u64> {
            let running = running.clone();
            let job = async move {
                let _guard = running.begin();
                sleep(SECOND * (100 - n) as u32).await;
                n
            };
            job.boxed()
        };
        let outputs = bounded::run_limited(4, (0..40).map(job).collect());
        assert_eq!(outputs.await, Vec::from_iter(0..40));
        assert_eq!(running.most(), 4);

        let burns = async { burn() }.boxed();
        let jobs = vec![burns, job(1), job(2)];
        let outcome = tokio::spawn(bounded::run_limited(2, jobs)).await;
        assert!(outcome.unwrap_err().is_panic());
        yield_now().await; // what is cancelled ends in its next turn
        assert_eq!(running.now(), 0);
    });
}

/// Also when the other jobs hold all permits, and never end.
#[test]
fn the_panic_of_a_limited_job_is_told_at_once() {
    let outcome = on_tokio(async || {
        let job = async |n| if n == 0 { burn() } else { pending::<()>().await };
        let jobs = (0..9).map(job).collect();
        let all = tokio::spawn(bounded::run_limited(2, jobs));
        timeout(HOUR, all).await
    });
    let ended = outcome.expect("it waits for the others");
    assert!(ended.unwrap_err().is_panic());
}

/// No semaphore has so many permits.
#[test]
fn the_largest_limit_is_no_limit() {
    let outputs = on_tokio(async || {
        let jobs = vec![ready(1), ready(2)];
        bounded::run_limited(usize::MAX, jobs).await
    });
    assert_eq!(outputs, [1, 2]);
}

/// The clock of `drain` is a thread. If the system refuses it, there is another
/// clock. (A child, because the size of stacks is read once.)
#[test]
fn draining_does_without_a_thread() {
    const NAME: &str = "cons::draining_does_without_a_thread";
    const CHILD: &str = "IN_A_PROCESS_WITHOUT_THREADS";
    if env::var_os(CHILD).is_none() {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args([NAME, "--exact", "--test-threads=1"]);
        child.env(CHILD, "").env("RUST_MIN_STACK", (1_u64 << 60).to_string());
        let ran = child.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    assert!(thread::Builder::new().spawn(|| {}).is_err());
    let mut builder = Builder::new_current_thread();
    let paused = builder.enable_all().start_paused(true).build().unwrap();
    let (ends, took) = paused.block_on(async {
        let (mut jobs, started) = (JoinSet::new(), Instant::now());
        jobs.spawn(sleep(SECOND));
        jobs.spawn(pending());
        (drain(jobs, HOUR).await, started.elapsed())
    });
    assert_eq!(ends, Ends { done: 1, cancelled: 1, ..Ends::default() });
    assert!(took >= HOUR);
}

/// `buffer_unordered(0)` never ends.
#[test]
fn a_limit_of_0_tasks_is_refused() {
    let outcome = on_tokio(async || {
        let jobs = stream::iter([ready(1)]);
        let all = async {
            buffered_stall_ways::in_tasks(jobs, 0).collect::<Vec<_>>().await
        };
        timeout(HOUR, tokio::spawn(all)).await
    });
    assert!(outcome.expect("it waits forever").unwrap_err().is_panic());
}

/// What a buffer holds is sent, too; and an error of the work is the one that
/// is told.
#[test]
fn a_connection_is_closed_with_a_goodbye() {
    let (heard, failed, kind) = on_tokio(async || {
        let (client, mut server) = duplex(64);
        let client = BufWriter::new(client);
        async_with::with_connection(client, async |client| {
            client.write_all(b"work ").await
        })
        .await
        .unwrap();
        let mut heard = String::new();
        server.read_to_string(&mut heard).await.unwrap();

        let fails = async |_: &mut _| Err::<(), _>(ErrorKind::NotFound.into());
        let (client, mut server) = duplex(64);
        async_with::with_connection(client, fails).await.unwrap_err();
        let mut failed = String::new();
        server.read_to_string(&mut failed).await.unwrap();

        let (client, server) = duplex(64);
        let mut server = Some(server);
        let leaves = async |_: &mut _| {
            server.take(); // the goodbye is an error, too
            Err::<(), _>(ErrorKind::NotFound.into())
        };
        let left = async_with::with_connection(client, leaves).await;
        (heard, failed, left.unwrap_err().kind())
    });
    assert_eq!(heard, "hello work quit");
    assert_eq!(failed, "hello quit");
    assert_eq!(kind, ErrorKind::NotFound);
}

/// A panic does not make the end of the runtime wait for a job that blocks.
#[test]
fn a_runtime_stops_in_time_also_after_a_panic() {
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let outcome = within(LIMIT, move || {
        let one = Builder::new_current_thread().build().unwrap();
        one.spawn_blocking(move || {
            begin.send(()).unwrap();
            let _ = released.recv(); // until `release` is dropped
        });
        begun.recv().unwrap();
        let limit = Duration::from_millis(10);
        let run =
            || runtime_shutdown::run_then_stop(one, async { burn() }, limit);
        catch_unwind(AssertUnwindSafe(run))
    });
    drop(release);
    let payload = outcome.expect("it waits for the job").unwrap_err();
    assert_eq!(shared::panic_text(&*payload), "burnt");
}
