//! Port a threaded server to tasks: one blocking call that is left stalls all.
//!
//!     cargo run -p asyncio --bin port_to_tasks
//!
//! The port is `async` and `.await`, and the types of the runtime for those of
//! std. The compiler finds an await that was forgotten. It does not find a call
//! that blocks: the port compiles and answers, but serves one client at a time.
//! Here two clients wait to be served, and each has to be looked up.
//!
//! `guess_tasks` is a whole server, beside `guess_threads` (in `threading`).
//!
//! Claims: A18
//! Change this and watch: `Builder::new_multi_thread()`. The blocking call
//! stalls only one of the workers, and A18 is contradicted.
//!
//! Output (figures vary):
//!     threads: two clients heard "hellohello", 2 at a time
//!     tasks: two clients heard "hellohello", 2 at a time
//!     tasks, one blocking call left: two clients heard "hellohello", 1 at a time
//!     The article, A18: "Threaded code with blocking input and output is easily ported to it."
//!     Our answer for Rust: limits (true within limits)
//!     A18 borne out: served at a time: 2 clients by threads, 2 by tasks, 1 by tasks that block

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{io::Read, io::Write, thread, time::Duration};

use shared::{Result, claim, flags, say};
use tokio::{io::AsyncWriteExt, net, runtime::Builder, time::sleep};

fn main() -> Result {
    flags([]);
    let one = Builder::new_current_thread().enable_all().build()?;
    let threads = at_once("threads", threads)?;
    let ported =
        at_once("tasks", |server| one.block_on(tasks(server, ported)))?;
    let stalled = at_once("tasks, one blocking call left", |server| {
        one.block_on(tasks(server, half_ported))
    })?;
    let figure = format!(
        "served at a time: {threads} clients by threads, {ported} by tasks, \
         {stalled} by tasks that block"
    );
    claim("A18", threads == 2 && ported == 2 && stalled == 1, figure)
}

fn threads(server: TcpListener) -> io::Result<()> {
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (mut client, _) = server.accept()?;
        clients.push(thread::spawn(move || {
            look_up();
            client.write_all(b"hello")
        }));
    }
    clients.into_iter().try_for_each(|c| c.join().expect("no panic"))
}

async fn tasks<F>(
    server: TcpListener,
    answer: fn(net::TcpStream) -> F,
) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let server = into_tokio(server)?;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (client, _) = server.accept().await?;
        clients.push(tokio::spawn(answer(client)));
    }
    for client in clients {
        client.await.expect("no panic")?;
    }
    Ok(())
}

async fn ported(mut client: net::TcpStream) -> io::Result<()> {
    begin();
    sleep(LOOK_UP).await;
    end();
    client.write_all(b"hello").await
}

async fn half_ported(mut client: net::TcpStream) -> io::Result<()> {
    look_up(); // WRONG: it compiles, and blocks the thread of all clients
    client.write_all(b"hello").await
}

const LOOK_UP: Duration = Duration::from_millis(200);

fn look_up() {
    begin();
    thread::sleep(LOOK_UP);
    end();
}

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn begin() {
    MOST.fetch_max(1 + NOW.fetch_add(1, SeqCst), SeqCst);
}

fn end() {
    NOW.fetch_sub(1, SeqCst);
}

/// Two clients wait for the server; returns how many were served at once.
fn at_once(
    what: &str,
    serve: impl FnOnce(TcpListener) -> io::Result<()>,
) -> Result<usize> {
    let server = TcpListener::bind(("127.0.0.1", 0))?;
    let address = server.local_addr()?;
    let clients = [TcpStream::connect(address)?, TcpStream::connect(address)?];
    serve(server)?;
    let mut replies = String::new();
    for mut client in clients {
        client.read_to_string(&mut replies)?;
    }
    let most = MOST.swap(0, SeqCst);
    say!("{what}: two clients heard {replies:?}, {most} at a time");
    Ok(most)
}

// ANCHOR: port_to_tasks
use std::io;

/// Hands a listener of std over to tokio. Without the first line its `accept`
/// would block the whole event loop. To be called inside of a runtime.
pub fn into_tokio(
    listener: std::net::TcpListener,
) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}
// ANCHOR_END: port_to_tasks
