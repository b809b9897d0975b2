//! What a panic said.

use std::any::Any;

/// The text of a panic, from what `join` or `catch_unwind` returns; a note if
/// its payload is no text.
///
/// ```
/// use std::{panic::panic_any, thread};
///
/// let joined = thread::spawn(|| panic!("the oil burns")).join();
/// let payload = joined.unwrap_err();
/// assert_eq!(shared::panic_text(&*payload), "the oil burns");
///
/// let payload = thread::spawn(|| panic_any(7)).join().unwrap_err();
/// assert_eq!(shared::panic_text(&*payload), "(not a text)");
/// ```
pub fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    let formatted = payload.downcast_ref::<String>().map(String::as_str);
    literal.or(formatted).unwrap_or("(not a text)")
}
