//! Close, shutdown, drop, and the end of the program.

use std::{
    env,
    process::{self, Command},
    thread,
    time::Duration,
};

use futures_pool::{Handle, Pending, ProcessPool, ThreadPool, Until, wait};
use serde_bytes::ByteBuf;

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
};

cases! {
    both: [
        a_closed_pool_takes_no_job
        shutdown_finishes_what_is_pending
        shutdown_can_cancel_what_is_pending
        shutdown_can_be_repeated_and_hastened
        close_does_not_wait
        full_pipes_do_not_hold_up_shutdown
        dropping_a_pool_shuts_it_down
        a_program_may_end_with_work_to_do
        five_hundred_pools_leave_nothing
    ]
    once: []
}

/// END-01.
fn a_closed_pool_takes_no_job<P: Pool>(_: Folder) {
    for end in [P::close, P::shutdown] {
        let pool = P::of(1);
        let early = pool.submit(square, 2);
        end(&pool, Pending::Finish);
        let late = pool.submit(square, 3);
        assert_eq!(late.error(), closed::<u64>().err());
        assert_eq!(pool.map(square, [3]).next(), Some(closed()));
        assert_eq!(early.result(), Ok(4));
    }
}

/// END-02, END-09: there are no markers to stop by, and no slots for them.
fn shutdown_finishes_what_is_pending<P: Pool>(_: Folder) {
    for (workers, jobs) in [(2, 50), (8, 1), (1, 5_000), (4, 0)] {
        let pool = P::of(workers);
        let handles: Vec<_> =
            (0..jobs).map(|n| pool.submit(square, n)).collect();
        pool.shutdown(Pending::Finish);
        assert!(handles.iter().all(Handle::is_done));
        for (handle, n) in handles.into_iter().zip(0..) {
            assert_eq!(handle.result(), Ok(n * n));
        }
    }
}

/// END-03.
fn shutdown_can_cancel_what_is_pending<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    let pending: Vec<_> = (1..50).map(|n| pool.submit(square, n)).collect();
    folder.wait_for("started-0");
    pool.close(Pending::Cancel);
    assert!(pending.iter().all(Handle::is_cancelled));
    folder.release([0]);
    pool.shutdown(Pending::Cancel);
    assert_eq!(held.result_timeout(Duration::ZERO).unwrap(), Ok(0));
}

/// END-04.
fn shutdown_can_be_repeated_and_hastened<P: Pool>(folder: Folder) {
    let pool = P::of(1);
    let held = submit_held(&pool, &folder, 0);
    let pending: Vec<_> = (1..20).map(|n| pool.submit(square, n)).collect();
    folder.wait_for("started-0");
    thread::scope(|all| {
        all.spawn(|| pool.shutdown(Pending::Finish));
        let closed = || pool.submit(square, 1).error().is_some();
        until("the first one", closed);
        all.spawn(|| pool.shutdown(Pending::Cancel));
        let waited = wait(pending, Until::AllDone, None);
        assert!(waited.done.iter().all(Handle::is_cancelled));
        folder.release([0]);
    });
    assert_eq!(held.result(), Ok(0));
    pool.shutdown(Pending::Finish);
    pool.close(Pending::Cancel);
}

/// END-05: and all is put away, though the pool itself lives on.
fn close_does_not_wait<P: Pool>(folder: Folder) {
    let before = Belongings::now();
    let pool = P::of(2);
    let held = [0, 1].map(|n| submit_held(&pool, &folder, n));
    let pending: Vec<_> = (2..9).map(|n| pool.submit(square, n)).collect();
    pool.close(Pending::Finish);
    assert!(!held.iter().chain(&pending).any(Handle::is_done));
    assert!(before != Belongings::now());
    folder.release(0..2);
    for (handle, n) in pending.into_iter().zip(2..) {
        assert_eq!(handle.result(), Ok(n * n));
    }
    before.are_left().unwrap();
}

/// END-09: more on its way to and from the workers than pipes can hold.
fn full_pipes_do_not_hold_up_shutdown<P: Pool>(_: Folder) {
    let pool = P::of(2);
    let bytes = ByteBuf::from(vec![7; 3 << 20]);
    let handles: Vec<_> =
        (0..6).map(|_| pool.submit(large, bytes.clone())).collect();
    pool.shutdown(Pending::Finish);
    for handle in handles {
        assert!(handle.result().is_ok_and(|same| same == bytes));
    }
}

/// END-10.
fn dropping_a_pool_shuts_it_down<P: Pool>(folder: Folder) {
    let before = Belongings::now();
    let pool = P::of(2);
    let handles: Vec<_> =
        (0..50).map(|n| pool.submit(mark, (folder.clone(), n))).collect();
    drop(pool);
    assert_eq!(folder.count("ended-"), 50);
    for (handle, n) in handles.into_iter().zip(0..) {
        assert_eq!(handle.result(), Ok(n));
    }
    before.are_left().unwrap();
}

/// END-06, END-07, D5: how this program ends is told by its arguments.
fn a_program_may_end_with_work_to_do<P: Pool>(folder: Folder) {
    let table = [
        // How it ends, what was started, and what ends before it.
        ("by returning", 9, 9),
        ("after closing", 9, 9),
        ("by exit", 1, 0),
    ];
    for ((how, started, ended), n) in table.into_iter().zip(0..) {
        let folder = folder.inner(&n.to_string());
        let output = Command::new(env::current_exe().unwrap())
            .args([ROLE, how, P::NAME])
            .arg(folder.path(""))
            .output() // all that it has started has ended, too
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{how}: {said}");
        let counts = (folder.count("started-"), folder.count("ended-"));
        assert_eq!(counts, (started, ended), "{how}");
    }
}

const ROLE: &str = "as-program";

/// Plays its role, if this program has one: true, and `main` is to return.
pub fn plays_a_role() -> bool {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [ROLE, how, pool, folder] = arguments[..] else {
        return false;
    };
    match pool {
        ThreadPool::NAME => end_with_work_to_do::<ThreadPool>(how, folder),
        _ => end_with_work_to_do::<ProcessPool>(how, folder),
    }
    true
}

fn end_with_work_to_do<P: Pool>(how: &str, folder: &str) {
    let (pool, folder) = (P::of(1), Folder::at(folder));
    (0..9).for_each(|n| drop(submit_held(&pool, &folder, n)));
    folder.wait_for("started-0");
    match how {
        "by exit" => process::exit(0),
        "after closing" => pool.close(Pending::Finish),
        _ => {}
    }
    folder.release(0..9);
}

/// SEC-14.
fn five_hundred_pools_leave_nothing<P: Pool>(_: Folder) {
    let before = Belongings::now();
    for n in 0..500 {
        let pool = P::of(2);
        let handles = [n, n + 1].map(|n| pool.submit(square, n));
        assert_eq!(
            handles.map(Handle::result),
            [Ok(n * n), Ok((n + 1).pow(2))]
        );
    }
    before.are_left().unwrap();
}
