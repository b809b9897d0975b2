//! A panic in a destructor (`Drop`), during another panic, aborts the process.
//!
//!     cargo run -p threading --bin panic_in_drop
//!
//! A panic drops what its functions own: this is the clean-up (unwinding). If
//! such a `drop` panics as well, the process is aborted, with all its threads:
//! neither `join` nor `catch_unwind` returns. (In Python an exception in
//! `__exit__` takes the place of the first one; one in `__del__` is printed.)
//!
//! The cure: a `drop` never panics. The method `close` does the same clean-up
//! and returns its error; `drop` is for the paths where nobody calls `close`.
//!
//! The program `panic_abort` shows what else aborts the process.
//!
//! Change this and watch: take the `panic!` out of `parse_in_child`. The panic
//! of `drop` is the only one then: it reaches `join`, the process is not
//! aborted, and the program ends with an error.
//!
//! Output (figures vary):
//!     drop panics during a panic: the process is aborted
//!     drop ignores its error during a panic: join returns "not a number"
//!     close, without a panic: Err(Os { code: 2, kind: NotFound, message: "No such file or directory" })

use std::os::unix::process::ExitStatusExt;
use std::{env, panic, process, thread};

use shared::{Result, ensure, flags, panic_text, role, say};

fn main() -> Result {
    if let Some([]) = role::started_as("child") {
        let _ = thread::spawn(parse_in_child).join(); // does not return
        return Ok(());
    }
    flags([]);
    let child = role::command("child")?.output()?;
    let aborted = child.status.signal() == Some(libc::SIGABRT);
    let fate = if aborted { "aborted" } else { "not aborted" };
    say!("drop panics during a panic: the process is {fate}");

    panic::set_hook(Box::new(|_| ())); // the next panic is planned
    let joined = thread::spawn(parse).join();
    let message = joined.as_ref().map_or_else(|p| panic_text(&**p), |_| "");
    say!("drop ignores its error during a panic: join returns \"{message}\"");

    let closed = folder_that_is_gone()?.close();
    say!("close, without a panic: {closed:?}");
    let told = message == "not a number" && closed.is_err();
    ensure(aborted, "a panic in `drop` did not abort the process")?;
    ensure(told, "an error of the clean-up is not as expected")
}

struct Careless;

impl Drop for Careless {
    fn drop(&mut self) {
        // WRONG: if this panics during another panic, the process is aborted.
        fs::remove_dir("this/is/gone").expect("the folder can be removed");
    }
}

fn parse_in_child() {
    let _folder = Careless;
    panic!("not a number");
}

fn parse() -> io::Result<()> {
    let _folder = folder_that_is_gone()?;
    panic!("not a number");
}

/// Its clean-up fails, because somebody else has removed it.
fn folder_that_is_gone() -> io::Result<TemporaryFolder> {
    let path = env::temp_dir().join(format!("in-drop-{}", process::id()));
    let folder = TemporaryFolder::create(path.clone())?;
    fs::remove_dir(path)?;
    Ok(folder)
}

// ANCHOR: panic_in_drop
use std::{fs, io, path::PathBuf};

/// A folder that is removed, with all that is in it: by `close`, which returns
/// the error, or else when this is dropped.
#[must_use = "the folder is removed when this is dropped"]
pub struct TemporaryFolder {
    /// `None`: it is removed already.
    path: Option<PathBuf>,
}

impl TemporaryFolder {
    /// Makes the folder. It is an error if there is one of this name.
    pub fn create(path: PathBuf) -> io::Result<TemporaryFolder> {
        fs::create_dir(&path)?;
        Ok(TemporaryFolder { path: Some(path) })
    }

    /// Removes the folder, or returns the error, as `drop` cannot.
    pub fn close(mut self) -> io::Result<()> {
        self.path.take().map_or(Ok(()), fs::remove_dir_all)
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // Ignored: a panic here, during another one, would abort.
            let _ = fs::remove_dir_all(path);
        }
    }
}
// ANCHOR_END: panic_in_drop
