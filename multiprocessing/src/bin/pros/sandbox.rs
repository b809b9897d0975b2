//! Sandbox: a process can give up its rights before it reads hostile input.
//!
//!     cargo run --release -p multiprocessing --bin sandbox
//!
//! A parser that is taken over by its input tries two things: to read a file
//! and to connect a socket. On a thread it has all rights of the program. A
//! thread can restrict itself, but it shares its memory with other threads, so
//! the attack makes one of those do the work: a thread is no boundary. A
//! process of its own is one: landlock takes away files and ports, seccomp all
//! system calls but a few, and what is open stays usable. The column "us" is
//! what the restriction costs, once for each process. Python has no such
//! module.
//!
//! Claims: M8
//! Change this and watch: add `SYS_openat` to the calls that seccomp allows.
//! With seccomp alone one attempt succeeds, and M8 is contradicted; landlock
//! still refuses the file.
//!
//! Output (figures vary):
//!     parser in a                        in force  succeed    us
//!     thread                                    0   2 of 2     0
//!     thread with seccomp                       1   2 of 2   300
//!     process                                   0   2 of 2     0
//!     process with rlimits                      1   0 of 2     1
//!     process with landlock                     1   0 of 2    22
//!     process with seccomp                      1   0 of 2   279
//!     process with landlock and seccomp         2   0 of 2   304
//!     (0 in force: this kernel has no such sandbox)
//!     The article, M8: "Its strengths (not in the article): what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: of 2 attempts of a parser that is taken over 2 succeed on a thread, 2 on a thread with seccomp, 0 in a sandboxed process

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::{env, fs, process, thread, time::Duration, time::Instant};

use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::apply_filter;
use shared::watchdog::Watchdog;
use shared::{Failure, Result, claim, flags, notice_debug_build, role, say};

const WAYS: [&str; 7] = [
    "thread",
    "thread with seccomp",
    "process",
    "process with rlimits",
    "process with landlock",
    "process with seccomp",
    "process with landlock and seccomp",
];

