//! Every phase of a job, every way to die in it, with more or less to lose.

use std::time::Duration;

use futures_pool::{Executor, Pending};
use nix::sys::signal::Signal;

use crate::{
    jobs::*,
    support::{interface::*, *},
};

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Decode,
    Run,
    Encode,
    /// When the result has been sent already.
    After,
    /// While the next order is encoded here, for this worker.
    Writing,
    /// While its result is decoded here, from memory that both share.
    Reading,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Phase::Decode => "of a worker that decodes its argument",
            Phase::Run => "of a worker that runs its job",
            Phase::Encode => "of a worker that encodes its result",
            Phase::After => "of a worker that has sent its result",
            Phase::Writing => "of a worker whose next argument is encoded",
            Phase::Reading => "of a worker whose result is decoded",
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Load {
    Idle,
    /// Other jobs are pending.
    Backlog,
    /// They are, and the pool takes no more.
    Closed,
}

impl Load {
    fn name(self) -> &'static str {
        match self {
            Load::Idle => "no other job pending",
            Load::Backlog => "others pending",
            Load::Closed => "others pending, closed",
        }
    }
}

fn policy_name(policy: Policy) -> &'static str {
    match policy {
        Policy::Break => "in a pool that breaks",
        Policy::Replace => "in a pool that replaces it",
    }
}

fn how_name(how: How) -> &'static str {
    match how {
        How::Panic => "a panic",
        How::Exit(0) => "exit with 0",
        How::Exit(_) => "exit with 99",
        How::Abort => "abort",
        How::Kill => "SIGKILL",
        _ => "segmentation fault",
    }
}

type Cell = (Phase, How, Load, Policy);

pub fn cases() -> Vec<Case> {
    use Phase::*;
    let mut cases = Vec::new();
    for phase in [Decode, Run, Encode, After, Writing, Reading] {
        for how in [
            How::Panic,
            How::Exit(0),
            How::Exit(99),
            How::Abort,
            How::Kill,
            How::Segfault,
        ] {
            for load in [Load::Idle, Load::Backlog, Load::Closed] {
                for policy in [Policy::Break, Policy::Replace] {
                    let name = format!(
                        "matrix: {} {}, {}, {}",
                        how_name(how),
                        phase.name(),
                        policy_name(policy),
                        load.name(),
                    );
                    let cell = (phase, how, load, policy);
                    let test = move |_| every_death_in_every_phase(cell);
                    cases.push(Case::new(name, test));
                }
            }
        }
    }
    for phase in [Decode, Run, Encode, After] {
        for how in [How::Panic, How::Exit(0), How::Abort, How::Kill] {
            for load in [Load::Backlog, Load::Closed] {
                for policy in [Policy::Break, Policy::Replace] {
                    let name = format!(
                        "matrix: {} {}, {}, {}, another one at work",
                        how_name(how),
                        phase.name(),
                        policy_name(policy),
                        load.name(),
                    );
                    let cell = (phase, how, load, policy);
                    let test = move |_| every_death_beside_a_worker(cell);
                    cases.push(Case::new(name, test));
                }
            }
        }
    }
    cases
}

/// More than goes through a pipe.
const LARGE: usize = 1 << 20;

