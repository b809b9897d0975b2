//! What goes wrong in a worker comes back through the handle of its job.
//!
//!     cargo run -p futures_pool --bin worker_errors
//!
//! Five accidents, on threads and on processes, and whether the pool does
//! another job after that. Each happens in a child, which is this program
//! started again: a thread that aborts takes the whole program along.
//!
//! Claims: F6
//! Change this and watch: take the line with `skip_serializing_if` away. A
//! process can read the order then, and the tables differ in two lines only.
//!
//! Output (figures vary):
//!     on threads    handle   pool   details
//!     returns Err   Ok       lives  Err("no rice")
//!     panics        Panicked lives  the oil burns at worker_errors.rs:122:5
//!     aborts        nothing  gone   signal: 6 (SIGABRT)
//!     bad argument  Ok       lives  "no note"
//!     bad result    Ok       lives  "menu-\xFF"
//!     on processes  handle   pool   details
//!     returns Err   Ok       lives  Err("no rice")
//!     panics        Panicked lives  the oil burns at worker_errors.rs:122:5
//!     aborts        Died     broken signal: 6 (SIGABRT)
//!     bad argument  Encode   lives  Order skips the field `note` (skip_serializing_if)
//!     bad result    Encode   lives  path contains invalid UTF-8 characters
//!     F6 borne out: threads tell 4 of 5, processes 5; panics are alike

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, abort};
use std::{env, fmt::Debug, path::PathBuf, time::Duration};

use futures_pool::{
    Executor, Handle, JobError, ProcessPool, ThreadPool, init, job,
};
use serde::{Deserialize, Serialize};
use shared::{Result, claim, flags, say, watchdog::Watchdog};

fn main() -> Result {
    init([job(refuse), job(burn), job(explode), job(read), job(look_up)]);
    let mut arguments = env::args_os().skip(1).flat_map(OsString::into_string);
    if arguments.next().as_deref() == Some("as-victim") {
        let [pool, accident] = [(); 2].map(|()| arguments.next());
        return victim(pool.as_deref(), &accident.unwrap_or_default());
    }
    flags([]);
    let threads = table("threads")?;
    let processes = table("processes")?;
    verdict(threads, processes)
}

const ACCIDENTS: [&str; 5] =
    ["returns Err", "panics", "aborts", "bad argument", "bad result"];

/// What the handle gives, how the pool is after that, and the details.
type Fate = [String; 3];

fn table(pool: &str) -> Result<Vec<Fate>> {
    let title = format!("on {pool}");
    say!("{title:<14}{:<9}{:<7}details", "handle", "pool");
    ACCIDENTS.iter().map(|accident| row(pool, accident)).collect()
}

fn row(pool: &str, accident: &str) -> Result<Fate> {
    let mut victim = Command::new(env::current_exe()?);
    let ended = victim.args(["as-victim", pool, accident]).output()?;
    let told = String::from_utf8_lossy(&ended.stdout);
    let told = Vec::from_iter(told.lines().map(String::from));
    let fate: Fate = told.try_into().unwrap_or_else(|_| {
        ["nothing".into(), "gone".into(), ended.status.to_string()]
    });
    let [handle, then, details] = &fate;
    // Whether there is a core dump, too, depends on the machine.
    let details = details.trim_end_matches(" (core dumped)");
    say!("{accident:<14}{handle:<9}{then:<7}{details}");
    Ok(fate)
}

/// The child: has one accident, and says in three lines what it hears.
fn victim(pool: Option<&str>, accident: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    match pool {
        Some("threads") => fail(&ThreadPool::new(1)?, accident),
        _ => fail(&ProcessPool::new(1)?, accident),
    }
}

fn fail(crew: &impl Executor, accident: &str) -> Result {
    let [handle, details] = match accident {
        "returns Err" => heard(crew.submit(refuse, ())),
        "panics" => heard(crew.submit(burn, ())),
        "aborts" => heard(crew.submit(explode, ())),
        "bad argument" => heard(crew.submit(read, Order { note: None })),
        _ => heard(crew.submit(look_up, ())),
    };
    let next = crew.submit(refuse, ()).result();
    let pool = if next.is_ok() { "lives" } else { "broken" };
    say!("{handle}\n{pool}\n{details}");
    Ok(())
}

fn heard<T: Debug>(handle: Handle<T>) -> [String; 2] {
    let (gives, details) = match handle.result() {
        Ok(value) => ("Ok", format!("{value:?}")),
        Err(JobError::Panicked { message, place }) => {
            let place = place.rsplit('/').next().unwrap_or_default();
            ("Panicked", format!("{message} at {place}"))
        }
        Err(JobError::WorkerDied { exit, .. }) => ("Died", exit.to_string()),
        Err(JobError::Encode(why)) => ("Encode", why),
        Err(JobError::Decode(why)) => ("Decode", why),
        Err(other) => ("another", other.to_string()),
    };
    [gives.into(), details]
}

fn refuse((): ()) -> Result<u32, String> {
    Err("no rice".into())
}

fn burn((): ()) {
    panic!("the oil burns");
}

fn explode((): ()) {
    abort();
}

#[derive(Serialize, Deserialize)]
struct Order {
    // WRONG: bytes have no names, so nobody sees that this one is not there
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

fn read(order: Order) -> String {
    order.note.unwrap_or("no note".into())
}

fn look_up((): ()) -> PathBuf {
    OsStr::from_bytes(b"menu-\xFF").into() // WRONG: a path that is not UTF-8
}

fn verdict(threads: Vec<Fate>, processes: Vec<Fate>) -> Result {
    let pools = [&threads, &processes];
    let told = pools.map(|fates| {
        fates.iter().filter(|[handle, ..]| handle != "nothing").count()
    });
    let alike = threads[..2] == processes[..2];
    let [handle, _, details] = &processes[1];
    let place = details.starts_with("the oil burns at worker_errors.rs:");
    let crashed = pools.map(|fates| fates[2][1].as_str());
    let holds = told == [4, 5] && alike && handle == "Panicked" && place;
    let [by_threads, by_processes] = told;
    let all = ACCIDENTS.len();
    let panics = if alike { "alike" } else { "not alike" };
    let figure = format!(
        "threads tell {by_threads} of {all}, processes {by_processes}; \
         panics are {panics}"
    );
    claim("F6", holds && crashed == ["gone", "broken"], figure)
}
