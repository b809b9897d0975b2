//! Slow, silent and flooding clients: idle timeout and a limit for line length.
//!
//!     cargo run -p asyncio --bin line_server
//!
//! A client that says nothing, or sends a byte a minute, or never ends its
//! line, must not keep a connection or fill the memory. So the server limits
//! how long it waits for a line, how long the line is, and how long the client
//! may take to read the reply. In Python: `asyncio.timeout`, and the `limit` of
//! `asyncio.start_server`.
//!
//! The program `tcp_server` limits connections, and shuts down; `stop_signal`
//! handles SIGTERM.
//!
//! Change this and watch: an `IDLE` of 10 seconds. The silent client is not
//! cut, and the watchdog ends the program.
//!
//! Output (figures vary):
//!     a client sends nothing: reply ""; server closes: timed out
//!     a client sends half a line: reply ""; server closes: timed out
//!     a client sends a line of 99 bytes: reply ""; server closes: the line is too long, or cut
//!     a client sends a line: reply "HELLO\n"; server closes: timed out

use std::{io::ErrorKind::InvalidData, io::ErrorKind::TimedOut, net::Ipv4Addr};

use shared::{Result, ensure, flags, say, watchdog::Watchdog};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the server", Duration::from_secs(3))?;
    for (what, bytes, answer, why) in [
        ("nothing", &b""[..], "", TimedOut),
        ("half a line", b"hel", "", TimedOut),
        ("a line of 99 bytes", &[b'a'; 99], "", InvalidData),
        ("a line", b"hello\n", "HELLO\n", TimedOut),
    ] {
        let (reply, error) = talk(bytes).await?;
        say!("a client sends {what}: reply {reply:?}; server closes: {error}");
        let right = reply == answer && error.kind() == why;
        ensure(right, "a client was served in another way")?;
    }
    Ok(())
}

/// What a client gets for these bytes, and why the server closes then.
async fn talk(bytes: &[u8]) -> Result<(String, io::Error)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    client.write_all(bytes).await?;
    let (stream, _) = listener.accept().await?;
    let server = tokio::spawn(answer_lines(stream, CancellationToken::new()));
    let mut reply = Vec::new();
    let _ = client.read_to_end(&mut reply).await; // an error: it was reset
    let error = server.await?.expect_err("the client does not close");
    Ok((String::from_utf8(reply)?, error))
}

// ANCHOR: line_server
use std::{io, time::Duration};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::{net::TcpStream, select, time::timeout};
use tokio_util::sync::CancellationToken;

const IDLE: Duration = Duration::from_millis(200); // yours may be a minute
const LONGEST: u64 = 80; // bytes of a line, with its end

/// Answers each line of a client. Each of three waits has at most `IDLE`: for
/// the first byte, for the rest of the line, for sending the reply. When
/// `stopping` is cancelled, the lines that have come are answered, and then it
/// ends. Errors are `TimedOut`, `InvalidData` for a line that is longer than
/// `LONGEST` bytes or has no end, and those of the connection.
pub async fn answer_lines(
    stream: TcpStream,
    stopping: CancellationToken,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let more = select! {
            biased; // what has come is answered
            more = timeout(IDLE, stream.fill_buf()) => more??,
            () = stopping.cancelled() => return Ok(()),
        };
        if more.is_empty() {
            return Ok(()); // the client has closed
        }
        let mut line = Vec::new();
        let mut limited = (&mut stream).take(LONGEST);
        // The first `?` is for the timeout, the second for the read.
        timeout(IDLE, limited.read_until(b'\n', &mut line)).await??;
        if !line.ends_with(b"\n") {
            let error = "the line is too long, or cut";
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        line.make_ascii_uppercase(); // the answer: put yours here
        timeout(IDLE, stream.write_all(&line)).await??;
    }
}
// ANCHOR_END: line_server
