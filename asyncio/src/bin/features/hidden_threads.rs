//! Threads that nobody asked for: what each runtime starts, and for what.
//!
//!     cargo run -p asyncio --bin hidden_threads
//!
//! Each runtime does the same things, one after the other, in a process of its
//! own. Threads are as the system (Linux) knows them: of a name, 15 letters;
//! the main thread is named after the program. async-std is discontinued.
//!
//! Claims: A9, A21, A22, X2
//! Change this and watch: put `SMOL_THREADS=4` before the command. Now smol has
//! several workers, too, and X2 is contradicted.
//!
//! Output (figures vary):
//!     threads after      tokio  tokio multi        smol   async-std
//!     start                  1            1           1           1
//!     task                   1            3           3           4
//!     timer                  1            3           3           4
//!     socket                 1            3           3           4
//!     DNS                    2            4           4           5
//!     file                   2            4           4           5
//!     stdin                  2            4           4           5
//!     tokio: hidden_threads, tokio-rt-worker
//!     tokio multi: hidden_threads, tokio-rt-worker
//!     smol: async-io, blocking-1, hidden_threads, smol-1
//!     async-std: async-io, async-std/runti, blocking-1, hidden_threads
//!     A9 borne out: beside a task, tokio 1, multi 3, smol 3, async-std 4
//!     A21 borne out: DNS, file, stdin add tokio 1, multi 1, smol 1, async-std 1
//!     A22 borne out: a socket adds 0, DNS tokio 1, multi 1, smol 1, async-std 1
//!     X2 borne out: tokio 0, multi 2, smol 1, async-std 2

use std::array::from_fn;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::{fs, io, process::Stdio, thread, time::Duration};

use shared::{Failure, Result, claim, flags, role, say};
use shared::{measure::cores, watchdog::Watchdog};
use tokio::runtime::{Builder, Runtime};

const STAGES: [&str; 7] =
    ["start", "task", "timer", "socket", "DNS", "file", "stdin"];

fn main() -> Result {
    if let Some([runtime]) = role::started_as("witness") {
        return be_a_witness(&runtime);
    }
    flags([]);
    let [one, multi, smol, std] = RUNTIMES.map(|(name, _)| witness(name));
    let seen = [one?, multi?, smol?, std?];

    say!("threads after      tokio  tokio multi        smol   async-std");
    for (stage, what) in STAGES.iter().enumerate() {
        let [one, multi, smol, std] = from_fn(|n| seen[n][stage].len());
        say!("{what:<13}{one:>11}{multi:>13}{smol:>12}{std:>12}");
    }
    for ((runtime, _), mut names) in RUNTIMES.into_iter().zip(seen.clone()) {
        names[STAGES.len() - 1].dedup();
        say!("{runtime}: {}", names[STAGES.len() - 1].join(", "));
    }
    verdict(&seen)
}

/// The names of all threads, stage after stage.
type Seen = [Vec<String>; STAGES.len()];

fn witness(runtime: &str) -> Result<Seen> {
    let mut child = role::command("witness")?;
    let ended = child.arg(runtime).stdin(Stdio::null()).output()?;
    let told = String::from_utf8_lossy(&ended.stdout);
    let names = |line: &str| line.split(", ").map(str::to_string).collect();
    let seen = Vec::from_iter(told.lines().map(names));
    let failed = |_| Failure::new(String::from_utf8_lossy(&ended.stderr));
    seen.try_into().map_err(failed)
}

