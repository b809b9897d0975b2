//! Locks, and what else processes wait for: when a holder dies or panics, when
//! somebody does not come, and when something is given back too often.
//!
//! Two mappings of the same memory lie at two addresses, as in two processes.
//! What real processes do with it, the programs show, and `headers` compares.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use std::{io, thread};

use multiprocessing::fork_server::ForkServer;
use multiprocessing::sync::{
    Barrier, Broken, Event, ReleasedTooOften, Semaphore,
};
use multiprocessing::{LockError, RobustMutex, Shared, SharedMemory};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::watchdog::within;

use crate::support::*;

#[path = "../../src/bin/usage/fork_with_threads.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod fork_with_threads;
#[path = "../../src/bin/usage/lock_holder_killed.rs"]
#[expect(dead_code, reason = "as above")]
mod lock_holder_killed;
#[path = "../../src/bin/usage/lock_kinds.rs"]
#[expect(dead_code, reason = "as above")]
mod lock_kinds;
#[path = "../../src/bin/usage/shared_barrier.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_barrier;
#[path = "../../src/bin/usage/shared_condition.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_condition;
#[path = "../../src/bin/usage/shared_event.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_event;
#[path = "../../src/bin/usage/shared_lock.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_lock;
#[path = "../../src/bin/usage/shared_semaphore.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_semaphore;

const LIMIT: Duration = Duration::from_secs(20);
/// For a wait whose end is that nobody comes.
const SHORT: Duration = Duration::from_millis(30);
const LOCK_HOLDER_KILLED: &str = env!("CARGO_BIN_EXE_lock_holder_killed");
const LOCK_KINDS: &str = env!("CARGO_BIN_EXE_lock_kinds");
const FORKSERVER: &str = env!("CARGO_BIN_EXE_forkserver");

/// The same memory, mapped twice.
fn twice(bytes: usize) -> [SharedMemory; 2] {
    let one = SharedMemory::new(bytes).unwrap();
    let file = one.file().try_clone_to_owned().unwrap();
    [one, SharedMemory::from_file(file).unwrap()]
}

fn again<T: zerocopy::FromBytes + zerocopy::IntoBytes + Send>(
    mutex: &RobustMutex<T>,
) -> RobustMutex<T> {
    let file = mutex.file().try_clone_to_owned().unwrap();
    RobustMutex::from_file(file).unwrap()
}

fn look<T: Shared>(memory: &SharedMemory) -> &T {
    memory.view(0).unwrap()
}

fn dies_with_the_lock(mutex: &RobustMutex<[u64; 2]>) {
    thread::scope(|scope| {
        // The thread ends with the lock, as a process that is killed.
        let die = || {
            let mut guard = mutex.lock(LIMIT).unwrap();
            guard[0] += 1;
            std::mem::forget(guard);
        };
        scope.spawn(die).join().unwrap();
    });
}

/// MP-15: processes that update under the lock lose nothing.
#[test]
fn no_update_is_lost_under_the_lock() {
    let counted = within(LIMIT, || {
        let mutex = RobustMutex::new([0_u64; 2]).unwrap();
        let others = [again(&mutex), again(&mutex), again(&mutex)];
        thread::scope(|scope| {
            for mutex in &others {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        shared_lock::with_lock(mutex, |[first, second]| {
                            *first += 1;
                            *second += 1;
                        })
                        .unwrap();
                    }
                });
            }
        });
        shared_lock::with_lock(&mutex, |counters| *counters).unwrap()
    });
    assert_eq!(counted, Ok([15_000; 2]));
}

