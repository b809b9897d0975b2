//! Local socket: connect to a process by a name, and let no stranger in.
//!
//!     cargo run -p multiprocessing --bin local_socket
//!
//! A pipe and a socket pair have no name: a child has to inherit its end. The
//! crate interprocess gives a socket a name, on Windows, too. Every process of
//! the machine can see the name and connect. So this process asks the system
//! who has connected (the credentials of the peer), and accepts nobody but the
//! child that it has started. In Python: `Listener` and `Client` of
//! `multiprocessing.connection`, with a secret (`authkey`) for both sides.
//!
//! The program `messages` uses a socket without a name.
//!
//! Change this and watch: `pid.is_some()` as the last line of `is_child`. The
//! stranger is let in, and waits for data from this process, which waits for
//! data from the stranger. After 5 seconds the program ends with an error.
//!
//! Output (figures vary):
//!     the stranger has connected; shut out with 0 bytes
//!     the child has connected, and has sent "hello"

use std::io::{Read, Write};

use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const LIMIT: Duration = Duration::from_secs(4);

fn main() -> Result {
    let _bound = Watchdog::guard("the connection", Duration::from_secs(5))?;
    if let Some([name]) = role::started_as("child") {
        return connect(&name);
    }
    if let Some([name]) = role::started_as("stranger") {
        let received = connect_to_parent(&name)?.read(&mut [0])?;
        say!("the stranger has connected; shut out with {received} bytes");
        return Ok(());
    }
    flags([]);
    let (mut child, mut connection) =
        start_connected(&mut role::command("child")?, LIMIT)?;
    let mut text = String::new();
    connection.read_to_string(&mut text)?;
    child.wait()?;
    say!("the child has connected, and has sent {text:?}");
    ensure(text == "hello", "somebody else was let in")
}

/// The child. Before it connects, it starts a stranger who knows the name.
fn connect(name: &str) -> Result {
    role::command("stranger")?.arg(name).status()?;
    Ok(connect_to_parent(name)?.write_all(b"hello")?)
}

// ANCHOR: local_socket
use std::io::{self, ErrorKind};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use interprocess::local_socket::{
    GenericNamespaced, ListenerNonblockingMode, ListenerOptions, Stream,
    prelude::*,
};

/// Starts a child that connects to this process by [`connect_to_parent`]: the
/// name is its last argument. Every process can see the name, but only the
/// child is let in. On Linux and Windows no file is made.
///
/// # Errors
///
/// The child cannot be started, or has not connected within `limit`, or has
/// ended before. It has been killed and waited for.
pub fn start_connected(
    command: &mut Command,
    limit: Duration,
) -> io::Result<(Child, Stream)> {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let count = STARTED.fetch_add(1, Relaxed);
    let text = format!("worker-{}-{count}.sock", std::process::id());
    let listener = ListenerOptions::new()
        .name(text.as_str().to_ns_name::<GenericNamespaced>()?)
        .nonblocking(ListenerNonblockingMode::Accept)
        .create_sync()?;
    let mut child = command.arg(&text).spawn()?;
    let begun = Instant::now();
    let error = loop {
        match listener.accept() {
            Ok(peer) if is_child(&peer, &child) => return Ok((child, peer)),
            Ok(_stranger) => {} // closed at once
            Err(error) if error.kind() != ErrorKind::WouldBlock => break error,
            Err(_) if begun.elapsed() > limit => {
                break ErrorKind::TimedOut.into();
            }
            Err(_) if child.try_wait()?.is_some() => {
                break ErrorKind::ConnectionAborted.into();
            }
            Err(_) => thread::sleep(Duration::from_millis(1)), // then again
        }
    };
    let _ = child.kill(); // or it has ended
    child.wait()?;
    Err(error)
}

fn is_child(peer: &Stream, child: &Child) -> bool {
    let pid = peer.peer_creds().ok().and_then(|creds| creds.pid());
    pid.is_some_and(|pid| pid as u32 == child.id())
}

/// In the child: the connection to the process that has started it.
///
/// # Errors
///
/// That process has ended.
pub fn connect_to_parent(name: &str) -> io::Result<Stream> {
    Stream::connect(name.to_ns_name::<GenericNamespaced>()?)
}
// ANCHOR_END: local_socket
