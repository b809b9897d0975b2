//! A program that starts itself again, in a role: as the victim of a crash, as
//! a server, as the far end of a pipe.
//!
//! The role is the first argument, `as-victim`. What a role needs follows it.
//! Starting the child, and waiting for it, stays with the program.

use std::io::{self, Read, Write};
use std::os::{fd::AsFd, unix::process::CommandExt};
use std::process::{Command, Stdio};
use std::{env, ffi::OsString};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::{program, wrong_usage};

/// In the parent: the command that starts this very program again, in the role
/// `name`. Arguments, environment and pipes are added as to any command.
///
/// ```standalone_crate
/// use shared::role;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// if let Some([number]) = role::started_as("doubler") {
///     println!("{}", 2 * number.parse::<u32>()?); // this is the child
///     return Ok(());
/// }
/// let child = role::command("doubler")?.arg("21").output()?;
/// assert_eq!(child.stdout, b"42\n");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The system does not tell the path of the running executable.
pub fn command(name: &str) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(format!("as-{name}"));
    Ok(command)
}

/// In the child: the arguments of the role `name`, if this program was started
/// in it; see [`command`]. In every other process: `None`.
///
/// Ends the process with status 2 (one line, as for any wrong usage) if there
/// are more or fewer than `N` arguments, or one that is not UTF-8.
pub fn started_as<const N: usize>(name: &str) -> Option<[String; N]> {
    let mut given = env::args_os().skip(1);
    let role = format!("as-{name}");
    if given.next()?.to_str() != Some(&role) {
        return None;
    }
    let given = given.map(OsString::into_string).collect();
    let given: Option<Vec<String>> = Result::ok(given);
    let Some(arguments) = given.and_then(|given| given.try_into().ok()) else {
        wrong_usage(&program::name(), format!("{role} takes {N} arguments"));
    };
    Some(arguments)
}

/// In the parent: starts this child, waits until it says that it is ready (see
/// [`ready_until_parent_ends`]), and kills it (SIGKILL). So it is killed in the
/// middle of what it does, and not by luck. It is waited for.
///
/// ```standalone_crate
/// use shared::role;
///
/// # fn main() -> std::io::Result<()> {
/// if let Some([]) = role::started_as("victim") {
///     return role::ready_until_parent_ends(); // killed here
/// }
/// role::kill_when_ready(role::command("victim")?)
/// # }
/// ```
///
/// # Errors
///
/// The child cannot be started, or ends before it is ready.
pub fn kill_when_ready(mut child: Command) -> io::Result<()> {
    let mut child = child.stdout(Stdio::piped()).spawn()?;
    let told = child.stdout.as_mut().expect("it was piped");
    let ready = told.read_exact(&mut [0]);
    child.kill()?; // no error if it has ended, because nobody has waited for it
    child.wait()?;
    ready
}

/// In the child: says that it is ready, and waits until nobody reads its
/// standard output any more: until its parent has ended, or has closed the pipe.
///
/// # Errors
///
/// Nobody reads even now.
pub fn ready_until_parent_ends() -> io::Result<()> {
    let mut parent = io::stdout();
    parent.write_all(b"!")?;
    parent.flush()?;
    // No event is asked for: only the end of the reader ends this.
    poll(
        &mut [PollFd::new(parent.as_fd(), PollFlags::empty())],
        PollTimeout::NONE,
    )?;
    Ok(())
}

/// Whether a process runs. One that has ended and that nobody has waited for, a
/// zombie, does not.
///
/// ```
/// assert!(shared::role::is_alive(std::process::id()));
/// ```
pub fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    let after_name = |stat: &str| stat.rfind(") ").map(|at| at + 2);
    stat.is_ok_and(|stat| {
        after_name(&stat).is_some_and(|at| !stat[at..].starts_with(['Z', 'X']))
    })
}

/// Goes on with these environment variables: where one of them is not set yet,
/// this process starts the program over, with the same arguments. To be called
/// first in `main`, by programs whose libraries read the environment once.
///
/// ```standalone_crate
/// # fn main() -> std::io::Result<()> {
/// shared::role::restart_with([("SMOL_THREADS", "2")])?;
/// assert_eq!(std::env::var("SMOL_THREADS").as_deref(), Ok("2"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The program could not be started over.
pub fn restart_with<const N: usize>(
    variables: [(&str, &str); N],
) -> io::Result<()> {
    let missing: Vec<_> = variables
        .into_iter()
        .filter(|(name, _)| env::var_os(name).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut again = Command::new(env::current_exe()?);
    // On success this process is the program started over: no return.
    Err(again.args(env::args_os().skip(1)).envs(missing).exec())
}
