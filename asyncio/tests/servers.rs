//! A server keeps serving, whoever its guests are. One test after the other in
//! one process: the last one takes all its files away.

use std::{
    fs::File,
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use shared::{measure::Usage, watchdog::within};
use tokio::{runtime::Builder, sync::oneshot};

#[expect(dead_code, reason = "only its server is tested")]
#[path = "../src/bin/pros/echo_server.rs"]
mod echo_server;

#[test]
fn the_echo_server_outlives_its_guests() {
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
