//! E0277: a lock is of one process, so that a job cannot take it to another.

use std::sync::{Arc, Mutex};

/// As in serde: what can be made into bytes, and from bytes.
trait Serialize {}
trait DeserializeOwned {}

impl Serialize for u64 {}
impl DeserializeOwned for u64 {}

/// The bound of `futures_pool::Executor::submit`, for both pools.
trait Value: Serialize + DeserializeOwned + Send + 'static {}

impl<V: Serialize + DeserializeOwned + Send + 'static> Value for V {}

fn submit<A: Value, T: Value>(_: impl Fn(A) -> T, _: A) {}

fn add(receipts: Arc<Mutex<u64>>) -> u64 {
    *receipts.lock().expect("nobody panics with it") + 12
}

fn main() {
    submit(add, Arc::new(Mutex::new(38)));
}
