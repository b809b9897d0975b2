//! How large a future is: all that is in scope at an await has room in it.
//!
//!     cargo run -p asyncio --bin future_size
//!
//! A future keeps what is in scope at an `.await`, needed or not, and the
//! futures that it awaits. A future that is passed on as an argument has room
//! twice: as the argument, and as what is awaited. Five deep, that is 32 times.
//! The compiler knows the size, and `size_of_val` tells it.
//!
//! The program `task_size` measures what tasks take in memory.
//!
//! Change this and watch: leave out the inner braces in `in_a_block`. The
//! buffer is in scope at the await, and the future has room for it.
//!
//! Output (figures vary):
//!     a future that waits                 bytes
//!     and does nothing else                 120
//!     with a buffer needed after it        4216
//!     with a buffer in scope               4216
//!     with a buffer in a block before it    120
//!     five calls deep                       184
//!     passed on five times                 4088
//!     with a buffer, boxed                    8

use std::{hint::black_box, time::Duration};

use shared::{Result, Table, ensure, flags};
use tokio::time::sleep;

const BUFFER: usize = 4 << 10;
const WAIT: Duration = Duration::from_secs(1);

fn main() -> Result {
    flags([]);
    let (scope, block) = (size_of_val(&in_scope()), size_of_val(&in_a_block()));
    let calls = size_of_val(&five_calls());
    let passed = passed_on(passed_on(passed_on(passed_on(passed_on(waits())))));
    let passed = size_of_val(&passed);
    let mut table = Table::new(["a future that waits", "bytes"]);
    table.row([&"and does nothing else", &size_of_val(&waits())]);
    table
        .row([&"with a buffer needed after it", &size_of_val(&needed_after())]);
    table.row([&"with a buffer in scope", &scope]);
    table.row([&"with a buffer in a block before it", &block]);
    table.row([&"five calls deep", &calls]);
    table.row([&"passed on five times", &passed]);
    table.row([&"with a buffer, boxed", &size_of_val(&boxed(needed_after()))]);
    table.print();
    ensure(scope > BUFFER && block < BUFFER, "a block makes no difference")?;
    ensure(passed > 10 * calls, "a future that is passed on is too small")
}

async fn waits() {
    sleep(WAIT).await;
}

async fn needed_after() {
    let buffer = [0_u8; BUFFER];
    sleep(WAIT).await;
    black_box(&buffer);
}

async fn in_scope() {
    let buffer = [0_u8; BUFFER];
    black_box(&buffer);
    sleep(WAIT).await; // WRONG: the buffer is in scope, though not needed
}

async fn in_a_block() {
    {
        let buffer = [0_u8; BUFFER];
        black_box(&buffer);
    }
    sleep(WAIT).await;
}

async fn five_calls() {
    let deepest = async || waits().await;
    let deeper = async || deepest().await;
    let deep = async || deeper().await;
    deep().await;
}

async fn passed_on<F: Future>(other: F) {
    other.await;
}

// ANCHOR: future_size
use std::pin::Pin;

/// The future behind a pointer: the futures that await it have room for the
/// pointer only. Costs an allocation; what tokio spawns is on the heap anyway.
pub fn boxed<F: Future>(future: F) -> Pin<Box<F>> {
    Box::pin(future)
}
// ANCHOR_END: future_size
