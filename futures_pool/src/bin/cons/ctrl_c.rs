//! What one Ctrl+C does to nine programs, and a second one if it is needed.
//!
//!     cargo run -p futures_pool --bin ctrl_c
//!
//! Each of them (they stand in `interrupted.rs`; the first two have no handler)
//! has two dishes in the making.
//! These are thrown away on the spot, put away (their guards run), or done
//! first: that is up to the program. Workers of a pool of processes do not hear
//! of Ctrl+C; they end with the program that has started them.
//!
//! Claims: F12, X4
//! Change this and watch: there, `Pending::Finish` for `Pending::Cancel`. Four
//! dishes are done then, in twice the time, and F12 counts one gentle end less.
//!
//! Output (figures vary):
//!     two dishes by     Ctrl+C     ms done guards orphans  ends by
//!     threads                1    1.1    0      0       0  signal: 2 (SIGINT)
//!     processes              1    1.2    0      0       0  signal: 2 (SIGINT)
//!     threads, flag          1    2.1    0      2       0  exit status: 0
//!     threads, channel       1  201.7    2      2       0  exit status: 0
//!     rayon, flag            1    2.2    0      2       0  exit status: 0
//!     tokio, token           1    1.1    0      2       0  exit status: 0
//!     processes, Cancel      1  203.0    2      2       0  exit status: 0
//!     stuck job              2 1000.7    0      0       0  signal: 9 (SIGKILL)
//!     stuck, exit(130)       2  202.2    0      0       0  exit status: 130
//!     F12 borne out: one Ctrl+C ends 2 at once, 5 gently, 2 not
//!     X4 borne out: 4 kinds of end, 0 orphans

mod interrupted;

use std::os::unix::process::CommandExt;
use std::time::{Duration, Instant};
use std::{collections::HashSet, env, fs, io, io::BufRead, process, thread};

use futures_pool::{init, job};
use nix::sys::signal::{SIGINT, SIGKILL, kill, killpg};
use nix::unistd::Pid;
use shared::{Result, claim, flags, measure::ms, say};

fn main() -> Result {
    init([job(interrupted::dish)]);
    if env::args().nth(1).as_deref() == Some("as-victim") {
        return interrupted::run(&env::args().nth(2).unwrap_or_default());
    }
    flags([]);
    say!("two dishes by     Ctrl+C     ms done guards orphans  ends by");
    let ends = PROGRAMS.iter().map(|&(program, most)| row(program, most));
    let ends = ends.collect::<Result<Vec<End>>>()?;
    let count = |what: End| ends.iter().filter(|end| **end == what).count();
    let (at_once, gently) = (count(AT_ONCE), count(GENTLY));
    let holds = ends[0] == AT_ONCE && (at_once, gently) == (2, 5);
    let not = ends.iter().filter(|end| end.0 > 1).count();
    let figure = format!(
        "one Ctrl+C ends {at_once} at once, {gently} gently, {not} not"
    );
    claim("F12", holds && ends[7..] == [KILLED, EXITED], figure)?;
    let orphans: usize = ends.iter().map(|end| end.3).sum();
    let kinds = ends.iter().collect::<HashSet<_>>().len();
    let figure = format!("{kinds} kinds of end, {orphans} orphans");
    claim("X4", kinds > 1 && orphans == 0, figure)
}

/// Who is interrupted, and how often at most.
const PROGRAMS: [(&str, usize); 9] = [
    ("threads", 1),
    ("processes", 1),
    ("threads, flag", 1),
    ("threads, channel", 1),
    ("rayon, flag", 1),
    ("tokio, token", 1),
    ("processes, Cancel", 1),
    ("stuck job", 2),
    ("stuck, exit(130)", 2),
];

/// How often Ctrl+C was pressed, guards that ran, the exit status (-1: by a
/// signal), and processes left behind.
type End = (usize, usize, i32, usize);
const AT_ONCE: End = (1, 0, -1, 0);
const GENTLY: End = (1, 2, 0, 0);
/// It had to be: the second Ctrl+C did not end it.
const KILLED: End = (2, 0, -1, 0);
const EXITED: End = (2, 0, 130, 0);

/// Runs a program until two dishes are begun, presses Ctrl+C, and once more if
/// that has not ended it and `most` allows. What does not end is killed.
fn row(program: &str, most: usize) -> Result<End> {
    let (log, pen) = io::pipe()?;
    let mut victim = process::Command::new(env::current_exe()?)
        .args(["as-victim", program])
        .process_group(0) // as a shell does: the terminal tells the group
        .stdout(pen.try_clone()?)
        .stderr(pen)
        .spawn()?;
    let mut log = io::BufReader::new(log).lines();
    let begun = log.by_ref().take(2); // each says in which process it is
    let cooks =
        begun.map(|pid| Ok(pid?.parse()?)).collect::<Result<Vec<_>>>()?;
    let pressed = Instant::now();
    let mut times = 0;
    while times < most && victim.try_wait()?.is_none() {
        killpg(Pid::from_raw(victim.id() as i32), SIGINT)?;
        times += 1;
        let patience = if times < most { 200 } else { 800 };
        until(patience, || !matches!(victim.try_wait(), Ok(None)));
    }
    let took = ms(pressed.elapsed());
    victim.kill()?; // unless it has ended
    let status = victim.wait()?;
    until(500, || !cooks.iter().any(lives)); // the kernel is at it
    let orphans: Vec<_> = cooks.into_iter().filter(lives).collect();
    orphans.iter().try_for_each(|&pid| kill(Pid::from_raw(pid), SIGKILL))?;
    let rest = log.collect::<io::Result<Vec<_>>>()?;
    let count = |what| rest.iter().filter(|line| *line == what).count();
    let (done, guards, left) = (count("done"), count("guard"), orphans.len());
    say!(
        "{program:<17}{times:>7}{took:>7.1}{done:>5}{guards:>7}{left:>8}  \
         {status}"
    );
    Ok((times, guards, status.code().unwrap_or(-1), left))
}

fn until(millis: u64, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_millis(millis);
    while !holds() && Instant::now() < limit {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A process that has ended and still counts is a zombie: Z.
fn lives(pid: &i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

// ANCHOR: ctrl_c
/// Set by the first Ctrl+C. The second one ends the program at once.
pub fn told_to_stop()
-> std::io::Result<std::sync::Arc<std::sync::atomic::AtomicBool>> {
    use signal_hook::{consts::SIGINT, flag};
    let told = std::sync::Arc::default();
    // In this order: the first one finds the flag not yet set.
    let again = std::sync::Arc::clone(&told);
    flag::register_conditional_shutdown(SIGINT, 130, again)?;
    flag::register(SIGINT, std::sync::Arc::clone(&told))?;
    Ok(told)
}
// ANCHOR_END: ctrl_c
