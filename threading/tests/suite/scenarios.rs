//! What the programs rely on, when things go wrong: nothing is lost, nothing
//! hangs. Every test is bounded by the watchdog.

use std::{
    sync::{
        Barrier, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use crossbeam::channel::{bounded, unbounded};
use shared::watchdog::within;

#[path = "../../src/bin/cautions/spawn_cost.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod spawn_cost;

const LIMIT: Duration = Duration::from_secs(20);

fn text(payload: Box<dyn std::any::Any + Send>) -> String {
    payload.downcast_ref::<&str>().expect("a literal").to_string()
}

/// THR-01, THR-02: every panic reaches its joiner; all others finish.
#[test]
fn of_ten_threads_four_panic_and_six_finish() {
    let outcomes = within(LIMIT, || {
        thread::scope(|floor| {
            let work =
                |n: u32| move || assert!(!n.is_multiple_of(3), "every third");
            let all: Vec<_> = (0..10).map(|n| floor.spawn(work(n))).collect();
            all.into_iter().map(|one| one.join()).collect::<Vec<_>>()
        })
    });
    let (done, failed): (Vec<_>, Vec<_>) =
        outcomes.unwrap().into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), failed.len()), (6, 4));
    for failure in failed {
        assert_eq!(text(failure.unwrap_err()), "every third");
    }
}

/// THR-02: rayon hands on one panic, after all others have run.
#[test]
fn rayon_runs_the_rest_before_it_panics() {
    static RAN: AtomicUsize = AtomicUsize::new(0);
    let outcome = within(LIMIT, || {
        thread::spawn(|| {
            rayon::scope(|all| {
                for n in 0..100 {
                    all.spawn(move |_| {
                        RAN.fetch_add(1, Relaxed);
                        assert!(n != 50, "the fiftieth");
                    });
                }
            });
        })
        .join()
    });
    assert_eq!(text(outcome.unwrap().unwrap_err()), "the fiftieth");
    assert_eq!(RAN.load(Relaxed), 100);
}

