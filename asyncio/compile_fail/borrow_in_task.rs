//! E0597: a task may outlive the function whose variable it borrows.

/// The signature of `tokio::spawn`, without its result.
fn spawn<F>(_: F)
where
    F: Future<Output = u64> + Send + 'static,
{
}

async fn total(receipts: &[u64]) -> u64 {
    receipts.iter().sum()
}

fn main() {
    let receipts = vec![12, 8, 30];
    spawn(total(&receipts)); // it is lent out for longer than it lives
}
