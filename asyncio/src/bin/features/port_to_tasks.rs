//! Port a threaded server to tasks: one blocking call that is left stalls all.
//!
//!     cargo run -p asyncio --bin port_to_tasks
//!
//! The port is `async` and `.await`, and the types of the runtime for those of
//! std. The compiler finds an await that was forgotten. It does not find a call
//! that blocks: the port compiles and answers, but serves one client at a time.
//! Here each client has to be looked up. A look-up lasts until another one is
//! under way, too, or 300 ms.
//!
//! `guess_tasks` is a whole server, beside `guess_threads` (in `threading`).
//!
//! Claims: A18
//! Change this and watch: `Builder::new_multi_thread()`. The blocking call
//! stalls only one of the workers, and A18 is contradicted.
//!
//! Output (figures vary):

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::{io::Read, io::Write, thread, time::Duration};

use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::{net, runtime::Builder, time::sleep};

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the clients", Duration::from_secs(10))?;
    let tokio = Builder::new_current_thread().enable_all().build()?;
    let threads = at_once("threads", threads)?;
    let ported = at_once("tasks", |server| {
        tokio.block_on(tasks(server, answer_by_task))
    })?;
    let stalled = at_once("tasks, one blocking call left", |server| {
        tokio.block_on(tasks(server, stall))
    })?;
    let figure = format!(
        "clients served at the same time: {threads} by threads, {ported} by \
         tasks, {stalled} by tasks with a call that blocks"
    );
    claim("A18", threads == 2 && ported == 2 && stalled == 1, figure)
}

fn threads(server: TcpListener) -> io::Result<()> {
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (client, _) = server.accept()?;
        clients.push(thread::spawn(|| answer_by_thread(client)));
    }
    clients.into_iter().try_for_each(|c| c.join().expect("no panic"))
}

fn answer_by_thread(mut client: TcpStream) -> io::Result<()> {
    let mut name = [0; 5];
    client.read_exact(&mut name)?;
    look_up();
    client.write_all(&name)
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

async fn answer_by_task(mut client: net::TcpStream) -> io::Result<()> {
    let mut name = [0; 5];
    client.read_exact(&mut name).await?;
    look_up_async().await;
    client.write_all(&name).await
}

async fn stall(mut client: net::TcpStream) -> io::Result<()> {
    let mut name = [0; 5];
    client.read_exact(&mut name).await?;
    look_up(); // WRONG: it compiles, and blocks the thread of all clients
    client.write_all(&name).await
}

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
const MOMENT: Duration = Duration::from_millis(1);

fn look_up() {
    MOST.fetch_max(1 + NOW.fetch_add(1, SeqCst), SeqCst);
    for _ in 0..300 {
        if MOST.load(SeqCst) < 2 {
            thread::sleep(MOMENT);
        }
    }
    NOW.fetch_sub(1, SeqCst);
}

async fn look_up_async() {
    MOST.fetch_max(1 + NOW.fetch_add(1, SeqCst), SeqCst);
    for _ in 0..300 {
        if MOST.load(SeqCst) < 2 {
            sleep(MOMENT).await;
        }
    }
    NOW.fetch_sub(1, SeqCst);
}

/// Two clients come; returns how many of them were looked up at the same time.
fn at_once(
    what: &str,
    serve: impl FnOnce(TcpListener) -> io::Result<()>,
) -> Result<usize> {
    let server = TcpListener::bind(("127.0.0.1", 0))?;
    let address = server.local_addr()?;
    let [one, other] = ["alpha", "gamma"]
        .map(|name| thread::spawn(move || ask(address, name)));
    serve(server)?;
    let one = one.join().expect("no panic")?;
    let other = other.join().expect("no panic")?;
    let most = MOST.swap(0, SeqCst);
    say!("{what}: {one} and {other} are answered, {most} at a time");
    Ok(most)
}

fn ask(server: SocketAddr, name: &str) -> io::Result<String> {
    let mut server = TcpStream::connect(server)?;
    server.write_all(name.as_bytes())?;
    let mut reply = String::new();
    server.read_to_string(&mut reply)?;
    Ok(reply)
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
