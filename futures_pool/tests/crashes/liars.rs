//! Workers that say what they should not: jobs that send messages of their own,
//! and programs that are started as workers and are none. What is known here of
//! the protocol stands at the end.

use std::{
    env,
    fs::{self, File},
    os::fd::RawFd,
    path::Path,
    process, thread,
};

use futures_pool::ProcessPool;
use nix::sys::{
    signal::{Signal, raise},
    socket::{MsgFlags, send},
};
use serde::{Deserialize, Serialize};

use crate::support::Folder;

/// In the environment of workers that are none: what they do.
pub const IS: &str = "TEST_LIAR_IS";

/// In the environment of workers: a file. Who finds it there does not start.
pub const STARTS_ONCE: &str = "TEST_STARTS_ONCE";

/// Before `init`: does what a program does that is no worker, if it is to.
pub fn be_one() {
    if let Some(path) = env::var_os(STARTS_ONCE)
        && File::create_new(path).is_err()
    {
        process::exit(3);
    }
    let Ok(liar) = env::var(IS) else {
        return;
    };
    match liar.as_str() {
        "silent" => {}
        "talkative" => say(0, b"usage: talkative [OPTION]... FILE\n"),
        "older" => say(0, b"\0futures_pool worker, protocol 0"),
        // A program that has forgotten the first line of its `main`.
        "has-no-init" => drop(ProcessPool::new(2)),
        other => unreachable!("{other}"),
    }
    process::exit(0);
}

/// What a job sends, besides its own reply.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Lie {
    Garbage,
    Cut,
    AnotherNumber,
    NoNumber,
    TooLong,
    Twice,
    /// It comes when there is no job any more: when the folder says so.
    AgainForNothing(Folder),
    /// Without a result, and then nothing.
    AnotherType,
    /// A right reply, and then it dies.
    LastWords,
}

/// The job of this number in its pool. Its result is 9.
pub fn lie((lie, number): (Lie, u8)) -> u64 {
    let socket = socket();
    let reply = [0, number, 0, 9];
    match lie {
        Lie::Garbage => say(socket, &[0xFF; 64]),
        Lie::Cut => say(socket, &reply[..2]),
        Lie::AnotherNumber => say(socket, &[0, number + 77, 0, 9]),
        Lie::NoNumber => say(socket, &[0]),
        Lie::TooLong => say(socket, &[1, 0, 0, 0, 0, 1, 0, 0, 0]),
        Lie::Twice => say(socket, &reply),
        Lie::AgainForNothing(folder) => {
            thread::spawn(move || {
                folder.wait_for("go-0");
                say(socket, &reply);
            });
        }
        Lie::AnotherType => {
            say(socket, &reply[..3]);
            loop {
                thread::park();
            }
        }
        Lie::LastWords => {
            say(socket, &reply);
            raise(Signal::SIGKILL).unwrap();
        }
    }
    9
}

fn say(socket: RawFd, packet: &[u8]) {
    // What a pool that has gone cannot hear is no matter.
    let _ = send(socket, packet, MsgFlags::MSG_NOSIGNAL);
}

/// The worker's end of the channel to its pool.
fn socket() -> RawFd {
    let own = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let is_socket = |path: &Path| {
        let target = fs::read_link(path).unwrap_or_default();
        target.to_string_lossy().starts_with("socket:")
    };
    let path = own.map(|entry| entry.path()).find(|path| is_socket(path));
    let path = path.expect("it has one");
    path.file_name().unwrap().to_str().unwrap().parse().unwrap()
}