/// MP-16: a process that is killed with the lock; the next one is told, once it
/// is repaired nobody is told any more.
#[test]
fn the_next_owner_is_told_of_a_death() {
    let mutex = RobustMutex::new([0_u64; 2]).unwrap();
    let mut child = Command::new(LOCK_HOLDER_KILLED)
        .args(["as-holder", "mutex"])
        .stdin(mutex.file().try_clone_to_owned().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = child.stdout.take().unwrap();
    io::Read::read_exact(&mut told, &mut [0]).unwrap();
    assert!(matches!(mutex.lock(SHORT), Err(LockError::TimedOut)));
    child.kill().unwrap();
    child.wait().unwrap();
    match mutex.lock(LIMIT) {
        Err(LockError::OwnerDied(left)) => assert_eq!(*left, [1, 0]),
        other => panic!("{other:?}"),
    }
    // Not repaired: the next one is told again.
    let mut repairs = 0;
    let repair = |data: &mut [u64; 2]| {
        repairs += 1;
        data[1] = data[0];
    };
    let other = again(&mutex);
    let guard = lock_holder_killed::lock_repaired(&other, LIMIT, repair);
    assert_eq!(*guard.unwrap(), [1, 1]);
    assert_eq!(repairs, 1);
    assert_eq!(*mutex.lock(LIMIT).unwrap(), [1, 1]);
}

/// MP-16: those that wait at the moment of the death are woken.
#[test]
fn a_waiter_has_the_lock_of_a_dead_owner() {
    let told = within(LIMIT, || {
        let mutex = RobustMutex::new([0_u64; 2]).unwrap();
        thread::scope(|scope| {
            let (locked, is_locked) = std::sync::mpsc::channel();
            let (die, may_die) = std::sync::mpsc::channel::<()>();
            let owner = again(&mutex);
            scope.spawn(move || {
                std::mem::forget(owner.lock(LIMIT).unwrap());
                locked.send(()).unwrap();
                let _ = may_die.recv();
            });
            is_locked.recv().unwrap();
            let next = scope.spawn(|| {
                matches!(mutex.lock(LIMIT), Err(LockError::OwnerDied(_)))
            });
            drop(die);
            next.join().unwrap()
        })
    });
    assert_eq!(told, Ok(true));
}

/// MP-16: the one that repairs dies, too.
#[test]
fn the_death_of_a_repairer_is_told() {
    let mutex = RobustMutex::new([0_u64; 2]).unwrap();
    dies_with_the_lock(&mutex);
    thread::scope(|scope| {
        let die = || {
            let Err(LockError::OwnerDied(left)) = mutex.lock(LIMIT) else {
                panic!("not told");
            };
            std::mem::forget(left);
        };
        scope.spawn(die).join().unwrap();
    });
    assert!(matches!(mutex.lock(LIMIT), Err(LockError::OwnerDied(_))));
    // A repair that panics is none.
    let panics = |_: &mut [u64; 2]| panic!("burnt");
    let repair = || {
        let _ = lock_holder_killed::lock_repaired(&mutex, LIMIT, panics);
    };
    catch_unwind(AssertUnwindSafe(repair)).unwrap_err();
    let Err(LockError::OwnerDied(left)) = mutex.lock(LIMIT) else {
        panic!("not told");
    };
    drop(left.repaired());
    assert!(mutex.lock(LIMIT).is_ok());
}

/// MP-16: a panic with the lock is told, as a death; one before it is not.
#[test]
fn a_panic_with_the_lock_is_told() {
    let mutex = RobustMutex::new([0_u64; 2]).unwrap();
    let panics = || {
        shared_lock::with_lock(&mutex, |data| {
            data[0] = 7;
            panic!("burnt");
        })
    };
    catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    let told = shared_lock::with_lock(&mutex, |_| ()).unwrap_err();
    assert_eq!(told.to_string(), "the owner died");
    let Err(LockError::OwnerDied(left)) = mutex.lock(LIMIT) else {
        panic!("not told");
    };
    assert_eq!(*left, [7, 0]);
    drop(left.repaired());

    struct LocksLate<'a>(&'a RobustMutex<[u64; 2]>);
    impl Drop for LocksLate<'_> {
        fn drop(&mut self) {
            self.0.lock(LIMIT).unwrap()[1] += 1; // while it panics
        }
    }
    let late = || {
        let _late = LocksLate(&mutex);
        panic!("burnt");
    };
    catch_unwind(AssertUnwindSafe(late)).unwrap_err();
    assert_eq!(*mutex.lock(LIMIT).unwrap(), [7, 1]);
}

/// A leaked guard keeps its memory: the C library still has it in a list.
#[test]
fn a_leaked_guard_harms_no_other_lock() {
    let leaked = RobustMutex::new(0_u64).unwrap();
    std::mem::forget(leaked.lock(LIMIT).unwrap());
    drop(leaked);
    let other = RobustMutex::new(0_u64).unwrap();
    for _ in 0..3 {
        *other.lock(LIMIT).unwrap() += 1;
    }
    assert_eq!(*other.lock(LIMIT).unwrap(), 3);
}

