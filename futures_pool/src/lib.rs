//! A fixed crew and a rail of orders: a pool of threads and a pool of
//! processes behind one interface, as in Python's `concurrent.futures`.
//!
//! A job is a plain function, the same for both pools. Changing threads to
//! processes is changing one line:
//!
//! ```
//! use futures_pool::{Executor, ThreadPool};
//!
//! fn square(n: u64) -> u64 {
//!     n * n
//! }
//!
//! let pool = ThreadPool::new(4)?; // or ProcessPool::new(4)?
//! let handles: Vec<_> = (1..=3).map(|n| pool.submit(square, n)).collect();
//! let squares: Result<Vec<u64>, _> =
//!     handles.into_iter().map(|handle| handle.result()).collect();
//! assert_eq!(squares.unwrap(), [1, 4, 9]);
//! # Ok::<(), std::io::Error>(())
//! ```

mod crew;
mod executor;
mod process_pool;
mod thread_pool;
mod wire;
mod worker;

pub use executor::{Executor, Handle, JobError};
pub use process_pool::ProcessPool;
pub use thread_pool::ThreadPool;
pub use worker::{Job, init, job};
