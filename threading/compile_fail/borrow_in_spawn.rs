//! E0373: a plain thread may outlive the function whose variable it borrows.

use std::thread;

fn main() {
    let receipts = vec![12, 8, 30];
    let adder = thread::spawn(|| receipts.iter().sum::<u64>());
    assert_eq!(adder.join().expect("adding does not panic"), 50);
}
