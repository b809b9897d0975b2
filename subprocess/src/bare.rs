//! A child by bare `posix_spawn`: the yardstick of what starting one costs.
//!
//! The C library starts the child in its fastest way: on Linux `clone` with
//! `CLONE_VFORK`, which copies no page table, and `exec`. Nothing else is done:
//! no pipe, no search in `PATH`, no change of signals, and nothing is allocated
//! for each child. `std::process::Command` does more, and can be compared with
//! it. To start a child, use `Command`.
//!
//! This is a module with `unsafe` code, because no crate of the chapter has a
//! safe `posix_spawn`. Beside it stands the slow way: [`by_fork`].

#![expect(unsafe_code, reason = "posix_spawn takes C's lists of C's strings")]

use std::ffi::{CString, OsString, c_char};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::{env, io, iter, ptr};

use rustix::io::retry_on_intr;
use rustix::process::{Pid, WaitOptions, waitpid};

/// A program with its arguments and environment, as C wants them. It is made
/// once; after that a start copies nothing.
#[derive(Debug)]
pub struct Bare {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Bare {
    /// A program by its path, with these arguments, and the environment that
    /// this process has now.
    ///
    /// # Errors
    ///
    /// One of the strings has a zero byte inside.
    pub fn new(program: &Path, arguments: &[&str]) -> io::Result<Bare> {
        let program = CString::new(program.as_os_str().as_encoded_bytes())?;
        let arguments =
            arguments.iter().map(|argument| CString::new(*argument));
        let arguments = iter::once(Ok(program.clone())).chain(arguments);
        let variables = env::vars_os().map(|(name, value)| {
            CString::new([name, value].join(&OsString::from("=")).into_vec())
        });
        Ok(Bare {
            arguments: arguments.collect::<Result<_, _>>()?,
            environment: variables.collect::<Result<_, _>>()?,
            program,
        })
    }

    /// Starts it, with our standard input, output and error, and waits for its
    /// end.
    ///
    /// # Errors
    ///
    /// It cannot be started (there is no such program, ...), or somebody else
    /// has waited for it.
    pub fn run(&self) -> io::Result<ExitStatus> {
        let child = self.start()?;
        let ended = retry_on_intr(|| {
            waitpid(Some(child), WaitOptions::empty()) // without `NOHANG`
        })?;
        let (_, status) = ended.expect("it waits until the child has ended");
        Ok(ExitStatus::from_raw(status.as_raw()))
    }

    fn start(&self) -> io::Result<Pid> {
        let arguments = pointers(&self.arguments);
        let environment = pointers(&self.environment);
        let mut pid = 0;
        // SAFETY: `program` is a C string, and both lists hold pointers to C
        // strings and end with a null pointer. `self` and the lists live until
        // the call returns, and the call changes none of them: it has `*mut`
        // only because C's old lists have no `const`. A null pointer for the
        // file actions and for the attributes is allowed: there are none.
        // `pid` is ours to write to.
        let error = unsafe {
            libc::posix_spawn(
                &raw mut pid,
                self.program.as_ptr(),
                ptr::null(),
                ptr::null(),
                arguments.as_ptr(),
                environment.as_ptr(),
            )
        };
        // It returns the error, and does not set `errno`.
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        Ok(Pid::from_raw(pid).expect("a child has a number"))
    }
}

/// The list that C wants: a null pointer is its end.
fn pointers(strings: &[CString]) -> Vec<*mut c_char> {
    let pointers = strings.iter().map(|string| string.as_ptr().cast_mut());
    pointers.chain(iter::once(ptr::null_mut())).collect()
}

/// Adds a step before `exec` that does nothing. `Command` cannot tell, and
/// starts the child by `fork`, which copies the page tables of this process.
pub fn by_fork(command: &mut Command) -> &mut Command {
    // SAFETY: between `fork` and `exec` only what is safe in a signal handler
    // may be called. This closure calls nothing.
    unsafe { command.pre_exec(|| Ok(())) }
}
