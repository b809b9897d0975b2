//! A server and its guests guess numbers over TCP: tasks on one thread.
//!
//!     cargo run -p asyncio --bin guess_tasks
//!
//! This is `guess_threads` (in `threading`), ported. A deadline for a line is
//! simpler now: any future can have one, and dropping it is the end of it. A
//! line is written anew if it differs by more than `async` and `.await`.
//!
//! Claims: A18
//! Change this and watch: `PATIENCE` of two seconds. The silent guest keeps a
//! task for that long: a few hundred bytes, not a thread.
//!
//! Output (figures vary):
//!     Mina: 50 less, 25 less, 12 more, 18 more, 21 more, 23 more, 24 right
//!     Jun: 50 more, 75 less, 62 less, 56 right
//!     digits without end: cut off
//!     nothing at all: cut off
//!     A18 borne out: same transcript, 45 % of 96 lines changed, 24 anew

use std::io::{self, ErrorKind::InvalidData};
use std::net::{Ipv4Addr, SocketAddr};
use std::{cmp::Ordering, time::Duration};

use shared::{Result, claim, flags, say, watchdog::Watchdog};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

type Door = BufReader<TcpStream>;

const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST: u64 = 32;
const GUESTS: usize = 4;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let _bound = Watchdog::guard("the game", 10 * PATIENCE)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let door = listener.local_addr()?;
    let server = tokio::spawn(serve(listener));
    let guests = [
        tokio::spawn(play(door, "Mina")),
        tokio::spawn(play(door, "Jun")),
        tokio::spawn(annoy(door, "digits without end", "1234567890")),
        tokio::spawn(annoy(door, "nothing at all", "")),
    ];
    let mut told = Vec::new();
    for guest in guests {
        told.push(guest.await.expect("it does not panic")?);
        say!("{}", told[told.len() - 1]);
    }
    server.await.expect("it does not panic")?;
    verdict(&told)
}

/// Plays with so many guests, all at the same time, and closes.
async fn serve(listener: TcpListener) -> io::Result<()> {
    let mut games = Vec::new();
    for _ in 0..GUESTS {
        let (guest, _) = listener.accept().await?;
        games.push(tokio::spawn(game(guest)));
    }
    for game in games {
        // Who broke the rules was cut off; that is all there is to it.
        let _ = game.await.expect("it does not panic");
    }
    Ok(())
}

async fn game(guest: TcpStream) -> io::Result<()> {
    let mut guest = BufReader::new(guest);
    let secret = secret(&read_line(&mut guest).await?);
    loop {
        let guess = read_line(&mut guest).await?;
        let guess: u32 = guess.parse().map_err(|_| InvalidData)?;
        let answer = match guess.cmp(&secret) {
            Ordering::Less => "more",
            Ordering::Equal => "right",
            Ordering::Greater => "less",
        };
        write_line(&mut guest, answer).await?;
        if guess == secret {
            return Ok(());
        }
    }
}

/// From 1 to 100, and the same whenever this guest comes.
fn secret(name: &str) -> u32 {
    1 + name.bytes().fold(0, |sum, byte| 7 * sum % 100 + u32::from(byte)) % 100
}

async fn write_line(door: &mut Door, line: &str) -> io::Result<()> {
    door.get_mut().write_all(format!("{line}\n").as_bytes()).await
}

/// One line, not longer than it may be, and not later.
async fn read_line(door: &mut Door) -> io::Result<String> {
    let (mut line, mut door) = (Vec::new(), door.take(LONGEST));
    timeout(PATIENCE, door.read_until(b'\n', &mut line)).await??;
    if !line.ends_with(b"\n") {
        return Err(InvalidData.into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_string())
}

async fn play(door: SocketAddr, name: &str) -> io::Result<String> {
    let mut server = BufReader::new(TcpStream::connect(door).await?);
    write_line(&mut server, name).await?;
    let (mut least, mut most, mut told) = (1, 100, Vec::new());
    loop {
        let guess = (least + most) / 2;
        write_line(&mut server, &guess.to_string()).await?;
        let answer = read_line(&mut server).await?;
        told.push(format!("{guess} {answer}"));
        match answer.as_str() {
            "more" => least = guess + 1,
            "less" => most = guess - 1,
            _ => return Ok(format!("{name}: {}", told.join(", "))),
        }
    }
}

/// Says something that is not a line, and waits for what comes of it.
async fn annoy(door: SocketAddr, what: &str, text: &str) -> io::Result<String> {
    let mut server = TcpStream::connect(door).await?;
    server.write_all(text.repeat(10).as_bytes()).await?;
    let cut = !matches!(server.read(&mut [0]).await, Ok(1));
    Ok(format!("{what}: {}", if cut { "cut off" } else { "answered" }))
}

/// Both told the same; and what was written anew to get from one to the other.
fn verdict(told: &[String]) -> Result {
    let (above, _) = TASKS.split_once("/// Both told").expect("it is there");
    let (threads, tasks) = (code(THREADS), code(above));
    let plain = |line: &str| line.replace("async ", "").replace(".await", "");
    let mut changed = tasks.clone();
    changed.retain(|line| !threads.contains(line));
    let all = changed.len();
    changed.retain(|line| !threads.contains(&plain(line).as_str()));
    let (anew, percent) = (changed.len(), 100 * all / tasks.len());
    let lines = tasks.len();
    let figure = format!(
        "same transcript, {percent} % of {lines} lines changed, {anew} anew"
    );
    let same = |line: &String| THREADS.contains(&format!("//!     {line}\n"));
    claim("A18", told.iter().all(same) && 3 * anew < lines, figure)
}

const TASKS: &str = include_str!("guess_tasks.rs");
const THREADS: &str =
    include_str!("../../../../threading/src/bin/pros/guess_threads.rs");

/// Lines of code: neither blank nor comments.
fn code(source: &str) -> Vec<&str> {
    let lines = source.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect()
}
