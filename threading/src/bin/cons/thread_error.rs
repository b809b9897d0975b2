//! An error from a thread: return a `Result`, and `join` hands it back, typed.
//!
//!     cargo run -p threading --bin thread_error
//!
//! In Python an exception in a thread never reaches `join`; a
//! `concurrent.futures` future raises it again in `result()`. In Rust what can
//! fail returns a `Result`, in a thread as anywhere else. A panic is for bugs.
//! If other people's code panics with a value (`panic_any`), `catch_unwind`
//! gives that value back, and it can be made an error of its type.
//!
//! The program `panic_report` shows what `join` returns for a panic with a
//! text.
//!
//! Change this and watch: `panic_any("too hot")` in `measure`. That is another
//! type: the panic goes on, and ends the program with exit status 101.
//!
//! Output (figures vary):
//!     the thread returned Err(ParseIntError { kind: InvalidDigit })
//!     the panic had a value: Err(TooHot { degrees: 260 })

use std::{panic, thread};

use shared::{Result, ensure, flags, say};

fn main() -> Result {
    flags([]);
    panic::set_hook(Box::new(|_| ())); // the panic below is planned

    let thread = thread::spawn(|| "seven".parse::<u32>());
    let parsed = thread.join().expect("parsing does not panic");
    say!("the thread returned {parsed:?}");

    let thread = thread::spawn(|| catch(|| measure(260)));
    let measured: Result<u32, TooHot> = thread.join().expect("it is caught");
    say!("the panic had a value: {measured:?}");

    let told = measured.is_err_and(|hot| hot.degrees == 260);
    ensure(parsed.is_err() && told, "an error of a thread got lost")
}

#[derive(Debug)]
struct TooHot {
    degrees: u32,
}

/// Stands for a library that panics where it should return an error.
fn measure(degrees: u32) -> u32 {
    if degrees > 250 {
        panic::panic_any(TooHot { degrees }); // WRONG: who catches this?
    }
    degrees
}

// ANCHOR: thread_error
use std::panic::{UnwindSafe, catch_unwind, resume_unwind};

/// Runs `job`, and turns a panic that carries an `E` into an error. Any other
/// panic goes on. The panic hook has printed its report by then.
///
/// # Errors
///
/// `job` has panicked with an `E`.
pub fn catch<T, E: 'static>(
    job: impl FnOnce() -> T + UnwindSafe,
) -> Result<T, E> {
    catch_unwind(job).map_err(|payload| match payload.downcast::<E>() {
        Ok(value) => *value,
        Err(other) => resume_unwind(other),
    })
}
// ANCHOR_END: thread_error
