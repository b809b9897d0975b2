//! Throughput of one event loop: waiting overlaps, copying saturates its thread.
//!
//!     cargo run --release -p asyncio --bin echo_throughput
//!
//! Eight clients in a process of their own send messages to an echo server: 10
//! of 1 KiB each, with a pause of 20 ms before each, or 1 024 of 64 KiB without a
//! pause. The pauses overlap. Copying does not: it is work of the server's thread.
//! "busy" is the share of time in which that thread worked or was ready to work:
//! near 100 %, one event loop is saturated. The clients need cores, too; so a
//! server with more threads gains only where there are more cores than these.
//!
//! `echo_server` is a server for real clients, with limits.
//!
//! Claims: A27
//! Change this and watch: the pause to 1 ms. The clients send 20 times as often,
//! and the thread has more to do.
//!
//! Output (figures vary):

use std::io::{Read, Write};
use std::{net, thread, time::Duration};

use shared::measure::{Noise, NoiseMeter, ms};
use shared::{Failure, Result, Table, claim_timed, flags, notice_debug_build};
use shared::{role, watchdog::Watchdog};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const CLIENTS: usize = 8;

/// What each client does.
struct Talk {
    messages: usize,
    bytes: usize,
    pause: Duration,
}

fn talk(name: &str) -> Talk {
    let (ms, kib) = (Duration::from_millis, 1_024);
    match name {
        "pauses" => Talk { messages: 10, bytes: kib, pause: ms(20) },
        _ => Talk { messages: 1_024, bytes: 64 * kib, pause: ms(0) },
    }
}

fn main() -> Result {
    if let Some([server, name]) = role::started_as("clients") {
        return be_the_clients(&server, &talk(&name));
    }
    flags([]);
    notice_debug_build();
    let one = || Builder::new_current_thread().enable_all().build();
    let mut table = Table::new(["server", "clients", "ms", "MiB/s", "busy"]);
    let t = &mut table;
    let waiting = one()?.block_on(run(t, "1 thread", "pauses"))?;
    let copying = one()?.block_on(run(t, "1 thread", "copies"))?;
    Runtime::new()?.block_on(run(t, "1 per core", "copies"))?;
    table.print();
    let overlap = CLIENTS as f64 * 200.0 / waiting.ms;
    let figure = format!(
        "one event loop let {overlap:.1} of {CLIENTS} clients pause at once, \
         {:.0} % busy; it copied {:.0} MiB/s, {:.0} % busy",
        waiting.busy, copying.mib_s, copying.busy
    );
    let overlaps = 2.0 * overlap > CLIENTS as f64 && waiting.busy < 50.0;
    let saturated = copying.busy > 85.0;
    claim_timed("A27", overlaps && saturated, waiting.noise, figure)
}

struct Run {
    ms: f64,
    mib_s: f64,
    busy: f64,
    noise: Noise,
}

async fn run(table: &mut Table<5>, server: &str, clients: &str) -> Result<Run> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let mut child = tokio::process::Command::from(role::command("clients")?);
    child.args([&address, clients]).kill_on_drop(true);
    let (noise, started) = (NoiseMeter::start(), Instant::now());
    let meter = BusyMeter::start(&Handle::current());
    let ended = tokio::select! {
        never = serve(listener) => never?,
        ended = child.output() => ended?,
    };
    let (ms, busy) = (ms(started.elapsed()), 100.0 * meter.share());
    if !ended.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    }
    let Talk { messages, bytes, .. } = talk(clients);
    let mib = (CLIENTS * messages * bytes) as f64 / 1_048_576.0;
    let mib_s = 1_000.0 * mib / ms;
    let figures = [ms, mib_s, busy].map(|figure| format!("{figure:.0}"));
    let [time, rate, share] = &figures;
    table.row([&server, &clients, time, rate, &format_args!("{share} %")]);
    Ok(Run { ms, mib_s, busy, noise: noise.read() })
}

/// Never ends: for clients that are known to behave.
async fn serve(listener: TcpListener) -> Result<std::process::Output> {
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        tasks.spawn(echo(stream));
    }
}

async fn echo(mut stream: TcpStream) -> Result {
    let mut bytes = vec![0; 65_536];
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            size => stream.write_all(&bytes[..size]).await?,
        }
    }
}

// ANCHOR: echo_throughput
use std::time::Instant;
use tokio::runtime::{Handle, RuntimeMetrics};

/// How busy a runtime of tokio is. A worker is busy while it runs tasks; it tells
/// when it next looks for input, so measure for some milliseconds at least.
pub struct BusyMeter {
    runtime: RuntimeMetrics,
    before: std::time::Duration,
    started: Instant,
}

impl BusyMeter {
    /// Starts to measure.
    pub fn start(runtime: &Handle) -> BusyMeter {
        let runtime = runtime.metrics();
        let before = busy(&runtime);
        BusyMeter { runtime, before, started: Instant::now() }
    }

    /// The share of time, since the start, in which all workers were busy: at 1.0
    /// the runtime is saturated.
    pub fn share(&self) -> f64 {
        let busy = busy(&self.runtime) - self.before;
        let time = self.started.elapsed() * self.runtime.num_workers() as u32;
        busy.as_secs_f64() / time.as_secs_f64()
    }
}

fn busy(runtime: &RuntimeMetrics) -> std::time::Duration {
    let workers = 0..runtime.num_workers();
    workers.map(|worker| runtime.worker_total_busy_duration(worker)).sum()
}
// ANCHOR_END: echo_throughput

/// The child: each client has a thread that sends, and one that receives.
fn be_the_clients(server: &str, talk: &Talk) -> Result {
    let _bound = Watchdog::guard("the echo", Duration::from_secs(10))?;
    thread::scope(|scope| {
        let client = |_| scope.spawn(move || be_a_client(server, talk));
        let clients: Vec<_> = (0..CLIENTS).map(client).collect();
        let mut ends = clients.into_iter().map(|client| client.join());
        ends.try_for_each(|end| end.expect("it does not panic"))
    })
}

fn be_a_client(server: &str, talk: &Talk) -> Result {
    let stream = &net::TcpStream::connect(server)?;
    let message = vec![b'a'; talk.bytes];
    thread::scope(|scope| {
        let sender = scope.spawn(|| -> Result {
            for _ in 0..talk.messages {
                thread::sleep(talk.pause);
                (&*stream).write_all(&message)?;
            }
            Ok(())
        });
        let mut echo = vec![0; talk.bytes];
        for _ in 0..talk.messages {
            (&*stream).read_exact(&mut echo)?;
        }
        sender.join().expect("it does not panic")
    })
}
