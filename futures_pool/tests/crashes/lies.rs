//! Workers that are none, or send what they should not.

use std::env;

use futures_pool::{Executor, Handle};

use crate::{
    cases,
    jobs::*,
    liars::Liar,
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        a_program_that_is_no_worker_is_refused
        a_worker_that_sends_nonsense_breaks_the_pool
        a_reply_that_comes_twice_breaks_the_pool
        a_result_of_another_type_fails_alone
    ]
}

/// CRASH-29.
fn a_program_that_is_no_worker_is_refused(folder: Folder) {
    for lie in ["silent", "talkative", "older", "has-no-init"] {
        let liar = Liar::new(lie, &folder);
        let error = running(liar.path(), 3).unwrap_err().to_string();
        assert!(error.contains("first line of its main"), "{lie}: {error}");
    }
    assert!(running("/nowhere/at/all", 1).is_err());
    assert!(running(env::temp_dir(), 1).is_err());
}

/// SEC-06.
fn a_worker_that_sends_nonsense_breaks_the_pool(folder: Folder) {
    for (lie, told) in [
        ("garbage", NO_REPLY),
        ("cut", NO_REPLY),
        ("cut-and-stays", NO_REPLY),
        ("twice-at-once", NO_REPLY),
        ("another-number", TO_NOTHING),
        ("no-number", NO_REPLY),
        ("too-long", NO_REPLY),
        ("long-and-cut", NO_REPLY),
    ] {
        for read in [Handle::result, unhelped] {
            let liar = Liar::new(lie, &folder);
            let pool = running(liar.path(), 1).unwrap();
            let worker = pool.pids()[0].to_string();
            let (first, second) =
                (pool.submit(square, 3), pool.submit(square, 4));
            assert_broken(&read(first), told);
            assert_broken(&read(second), told);
            assert_broken(&pool.submit(square, 5).result(), &worker);
        }
    }
}

/// SEC-06: the first one is as good as any. The second one comes when there is
/// no order any more, or in the place of the reply to the next one.
fn a_reply_that_comes_twice_breaks_the_pool(folder: Folder) {
    for read in [Handle::result, unhelped] {
        let liar = Liar::new("again-for-the-next", &folder);
        let pool = running(liar.path(), 1).unwrap();
        let jobs = [3, 4].map(|n| pool.submit(square, n));
        let [first, second] = jobs.map(read);
        assert_eq!(first, Ok(9));
        assert_broken(&second, TO_NOTHING);
        drop(pool);

        let liar = Liar::new("again-for-nothing", &folder);
        let pool = running(liar.path(), 1).unwrap();
        assert_eq!(read(pool.submit(square, 3)), Ok(9));
        liar.go_on();
        assert_broken(&pool.submit(square, 4).result(), TO_NOTHING);
    }
}

/// SEC-06: only the result is bad, not what it comes in.
fn a_result_of_another_type_fails_alone(folder: Folder) {
    let liar = Liar::new("another-type", &folder);
    let pool = running(liar.path(), 1).unwrap();
    for _ in 0..3 {
        assert_not_decoded(&pool.submit(square, 3).result());
    }
}

const NO_REPLY: &str = "what is not a reply";
const TO_NOTHING: &str = "a reply to nothing";
