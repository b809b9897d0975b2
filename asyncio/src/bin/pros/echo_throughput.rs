//! An echo server: on one thread, waiting overlaps and copying does not.
//!
//!     cargo run --release -p asyncio --bin echo_throughput
//!
//! Eight guests in a process of their own send something and want it back:
//! 10 times 1 KiB, with 20 ms to think before each, or 1 024 times 64 KiB, and
//! no thought. CPU is the server's, in per cent of one core.
//!
//! Claims: A27
//! Change this and watch: let guests `THINK` for 1 ms. The more often they
//! talk, the more the one thread has to work.
//!
//! Output (figures vary):
//!     server      guests      MiB      ms    MiB/s    CPU
//!     1 worker    think       0.1     204      0.4    1 %
//!     1 worker    copy      512.0     272   1883.2   56 %
//!     1 per core  copy      512.0     162   3159.2   69 %
//!     A27 borne out: 7.8 think at once, CPU 1 %; copying 56 %

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::{env, thread, time::Duration};

use shared::measure::{Usage, ms, now};
use shared::{
    Failure, Result, claim, flags, notice_debug_build, say, watchdog::Watchdog,
};
use tokio::runtime::{Builder, Runtime};

const GUESTS: usize = 8;

/// What a guest does: so many messages, of so many bytes, and ms to think.
type Talk = [usize; 3];

const THINK: Talk = [10, 1_024, 20];
const COPY: Talk = [1_024, 65_536, 0];

fn main() -> Result {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|role| role == "as-guests") {
        return be_the_guests(&arguments[1..]);
    }
    flags([]);
    notice_debug_build();
    let one = || Builder::new_current_thread().enable_all().build();
    say!("server      guests      MiB      ms    MiB/s    CPU");
    let (wall_ms, idle) = row("1 worker", one()?, "think")?;
    let (_, busy) = row("1 worker", one()?, "copy")?;
    row("1 per core", Runtime::new()?, "copy")?;
    let overlap = (GUESTS * THINK[0] * THINK[2]) as f64 / wall_ms;
    let figure = format!(
        "{overlap:.1} think at once, CPU {idle:.0} %; copying {busy:.0} %"
    );
    claim("A27", overlap > 3.0 && busy > 3.0 * idle, figure)
}

/// The wall time in ms, and the server's CPU time in per cent of it.
fn row(workers: &str, on: Runtime, guests: &str) -> Result<(f64, f64)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let server = listener.local_addr()?.to_string();
    let mut child = Command::new(env::current_exe()?);
    child.args(["as-guests", &server, guests]).stderr(Stdio::piped());
    let child = child.spawn()?;
    let (started, before) = (now(), Usage::now().cpu);
    let guests_left = on.spawn_blocking(|| child.wait_with_output());
    let ended = on.block_on(echo(listener, guests_left))???;
    let (wall, cpu) = (ms(now() - started), ms(Usage::now().cpu - before));
    if !ended.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&ended.stderr)));
    }
    let [times, bytes, _] = talk(guests);
    let mib = (GUESTS * times * bytes) as f64 / 1_048_576.0;
    let (rate, share) = (1_000.0 * mib / wall, 100.0 * cpu / wall);
    say!(
        "{workers:<12}{guests:<7}{mib:>8.1}{wall:>8.0}{rate:>9.1}{share:>5.0} %"
    );
    Ok((wall, share))
}

fn talk(guests: &str) -> Talk {
    if guests == "think" { THINK } else { COPY }
}

// ANCHOR: echo_throughput
/// Sends back what comes in, to no more than eight guests at a time. A guest
/// who is silent, or does not read, for two seconds has to go. When `until`
/// is done, so is the server: it lets nobody in and cuts who is left.
pub async fn echo<T>(
    listener: std::net::TcpListener,
    until: impl Future<Output = T>,
) -> std::io::Result<T> {
    use std::{sync::Arc, time::Duration};
    use tokio::{select, sync::Semaphore, task::JoinSet};
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let seats = Arc::new(Semaphore::new(8));
    let mut guests = JoinSet::new(); // dropped at the end: all are cut
    let mut until = std::pin::pin!(until);
    loop {
        let enter = async {
            let seat = seats.clone().acquire_owned().await;
            (seat, listener.accept().await)
        };
        select! {
            end = &mut until => return Ok(end),
            Some(_) = guests.join_next() => {} // forget who has left
            (seat, entered) = enter => match entered {
                Ok((guest, _)) => _ = guests.spawn(async move {
                    let _seat = seat;
                    attend(guest).await
                }),
                // Too many open files, most likely: some will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

async fn attend(mut guest: tokio::net::TcpStream) -> std::io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::{Duration, timeout};
    const PATIENCE: Duration = Duration::from_secs(2);
    let mut bytes = vec![0; 65_536];
    loop {
        let size = timeout(PATIENCE, guest.read(&mut bytes)).await??;
        if size == 0 {
            return Ok(());
        }
        timeout(PATIENCE, guest.write_all(&bytes[..size])).await??;
    }
}
// ANCHOR_END: echo_throughput

/// The child: eight threads that talk to the server.
fn be_the_guests(arguments: &[String]) -> Result {
    let _bound = Watchdog::guard("the echo", Duration::from_secs(10))?;
    let [server, guests] = arguments else {
        return Err(Failure::new("a server, and what to do"));
    };
    let (server, talk) = (server.parse()?, talk(guests));
    thread::scope(|floor| {
        let guest = |_| floor.spawn(move || be_a_guest(server, talk));
        let guests: Vec<_> = (0..GUESTS).map(guest).collect();
        let mut ends = guests.into_iter().map(|guest| guest.join());
        ends.try_for_each(|end| end.expect("it does not panic"))
    })
}

fn be_a_guest(server: SocketAddr, [times, bytes, think]: Talk) -> Result {
    let mut door = TcpStream::connect(server)?;
    let (said, mut heard) = (vec![b'a'; bytes], vec![0; bytes]);
    for _ in 0..times {
        thread::sleep(Duration::from_millis(think as u64));
        door.write_all(&said)?;
        door.read_exact(&mut heard)?;
    }
    if said == heard { Ok(()) } else { Err(Failure::new("no echo")) }
}
