//! A server keeps serving, whoever its clients are. One test after the other in
//! one process: some take all its files away.

use std::{
    fs::File,
    future::pending,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    panic::resume_unwind,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use shared::{measure::Usage, watchdog::within};
use tokio::{runtime::Builder, sync::oneshot};
use tokio_util::sync::CancellationToken;

#[expect(dead_code, reason = "only its server is tested")]
#[path = "../src/bin/pros/echo_server.rs"]
mod echo_server;
#[expect(dead_code, reason = "the part to copy, and the program around it")]
#[path = "../src/bin/cons/line_server.rs"]
mod line_server;
#[expect(dead_code, reason = "the part to copy, and the program around it")]
#[path = "../src/bin/cons/stop_signal.rs"]
mod stop_signal;
#[expect(dead_code, reason = "the part to copy, and the program around it")]
#[path = "../src/bin/cons/tcp_server.rs"]
mod tcp_server;

static ONE_BY_ONE: Mutex<()> = Mutex::new(());

/// When accepting fails, it is tried again, also while a client that stays has
/// a place: nobody has to leave for that.
#[test]
fn an_error_of_accept_does_not_stop_the_tcp_server() {
    let _alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    within(Duration::from_secs(30), || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = thread::spawn(move || {
            let one = Builder::new_current_thread().enable_all().build();
            one.unwrap().block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener);
                let stopped = async { drop(stopped.await) };
                let grace = Duration::from_millis(50);
                let listener = listener.unwrap();
                tcp_server::serve(listener, 8, grace, stopped, echo).await
            })
        });
        let mut stays = enter(address);
        stays.write_all(b"a").unwrap();
        stays.read_exact(&mut [0]).unwrap();
        without_a_file_it_waits_for_one(address);
        drop(stop);
        let in_time = server.join().unwrap();
        assert!(!in_time, "one stays, and is cut");
        assert_eq!(stays.read(&mut [0]).unwrap(), 0);
        assert!(TcpStream::connect(address).is_err(), "it is closed");
    })
    .unwrap();
}

/// Runs a test on a runtime of one thread, in bounded time, and no other beside
/// it.
fn with_a_listener(
    test: impl AsyncFnOnce(tokio::net::TcpListener) + Send + 'static,
) {
    let _alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    within(Duration::from_secs(30), || {
        let one = Builder::new_current_thread().enable_all().build();
        one.unwrap().block_on(async {
            let here = (Ipv4Addr::LOCALHOST, 0);
            test(tokio::net::TcpListener::bind(here).await.unwrap()).await;
        });
    })
    .unwrap();
}

/// The three parts to copy make a whole server, which SIGTERM stops.
#[test]
fn the_parts_of_a_server_fit_together() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    with_a_listener(async |listener| {
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(tcp_server::serve(
            listener,
            1,
            Duration::from_secs(10),
            stop_signal::stop_signal().unwrap(),
            line_server::answer_lines,
        ));
        let connect = || tokio::net::TcpStream::connect(address);
        let (mut first, mut second) =
            (connect().await.unwrap(), connect().await.unwrap());
        first.write_all(b"one\ntwo\n").await.unwrap();
        second.write_all(b"three\n").await.unwrap();
        let mut reply = [0; 8];
        first.read_exact(&mut reply).await.unwrap();
        assert_eq!(&reply, b"ONE\nTWO\n");
        drop(first); // its place is free
        second.read_exact(&mut reply[..6]).await.unwrap();
        assert_eq!(&reply[..6], b"THREE\n");
        nix::sys::signal::raise(nix::sys::signal::SIGTERM).unwrap();
        assert!(server.await.unwrap(), "an idle client is let go");
        assert_eq!(second.read(&mut reply).await.unwrap(), 0);
    });
}

/// A handler that panics before it has made its future ends one connection.
#[test]
fn a_panic_of_a_handler_does_not_stop_the_tcp_server() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    with_a_listener(async |listener| {
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let handle = move |stream, stopping| {
            if calls.fetch_add(1, SeqCst) == 0 {
                resume_unwind(Box::new("a panic without a report"));
            }
            echo(stream, stopping)
        };
        let (grace, stop) = (Duration::from_millis(50), pending());
        let server = tcp_server::serve(listener, 1, grace, stop, handle);
        let server = tokio::spawn(server);
        let connect = || tokio::net::TcpStream::connect(address);
        let (mut first, mut second) =
            (connect().await.unwrap(), connect().await.unwrap());
        assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
        second.write_all(b"a").await.unwrap();
        second.read_exact(&mut [0]).await.unwrap();
        server.abort();
        assert!(server.await.unwrap_err().is_cancelled());
        assert_eq!(second.read(&mut [0]).await.unwrap(), 0, "it is cut");
    });
}

/// It would never serve anybody, without a word.
#[test]
fn a_tcp_server_with_a_limit_of_0_does_not_start() {
    with_a_listener(async |listener| {
        let (grace, stop) = (Duration::ZERO, pending());
        let server = tcp_server::serve(listener, 0, grace, stop, echo);
        let server = tokio::spawn(server);
        let started =
            tokio::time::timeout(Duration::from_secs(5), server).await;
        let error = started.expect("it runs for nobody").unwrap_err();
        assert!(error.is_panic());
    });
}

