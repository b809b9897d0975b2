//! Python's `async with` in Rust: a function that takes an async closure.
//!
//!     cargo run -p asyncio --bin async_with
//!
//! An async context manager awaits before and after its block. `Drop` cannot
//! await, so in Rust a function does that: it opens, awaits the closure, and
//! closes. If its future is dropped (a timeout, `select!`), it does not close;
//! in Python `CancelledError` passes through `__aexit__`.
//!
//! The program `cleanup` shows what does run then.
//!
//! Claims: A34
//! Change this and watch: leave out the line with `b"quit"`. The server does
//! not hear it, and A34 is contradicted.
//!
//! Output (figures vary):
//!     to its end: the server hears "hello work quit"
//!     dropped at a timeout: the server hears "hello "
//!     The article, A34: "There are asynchronous versions of for, with, generators and comprehensions."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to A34 is borne out: a function opens, works and closes: "hello work quit"

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

/// Says hello, does the work, says goodbye, and closes the stream. If the work
/// fails, it says goodbye, too, and returns the error of the work. If this
/// future is dropped, or the work panics, the stream is closed without a word.
/// No wait has a time limit.
pub async fn with_connection<Stream: AsyncWrite + Unpin, T>(
    mut stream: Stream,
    work: impl AsyncFnOnce(&mut Stream) -> io::Result<T>,
) -> io::Result<T> {
    stream.write_all(b"hello ").await?;
    let done = work(&mut stream).await;
    let closed = say_goodbye(&mut stream).await;
    let output = done?;
    closed.map(|()| output)
}

async fn say_goodbye(stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    stream.write_all(b"quit").await?;
    stream.shutdown().await // also sends what is still in a buffer
}
// ANCHOR_END: async_with
