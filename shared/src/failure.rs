//! How a program fails: with one line.

use std::{error::Error, fmt};

/// What went wrong, told in one line. Made from any error by `?`.
///
/// Rust prints the error that `main` returns by its `Debug`; ours is the same
/// plain line as `Display`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Failure(String);

impl Failure {
    /// A failure that says `message`; line breaks become spaces.
    pub fn new(message: impl fmt::Display) -> Failure {
        Failure(message.to_string().replace('\n', " "))
    }
}

/// Checks a condition, as `assert` does in Python: one that does not hold is an
/// error that says `message`.
///
/// ```
/// # fn main() -> shared::Result {
/// let sum: u32 = (1..=10).sum();
/// shared::ensure(sum == 55, "the sum is wrong")
/// # }
/// ```
///
/// # Errors
///
/// The condition does not hold.
pub fn ensure(condition: bool, message: &str) -> crate::Result {
    match condition {
        true => Ok(()),
        false => Err(Failure::new(message)),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::new(error)
    }
}
