//! A TCP server of tasks: limits on the time and the length of each line.
//!
//!     cargo run -p asyncio --bin guess_tasks
//!
//! Clients guess a number, all at the same time, on one thread. A client that
//! sends no line in time, or a line without end, is disconnected. This is
//! `guess_threads` (in `threading`) with tasks: a deadline is simpler, because
//! any future can have one; when it is over, the future is dropped.
//!
//! The program `port_to_tasks` shows what the compiler does not find when you
//! port.
//!
//! Change this and watch: `read_line` without its `timeout`. The silent client
//! is never disconnected, and the watchdog ends the program.
//!
//! Output (figures vary):
//!     Mina: 50 too high, 25 too high, 12 too low, 18 too low, 21 too low, 23 too low, 24 right
//!     Jun: 50 too low, 75 too high, 62 too high, 56 right
//!     digits without end: cut off
//!     nothing at all: cut off

use std::cmp::Ordering;
use std::net::{Ipv4Addr, SocketAddr};

use shared::{Result, flags, say, watchdog::Watchdog};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type Connection = BufReader<TcpStream>;

const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST: u64 = 32;
const CLIENTS: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the game", 10 * PATIENCE)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(serve(listener));
    let clients = [
        tokio::spawn(play(address, "Mina", &[50, 25, 12, 18, 21, 23, 24])),
        tokio::spawn(play(address, "Jun", &[50, 75, 62, 56])),
        tokio::spawn(annoy(address, "digits without end", "12345")),
        tokio::spawn(annoy(address, "nothing at all", "")),
    ];
    for client in clients {
        say!("{}", client.await.expect("it does not panic")?);
    }
    Ok(server.await.expect("it does not panic")?)
}

/// Plays with `CLIENTS` clients, all at the same time, and closes.
async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut games = Vec::new();
    for _ in 0..CLIENTS {
        let (client, _) = listener.accept().await?;
        games.push(tokio::spawn(game(client)));
    }
    for game in games {
        // A client that broke the rules was disconnected: no error of ours.
        let _ = game.await.expect("it does not panic");
    }
    Ok(())
}

async fn game(client: TcpStream) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let secret = secret(&read_line(&mut client, LONGEST, PATIENCE).await?);
    loop {
        let guess = read_line(&mut client, LONGEST, PATIENCE).await?;
        let guess: u32 = guess.parse().map_err(|_| InvalidData)?;
        let answer = match guess.cmp(&secret) {
            Ordering::Less => "too low",
            Ordering::Equal => "right",
            Ordering::Greater => "too high",
        };
        write_line(&mut client, answer).await?;
        if guess == secret {
            return Ok(());
        }
    }
}

/// From 1 to 100, and the same whenever this client comes.
fn secret(name: &str) -> u32 {
    1 + name.bytes().fold(0, |sum, byte| 7 * sum % 100 + u32::from(byte)) % 100
}

/// The other side may not read: without a limit this would wait for it.
async fn write_line(to: &mut Connection, line: &str) -> io::Result<()> {
    let line = format!("{line}\n");
    timeout(PATIENCE, to.write_all(line.as_bytes())).await?
}

async fn play(to: SocketAddr, name: &str, guesses: &[u32]) -> Result<String> {
    let mut server = BufReader::new(TcpStream::connect(to).await?);
    write_line(&mut server, name).await?;
    let mut told = Vec::new();
    for guess in guesses {
        write_line(&mut server, &guess.to_string()).await?;
        let answer = read_line(&mut server, LONGEST, PATIENCE).await?;
        told.push(format!("{guess} {answer}"));
    }
    Ok(format!("{name}: {}", told.join(", ")))
}

/// Sends something that is not a line, and waits for what comes of it.
async fn annoy(to: SocketAddr, what: &str, text: &str) -> Result<String> {
    let mut server = TcpStream::connect(to).await?;
    server.write_all(text.repeat(10).as_bytes()).await?;
    let cut = !matches!(server.read(&mut [0]).await, Ok(1));
    Ok(format!("{what}: {}", if cut { "cut off" } else { "answered" }))
}

// ANCHOR: guess_tasks
use std::io::{self, ErrorKind::InvalidData, ErrorKind::UnexpectedEof};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::time::timeout;

/// One line, without its end, and with U+FFFD for what is not UTF-8. The whole
/// line must be there after `limit`, and have at most `most` bytes with its
/// end. Not cancellation safe: drop the connection after a cancellation or an
/// error.
///
/// # Errors
///
/// The line is too late (`TimedOut`) or too long (`InvalidData`); or the
/// connection is closed before its end (`UnexpectedEof`).
pub async fn read_line(
    from: &mut (impl AsyncBufRead + Unpin),
    most: u64,
    limit: Duration,
) -> io::Result<String> {
    let (mut line, mut from) = (Vec::new(), from.take(most));
    // The first `?` is for the timeout, the second for the read.
    timeout(limit, from.read_until(b'\n', &mut line)).await??;
    match line.ends_with(b"\n") {
        true => Ok(String::from_utf8_lossy(&line).trim_end().to_string()),
        false if from.limit() == 0 => Err(InvalidData.into()),
        false => Err(UnexpectedEof.into()),
    }
}
// ANCHOR_END: guess_tasks
