//! A client of many slow servers: threads against tasks, by time and memory.
//!
//!     cargo run -p asyncio --bin many_servers
//!
//! Each request waits 100 ms for its reply, all at the same time: the ideal is
//! 100 ms, whatever their number. All clients give up after the same time. A
//! row is a process of its own, so none uses the memory of another. The memory
//! is what the process sees; for each thread the kernel keeps 20 KiB more.
//!
//! Read `overlap` first.
//!
//! Claims: A4, A28
//! Change this and watch: `GET /bake/0`. Where there is nothing to wait for,
//! there is nothing to overlap; what is left is the work of connecting.
//!
//! Output (figures vary):

use std::{thread, time::Instant};

use shared::measure::{NoiseMeter, ms, peak_rss_kib, rss_kib};
use shared::{Failure, Result, Table, claim_timed, flags, role, say};
use shared::{PATIENCE, oven::Oven};
use tokio::{runtime::Builder, task::JoinSet};

fn main() -> Result {
    if let Some([client, waits, server]) = role::started_as("client") {
        return be_a_client(&client, waits.parse()?, server.parse()?);
    }
    flags([]);
    // It also lets us and our children open as many sockets as we may.
    let oven = Oven::at(([127, 0, 0, 1], 0).into())?;
    let server = oven.address();
    thread::spawn(|| oven.run()); // not joined: it serves until we end

    let meter = NoiseMeter::start();
    let few = [cost(10, "threads", server)?, cost(10, "tasks", server)?];
    let many = [cost(1_000, "threads", server)?, cost(1_000, "tasks", server)?];
    let mut table = Table::new(["waits", "client", "ms", "KiB a wait"]);
    for Cost { waits, client, ms, kib } in few.iter().chain(&many) {
        let [ms, kib] = [format!("{ms:.0}"), format!("{kib:.1}")];
        table.row([waits, client, &ms, &kib]);
    }
    table.print();
    verdict(&few, &many, meter)
}

/// What a client needed.
struct Cost {
    waits: usize,
    client: &'static str,
    ms: f64,
    /// For each wait.
    kib: f64,
}

/// The parent: measures a client in a process of its own.
fn cost(waits: usize, client: &'static str, to: SocketAddr) -> Result<Cost> {
    let mut child = role::command("client")?;
    child.args([client, &waits.to_string(), &to.to_string()]);
    let ended = child.output()?;
    let told = String::from_utf8_lossy(&ended.stdout);
    let Some((ms, kib)) = told.trim().split_once(' ') else {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    };
    let kib = kib.parse::<f64>()? / waits as f64;
    Ok(Cost { waits, client, ms: ms.parse()?, kib })
}

fn verdict(few: &[Cost; 2], many: &[Cost; 2], meter: NoiseMeter) -> Result {
    let (noise, [threads, tasks]) = (meter.read(), many);
    let figure = format!(
        "for each of 1 000 waits threads needed {:.1} KiB, tasks {:.1}",
        threads.kib, tasks.kib
    );
    let alike = (0.5..2.0).contains(&(few[0].ms / few[1].ms));
    claim_timed("A4", alike && threads.kib > 2.0 * tasks.kib, noise, figure)?;
    let figure =
        format!("1 000 waits of 100 ms on one thread took {:.0} ms", tasks.ms);
    claim_timed("A28", tasks.ms < 500.0, noise, figure)
}

const REQUEST: &[u8] = b"GET /bake/100 HTTP/1.1\r\nHost: oven\r\n\r\n";

/// The child: prints milliseconds and KiB.
fn be_a_client(client: &str, waits: usize, server: SocketAddr) -> Result {
    let run = if client == "threads" { threads } else { tasks };
    run(1, server)?; // what all waits share shall be there already
    let (started, before) = (Instant::now(), rss_kib());
    run(waits, server)?;
    let took = ms(started.elapsed());
    say!("{took} {}", peak_rss_kib().saturating_sub(before));
    Ok(())
}

/// The time limits of `shared::bake`: one to connect, as long for the reply.
fn threads(waits: usize, server: SocketAddr) -> Result {
    let wait = || check(&shared::bake(server, REQUEST)?);
    thread::scope(|scope| {
        let all: Vec<_> = (0..waits).map(|_| scope.spawn(wait)).collect();
        all.into_iter().try_for_each(|t| t.join().expect("no panic"))
    })
}

/// The same limits, on one thread.
fn tasks(waits: usize, server: SocketAddr) -> Result {
    let limit = 2 * PATIENCE;
    let wait =
        move |_| async move { check(&ask(server, REQUEST, limit).await?) };
    let one_thread = Builder::new_current_thread().enable_all().build()?;
    one_thread.block_on(async {
        let all: JoinSet<_> = (0..waits).map(wait).collect();
        all.join_all().await.into_iter().collect()
    })
}

fn check(reply: &[u8]) -> Result {
    let done = reply.starts_with(b"HTTP/1.1 200 OK");
    if done { Ok(()) } else { Err(Failure::new("not served")) }
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
