//! A TCP server with a thread per connection: timeouts, limits, a clean end.
//!
//!     cargo run -p threading --bin guess_threads
//!
//! Clients guess numbers, four at the same time. The server has a thread for
//! each, and that thread blocks while it waits for a line. A client that sends
//! no line in time (slow or silent), or a line without an end, is disconnected:
//! otherwise it could keep a thread, or fill the memory.
//!
//! The same with tasks: `guess_tasks` (in `asyncio`), line by line.
//!
//! Change this and watch: `PATIENCE` of two seconds. The silent client keeps a
//! thread for that long, and the server cannot end before.
//!
//! Output (figures vary):
//!     Mina: 50 too high, 25 too high, 12 too low, 18 too low, 21 too low, 23 too low, 24 right
//!     Jun: 50 too low, 75 too high, 62 too high, 56 right
//!     digits without end: cut off
//!     nothing at all: cut off

use std::cmp::Ordering;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::{io::Write, thread};

use shared::{Result, flags, say, watchdog::Watchdog};

const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST: usize = 32;
const CLIENTS: usize = 4;

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the game", 10 * PATIENCE)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || serve(listener));
    let clients = [
        thread::spawn(move || {
            play(address, "Mina", &[50, 25, 12, 18, 21, 23, 24])
        }),
        thread::spawn(move || play(address, "Jun", &[50, 75, 62, 56])),
        thread::spawn(move || annoy(address, "digits without end", "12345")),
        thread::spawn(move || annoy(address, "nothing at all", "")),
    ];
    for client in clients {
        say!("{}", client.join().expect("it does not panic")?);
    }
    Ok(server.join().expect("it does not panic")?)
}

/// Plays with `CLIENTS` clients, all at the same time, and closes.
fn serve(listener: TcpListener) -> io::Result<()> {
    let mut games = Vec::new();
    for _ in 0..CLIENTS {
        let (client, _) = listener.accept()?;
        games.push(thread::spawn(move || game(client)));
    }
    for game in games {
        // A client that broke the rules was disconnected: no error of ours.
        let _ = game.join().expect("it does not panic");
    }
    Ok(())
}

fn game(client: TcpStream) -> io::Result<()> {
    client.set_write_timeout(Some(PATIENCE))?; // it may not read, either
    let mut client = BufReader::new(client);
    let secret = secret(&read_line(&mut client, LONGEST, PATIENCE)?);
    loop {
        let guess = read_line(&mut client, LONGEST, PATIENCE)?;
        let guess: u32 = guess.parse().map_err(|_| InvalidData)?;
        let answer = match guess.cmp(&secret) {
            Ordering::Less => "too low",
            Ordering::Equal => "right",
            Ordering::Greater => "too high",
        };
        writeln!(client.get_mut(), "{answer}")?;
        if guess == secret {
            return Ok(());
        }
    }
}

/// From 1 to 100, and the same whenever this client comes.
fn secret(name: &str) -> u32 {
    1 + name.bytes().fold(0, |sum, byte| 7 * sum % 100 + u32::from(byte)) % 100
}

fn play(to: SocketAddr, name: &str, guesses: &[u32]) -> Result<String> {
    let mut server = BufReader::new(TcpStream::connect(to)?);
    writeln!(server.get_mut(), "{name}")?;
    let mut told = Vec::new();
    for guess in guesses {
        writeln!(server.get_mut(), "{guess}")?;
        let answer = read_line(&mut server, LONGEST, PATIENCE)?;
        told.push(format!("{guess} {answer}"));
    }
    Ok(format!("{name}: {}", told.join(", ")))
}

/// Sends something that is not a line, and waits for what comes of it.
fn annoy(to: SocketAddr, what: &str, text: &str) -> Result<String> {
    let mut server = TcpStream::connect(to)?;
    server.write_all(text.repeat(10).as_bytes())?;
    let cut = !matches!(server.read(&mut [0]), Ok(1));
    Ok(format!("{what}: {}", if cut { "cut off" } else { "answered" }))
}

// ANCHOR: guess_threads
use std::io::ErrorKind::{InvalidData, TimedOut};
use std::io::{self, BufReader, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// One line, without its end, and with U+FFFD for what is not UTF-8. The whole
/// line must be there after `limit`, however slowly its bytes come, and have at
/// most `most` bytes with its end.
///
/// # Errors
///
/// The line is too late (`WouldBlock` or `TimedOut`) or too long
/// (`InvalidData`); or the connection is closed before its end
/// (`UnexpectedEof`).
pub fn read_line(
    socket: &mut BufReader<TcpStream>,
    most: usize,
    limit: Duration,
) -> io::Result<String> {
    let (started, mut line) = (Instant::now(), Vec::new());
    while !line.ends_with(b"\n") {
        if line.len() == most {
            return Err(InvalidData.into());
        }
        // A socket has a timeout for each read, not for all of them.
        let left = limit.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(TimedOut.into());
        }
        socket.get_ref().set_read_timeout(Some(left))?;
        let mut byte = [0];
        socket.read_exact(&mut byte)?;
        line.extend(byte);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_string())
}
// ANCHOR_END: guess_threads
