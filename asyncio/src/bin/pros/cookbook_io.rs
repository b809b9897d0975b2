//! asyncio's streams: open_connection, datagrams and getaddrinfo, with limits.
//!
//!     cargo run -p asyncio --bin cookbook_io
//!
//! A peer can be slow, silent or endless. So the client limits how long it
//! waits and the length of a reply. Looking up a name is a blocking call, which
//! tokio hands to a thread. Each recipe is run, and its result compared with
//! the one that asyncio is known to give.
//!
//! For Python's `start_server` see the program `echo_server`; for the other
//! recipes see `cookbook`.
//!
//! Claims: A20
//! Change this and watch: `line.trim_end().to_uppercase()` in `upper_case`. The
//! reply has no line end then, and the client does not accept half a line: it
//! returns an error.
//!
//! Output (times vary, counts do not):
//!     Python                      Rust                as in Python
//!     open_connection()           TcpStream::connect  true
//!     create_datagram_endpoint()  UdpSocket           true
//!     getaddrinfo(host, port)     lookup_host         true
//!     The article, A20: "It offers many functions for concurrency."
//!     Our answer for Rust: holds (true)
//!     Our answer to A20 is borne out: 3 of 3 functions for sockets work as in Python

use std::{net::Ipv4Addr, time::Duration};

use client::ask;
use shared::{Result, claim_recipes, flags, watchdog::Watchdog};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::join;
use tokio::net::{TcpListener, UdpSocket, lookup_host};

const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("all recipes", Duration::from_secs(5))?;
    let recipes = [
        ("open_connection()", "TcpStream::connect", ask_a_server().await?),
        ("create_datagram_endpoint()", "UdpSocket", datagrams().await?),
        ("getaddrinfo(host, port)", "lookup_host", resolve().await?),
    ];
    claim_recipes("A20", "functions for sockets", &recipes)
}

async fn ask_a_server() -> Result<bool> {
    let listener = TcpListener::bind(ANY_PORT).await?;
    let server = listener.local_addr()?;
    let limit = Duration::from_secs(2);
    let asked = ask(server, "bulgogi", limit);
    let (reply, served) = join!(asked, upper_case(listener));
    served?;
    Ok(reply? == "BULGOGI")
}

async fn upper_case(listener: TcpListener) -> Result {
    let mut stream = BufStream::new(listener.accept().await?.0);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream.write_all(line.to_uppercase().as_bytes()).await?;
    Ok(stream.flush().await?)
}

async fn resolve() -> Result<bool> {
    let mut found = lookup_host(("localhost", 80)).await?;
    Ok(found.any(|address| address.ip().is_loopback()))
}

async fn datagrams() -> Result<bool> {
    let [client, server] =
        [UdpSocket::bind(ANY_PORT).await?, UdpSocket::bind(ANY_PORT).await?];
    client.send_to(b"ping", server.local_addr()?).await?;
    let mut received = [0; 8];
    let (size, from) = server.recv_from(&mut received).await?;
    Ok(&received[..size] == b"ping" && from == client.local_addr()?)
}

/// The part to copy.
pub mod client {
    // ANCHOR: open_connection
    use std::{io, io::ErrorKind::UnexpectedEof, time::Duration};
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    use tokio::net::{TcpStream, ToSocketAddrs};
    use tokio::time::timeout;

    /// `asyncio.open_connection`, `write` and `readline`: sends a line and
    /// returns the line that comes back, without its end. Connecting, sending
    /// and receiving may take `limit` together; the reply may have 64 KiB.
    pub async fn ask(
        server: impl ToSocketAddrs,
        line: &str,
        limit: Duration,
    ) -> io::Result<String> {
        let ask = async {
            let mut stream = TcpStream::connect(server).await?;
            stream.write_all(format!("{line}\n").as_bytes()).await?;
            let mut reply = String::new();
            BufReader::new(stream).take(65_536).read_line(&mut reply).await?;
            match reply.strip_suffix('\n') {
                Some(reply) => Ok(reply.to_string()),
                None => Err(UnexpectedEof.into()), // or the line is too long
            }
        };
        timeout(limit, ask).await?
    }
    // ANCHOR_END: open_connection
}
