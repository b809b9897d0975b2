//! Programs that end, or are ended, with their pools: this one, in a role.

use std::{
    env,
    io::{BufRead, BufReader},
    mem,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{self, Child, Command, Stdio},
    thread,
    time::Duration,
};

use futures_pool::{Executor, Handle, Pending, ProcessPool};
use nix::{
    sys::signal::{SigHandler, Signal, killpg, signal},
    unistd::Pid,
};
use shared::watchdog::Watchdog;

use crate::{
    cases, faults,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        idle_workers_end_with_their_parent
        busy_workers_end_with_their_parent
        a_worker_whose_parent_is_gone_does_not_begin
        one_interrupt_ends_a_program_with_a_thousand_jobs
        main_waits_for_pending_jobs_when_it_returns
        exit_does_not_wait_for_a_running_job
        a_forgotten_pool_does_not_hold_up_the_program
        a_flood_on_both_outputs_disturbs_nothing
        workers_have_the_environment_of_their_parent
    ]
}

const ROLE: &str = "as-victim";

/// Plays its role, if this program has one: true, and `main` is to return.
pub fn plays_a_role() -> bool {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() != Some(ROLE) {
        return false;
    }
    let role = arguments.next().expect("it comes with the other");
    faults::set_apart(&role); // while this is the only thread
    // For when the test that watches it is killed.
    let limit = Duration::from_secs(60);
    let _bound = Watchdog::guard("the victim", limit).unwrap();
    match role.as_str() {
        "is-idle" => wait_with(&of_three(), Vec::new()),
        "is-busy" => {
            let pool = of_three();
            let jobs = (0..10).map(|_| pool.submit(spin, ())).collect();
            wait_with(&pool, jobs);
        }
        "is-interrupted" => {
            hear_interrupts();
            let pool = of_three();
            let jobs = (0..1000).map(|_| pool.submit(spin, ())).collect();
            wait_with(&pool, jobs);
        }
        "bears-an-orphan" => bear(),
        "returns" => {
            let pool = of_three();
            let folder =
                Folder::at(arguments.next().expect("so it is started"));
            for number in 0..8 {
                drop(pool.submit(hold, (folder.clone(), number)));
            }
            println!("{:?}", pool.pids());
        }
        leaver @ ("exits" | "forgets") => {
            let pool = of_three();
            drop(pool.submit(spin, ()));
            pool.close(Pending::Cancel);
            println!("{:?}", pool.pids());
            if leaver == "exits" {
                process::exit(0);
            }
            mem::forget(pool);
        }
        "floods" => {
            let pool = of_three();
            let jobs: Vec<_> =
                (0..4).map(|_| pool.submit(flood, 1 << 20)).collect();
            let well = jobs.into_iter().all(|job| job.result() == Ok(()));
            println!("{well} {:?}", pool.submit(square, 3).result());
        }
        "looks-around" => {
            let there = of_three().submit(environment, ()).result().unwrap();
            println!("{:?}", there == environment(()));
            there.iter().for_each(|(name, value)| println!("{name}={value}"));
        }
        role => faults::play(role, arguments),
    }
    true
}

/// Whoever is started in the background may have been told to ignore them.
fn hear_interrupts() {
    do_as_usual_at(Signal::SIGINT);
}

/// Restores the default action of a signal.
#[expect(unsafe_code, reason = "there is no safe way to the default")]
pub fn do_as_usual_at(which: Signal) {
    let default = SigHandler::SigDfl;
    // SAFETY: it is no function of ours that will run then.
    unsafe { signal(which, default) }.unwrap();
}

fn of_three() -> ProcessPool {
    ProcessPool::of(3)
}

/// Tells who works here, and waits for the end.
fn wait_with(pool: &ProcessPool, jobs: Vec<Handle<()>>) {
    println!("{:?}", pool.pids());
    jobs.into_iter().for_each(|job| drop(job.result()));
    loop {
        thread::park();
    }
}

/// Starts a worker as a pool does, and is gone before that looks around.
fn bear() {
    let pool = of_three();
    println!("{:?}", pool.pids());
    process::exit(0) // while they look around
}

