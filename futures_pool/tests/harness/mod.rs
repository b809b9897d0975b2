//! A harness for tests whose program is its own worker: one case after
//! another, each bounded, each leaving threads, children and descriptors as
//! it found them. It takes the arguments of the standard one that matter here:
//! a part of a name, `--exact`, `--list`.

use std::{
    env,
    fmt::Display,
    fs::{self, File},
    io,
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use nix::unistd::{dup2_stderr, mkdtemp};
use serde::{Deserialize, Serialize};
use shared::watchdog::{Stalled, within};

/// How long a case may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A name and what it stands for. Its room is its own.
pub type Case = (&'static str, fn(Room));

/// Runs the cases that the arguments name.
pub fn run(cases: &[Case]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let told = |option: &str| arguments.iter().any(|a| a == option);
    // The first that is neither an option nor an option's value.
    let valued = ["--format", "--color", "--test-threads", "--skip"];
    let before = [""].into_iter().chain(arguments.iter().map(String::as_str));
    let part = arguments.iter().zip(before).find(|(argument, before)| {
        !argument.starts_with("--") && !valued.contains(before)
    });
    let part = part.map(|(part, _)| part);
    let named = |(name, _): &&Case| match part {
        Some(part) if told("--exact") => name == part,
        Some(part) => name.contains(part.as_str()),
        None => !told("--ignored"), // none of them is
    };
    let named: Vec<&Case> = cases.iter().filter(named).collect();
    if told("--list") {
        named.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", named.len());
    let started = Instant::now();
    let (mut passed, mut failed) = (0, 0);
    for case in &named {
        match outcome(case) {
            Outcome::Passed => passed += 1,
            Outcome::Failed => failed += 1,
            Outcome::Stalled => {
                failed += 1;
                println!("what hangs would disturb the rest: it is not run");
                break;
            }
        }
    }
    println!(
        "\ntest result: {}. {passed} passed; {failed} failed; \
         {} filtered out; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        cases.len() - named.len(),
        started.elapsed().as_secs_f64()
    );
    ExitCode::from(if failed == 0 { 0 } else { 101 })
}

enum Outcome {
    Passed,
    Failed,
    Stalled,
}

/// What the case and its workers say is shown only if it fails.
fn outcome(&(name, test): &Case) -> Outcome {
    let room = Room::new();
    let stderr = io::stderr().as_fd().try_clone_to_owned().unwrap();
    let said = room.0.join("stderr");
    dup2_stderr(File::create(&said).unwrap()).unwrap();
    let before = Belongings::now();
    let its = room.clone();
    let run = AssertUnwindSafe(|| within(LIMIT, move || test(its)));
    let (outcome, how) = match catch_unwind(run) {
        Err(_) => (Outcome::Failed, "it panicked".into()), // `said` tells how
        Ok(Err(stalled)) => (Outcome::Stalled, report(&stalled)),
        Ok(Ok(())) => match before.are_left() {
            Err(how) => (Outcome::Failed, how),
            Ok(()) => (Outcome::Passed, String::new()),
        },
    };
    dup2_stderr(stderr).unwrap();
    if let Outcome::Passed = outcome {
        println!("test {name} ... ok");
    } else {
        let said = fs::read_to_string(said).unwrap();
        println!("test {name} ... FAILED\n{said}{how}\n");
    }
    fs::remove_dir_all(room.0).unwrap();
    outcome
}

/// Where every thread and every child of this process stands.
fn report(stalled: &Stalled) -> String {
    let children = children().into_iter().map(|pid| {
        let read = |name| fs::read_to_string(format!("/proc/{pid}/{name}"));
        let wchan = read("wchan").unwrap_or_default();
        let status = read("status").unwrap_or_default();
        let state = status.lines().find(|line| line.starts_with("State:"));
        format!("child {pid} in {wchan}, {}", state.unwrap_or("gone"))
    });
    let lines = stalled.threads.iter().cloned().chain(children);
    let lines = lines.collect::<Vec<_>>().join("\n    ");
    format!("not done after {:?}:\n    {lines}", stalled.limit)
}

/// What a process has, and what a test might leave behind. A child that ended
/// and was not waited for is one, too.
#[derive(Debug, PartialEq)]
pub struct Belongings {
    threads: Vec<String>,
    children: Vec<String>,
    descriptors: Vec<String>,
}

impl Belongings {
    pub fn now() -> Belongings {
        let threads = entries("/proc/self/task").into_iter().map(|task| {
            let name = fs::read_to_string(task.join("comm"));
            format!("{} {}", task.display(), name.unwrap_or_default().trim())
        });
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

/// What the system says about each thread with a name that begins like that.
pub fn threads(beginning: &str) -> Vec<String> {
    let status = |task: PathBuf| fs::read_to_string(task.join("status"));
    let all = entries("/proc/self/task").into_iter().flat_map(status);
    all.filter(|s| s.starts_with(&format!("Name:\t{beginning}"))).collect()
}

fn children() -> Vec<String> {
    let of = |task: PathBuf| fs::read_to_string(task.join("children"));
    let lists = entries("/proc/self/task").into_iter().flat_map(of);
    let mut children: Vec<String> = lists
        .flat_map(|list| {
            list.split_whitespace().map(String::from).collect::<Vec<_>>()
        })
        .collect();
    children.sort();
    children
}

fn entries(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut entries: Vec<_> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

/// Waits for what has to happen, if slowly.
#[track_caller]
pub fn until(what: &str, mut happens: impl FnMut() -> bool) {
    let limit = Instant::now() + LIMIT / 2;
    while !happens() {
        assert!(Instant::now() < limit, "waited for {what} in vain");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A folder of its own for every case. A test and its jobs tell each other by
/// files in it what has happened, in whatever process they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Room(pub PathBuf);

impl Room {
    fn new() -> Room {
        Room(mkdtemp(&env::temp_dir().join("room-XXXXXX")).unwrap())
    }

    pub fn tell(&self, fact: impl Display) {
        File::create(self.0.join(fact.to_string())).unwrap();
    }

    /// Lets these jobs go on.
    pub fn release(&self, jobs: impl IntoIterator<Item = u64>) {
        jobs.into_iter().for_each(|n| self.tell(format!("go-{n}")));
    }

    pub fn knows(&self, fact: impl Display) -> bool {
        self.0.join(fact.to_string()).exists()
    }

    #[track_caller]
    pub fn hear(&self, fact: impl Display) {
        until(&fact.to_string(), || self.knows(&fact));
    }

    /// How many facts begin like that.
    pub fn count(&self, beginning: &str) -> usize {
        let names = fs::read_dir(&self.0).unwrap().flatten();
        let names = names.map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().starts_with(beginning))
            .count()
    }
}
