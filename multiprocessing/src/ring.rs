//! A queue of messages in shared memory, from one process to another one.
//!
//! One [`Producer`] sends, one [`Consumer`] receives (single producer, single
//! consumer; SPSC). A message is copied in and copied out, and the kernel has
//! no part in it, unless one side has to wait: it spins for a moment, and then
//! it sleeps on a futex. In Python: a `multiprocessing.Pipe(duplex=False)`.
//!
//! ```
//! use std::time::Duration;
//! use multiprocessing::ring::{self, Consumer, Peer, Producer};
//!
//! # fn main() -> std::io::Result<()> {
//! let second = Duration::from_secs(1);
//! let memory = ring::memory(4_096)?;
//! // Two threads here. Two processes: one of them inherits `memory.file()`.
//! let mut to = Producer::attach(&memory, Peer::thread())?;
//! let mut from = Consumer::attach(&memory, Peer::thread())?;
//! let mut message = Vec::new();
//! std::thread::scope(|scope| {
//!     scope.spawn(move || to.send(b"seven", second)); // and is dropped
//!     assert!(from.receive(&mut message, second)?);
//!     assert_eq!(message, b"seven");
//!     assert!(!from.receive(&mut message, second)?); // the producer has closed
//!     Ok(())
//! })
//! # }
//! ```
//!
//! Neither side has to trust the other. A peer that writes nonsense into the
//! memory gets this side the error [`InvalidData`], one that was killed
//! [`ConnectionReset`], and one that was stopped or hangs [`TimedOut`]. (What a
//! peer may do is to write a wrong message.)
//!
//! [`InvalidData`]: std::io::ErrorKind::InvalidData
//! [`ConnectionReset`]: std::io::ErrorKind::ConnectionReset
//! [`TimedOut`]: std::io::ErrorKind::TimedOut

#[cfg(loom)]
#[doc(hidden)]
pub mod core;
#[cfg(not(loom))]
mod core;

#[cfg(not(loom))] // shared memory has no place for loom's atomics
mod link;
#[cfg(not(loom))]
mod mapped;

#[cfg(not(loom))]
pub use link::Link;
#[cfg(not(loom))]
pub use mapped::{Consumer, Peer, Producer, memory};
