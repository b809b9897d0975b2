//! E0277: a job travels by its name, and a name does not bring a list along.

/// The bound of `futures_pool::Executor::submit` for its job, for both pools.
trait Function<A, T>: Fn(A) -> T + Copy + Send + 'static {}

impl<A, T, F: Fn(A) -> T + Copy + Send + 'static> Function<A, T> for F {}

fn submit<A, T>(_: impl Function<A, T>, _: A) {}

fn main() {
    let receipts = vec![12, 8, 30];
    let adder = move |tip: u64| receipts.iter().sum::<u64>() + tip;
    submit(adder, 5);
}
