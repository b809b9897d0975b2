//! A folder for every case, in which a test and its jobs tell each other, by
//! empty files, what has happened, in whatever process they are.

use std::{
    env,
    fmt::Display,
    fs::{self, File},
    path::PathBuf,
};

use nix::unistd::mkdtemp;
use serde::{Deserialize, Serialize};

use super::until;

/// A job with the folder of its case, and a number.
pub type Ticket = (Folder, u64);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Folder {
        Folder(mkdtemp(&env::temp_dir().join("futures_pool-XXXXXX")).unwrap())
    }

    /// One that is there already: that of the test that started this program.
    pub fn at(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    pub fn remove(self) {
        fs::remove_dir_all(self.0).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// One within.
    pub fn inner(&self, name: &str) -> Folder {
        let inner = self.path(name);
        fs::create_dir(&inner).unwrap();
        Folder(inner)
    }

    pub fn put(&self, fact: impl Display) {
        File::create(self.path(&fact.to_string())).unwrap();
    }

    pub fn has(&self, fact: impl Display) -> bool {
        self.path(&fact.to_string()).exists()
    }

    #[track_caller]
    pub fn wait_for(&self, fact: impl Display) {
        until(&fact.to_string(), || self.has(&fact));
    }

    /// How many facts begin like that.
    pub fn count(&self, beginning: &str) -> usize {
        let names = fs::read_dir(&self.0).unwrap().flatten();
        let names = names.map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with(beginning))
            .count()
    }

    /// What a job does that is there until it is told to go on.
    pub fn hold(&self, n: u64) {
        self.put(format!("started-{n}"));
        self.wait_for(format!("go-{n}"));
        self.put(format!("ended-{n}"));
    }

    /// Lets these jobs go on.
    pub fn release(&self, jobs: impl IntoIterator<Item = u64>) {
        jobs.into_iter().for_each(|n| self.put(format!("go-{n}")));
    }
}
