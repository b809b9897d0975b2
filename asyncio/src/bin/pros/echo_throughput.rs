//! Throughput of an event loop: copying is its thread's work, and saturates it.
//!
//!     cargo run --release -p asyncio --bin echo_throughput
//!
//! Waiting overlaps (`echo_server`), but copying does not: it is work of the
//! server's one thread. One client, then eight, on threads of their own, send
//! 1 024 messages of 64 KiB each, and read them back. "busy" is the share of
//! time in which the server's thread ran tasks; the rest is for asking which
//! sockets are ready. Above 70 % we call the event loop saturated: more clients
//! only share what there is. More threads (`chef_multi`) help where the clients
//! leave cores for them.
//!
//! Read `echo_server` first.
//!
//! Claims: A27
//! Change this and watch: a pause of 2 ms (`thread::sleep`) before each
//! message. The loop is hardly busy, so it could serve more clients, and A27 is
//! contradicted.
//!
//! Output (figures vary):
//!     clients: 1; 2137 MiB/s, the loop is 85 % busy
//!     clients: 8; 1738 MiB/s, the loop is 85 % busy
//!     The article, A27: "The event loop makes input and output parallel."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A27 is borne out: with 8 clients one event loop copies 0.8 times as many MiB/s as with 1, and is 85 % busy

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use shared::measure::{NoiseMeter, ms};
use shared::watchdog::Watchdog;
use shared::{Result, claim_timed, flags, notice_debug_build, say};
use tokio::io::{BufReader, copy_buf};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const CLIENTS: usize = 8;
const MESSAGES: usize = 1_024;
const BYTES: usize = 64 << 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the echo", Duration::from_secs(20))?;
    let meter = NoiseMeter::start();
    let one = run(1).await?;
    let all = run(CLIENTS).await?;
    let times = all.mib_s / one.mib_s;
    let figure = format!(
        "with {CLIENTS} clients one event loop copies {times:.1} times as many \
         MiB/s as with 1, and is {:.0} % busy",
        all.busy
    );
    let saturated = all.busy > 70.0 && times < CLIENTS as f64 / 2.0;
    claim_timed("A27", saturated, meter.read(), figure)
}

struct Run {
    mib_s: f64,
    busy: f64,
}

/// The server is on this thread. Each client sends on a thread of its own, and
/// receives on another one.
async fn run(clients: usize) -> Result<Run> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let runtime = Handle::current();
    let (started, before) = (Instant::now(), total_busy(&runtime));
    let mut threads = JoinSet::new();
    for _ in 0..clients {
        let output = TcpStream::connect(listener.local_addr()?)?;
        let input = output.try_clone()?;
        threads.spawn_blocking(|| send_all(output));
        threads.spawn_blocking(|| receive_all(input));
    }
    let ended = tokio::select! {
        // `serve` returns only an error: `?` takes it, and nothing is left.
        never = serve(listener) => match never? {},
        ended = threads.join_all() => ended,
    };
    ended.into_iter().collect::<io::Result<()>>()?;
    let (took, now) = (started.elapsed(), total_busy(&runtime));
    let mib = (clients * MESSAGES * BYTES) as f64 / 1_048_576.0;
    let mib_s = mib / took.as_secs_f64();
    let busy = 100.0 * ms(now - before) / ms(took);
    say!("clients: {clients}; {mib_s:.0} MiB/s, the loop is {busy:.0} % busy");
    Ok(Run { mib_s, busy })
}

/// Without limits, for clients that are known. Returns only with an error.
async fn serve(listener: TcpListener) -> Result<Infallible> {
    let mut tasks = JoinSet::new();
    loop {
        let (mut stream, _) = listener.accept().await?;
        tasks.spawn(async move {
            let (input, mut output) = stream.split();
            let mut input = BufReader::with_capacity(BYTES, input);
            copy_buf(&mut input, &mut output).await
        });
    }
}

fn send_all(mut output: TcpStream) -> io::Result<()> {
    let message = vec![b'a'; BYTES];
    (0..MESSAGES).try_for_each(|_| output.write_all(&message))
}

fn receive_all(mut input: TcpStream) -> io::Result<()> {
    let mut echo = vec![0; BYTES];
    (0..MESSAGES).try_for_each(|_| input.read_exact(&mut echo))
}

// ANCHOR: echo_throughput
use tokio::runtime::Handle;

/// How long the workers of a runtime have been busy with tasks, all together,
/// since it was started. Ask twice: if the difference is near the time in
/// between, times the number of workers, the runtime is saturated.
///
/// A worker updates this time only when it looks for input, so ask some
/// milliseconds apart.
pub fn total_busy(runtime: &Handle) -> std::time::Duration {
    let metrics = runtime.metrics();
    let workers = 0..metrics.num_workers();
    workers.map(|worker| metrics.worker_total_busy_duration(worker)).sum()
}
// ANCHOR_END: echo_throughput
