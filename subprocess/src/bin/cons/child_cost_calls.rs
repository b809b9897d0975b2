//! posix_spawn or fork: which calls of `Command` make a start slow?
//!
//!     cargo run --release -p subprocess --bin child_cost_calls
//!
//! `Command` starts a child by `posix_spawn`, which copies nothing of the
//! parent, not even its page tables. With `pre_exec`, `uid` or `gid` it has to
//! use `fork`, which copies the page tables (the list of all memory): the more
//! memory the parent uses, the longer it takes. If you give a name without `/`
//! and also set PATH, it uses `fork`, too. The part to copy finds the program
//! first.
//!
//! Each call is measured in a parent that uses little memory, and in one that
//! uses much. In Python: `preexec_fn` and `user` force a `fork`, too.
//!
//! Change this and watch: `512` instead of `1024`: in the large parent the rows
//! by `fork` take about half the time.
//!
//! Output (figures vary):
//!     call                      us  us with 1024 MiB  ratio
//!     none                     899               853    0.9
//!     env                      990               890    0.9
//!     current_dir              856               841    1.0
//!     process_group            873               843    1.0
//!     pre_exec                1036             31609   30.5
//!     by name, own PATH       1194             30034   25.2
//!     find_program, own PATH   903              1107    1.2

use std::os::unix::process::CommandExt; // for `process_group`
use std::time::{Duration, Instant};
use std::{
    env, ffi::OsString, hint::black_box, process::Command, process::Stdio,
};

use shared::measure::median;
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, notice_debug_build, role, say};
use subprocess::bare::by_fork;

/// In use by the large parent.
const MIB: usize = if cfg!(debug_assertions) { 256 } else { 1024 };
const ROUNDS: usize = 15;

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        return Ok(()); // ends at once
    }
    if let Some([mib]) = role::started_as("parent") {
        return parent(mib.parse()?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("all starts", Duration::from_secs(60))?;
    let [small, large] = [in_a_parent_with(0)?, in_a_parent_with(MIB)?];
    let title = format!("us with {MIB} MiB");
    let mut table = Table::new(["call", "us", &title, "ratio"]);
    for (((name, _), small), large) in CALLS.iter().zip(&small).zip(&large) {
        let ratio = format!("{:.1}", large / small);
        table.row([name, small, large, &ratio]);
    }
    table.print();
    Ok(())
}

/// The command that is measured.
type Call = fn() -> Result<Command>;

const CALLS: [(&str, Call); 7] = [
    ("none", || Ok(role::command("child")?)),
    ("env", || with(|command| command.env("MODE", "fast"))),
    ("current_dir", || with(|command| command.current_dir("/"))),
    ("process_group", || with(|command| command.process_group(0))),
    ("pre_exec", || with(by_fork)),
    ("by name, own PATH", || by_name(name()?)),
    ("find_program, own PATH", || {
        let program = find_program(&name()?);
        by_name(program.expect("its folder is in PATH").into())
    }),
];

fn with(call: fn(&mut Command) -> &mut Command) -> Result<Command> {
    let mut command = role::command("child")?;
    call(&mut command);
    Ok(command)
}

fn name() -> Result<OsString> {
    let program = env::current_exe()?;
    Ok(program.file_name().expect("it is the path of a file").into())
}

fn by_name(program: OsString) -> Result<Command> {
    let mut command = Command::new(program);
    command
        .arg("as-child")
        .env("PATH", env::var_os("PATH").expect("`in_a_parent_with` sets it"));
    Ok(command)
}

/// Microseconds for each call.
fn in_a_parent_with(mib: usize) -> Result<Vec<f64>> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let own = env::current_exe()?.parent().map(Into::into);
    let folders = own.into_iter().chain(env::split_paths(&folders));
    let mut parent = role::command("parent")?;
    parent.arg(mib.to_string()).env("PATH", env::join_paths(folders)?);
    let output = parent.stderr(Stdio::inherit()).output()?;
    ensure(output.status.success(), "the parent has failed")?;
    let said = String::from_utf8(output.stdout)?;
    said.lines().map(|us| Ok(us.parse()?)).collect()
}

/// The calls take turns; medians.
fn parent(mib: usize) -> Result {
    let memory = black_box(vec![1_u8; mib << 20]); // writes to all pages
    let mut times = [const { Vec::new() }; CALLS.len()];
    for _ in 0..ROUNDS {
        for ((_, call), times) in CALLS.iter().zip(&mut times) {
            let mut command = call()?;
            let begun = Instant::now();
            let status = command.status()?;
            times.push(begun.elapsed());
            ensure(status.success(), "the child has failed")?;
        }
    }
    drop(memory);
    times.iter().for_each(|times| say!("{}", median(times).as_micros()));
    Ok(())
}

// ANCHOR: child_cost_calls
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// Looks a program up in the folders of our `PATH`, as `shutil.which` does in
/// Python. A child that is started by this path can get a `PATH` of its own,
/// and is started by `posix_spawn` all the same.
///
/// A name with a slash is a path already: it is returned if it is a program. A
/// path that is not absolute is valid in the folder of this process.
pub fn find_program(name: &OsStr) -> Option<PathBuf> {
    let is_program =
        |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    if name.as_encoded_bytes().contains(&b'/') {
        return Some(name.into()).filter(|path: &PathBuf| is_program(path));
    }
    let folders = std::env::var_os("PATH")?;
    // An empty folder is the one in which this process is: ".".
    let path = |folder: PathBuf| Path::new(".").join(folder).join(name);
    std::env::split_paths(&folders).map(path).find(|path| is_program(path))
}
// ANCHOR_END: child_cost_calls
