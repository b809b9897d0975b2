//! A TCP server of tasks: connection limit (back-pressure), graceful shutdown.
//!
//!     cargo run -p asyncio --bin tcp_server
//!
//! A threaded server (`for stream in listener.incoming()`) has a thread for
//! each connection. This server has a task for each. It accepts no more
//! connections than it has places for; the others wait in the queue of the
//! listener. An error of `accept` does not stop it. Shutdown: it accepts nobody
//! any more, tells its connections, gives them a time limit, and then cuts
//! them. (Python: `asyncio.start_server`.)
//!
//! The recipe for a whole server has three parts: this one, `line_server` for
//! idle timeout and line length, and `stop_signal` for Ctrl+C and SIGTERM:
//! `serve(listener, 100, grace, stop_signal()?, answer_lines)`.
//!
//! Change this and watch: a limit of 3. The third client is greeted at once
//! (`false`), so the program waits for one more byte, which never comes,
//! and the watchdog ends it after 3 s.
//!
//! Output (figures vary):
//!     limit 2: the third client waits: true
//!     the first one leaves: the third is served: true
//!     shutdown: all connections ended in time: true

use std::net::Ipv4Addr;

use shared::{Result, ensure, flags, say, watchdog::Watchdog};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MS: fn(u64) -> Duration = Duration::from_millis; // a short name

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the server", MS(3_000))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let stopped = CancellationToken::new();
    let stop = stopped.clone().cancelled_owned();
    let limit = 2;
    let server = tokio::spawn(serve(listener, limit, MS(200), stop, greet));

    let first = TcpStream::connect(address).await?;
    let _second = TcpStream::connect(address).await?;
    let mut third = TcpStream::connect(address).await?;
    let waits = timeout(MS(50), third.read_u8()).await.is_err();
    say!("limit {limit}: the third client waits: {waits}");
    drop(first);
    let greeted = third.read_u8().await? == b'!';
    say!("the first one leaves: the third is served: {greeted}");
    stopped.cancel();
    let in_time = server.await?;
    say!("shutdown: all connections ended in time: {in_time}");
    ensure(waits && greeted && in_time, "a client was served in another way")
}

/// Greets a client, and stays until it leaves or the server stops.
async fn greet(
    mut stream: TcpStream,
    stopping: CancellationToken,
) -> io::Result<()> {
    stream.write_all(b"!").await?;
    let leaves = stream.read_u8();
    stopping.run_until_cancelled(leaves).await; // however it leaves
    Ok(())
}

// ANCHOR: tcp_server
use std::{io, pin::pin, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use tokio::{select, task::JoinSet, time::sleep, time::timeout};
use tokio_util::sync::CancellationToken;

/// Runs `handle` in a task for each connection, at most `limit` at a time
/// (above 0), until `stop` is ready. Then cancels the token that `handle` got,
/// and waits up to `grace` for the connections; those that are left are
/// cancelled, and `false` is returned. `handle` should limit the time of its
/// client, and log its own errors and panics: `serve` drops them. Each
/// connection gets a clone of `handle`; what the clones share belongs in an
/// `Arc`. If this future is dropped, all connections are cancelled. Panics if
/// `limit` is 0.
pub async fn serve<Handle, Task>(
    listener: TcpListener,
    limit: usize,
    grace: Duration,
    stop: impl Future<Output = ()>,
    handle: Handle,
) -> bool
where
    Handle: FnOnce(TcpStream, CancellationToken) -> Task, // a clone each
    Handle: Clone + Send + 'static,
    Task: Future<Output = io::Result<()>> + Send,
{
    assert_ne!(limit, 0, "no client could ever be served");
    let (mut tasks, mut stop) = (JoinSet::new(), pin!(stop));
    let stopping = CancellationToken::new();
    loop {
        let accepted = select! {
            () = &mut stop => break,
            // A task has ended. `None` (no tasks) does not match `Some(_)`, and
            // `select!` then goes on with the other branches.
            Some(_) = tasks.join_next() => continue,
            // At the limit this branch is off: clients wait in the queue.
            accepted = listener.accept(), if tasks.len() < limit => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // For example, no file descriptor is left: try again soon.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Called in its task: a panic there is no panic of the server.
        let (handle, stopping) = (handle.clone(), stopping.clone());
        tasks.spawn(async move { handle(stream, stopping).await });
    }
    drop(listener); // from here on clients are refused
    stopping.cancel();
    let ends = async { while tasks.join_next().await.is_some() {} };
    timeout(grace, ends).await.is_ok() // dropping `tasks` cancels the rest
}
// ANCHOR_END: tcp_server