/// MP-17: to lock twice is an error, and nothing changes. (To unlock without
/// the lock does not compile: see `RobustMutex`.)
#[test]
fn locked_twice_is_an_error() {
    let mutex = RobustMutex::new(0_u64).unwrap();
    let guard = mutex.lock(LIMIT).unwrap();
    assert!(matches!(mutex.lock(LIMIT), Err(LockError::OwnedHere)));
    assert!(again(&mutex).lock(SHORT).is_err());
    drop(guard);
    assert!(again(&mutex).lock(LIMIT).is_ok());
}

#[test]
fn other_memory_is_no_mutex() {
    let mutex = RobustMutex::new(0_u64).unwrap();
    let file = || mutex.file().try_clone_to_owned().unwrap();
    assert!(RobustMutex::<u32>::from_file(file()).is_err());
    assert!(RobustMutex::<u64>::from_file(file()).is_ok());
    let plain = SharedMemory::new(4_096).unwrap();
    let plain = plain.file().try_clone_to_owned().unwrap();
    assert!(RobustMutex::<u64>::from_file(plain).is_err());
    let small = SharedMemory::new(8).unwrap();
    let small = small.file().try_clone_to_owned().unwrap();
    assert!(RobustMutex::<u64>::from_file(small).is_err());
    let stdin = io::stdin().as_fd().try_clone_to_owned().unwrap();
    assert!(RobustMutex::<u64>::from_file(stdin).is_err());
}

/// Bytes of somebody else in the memory of a mutex would be undefined behaviour:
/// the C library follows the pointers that lie in there.
#[test]
fn the_memory_of_a_mutex_is_for_nothing_else() {
    let mutex = RobustMutex::new([7_u64; 512]).unwrap();
    let file = || mutex.file().try_clone_to_owned().unwrap();
    assert!(SharedMemory::from_file(file()).is_err());
    assert!(SharedMemory::map_unsealed(file()).is_err());
    for length in [0, 1, 4_095] {
        assert!(File::from(file()).set_len(length).is_err(), "{length}");
    }
    assert_eq!(*again(&mutex).lock(LIMIT).unwrap(), [7; 512]);
    // Somebody may make it longer. Who has it already notices nothing.
    File::from(file()).set_len(1 << 20).unwrap();
    assert_eq!(*mutex.lock(LIMIT).unwrap(), [7; 512]);
}

/// MP-17: released too often: an error, and the count stays.
#[test]
fn a_semaphore_released_too_often_keeps_its_count() {
    let [one, two] = twice(64);
    let (one, two): (&Semaphore, &Semaphore) = (look(&one), look(&two));
    assert_eq!(one.release(), Err(ReleasedTooOften), "before init");
    one.init(2);
    assert_eq!(two.release(), Err(ReleasedTooOften));
    assert_eq!(two.free(), 2);
    assert!(one.acquire(LIMIT) && two.acquire(LIMIT));
    assert!(!one.acquire(SHORT) && !two.try_acquire());
    assert_eq!(two.release(), Ok(()));
    assert_eq!(one.release(), Ok(()));
    assert_eq!(one.release(), Err(ReleasedTooOften));
    assert_eq!(one.free(), 2);
}

#[test]
fn a_panic_gives_the_permit_back() {
    let [one, _] = twice(64);
    let semaphore: &Semaphore = look(&one);
    semaphore.init(1);
    let burn = || -> () { panic!("burnt") };
    let panics = || shared_semaphore::with_permit(semaphore, LIMIT, burn);
    catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    assert_eq!(semaphore.free(), 1);
    let nested = shared_semaphore::with_permit(semaphore, LIMIT, || {
        shared_semaphore::with_permit(semaphore, SHORT, || ()).is_err()
    });
    assert!(nested.unwrap());
}

