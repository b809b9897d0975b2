//! Programs that end, or are ended, with their pools: this one, in a role.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    mem,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use futures_pool::{Executor, Handle, Pending, ProcessPool};
use nix::{
    sys::signal::{SigHandler, Signal, killpg, signal},
    unistd::Pid,
};
use shared::watchdog::Watchdog;

use crate::{
    Case, is_alive, me, soon,
    trap::{environment, flood, spin, square, write_a_file},
};

pub fn cases() -> Vec<Case> {
    let rows: &[(&str, fn())] = &[
        ("killed with idle workers", || killed("is-idle")),
        ("killed with busy workers", || killed("is-busy")),
        ("a parent that is gone before its worker is armed", orphans),
        ("interrupted with a thousand jobs", interrupted),
        ("main returns while work is pending", work_is_done),
        ("exit while a job runs", || leaves("exits")),
        ("main returns, and the pool is forgotten", || leaves("forgets")),
        ("floods on both outputs", floods),
        ("workers have the environment of their parent", inheritance),
    ];
    rows.iter().map(|(name, test)| Case::new(name, test)).collect()
}

const ROLE: &str = "as-victim";

/// Plays its role, if this program has one: true, and `main` is to return.
pub fn play() -> bool {
    let mut arguments = env::args().skip(1);
    if arguments.next().as_deref() != Some(ROLE) {
        return false;
    }
    let role = arguments.next().expect("it comes with the other");
    // For when the test that watches it is killed.
    let limit = Duration::from_secs(60);
    let _bound = Watchdog::guard("the victim", limit).unwrap();
    match role.as_str() {
        "is-idle" => wait_with(&crew(), Vec::new()),
        "is-busy" => {
            let pool = crew();
            let jobs = (0..10).map(|_| pool.submit(spin, ())).collect();
            wait_with(&pool, jobs);
        }
        "is-interrupted" => {
            hear_interrupts();
            let pool = crew();
            let jobs = (0..1000).map(|_| pool.submit(spin, ())).collect();
            wait_with(&pool, jobs);
        }
        "bears-an-orphan" => bear(),
        "returns" => {
            let pool = crew();
            let folder = arguments.next().expect("so it was started");
            for number in 0..8 {
                drop(pool.submit(write_a_file, format!("{folder}/{number}")));
            }
        }
        leaver @ ("exits" | "forgets") => {
            let pool = crew();
            drop(pool.submit(spin, ()));
            pool.close(Pending::Cancel);
            println!("{:?}", pool.pids());
            if leaver == "exits" {
                process::exit(0);
            }
            mem::forget(pool);
        }
        "floods" => {
            let pool = crew();
            let jobs: Vec<_> =
                (0..4).map(|_| pool.submit(flood, 1 << 20)).collect();
            let well = jobs.into_iter().all(|job| job.result() == Ok(()));
            println!("{well} {:?}", pool.submit(square, 3).result());
        }
        "looks-around" => {
            let there = crew().submit(environment, ()).result().unwrap();
            println!("{:?}", there == environment(()));
            there.iter().for_each(|(name, value)| println!("{name}={value}"));
        }
        role => unreachable!("{role}"),
    }
    true
}

/// Whoever is started in the background may have been told to ignore them.
#[expect(unsafe_code, reason = "there is no safe way to the default")]
fn hear_interrupts() {
    let default = SigHandler::SigDfl;
    // SAFETY: it is no function of ours that will run then.
    unsafe { signal(Signal::SIGINT, default) }.unwrap();
}

fn crew() -> ProcessPool {
    ProcessPool::new(3).unwrap()
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
    let mut orphan = Command::new(env::current_exe().unwrap());
    // Its orders never end: the other end of this pipe is the test's.
    orphan.args(["as-worker", &me().to_string(), "1", "/dev/zero"]);
    orphan.stdout(Stdio::null());
    println!("[{}]", orphan.spawn().unwrap().id());
}

fn victim(role: &str) -> Command {
    let mut victim = Command::new(env::current_exe().unwrap());
    victim.args([ROLE, role]).stdout(Stdio::piped()).stderr(Stdio::piped());
    victim
}

/// Reads the process numbers that it prints.
fn workers(victim: &mut Child) -> Vec<u32> {
    let stdout = victim.stdout.as_mut().expect("it is piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

fn all_go(pids: &[u32]) -> bool {
    soon(|| !pids.iter().any(|pid| is_alive(*pid)))
}

fn killed(role: &str) {
    let mut victim = victim(role).spawn().unwrap();
    let pids = workers(&mut victim);
    assert!(pids.len() == 3 && pids.iter().all(|pid| is_alive(*pid)));
    victim.kill().unwrap();
    assert!(all_go(&pids));
    victim.wait().unwrap();
}

fn orphans() {
    for _ in 0..10 {
        let mut victim =
            victim("bears-an-orphan").stdin(Stdio::piped()).spawn().unwrap();
        let orders = victim.stdin.take();
        let pids = workers(&mut victim);
        assert!(victim.wait().unwrap().success());
        assert!(all_go(&pids));
        drop(orders);
    }
    // And if another process has got the number of its parent's ... parent.
    let orphan = ["as-worker", "1", "1", "/dev/zero"];
    let orphan =
        Command::new(env::current_exe().unwrap()).args(orphan).output();
    let orphan = orphan.unwrap();
    assert_eq!((orphan.status.code(), &orphan.stdout[..]), (Some(1), &[][..]));
}

/// As a terminal does it: to the whole group.
fn interrupted() {
    let mut victim = victim("is-interrupted").process_group(0).spawn().unwrap();
    let pids = workers(&mut victim);
    killpg(Pid::from_raw(victim.id() as i32), Signal::SIGINT).unwrap();
    assert!(soon(|| victim.try_wait().unwrap().is_some()));
    assert_eq!(victim.wait().unwrap().signal(), Some(2));
    assert!(all_go(&pids));
}

fn work_is_done() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("crashes-work-{}", me()));
    fs::create_dir(&folder).unwrap();
    let output = victim("returns").arg(&folder).output().unwrap();
    let files = fs::read_dir(&folder).unwrap().count();
    fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!((files, &output.stderr[..]), (8, &[][..]));
}

fn leaves(role: &str) {
    let began = Instant::now();
    let mut victim = victim(role).spawn().unwrap();
    let pids = workers(&mut victim);
    assert!(victim.wait().unwrap().success());
    assert!(all_go(&pids));
    assert!(began.elapsed() < Duration::from_secs(5));
}

fn floods() {
    let output = victim("floods").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "true Ok(9)\n");
    // Both of a worker's outputs are this one.
    assert_eq!(output.stderr.len(), 8 << 20);
}

fn inheritance() {
    let mut victim = victim("looks-around");
    let output = victim.env_clear().env("DISH", "soup").output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(stdout, "true\nDISH=soup\n");
}
