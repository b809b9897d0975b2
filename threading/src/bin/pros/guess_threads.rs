//! A server and its guests guess numbers over TCP: threads that block.
//!
//!     cargo run -p threading --bin guess_threads
//!
//! Each guest has a connection, and the server a thread for each. A guest who
//! sends no line in time, or one that does not end, is cut off. The same with
//! tasks: `guess_tasks` (in `asyncio`), line by line.
//!
//! Change this and watch: `PATIENCE` of two seconds. The silent guest keeps a
//! thread for that long, and the server cannot end before.
//!
//! Output (figures vary):
//!     Mina: 50 less, 25 less, 12 more, 18 more, 21 more, 23 more, 24 right
//!     Jun: 50 more, 75 less, 62 less, 56 right
//!     digits without end: cut off
//!     nothing at all: cut off

use std::io::{self, BufReader, ErrorKind::InvalidData, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::{cmp::Ordering, thread, time::Duration, time::Instant};

use shared::{Result, flags, say, watchdog::Watchdog};

type Door = BufReader<TcpStream>;

const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST: usize = 32;
const GUESTS: usize = 4;

fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the game", 10 * PATIENCE)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let door = listener.local_addr()?;
    let server = thread::spawn(move || serve(listener));
    let guests = [
        thread::spawn(move || play(door, "Mina")),
        thread::spawn(move || play(door, "Jun")),
        thread::spawn(move || annoy(door, "digits without end", "1234567890")),
        thread::spawn(move || annoy(door, "nothing at all", "")),
    ];
    for guest in guests {
        say!("{}", guest.join().expect("it does not panic")?);
    }
    Ok(server.join().expect("it does not panic")?)
}

/// Plays with so many guests, all at the same time, and closes.
fn serve(listener: TcpListener) -> io::Result<()> {
    let mut games = Vec::new();
    for _ in 0..GUESTS {
        let (guest, _) = listener.accept()?;
        games.push(thread::spawn(move || game(guest)));
    }
    for game in games {
        // Who broke the rules was cut off; that is all there is to it.
        let _ = game.join().expect("it does not panic");
    }
    Ok(())
}

fn game(guest: TcpStream) -> io::Result<()> {
    let mut guest = BufReader::new(guest);
    let secret = secret(&read_line(&mut guest)?);
    loop {
        let guess = read_line(&mut guest)?;
        let guess: u32 = guess.parse().map_err(|_| InvalidData)?;
        let answer = match guess.cmp(&secret) {
            Ordering::Less => "more",
            Ordering::Equal => "right",
            Ordering::Greater => "less",
        };
        write_line(&mut guest, answer)?;
        if guess == secret {
            return Ok(());
        }
    }
}

/// From 1 to 100, and the same whenever this guest comes.
fn secret(name: &str) -> u32 {
    1 + name.bytes().fold(0, |sum, byte| 7 * sum % 100 + u32::from(byte)) % 100
}

fn write_line(door: &mut Door, line: &str) -> io::Result<()> {
    door.get_mut().write_all(format!("{line}\n").as_bytes())
}

/// One line, not longer than it may be, and not later.
fn read_line(door: &mut Door) -> io::Result<String> {
    let (deadline, mut line) = (Instant::now() + PATIENCE, Vec::new());
    while !line.ends_with(b"\n") {
        if line.len() == LONGEST {
            return Err(InvalidData.into());
        }
        // A socket has a timeout for each read, not for all of them.
        let left = deadline.saturating_duration_since(Instant::now());
        let left = left.max(Duration::from_nanos(1));
        door.get_ref().set_read_timeout(Some(left))?;
        let mut byte = [0];
        door.read_exact(&mut byte)?;
        line.extend(byte);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_string())
}

fn play(door: SocketAddr, name: &str) -> io::Result<String> {
    let mut server = BufReader::new(TcpStream::connect(door)?);
    write_line(&mut server, name)?;
    let (mut least, mut most, mut told) = (1, 100, Vec::new());
    loop {
        let guess = (least + most) / 2;
        write_line(&mut server, &guess.to_string())?;
        let answer = read_line(&mut server)?;
        told.push(format!("{guess} {answer}"));
        match answer.as_str() {
            "more" => least = guess + 1,
            "less" => most = guess - 1,
            _ => return Ok(format!("{name}: {}", told.join(", "))),
        }
    }
}

/// Says something that is not a line, and waits for what comes of it.
fn annoy(door: SocketAddr, what: &str, text: &str) -> io::Result<String> {
    let mut server = TcpStream::connect(door)?;
    server.write_all(text.repeat(10).as_bytes())?;
    let cut = !matches!(server.read(&mut [0]), Ok(1));
    Ok(format!("{what}: {}", if cut { "cut off" } else { "answered" }))
}
