//! Many bytes from a child, to measure: who writes them, and who checks them.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::Instant;

use shared::{Result, ensure};

/// How many bytes a child writes, to measure ways to read them.
pub const BYTES: usize =
    if cfg!(debug_assertions) { 32 << 20 } else { 256 << 20 };
/// How often each way is measured. The best counts.
pub const TRIES: usize = 3;

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

/// In the parent: seconds for each of the ways to start a child that writes
/// [`BYTES`], to read them all, and to wait for it. The ways take turns; the
/// best of [`TRIES`] counts.
///
/// # Errors
///
/// Those of the ways, or other bytes came.
pub fn best_seconds<const N: usize>(
    ways: [fn(&mut Seen) -> Result; N],
) -> Result<[f64; N]> {
    let mut seconds = [f64::INFINITY; N];
    for _ in 0..TRIES {
        for (best, way) in seconds.iter_mut().zip(ways) {
            let (begun, mut seen) = (Instant::now(), Seen::default());
            way(&mut seen)?;
            *best = best.min(begun.elapsed().as_secs_f64());
            ensure(seen.right_bytes() == Some(BYTES), "other bytes came")?;
        }
    }
    Ok(seconds)
}
