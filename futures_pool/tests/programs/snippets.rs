//! The parts to copy, when things go wrong: callers that give up, jobs that
//! panic, a flag that is set early, messages that are cut.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::{io, io::Read, thread, time::Duration};

use futures_pool::{JobError, ThreadPool};
use shared::{Span, measure::now, watchdog::within};

#[path = "../../src/bin/usage/cpu_limit.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod cpu_limit;
#[path = "../../src/bin/usage/progress.rs"]
#[expect(dead_code, reason = "as above")]
mod progress;
#[path = "../../src/bin/thread_pool/queue_growth_ways.rs"]
#[expect(dead_code, reason = "as above")]
mod queue_growth_ways;
#[path = "../../src/bin/cons/rayon_ctrl_c.rs"]
#[expect(dead_code, reason = "as above")]
mod rayon_ctrl_c;
#[path = "../../src/bin/process_pool/round_trip.rs"]
#[expect(dead_code, reason = "as above")]
mod round_trip;
#[path = "../../src/bin/process_pool/shared_pages.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_pages;

const LIMIT: Duration = Duration::from_secs(20);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Callers that give up leave their jobs behind: the next job waits for them.
#[test]
fn a_limit_holds_also_when_callers_give_up() {
    let spans = within(LIMIT, || {
        let spans = Arc::new(Mutex::new(Vec::new()));
        let limit = Arc::new(tokio::sync::Semaphore::new(1));
        let job = || {
            let spans = Arc::clone(&spans);
            move || {
                let start = now();
                thread::sleep(Duration::from_millis(100));
                spans.lock().unwrap().push(Span { start, end: now() });
            }
        };
        runtime().block_on(async {
            for _ in 0..4 {
                let run = cpu_limit::run_limited(Arc::clone(&limit), job());
                let _gives_up =
                    tokio::time::timeout(Duration::from_millis(30), run).await;
            }
            cpu_limit::run_limited(limit, job()).await.unwrap();
        });
        spans.lock().unwrap().clone()
    });
    let spans = spans.unwrap();
    assert!(spans.len() >= 2, "{spans:?}");
    assert_eq!(Span::most_at_once(&spans), 1, "{spans:?}");
}

#[test]
fn a_job_that_panics_gives_its_permit_back() {
    let done = within(LIMIT, || {
        let limit = Arc::new(tokio::sync::Semaphore::new(1));
        runtime().block_on(async {
            let panics = || std::panic::resume_unwind(Box::new("burnt"));
            let run = cpu_limit::run_limited::<()>(limit.clone(), panics);
            assert!(run.await.unwrap_err().is_panic());
            cpu_limit::run_limited(limit, || 7).await.unwrap()
        })
    });
    assert_eq!(done, Ok(7));
}

#[test]
fn progress_counts_each_job_once_and_keeps_the_order() {
    fn job(n: u64) -> u64 {
        thread::sleep(Duration::from_millis(2 * (9 - n)));
        match n {
            4 => std::panic::resume_unwind(Box::new("burnt")),
            n => 2 * n,
        }
    }
    let pool = ThreadPool::new(3).unwrap();
    let (mut numbers, mut counts) = (Vec::new(), Vec::new());
    let results = progress::with_progress(&pool, job, 0..10, |n, done, all| {
        numbers.push(n);
        counts.push(done);
        assert_eq!(all, 10);
    });
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..10));
    assert!(counts.into_iter().eq(1..=10));
    for (n, result) in (0..).zip(results) {
        match n {
            4 => assert!(matches!(result, Err(JobError::Panicked { .. }))),
            n => assert_eq!(result, Ok(2 * n)),
        }
    }
}

#[test]
fn a_loop_that_is_told_to_stop_skips_what_has_not_begun() {
    let items: Vec<u64> = (0..10_000).collect();
    let told = AtomicBool::new(true);
    let none = rayon_ctrl_c::map_until(&told, &items, |n| *n);
    assert_eq!(none.iter().flatten().count(), 0);

    let (told, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let some = rayon_ctrl_c::map_until(&told, &items, |n| {
        if begun.fetch_add(1, SeqCst) == 100 {
            told.store(true, SeqCst);
        }
        2 * n
    });
    assert_eq!(some.len(), items.len());
    assert_eq!(some.iter().flatten().count(), begun.load(SeqCst));
    assert!(begun.load(SeqCst) < items.len());
    let right = |(n, result): (u64, &Option<u64>)| {
        result.is_none_or(|result| result == 2 * n)
    };
    assert!((0..).zip(&some).all(right));
}

#[test]
fn batches_bring_each_input_once() {
    for inputs in [0, 1, 16, 17, 100] {
        let sum = AtomicUsize::new(0);
        queue_growth_ways::for_each_in_batches(1..=inputs, 16, |n| {
            sum.fetch_add(n, SeqCst);
        });
        assert_eq!(sum.into_inner(), inputs * (inputs + 1) / 2);
    }
}

#[test]
fn a_frame_is_whole_or_an_error() {
    let mut bytes = Vec::new();
    round_trip::write_frame(&mut bytes, b"rice").unwrap();
    round_trip::write_frame(&mut bytes, b"").unwrap();
    let mut reader = &bytes[..];
    let mut next = || round_trip::read_frame(&mut reader, 4).unwrap();
    assert_eq!(next().as_deref(), Some(&b"rice"[..]));
    assert_eq!(next().as_deref(), Some(&b""[..]));
    assert_eq!(next(), None);
    for cut in [1, 3, 4, 7] {
        assert!(
            round_trip::read_frame(&mut &bytes[..cut], 4).is_err(),
            "{cut}"
        );
    }
    assert!(round_trip::read_frame(&mut &bytes[..], 3).is_err(), "too long");
}

/// A signal may interrupt a read before anything has come: that is no end.
#[test]
fn a_signal_does_not_end_a_frame() {
    struct Interrupted<'a> {
        bytes: &'a [u8],
        next: bool,
    }
    impl Read for Interrupted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.next = !self.next;
            match self.next {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => self.bytes.read(&mut buffer[..1]),
            }
        }
    }
    let mut bytes = Vec::new();
    round_trip::write_frame(&mut bytes, b"rice").unwrap();
    let mut reader = Interrupted { bytes: &bytes, next: false };
    let mut next = || round_trip::read_frame(&mut reader, 4).unwrap();
    assert_eq!(next().as_deref(), Some(&b"rice"[..]));
    assert_eq!(next(), None);
}

/// What is mapped must stay there: looking at a missing page is a crash.
#[test]
fn nobody_makes_a_shared_file_shorter() {
    let file = shared_pages::shared_file(4_096).unwrap();
    assert!(file.set_len(0).is_err());
    assert_eq!(file.metadata().unwrap().len(), 4_096);
}
