//! A server with three guests is told to stop: killed, asked, asked twice.
//!
//!     cargo run -p asyncio --bin graceful_shutdown
//!
//! Without a handler, SIGTERM ends a program on the spot, as Ctrl+C (SIGINT)
//! does: nobody is served, no guard runs. With one, stopping is up to the
//! program: it closes the door, serves who is inside, and has to know when to
//! wait no longer.
//!
//! Claims: F12
//! Change this and watch: `std::future::pending()` for the last `told()`. The
//! second Ctrl+C does nothing then, and the server ends 200 ms later.
//!
//! Output (figures vary):
//!     server               served  guards      ms  ends by
//!     without a handler         0       0     0.3  signal: 15 (SIGTERM)
//!     asked                     3       3     0.5  exit status: 0
//!     asked, one is stuck       2       3   205.6  exit status: 1
//!     asked twice               0       0     0.5  exit status: 130
//!     F12 borne out: one signal: 0 of 3 served; asked: 3

use std::io::{BufRead, BufReader, Write};
use std::process::{Stdio, exit};
use std::{io, net, time::Duration, time::Instant};

use nix::sys::signal::{SIGINT, SIGTERM, Signal, kill};
use nix::unistd::Pid;
use shared::{Result, claim, flags, role, say};
use shared::{measure::ms, watchdog::Watchdog};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::{select, task::JoinSet, time::sleep, time::timeout};

fn main() -> Result {
    if let Some([way]) = role::started_as("server") {
        return server(way != ABRUPT);
    }
    flags([]);
    say!("{:<20}{:>7}{:>8}{:>8}  ends by", "server", "served", "guards", "ms");
    let stops = [
        row(ABRUPT, 3, &[SIGTERM])?,
        row("asked", 3, &[SIGINT])?,
        row("asked, one is stuck", 2, &[SIGTERM])?,
        row("asked twice", 0, &[SIGINT, SIGINT])?,
    ];
    let [(killed, ..), (asked, ..), ..] = stops;
    let figure = format!("one signal: {killed} of 3 served; asked: {asked}");
    let expected = [(0, 0, -1), (3, 3, 0), (2, 3, 1), (0, 0, 130)];
    claim("F12", stops == expected, figure)
}

const ABRUPT: &str = "without a handler";

/// Guests served, guards that ran, and the exit status (-1: killed).
type Stopped = (usize, usize, i32);

/// Starts a server with three guests, sends it the first signal, and, when its
/// door is closed, lets the guests order that do, and sends the next signal.
fn row(way: &str, orders: usize, signals: &[Signal]) -> Result<Stopped> {
    let mut server = role::command("server")?
        .arg(way)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let process = Pid::from_raw(server.id() as i32);
    let log = server.stdout.take().expect("it is a pipe");
    let mut log = BufReader::new(log).lines();
    let mut next = || log.next().transpose().map(Option::unwrap_or_default);
    let (door, mut guests) = (next()?, Vec::new());
    for _ in 0..3 {
        guests.push(net::TcpStream::connect(&door)?);
        next()?; // it is seated
    }
    let told = Instant::now();
    kill(process, signals[0])?;
    if next()? == "closed" {
        let mut orders = guests[..orders].iter_mut();
        orders.try_for_each(|guest| guest.write_all(b"bibimbap"))?;
        signals[1..].iter().try_for_each(|&again| kill(process, again))?;
    }
    let rest: Vec<String> = log.collect::<io::Result<_>>()?;
    let status = server.wait()?;
    let took = ms(told.elapsed());
    let count = |what| rest.iter().filter(|line| *line == what).count();
    let (served, guards) = (count("served"), count("guard"));
    say!("{way:<20}{served:>7}{guards:>8}{took:>8.1}  {status}");
    Ok((served, guards, status.code().unwrap_or(-1)))
}

/// The child: says line by line what happens.
#[tokio::main(flavor = "current_thread")]
async fn server(handles: bool) -> Result {
    let _bound = Watchdog::guard("the server", Duration::from_secs(2))?;
    let door = TcpListener::bind((net::Ipv4Addr::LOCALHOST, 0)).await?;
    let mut guests = JoinSet::new();
    if !handles {
        say!("{}", door.local_addr()?);
        return serve(&door, &mut guests).await;
    }
    // Ctrl+C in a terminal, and what `kill` sends.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut told = async || {
        select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    };
    say!("{}", door.local_addr()?); // now that signals no longer kill
    select! {
        ended = serve(&door, &mut guests) => return ended,
        () = told() => drop(door),
    }
    say!("closed");
    select! {
        all = drain(guests, Duration::from_millis(200)) => exit(!all as i32),
        () = told() => exit(130), // at once, as if SIGINT had done it
    }
}

async fn serve(door: &TcpListener, guests: &mut JoinSet<Result>) -> Result {
    loop {
        select! {
            Ok((guest, _)) = door.accept(), if guests.len() < 64 => {
                guests.spawn(wait_on(guest));
            }
            Some(_) = guests.join_next() => {} // room for the next one
            // No file for a guest, and nobody is inside who could leave one.
            else => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn wait_on(mut guest: TcpStream) -> Result {
    let _guard = Guard;
    say!("seated");
    let mut dish = [0; 8];
    timeout(Duration::from_secs(1), guest.read_exact(&mut dish)).await??;
    guest.write_all(&dish).await?;
    say!("served");
    Ok(())
}

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        say!("guard");
    }
}

// ANCHOR: graceful_shutdown
/// Whether all `jobs` have ended by themselves within `grace`. After that, they
/// are cancelled.
pub async fn drain<Output: 'static>(
    mut jobs: tokio::task::JoinSet<Output>,
    grace: std::time::Duration,
) -> bool {
    let all = async { while jobs.join_next().await.is_some() {} };
    let in_time = tokio::time::timeout(grace, all).await.is_ok();
    jobs.shutdown().await;
    in_time
}
// ANCHOR_END: graceful_shutdown
