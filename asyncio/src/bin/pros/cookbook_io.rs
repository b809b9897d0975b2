//! What Python's asyncio offers beyond tasks: threads, sockets, signals.
//!
//!     cargo run -p asyncio --bin cookbook_io
//!
//! Each row is run and checked. A child's output: the chapter `subprocess`.
//!
//! Claims: A20
//! Change this and watch: the expected result in any row, and it fails.
//!
//! Output (figures vary):
//!     Python's asyncio               Rust                           crate
//!     run(a)                         Runtime::block_on(a)           tokio
//!     to_thread(work)                spawn_blocking(work)           tokio
//!     run_coroutine_threadsafe(a)    Handle::spawn(a)               tokio
//!     open_connection, start_server  TcpStream, TcpListener         tokio
//!     create_datagram_endpoint()     UdpSocket::bind                tokio
//!     getaddrinfo(host, port)        lookup_host                    tokio
//!     add_signal_handler(SIGHUP)     signal(hangup()).recv()        tokio
//!     A20 borne out: 7 functions, 1 crate

use std::{thread, time::Duration};

use nix::sys::signal::{Signal, raise};
use shared::{Failure, Result, claim, flags, say, watchdog::Watchdog};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{SignalKind, signal};
use tokio::{join, task};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _guard = Watchdog::guard("all recipes", Duration::from_secs(10))?;
    say!("{:<31}{:<31}crate", "Python's asyncio", "Rust");
    let rows = [
        run().await?,
        to_thread().await?,
        from_thread().await?,
        streams().await?,
        datagrams().await?,
        resolve().await?,
        on_signal().await?,
    ];
    claim("A20", rows.len() > 5, format!("{} functions, 1 crate", rows.len()))
}

/// The crate, once the recipe has done what its row says.
fn row(what: [&'static str; 3], works: bool) -> Row {
    let [python, rust, name] = what;
    say!("{python:<31}{rust:<31}{name}");
    let failed = || Failure::new(format!("{rust} is not {python}"));
    works.then_some(name).ok_or_else(failed)
}

type Row = Result<&'static str>;

async fn bake(minutes: u32) -> u32 {
    task::yield_now().await;
    minutes
}

async fn run() -> Row {
    let new = || Builder::new_current_thread().build();
    // A thread of its own: in this one, a runtime is at work already.
    let ran = thread::spawn(move || new().map(|rt| rt.block_on(bake(3))));
    let minutes = ran.join().map_err(|_| Failure::new("it panicked"))??;
    row(["run(a)", "Runtime::block_on(a)", "tokio"], minutes == 3)
}

async fn to_thread() -> Row {
    let elsewhere = task::spawn_blocking(|| thread::current().id()).await?;
    let works = elsewhere != thread::current().id();
    row(["to_thread(work)", "spawn_blocking(work)", "tokio"], works)
}

async fn from_thread() -> Row {
    let handle = Handle::current();
    let thread = thread::spawn(move || handle.spawn(bake(3)));
    let task = thread.join().map_err(|_| Failure::new("it panicked"))?;
    let works = task.await? == 3;
    row(["run_coroutine_threadsafe(a)", "Handle::spawn(a)", "tokio"], works)
}

async fn streams() -> Row {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (guest, host) = join!(TcpStream::connect(address), listener.accept());
    guest?.write_all(b"kimbap").await?;
    let mut order = String::new();
    host?.0.read_to_string(&mut order).await?;
    let works = order == "kimbap";
    row(
        ["open_connection, start_server", "TcpStream, TcpListener", "tokio"],
        works,
    )
}

async fn datagrams() -> Row {
    let guest = UdpSocket::bind("127.0.0.1:0").await?;
    let host = UdpSocket::bind("127.0.0.1:0").await?;
    guest.send_to(b"kimbap", host.local_addr()?).await?;
    let mut order = [0; 6];
    host.recv_from(&mut order).await?;
    let works = &order == b"kimbap";
    row(["create_datagram_endpoint()", "UdpSocket::bind", "tokio"], works)
}

async fn resolve() -> Row {
    let found = lookup_host("127.0.0.1:80").await?.next();
    let works = found.is_some_and(|address| address.port() == 80);
    row(["getaddrinfo(host, port)", "lookup_host", "tokio"], works)
}

async fn on_signal() -> Row {
    let mut hangups = signal(SignalKind::hangup())?;
    raise(Signal::SIGHUP)?;
    let works = hangups.recv().await.is_some();
    row(
        ["add_signal_handler(SIGHUP)", "signal(hangup()).recv()", "tokio"],
        works,
    )
}
