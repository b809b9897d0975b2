//! One child program, run to its end, or to its time limit, or to Ctrl-C:
//! whatever comes first. Where we end it, we end its whole process group.

use std::{
    ffi::OsStr,
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{self, Output},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use duct::{Handle, cmd};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

/// How a child came to its end.
#[derive(Debug)]
pub enum End {
    /// By itself, or by a signal from elsewhere: see the status.
    Ended(Output),
    /// By us, when its time was up.
    TimeUp,
    /// By us, when we were told to stop.
    Interrupted,
}

/// Told to stop, by Ctrl-C or a signal like it. The default one hears of none.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Takes these signals over for the rest of the process, so that it ends
    /// its child first: within the time of one look, however often one asks.
    ///
    /// # Errors
    ///
    /// The system does not let us.
    pub fn listen() -> io::Result<Interrupt> {
        let told = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            flag::register_usize(signal, told.clone(), signal as usize)?;
        }
        Ok(Interrupt(told))
    }

    /// Whether there was such a signal.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Ends this process as the signal would have, 130 for Ctrl-C, but says so.
    pub fn end(&self, program: &str) -> ! {
        let said = format!("{program}: interrupted; nothing is left running\n");
        let _ = io::stderr().write_all(said.as_bytes()); // if anybody reads
        process::exit(128 + self.0.load(Ordering::Relaxed) as i32)
    }
}

/// Runs `program`, its output captured, for at most `limit`.
///
/// It gets a process group of its own: so Ctrl-C does not reach it by itself,
/// and so it can be ended with everything that it has started.
///
/// # Errors
///
/// It cannot be started, or its output cannot be read.
pub fn run<A: AsRef<OsStr>>(
    program: &OsStr,
    arguments: impl IntoIterator<Item = A>,
    limit: Duration,
    interrupt: &Interrupt,
) -> io::Result<End> {
    let arguments = arguments.into_iter().map(|a| a.as_ref().to_os_string());
    let child = cmd(program, arguments)
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .before_spawn(|command| {
            command.process_group(0);
            Ok(())
        })
        .start()?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(output) = child.wait_timeout(Duration::from_millis(20))? {
            return Ok(End::Ended(output.clone()));
        }
        if interrupt.came() {
            end_group(&child)?;
            return Ok(End::Interrupted);
        }
        if Instant::now() >= deadline {
            end_group(&child)?;
            return Ok(End::TimeUp);
        }
    }
}

/// Ends the child with its whole group, and waits until it has ended.
fn end_group(child: &Handle) -> io::Result<()> {
    for pid in child.pids() {
        match killpg(Pid::from_raw(pid as i32), Signal::SIGKILL) {
            Ok(()) | Err(nix::errno::Errno::ESRCH) => {} // all gone already
            Err(error) => return Err(error.into()),
        }
    }
    // Bounded: somebody who left the group may hold the pipes for ever.
    child.wait_timeout(Duration::from_secs(2))?;
    Ok(())
}
