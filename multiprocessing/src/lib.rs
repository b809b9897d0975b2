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
//! // A child would inherit the descriptor, for example as its stdin.
//! let inherited = memory.file().try_clone_to_owned()?;
//! let same = SharedMemory::from_file(inherited)?;
//! memory.view::<AtomicU64>(8)?.fetch_add(7, Relaxed);
//! assert_eq!(same.view::<AtomicU64>(8)?.load(Relaxed), 7);
//! # Ok(())
//! # }
//! ```
//!
//! [`RobustMutex`] is a lock that survives its owner; [`sync`] has a semaphore,
//! an event and a barrier, [`futex`] what they wait with; [`fork`] forks, and a
//! [`fork_server`] does it for a process that must not.

extern crate self as multiprocessing; // for `shared!`, used in here, too

pub mod fork;
pub mod fork_server;
pub mod futex;
mod lock;
mod memory;
pub mod sync;

#[doc(hidden)] // for `shared!`
pub use zerocopy;

pub use lock::{Abandoned, Guard, LockError, RobustMutex};
pub use memory::{Shared, SharedMemory};
