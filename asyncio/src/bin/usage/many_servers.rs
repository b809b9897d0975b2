//! A client of many slow servers: threads against tasks, by time and memory.
//!
//!     cargo run -p asyncio --bin many_servers
//!
//! 1 000 requests wait 100 ms for their replies, all at the same time. Threads
//! and tasks give up after the same time. Each client is a process of its own,
//! so it does not use the memory of the other. The memory is what the process
//! sees; for each thread the kernel keeps 20 KiB more.
//!
//! Read `overlap` first.
//!
//! Claims: A4, A28
//! Change this and watch: `WAITS` to 10. Both take the same time, and threads
//! need 100 KiB in all: for few waits they are as good, and simpler.
//!
//! Output (figures vary):
//!     threads: 186 ms, 144 ms of CPU, 9.3 KiB for each wait
//!     tasks: 178 ms, 80 ms of CPU, 1.3 KiB for each wait
//!     The article, A4: "It should be the choice for servers, and for clients of many servers."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A4 is borne out: for each of 1000 waits threads needed 9.3 KiB, tasks 1.3
//!     The article, A28: "It runs many transfers at the same time, efficiently."
//!     Our answer for Rust: holds (true)
//!     Our answer to A28 is borne out: 1000 waits took 144 ms of CPU by threads, 80 ms by tasks

use std::{thread, time::Instant};

use shared::measure::{NoiseMeter, Usage, ms, peak_rss_kib};
use shared::{Failure, Result, claim, claim_timed, ensure, flags, role, say};
use shared::{PATIENCE, oven::Oven};
use tokio::task::JoinSet;

const WAITS: usize = 1_000;
const REQUEST: &[u8] = b"GET /bake/100 HTTP/1.1\r\nHost: oven\r\n\r\n";

fn main() -> Result {
    if let Some([client, server]) = role::started_as("client") {
        return be_a_client(&client, server.parse()?);
    }
    flags([]);
    // It also lets us and our children open as many sockets as we may.
    let oven = Oven::at(([127, 0, 0, 1], 0).into())?;
    let server = oven.address();
    thread::spawn(|| oven.run()); // not joined: it serves until we end

    let meter = NoiseMeter::start();
    let [threads_cpu, threads_kib] = measured("threads", server)?;
    let [tasks_cpu, tasks_kib] = measured("tasks", server)?;
    let figure = format!(
        "for each of {WAITS} waits threads needed {threads_kib:.1} KiB, tasks \
         {tasks_kib:.1}"
    );
    claim("A4", threads_kib > 2.0 * tasks_kib, figure)?;
    let figure = format!(
        "{WAITS} waits took {threads_cpu:.0} ms of CPU by threads, \
         {tasks_cpu:.0} ms by tasks"
    );
    claim_timed("A28", tasks_cpu < 1.5 * threads_cpu, meter.read(), figure)
}

/// The parent: measures a client in a process of its own. Returns milliseconds
/// of CPU, and KiB for each wait.
fn measured(client: &str, server: SocketAddr) -> Result<[f64; 2]> {
    let mut child = role::command("client")?;
    let ended = child.args([client, &server.to_string()]).output()?;
    let told = String::from_utf8_lossy(&ended.stdout);
    let figures = told.split_whitespace().flat_map(str::parse);
    let [ms, cpu, kib] = figures.collect::<Vec<f64>>()[..] else {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    };
    say!(
        "{client}: {ms:.0} ms, {cpu:.0} ms of CPU, {kib:.1} KiB for each wait"
    );
    Ok([cpu, kib])
}

/// The child: prints milliseconds, those of CPU, and KiB for each wait.
fn be_a_client(client: &str, server: SocketAddr) -> Result {
    let run = if client == "threads" { threads } else { tasks };
    run(1, server)?; // what all waits share shall be there already
    let (started, before) = (Instant::now(), Usage::now());
    let replies = run(WAITS, server)?;
    let (took, cpu) = (started.elapsed(), Usage::now().cpu - before.cpu);
    let kib = peak_rss_kib().saturating_sub(before.rss_kib) as f64;
    let right = replies.iter().all(|r| r.starts_with(b"HTTP/1.1 200 OK"));
    ensure(right, "a reply is not the right one")?;
    say!("{} {} {}", ms(took), ms(cpu), kib / WAITS as f64);
    Ok(())
}

/// The time limits of `shared::bake`: one to connect, as long for the reply.
fn threads(waits: usize, server: SocketAddr) -> io::Result<Vec<Vec<u8>>> {
    thread::scope(|scope| {
        let wait = || shared::bake(server, REQUEST);
        let all: Vec<_> = (0..waits).map(|_| scope.spawn(wait)).collect();
        all.into_iter().map(|t| t.join().expect("no panic")).collect()
    })
}

/// The same limits, on one thread.
#[tokio::main(flavor = "current_thread")]
async fn tasks(waits: usize, server: SocketAddr) -> io::Result<Vec<Vec<u8>>> {
    let wait = |_| ask(server, REQUEST, 2 * PATIENCE);
    let all: JoinSet<_> = (0..waits).map(wait).collect();
    all.join_all().await.into_iter().collect()
}

// ANCHOR: many_servers
use std::{io, net::SocketAddr, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::{net::TcpStream, time::timeout};

/// Sends a request, and reads the reply until the server closes. Gives up
/// after `limit`, which counts for all steps together. The reply may be of any
/// size: put `.take(most)` before `read_to_end` if you do not trust the server.
pub async fn ask(
    server: SocketAddr,
    request: &[u8],
    limit: Duration,
) -> io::Result<Vec<u8>> {
    let exchange = async {
        let mut server = TcpStream::connect(server).await?;
        server.write_all(request).await?;
        let mut reply = Vec::new();
        server.read_to_end(&mut reply).await?;
        Ok(reply)
    };
    timeout(limit, exchange).await?
}
// ANCHOR_END: many_servers
