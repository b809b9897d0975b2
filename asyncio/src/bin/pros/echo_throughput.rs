//! Throughput of an event loop: copying is its thread's work, and saturates it.
//!
//!     cargo run --release -p asyncio --bin echo_throughput
//!
//! Waiting overlaps (`echo_server`), but copying does not: it is work of the
//! server's one thread. One client, then eight, in a process of their own, send
//! 1 024 messages of 64 KiB each, and read them back. "busy" is the share of
//! time in which the thread ran tasks: near 100 %, the event loop is saturated,
//! and more clients only share what there is. More threads (`chef_multi`) help
//! where the clients leave cores for them.
//!
//! Read `echo_server` first.
//!
//! Claims: A27
//! Change this and watch: a pause of 20 ms (`thread::sleep`) before each
//! message. The loop is hardly busy: it would serve a hundred times as many
//! clients.
//!
//! Output (figures vary):
//!     clients   ms  MiB/s  busy %
//!           1   39   1648      90
//!           8  302   1694      95
//!     The article, A27: "The event loop makes input and output parallel."
//!     Our answer for Rust: limits (true within limits)
//!     A27 borne out: one event loop copies 1.0 times as much for 8 clients as for 1, and is 95 % busy then

use std::io::{Read, Write};
use std::net::TcpStream;
use std::{thread, time::Duration, time::Instant};

use shared::measure::{NoiseMeter, ms};
use shared::{Failure, Result, Table, claim_timed, flags, notice_debug_build};
use shared::{role, watchdog::Watchdog};
use tokio::io::{BufReader, copy_buf};
use tokio::{net::TcpListener, process::Command, task::JoinSet};

const MESSAGES: usize = 1_024;
const BYTES: usize = 64 << 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    if let Some([server, clients]) = role::started_as("clients") {
        return be_the_clients(&server, clients.parse()?);
    }
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let mut table = Table::new(["clients", "ms", "MiB/s", "busy %"]);
    let one = run(1, &mut table).await?;
    let eight = run(8, &mut table).await?;
    table.print();
    let times = eight.mib_s / one.mib_s;
    let figure = format!(
        "one event loop copies {times:.1} times as much for 8 clients as for \
         1, and is {:.0} % busy then",
        eight.busy
    );
    let saturated = eight.busy > 85.0 && times < 4.0;
    claim_timed("A27", saturated, meter.read(), figure)
}

struct Run {
    mib_s: f64,
    busy: f64,
}

/// The server, on this thread; the clients are a process of their own.
async fn run(clients: usize, table: &mut Table<4>) -> Result<Run> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let mut child = Command::from(role::command("clients")?);
    child.args([address, clients.to_string()]).kill_on_drop(true);
    let runtime = Handle::current();
    let (started, before) = (Instant::now(), total_busy(&runtime));
    let ended = tokio::select! {
        never = serve(listener) => never?,
        ended = child.output() => ended?,
    };
    let (took, now) = (started.elapsed(), total_busy(&runtime));
    if !ended.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    }
    let mib = (clients * MESSAGES * BYTES) as f64 / 1_048_576.0;
    let mib_s = mib / took.as_secs_f64();
    let busy = 100.0 * ms(now - before) / ms(took);
    let figures = [ms(took), mib_s, busy].map(|figure| format!("{figure:.0}"));
    let [time, rate, share] = &figures;
    table.row([&clients, time, rate, share]);
    Ok(Run { mib_s, busy })
}

/// Without limits, for clients that are known. Returns only with an error.
async fn serve(listener: TcpListener) -> Result<std::process::Output> {
    let mut tasks = JoinSet::new();
    loop {
        let (mut stream, _) = listener.accept().await?;
        tasks.spawn(async move {
            let (input, mut output) = stream.split();
            let mut input = BufReader::with_capacity(64 << 10, input);
            copy_buf(&mut input, &mut output).await
        });
    }
}

// ANCHOR: echo_throughput
use tokio::runtime::Handle;

/// How long the workers of a runtime have been busy with tasks, all together,
/// since it was started. Ask twice: if the difference is near the time in
/// between, times the number of workers, the runtime is saturated.
///
/// A worker tells when it next looks for input, so ask some milliseconds apart.
pub fn total_busy(runtime: &Handle) -> std::time::Duration {
    let metrics = runtime.metrics();
    let workers = 0..metrics.num_workers();
    workers.map(|worker| metrics.worker_total_busy_duration(worker)).sum()
}
// ANCHOR_END: echo_throughput

/// The child: each client sends on one thread, and receives on another.
fn be_the_clients(server: &str, clients: usize) -> Result {
    let _bound = Watchdog::guard("the echo", Duration::from_secs(10))?;
    thread::scope(|scope| {
        for _ in 0..clients {
            let mut output = TcpStream::connect(server)?;
            let mut input = output.try_clone()?;
            scope.spawn(move || {
                let message = vec![b'a'; BYTES];
                for _ in 0..MESSAGES {
                    output.write_all(&message).expect("it is received");
                }
            });
            scope.spawn(move || {
                let mut echo = vec![0; BYTES];
                for _ in 0..MESSAGES {
                    input.read_exact(&mut echo).expect("it is sent back");
                }
            });
        }
        Ok(())
    })
}
