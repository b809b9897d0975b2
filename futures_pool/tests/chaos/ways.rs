//! The ways to use a pool, and what each of them makes sure of.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

use futures::executor::block_on;
use futures_pool::{Executor, Handle, JobError, Until, as_completed, wait};

use crate::{
    jobs::{Answer, Question, answer},
    round::{Asked, User},
    support::interface::*,
};

/// Each is used in turn, by each user.
pub const WAYS: [fn(&mut User); 14] = [
    ask_for_the_result,
    ask_with_a_short_limit,
    ask_with_a_long_limit,
    await_on_futures,
    await_on_tokio,
    map,
    map_in_chunks,
    drop_a_map,
    take_as_completed,
    wait_for_the_first,
    wait_for_all,
    be_called_back,
    cancel,
    drop_the_handle,
];

fn ask_for_the_result(user: &mut User) {
    for (asked, handle) in user.submit_some() {
        user.ended(asked, handle.result());
    }
}

fn ask_with_a_short_limit(user: &mut User) {
    for (asked, mut handle) in user.submit_some() {
        let result = loop {
            let limit = user.random.micros_below(300);
            match handle.result_timeout(limit) {
                Ok(result) => break result,
                Err(late) => handle = late,
            }
        };
        user.ended(asked, result);
    }
}

fn ask_with_a_long_limit(user: &mut User) {
    for (asked, handle) in user.submit_some() {
        let result = handle.result_timeout(Duration::from_secs(3_600));
        user.ended(asked, result.expect("it is done before"));
    }
}

fn await_on_futures(user: &mut User) {
    let mut some = user.submit_some();
    some.reverse(); // in another order than they are done
    block_on(async {
        for (asked, handle) in some {
            user.ended(asked, handle.await);
        }
    });
}

fn await_on_tokio(user: &mut User) {
    let some = user.submit_some();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().unwrap().block_on(async {
        let tasks = some.into_iter().map(|(asked, handle)| {
            tokio::spawn(async move { (asked, handle.await) })
        });
        for task in tasks.collect::<Vec<_>>() {
            let (asked, result) = task.await.unwrap();
            user.ended(asked, result);
        }
    });
}

fn map(user: &mut User) {
    map_by(user, 1);
}

fn map_in_chunks(user: &mut User) {
    map_by(user, 3);
}

fn map_by(user: &mut User, size: usize) {
    let asked = user.ask_chunks(4, size);
    let results =
        user.pool.map_with(in_chunks(size), answer, questions(&asked));
    let results: Vec<_> = results.collect();
    assert_eq!(results.len(), asked.len());
    for (asked, result) in asked.into_iter().zip(results) {
        user.ended(asked, result);
    }
}

/// What is not started is cancelled, and may be or not be started until then.
fn drop_a_map(user: &mut User) {
    let asked = user.ask_chunks(4, 2);
    let results = user.pool.map_with(in_chunks(2), answer, questions(&asked));
    let some: Vec<_> = results.take(3).collect();
    let mut asked = asked.into_iter();
    for (result, asked) in some.into_iter().zip(asked.by_ref()) {
        user.ended(asked, result);
    }
    asked.for_each(|asked| user.may_be_cancelled(asked));
}

fn questions(asked: &[Asked]) -> Vec<Question> {
    asked.iter().map(|asked| asked.question.clone()).collect()
}

fn take_as_completed(user: &mut User) {
    let (asked, handles): (Vec<_>, Vec<_>) =
        user.submit_some().into_iter().unzip();
    let mut asked: Vec<_> = asked.into_iter().map(Some).collect();
    for done in as_completed(handles, None) {
        let (number, handle) = done.expect("there is no limit");
        let asked = asked[number].take().expect("none comes twice");
        user.ended(asked, handle.result());
    }
    assert!(asked.iter().all(Option::is_none));
}

fn wait_for_the_first(user: &mut User) {
    wait_until(user, Until::FirstDone);
}

fn wait_for_all(user: &mut User) {
    wait_until(user, Until::AllDone);
}

/// Again and again, until none is pending. Which of the handles are done is not
/// said, so a result has to say whose it is.
fn wait_until(user: &mut User, until: Until) {
    let (asked, mut pending): (Vec<_>, Vec<_>) =
        user.submit_some().into_iter().unzip();
    let mut results = Vec::new();
    while !pending.is_empty() {
        let waited = wait(pending, until, None);
        assert!(!waited.done.is_empty());
        assert!(until != Until::AllDone || waited.pending.is_empty());
        results.extend(waited.done.into_iter().map(Handle::result));
        pending = waited.pending;
    }
    user.all_ended(asked, results);
}

fn be_called_back(user: &mut User) {
    for (asked, handle) in user.submit_some() {
        let (tell, told) = mpsc::channel();
        handle.on_done(move |error| tell.send(error.cloned()).unwrap());
        user.count_calls(&handle);
        let error: Option<JobError> = told.recv().unwrap();
        let result = handle.result();
        assert_eq!(result.as_ref().err(), error.as_ref());
        user.ended(asked, result);
    }
}

fn cancel(user: &mut User) {
    for (asked, handle) in user.submit_some() {
        if handle.cancel() {
            assert_eq!(handle.result(), cancelled());
            user.was_cancelled(asked);
        } else {
            user.ended(asked, handle.result());
        }
    }
}

fn drop_the_handle(user: &mut User) {
    for (asked, handle) in user.submit_some() {
        if user.random.below(2) == 0 {
            user.count_calls(&handle);
        }
        drop(handle);
        user.is_not_seen(asked);
    }
}

/// Counts how often a callback is called: once.
pub fn counted(handle: &Handle<Answer>) -> Arc<AtomicU32> {
    let calls = Arc::new(AtomicU32::new(0));
    let its = calls.clone();
    handle.on_done(move |_| _ = its.fetch_add(1, Ordering::SeqCst));
    calls
}
