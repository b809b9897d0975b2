//! A handle can be awaited, on whatever runtime. This program is its own
//! worker.

mod support;

use std::{process::ExitCode, sync::Arc, time::Duration};

use futures::executor::block_on;
use futures_pool::{Pending, init, job};

use support::{interface::*, *};

fn main() -> ExitCode {
    init([job(square), job(fail), job(hold)]);
    // These two start threads at their first use, and never end them. A thread
    // has the name of the program until it has got its own.
    smol::block_on(smol::Timer::after(Duration::ZERO));
    async_std::task::block_on(async_std::task::spawn(async {}));
    until("their threads", || threads("awaited").len() == 1);
    run(cases())
}

cases! {
    both: [
        a_handle_can_be_awaited_on_tokio
        a_handle_can_be_awaited_on_smol
        a_handle_can_be_awaited_on_async_std
        a_handle_can_be_awaited_on_futures
        a_handle_that_was_polled_can_be_awaited_later
        whoever_awaits_hears_of_cancel_and_close
    ]
    once: []
}

fn square(n: u64) -> u64 {
    n * n
}

fn fail(n: u64) -> u64 {
    panic!("no {n} today")
}

fn hold((folder, n): Ticket) -> u64 {
    folder.hold(n);
    n
}

/// By the thread that has the runtime, and by tasks of it.
fn a_handle_can_be_awaited_on_tokio<P: Pool>(_: Folder) {
    let mut tokio = tokio::runtime::Builder::new_multi_thread();
    let tokio = tokio.worker_threads(2).build().unwrap();
    let pool = Arc::new(P::of(2));
    for _ in 0..50 {
        let its = pool.clone();
        let task = tokio.spawn(async move { use_handles(&*its).await });
        tokio.block_on(use_handles(&*pool));
        tokio.block_on(task).unwrap();
    }
}

fn a_handle_can_be_awaited_on_smol<P: Pool>(_: Folder) {
    let pool = P::of(2);
    (0..50).for_each(|_| smol::block_on(use_handles(&pool)));
}

fn a_handle_can_be_awaited_on_async_std<P: Pool>(_: Folder) {
    let pool = P::of(2);
    (0..50).for_each(|_| async_std::task::block_on(use_handles(&pool)));
}

fn a_handle_can_be_awaited_on_futures<P: Pool>(_: Folder) {
    let pool = P::of(2);
    (0..50).for_each(|_| block_on(use_handles(&pool)));
}

async fn use_handles<P: Pool>(pool: &P) {
    let [one, two, three] = [1, 2, 3].map(|n| pool.submit(square, n));
    // In another order than they were begun.
    let (three, one, two) = (three.await, one.await, two.await);
    assert_eq!([one, two, three], [Ok(1), Ok(4), Ok(9)]);
    assert_panicked(&pool.submit(fail, 7).await);
}

/// It is not done when it is polled for the first time.
fn a_handle_that_was_polled_can_be_awaited_later<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    block_on(async {
        let mut held = pool.submit(hold, (folder.clone(), 7));
        assert!(futures::poll!(&mut held).is_pending());
        folder.release([7]);
        assert_eq!(held.await, Ok(7));
    });
}

fn whoever_awaits_hears_of_cancel_and_close<P: Pool>(folder: Folder) {
    let pool = P::of(2);
    let held = [0, 1].map(|n| pool.submit(hold, (folder.clone(), n)));
    let pending = pool.submit(square, 2);
    assert!(pending.cancel());
    assert_eq!(block_on(pending), cancelled());
    pool.close(Pending::Finish);
    let late = pool.submit(square, 3);
    assert_eq!(block_on(late), closed());
    folder.release([0, 1]);
    assert_eq!(held.map(block_on), [Ok(0), Ok(1)]);
}
