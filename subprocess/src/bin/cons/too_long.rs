//! E2BIG (Argument list too long): how long may the arguments of a child be?
//!
//!     cargo run -p subprocess --bin too_long
//!
//! The system limits one argument, and all arguments and variables together.
//! The two limits are found here by bisection. On Linux one argument has at
//! most 128 KiB, and all have a quarter of the limit of the stack, usually 2
//! MiB; each argument costs 8 bytes beside its own. Data of any length goes
//! through standard input or a file. A long list of names is given to several
//! children, as `xargs` does: this is the part to copy.
//!
//! In Python: the same `OSError: [Errno 7]`.
//!
//! Change this and watch: start this program after `ulimit -s 65536`. All
//! arguments together may have about 6 MiB, the most that Linux allows; one
//! argument may not be longer than before.
//!
//! Output (figures vary):
//!     one argument: at most 131071 bytes
//!     all arguments: about 2024 KiB
//!     10000 names of 1000 bytes: refused at once: true
//!     10000 names of 1000 bytes: done by 103 children

use std::env;

use shared::{Result, ensure, flags, role, say};

fn main() -> Result {
    if env::args_os().nth(1).is_some_and(|role| role == "as-child") {
        return Ok(());
    }
    flags([]);
    let one = longest(|length| vec!["x".repeat(length)])?;
    say!("one argument: at most {one} bytes");
    let all = longest(|length| vec!["x".repeat(1000); length / 1000])?;
    say!("all arguments: about {} KiB", all >> 10);

    let names = vec![OsString::from("x".repeat(1000)); 10_000];
    let again = || {
        let mut command = Command::new("/proc/self/exe");
        command.arg("as-child");
        command
    };
    let whole = again().args(&names).status();
    let refused = whole.is_err_and(|why| why.kind() == ArgumentListTooLong);
    let children = run_in_chunks(again, &names)?;
    say!("10000 names of 1000 bytes: refused at once: {refused}");
    say!("10000 names of 1000 bytes: done by {children} children");
    ensure(refused && one < all && children > 1, "there is no limit")
}

/// The longest that a child can be started with, in bytes: by bisection.
fn longest(arguments: impl Fn(usize) -> Vec<String>) -> Result<usize> {
    let [mut fits, mut too_long] = [0, 16 << 20];
    while too_long - fits > 1 {
        let middle = (fits + too_long) / 2;
        match role::command("child")?.args(arguments(middle)).status() {
            Ok(_) => fits = middle,
            Err(why) if why.kind() == ArgumentListTooLong => too_long = middle,
            Err(why) => return Err(why.into()),
        }
    }
    Ok(fits)
}

// ANCHOR: too_long
use std::io::{self, ErrorKind::ArgumentListTooLong};
use std::{ffi::OsString, process::Command};

/// Runs a command with all these arguments, in as many children, one after the
/// other, as are needed: as `xargs` does. Returns how many there were; none for
/// an empty list.
///
/// # Errors
///
/// A child cannot be started, or its status is no success: the others are not
/// started then. `ArgumentListTooLong` if one argument alone is too long.
pub fn run_in_chunks(
    command: impl Fn() -> Command,
    arguments: &[OsString],
) -> io::Result<usize> {
    let mut most = 100_000; // in bytes: most systems have room for that
    let mut left = arguments;
    let mut children = 0;
    while !left.is_empty() {
        let mut bytes = 0;
        let fits = left.iter().take_while(|argument| {
            bytes += argument.len() + 16; // its end, and a pointer to it
            bytes <= most
        });
        let (now, later) = left.split_at(fits.count().max(1));
        let status = match command().args(now).status() {
            Err(error) if error.kind() == ArgumentListTooLong => {
                if now.len() == 1 {
                    return Err(error);
                }
                most /= 2;
                continue;
            }
            status => status?,
        };
        if !status.success() {
            let child = children + 1;
            let why = format!("child {child} has failed: {status}");
            return Err(io::Error::other(why));
        }
        (left, children) = (later, children + 1);
    }
    Ok(children)
}
// ANCHOR_END: too_long
