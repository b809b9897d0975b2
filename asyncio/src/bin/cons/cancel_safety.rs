//! Cancellation safety: `select!` drops a future, with the bytes it has read.
//!
//!     cargo run -p asyncio --bin cancel_safety
//!
//! `select!` drops the futures that did not win. What such a future has read
//! until then is lost, unless it is kept outside of the future. `read_line` is
//! not safe even with a kept buffer: it collects the bytes inside of its
//! future, and gives you the text only when the line is complete. `read_until`
//! keeps the bytes in the buffer. (tokio's `Lines::next_line` is safe, too.)
//!
//! Claims: A25
//! Change this and watch: write `b"GET "` after the `select!`, not before it.
//! Nothing has been read yet when the other branch wins: every way gets all
//! lines, and A25 is contradicted.
//!
//! Output (times vary, counts do not):
//!     read_line, a new buffer: 0 of 10 lines are whole
//!     read_line, a kept buffer: 0 of 10 lines are whole
//!     read_until, a kept buffer: 10 of 10 lines are whole
//!     The article, A25: "All tasks can easily be cancelled or awaited at once."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A25 is borne out: with reads cancelled, read_line gets 0 of 10 lines (kept buffer: 0), read_until 10

use std::future::ready;

use shared::{Result, claim, flags, say};
use tokio::io::{AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::select;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let fresh = whole_lines("read_line, a new buffer", async |input| {
        let mut line = String::new(); // WRONG: the future owns it
        input.read_line(&mut line).await?;
        Ok((!line.is_empty()).then_some(line)) // empty: the end
    });
    let mut line = String::new();
    let kept = whole_lines("read_line, a kept buffer", async |input| {
        // WRONG: `read_line` fills `line` only when the line is complete
        input.read_line(&mut line).await?;
        Ok((!line.is_empty()).then(|| take(&mut line)))
    });
    let mut partial = Vec::new();
    let safe = whole_lines("read_until, a kept buffer", async |input| {
        next_line(input, &mut partial).await
    });
    // Nothing has run until here: a future begins when it is awaited.
    let [fresh, kept, safe] = [fresh.await?, kept.await?, safe.await?];
    let figure = format!(
        "with reads cancelled, read_line gets {fresh} of 10 lines \
         (kept buffer: {kept}), read_until {safe}"
    );
    claim("A25", [fresh, kept, safe] == [0, 0, 10], figure)
}

type Input = BufReader<DuplexStream>;

/// How many lines come whole if `next`, which reads one, is cancelled in the
/// middle of each line.
async fn whole_lines(
    way: &str,
    mut next: impl AsyncFnMut(&mut Input) -> io::Result<Option<String>>,
) -> Result<usize> {
    let (mut output, input) = duplex(64);
    let (mut input, mut whole) = (BufReader::new(input), 0);
    for _ in 0..10 {
        output.write_all(b"GET ").await?;
        select! {
            biased; // in this order: `next` reads half a line, `ready` wins
            _ = next(&mut input) => {}
            () = ready(()) => {} // here the future of `next` is dropped
        }
        output.write_all(b"/menu\n").await?;
        let line = next(&mut input).await?;
        whole += usize::from(line.as_deref() == Some("GET /menu\n"));
    }
    say!("{way}: {whole} of 10 lines are whole");
    Ok(whole)
}

// ANCHOR: cancel_safety
use std::{io, mem::take};

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// The next line with its line end, or `None` at the end of the input; the last
/// line may have no line end. Cancellation safe: what was read before the
/// future is dropped stays in `partial`, which the next call needs. Give an
/// empty `Vec` to the first call, and the same one to each later call. Lines
/// may be of any length.
pub async fn next_line(
    input: &mut (impl AsyncBufRead + Unpin),
    partial: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    input.read_until(b'\n', partial).await?;
    if partial.is_empty() {
        return Ok(None); // empty means end of input
    }
    String::from_utf8(take(partial)).map(Some).map_err(io::Error::other)
}
// ANCHOR_END: cancel_safety
