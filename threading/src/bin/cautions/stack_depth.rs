//! How deep a thread can call before its stack ends, and the process with it.
//!
//!     cargo run -p threading --bin stack_depth
//!
//! A stack overflow is not a panic: nobody can catch it. So each dive is made
//! in a child, this same program, which tells every call and then dies.
//!
//! Claims: T10
//! Change this and watch: run it with RUST_MIN_STACK=8388608 in front: what
//! died at the default does not, and T10 is contradicted.
//!
//! Output (figures vary):
//!     stack         calls deep   ended by signal
//!     64 KiB                14                 6
//!     default              502                 6
//!     8 MiB               2015                 6
//!     T10 borne out: default 2.0 MiB, room for 502 calls

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::{env, hint::black_box, io, io::Read, io::Write};
use std::{thread::Builder, time::Duration};

use shared::{Failure, Result, claim, flags, say, watchdog::Watchdog};

fn main() -> Result {
    let first = env::args().nth(1).unwrap_or_default();
    if let Some(kib) = first.strip_prefix("as-diver-") {
        return dive(kib.parse().ok());
    }
    flags([]);
    let _limit = Watchdog::guard("the dives", Duration::from_secs(60))?;
    say!("{:<12}{:>12}{:>18}", "stack", "calls deep", "ended by signal");
    let small = row("64 KiB", Some(64))?;
    let default = row("default", None)?;
    let large = row("8 MiB", Some(8 << 10))?;
    let mib = 8.0 * default as f64 / large as f64;
    let figure = format!("default {mib:.1} MiB, room for {default} calls");
    let holds = (1.5..2.5).contains(&mib) && default > 10 * small;
    claim("T10", holds, figure)
}

/// Sends a child down and counts its calls until it is dead.
fn row(stack: &str, kib: Option<usize>) -> Result<usize> {
    let kib = kib.map_or("default".into(), |kib| kib.to_string());
    let diver = Command::new(env::current_exe()?)
        .arg(format!("as-diver-{kib}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null()) // the runtime says that a stack overflowed
        .spawn()?;
    let (calls, status) = heard(diver)?;
    let signal = status.signal();
    let signal = signal.ok_or_else(|| Failure::new("the diver came back"))?;
    say!("{stack:<12}{calls:>12}{signal:>18}");
    Ok(calls)
}

fn heard(mut diver: Child) -> io::Result<(usize, ExitStatus)> {
    let mut bytes = Vec::new();
    diver.stdout.take().expect("piped").read_to_end(&mut bytes)?;
    Ok((bytes.len(), diver.wait()?))
}

/// The child: a thread with so much stack calls until there is no more.
fn dive(kib: Option<usize>) -> Result {
    let mut thread = Builder::new();
    if let Some(kib) = kib {
        thread = thread.stack_size(kib << 10);
    }
    let deep = thread.spawn(|| call(&mut io::stdout().lock()))?;
    let _ = deep.join(); // never: the process dies with this thread
    Ok(())
}

/// Each call keeps 1 KiB or more, says so, and calls again.
fn call(surface: &mut impl Write) {
    let kept = black_box([0_u8; 1 << 10]);
    let told = surface.write_all(b".").and_then(|()| surface.flush());
    if told.is_ok() {
        call(surface);
    }
    black_box(kept);
}
