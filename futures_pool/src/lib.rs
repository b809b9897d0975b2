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
//! let nine = pool.submit(square, 3);
//! let squares: Result<Vec<u64>, _> = pool.map(square, 0..4).collect();
//! assert_eq!(nine.result()?, 9);
//! assert_eq!(squares?, [0, 1, 4, 9]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where to begin reading: [`Executor`] is what can be asked of a pool,
//! [`Handle`] what comes back. `thread_pool` is the simpler of the two pools;
//! `process_pool` gives out the orders, `lane` is one worker as its pool sees
//! it, `worker` the same from inside; `wire` is what goes between them, and
//! `segment` the memory through which it goes when it is large.

mod error;
mod executor;
mod handle;
mod lane;
mod look;
mod process_pool;
mod segment;
mod thread_pool;
mod waiting;
mod wire;
mod worker;

pub use error::JobError;
pub use executor::{Executor, Function, Map, MapOptions, Pending, Value};
pub use handle::Handle;
pub use process_pool::{ProcessPool, ProcessPoolBuilder};
pub use thread_pool::{ThreadPool, ThreadPoolBuilder};
pub use waiting::{AsCompleted, Unfinished, Until, Waited, as_completed, wait};
pub use worker::{Job, init, job};
