//! Python's `async with` in Rust: a function that takes an async closure.
//!
//!     cargo run -p asyncio --bin async_with
//!
//! An async context manager awaits before and after its block. `Drop` cannot
//! await, so in Rust a function does that: it opens, awaits the closure, and
//! closes. If its future is dropped (a timeout, `select!`), it does not close;
//! in Python `CancelledError` passes through `__aexit__`.
//!
//! `cleanup` shows what does run then.
//!
//! Claims: A34
//! Change this and watch: `quit` before `work` in `with_connection`. The server
//! hears it too early, and A34 is contradicted.
//!
//! Output (figures vary):
//!     to its end: the server hears "hello work quit"
//!     dropped at a timeout: the server hears "hello "
//!     The article, A34: "There are asynchronous versions of for, with, generators and comprehensions."
//!     Our answer for Rust: inverted (the opposite problem)
//!     A34 borne out: a function opens, works and closes: "hello work quit"

use std::{future::pending, time::Duration};

use shared::{Result, claim, flags, say};
use tokio::{io::AsyncReadExt, io::DuplexStream, io::duplex, time::timeout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let (client, server) = duplex(64);
    with_connection(client, async |client| client.write_all(b"work ").await)
        .await?;
    let whole = heard(server).await?;
    say!("to its end: the server hears {whole:?}");

    let (client, server) = duplex(64);
    let endless =
        with_connection(client, async |_| pending::<io::Result<()>>().await);
    let limit = Duration::from_millis(50);
    let dropped = timeout(limit, endless).await.is_err(); // WRONG: no `quit`
    let cut = heard(server).await?;
    say!("dropped at a timeout: the server hears {cut:?}");

    let borne_out = whole == "hello work quit" && dropped && cut == "hello ";
    let figure = format!("a function opens, works and closes: {whole:?}");
    claim("A34", borne_out, figure)
}

async fn heard(mut server: DuplexStream) -> Result<String> {
    let mut heard = String::new();
    server.read_to_string(&mut heard).await?;
    Ok(heard)
}

// ANCHOR: async_with
use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Says hello, does the work, and says goodbye, also if the work fails; not if
/// this future is dropped, or the work panics: then the stream is just closed.
pub async fn with_connection<Stream: AsyncWrite + Unpin, T>(
    mut stream: Stream,
    work: impl AsyncFnOnce(&mut Stream) -> io::Result<T>,
) -> io::Result<T> {
    stream.write_all(b"hello ").await?;
    let done = work(&mut stream).await;
    stream.write_all(b"quit").await?;
    done
}
// ANCHOR_END: async_with
