//! E0277: an open file belongs to its process, and cannot be made into bytes.

use std::fs::File;

use futures_pool::{Executor, ThreadPool};

fn length(file: File) -> u64 {
    file.metadata().map_or(0, |about| about.len())
}

pub fn submit(pool: &ThreadPool, file: File) {
    drop(pool.submit(length, file));
}
