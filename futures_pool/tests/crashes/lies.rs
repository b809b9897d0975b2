//! Workers that are none, or send what they should not.

use futures_pool::{Executor, Handle};

use crate::{
    cases,
    jobs::*,
    liars::{IS, Lie, lie},
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
fn a_program_that_is_no_worker_is_refused(_: Folder) {
    for is in ["silent", "talkative", "older", "has-no-init"] {
        let pool = with_env(IS, is).workers(3).build();
        let error = pool.unwrap_err().to_string();
        assert!(error.contains("first line of its main"), "{is}: {error}");
    }
    assert_eq!(one().submit(square, 3).result(), Ok(9));
}

/// SEC-06.
fn a_worker_that_sends_nonsense_breaks_the_pool(_: Folder) {
    for what in [
        Lie::Garbage,
        Lie::Cut,
        Lie::AnotherNumber,
        Lie::NoNumber,
        Lie::TooLong,
    ] {
        for read in [Handle::result, unhelped] {
            let pool = one();
            let worker = pool.pids()[0].to_string();
            let first = pool.submit(lie, (what.clone(), 0));
            let second = pool.submit(square, 4);
            assert_broken(&read(first), "protocol violation");
            assert_broken(&read(second), "protocol violation");
            assert_broken(&pool.submit(square, 5).result(), &worker);
        }
    }
}

/// SEC-06: the first one is as good as any. The second one comes when there is
/// no job any more, or in the place of the reply to the next one.
fn a_reply_that_comes_twice_breaks_the_pool(folder: Folder) {
    for (read, name) in [(Handle::result as fn(_) -> _, "a"), (unhelped, "b")] {
        let pool = one();
        let first = pool.submit(lie, (Lie::Twice, 0));
        let second = pool.submit(square, 4);
        assert_eq!(read(first), Ok(9));
        assert_broken(&read(second), "protocol violation");

        let folder = folder.inner(name);
        let pool = one();
        let lies = Lie::AgainForNothing(folder.clone());
        assert_eq!(read(pool.submit(lie, (lies, 0))), Ok(9));
        folder.release([0]);
        until("the break", || {
            pool.submit(square, 4).result().is_err_and(|error| {
                how_broken(&error).is_some_and(|how| how.contains("violation"))
            })
        });
    }
}

/// SEC-06: only the result is bad, not what it comes in.
fn a_result_of_another_type_fails_alone(_: Folder) {
    let pool = one();
    assert_not_decoded(&pool.submit(lie, (Lie::AnotherType, 0)).result());
    assert_eq!(pool.pids().len(), 1);
    pool.kill(); // its worker would go on
}
