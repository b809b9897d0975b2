//! Every phase of a job, every way to die in it, with more or less to lose.

use futures_pool::{Executor, JobError, Pending, ProcessPool};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    Case, children, soon, stat,
    trap::{Door, How, Spot, Trap, pid, plant, spring, square, stay},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// While the worker decodes the argument.
    Decode,
    Run,
    /// While the worker encodes the result.
    Encode,
    /// When the result has been sent already.
    After,
    /// While the next order is encoded here, for this worker.
    Writing,
    /// While its result is decoded here, from memory that both share.
    Reading,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Load {
    Idle,
    /// Other jobs are pending.
    Backlog,
    /// They are, and the pool takes no more.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Policy {
    Break,
    Replace,
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
                    let cell = (phase, how, load, policy);
                    let name = format!("matrix {cell:?}").to_lowercase();
                    cases.push(Case::new(&name, move || holds(cell)));
                }
            }
        }
    }
    cases
}

/// More than goes through a pipe.
const LARGE: usize = 1 << 20;

fn holds((phase, how, load, policy): Cell) {
    let pool = ProcessPool::builder().workers(1);
    let pool = match policy {
        Policy::Break => pool.build().unwrap(),
        Policy::Replace => pool.replace_dead_workers().build().unwrap(),
    };
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
    let main_thread = format!("/proc/{worker}");
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
        assert!(soon(|| stat(&main_thread).is_none_or(|(s, _)| s == 'Z')));
    }
    drop((exit, desk));

    assert!(before.is_none_or(|before| before.result().is_ok()));
    // Its job is lost, or failed, or neither.
    let lost = victim.map(|victim| victim.result());
    match (how.told(), &lost) {
        (None, Some(Ok(_))) => assert!(beside),
        (None, Some(Err(JobError::Panicked { .. }))) => assert!(!beside),
        // It had come already, or another worker does it.
        (Some(_), Some(Ok(_))) => assert!(
            phase == Phase::Reading
                || phase == Phase::Writing && policy == Policy::Replace
        ),
        (Some(told), Some(Err(JobError::Broken(how)))) => {
            assert!(how.contains(&format!("worker {worker} {told}")), "{how}");
        }
        (_, None) => assert!(phase == Phase::After),
        _ => panic!("{lost:?}"),
    }
    // The other jobs, and one more, are lost with it only if the pool is.
    if how.told().is_some() {
        assert!(soon(|| pool.pids() != [worker]));
    }
    let broken = policy == Policy::Break && how.told().is_some();
    let late = pool.submit(pid, ()).result();
    for (other, n) in others.into_iter().zip(0..) {
        let result = other.result();
        match broken {
            true => assert_eq!(result.err(), late.clone().err()),
            false => assert_eq!(result, Ok(n * n)),
        }
    }
    match &late {
        Err(JobError::Broken(how)) if broken => {
            assert!(how.contains(&worker.to_string()), "{how}");
        }
        Err(JobError::Closed) => assert!(!broken && load == Load::Closed),
        Ok(pid) if !broken => {
            assert_eq!(*pid == worker, how.told().is_none());
        }
        _ => panic!("{late:?}"),
    }
    pool.shutdown(Pending::Finish);
    assert!(children().is_empty());
}

pub fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}
