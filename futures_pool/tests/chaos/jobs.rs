//! The job that everybody submits: it returns a function of its argument, and
//! notes in a file which worker has begun it and ended it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::PathBuf,
    sync::OnceLock,
    thread,
    time::Duration,
};

use futures_pool::{Job, job};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::support::{Folder, me};

pub fn jobs() -> Vec<Job> {
    vec![job(answer)]
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Question {
    /// No other job of the round has the same one.
    pub number: u64,
    pub takes: Duration,
    /// Makes it too large for a pipe, if it is long.
    pub ballast: ByteBuf,
    pub notes: PathBuf,
}

pub type Answer = (u64, ByteBuf);

impl Question {
    /// What its job returns, if it does.
    pub fn answer(&self) -> Answer {
        let mixed = self.number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut ballast = self.ballast.clone();
        ballast.iter_mut().for_each(|byte| *byte ^= mixed as u8);
        (mixed, ballast)
    }
}

pub fn answer(question: Question) -> Answer {
    note("begun", &question);
    thread::sleep(question.takes);
    let answer = question.answer();
    note("ended", &question);
    answer
}

fn note(what: &str, question: &Question) {
    static NOTES: OnceLock<File> = OnceLock::new();
    // A worker is of one round, so of one file. Its lines come in one piece.
    let mut notes = NOTES.get_or_init(|| {
        let notes = &question.notes;
        File::options().create(true).append(true).open(notes).unwrap()
    });
    let line = format!("{what} {} {}\n", question.number, me());
    notes.write_all(line.as_bytes()).unwrap();
}

/// What the workers noted: for each job, by whom it was begun and ended.
#[derive(Default)]
pub struct Notes {
    pub begun: BTreeMap<u64, Vec<u32>>,
    pub ended: BTreeMap<u64, Vec<u32>>,
}

impl Notes {
    pub fn path(folder: &Folder) -> PathBuf {
        folder.path("notes")
    }

    pub fn read(folder: &Folder) -> Notes {
        let text = fs::read_to_string(Notes::path(folder)).unwrap_or_default();
        let mut notes = Notes::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let [what, number, pid] = words[..] else {
                panic!("{line}");
            };
            let list = match what {
                "begun" => &mut notes.begun,
                _ => &mut notes.ended,
            };
            let pids = list.entry(number.parse().unwrap()).or_default();
            pids.push(pid.parse().unwrap());
        }
        notes
    }
}