fn verdict(seen: &[Seen; 4]) -> Result {
    let counts = from_fn(|stage| seen.each_ref().map(|seen| seen[stage].len()));
    let [_, task, timer, socket, name, _, last] = counts;
    let alone = task[0] == 1 && task[1..].iter().all(|n| *n > 1);
    claim("A9", alone, format!("beside a task, {}", each(task)))?;
    let added = |few: [usize; 4], many: [usize; 4]| {
        from_fn(|n| many[n].saturating_sub(few[n]))
    };
    let (sockets, names) = (added(timer, socket), added(socket, name));
    let all = added(socket, last);
    let figure = format!("DNS, file, stdin add {}", each(all));
    claim("A21", !all.contains(&0), figure)?;
    let figure = format!("a socket adds 0, DNS {}", each(names));
    claim("A22", sockets == [0; 4] && !names.contains(&0), figure)?;
    let worker = |name: &&String| *name != MAIN && *name != "async-io";
    let workers = seen.each_ref().map(|s| s[1].iter().filter(worker).count());
    claim("X2", workers == [0, cores(), 1, cores()], each(workers))
}

fn each([one, all, smol, std]: [usize; 4]) -> String {
    format!("tokio {one}, multi {all}, smol {smol}, async-std {std}")
}

/// The child: prints the names after each stage.
fn be_a_witness(runtime: &str) -> Result {
    let _bound = Watchdog::guard("a stage", Duration::from_secs(10))?;
    let known = RUNTIMES.iter().find(|(name, _)| *name == runtime);
    let (_, run) = known.ok_or_else(|| Failure::new("no such runtime"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    look(())?;
    run(listener.local_addr()?)
}

const MAIN: &str = "hidden_threads";

/// Looks, as soon as what is `_done` is done.
fn look<T>(_done: T) -> Result {
    let name = |t: fs::DirEntry| fs::read_to_string(t.path().join("comm"));
    loop {
        thread::sleep(Duration::from_millis(5)); // the work's end, or a start
        let tasks = fs::read_dir("/proc/self/task")?;
        let names = tasks.flatten().flat_map(name);
        let mut names = Vec::from_iter(names.map(|n| n.trim().to_string()));
        names.retain(|name| name != "watchdog"); // ours
        names.sort();
        // A new thread has its parent's name until it runs.
        if names.iter().filter(|name| *name == MAIN).count() == 1 {
            say!("{}", names.join(", "));
            return Ok(());
        }
    }
}

/// Takes a runtime through all stages but the first.
type Stages = fn(SocketAddr) -> Result;

const RUNTIMES: [(&str, Stages); 4] = [
    ("tokio", |address| {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().build()?.block_on(on_tokio(address))
    }),
    // A thread for each core, unless it is told otherwise.
    ("tokio multi", |address| Runtime::new()?.block_on(on_tokio(address))),
    ("smol", |address| smol::block_on(on_smol(address))),
    ("async-std", |address| async_std::task::block_on(on_async_std(address))),
];

const MOMENT: Duration = Duration::from_millis(1);

async fn on_tokio(address: SocketAddr) -> Result {
    use tokio::{fs, io, io::AsyncReadExt, net, task, time};
    look(task::spawn(async {}).await?)?;
    look(time::sleep(MOMENT).await)?;
    look(net::TcpStream::connect(address).await?)?;
    look(net::lookup_host("localhost:80").await?.count())?;
    look(fs::read("/dev/null").await?)?;
    look(io::stdin().read(&mut [0]).await?)
}

async fn on_smol(address: SocketAddr) -> Result {
    use smol::{Timer, Unblock, fs, io::AsyncReadExt, net};
    look(smol::spawn(async {}).await)?;
    look(Timer::after(MOMENT).await)?;
    look(net::TcpStream::connect(address).await?)?;
    look(net::resolve("localhost:80").await?)?;
    look(fs::read("/dev/null").await?)?;
    look(Unblock::new(io::stdin()).read(&mut [0]).await?)
}

async fn on_async_std(address: SocketAddr) -> Result {
    use async_std::{fs, io, io::ReadExt, net, net::ToSocketAddrs, task};
    look(task::spawn(async {}).await)?;
    look(task::sleep(MOMENT).await)?;
    look(net::TcpStream::connect(address).await?)?;
    look("localhost:80".to_socket_addrs().await?.count())?;
    look(fs::read("/dev/null").await?)?;
    look(io::stdin().read(&mut [0]).await?)
}