/// SEC-19: a payload that is not text, and a panic while things are dropped.
#[test]
fn odd_panics_reach_their_joiner() {
    struct Burnt;
    impl Drop for Burnt {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let joined = within(LIMIT, || {
        let number = thread::spawn(|| std::panic::panic_any(7_u32)).join();
        let dropped = thread::spawn(|| drop(Burnt)).join();
        // Its error is what panics next: when it is dropped, far from here.
        let armed = thread::spawn(|| std::panic::panic_any(Burnt)).join();
        let thrown = thread::spawn(|| drop(armed)).join();
        (number, dropped, thrown)
    });
    let (number, dropped, thrown) = joined.unwrap();
    assert_eq!(number.unwrap_err().downcast_ref(), Some(&7_u32));
    assert_eq!(text(dropped.unwrap_err()), "in drop");
    assert_eq!(text(thrown.unwrap_err()), "in drop");
}

/// THR-03: who writes and panics poisons; who reads does not; it can be cured.
#[test]
fn poison_is_told_and_cured() {
    let (mutex, lock) = (Mutex::new(1), RwLock::new(1));
    let panics = |work: &(dyn Fn() + Sync)| {
        thread::scope(|floor| floor.spawn(work).join().unwrap_err());
    };
    panics(&|| panic!("{}", lock.read().unwrap()));
    assert!(!lock.is_poisoned());
    panics(&|| panic!("{}", lock.write().unwrap()));
    assert!(lock.read().is_err() && lock.write().is_err());
    panics(&|| panic!("{}", mutex.lock().unwrap()));
    assert_eq!(*mutex.lock().unwrap_err().into_inner(), 1);
    mutex.clear_poison();
    assert_eq!(*mutex.lock().unwrap(), 1);
}

/// THR-05: pools of one thread that call themselves and each other.
#[test]
fn small_pools_do_not_wait_for_themselves() {
    let sum = within(LIMIT, || {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let (one, other) = (pool().unwrap(), pool().unwrap());
        let own = one.install(|| one.install(|| rayon::join(|| 1, || 2)));
        let both = one.install(|| other.install(|| one.install(|| 4)));
        own.0 + own.1 + both
    });
    assert_eq!(sum, Ok(7));
}

/// THR-07: a thread that cannot be started is an error, not a panic.
#[test]
fn a_refused_thread_is_an_error() {
    let absurd = thread::Builder::new().stack_size(1 << 46);
    assert!(absurd.spawn(|| ()).is_err());
    let absurd = rayon::ThreadPoolBuilder::new().stack_size(1 << 46);
    assert!(absurd.num_threads(2).build().is_err());
    assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
}

/// THR-11: the end of a channel wakes all who wait at it, on either side.
#[test]
fn closing_wakes_everybody() {
    let woken = within(LIMIT, || {
        let (rail, orders) = unbounded::<u32>();
        let (pass, plates) = bounded(0);
        thread::scope(|floor| {
            let readers: Vec<_> = (0..8)
                .map(|_| {
                    let orders = orders.clone();
                    floor.spawn(move || orders.recv().is_err())
                })
                .collect();
            let writers: Vec<_> = (0..8)
                .map(|n: u32| {
                    let pass = pass.clone();
                    floor.spawn(move || pass.send(n).is_err())
                })
                .collect();
            drop(rail);
            drop(plates);
            let all = readers.into_iter().chain(writers);
            let woken = all.map(|one| one.join().unwrap());
            woken.filter(|woken| *woken).count()
        })
    });
    assert_eq!(woken, Ok(16));
}

/// THR-12: four senders, four receivers: each item once; what was sent before
/// the end is still received.
#[test]
fn every_item_arrives_once() {
    let received = within(LIMIT, || {
        let (rail, orders) = bounded(3);
        let start = Barrier::new(8);
        thread::scope(|floor| {
            for sender in 0..4_u32 {
                let (rail, start) = (rail.clone(), &start);
                floor.spawn(move || {
                    start.wait();
                    (0..1_000)
                        .for_each(|n| rail.send(sender * 1_000 + n).unwrap());
                });
            }
            drop(rail);
            let receive = || {
                start.wait();
                orders.iter().collect::<Vec<u32>>()
            };
            let all: Vec<_> = (0..4).map(|_| floor.spawn(receive)).collect();
            let all: Vec<_> =
                all.into_iter().map(|one| one.join().unwrap()).collect();
            // Of each sender, each receiver sees a rising sequence.
            for own in &all {
                for sender in 0..4 {
                    let of = own.iter().filter(|&&item| item / 1_000 == sender);
                    assert!(of.is_sorted());
                }
            }
            all.concat()
        })
    });
    let mut received = received.unwrap();
    received.sort();
    assert_eq!(received, (0..4_000).collect::<Vec<_>>());

    let (rail, orders) = unbounded();
    (0..5).for_each(|n| rail.send(n).unwrap());
    drop(rail);
    assert_eq!(orders.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

/// Each caller of a worker gets the result of its own job, and only when that
/// is done; a job that panics is an error for its caller and for nobody else.
#[test]
fn callers_of_one_worker_do_not_get_in_each_others_way() {
    let worker = spawn_cost::worker::Worker::start().unwrap();
    let worker = &*Box::leak(Box::new(worker)); // for a thread left behind
    let results = within(LIMIT, || {
        let caller = |from: usize| {
            let mine = (from..from + 2_000).map(|n| worker.run(move || 2 * n));
            mine.map(Result::unwrap).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            [0, 1_000_000]
                .map(|from| scope.spawn(move || caller(from)))
                .map(|caller| caller.join().unwrap())
        })
    });
    for (results, from) in results.unwrap().iter().zip([0, 1_000_000]) {
        let wanted: Vec<_> = (from..from + 2_000).map(|n| 2 * n).collect();
        assert_eq!(*results, wanted);
    }
    let panics = || std::panic::resume_unwind(Box::new("burnt")); // no report
    let burnt = within(LIMIT, move || worker.run::<()>(panics)).unwrap();
    assert_eq!(text(burnt.unwrap_err()), "burnt");
    assert_eq!(within(LIMIT, || worker.run(|| 7)).unwrap().unwrap(), 7);
}
