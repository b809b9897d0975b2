//! A pool of threads and a pool of processes behind one interface, as in
//! Python's `concurrent.futures`.
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
//! [`Handle`] what comes back. `thread_pool` is the simpler of the two pools,
//! `process_pool` the other, with its parts in a folder of its own. Both rest on
//! `staff`, the threads of a pool, and on `spin`, which makes small jobs faster
//! on an idle machine.

mod error;
mod executor;
mod handle;
mod map;
mod process_pool;
mod scope;
mod spin;
mod staff;
mod thread_pool;
mod waiting;

pub use error::{JobError, WorkerExit};
pub use executor::{Executor, Function, Pending, Value};
pub use handle::Handle;
pub use map::{Map, MapOptions};
pub use process_pool::{Job, ProcessPool, ProcessPoolBuilder, init, job};
pub use scope::{ScopedPool, scope};
pub use thread_pool::{ThreadPool, ThreadPoolBuilder};
pub use waiting::{AsCompleted, Unfinished, Until, Waited, as_completed, wait};
