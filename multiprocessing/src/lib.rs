//! What processes share, in a few small modules. All of the `unsafe` code of
//! this chapter is here, behind interfaces that are safe to use.
//!
//! [`SharedMemory`] is memory that several processes map. It has no name, so
//! nothing is left of it, however the processes end.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//! use multiprocessing::SharedMemory;
//!
//! # fn main() -> std::io::Result<()> {
//! let memory = SharedMemory::new(4_096)?;
//! // A child inherits the descriptor, usually as its standard input: see
//! // `hand_over` and `inherited`.
//! let inherited = memory.file().try_clone_to_owned()?;
//! let same = SharedMemory::from_file(inherited)?;
//! memory.view::<AtomicU64>(8)?.fetch_add(7, Relaxed);
//! assert_eq!(same.view::<AtomicU64>(8)?.load(Relaxed), 7);
//! # Ok(())
//! # }
//! ```
//!
//! [`RobustMutex`] is a lock that survives its owner; [`sync`] has a semaphore,
//! an event and a barrier, and [`futex`] is what they wait with. A [`seqlock`]
//! lets many processes read what one writes. Messages go through [`frames`] of
//! a pipe, a bounded [`queue`], or a [`ring`] in shared memory. [`fork`] forks,
//! and a [`fork_server`] does it for a process that must not. The module
//! `sandbox` (a feature) gives up the rights of a process.

extern crate self as multiprocessing; // for `shared!`, used in here, too

mod child;
pub mod fork;
pub mod fork_server;
pub mod frames;
pub mod futex;
mod lock;
mod memory;
pub mod queue;
pub mod ring;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod seqlock;
pub mod sync;

#[doc(hidden)] // for `shared!`
pub use zerocopy;

pub use child::end_with_parent;
pub use lock::{Abandoned, Guard, LockError, RobustMutex};
pub use memory::{Shared, SharedMemory};
