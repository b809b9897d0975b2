//! Port a threaded server to tasks: a forgotten blocking call stops all tasks.
//!
//!     cargo run -p asyncio --bin port_to_tasks
//!
//! To port it, add `async` and `.await`, and replace std's types by tokio's.
//! The compiler finds an await that was forgotten. It does not find a call that
//! blocks: the port compiles and answers, but serves one client at a time. Here
//! two clients connect. For each of them the server looks something up, which
//! takes 200 ms.
//!
//! The part to copy avoids another mistake: std makes a listener that blocks.
//! In a debug build tokio's `from_std` panics for it. In a release build it is
//! taken, and after the first client `accept` blocks the event loop until the
//! next one comes. The program `guess_tasks` is a whole server, beside
//! `guess_threads` (in `threading`). "It" in A18 is asyncio.
//!
//! Claims: A18
//! Change this and watch: `Builder::new_multi_thread()`. The blocking call
//! stalls only one of the workers, and A18 is contradicted.
//!
//! Output (figures vary):
//!     threads: 2 clients served at a time
//!     tasks: 2 clients served at a time
//!     tasks, one blocking call left: 1 at a time
//!     The article, A18: "Threaded code with blocking input and output is easily ported to it."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A18 is borne out: served at a time: 2 clients by threads, 2 by tasks, 1 by tasks that block

use std::net::{TcpListener, TcpStream};
use std::{io::Write, thread, time::Duration};

use shared::{Result, Span, claim, ensure, flags, measure::now, say};
use tokio::task::JoinSet;
use tokio::{io::AsyncWriteExt, net, runtime::Builder, time::sleep};

const CLIENTS: usize = 2;
const LOOK_UP: Duration = Duration::from_millis(200);

fn main() -> Result {
    flags([]);
    let one = Builder::new_current_thread().enable_all().build()?;
    let threads = at_once(threads)?;
    let ported = at_once(|server| one.block_on(tasks(server, ported)))?;
    let stalled = at_once(|server| one.block_on(tasks(server, half_ported)))?;
    say!("threads: {threads} clients served at a time");
    say!("tasks: {ported} clients served at a time");
    say!("tasks, one blocking call left: {stalled} at a time");
    let figure = format!(
        "served at a time: {threads} clients by threads, {ported} by tasks, \
         {stalled} by tasks that block"
    );
    claim("A18", [threads, ported, stalled] == [CLIENTS, CLIENTS, 1], figure)
}

fn threads(server: TcpListener) -> io::Result<Vec<Span>> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (client, _) = server.accept()?;
        clients.push(thread::spawn(|| answer(client)));
    }
    clients.into_iter().map(|c| c.join().expect("no panic")).collect()
}

/// Looks something up, which takes time, and answers. Returns from when until
/// when it looked it up.
fn answer(mut client: TcpStream) -> io::Result<Span> {
    let start = now();
    thread::sleep(LOOK_UP);
    let looked_up = Span { start, end: now() };
    client.write_all(b"hello")?;
    Ok(looked_up)
}

async fn tasks<F>(
    server: TcpListener,
    answer: fn(net::TcpStream) -> F,
) -> io::Result<Vec<Span>>
where
    F: Future<Output = io::Result<Span>> + Send + 'static,
{
    let server = into_tokio(server)?;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (client, _) = server.accept().await?;
        clients.spawn(answer(client));
    }
    clients.join_all().await.into_iter().collect()
}

async fn ported(mut client: net::TcpStream) -> io::Result<Span> {
    let start = now();
    sleep(LOOK_UP).await;
    let looked_up = Span { start, end: now() };
    client.write_all(b"hello").await?;
    Ok(looked_up)
}

async fn half_ported(mut client: net::TcpStream) -> io::Result<Span> {
    let start = now();
    thread::sleep(LOOK_UP); // WRONG: it compiles, and blocks all clients
    let looked_up = Span { start, end: now() };
    client.write_all(b"hello").await?;
    Ok(looked_up)
}

/// Clients wait for the server. Returns how many it served at a time.
fn at_once(
    serve: impl FnOnce(TcpListener) -> io::Result<Vec<Span>>,
) -> Result<usize> {
    let server = TcpListener::bind(("127.0.0.1", 0))?;
    let address = server.local_addr()?;
    let clients = [(); CLIENTS].map(|()| TcpStream::connect(address));
    let spans = serve(server)?;
    for client in clients {
        let reply = io::read_to_string(client?)?;
        ensure(reply == "hello", "a client was not answered")?;
    }
    Ok(Span::most_at_once(&spans))
}

// ANCHOR: port_to_tasks
use std::io;

/// Hands a listener of std over to tokio. The first line makes it non-blocking.
/// Without this line `from_std` panics in a debug build; in a release build
/// `accept` blocks the whole event loop while it waits for another client.
///
/// # Panics
///
/// Outside of a tokio runtime, and in one without sockets (`enable_io`).
pub fn into_tokio(
    listener: std::net::TcpListener,
) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}
// ANCHOR_END: port_to_tasks
