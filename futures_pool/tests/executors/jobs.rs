//! Jobs that several modules submit, and how they are submitted.

use std::{panic::resume_unwind, process, thread};

use futures_pool::{Handle, Job, job};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::support::{Folder, Ticket, interface::Pool};

pub fn jobs() -> Vec<Job> {
    vec![
        job(square),
        job(fail),
        job(fail_every_fourth),
        job(pass_on),
        job(who),
        job(hold),
        job(mark),
        job(large),
    ]
}

pub fn square(n: u64) -> u64 {
    n * n
}

pub fn fail(n: u64) -> u64 {
    panic!("no {n} today")
}

/// Where `fail` panics: its file and line.
pub fn where_fail_panics() -> String {
    let lines = include_str!("jobs.rs").lines();
    let before = lines.take_while(|line| !line.contains("panic!(\"no {n}"));
    format!("{}:{}:", file!(), 1 + before.count())
}

pub fn fail_every_fourth(n: u64) -> u64 {
    if n % 4 == 3 { fail(n) } else { square(n) }
}

/// Passes a panic on that had no place.
pub fn pass_on(n: u64) -> bool {
    resume_unwind(Box::new(format!("no {n}")))
}

/// The worker that has this job.
pub fn who(_: u64) -> String {
    format!("{} {:?}", process::id(), thread::current().id())
}

/// Is there until it is told to go.
pub fn hold((folder, n): Ticket) -> u64 {
    folder.hold(n);
    n
}

pub fn submit_held<P: Pool>(pool: &P, folder: &Folder, n: u64) -> Handle<u64> {
    pool.submit(hold, (folder.clone(), n))
}

pub fn mark((folder, n): Ticket) -> u64 {
    folder.put(format!("ended-{n}"));
    n
}

pub fn large(bytes: ByteBuf) -> ByteBuf {
    bytes
}

/// What the jobs returned; 1 for one that failed.
pub fn numbers(handles: Vec<Handle<u64>>) -> Vec<u64> {
    handles.into_iter().map(|h| h.result().unwrap_or(1)).collect()
}

/// Panics when it is dropped, if it is armed.
#[derive(Serialize, Deserialize)]
pub struct Armed(pub bool);

impl Drop for Armed {
    fn drop(&mut self) {
        assert!(!self.0 || thread::panicking(), "dropped");
    }
}
