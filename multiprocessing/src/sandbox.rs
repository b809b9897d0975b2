//! A sandbox for a process that reads input which it does not trust (Linux on
//! x86_64 and aarch64; feature `sandbox`). This file can be copied alone: it
//! needs the crates `landlock`, `seccompiler` and `libc`.
//!
//! There are two fences. landlock takes away files and ports. seccomp takes
//! away all system calls but a few. What is open stays usable: so a process
//! first opens what it needs, then calls [`enter`], and then reads the input.
//!
//! ```standalone_crate
//! use std::{fs::File, io::ErrorKind};
//! use multiprocessing::sandbox;
//!
//! # fn main() -> std::io::Result<()> {
//! # if !std::fs::exists("/proc/sys/kernel/seccomp")? {
//! #     return Ok(()); // this kernel has no seccomp
//! # }
//! sandbox::enter()?; // there is no way back
//! let refused = File::open("/etc/passwd").expect_err("it is not allowed");
//! assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
//! # Ok(())
//! # }
//! ```

use std::{collections::BTreeMap, env, io, process};

use landlock::{ABI, Access, AccessFs, AccessNet, RulesetStatus, Scope};
use landlock::{RestrictSelfAttr, Ruleset, RulesetAttr};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use seccompiler::{SeccompCmpOp, SeccompCondition, SeccompRule};

/// The system calls that stay allowed, with any arguments. (Two more are allowed
/// with some arguments: see [`few_calls`].)
#[rustfmt::skip] // one a line would be a page
const ALLOWED: [i64; 31] = [
    // What is open: read, write, wait, close.
    libc::SYS_read, libc::SYS_readv, libc::SYS_write, libc::SYS_writev,
    libc::SYS_recvfrom, libc::SYS_ppoll,
    libc::SYS_lseek, libc::SYS_fstat, libc::SYS_close,
    // Memory.
    libc::SYS_mmap, libc::SYS_munmap, libc::SYS_mremap, libc::SYS_mprotect,
    libc::SYS_madvise, libc::SYS_brk,
    // Locks, the clock, random bytes.
    libc::SYS_futex, libc::SYS_sched_yield, libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep, libc::SYS_nanosleep, libc::SYS_getrandom,
    // Signals that arrive, and the end.
    libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack, libc::SYS_restart_syscall,
    libc::SYS_getpid, libc::SYS_getppid, libc::SYS_gettid,
    libc::SYS_exit, libc::SYS_exit_group,
];

/// Gives up nearly all rights of this process, for good.
///
/// To be called before the process reads input that it does not trust, and
/// after it has opened what it needs. Returns whether the kernel has landlock,
/// which is a second fence only.
///
/// Still allowed: to read, write and close what is open, to wait (`poll`,
/// `sleep`, locks), memory, the clock, random bytes, a panic, `abort`, the end.
/// Everything else is the error `EPERM`: files, sockets, new threads, programs,
/// signals to others, datagrams to others than the peer of an open socket. (A
/// system call of another ABI, such as a 32-bit one, ends the process.)
///
/// Not limited: memory, which may be executed, and time; and what an `io_uring`
/// does that was set up before.
///
/// # Errors
///
/// The kernel has no seccomp, or refuses it. This process is in no sandbox
/// then, and must not read the input. (What landlock has taken away stays so.)
pub fn enter() -> io::Result<bool> {
    let landlock = no_files_no_ports()?;
    seccompiler::apply_filter_all_threads(&few_calls()?)
        .map_err(io::Error::other)?;
    Ok(landlock)
}

/// landlock: no file can be opened, no port bound or connected. Returns whether
/// the kernel has landlock. An old kernel refuses a part of this only, or does
/// so for the calling thread only. No kernel refuses `stat`, `chmod` or
/// `O_PATH`: landlock does not know them.
///
/// # Errors
///
/// The kernel has landlock, but refuses it.
pub fn no_files_no_ports() -> io::Result<bool> {
    let newest = ABI::V10; // what an older kernel does not know is left out
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

/// seccomp: a filter that allows few system calls, for
/// [`seccompiler::apply_filter`] or [`seccompiler::apply_filter_all_threads`] in
/// this very process: the filter allows signals to the process that calls this.
///
/// # Errors
///
/// There is no filter for this processor.
pub fn few_calls() -> io::Result<BpfProgram> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.into_iter().map(|call| (call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_poll, Vec::new()); // elsewhere `poll` is `ppoll`
    let mut only_if = |call, argument, length, value| {
        let is = SeccompCmpOp::Eq;
        let rule = SeccompCondition::new(argument, length, is, value)
            .and_then(|equal| SeccompRule::new(vec![equal]))
            .map_err(io::Error::other)?;
        io::Result::Ok(rules.insert(call, vec![rule]))
    };
    // A signal to this process only: `abort` sends one.
    only_if(libc::SYS_tgkill, 0, Dword, process::id().into())?;
    // Without an address: to the peer of the socket, and to nobody else.
    only_if(libc::SYS_sendto, 4, Qword, 0)?;
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let arch = env::consts::ARCH.try_into();
    arch.and_then(|arch| {
        SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch)
    })
    .and_then(BpfProgram::try_from)
    .map_err(io::Error::other)
}
