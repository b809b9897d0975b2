//! A dish on its way: ordered, prepared, baked. The value that flows carries
//! its own history, so programs contain no instrumentation.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{cell::Cell, process, thread};

use crate::measure::{self, Usage};
use crate::{Dish, Failure, chop, chopped, oven};

/// How long a cook waits for the oven before giving a dish up.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The plain blocking recipe. Threads, pools and processes run it unchanged;
/// async programs write it again with `.await`.
pub fn cook(dish: Dish, oven: SocketAddr) -> crate::Result<Plate> {
    let prepped = dish.prep();
    let reply = bake(oven, prepped.order());
    prepped.plate(reply)
}

/// Sends an order to the oven and waits for its whole reply.
///
/// # Errors
///
/// No connection, or not the whole reply, within [`PATIENCE`] each; or a reply
/// that no oven gives.
pub fn bake(oven: SocketAddr, order: &[u8]) -> io::Result<Vec<u8>> {
    let mut door = TcpStream::connect_timeout(&oven, PATIENCE)?;
    door.write_all(order)?;
    let (deadline, mut reply) = (Instant::now() + PATIENCE, Vec::new());
    loop {
        // A socket has a timeout for each read, not for all of them.
        let left = deadline.saturating_duration_since(Instant::now());
        door.set_read_timeout(Some(left.max(Duration::from_nanos(1))))?;
        let mut some = [0; 1024];
        match door.read(&mut some)? {
            0 => return Ok(reply),
            _ if left.is_zero() => return Err(ErrorKind::TimedOut.into()),
            size => reply.extend_from_slice(&some[..size]),
        }
    }
}

impl Dish {
    /// Prepares the dish: work, on whichever thread calls.
    pub fn prep(self) -> Prepped {
        let (start, cpu) = (measure::now(), measure::thread_cpu());
        let dough = chop(u64::from(self.number), self.strokes);
        Prepped {
            order: oven::order(self, dough),
            dish: self,
            prep_cpu: measure::thread_cpu() - cpu,
            prep: Span { start, end: measure::now() },
            thread: thread_label(),
        }
    }
}

/// A dish that is ready for the oven. It does no I/O: the way to the oven and
/// back is the model's, and what a reader compares.
#[derive(Debug)]
pub struct Prepped {
    dish: Dish,
    order: Vec<u8>,
    prep: Span,
    prep_cpu: Duration,
    thread: String,
}

impl Prepped {
    /// The bytes to send to the oven: one HTTP request.
    pub fn order(&self) -> &[u8] {
        &self.order
    }

    /// Turns what came back from the oven, bytes or an error, into a plate.
    ///
    /// # Errors
    ///
    /// No reply, half a reply, or another answer than 200; each names the dish.
    pub fn plate(self, reply: io::Result<Vec<u8>>) -> crate::Result<Plate> {
        let golden = reply
            .map_err(|error| match error.kind() {
                // What a socket says when its read timeout is over.
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    format!("no answer from the oven in {PATIENCE:?}")
                }
                _ => error.to_string(),
            })
            .and_then(|reply| oven::golden(&reply))
            .map_err(|why| Failure::new(format!("{}: {why}", self.dish)))?;
        Ok(Plate {
            dish: self.dish,
            check: golden,
            bake: Span { start: self.prep.end, end: measure::now() },
            prep: self.prep,
            prep_cpu: self.prep_cpu,
            pid: process::id(),
            thread: self.thread,
            usage: Usage::now(),
        })
    }
}

/// A dish that is done, and how it came to be.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plate {
    /// What was ordered.
    pub dish: Dish,
    /// What the oven made of the prepared dough.
    pub check: u64,
    /// When it was prepared.
    pub prep: Span,
    /// CPU time that preparing took.
    pub prep_cpu: Duration,
    /// When it was on the way to the oven, in it, and back.
    pub bake: Span,
    /// The process that cooked it.
    pub pid: u32,
    /// The thread that prepared it.
    pub thread: String,
    /// What that process had used when the plate was done.
    pub usage: Usage,
}

impl Plate {
    /// Whether this is what preparing and baking the dish comes to.
    pub fn is_right(&self) -> bool {
        let dough = chopped(u64::from(self.dish.number), self.dish.strokes);
        self.check == oven::brown(dough, self.dish.bake_ms)
    }
}

/// From when to when, on the clock that all processes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Span {
    /// When it began; see [`measure::now`].
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
}

impl Span {
    /// How many of these overlapped at some moment: what ran in parallel, also
    /// where the machine is busy and all of it takes long.
    ///
    /// ```
    /// use std::time::Duration;
    /// let span = |start, end| shared::Span {
    ///     start: Duration::from_millis(start),
    ///     end: Duration::from_millis(end),
    /// };
    /// let spans = [span(0, 10), span(5, 15), span(12, 20)];
    /// assert_eq!(shared::Span::most_at_once(&spans), 2);
    /// ```
    pub fn most_at_once(spans: &[Span]) -> usize {
        let at = |moment| {
            let there =
                |span: &&Span| span.start <= moment && moment < span.end;
            spans.iter().filter(there).count()
        };
        spans.iter().map(|span| at(span.start)).max().unwrap_or(0)
    }
}

/// `main`, or a name and a number, for several threads may share a name: they
/// are counted in the order of their first dish.
fn thread_label() -> String {
    static COOKS: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: Cell<u32> = Cell::new(COOKS.fetch_add(1, Ordering::Relaxed));
    }
    let number = NUMBER.get();
    match thread::current().name().unwrap_or("thread") {
        "main" => "main".into(),
        name => format!("{name} #{number}"),
    }
}