async fn echo(
    mut stream: tokio::net::TcpStream,
    _stopping: CancellationToken,
) -> std::io::Result<()> {
    let (mut reader, mut writer) = stream.split();
    tokio::io::copy(&mut reader, &mut writer).await.map(drop)
}

/// A client that sends a byte now and then does not keep its connection; one
/// that is idle is let go when the server stops; a line that has come before
/// that is answered.
#[test]
fn a_line_server_cuts_slow_clients_and_lets_idle_ones_go() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    with_a_listener(async |listener| {
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let mut slow = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let server = line_server::answer_lines(stream, stop.clone());
        let drip = async {
            while slow.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let cut = tokio::select! {
            ended = server => ended.unwrap_err().kind(),
            () = drip => panic!("it has not said that it is cut"),
        };
        assert_eq!(cut, ErrorKind::TimedOut);

        let mut idle = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        idle.write_all(b"hello\n").await.unwrap();
        stream.readable().await.unwrap();
        stop.cancel();
        line_server::answer_lines(stream, stop).await.unwrap();
        let mut reply = String::new();
        idle.read_to_string(&mut reply).await.unwrap();
        assert_eq!(reply, "HELLO\n");
    });
}

/// A client that sends lines and reads no reply does not keep its connection.
#[test]
fn a_line_server_cuts_a_client_that_does_not_read() {
    use tokio::io::AsyncWriteExt;
    with_a_listener(async |listener| {
        let address = listener.local_addr().unwrap();
        let deaf = tokio::net::TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let (_reads_nothing, mut writer) = deaf.into_split();
        let lines = format!("{:a<79}\n", "").repeat(100);
        let flood =
            async { while writer.write_all(lines.as_bytes()).await.is_ok() {} };
        let server =
            line_server::answer_lines(stream, CancellationToken::new());
        let cut = tokio::select! {
            ended = server => ended.unwrap_err().kind(),
            () = flood => panic!("it has not said that it is cut"),
        };
        assert_eq!(cut, ErrorKind::TimedOut);
    });
}

#[test]
fn the_echo_server_outlives_its_guests() {
    let _alone = ONE_BY_ONE.lock().unwrap_or_else(PoisonError::into_inner);
    within(Duration::from_secs(50), || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (close, closed) = oneshot::channel();
        let server = thread::spawn(move || {
            let one = Builder::new_current_thread().enable_all().build();
            one.unwrap().block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener);
                let echo = echo_server::echo;
                tokio::select! {
                    () = echo_server::serve(listener.unwrap(), 8, echo) => false,
                    closed = closed => closed.is_ok(),
                }
            })
        });
        silent_guests_are_cut_and_others_served(address);
        no_more_than_eight_are_inside(address);
        without_a_file_it_waits_for_one(address);
        close.send(()).unwrap();
        assert!(server.join().unwrap());
    })
    .unwrap();
}

fn enter(server: SocketAddr) -> TcpStream {
    let door = TcpStream::connect(server).unwrap();
    door.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    door
}

fn is_served(mut door: TcpStream) {
    let mut heard = [0; 6];
    door.write_all(b"kimbap").unwrap();
    door.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"kimbap");
}

/// SEC-10: one says nothing, one closes its half, one floods and does not read.
fn silent_guests_are_cut_and_others_served(server: SocketAddr) {
    let mut silent = enter(server);
    let mut half = enter(server);
    half.shutdown(std::net::Shutdown::Write).unwrap();
    let mut deaf = enter(server);
    deaf.set_nonblocking(true).unwrap();
    while deaf.write(&[7; 65_536]).is_ok() {}
    is_served(enter(server));
    assert_eq!(half.read(&mut [0]).unwrap(), 0, "it has left, and was let go");
    assert_eq!(silent.read(&mut [0]).unwrap(), 0, "it is cut");
    // Cut, with more to come: what is in the way is thrown away.
    deaf.set_nonblocking(false).unwrap();
    deaf.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let end = loop {
        match deaf.read(&mut [0; 65_536]) {
            Ok(0) => break ErrorKind::ConnectionReset,
            Ok(_) => {}
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(end, ErrorKind::ConnectionReset);
}

/// SEC-11: the ninth waits at the door until somebody leaves.
fn no_more_than_eight_are_inside(server: SocketAddr) {
    let mut inside: Vec<_> = (0..8).map(|_| enter(server)).collect();
    for guest in &mut inside {
        guest.write_all(b"a").unwrap();
        guest.read_exact(&mut [0]).unwrap();
    }
    let mut ninth = enter(server);
    ninth.write_all(b"a").unwrap();
    ninth.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let waits = ninth.read(&mut [0]).unwrap_err().kind();
    assert_eq!(waits, ErrorKind::WouldBlock);
    inside.pop();
    ninth.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    ninth.read_exact(&mut [0]).unwrap();
}

/// SEC-11: accepting fails for a while, without keeping a core busy, and then
/// goes on.
fn without_a_file_it_waits_for_one(server: SocketAddr) {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, most).unwrap();
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    files.pop();
    let guest = enter(server); // with the last file: the server has none
    let (started, before) = (Instant::now(), Usage::now().cpu);
    thread::sleep(Duration::from_millis(300));
    let cpu = Usage::now().cpu - before;
    assert!(2 * cpu < started.elapsed(), "{cpu:?} of CPU for nothing");
    drop(files);
    is_served(guest);
}