/// A permit that is given back wakes one that waits for it.
#[test]
fn permits_wake_all_that_wait() {
    let most = within(LIMIT, || {
        let [one, two] = twice(64);
        let (one, two): (&Semaphore, &Semaphore) = (look(&one), look(&two));
        one.init(2);
        let (inside, most) = (AtomicU32::new(0), AtomicU32::new(0));
        let turns = |semaphore| {
            for _ in 0..2_000 {
                shared_semaphore::with_permit(semaphore, LIMIT, || {
                    let now = inside.fetch_add(1, SeqCst) + 1;
                    most.fetch_max(now, SeqCst);
                    inside.fetch_sub(1, SeqCst);
                })
                .unwrap();
            }
        };
        thread::scope(|scope| {
            for semaphore in [one, two, one, two] {
                scope.spawn(move || turns(semaphore));
            }
        });
        (most.into_inner(), one.free())
    });
    let (most, free) = most.unwrap();
    assert!(most <= 2);
    assert_eq!(free, 2);
}

/// MP-18: notify wakes exactly as many, none when nobody waits; a wait for what
/// does not come ends.
#[test]
fn notify_wakes_exactly_so_many() {
    let woken = within(LIMIT, || {
        let mutex = RobustMutex::new([0_u32; 2]).unwrap(); // waiting, woken
        assert_eq!(mutex.lock(LIMIT).unwrap().notify(3), 0, "nobody waits");
        thread::scope(|scope| {
            for _ in 0..6 {
                let mutex = again(&mutex);
                scope.spawn(move || {
                    let mut guard = mutex.lock(LIMIT).unwrap();
                    guard[0] += 1;
                    let (mut guard, woken) = guard.wait_once(LIMIT).unwrap();
                    assert!(woken);
                    guard[1] += 1;
                });
            }
            let until = |ready: &dyn Fn(&[u32; 2]) -> bool| loop {
                let guard = mutex.lock(LIMIT).unwrap();
                if ready(&guard) {
                    return guard;
                }
                drop(guard);
                thread::yield_now();
            };
            drop(until(&|data| data[0] == 6));
            let mut counts = Vec::new();
            for (count, all) in [(1, 1), (3, 4), (9, 6), (1, 6)] {
                counts.push(mutex.lock(LIMIT).unwrap().notify(count));
                drop(until(&|data| data[1] == all));
            }
            counts
        })
    });
    assert_eq!(woken, Ok(vec![1, 3, 2, 0]));
}

/// MP-18: a wait for what does not come ends with the lock, and counts no more
/// as one that waits.
#[test]
fn a_wait_without_a_notification_ends() {
    let mutex = RobustMutex::new(0_u32).unwrap();
    let guard = mutex.lock(LIMIT).unwrap();
    let (guard, woken) = guard.wait_once(SHORT).unwrap();
    assert!(!woken);
    let (guard, ready) = guard.wait_for(SHORT, |data| *data == 7).unwrap();
    assert!(!ready);
    assert_eq!(guard.notify(9), 0, "nobody waits any more");
    let (guard, ready) = guard.wait_for(LIMIT, |data| *data == 0).unwrap();
    assert!(ready, "it asks before it waits");
    drop(guard);
    let none = shared_condition::take(&mutex, SHORT, || {});
    assert_eq!(none.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(shared_condition::add(&mutex, 2, 1).unwrap(), 0);
    shared_condition::take(&mutex, SHORT, || {}).unwrap();
    assert_eq!(*mutex.lock(LIMIT).unwrap(), 1);
}

/// MP-18: each job is taken once, however the notifications come.
#[test]
fn each_job_is_taken_once() {
    let left = within(LIMIT, || {
        let jobs = RobustMutex::new(0_u32).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                let jobs = again(&jobs);
                scope.spawn(move || {
                    for _ in 0..500 {
                        shared_condition::take(&jobs, LIMIT, || {}).unwrap();
                    }
                });
            }
            for _ in 0..2_000 {
                shared_condition::add(&jobs, 1, 1).unwrap();
            }
        });
        shared_lock::with_lock(&jobs, |jobs| *jobs).unwrap()
    });
    assert_eq!(left, Ok(0));
}