pub fn victim(role: &str) -> Command {
    victim_of(&env::current_exe().unwrap(), role)
}

/// The same, of another file of this program.
pub fn victim_of(program: &Path, role: &str) -> Command {
    let mut victim = Command::new(program);
    victim.args([ROLE, role]).stdout(Stdio::piped()).stderr(Stdio::piped());
    victim
}

/// Reads the process numbers that it prints.
pub fn workers(victim: &mut Child) -> Vec<u32> {
    let stdout = victim.stdout.as_mut().expect("it is piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

#[track_caller]
pub fn wait_for_the_end_of(pids: &[u32]) {
    until("the workers' end", || pids.iter().all(|pid| is_dead(*pid)));
}

/// SEC-01, D9.
fn idle_workers_end_with_their_parent(_: Folder) {
    end_with_their_parent("is-idle");
}

/// SEC-02, D9: they read nothing, so nothing tells them.
fn busy_workers_end_with_their_parent(_: Folder) {
    end_with_their_parent("is-busy");
}

fn end_with_their_parent(role: &str) {
    let mut victim = victim(role).spawn().unwrap();
    let pids = workers(&mut victim);
    assert!(pids.len() == 3 && pids.iter().all(|pid| is_alive(*pid)));
    victim.kill().unwrap();
    wait_for_the_end_of(&pids);
    victim.wait().unwrap();
}

/// SEC-03.
fn a_worker_whose_parent_is_gone_does_not_begin(_: Folder) {
    for _ in 0..10 {
        let mut victim =
            victim("bears-an-orphan").stdin(Stdio::piped()).spawn().unwrap();
        let orders = victim.stdin.take();
        let pids = workers(&mut victim);
        assert!(victim.wait().unwrap().success());
        wait_for_the_end_of(&pids);
        drop(orders);
    }
    // And by hand it is told what that is, in one line.
    let by_hand = as_worker().stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&by_hand.stderr);
    assert!(told.contains("as-worker") && told.lines().count() == 1, "{told}");
    assert_eq!(by_hand.status.code(), Some(2));
}

/// END-12: as a terminal does it, to the whole group.
fn one_interrupt_ends_a_program_with_a_thousand_jobs(_: Folder) {
    let mut victim = victim("is-interrupted").process_group(0).spawn().unwrap();
    let pids = workers(&mut victim);
    killpg(Pid::from_raw(victim.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(victim.wait().unwrap().signal(), Some(2));
    wait_for_the_end_of(&pids);
}

/// END-06, D5.
fn main_waits_for_pending_jobs_when_it_returns(folder: Folder) {
    let mut victim = victim("returns");
    let mut victim = victim.arg(folder.path("")).spawn().unwrap();
    let pids = workers(&mut victim);
    // Its `main` has nothing more to do, and no job is done.
    assert_eq!(folder.count("ended-"), 0);
    folder.release(0..8);
    let output = victim.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((folder.count("ended-"), &output.stderr[..]), (8, &[][..]));
    wait_for_the_end_of(&pids);
}

/// END-07.
fn exit_does_not_wait_for_a_running_job(_: Folder) {
    leaves("exits");
}

/// END-07.
fn a_forgotten_pool_does_not_hold_up_the_program(_: Folder) {
    leaves("forgets");
}

/// Its job would never end.
fn leaves(role: &str) {
    let mut victim = victim(role).spawn().unwrap();
    let pids = workers(&mut victim);
    assert!(victim.wait().unwrap().success());
    wait_for_the_end_of(&pids);
}

/// CRASH-28.
fn a_flood_on_both_outputs_disturbs_nothing(_: Folder) {
    let output = victim("floods").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "true Ok(9)\n");
    // Both of a worker's outputs are this one.
    assert_eq!(output.stderr.len(), 8 << 20);
}

/// SEC-13.
fn workers_have_the_environment_of_their_parent(_: Folder) {
    let mut victim = victim("looks-around");
    let output = victim.env_clear().env("NAME", "value").output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout, "true\nNAME=value\n");
}