fn main() -> Result {
    if let Some([way, port]) = role::started_as("program") {
        process::exit(be_attacked(&way, port.parse()?)?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the attacks", Duration::from_secs(20))?;
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = server.local_addr()?.port().to_string();
    say!("parser in a                        in force  succeed    us");
    let mut succeed = [0; WAYS.len()];
    for (way, succeed) in WAYS.iter().zip(&mut succeed) {
        let mut program = role::command("program")?;
        let status = program.args([way, &port[..]]).status()?;
        *succeed = status.code().map_or(-1, |code| code - STATUS);
    }
    let [thread, restricted, process, .., seccomp, both] = succeed;
    say!("(0 in force: this kernel has no such sandbox)");
    let figure = format!(
        "of 2 attempts of a parser that is taken over {thread} succeed on a \
         thread, {restricted} on a thread with seccomp, {both} in a sandboxed \
         process"
    );
    // Without it this kernel has no sandbox that could be judged.
    let has_seccomp = fs::exists("/proc/sys/kernel/seccomp")?;
    let open = [thread, restricted, process] == [2; 3];
    let closed = [seccomp, both] == [0; 2];
    claim("M8", open && (closed || !has_seccomp), figure)
}

/// The exit status for no success; any other failure has another one.
const STATUS: i32 = 10;

/// The program: its parser is taken over, and tries two things.
fn be_attacked(way: &str, port: u16) -> Result<i32> {
    let path = env::current_exe()?;
    let attack = || {
        let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        i32::from(fs::File::open(&path).is_ok()) + i32::from(connected)
    };
    let parse = || {
        let begun = Instant::now();
        let in_force = restrict(way)?;
        Ok::<_, Failure>((in_force, begun.elapsed().as_micros(), attack()))
    };
    let on_thread = way.starts_with("thread");
    let (in_force, us, mut succeed) = match on_thread {
        true => thread::scope(|all| all.spawn(parse).join().expect("no panic")),
        false => parse(),
    }?;
    if on_thread && succeed < 2 {
        // What is taken over can write to all memory of the program. So it can
        // make another thread do what its own thread may not.
        succeed = attack();
    }
    say!("{way:<35}{in_force:>8}{succeed:>4} of 2{us:>6}");
    Ok(STATUS + succeed)
}

/// How many sandboxes are in force then.
fn restrict(way: &str) -> io::Result<u32> {
    let seccomp = || Ok(u32::from(apply_filter(&few_calls()?).is_ok()));
    match way {
        "process with rlimits" => {
            let none = Rlimit { current: Some(0), maximum: Some(0) };
            setrlimit(Resource::Nofile, none)?; // root could undo it
            Ok(1)
        }
        "process with landlock" => Ok(u32::from(take_files_and_ports()?)),
        "thread with seccomp" | "process with seccomp" => seccomp(),
        "process with landlock and seccomp" => Ok(sandbox_this_process()
            .map_or(0, |landlock| 1 + u32::from(landlock))),
        _ => Ok(0),
    }
}

// ANCHOR: sandbox
use std::io;

use landlock::{ABI, Access, AccessFs, AccessNet, RulesetStatus, Scope};
use landlock::{RestrictSelfAttr, Ruleset, RulesetAttr};
use nix::libc::*;
use seccompiler::SeccompCmpArgLen::Dword;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use seccompiler::{SeccompCmpOp, SeccompCondition, SeccompRule};

/// Gives up nearly all rights of this process, for good: to be called before it
/// reads input that it does not trust, and after it has opened what it needs.
/// Returns whether the kernel has landlock; that is a second line of defence.
///
/// What stays allowed: to read, write and close what is open, to wait (`poll`,
/// `sleep`, locks), memory, the clock, random bytes, a panic, `abort`, the end.
/// Everything else is the error `EPERM`: files, sockets, new threads, programs,
/// signals to others. x86_64 and aarch64.
///
/// # Errors
///
/// The kernel has no seccomp, or refuses: this process is not in a sandbox.
pub fn sandbox_this_process() -> io::Result<bool> {
    let landlock = take_files_and_ports()?;
    // For all threads. (An old landlock restricts only the calling one.)
    seccompiler::apply_filter_all_threads(&few_calls()?)
        .map_err(io::Error::other)?;
    Ok(landlock)
}

/// No file can be opened, no port bound or connected, as far as the kernel
/// knows that: whether it does so at all.
fn take_files_and_ports() -> io::Result<bool> {
    let newest = ABI::V10; // an older kernel does what it can
    let restrict = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(newest))?
            .handle_access(AccessNet::from_all(newest))?
            .scope(Scope::from_all(newest))?
            .create()?
            .all_threads(true)?
            .restrict_self()
    };
    let status = restrict().map_err(io::Error::other)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

/// The system calls that stay allowed.
fn few_calls() -> io::Result<BpfProgram> {
    #[rustfmt::skip] // one a line would be a page
    let mut calls = vec![
        SYS_read, SYS_readv, SYS_write, SYS_writev, SYS_recvfrom, SYS_sendto,
        SYS_close, SYS_lseek, SYS_fstat, SYS_ppoll, SYS_futex, SYS_sched_yield,
        SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_getrandom,
        SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk,
        SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
        SYS_restart_syscall, SYS_getpid, SYS_getppid, SYS_gettid, SYS_exit,
        SYS_exit_group,
    ];
    #[cfg(target_arch = "x86_64")]
    calls.push(SYS_poll); // elsewhere `poll` is `ppoll`
    let mut rules: std::collections::BTreeMap<_, _> =
        calls.into_iter().map(|call| (call, Vec::new())).collect();
    // A signal to this process only: `abort` sends one.
    let own = u64::from(std::process::id());
    let rule = SeccompCondition::new(0, Dword, SeccompCmpOp::Eq, own)
        .and_then(|own| SeccompRule::new(vec![own]));
    rules.insert(SYS_tgkill, vec![rule.map_err(io::Error::other)?]);
    let refuse = SeccompAction::Errno(EPERM as u32);
    let filter = std::env::consts::ARCH.try_into().and_then(|arch| {
        SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch)
    });
    filter.and_then(BpfProgram::try_from).map_err(io::Error::other)
}
// ANCHOR_END: sandbox
