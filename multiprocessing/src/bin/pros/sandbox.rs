//! Sandbox: a process can give up its rights before it reads hostile input.
//!
//!     cargo run -p multiprocessing --bin sandbox
//!
//! Hostile input makes its parser do what an attacker wants. Here the parser
//! tries two things: to read a file and to connect a socket. On a thread it has
//! all rights of the program. In a process of its own it has them, too. But a
//! process can give up its rights. Our module `multiprocessing::sandbox` asks
//! the kernel to refuse all files and ports (landlock) and all system calls but
//! a few (seccomp). What is open stays usable, so the parser still reads its
//! input and writes its result. Python has no such module. (In a kernel without
//! seccomp the program says so, and judges nothing.)
//!
//! The program `sandbox_ways` tries each restriction alone, also on a thread.
//!
//! Claims: M8
//! Change this and watch: leave out the call of `sandbox::enter`. Then both
//! attempts succeed in the sandbox, too, and M8 is contradicted.
//!
//! Output (figures vary):
//!     two attempts of hostile input: how many succeed?
//!     on a thread: 2
//!     in a process: 2
//!     in a process in the sandbox: 0
//!     Not in the article, M8: "Strengths: what crashes, leaks or hangs can be ended."
//!     Our answer for Rust: holds (true)
//!     Our answer to M8 is borne out: of 2 attacks 2 succeed on a thread, 2 in a process, 0 in a sandboxed process

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;
use std::{fs, thread, time::Duration};

use shared::watchdog::Watchdog;
use shared::{Result, claim, ensure, flags, role, say};

fn main() -> Result {
    if let Some([place]) = role::started_as("parser") {
        return parse(&place);
    }
    flags([]);
    let _bound = Watchdog::guard("the attacks", Duration::from_secs(20))?;
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let input = server.local_addr()?.port().to_string();
    say!("two attempts of hostile input: how many succeed?");
    let copy = input.clone();
    let thread = thread::spawn(move || hostile(&copy));
    let thread = thread.join().expect("no panic");
    say!("on a thread: {thread}");
    let process = in_child("free", &input)?;
    say!("in a process: {process}");
    if !fs::exists("/proc/sys/kernel/seccomp")? {
        say!("this kernel has no seccomp, so the sandbox is not judged");
        return Ok(());
    }
    let sandbox = in_child("sandbox", &input)?;
    say!("in a process in the sandbox: {sandbox}");
    let figure = format!(
        "of 2 attacks {thread} succeed on a thread, {process} in a process, \
         {sandbox} in a sandboxed process"
    );
    claim("M8", [&*thread, &process, &sandbox] == ["2", "2", "0"], figure)
}

fn parse(place: &str) -> Result {
    if place == "sandbox" {
        return Ok(parse_in_sandbox(hostile)?);
    }
    say!("{}", hostile(&io::read_to_string(io::stdin())?));
    Ok(())
}

/// A parser that does what its hostile input wants: here the input is the port
/// to connect to. The result is how many of the two attempts succeed.
fn hostile(input: &str) -> String {
    let port = input.parse().expect("the input is a port");
    let read = fs::read("/etc/passwd").is_ok();
    let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    (u32::from(read) + u32::from(connected)).to_string()
}

/// In the parent: what the parser in a child process makes of the input.
fn in_child(place: &str, input: &str) -> Result<String> {
    let mut child = role::command("parser")?
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let to = child.stdin.take(); // closed after this write: the input ends
    to.expect("it was piped").write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure(output.status.success(), "the parser fails")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_string())
}

// ANCHOR: sandbox
use std::io::{self, Write};

use multiprocessing::sandbox;

/// Parses input that nobody trusts, in a process that can do nothing else. To
/// be called first in `main` of a child: the input is its standard input, the
/// result goes to its standard output.
///
/// The parent must not trust the result either, and has to limit its length
/// (`Read::take`) and the time (see the program `hard_kill`).
///
/// # Errors
///
/// This kernel has no seccomp (then nothing of the input is read), or the input
/// is not UTF-8 text. (If only landlock is missing, seccomp alone refuses.)
pub fn parse_in_sandbox(parse: fn(&str) -> String) -> io::Result<()> {
    sandbox::enter()?; // files and sockets that it needs must be open by now
    let input = io::read_to_string(io::stdin())?;
    let mut output = io::stdout();
    output.write_all(parse(&input).as_bytes())?;
    output.flush()
}
// ANCHOR_END: sandbox
