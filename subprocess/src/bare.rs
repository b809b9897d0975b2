//! A yardstick: start and wait for a child by two calls of the system library,
//! `posix_spawn` and `waitpid`, with nothing around them.
//!
//! All `unsafe` code of this crate is here. To start a child in a program, use
//! `std::process::Command`; this is to measure what that costs.

use std::ffi::{CString, c_char};
use std::os::unix::{
    ffi::OsStringExt,
    process::{CommandExt, ExitStatusExt},
};
use std::process::{Command, ExitStatus};
use std::{env, io, iter, path::PathBuf, ptr};

use nix::{errno::Errno, sys::wait::waitpid, unistd::Pid};

/// A program with its arguments, ready to be started many times.
///
/// ```
/// use subprocess::bare::Bare;
///
/// # fn main() -> std::io::Result<()> {
/// let missing = Bare::new("/no/such/program".into(), [])?;
/// let error = missing.spawn_and_wait().unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Bare {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Bare {
    /// With the environment of this process as it is now.
    ///
    /// # Errors
    ///
    /// `InvalidInput`: there is a zero byte in one of them.
    pub fn new<const N: usize>(
        program: PathBuf,
        arguments: [&str; N],
    ) -> io::Result<Bare> {
        let program = CString::new(program.into_os_string().into_vec())?;
        let arguments = arguments.into_iter().map(CString::new);
        let arguments = arguments.collect::<Result<Vec<CString>, _>>()?;
        let variable = |(name, value): (std::ffi::OsString, _)| {
            let mut variable = name;
            variable.push("=");
            variable.push::<std::ffi::OsString>(value);
            CString::new(variable.into_vec())
        };
        let environment = env::vars_os().map(variable);
        let environment = environment.collect::<Result<Vec<CString>, _>>()?;
        Ok(Bare { program, arguments, environment })
    }

    /// Starts it and waits for its end. The child inherits everything that is
    /// not closed at exec.
    ///
    /// # Errors
    ///
    /// It cannot be started; there is no child then.
    pub fn spawn_and_wait(&self) -> io::Result<ExitStatus> {
        let arguments = iter::once(&self.program).chain(&self.arguments);
        let arguments = pointers(arguments);
        let environment = pointers(&self.environment);
        let mut pid = 0;
        // SAFETY: the path ends with a zero byte; both lists end with a null
        // pointer, their strings with zero bytes, and all of them live until
        // the call returns, which only reads them; `pid` may be written to.
        #[expect(unsafe_code, reason = "there is no safe posix_spawn")]
        let error = unsafe {
            libc::posix_spawn(
                &mut pid,
                self.program.as_ptr(),
                ptr::null(),
                ptr::null(),
                arguments.as_ptr(),
                environment.as_ptr(),
            )
        };
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        let pid = Pid::from_raw(pid);
        loop {
            match waitpid(pid, None) {
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
                Ok(nix::sys::wait::WaitStatus::Exited(_, code)) => {
                    return Ok(ExitStatus::from_raw(code << 8));
                }
                Ok(nix::sys::wait::WaitStatus::Signaled(_, signal, _)) => {
                    return Ok(ExitStatus::from_raw(signal as i32));
                }
                Ok(_) => {}
            }
        }
    }
}

/// As C wants a list: with a null pointer at its end.
fn pointers<'a>(
    strings: impl IntoIterator<Item = &'a CString>,
) -> Vec<*mut c_char> {
    let strings = strings.into_iter().map(|string| string.as_ptr().cast_mut());
    strings.chain([ptr::null_mut()]).collect()
}

/// The command with a `pre_exec` that does nothing. It keeps `Command` from the
/// fast way: the child is made by `fork`, which copies the page tables of the
/// parent.
pub fn with_pre_exec(command: &mut Command) -> &mut Command {
    // SAFETY: it does nothing, so nothing that is forbidden between fork and
    // exec.
    #[expect(unsafe_code, reason = "pre_exec is the subject")]
    unsafe {
        command.pre_exec(|| Ok(()))
    }
}
