//! E0277: an `Rc` counts its owners without care for other threads.

use std::{rc::Rc, thread};

fn main() {
    let receipts = Rc::new(vec![12, 8, 30]);
    let adder = thread::spawn(move || receipts.iter().sum::<u64>());
    assert_eq!(adder.join().expect("adding does not panic"), 50);
}