/// MP-18: an event wakes all, stays set, and can be cleared.
#[test]
fn an_event_wakes_all_that_wait() {
    let woken = within(LIMIT, || {
        let [one, two] = twice(64);
        let (one, two): (&Event, &Event) = (look(&one), look(&two));
        assert!(!one.is_set() && !one.wait(SHORT));
        let woken = AtomicU32::new(0);
        thread::scope(|scope| {
            for event in [one, two, one, two] {
                let woken = &woken;
                scope.spawn(move || {
                    woken.fetch_add(event.wait(LIMIT).into(), SeqCst);
                });
            }
            assert_eq!(woken.load(SeqCst), 0);
            two.set();
        });
        assert!(one.wait(Duration::ZERO));
        assert_eq!(shared_event::work_until(one, LIMIT, || {}), 0);
        one.clear();
        assert!(!two.is_set());
        woken.into_inner()
    });
    assert_eq!(woken, Ok(4));
}

fn meet<R: Send>(
    parties: u32,
    barrier: &Barrier,
    each: impl Fn(u32, &Barrier) -> R + Sync,
) -> Vec<R> {
    thread::scope(|scope| {
        let each = &each;
        let meet = |n| scope.spawn(move || each(n, barrier));
        let all: Vec<_> = (0..parties).map(meet).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// MP-19: 1000 rounds in step, with one leader in each.
#[test]
fn a_barrier_keeps_a_thousand_rounds_in_step() {
    let counts = within(LIMIT, || {
        let [memory, _] = twice(64);
        let barrier: &Barrier = look(&memory);
        assert_eq!(barrier.wait(SHORT), Err(Broken), "before init");
        barrier.init(5);
        let (begun, leaders) = (AtomicU32::new(0), AtomicU32::new(0));
        let done = meet(5, barrier, |_, barrier| {
            let lead = || _ = leaders.fetch_add(1, SeqCst);
            shared_barrier::in_rounds(barrier, 1_000, LIMIT, lead, |round| {
                assert_eq!(begun.fetch_add(1, SeqCst) / 5, round);
            })
        });
        assert_eq!(done, [Ok(()); 5]);
        (begun.into_inner(), leaders.into_inner())
    });
    assert_eq!(counts, Ok((5_000, 1_000)));
}

/// The count of rounds has 15 bits.
#[test]
fn the_count_of_rounds_may_overflow() {
    let [memory, _] = twice(64);
    let barrier: &Barrier = look(&memory);
    barrier.init(1);
    for _ in 0..70_000 {
        assert_eq!(barrier.wait(SHORT), Ok(true));
    }
    barrier.init(2);
    let both = meet(2, barrier, |_, barrier| barrier.wait(LIMIT));
    assert!(both == [Ok(true), Ok(false)] || both == [Ok(false), Ok(true)]);
}

/// MP-19: one does not come, or aborts: all are told, also who comes later.
/// After a reset it is whole.
#[test]
fn a_broken_barrier_tells_all() {
    let [memory, _] = twice(64);
    let barrier: &Barrier = look(&memory);
    for abort in [false, true] {
        barrier.init(5);
        let begun = Instant::now();
        let told = meet(4, barrier, |n, barrier| match (abort, n) {
            (true, 0) => {
                barrier.abort();
                Err(Broken)
            }
            (false, 0) => barrier.wait(SHORT), // the first to give up
            _ => barrier.wait(LIMIT),
        });
        assert_eq!(told, [Err(Broken); 4]);
        assert!(begun.elapsed() < LIMIT, "they were not woken");
        assert_eq!(barrier.wait(LIMIT), Err(Broken));
    }
    barrier.init(2);
    let leaders = meet(2, barrier, |_, barrier| barrier.wait(LIMIT));
    assert_eq!(leaders.iter().filter(|one| **one == Ok(true)).count(), 1);
}

fn fork_server() -> (ForkServer, i32) {
    static SERVERS: AtomicU32 = AtomicU32::new(0);
    let number = SERVERS.fetch_add(1, SeqCst);
    let value = format!("{}-{number}", std::process::id());
    let mut command = Command::new(FORKSERVER);
    command.arg("as-server").env("TEST_SERVER", &value);
    let server = ForkServer::start(command).unwrap();
    let pid = wait_for(&format!("TEST_SERVER={value}"), "as-server");
    (server, pid)
}

#[test]
fn a_fork_server_tells_how_each_process_ended() {
    let (mut server, pid) = fork_server();
    let mut pids = Vec::new();
    for job in [0, 7, 255] {
        let ended = server.run(job, LIMIT).unwrap();
        assert_eq!(ended.status, Some(job.into()));
        pids.push(ended.pid);
    }
    pids.dedup();
    assert_eq!(pids.len(), 3);
    // It is reaped, and nothing else is a child of the server.
    let children = format!("/proc/{pid}/task/{pid}/children");
    let children = std::fs::read_to_string(children).unwrap_or_default();
    assert_eq!(children, "");
    drop(server);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

/// MP-23: the fork server was killed, or hangs: the parent is told, and its own
/// end waits for nothing.
#[test]
fn a_fork_server_that_dies_or_hangs_is_told() {
    for signal in [Signal::SIGKILL, Signal::SIGSTOP] {
        let told = within(LIMIT, move || {
            let (mut server, pid) = fork_server();
            server.run(0, LIMIT).unwrap();
            kill(Pid::from_raw(pid), signal).unwrap();
            let limit = if signal == Signal::SIGKILL { LIMIT } else { SHORT };
            let first = server.run(0, limit).map_err(|why| why.kind());
            let next = server.run(0, LIMIT).is_err();
            drop(server);
            let gone = !std::path::Path::new(&format!("/proc/{pid}")).exists();
            (first.unwrap_err(), next, gone)
        });
        let (first, next, gone) = told.unwrap();
        assert!(next && gone);
        assert_eq!(
            first == io::ErrorKind::TimedOut,
            signal == Signal::SIGSTOP,
            "{first}"
        );
    }
}

/// MP-23: the parent was killed: its fork server is not left.
#[test]
fn nothing_is_left_of_a_killed_parent() {
    let (mut child, mark) = start(FORKSERVER, &[]);
    wait_for(&mark, "as-server");
    child.kill().unwrap();
    child.wait().unwrap();
    nothing_is_left(&mark);
}

/// A process with threads must not fork, and this one has some.
#[test]
fn a_process_with_threads_does_not_fork() {
    let never = fork_with_threads::run_forked(|| 0, LIMIT);
    let told = never.unwrap_err().to_string();
    assert!(told.ends_with("threads: only a single one may fork"), "{told}");
}

/// MP-16: the holder of a lock ends with its parent, of which a kill closes all
/// pipes, and unlocks.
#[test]
fn a_holder_does_not_outlive_its_parent() {
    for (program, kind) in [
        (LOCK_HOLDER_KILLED, "semaphore"),
        (LOCK_HOLDER_KILLED, "mutex"),
        (LOCK_KINDS, "robust mutex"),
        (LOCK_KINDS, "file lock"),
    ] {
        let mutex = RobustMutex::new([0_u64; 2]).unwrap();
        let memory = SharedMemory::new(4_096).unwrap();
        look::<Semaphore>(&memory).init(1);
        let stdin = match kind {
            "mutex" => mutex.hand_over(),
            "robust mutex" => RobustMutex::new(()).unwrap().hand_over(),
            "semaphore" => memory.hand_over(),
            _ => SharedMemory::new(4_096).unwrap().hand_over(),
        };
        let mut holder = Command::new(program)
            .args(["as-holder", kind])
            .stdin(stdin.unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = holder.stdout.take().unwrap();
        io::Read::read_exact(&mut told, &mut [0]).unwrap(); // locked
        drop(told);
        let ended = within(LIMIT, move || holder.wait().unwrap());
        assert!(ended.unwrap().success(), "{kind}");
        assert_eq!(look::<Semaphore>(&memory).free(), 1);
        assert_eq!(mutex.lock(LIMIT).unwrap()[0], u64::from(kind == "mutex"));
    }
}

#[test]
fn a_file_is_unlocked_at_the_end_and_after_a_panic() {
    let memory = SharedMemory::new(1).unwrap();
    let path = format!("/proc/self/fd/{}", memory.file().as_raw_fd());
    let alone = |work: &dyn Fn() -> bool| {
        lock_kinds::only_one(path.as_ref(), work).map_err(|why| why.kind())
    };
    let busy = || alone(&|| true) == Err(io::ErrorKind::WouldBlock);
    assert_eq!(alone(&busy), Ok(true));
    let burn = || alone(&|| panic!("burnt"));
    catch_unwind(AssertUnwindSafe(burn)).unwrap_err();
    assert_eq!(alone(&|| true), Ok(true));
}