/// CRASH-03, CRASH-04, CRASH-05, CRASH-09, CRASH-11, CRASH-16, D2, D6.
fn every_death_in_every_phase((phase, how, load, policy): Cell) {
    let pool = policy.pool(1);
    let worker = pool.pids()[0];
    // In the later phases the job is innocent: something explodes beside it.
    let beside =
        matches!(phase, Phase::After | Phase::Writing | Phase::Reading);
    let (mut fuse, mut exit) = (Door::new(), Door::new());
    if beside {
        assert_eq!(pool.submit(plant, (how, fuse.number())).result(), Ok(()));
        fuse.knock();
    }

    // All is submitted while the worker is stopped.
    send(worker, Signal::SIGSTOP);
    let trap = |spot| pool.submit(spring, Trap::new(spot, how));
    let mut desk = Door::new(); // where whoever encodes or decodes here waits
    let held = |spot| Trap::heavy(spot, How::Hold(desk.number()), LARGE);
    let (victim, before) = match phase {
        Phase::Decode => (Some(trap(Spot::DecodeArgument)), None),
        Phase::Run => (Some(trap(Spot::Run)), None),
        Phase::Encode => (Some(trap(Spot::EncodeResult)), None),
        // What it has then is the next job, if there is one.
        Phase::After if load == Load::Idle => (None, None),
        Phase::After => {
            let trap = Trap::new(Spot::Nowhere, how);
            (Some(pool.submit(stay, (exit.number(), trap))), None)
        }
        Phase::Writing => {
            let trap = Trap::new(Spot::Nowhere, how);
            let before = pool.submit(stay, (exit.number(), trap));
            let held = held(Spot::EncodeArgument);
            (Some(pool.submit(spring, held)), Some(before))
        }
        Phase::Reading => {
            let victim = pool.submit(spring, held(Spot::DecodeResult));
            assert!(!victim.is_done()); // nobody waits, but somebody asks
            (Some(victim), None)
        }
    };
    let others = if load == Load::Idle { 0 } else { 20 };
    let others: Vec<_> = (0..others).map(|n| pool.submit(square, n)).collect();
    if load == Load::Closed {
        pool.close(Pending::Finish);
    }

    // It dies in its phase.
    match phase {
        Phase::Decode | Phase::Run | Phase::Encode => {
            send(worker, Signal::SIGCONT);
        }
        Phase::After => {
            send(worker, Signal::SIGCONT);
            if victim.is_some() {
                exit.knock();
            }
        }
        Phase::Writing => {
            send(worker, Signal::SIGCONT);
            exit.open();
            desk.knock();
        }
        Phase::Reading => {
            send(worker, Signal::SIGCONT);
            desk.knock();
        }
    }
    drop(fuse);
    if how.told().is_some() {
        until("its death", || is_dead(worker));
    }
    drop((exit, desk));

    assert!(before.is_none_or(|before| before.result().is_ok()));
    // Its job is lost, or failed, or neither.
    let lost = victim.map(|victim| victim.result());
    match (how.told(), &lost) {
        (None, Some(Ok(_))) => assert!(beside),
        (None, Some(panicked)) => {
            assert_panicked(panicked);
            assert!(!beside);
        }
        // It had come already, or another worker does it.
        (Some(_), Some(Ok(_))) => assert!(
            phase == Phase::Reading
                || phase == Phase::Writing && policy == Policy::Replace
        ),
        (Some(told), Some(broken)) => {
            assert_broken(broken, &format!("worker {worker} {told}"));
        }
        (_, None) => assert!(phase == Phase::After),
    }
    // The other jobs, and one more, are lost with it only if the pool is.
    if how.told().is_some() {
        until("its burial", || pool.pids() != [worker]);
    }
    let broken = policy == Policy::Break && how.told().is_some();
    let late = pool.submit(pid, ()).result();
    for (other, n) in others.into_iter().zip(0..) {
        let result = other.result();
        match broken {
            true => assert_eq!(cause_of(result), cause_of(late.clone())),
            false => assert_eq!(result, Ok(n * n)),
        }
    }
    if broken {
        assert_broken(&late, &worker.to_string());
    } else if load == Load::Closed {
        assert_eq!(late, closed());
    } else {
        assert_eq!(late.unwrap() == worker, how.told().is_none());
    }
    pool.shutdown(Pending::Finish);
    assert!(children().is_empty());
}

/// CRASH-51: one of two workers dies, while the other one runs a job.
fn every_death_beside_a_worker((phase, how, load, policy): Cell) {
    let pool = policy.pool(2);
    let pids = pool.pids();
    let (mut door, mut fuse) = (Door::new(), Door::new());
    let beside = pool.submit(linger, door.number());
    door.knock();
    let worker = pool.submit(pid, ()).result().unwrap();
    let other = pids.into_iter().find(|pid| *pid != worker).unwrap();
    // Until then the other one is held up, so all of this is for the worker.
    let trap = |spot| Some(pool.submit(spring, Trap::new(spot, how)));
    send(worker, Signal::SIGSTOP);
    let victim = match phase {
        Phase::Decode => trap(Spot::DecodeArgument),
        Phase::Run => trap(Spot::Run),
        Phase::Encode => trap(Spot::EncodeResult),
        _ => {
            send(worker, Signal::SIGCONT);
            let plant = pool.submit(plant, (how, fuse.number()));
            assert_eq!(plant.result(), Ok(()));
            fuse.knock();
            None
        }
    };
    let blocked = victim.is_some();
    let pending = if blocked { 20 } else { 0 };
    let pending: Vec<_> =
        (0..pending).map(|n| pool.submit(square, n)).collect();
    if load == Load::Closed && blocked {
        pool.close(Pending::Finish);
    }
    send(worker, Signal::SIGCONT);
    drop(fuse);

    let lost = victim.map(|victim| victim.result());
    let Some(told) = how.told() else {
        lost.iter().for_each(assert_panicked);
        for (job, n) in pending.into_iter().zip(0..) {
            assert_eq!(job.result(), Ok(n * n));
        }
        drop(door);
        assert_eq!(beside.result(), Ok(other));
        return;
    };
    let told = format!("worker {worker} {told}");
    lost.iter().for_each(|lost| assert_broken(lost, &told));
    until("its burial", || !pool.pids().contains(&worker));
    match policy {
        Policy::Break => {
            // The other one is killed, too, though its door is closed.
            assert_broken(&beside.result(), &told);
            for job in pending {
                assert_broken(&job.result(), &told);
            }
            assert!(is_dead(other));
        }
        Policy::Replace => {
            // By the replacement: the other one is still held up.
            for (job, n) in pending.into_iter().zip(0..) {
                assert_eq!(job.result(), Ok(n * n));
            }
            assert!(!beside.is_done() && pool.pids().contains(&other));
            if load == Load::Closed && !blocked {
                pool.close(Pending::Finish);
            }
            drop(door);
            assert_eq!(beside.result(), Ok(other));
        }
    }
    assert!(pool.shutdown_timeout(Pending::Finish, Duration::from_secs(20)));
}
