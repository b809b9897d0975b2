//! What the programs rely on, when things go wrong: nothing is lost, nothing
//! hangs. Every test is bounded by the watchdog.

use std::{
    panic::{catch_unwind, resume_unwind},
    sync::{
        Barrier, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use crossbeam::channel::{bounded, unbounded};
use shared::watchdog::within;

/// The programs, whose parts to copy are tested here.
macro_rules! programs {
    ($($path:literal $name:ident)*) => {$(
        #[path = $path]
        #[expect(dead_code, reason = "the part to copy, and what is around it")]
        mod $name;
    )*};
}

programs! {
    "../../src/bin/usage/cooks.rs" cooks
    "../../src/bin/usage/cooks_crossbeam.rs" cooks_crossbeam
    "../../src/bin/usage/cooks_rayon.rs" cooks_rayon
    "../../src/bin/usage/walk_folder.rs" walk_folder
    "../../src/bin/pros/guess_threads.rs" guess_threads
    "../../src/bin/cons/deadlock.rs" deadlock
    "../../src/bin/cons/panic_capture.rs" panic_capture
    "../../src/bin/cons/panic_in_drop.rs" panic_in_drop
    "../../src/bin/cautions/lazy_join.rs" lazy_join
    "../../src/bin/cautions/reuse_thread.rs" reuse_thread
    "../../src/bin/cautions/stop_flag.rs" stop_flag
    "../../src/bin/cautions/too_many_threads.rs" too_many_threads
    "../../src/bin/cautions/worker_queue.rs" worker_queue
}

const LIMIT: Duration = Duration::from_secs(20);

fn text(payload: Box<dyn std::any::Any + Send>) -> String {
    payload.downcast_ref::<&str>().expect("a literal").to_string()
}

/// THR-01, THR-02: every panic reaches its joiner; all others finish.
#[test]
fn of_ten_threads_four_panic_and_six_finish() {
    let outcomes = within(LIMIT, || {
        thread::scope(|scope| {
            let work =
                |n: u32| move || assert!(!n.is_multiple_of(3), "every third");
            let all: Vec<_> = (0..10).map(|n| scope.spawn(work(n))).collect();
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
        thread::scope(|scope| scope.spawn(work).join().unwrap_err());
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
        let (sender, receiver) = unbounded::<u32>();
        let (output, results) = bounded(0);
        thread::scope(|scope| {
            let readers: Vec<_> = (0..8)
                .map(|_| {
                    let receiver = receiver.clone();
                    scope.spawn(move || receiver.recv().is_err())
                })
                .collect();
            let writers: Vec<_> = (0..8)
                .map(|n: u32| {
                    let output = output.clone();
                    scope.spawn(move || output.send(n).is_err())
                })
                .collect();
            drop(sender);
            drop(results);
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
        let (sender, receiver) = bounded(3);
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for number in 0..4_u32 {
                let (sender, start) = (sender.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    (0..1_000)
                        .for_each(|n| sender.send(number * 1_000 + n).unwrap());
                });
            }
            drop(sender);
            let receive = || {
                start.wait();
                receiver.iter().collect::<Vec<u32>>()
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(receive)).collect();
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

    let (sender, receiver) = unbounded();
    (0..5).for_each(|n| sender.send(n).unwrap());
    drop(sender);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

/// Each caller of a worker gets the result of its own job, and only when that
/// is done; a job that panics is an error for its caller and for nobody else.
#[test]
fn callers_of_one_worker_do_not_get_in_each_others_way() {
    let worker = reuse_thread::Worker::start().unwrap();
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
    let panics = || resume_unwind(Box::new("burnt")); // no report
    let burnt = within(LIMIT, move || worker.run::<()>(panics)).unwrap();
    assert_eq!(text(burnt.unwrap_err()), "burnt");
    assert_eq!(within(LIMIT, || worker.run(|| 7)).unwrap().unwrap(), 7);
}

/// Captures can be nested: each returns the report of its own panic.
#[test]
fn only_its_own_panics_are_captured() {
    use panic_capture::captured;
    let fails = |text: &'static str| move || panic!("{text}");
    let (inner, outer) = within(LIMIT, move || {
        let mut inner = Ok(());
        let outer = captured(|| {
            inner = captured(fails("the inner one"));
            fails("the outer one")()
        });
        (inner, outer)
    })
    .unwrap();
    assert!(inner.unwrap_err().ends_with(": the inner one"));
    assert!(outer.unwrap_err().ends_with(": the outer one"));
    assert_eq!(captured(|| 7).unwrap(), 7);
    // After a panic with something else than a text, too.
    let number: fn() = || std::panic::panic_any(7);
    assert!(captured(number).unwrap_err().ends_with("(not a text)"));
    let resumed: fn() = || resume_unwind(Box::new("no hook hears of it"));
    assert_eq!(captured(resumed).unwrap_err(), "no hook hears of it");
}

/// A second panic during the clean-up of the first one aborts the process, so
/// nobody can return what was captured: both reports are printed.
#[test]
fn a_captured_panic_that_aborts_is_printed() {
    use std::{env, process::Command};
    struct PanicsInDrop;
    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("the second one");
        }
    }
    const CHILD: &str = "CAPTURES_AND_ABORTS";
    if env::var_os(CHILD).is_some() {
        let twice: fn() = || {
            let _file = PanicsInDrop;
            panic!("the first one");
        };
        drop(panic_capture::captured(twice));
        return;
    }
    let test = "scenarios::a_captured_panic_that_aborts_is_printed";
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([test, "--exact", "--nocapture"]).env(CHILD, "1");
    let ended = within(LIMIT, move || child.output().unwrap()).unwrap();
    let printed = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), None, "{printed}");
    assert!(printed.contains(": the first one\n"), "{printed}");
    assert!(printed.contains("the second one\n"), "{printed}");
}

/// What cannot be removed is an error of `close`, and no panic of `drop`.
#[test]
fn a_temporary_folder_is_removed_once() {
    use panic_in_drop::TemporaryFolder;
    let name = format!("removed-once-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let create = || TemporaryFolder::create(path.clone());
    let folder = create().unwrap();
    assert!(create().is_err(), "a folder that exists is not ours");
    std::fs::write(path.join("file"), "text").unwrap();
    folder.close().unwrap();
    assert!(!path.exists());
    drop(create().unwrap());
    assert!(!path.exists());
    let gone = create().unwrap();
    std::fs::remove_dir(&path).unwrap();
    assert!(gone.close().is_err());
}

/// Results keep the order of the items, and an error or a panic of a job
/// reaches the caller; so with a bounded pool, which soon starts no further job.
#[test]
fn mapped_jobs_keep_their_order_and_hand_on_errors() {
    let items = || (0..100).collect::<Vec<u32>>();
    let double = |n: u32| Ok::<_, String>(2 * n);
    let doubled: Vec<_> = items().into_iter().map(|n| 2 * n).collect();
    assert_eq!(cooks::map(items(), double), Ok(doubled.clone()));
    assert_eq!(cooks_rayon::map(items(), double), Ok(doubled.clone()));
    assert_eq!(cooks_crossbeam::map(4, items(), double), Ok(doubled));

    let fails = |n: u32| if n == 3 { Err(n) } else { Ok(n) };
    assert_eq!(cooks::map(items(), fails), Err(3));
    assert_eq!(cooks_rayon::map(items(), fails), Err(3));
    let started = AtomicUsize::new(0);
    let counted = |n: u32| {
        started.fetch_add(1, Relaxed);
        thread::sleep(Duration::from_millis(1));
        fails(n)
    };
    assert_eq!(cooks_crossbeam::map(2, items(), counted), Err(3));
    assert!(started.into_inner() < 50, "all others were started, too");

    for panics in [
        || cooks::map(vec![1], |_| panic_quietly()),
        || cooks_crossbeam::map(2, vec![1], |_| panic_quietly()),
        || cooks_rayon::map(vec![1], |_| panic_quietly()),
    ] {
        assert!(within(LIMIT, move || catch_unwind(panics)).unwrap().is_err());
    }
}

/// Eight jobs that wait for each other: it would hang if one thread was joined
/// before the next one starts, as by `.map(spawn).map(join)`.
#[test]
fn mapped_jobs_run_at_the_same_time() {
    for map in [
        |meet: &Barrier| drop(lazy_join::map(vec![(); 8], |()| meet.wait())),
        |meet: &Barrier| {
            let job = |()| Ok::<_, ()>(meet.wait());
            drop(cooks::map(vec![(); 8], job));
        },
    ] {
        assert_eq!(within(LIMIT, move || map(&Barrier::new(8))), Ok(()));
    }
}

fn panic_quietly() -> Result<(), ()> {
    resume_unwind(Box::new("no report"))
}

/// A worker stops in the middle of its pause, and its panic is told.
#[test]
fn a_worker_stops_between_steps() {
    use stop_flag::Worker;
    let stopped = within(LIMIT, || {
        let pause = Duration::from_mins(1);
        let (steps, first) = std::sync::mpsc::channel();
        let step = move || steps.send(()).unwrap();
        let worker = Worker::start(pause, step).unwrap();
        first.recv().unwrap();
        let ended = worker.stop();
        let (begins, begun) = std::sync::mpsc::channel();
        let panics = move || {
            begins.send(()).unwrap();
            resume_unwind(Box::new("in a step"))
        };
        let failed = Worker::start(pause, panics).unwrap();
        begun.recv().unwrap();
        (ended, failed.stop())
    });
    let (ended, failed) = stopped.unwrap();
    assert!(ended.is_ok());
    assert_eq!(text(failed.unwrap_err()), "in a step");
}

/// The guards come in the order that was asked for; what cannot be locked is a
/// panic, not a deadlock.
#[test]
fn both_locks_come_as_asked() {
    let values = [1, 2].map(Mutex::new);
    let (one, other) = deadlock::lock_both(&values, 1, 0);
    assert_eq!((*one, *other), (2, 1));
    drop((one, other));
    let same = || *deadlock::lock_both(&values, 1, 1).0;
    let panic = panic_capture::captured(same).unwrap_err();
    assert!(panic.contains("cannot lock the same value twice"));
}

/// A file, a folder that is not there, and a link to the folder above.
#[test]
fn a_walk_returns_errors_and_follows_no_links() {
    use std::{env, fs, os::unix::fs::symlink, process};
    let folder = env::temp_dir().join(format!("walk-{}", process::id()));
    fs::create_dir_all(folder.join("a/b")).unwrap();
    fs::write(folder.join("a/b/file"), "text").unwrap();
    symlink(&folder, folder.join("a/up")).unwrap();
    symlink(folder.join("a/b/file"), folder.join("a/link")).unwrap();
    let read = |path: &std::path::Path| fs::read_to_string(path);
    let found = walk_folder::walk(&folder, 2, read).unwrap();
    let nowhere = folder.join("nowhere");
    let missing = walk_folder::walk(&nowhere, 2, read).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let [(path, text)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(*path, folder.join("a/b/file"));
    assert_eq!(text.as_deref().unwrap(), "text");
    let [(path, Err(error))] = &missing[..] else { panic!("{missing:?}") };
    assert_eq!(*path, nowhere);
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

/// A worker pool that outlives a panic of one of its workers, and hands it on.
#[test]
fn a_pool_hands_on_the_panic_of_a_job() {
    static DONE: AtomicUsize = AtomicUsize::new(0);
    let work = |n: u32| match n {
        7 => resume_unwind(Box::new("the seventh")),
        _ => DONE.fetch_add(1, Relaxed),
    };
    let run = move || catch_unwind(|| worker_queue::in_pool(2, 0..100, work));
    let panic = within(LIMIT, run).unwrap().unwrap_err();
    assert_eq!(text(panic), "the seventh");
    assert_eq!(DONE.load(Relaxed), 99);
    let all_panic = || {
        catch_unwind(|| {
            worker_queue::in_pool(2, 0..100, |_| {
                resume_unwind(Box::new("each of them"))
            })
        })
    };
    let panic: thread::Result<Vec<()>> = within(LIMIT, all_panic).unwrap();
    assert_eq!(text(panic.unwrap_err()), "each of them");
}

/// Jobs that wait for each other end only if each has a worker of its own.
#[test]
fn a_pool_has_as_many_workers_as_asked_for() {
    let meet = || {
        let all = Barrier::new(4);
        worker_queue::in_pool(4, 0..8, |_| _ = all.wait()).len()
    };
    assert_eq!(within(LIMIT, meet), Ok(8));
}

/// A folder so deep that a recursion would overflow a stack.
#[test]
fn a_walk_goes_as_deep_as_folders_go() {
    use std::{env, fs, process};
    let top = env::temp_dir().join(format!("walk-deep-{}", process::id()));
    let deep = top.join(["a"; 700].join("/"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("file"), "text").unwrap();
    let read = |path: &std::path::Path| fs::read_to_string(path);
    let found = walk_folder::walk(&top, 2, read).unwrap();
    fs::remove_dir_all(&top).unwrap();
    assert_eq!(found.len(), 1);
}

/// A line that is too long, and one that is whole only after its limit.
#[test]
fn a_long_line_and_a_late_one_are_errors() {
    use guess_threads::read_line;
    use std::io::{self, BufReader, ErrorKind, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let send = |text: &[u8]| {
        let mut client = TcpStream::connect(listener.local_addr()?)?;
        client.write_all(text)?;
        let (server, _) = listener.accept()?;
        server.peek(&mut [0])?; // waits until it is there
        io::Result::Ok((client, BufReader::new(server)))
    };
    let (_client, mut socket) = send(b"1234567\n12345678\n").unwrap();
    assert_eq!(read_line(&mut socket, 8, LIMIT).unwrap(), "1234567");
    let long = read_line(&mut socket, 8, LIMIT).unwrap_err();
    assert_eq!(long.kind(), ErrorKind::InvalidData);
    let (_client, mut socket) = send(b"1\n").unwrap();
    let late = read_line(&mut socket, 8, Duration::ZERO).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::TimedOut);
}

/// A pool of no thread would do nothing, and say that all is well.
#[test]
fn a_pool_has_at_least_one_thread() {
    let same = |n: u32| Ok::<_, ()>(n);
    assert_eq!(cooks_crossbeam::map(0, vec![1, 2], same), Ok(vec![1, 2]));
    assert_eq!(worker_queue::in_pool(0, [1, 2], |n| n), [1, 2]);
    let done = AtomicUsize::new(0);
    let job = || _ = done.fetch_add(1, Relaxed);
    too_many_threads::in_a_pool(0, 3, job).unwrap();
    assert_eq!(done.into_inner(), 3);
}

/// A step that blocks, by which it uses up what wakes its pause.
#[test]
fn a_worker_whose_step_blocks_stops_as_well() {
    use std::sync::mpsc::channel;
    let stopped = within(LIMIT, || {
        let (begins, begun) = channel();
        let step = move || {
            begins.send(()).unwrap();
            thread::sleep(Duration::from_millis(50)); // asked to stop
            let (tell, told) = channel();
            let late = move || {
                thread::sleep(Duration::from_millis(50));
                tell.send(()).unwrap();
            };
            thread::spawn(late);
            told.recv().unwrap();
        };
        let pause = Duration::from_mins(1);
        let worker = stop_flag::Worker::start(pause, step).unwrap();
        begun.recv().unwrap();
        worker.stop().is_ok()
    });
    assert_eq!(stopped, Ok(true));
}

/// A number that does not exist poisons no lock.
#[test]
fn a_value_that_is_not_there_poisons_no_other() {
    let values = [1, 2].map(std::sync::Mutex::new);
    let nowhere = || *deadlock::lock_both(&values, 0, 9).0;
    panic_capture::captured(nowhere).unwrap_err();
    assert!(!values[0].is_poisoned());
}
