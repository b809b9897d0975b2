//! What the system knows about this process, its threads and its children.

use std::{
    fs,
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

use shared::watchdog::Stalled;

use super::LIMIT;

/// What a process has, and what a test might leave behind. A child that ended
/// and was not waited for is one, too.
#[derive(Debug, PartialEq)]
pub struct Belongings {
    threads: Vec<String>,
    children: Vec<u32>,
    descriptors: Vec<String>,
}

impl Belongings {
    pub fn now() -> Belongings {
        let threads = entries("/proc/self/task")
            .into_iter()
            .map(|task| format!("{} {}", task.display(), read(&task, "comm")));
        let mut descriptors = Vec::new();
        for number in entries("/proc/self/fd") {
            // The one that lists the others is closed by now.
            if let Ok(target) = fs::read_link(&number) {
                descriptors.push(format!("{number:?} {target:?}"));
            }
        }
        Belongings {
            threads: threads.collect(),
            children: children(),
            descriptors,
        }
    }

    /// Waits until nothing else is there: a thread that has been joined may
    /// still be seen for a moment.
    pub fn are_left(&self) -> Result<(), String> {
        let limit = Instant::now() + LIMIT / 4;
        loop {
            let after = Belongings::now();
            if after == *self {
                return Ok(());
            }
            if Instant::now() > limit {
                return Err(format!("before: {self:#?}\nafter: {after:#?}"));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Where every thread of this process and of its children stands.
pub fn report(stalled: &Stalled) -> String {
    let mut lines = stalled.threads.clone();
    for child in children() {
        for task in entries(&format!("/proc/{child}/task")) {
            let state = stat(&task).map_or('?', |(state, _)| state);
            let place = read(&task, "wchan");
            let name = read(&task, "comm");
            lines.push(format!("child {child}: {name} {state} in {place}"));
        }
    }
    let lines = lines.join("\n    ");
    format!("not done after {:?}:\n    {lines}", stalled.limit)
}

/// What the system says about each thread with a name that begins like that.
pub fn threads(beginning: &str) -> Vec<String> {
    let status = |task: PathBuf| fs::read_to_string(task.join("status"));
    let all = entries("/proc/self/task").into_iter().flat_map(status);
    all.filter(|s| s.starts_with(&format!("Name:\t{beginning}"))).collect()
}

pub fn me() -> u32 {
    process::id()
}

pub fn children() -> Vec<u32> {
    children_of(me())
}

/// The processes whose parent it is, also those that ended and were not waited
/// for.
pub fn children_of(parent: u32) -> Vec<u32> {
    let all = entries("/proc").into_iter();
    let mut children: Vec<u32> = all
        .filter(|folder| stat(folder).is_some_and(|(_, ppid)| ppid == parent))
        .filter_map(|folder| folder.file_name()?.to_str()?.parse().ok())
        .collect();
    children.sort();
    children
}

/// Whether there is such a process, and it has not ended.
pub fn is_alive(pid: u32) -> bool {
    let folder = format!("/proc/{pid}");
    stat(Path::new(&folder)).is_some_and(|(state, _)| state != 'Z')
}

pub fn is_dead(pid: u32) -> bool {
    !is_alive(pid)
}

/// Whether a signal has stopped it.
pub fn is_stopped(pid: u32) -> bool {
    let folder = format!("/proc/{pid}");
    stat(Path::new(&folder)).is_some_and(|(state, _)| state == 'T')
}

/// Whether it is a child of this process, and so not another one that has got
/// the number of a child since.
pub fn is_child(pid: u32) -> bool {
    let folder = format!("/proc/{pid}");
    stat(Path::new(&folder)).is_some_and(|(_, parent)| parent == me())
}

/// The state of a process or a thread, and its parent.
fn stat(folder: &Path) -> Option<(char, u32)> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // The name before it may have spaces and brackets.
    let mut fields = stat.rsplit(") ").next()?.split(' ');
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn read(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name));
    text.unwrap_or_default().trim().to_string()
}

/// Sorted; none, if the folder has gone.
fn entries(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    entries
}
