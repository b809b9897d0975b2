//! E0277: a channel of one process does not lead to another.

use std::sync::mpsc::{Sender, channel};

use futures_pool::{Executor, ThreadPool};

fn open(_: u64) -> Sender<u64> {
    channel().0
}

pub fn submit(pool: &ThreadPool) {
    drop(pool.submit(open, 1));
}
