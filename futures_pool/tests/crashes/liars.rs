//! Programs that are started as workers and are none: this one, by the name of
//! its lie.

use std::{
    env, fs,
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::symlink,
    },
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use futures_pool::ProcessPool;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

const LIAR: &str = "liar-";

/// A file of this name that is this program.
pub struct Liar {
    path: PathBuf,
}

impl Liar {
    pub fn new(lie: &str) -> Liar {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("crashes-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{LIAR}{lie}"));
        symlink(env::current_exe().unwrap(), &path).unwrap();
        Liar { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        fs::remove_dir_all(self.path.parent().unwrap()).unwrap();
    }
}

/// Does what the lie wants, if this program has the name of one.
pub fn lie() {
    let name = PathBuf::from(env::args_os().next().unwrap_or_default());
    let name = name.file_name().unwrap_or_default().to_string_lossy();
    if let Some(lie) = name.strip_prefix(LIAR) {
        // What a pool that has gone cannot hear is no matter.
        process::exit(told(lie).map_or(1, |()| 0));
    }
}

fn told(lie: &str) -> io::Result<()> {
    match lie {
        "silent" => return Ok(()),
        "talkative" => return say(b"usage: talkative [OPTION]... FILE\n"),
        "older" => return say(&frame(b"\x1ffutures_pool worker, protocol 0")),
        "has-no-init" => return start_a_pool(),
        _ => say(&frame(b"\x1ffutures_pool worker, protocol 2"))?,
    }
    loop {
        let number = order()?;
        let reply = frame(&[number, 0, 9]);
        match lie {
            "garbage" => say(&[0xFF; 64])?,
            "cut" => return say(&reply[..5]),
            "cut-and-stays" => {
                say(&reply[..5])?;
                close_stdout();
                for_ever();
            }
            "twice-at-once" => say(&[&reply[..], &reply].concat())?,
            "twice" => {
                say(&reply)?;
                thread::sleep(Duration::from_millis(20));
                say(&reply)?;
            }
            "another-number" => say(&frame(&[number + 77, 0, 9]))?,
            "no-number" => say(&frame(&[]))?,
            "too-long" => say(&u32::MAX.to_le_bytes())?,
            "long-and-cut" => return say(&(1_u32 << 30).to_le_bytes()),
            // The result is no number.
            "another-type" => say(&frame(&[number, 0]))?,
            "last-words" => {
                let size = [0x80, 0x80, 0x40]; // of 1 MiB
                let bytes = vec![7; 1 << 20];
                let words = [&[number, 0], &size[..], &bytes].concat();
                let memory = env::args_os().nth(4).unwrap_or_default();
                let mut memory = File::options().write(true).open(memory)?;
                memory.write_all(&words)?;
                say(&(words.len() as u32).to_le_bytes())?;
                kill(Pid::this(), Signal::SIGKILL)?;
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

fn close_stdout() {
    let null = File::options().write(true).open("/dev/null").unwrap();
    nix::unistd::dup2_stdout(OwnedFd::from(null).as_fd()).unwrap();
}

fn for_ever() -> ! {
    loop {
        thread::park();
    }
}

/// A program that has forgotten the first line of its `main`.
fn start_a_pool() -> io::Result<()> {
    let me = env::args_os().next().unwrap_or_default();
    ProcessPool::builder().program(me).workers(2).build().map(drop)
}
