//! Latency of a job in another process, step by step: encode, send, decode.
//!
//!     cargo run --release -p futures_pool --bin round_trip
//!
//! Medians in microseconds. A worker process is fed through pipes, without any
//! pool: the argument is encoded, sent and decoded, the job takes no time, and
//! the result goes back in the same way. With 64 bytes nearly all of the time
//! is for the sends: each wakes the process that waits for it. Large arguments
//! are copied at each step. Where a copy takes ten times as long as another one
//! of the same size (as `encode` on the way back, with 64 KiB), its memory is
//! new: the allocator has given the old pages back to the kernel, and each
//! first touch of a page is a page fault.
//!
//! The program `process_pays` has the whole trip through our pools.
//!
//! Change this and watch: set both `MALLOC_TRIM_THRESHOLD_=1000000000` and
//! `MALLOC_MMAP_THRESHOLD_=1000000000` (glibc). Freed memory is kept then, and
//! most of these page faults are gone.
//!
//! Output (figures vary):
//!        bytes     us: encode, send, decode                     and back
//!           64              0.3 + 6.5 + 0.1              0.2 + 7.4 + 0.2
//!        65536             2.9 + 35.1 + 2.2           28.6 + 59.7 + 31.1
//!      1048576        440.6 + 640.1 + 504.7       547.7 + 1029.7 + 484.7
//!     16777216  13095.3 + 16207.5 + 12451.6  12336.5 + 20868.3 + 13212.4

use std::io::{PipeReader, PipeWriter};
use std::{array, fs::File, os::fd::AsFd, time::Duration};

use serde_bytes::ByteBuf;
use shared::measure::{median, now};
use shared::watchdog::Watchdog;
use shared::{Result, Table, ensure, flags, notice_debug_build, role};

/// The longest message.
const MOST: usize = 32 << 20;

fn main() -> Result {
    let _bound = Watchdog::guard("the trips", Duration::from_secs(10))?;
    if let Some([]) = role::started_as("worker") {
        return work(); // as a child: this program again
    }
    flags([]);
    notice_debug_build();
    let ((orders, mut to), (mut from, replies)) = (io::pipe()?, io::pipe()?);
    let mut worker = role::command("worker")?;
    let mut worker = worker.stdin(orders).stdout(replies).spawn()?;
    let mut table =
        Table::new(["bytes", "us: encode, send, decode", "and back"]);
    for size in [64, 64 << 10, 1 << 20, 16 << 20] {
        let rounds = ((64 << 20) / size).clamp(5, 51);
        let trips = (0..rounds).map(|_| trip(&mut to, &mut from, size));
        let trips = trips.collect::<Result<Vec<Steps>>>()?;
        let us: [String; 6] = array::from_fn(|step| {
            let times: Vec<_> = trips.iter().map(|steps| steps[step]).collect();
            format!("{:.1}", median(&times).as_secs_f64() * 1e6)
        });
        table.row([&size, &us[..3].join(" + "), &us[3..].join(" + ")]);
    }
    table.print();
    drop(to); // then the worker ends
    Ok(worker.wait().map(drop)?)
}

/// How long each step of one trip took: encode, send, decode; and back.
type Steps = [Duration; 6];

/// When the worker had received, decoded and encoded, by the clock that all
/// processes share.
type Moments = [Duration; 3];

fn trip(
    to: &mut PipeWriter,
    from: &mut PipeReader,
    size: usize,
) -> Result<Steps> {
    let argument = ByteBuf::from(vec![b'a'; size]);
    let begun = now();
    let bytes = postcard::to_stdvec(&argument)?;
    let encoded = now();
    write_frame(to, &bytes)?;
    let bytes = read_frame(from, MOST)?.unwrap_or_default();
    let received = now();
    let result: ByteBuf = postcard::from_bytes(&bytes)?;
    let decoded = now();
    let right = result.len() == size && result[0] == b'b';
    ensure(right, "a result is wrong")?;
    let moments = read_frame(from, MOST)?.unwrap_or_default();
    let worker: Moments = postcard::from_bytes(&moments)?;
    let at = [&[begun, encoded][..], &worker, &[received, decoded]].concat();
    Ok(array::from_fn(|step| at[step + 1] - at[step]))
}

/// The other process: does jobs until nothing comes any more.
fn work() -> Result {
    // Files, because `io::stdin` and `io::stdout` have buffers of their own.
    let mut from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut to = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    while let Some(bytes) = read_frame(&mut from, MOST)? {
        let received = now();
        let mut value: ByteBuf = postcard::from_bytes(&bytes)?;
        let decoded = now();
        value[0] += 1; // the job
        let bytes = postcard::to_stdvec(&value)?;
        let moments: Moments = [received, decoded, now()];
        write_frame(&mut to, &bytes)?;
        write_frame(&mut to, &postcard::to_stdvec(&moments)?)?;
    }
    Ok(())
}

// ANCHOR: round_trip
use std::io::{self, ErrorKind, Read, Write};

/// Writes a message with its length before it (a frame), so that the reader
/// knows where it ends: pipes and sockets carry bytes, not messages. Over TCP,
/// let `to` be a `BufWriter`, or a short message leaves in two packets.
///
/// # Errors
///
/// The other side reads no more, or the message has 4 GiB or more.
pub fn write_frame(to: &mut impl Write, message: &[u8]) -> io::Result<()> {
    let length = u32::try_from(message.len());
    let length = length.map_err(|_| ErrorKind::InvalidInput)?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(message)?;
    to.flush()
}

/// Reads a message that [`write_frame`] wrote. `None`: the other side has
/// ended. Waits until the other side writes or ends.
///
/// # Errors
///
/// The message has more than `most` bytes, or the other side has ended in the
/// middle of it.
pub fn read_frame(
    from: &mut impl Read,
    most: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut length = Vec::new();
    from.take(4).read_to_end(&mut length)?;
    if length.is_empty() {
        return Ok(None);
    }
    let cut_short = |_| ErrorKind::UnexpectedEof;
    let length: [u8; 4] = length.try_into().map_err(cut_short)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > most {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; length];
    from.read_exact(&mut message)?;
    Ok(Some(message))
}
// ANCHOR_END: round_trip
