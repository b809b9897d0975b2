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
//! Change this and watch: add `SYS_openat` to the calls that seccomp allows:
//! one of two attempts gets through, and M8 is contradicted.
//!
//! Output (figures vary):

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::{env, fs::File, thread, time::Duration, time::Instant};

use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::apply_filter;
use shared::watchdog::Watchdog;
use shared::{Failure, Result, Table};
use shared::{claim, flags, notice_debug_build, role, say};

const WAYS: [&str; 7] = [
    "thread",
    "thread that restricts itself",
    "process",
    "process with rlimits",
    "process with landlock",
    "process with seccomp",
    "process with landlock and seccomp",
];

fn main() -> Result {
    if let Some([way, port]) = role::started_as("program") {
        return be_attacked(&way, port.parse()?);
    }
    flags([]);
    notice_debug_build();
    let _bound = Watchdog::guard("the attacks", Duration::from_secs(20))?;
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = server.local_addr()?.port().to_string();
    let mut table = Table::new(["parser in a", "in force", "succeed", "us"]);
    let rows = WAYS.map(|way| attack_program(way, &port, &mut table));
    let [thread, restricted, process, .., seccomp, both] = rows;
    table.print();
    say!("(in force: 0 where this kernel has no such sandbox)");
    let (seccomp, both) = (seccomp?, both?);
    let open = [thread?, restricted?, process?];
    let stops = |row: &Row| row.in_force == 0 || row.succeed == 0;
    let figure = format!(
        "a parser that is taken over gets {} of 2 things in a thread that \
         restricts itself, {} of 2 in a process that restricts itself",
        open[1].succeed, both.succeed
    );
    let stopped = stops(&seccomp) && stops(&both);
    claim("M8", stopped && open.iter().all(|row| row.succeed == 2), figure)
}

struct Row {
    in_force: u32,
    succeed: u32,
}

/// Starts a program with a parser; it tells what happened to it.
fn attack_program(way: &str, port: &str, table: &mut Table<4>) -> Result<Row> {
    let program = role::command("program")?.args([way, port]).output()?;
    let reply = String::from_utf8_lossy(&program.stdout);
    let figures = reply.split_whitespace().map(str::parse);
    let figures = figures.collect::<Result<Vec<u32>, _>>()?;
    let [in_force, succeed, us] = figures[..] else {
        return Err(Failure::new(format!("{way}: {program:?}")));
    };
    table.row([&way, &in_force, &format_args!("{succeed} of 2"), &us]);
    Ok(Row { in_force, succeed })
}

/// The program: its parser is taken over, and tries two things.
fn be_attacked(way: &str, port: u16) -> Result {
    let path = env::current_exe()?;
    let attack = || {
        let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        u32::from(File::open(&path).is_ok()) + u32::from(connected)
    };
    let parse = || {
        let begun = Instant::now();
        let in_force = restrict(way)?;
        let us = begun.elapsed().as_micros();
        Ok::<_, Failure>((in_force, us, attack()))
    };
    let (in_force, us, mut succeed) = match way.starts_with("thread") {
        true => {
            thread::scope(|all| all.spawn(parse).join()).expect("no panic")?
        }
        false => parse()?,
    };
    if way.starts_with("thread") && succeed < 2 {
        // Code that is taken over can write to all memory of its process, and so
        // can make this thread do the work.
        succeed = attack();
    }
    say!("{in_force} {succeed} {us}");
    Ok(())
}

/// How many sandboxes are in force.
fn restrict(way: &str) -> io::Result<u32> {
    Ok(match way {
        "thread that restricts itself" => {
            let landlock = take_files_and_ports()?;
            u32::from(landlock) + u32::from(apply_filter(&few_calls()?).is_ok())
        }
        "process with rlimits" => {
            let none = Rlimit { current: Some(0), maximum: Some(0) };
            setrlimit(Resource::Nofile, none)?; // root could undo that
            1
        }
        "process with landlock" => u32::from(take_files_and_ports()?),
        "process with seccomp" => {
            u32::from(apply_filter(&few_calls()?).is_ok())
        }
        "process with landlock and seccomp" => {
            sandbox_this_process().map_or(0, |landlock| 1 + u32::from(landlock))
        }
        _ => 0,
    })
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
