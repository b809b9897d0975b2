//! Hidden threads: which ones each async runtime starts, by name, and for what.
//!
//!     cargo run -p asyncio --bin hidden_threads
//!
//! A socket needs no thread: the event loop waits for it. For the look-up of a
//! name, for files and standard input the system has no such call, so runtimes
//! make them on threads, as `run_in_executor` does in Python. Each runtime does
//! the same things in a process of its own. Linux knows 15 letters of a name;
//! the main thread is named after the program.
//!
//! Claims: A9, A21, A22, X2
//! Change this and watch: put `SMOL_THREADS=4` before the command. smol has
//! several workers then, and X2 is contradicted.
//!
//! Output (figures vary):

use std::net::{SocketAddr, TcpListener};
use std::{collections::HashMap, process::Stdio, thread, time::Duration};

use shared::{Failure, Result, Table, claim, flags, role, say};
use shared::{measure::cores, watchdog::Watchdog};
use tokio::runtime::{Builder, Runtime};

const STAGES: [&str; 7] =
    ["start", "task", "timer", "socket", "DNS", "file", "stdin"];
const RUNTIMES: [&str; 4] = ["tokio", "tokio multi", "smol", "async-std"];

fn main() -> Result {
    if let Some([runtime]) = role::started_as("witness") {
        return be_a_witness(&runtime);
    }
    flags([]);
    let [one, multi, smol, std] = RUNTIMES.map(witness);
    let seen = [one?, multi?, smol?, std?];

    let [one, multi, smol, std] = RUNTIMES;
    let mut table = Table::new(["threads after", one, multi, smol, std]);
    for stage in STAGES {
        let [one, multi, smol, std] = each(&seen, |names| names[stage].len());
        table.row([&stage, &one, &multi, &smol, &std]);
    }
    table.print();
    for (runtime, mut names) in RUNTIMES.into_iter().zip(seen.clone()) {
        let names = names.get_mut("stdin").expect("it is the last stage");
        names.dedup(); // several workers have one name
        say!("{runtime}: {}", names.join(", "));
    }
    verdict(&seen)
}

/// The names of all threads, after each stage.
type Seen = HashMap<String, Vec<String>>;

fn each(seen: &[Seen; 4], count: impl Fn(&Seen) -> usize) -> [usize; 4] {
    seen.each_ref().map(count)
}

fn verdict(seen: &[Seen; 4]) -> Result {
    let at = |stage: &'static str| each(seen, |names| names[stage].len());
    let added = |few, many| each(seen, |n| n[many].len() - n[few].len());
    let task = at("task");
    let alone = task[0] == 1 && task[1..].iter().all(|n| *n > 1);
    claim("A9", alone, format!("threads to run one task: {}", list(task)))?;

    let pools = added("socket", "stdin");
    let figure =
        format!("threads added for DNS, file and stdin: {}", list(pools));
    claim("A21", !pools.contains(&0), figure)?;
    let (sockets, names) = (added("timer", "socket"), added("socket", "DNS"));
    let figure = format!(
        "threads added for DNS, and none for a socket: {}",
        list(names)
    );
    claim("A22", sockets == [0; 4] && !names.contains(&0), figure)?;

    let is_worker = |name: &&String| *name != MAIN && *name != "async-io";
    let workers = each(seen, |n| n["task"].iter().filter(is_worker).count());
    let figure = format!("workers by default: {}", list(workers));
    claim("X2", workers == [0, cores(), 1, cores()], figure)
}

fn list([one, multi, smol, std]: [usize; 4]) -> String {
    format!("tokio {one}, multi {multi}, smol {smol}, async-std {std}")
}

/// The parent: takes a runtime through all stages, in a process of its own.
fn witness(runtime: &str) -> Result<Seen> {
    let mut child = role::command("witness")?;
    let ended = child.arg(runtime).stdin(Stdio::null()).output()?;
    if !ended.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    }
    let told = String::from_utf8(ended.stdout)?;
    let lines = told.lines().filter_map(|line| line.split_once(": "));
    let list = |names: &str| names.split(", ").map(str::to_string).collect();
    Ok(lines.map(|(at, names)| (at.to_string(), list(names))).collect())
}

const MAIN: &str = "hidden_threads";
const MOMENT: Duration = Duration::from_millis(1);

/// The child: prints the names of its threads after each stage.
fn be_a_witness(runtime: &str) -> Result {
    let _bound = Watchdog::guard("a stage", Duration::from_secs(10))?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let server = listener.local_addr()?;
    smol::future::block_on(stage("start", async {})); // starts no thread
    match runtime {
        "tokio" => {
            let mut builder = Builder::new_current_thread();
            builder.enable_all().build()?.block_on(on_tokio(server))
        }
        "tokio multi" => Runtime::new()?.block_on(on_tokio(server)),
        "smol" => smol::block_on(on_smol(server)),
        _ => async_std::task::block_on(on_async_std(server)),
    }
}

/// Does the work, and prints which threads there are then.
async fn stage<T>(name: &str, work: impl Future<Output = T>) -> T {
    let done = work.await;
    let names = loop {
        thread::sleep(Duration::from_millis(5)); // the work's end, or a start
        let mut names = thread_names().expect("Linux tells them");
        names.retain(|name| name != "watchdog"); // ours
        // A new thread has its parent's name until it runs.
        if names.iter().filter(|name| *name == MAIN).count() == 1 {
            break names;
        }
    };
    say!("{name}: {}", names.join(", "));
    done
}

async fn on_tokio(server: SocketAddr) -> Result {
    use tokio::{fs, io, io::AsyncReadExt, net, task, time};
    stage("task", task::spawn(async {})).await?;
    stage("timer", time::sleep(MOMENT)).await;
    stage("socket", net::TcpStream::connect(server)).await?;
    stage("DNS", net::lookup_host("localhost:80")).await?.count();
    stage("file", fs::read("/dev/null")).await?;
    stage("stdin", io::stdin().read(&mut [0])).await?;
    Ok(())
}

async fn on_smol(server: SocketAddr) -> Result {
    use smol::{Timer, Unblock, fs, io::AsyncReadExt, net};
    stage("task", smol::spawn(async {})).await;
    stage("timer", Timer::after(MOMENT)).await;
    stage("socket", net::TcpStream::connect(server)).await?;
    stage("DNS", net::resolve("localhost:80")).await?;
    stage("file", fs::read("/dev/null")).await?;
    stage("stdin", Unblock::new(std::io::stdin()).read(&mut [0])).await?;
    Ok(())
}

async fn on_async_std(server: SocketAddr) -> Result {
    use async_std::{fs, io, io::ReadExt, net, net::ToSocketAddrs, task};
    stage("task", task::spawn(async {})).await;
    stage("timer", task::sleep(MOMENT)).await;
    stage("socket", net::TcpStream::connect(server)).await?;
    stage("DNS", "localhost:80".to_socket_addrs()).await?.count();
    stage("file", fs::read("/dev/null")).await?;
    stage("stdin", io::stdin().read(&mut [0])).await?;
    Ok(())
}

// ANCHOR: hidden_threads
/// The names of all threads of this process, sorted (Linux). The system keeps
/// 15 letters of a name; a thread without a name has that of its parent.
pub fn thread_names() -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task")? {
        // It may have ended meanwhile.
        if let Ok(name) = std::fs::read_to_string(thread?.path().join("comm")) {
            names.push(name.trim_end().to_string());
        }
    }
    names.sort();
    Ok(names)
}
// ANCHOR_END: hidden_threads
