//! E0499: two threads may not write to the same variable at the same time.

use std::thread;

fn main() {
    let mut count = 0_u64;
    thread::scope(|both| {
        both.spawn(|| count += 1);
        both.spawn(|| count += 1); // needs the same variable, mutably
    });
    assert_eq!(count, 2);
}
