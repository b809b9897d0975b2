//! asyncio.start_server: an echo server, idle timeout and connection limit.
//!
//!     cargo run -p asyncio --bin echo_server
//!
//! A task for each connection: while one waits, the others are served. A client
//! that is silent, or does not read, for two seconds is cut, and at most
//! `limit` are inside; others wait to be accepted. If accepting fails, because
//! there are too many open files, the server goes on after a moment.
//!
//! The program `echo_throughput` measures how much one thread can do;
//! `graceful_shutdown` lets clients finish when the server is told to stop.
//!
//! Claims: A27
//! Change this and watch: the limit of 8 to 1. One client after the other
//! waits, and A27 is contradicted.
//!
//! Output (figures vary):
//!     8 clients with a pause of 100ms each: 103 ms
//!     The article, A27: "The event loop makes input and output parallel."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A27 is borne out: one thread served 8 clients that pause 100ms each in 103 ms

use std::net::{Ipv4Addr, SocketAddr};

use futures::future::try_join_all;
use shared::measure::{NoiseMeter, ms};
use shared::{Result, claim_timed, flags, say, watchdog::Watchdog};
use tokio::{select, time::Instant};

const CLIENTS: usize = 8;
const PAUSE: Duration = Duration::from_millis(100);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the echo", Duration::from_secs(5))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let server = listener.local_addr()?;
    let (meter, started) = (NoiseMeter::start(), Instant::now());
    let clients = try_join_all((0..CLIENTS).map(|_| client(server)));
    let served = select! {
        () = serve(listener, 8, echo) => unreachable!("it does not end"),
        served = clients => served?.len(), // the server is dropped here
    };
    let (took, noise) = (started.elapsed(), meter.read());
    say!("{served} clients with a pause of {PAUSE:?} each: {:.0} ms", ms(took));
    let figure = format!(
        "one thread served {served} clients that pause {PAUSE:?} each in \
         {:.0} ms",
        ms(took)
    );
    claim_timed("A27", served == CLIENTS && took < 2 * PAUSE, noise, figure)
}

/// Is inside before and after its pause.
async fn client(server: SocketAddr) -> Result {
    let mut stream = TcpStream::connect(server).await?;
    say_hello(&mut stream).await?;
    sleep(PAUSE).await;
    say_hello(&mut stream).await
}

async fn say_hello(stream: &mut TcpStream) -> Result {
    stream.write_all(b"hello").await?;
    let mut echo = [0; 5];
    stream.read_exact(&mut echo).await?;
    assert_eq!(&echo, b"hello");
    Ok(())
}

// ANCHOR: echo_server
use std::{io, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// `asyncio.start_server(handle)`: a task for each connection, at most `limit`
/// (at least one) at the same time; others wait to be accepted. It never
/// returns: drop it, and it accepts no more, and all connections are closed.
///
/// `handle` should limit its waits: a silent client keeps its place.
pub async fn serve<Task>(
    listener: TcpListener,
    limit: usize,
    handle: impl Fn(TcpStream) -> Task,
) where
    Task: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {} // forget those that ended
        if tasks.len() >= limit {
            tasks.join_next().await; // or panicked: the others go on
        }
        match listener.accept().await {
            Ok((stream, _)) => _ = tasks.spawn(handle(stream)),
            // Too many open files, most likely: some will be closed.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Sends back what comes in. A client that is silent for two seconds, or takes
/// longer to read 64 KiB, is cut.
pub async fn echo(mut stream: TcpStream) -> io::Result<()> {
    const IDLE: Duration = Duration::from_secs(2);
    let mut bytes = vec![0; 65_536];
    loop {
        // The first `?` is for the timeout, the second for the read.
        let size = timeout(IDLE, stream.read(&mut bytes)).await??;
        if size == 0 {
            return Ok(());
        }
        timeout(IDLE, stream.write_all(&bytes[..size])).await??;
    }
}
// ANCHOR_END: echo_server
