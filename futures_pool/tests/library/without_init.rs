//! A program whose `main` does not begin with `init`, as this one.

use futures_pool::ProcessPool;

/// CRASH-29: a worker would run `main`, or this test, once more.
#[test]
fn a_process_pool_without_init_is_refused() {
    let error = ProcessPool::new(1).err().unwrap();
    assert!(error.to_string().contains("futures_pool::init"), "{error}");
}
