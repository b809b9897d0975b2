//! What the suites have in common whose workers are the test program itself,
//! started again. Such a program cannot leave its `main` to the standard
//! harness, for a worker must not run the tests: its `main` first calls `init`,
//! and then runs its cases here, by libtest-mimic.
//!
//! Around each case it is checked that the case ends in bounded time, and that
//! it leaves the threads, children and descriptors of the process as it found
//! them. So the cases run one at a time.

#![allow(dead_code, unused_imports)]
#![allow(clippy::allow_attributes, reason = "each suite uses some of these")]

mod folder;
pub mod interface;
mod system;

use std::{
    fs::{self, File},
    io::{self, Write},
    os::fd::{AsFd, OwnedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nix::unistd::{dup2_stderr, dup2_stdout};
use shared::watchdog::within;

pub use folder::{Folder, Ticket};
pub use system::{
    Belongings, children, children_of, is_alive, is_child, is_dead, is_stopped,
    me, threads,
};

/// How long a case may take, unless it says otherwise: a bound, not a
/// measure, for the machine may be busy.
const LIMIT: Duration = Duration::from_secs(60);

/// A name, and a test with a folder of its own.
pub struct Case {
    name: String,
    limit: Duration,
    test: Box<dyn FnOnce(Folder) + Send>,
}

impl Case {
    pub fn new(
        name: impl Into<String>,
        test: impl FnOnce(Folder) + Send + 'static,
    ) -> Case {
        Case { name: name.into(), limit: LIMIT, test: Box::new(test) }
    }

    /// Such a case may take longer.
    pub fn longer(self, by: Duration) -> Case {
        Case { limit: self.limit + by, ..self }
    }
}

/// The cases of a module, each with the path of its function as its name:
/// those of `both` run once on threads and once on processes.
#[macro_export]
macro_rules! cases {
    (both: [$($both:ident)*] once: [$($once:ident)*]) => {
        pub(crate) fn cases() -> Vec<$crate::support::Case> {
            use $crate::support::Case;
            let name = |test, pool| {
                let path = concat!(module_path!(), "::");
                // Without the name of the program.
                let (_, module) = path.split_once("::").unwrap();
                format!("{module}{test}{pool}")
            };
            vec![
                $(
                    Case::new(
                        name(stringify!($both), "[threads]"),
                        $both::<futures_pool::ThreadPool>,
                    ),
                    Case::new(
                        name(stringify!($both), "[processes]"),
                        $both::<futures_pool::ProcessPool>,
                    ),
                )*
                $(Case::new(name(stringify!($once), ""), $once),)*
            ]
        }
    };
}

/// Runs the cases that the command line names.
pub fn run(cases: impl IntoIterator<Item = Case>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let quiet = !arguments.nocapture;
    let trials = cases.into_iter().map(|case| {
        let Case { name, limit, test } = case;
        Trial::ignorable_test(name, move || checked(limit, quiet, test))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Whether a case hangs: its thread is still there, and what it holds.
static STALLED: AtomicBool = AtomicBool::new(false);

/// Why the case that has just run could not be forced here.
static SKIPPED: Mutex<Option<String>> = Mutex::new(None);

/// This system does not allow what the case needs: it is reported as ignored,
/// with the reason.
pub fn skip(why: impl Into<String>) {
    *SKIPPED.lock().unwrap() = Some(why.into());
}

/// What the case and its workers print is shown only if it fails.
fn checked(
    limit: Duration,
    quiet: bool,
    test: impl FnOnce(Folder) + Send + 'static,
) -> Result<Completion, Failed> {
    if STALLED.load(Ordering::Relaxed) {
        let why = "a case before it hangs, and would disturb it";
        return Ok(Completion::ignored_with(why));
    }
    let folder = Folder::new();
    let printed = quiet.then(|| Printed::to(&folder.path("printed")));
    let before = Belongings::now();
    let its = folder.clone();
    let run = AssertUnwindSafe(|| within(limit, move || test(its)));
    let outcome = match catch_unwind(run) {
        Ok(Ok(())) => before.are_left(),
        Ok(Err(stalled)) => {
            STALLED.store(true, Ordering::Relaxed);
            Err(system::report(&stalled))
        }
        Err(_) => Err("it panicked".into()), // what it printed tells how
    };
    let printed = printed.map(Printed::end).unwrap_or_default();
    folder.remove();
    match outcome {
        Ok(()) => Ok(match SKIPPED.lock().unwrap().take() {
            Some(why) => Completion::ignored_with(why),
            None => Completion::Completed,
        }),
        Err(why) => Err(format!("{printed}{why}").into()),
    }
}

/// Both outputs, of this process and what it starts, go to a file.
struct Printed {
    path: PathBuf,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Printed {
    fn to(path: &Path) -> Printed {
        io::stdout().flush().unwrap();
        let stdout = io::stdout().as_fd().try_clone_to_owned().unwrap();
        let stderr = io::stderr().as_fd().try_clone_to_owned().unwrap();
        let file = File::options().create(true).append(true).open(path);
        let file = file.unwrap();
        dup2_stdout(&file).unwrap();
        dup2_stderr(&file).unwrap();
        Printed { path: path.into(), stdout, stderr }
    }

    /// Returns what was printed.
    fn end(self) -> String {
        io::stdout().flush().unwrap();
        dup2_stdout(self.stdout).unwrap();
        dup2_stderr(self.stderr).unwrap();
        let printed = fs::read(self.path).unwrap();
        String::from_utf8_lossy(&printed).into_owned()
    }
}

/// Waits for what has to happen, if slowly.
#[track_caller]
pub fn until(what: &str, mut happens: impl FnMut() -> bool) {
    let limit = Instant::now() + LIMIT / 2;
    while !happens() {
        assert!(Instant::now() < limit, "waited for {what} in vain");
        thread::sleep(Duration::from_millis(1));
    }
}
