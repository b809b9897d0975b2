//! A client of many slow servers: a thread for each wait, or a task for each.
//!
//!     cargo run -p asyncio --bin many_servers
//!
//! Each order waits 100 ms at a real oven, all at the same time: the ideal is
//! 100 ms, whatever their number. A row is a process of its own, so that none
//! uses the memory of another. `--ten-thousand` adds the largest size.
//!
//! Claims: A4, A28
//! Change this and watch: order `/bake/0`. Where there is nothing to wait for,
//! there is nothing to overlap: what is left is the work of connecting.
//!
//! Output (figures vary):
//!     waits  client     wall ms  replies/s  of ideal  KiB a wait
//!        10  threads        102         98      1.02        12.0
//!        10  tokio          101         99      1.01         1.6
//!        10  smol           102         98      1.02         1.6
//!        10  async-std      102         98      1.02         1.6
//!       100  threads        110        911      1.10         8.6
//!       100  tokio          108        924      1.08         1.2
//!       100  smol           108        927      1.08         1.5
//!       100  async-std      107        933      1.07         1.4
//!      1000  threads        173       5769      1.73         9.4
//!      1000  tokio          173       5788      1.73         1.1
//!      1000  smol           177       5647      1.77         1.4
//!      1000  async-std      203       4930      2.03         1.2
//!     A4 borne out: a wait takes 9.4 KiB; as a task, 1.1
//!     A28 borne out: 1000 waits on one thread, 1.73 of ideal

use std::io::{Error, Result as IoResult};
use std::net::{Ipv4Addr, SocketAddr};
use std::{thread, time::Duration};

use futures::future::try_join_all;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use shared::measure::{ms, now, peak_rss_kib, rss_kib};
use shared::{Failure, Result, claim, flags, role, say};
use shared::{oven::Oven, watchdog::Watchdog};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() -> Result {
    if let Some([client, waits, oven]) = role::started_as("client") {
        return be_a_client(&client, waits.parse()?, oven.parse()?);
    }
    let [ten_thousand] = flags(["--ten-thousand"]);
    // It also lets us and our children open as many sockets as we may.
    let oven = Oven::at((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = oven.address();
    thread::spawn(|| oven.run()); // not joined: it bakes until we end

    say!("waits  client     wall ms  replies/s  of ideal  KiB a wait");
    let mut rows = Vec::new();
    for waits in &SIZES[..if ten_thousand { 4 } else { 3 }] {
        for (client, _) in CLIENTS {
            rows.push(row(*waits, client, address)?);
        }
    }
    verdict(&rows[..CLIENTS.len()], &rows[rows.len() - CLIENTS.len()..])
}

/// How many wait, wall time divided by the ideal, and KiB for each wait.
type Row = [f64; 3];

fn row(waits: usize, client: &str, oven: SocketAddr) -> Result<Row> {
    let mut child = role::command("client")?;
    child.args([client, &waits.to_string(), &oven.to_string()]);
    let ended = child.output()?;
    let line = String::from_utf8_lossy(&ended.stdout);
    let figures = line.split_whitespace().flat_map(str::parse);
    let [waits, .., of_ideal, kib] = figures.collect::<Vec<_>>()[..] else {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    };
    say!("{}", line.trim_end());
    Ok([waits, of_ideal, kib])
}

fn verdict(few: &[Row], many: &[Row]) -> Result {
    let [[_, threads, _], [_, tasks, _]] = [few[0], few[1]];
    let [[.., thread], [waits, of_ideal, task]] = [many[0], many[1]];
    let figure = format!("a wait takes {thread:.1} KiB; as a task, {task:.1}");
    claim("A4", threads < 3.0 * tasks && thread > 2.0 * task, figure)?;
    let figure = format!("{waits} waits on one thread, {of_ideal:.2} of ideal");
    claim("A28", of_ideal < waits / 20.0, figure)
}

/// The child: prints a row.
fn be_a_client(client: &str, waits: usize, oven: SocketAddr) -> Result {
    let _bound = Watchdog::guard("waiting", Duration::from_secs(30))?;
    let known = CLIENTS.iter().find(|(name, _)| *name == client);
    let (_, run) = known.expect("the parent has it from the same list");
    run(1, oven, HELP)?; // what all waits share shall be there already
    let (started, before) = (now(), rss_kib());
    run(waits, oven, BAKE)?;
    let (wall, peak) = (ms(now() - started), peak_rss_kib());
    let (rate, ratio) = (1_000.0 * waits as f64 / wall, wall / 100.0);
    let kib = peak.saturating_sub(before) as f64 / waits as f64;
    say!(
        "{waits:>5}  {client:<9}{wall:>9.0}{rate:>11.0}{ratio:>10.2}{kib:>12.1}"
    );
    Ok(())
}

/// An order that needs no time, and one that needs 100 ms.
const HELP: &[u8] = b"GET / HTTP/1.1\r\nHost: oven\r\n\r\n";
const BAKE: &[u8] = b"GET /bake/100 HTTP/1.1\r\nHost: oven\r\n\r\n";

/// Sends an order so many times, and waits for all replies at once.
type Run = fn(usize, SocketAddr, &'static [u8]) -> IoResult<()>;

const CLIENTS: [(&str, Run); 4] = [
    ("threads", |waits, oven, order| {
        let wait = || check(&shared::bake(oven, order)?);
        thread::scope(|floor| {
            let all: Vec<_> = (0..waits).map(|_| floor.spawn(wait)).collect();
            let mut ends = all.into_iter().map(|thread| thread.join());
            ends.try_for_each(|end| end.expect("it does not panic"))
        })
    }),
    ("tokio", |waits, oven, order| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        use tokio::{net::TcpStream, runtime::Builder, task::JoinSet};
        let wait = move |_| async move {
            let mut door = TcpStream::connect(oven).await?;
            door.write_all(order).await?;
            let mut reply = Vec::new();
            door.read_to_end(&mut reply).await?;
            check(&reply)
        };
        let one_thread = Builder::new_current_thread().enable_io().build()?;
        one_thread.block_on(async {
            let all: JoinSet<_> = (0..waits).map(wait).collect();
            all.join_all().await.into_iter().collect()
        })
    }),
    ("smol", |waits, oven, order| {
        use smol::net::TcpStream;
        let wait = |_| smol::spawn(ask(TcpStream::connect(oven), order));
        smol::block_on(try_join_all((0..waits).map(wait))).map(drop)
    }),
    ("async-std", |waits, oven, order| {
        use async_std::{net::TcpStream, task};
        let wait = |_| task::spawn(ask(TcpStream::connect(oven), order));
        task::block_on(try_join_all((0..waits).map(wait))).map(drop)
    }),
];

/// For smol and async-std: they share these traits, tokio has its own.
async fn ask<Door: AsyncRead + AsyncWrite + Unpin>(
    door: impl Future<Output = IoResult<Door>>,
    order: &[u8],
) -> IoResult<()> {
    let mut door = door.await?;
    door.write_all(order).await?;
    let mut reply = Vec::new();
    door.read_to_end(&mut reply).await?;
    check(&reply)
}

fn check(reply: &[u8]) -> IoResult<()> {
    let done = reply.starts_with(b"HTTP/1.1 200 OK");
    if done { Ok(()) } else { Err(Error::other("not baked")) }
}
