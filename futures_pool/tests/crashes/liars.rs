//! Programs that are started as workers and are none: this one, by the name of
//! its lie. What is known here of the protocol stands at the end.

use std::{
    env,
    fs::{self, File},
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::symlink,
    },
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
};

use nix::sys::signal::Signal;

use crate::{
    jobs::send,
    support::{Folder, interface::running, me},
};

const LIAR: &str = "liar-";

/// A file of this name that is this program, in a folder of its own.
pub struct Liar {
    path: PathBuf,
    folder: Folder,
}

impl Liar {
    pub fn new(lie: &str, folder: &Folder) -> Liar {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed).to_string();
        let folder = folder.inner(&number);
        let path = folder.path(&format!("{LIAR}{lie}"));
        symlink(env::current_exe().unwrap(), &path).unwrap();
        Liar { path, folder }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has it go on, and waits until it has.
    pub fn go_on(&self) {
        self.folder.release([0]);
        self.folder.wait_for("ended-0");
    }

    /// From now on there is no such program.
    pub fn remove(self) {
        fs::remove_file(self.path).unwrap();
    }
}

/// Does what the lie wants, if this program has the name of one.
pub fn lie() {
    let path = PathBuf::from(env::args_os().next().unwrap_or_default());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(lie) = name.strip_prefix(LIAR) {
        let folder = Folder::at(path.parent().unwrap());
        // What a pool that has gone cannot hear is no matter.
        process::exit(told(lie, &path, &folder).map_or(1, |()| 0));
    }
}

fn told(lie: &str, own: &Path, folder: &Folder) -> io::Result<()> {
    match lie {
        "silent" => return Ok(()),
        "talkative" => return say(b"usage: talkative [OPTION]... FILE\n"),
        "older" => return say(&frame(OLDER)),
        // A program that has forgotten the first line of its `main`.
        "has-no-init" => return running(own, 2).map(drop),
        _ => say(&frame(HELLO))?,
    }
    loop {
        let number = order()?;
        let reply = reply(number);
        match lie {
            "garbage" => say(&[0xFF; 64])?,
            "cut" => return say(&reply[..5]),
            "cut-and-stays" => {
                say(&reply[..5])?;
                close_stdout();
                return listen();
            }
            "twice-at-once" => say(&[&reply[..], &reply].concat())?,
            "again-for-the-next" => {
                say(&reply)?;
                order()?;
                say(&reply)?;
            }
            "again-for-nothing" => {
                say(&reply)?;
                folder.wait_for("go-0");
                say(&reply)?;
                folder.put("ended-0");
                return listen();
            }
            "another-number" => say(&self::reply(number + 77))?,
            "no-number" => say(&frame(&[]))?,
            "too-long" => say(&u32::MAX.to_le_bytes())?,
            "long-and-cut" => return say(&(1_u32 << 30).to_le_bytes()),
            "another-type" => say(&reply_without_a_result(number))?,
            "last-words" => {
                say_by_memory(number, 1 << 20)?;
                send(me(), Signal::SIGKILL);
            }
            lie => unreachable!("{lie}"),
        }
    }
}

fn say(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn close_stdout() {
    let null = File::options().write(true).open("/dev/null").unwrap();
    nix::unistd::dup2_stdout(OwnedFd::from(null).as_fd()).unwrap();
}

/// Stays, and says nothing, as long as its pool is there.
fn listen() -> io::Result<()> {
    loop {
        order()?;
    }
}

/// What a worker says first, and what one of another version said.
const HELLO: &[u8] = b"\x1ffutures_pool worker, protocol 2";
const OLDER: &[u8] = b"\x1ffutures_pool worker, protocol 0";

fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_le_bytes(), body].concat()
}

/// Reads an order; returns its number, which is small here.
fn order() -> io::Result<u8> {
    let mut size = [0; 4];
    io::stdin().read_exact(&mut size)?;
    let mut order = vec![0; u32::from_le_bytes(size) as usize];
    io::stdin().read_exact(&mut order)?;
    Ok(order[0])
}

/// The result is 9.
fn reply(number: u8) -> Vec<u8> {
    frame(&[number, 0, 9])
}

fn reply_without_a_result(number: u8) -> Vec<u8> {
    frame(&[number, 0])
}

/// As results are sent that are too large for the pipe: so many sevens.
fn say_by_memory(number: u8, length: usize) -> io::Result<()> {
    let [a, b, c] = [0, 7, 14].map(|bits| (length >> bits & 0x7F) as u8);
    let head = [number, 0, a | 0x80, b | 0x80, c];
    let words = [&head[..], &vec![7; length]].concat();
    let memory = env::args_os().nth(4).unwrap_or_default();
    let mut memory = File::options().write(true).open(memory)?;
    memory.write_all(&words)?;
    say(&(words.len() as u32).to_le_bytes())
}
