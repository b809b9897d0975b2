//! Cancellation safety: `select!` drops a future with the half line that it read.
//!
//!     cargo run -p asyncio --bin cancel_safety
//!
//! `select!` drops the futures that did not win. What such a future has read
//! until then is lost, unless it is kept outside of the future. `read_line` is
//! not safe even with a kept buffer: it hands over the text only at its end,
//! when it is known to be UTF-8. `read_until` keeps the bytes in the buffer.
//! (tokio's `Lines::next_line` is safe, too.)
//!
//! Here each line comes in two halves, and an event between them wins. The last
//! line has no line end.
//!
//! Claims: A25
//! Change this and watch: send the event before the first half, not after it.
//! Nothing has been read yet when the event wins: every way gets all lines, and
//! A25 is contradicted.
//!
//! Output (figures vary):

use shared::{Result, claim, flags, say};
use tokio::io::{AsyncWriteExt, BufReader, DuplexStream, duplex};
use tokio::{select, sync::mpsc};

const SENT: usize = 10;
const LINE: &str = "GET /menu";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let fresh = whole_lines("read_line, a new buffer", async |input| {
        let mut line = String::new(); // WRONG: is dropped with this future
        input.read_line(&mut line).await?;
        Ok((!line.is_empty()).then_some(line))
    });
    let mut line = String::new();
    let kept = whole_lines("read_line, a kept buffer", async |input| {
        input.read_line(&mut line).await?; // WRONG: adds to it at the end only
        Ok((!line.is_empty()).then(|| take(&mut line)))
    });
    let mut partial = Vec::new();
    let safe = whole_lines("read_until, a kept buffer", async |input| {
        next_line(input, &mut partial).await
    });
    let [fresh, kept, safe] = [fresh.await?, kept.await?, safe.await?];
    let figure = format!(
        "of {SENT} lines with a cancelled read, {fresh} and {kept} came whole \
         by read_line, {safe} by read_until"
    );
    claim("A25", [fresh, kept, safe] == [0, 0, SENT], figure)
}

type Input = BufReader<DuplexStream>;

/// How many lines come whole if an event cancels the read within each of them.
async fn whole_lines(
    way: &str,
    mut next: impl AsyncFnMut(&mut Input) -> io::Result<Option<String>>,
) -> Result<usize> {
    let (output, input) = duplex(64);
    let (events, mut event) = mpsc::channel(1);
    let sender = tokio::spawn(send(output, events));
    let (mut input, mut lines) = (BufReader::new(input), Vec::new());
    loop {
        select! {
            biased; // in this order: the half is read before the event wins
            line = next(&mut input) => match line? {
                Some(line) => lines.push(line),
                None => break,
            },
            Some(()) = event.recv() => {} // here `next` is dropped
        }
    }
    sender.await??;
    let whole = lines.iter().filter(|line| line.trim_end() == LINE).count();
    say!("{way}: {whole} of {SENT} lines are whole");
    Ok(whole)
}

async fn send(mut output: DuplexStream, events: mpsc::Sender<()>) -> Result {
    let (half, rest) = LINE.split_at(4);
    for n in 1..=SENT {
        output.write_all(half.as_bytes()).await?;
        events.send(()).await?;
        drop(events.reserve().await?); // there is room: it was received
        output.write_all(rest.as_bytes()).await?;
        output.write_all(if n < SENT { b"\n" } else { b"" }).await?;
    }
    Ok(())
}

// ANCHOR: cancel_safety
use std::{io, mem::take};

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

/// The next line with its line end, or `None` at the end of the input; the last
/// line may have no line end. Cancellation safe: what was read when the future
/// is dropped stays in `partial`, which the next call needs. Lines may be of
/// any length.
pub async fn next_line(
    input: &mut (impl AsyncBufRead + Unpin),
    partial: &mut Vec<u8>,
) -> io::Result<Option<String>> {
    input.read_until(b'\n', partial).await?;
    if partial.is_empty() {
        return Ok(None); // not "nothing was read": a half may be left
    }
    String::from_utf8(take(partial)).map(Some).map_err(io::Error::other)
}
// ANCHOR_END: cancel_safety
