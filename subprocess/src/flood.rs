//! Many bytes from a child, to measure: who writes them, and who checks them.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// In the child: writes so many bytes to standard output. Page number n is full
/// of `n % 251`, so that a piece that is missing or doubled is seen.
///
/// # Errors
///
/// Nobody reads any more.
pub fn write(bytes: usize) -> io::Result<()> {
    let pages: Vec<u8> = (0..251).flat_map(|page| [page; 4_096]).collect();
    // `io::stdout()` would look for the last line end in all these bytes.
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut left = bytes;
    while left > 0 {
        let count = left.min(pages.len());
        stdout.write_all(&pages[..count])?;
        left -= count;
    }
    Ok(())
}

/// In the parent: counts the bytes that come, and looks at two of each piece.
///
/// ```
/// use subprocess::flood::Seen;
///
/// let mut seen = Seen::default();
/// seen.see(&[0; 4_096]);
/// seen.see(&[1; 100]);
/// assert_eq!(seen.right_bytes(), Some(4_196));
/// seen.see(&[7; 100]);
/// assert_eq!(seen.right_bytes(), None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    bytes: usize,
    wrong: bool,
}

impl Seen {
    /// The next piece.
    pub fn see(&mut self, piece: &[u8]) {
        let byte = |at: usize| (at / 4_096 % 251) as u8;
        let [first, end] = [self.bytes, self.bytes + piece.len()];
        self.wrong |= piece.first().is_some_and(|b| *b != byte(first));
        self.wrong |= piece.last().is_some_and(|b| *b != byte(end - 1));
        self.bytes = end;
    }

    /// How many came; `None` if one of them was wrong.
    pub fn right_bytes(&self) -> Option<usize> {
        (!self.wrong).then_some(self.bytes)
    }
}
