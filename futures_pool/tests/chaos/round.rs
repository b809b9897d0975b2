//! One pool, three users, somebody who kills its workers, and what must hold
//! when all of that has ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use futures_pool::{Executor, Handle, JobError, Pending, ProcessPool};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    jobs::{Answer, Notes, Question, answer},
    random::Random,
    support::{Folder, interface::*, is_child},
    ways::{WAYS, counted},
};

const USERS: usize = 3;

/// What all take part in.
struct Round {
    policy: Policy,
    folder: Folder,
    numbers: AtomicU64,
    orders: AtomicU64,
    /// Every worker that was killed: it stands here before it is.
    killed: Mutex<BTreeSet<u32>>,
    /// What the first of the users heard that heard of it.
    broken: OnceLock<JobError>,
    ends: Mutex<Vec<(Asked, End)>>,
    calls: Mutex<Vec<Arc<AtomicU32>>>,
    /// Nobody is to be killed any more.
    over: AtomicBool,
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// A job that was submitted.
pub struct Asked {
    pub question: Question,
    /// Those of a chunk travel together, as one order.
    order: u64,
    /// It was known then that the pool is broken.
    broken: bool,
    /// Its result is waited for while the pool ends.
    leftover: bool,
}

enum End {
    Right,
    /// An error; and whether it is known to be that of this very job.
    Failed(JobError, bool),
    Cancelled,
    /// Nobody has asked, and whether it may have been cancelled.
    Unseen(bool),
}

pub struct Tally {
    pub jobs: usize,
    pub lost: usize,
}

pub struct User<'a> {
    pub pool: &'a ProcessPool,
    pub random: Random,
    round: &'a Round,
}

/// How the pool is ended, while its workers are still being killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Drop,
    Shutdown(Pending),
    Kill,
}

const ENDINGS: [Ending; 4] = [
    Ending::Drop,
    Ending::Shutdown(Pending::Finish),
    Ending::Shutdown(Pending::Cancel),
    Ending::Kill,
];

pub fn round(policy: Policy, mut random: Random, folder: &Folder) -> Tally {
    let round = Round {
        policy,
        folder: folder.clone(),
        numbers: AtomicU64::new(0),
        orders: AtomicU64::new(0),
        killed: Mutex::default(),
        broken: OnceLock::new(),
        ends: Mutex::default(),
        calls: Mutex::default(),
        over: AtomicBool::new(false),
    };
    let ending = ENDINGS[random.below(ENDINGS.len() as u64) as usize];
    println!("    ends by {ending:?}");
    let pool = policy.pool(USERS);
    thread::scope(|outside| {
        thread::scope(|all| {
            let _over = Over(&round.over); // even if somebody panics
            let killer = random.fork();
            all.spawn(|| round.kill_workers(&pool, killer));
            let users: Vec<_> = (0..USERS)
                .map(|number| {
                    let (pool, random) = (&pool, random.fork());
                    let user = User { pool, random, round: &round };
                    all.spawn(move || user.live(number))
                })
                .collect();
            let left: Vec<_> = users
                .into_iter()
                .flat_map(|user| user.join().unwrap())
                .collect();
            outside.spawn(|| {
                for (asked, handle) in left {
                    round.ended(asked, handle.result());
                }
            });
            match ending {
                Ending::Drop => {}
                Ending::Shutdown(pending) => pool.shutdown(pending),
                Ending::Kill => pool.kill(),
            }
        });
        drop(pool);
    });
    round.check(ending)
}

impl User<'_> {
    /// Uses the pool in all ways, until at least one worker was killed, or the
    /// pool is broken. Returns jobs for which nobody has waited yet.
    fn live(mut self, number: usize) -> Vec<(Asked, Handle<Answer>)> {
        let round = self.round;
        let enough = || match round.policy {
            Policy::Break => round.broken.get().is_some(),
            Policy::Replace => !round.killed.lock().unwrap().is_empty(),
        };
        let first = number * WAYS.len() / USERS;
        let mut ways = WAYS.iter().cycle().skip(first);
        // Once around at least, and a little longer.
        let mut more = WAYS.len() as u64 + self.random.below(10);
        while more > 0 || !enough() && !round.over.load(SeqCst) {
            ways.next().expect("they never end")(&mut self);
            more = more.saturating_sub(1);
        }
        let mut left = self.submit_some();
        left.iter_mut().for_each(|(asked, _)| asked.leftover = true);
        left
    }

    fn ask(&mut self, order: u64) -> Asked {
        let number = self.round.numbers.fetch_add(1, SeqCst);
        let size = match self.random.below(10) {
            0 => 200_000,
            1 => 4_100, // hardly too long for a pipe
            _ => 10,
        };
        let question = Question {
            number,
            takes: self.random.micros_below(400),
            ballast: vec![7; size].into(),
            notes: Notes::path(&self.round.folder),
        };
        let broken = self.round.broken.get().is_some();
        Asked { question, order, broken, leftover: false }
    }

    fn new_order(&self) -> u64 {
        self.round.orders.fetch_add(1, SeqCst)
    }

    /// Submits one to six jobs.
    pub fn submit_some(&mut self) -> Vec<(Asked, Handle<Answer>)> {
        let some = 1 + self.random.below(6);
        let submit = |_| {
            let order = self.new_order();
            let asked = self.ask(order);
            let handle = self.pool.submit(answer, asked.question.clone());
            (asked, handle)
        };
        (0..some).map(submit).collect()
    }

    /// The number of chunks of that size, to be submitted.
    pub fn ask_chunks(&mut self, chunks: usize, size: usize) -> Vec<Asked> {
        let mut asked = Vec::new();
        for _ in 0..chunks {
            let order = self.new_order();
            asked.extend((0..size).map(|_| self.ask(order)));
        }
        asked
    }

    pub fn ended(&self, asked: Asked, result: Result<Answer, JobError>) {
        self.round.ended(asked, result);
    }

    /// Which result is whose is told by what is in it, and not told by errors.
    pub fn all_ended(
        &self,
        mut asked: Vec<Asked>,
        results: Vec<Result<Answer, JobError>>,
    ) {
        assert_eq!(asked.len(), results.len());
        let (good, bad): (Vec<_>, Vec<_>) =
            results.into_iter().partition(Result::is_ok);
        for result in good {
            let its = |asked: &Asked| result == Ok(asked.question.answer());
            let number = asked.iter().position(its).expect("it is of one");
            self.round.ended(asked.remove(number), result);
        }
        for (asked, error) in asked.into_iter().zip(bad) {
            self.round.failed(asked, error.unwrap_err(), false);
        }
    }

    pub fn was_cancelled(&self, asked: Asked) {
        self.round.put(asked, End::Cancelled);
    }

    pub fn may_be_cancelled(&self, asked: Asked) {
        self.round.put(asked, End::Unseen(true));
    }

    pub fn is_not_seen(&self, asked: Asked) {
        self.round.put(asked, End::Unseen(false));
    }

    pub fn count_calls(&self, handle: &Handle<Answer>) {
        self.round.calls.lock().unwrap().push(counted(handle));
    }
}

impl Round {
    /// At least one.
    fn kill_workers(&self, pool: &ProcessPool, mut random: Random) {
        while !self.over.load(SeqCst) {
            thread::sleep(random.micros_below(12_000));
            let pids = pool.pids();
            if pids.is_empty() {
                continue; // another one is on its way, or it is over
            }
            let pid = pids[random.below(pids.len() as u64) as usize];
            if is_child(pid) {
                self.killed.lock().unwrap().insert(pid);
                let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
            }
        }
    }

    fn ended(&self, asked: Asked, result: Result<Answer, JobError>) {
        match result {
            Ok(answer) => {
                assert!(answer == asked.question.answer(), "of another job");
                self.put(asked, End::Right);
            }
            Err(error) => self.failed(asked, error, true),
        }
    }

    fn failed(&self, asked: Asked, error: JobError, exact: bool) {
        // The first one, or as good: what is submitted now comes later.
        if self.policy == Policy::Break && dead_worker(&error).is_some() {
            let _ = self.broken.set(cause(error.clone()));
        }
        self.put(asked, End::Failed(error, exact));
    }

    fn put(&self, asked: Asked, end: End) {
        self.ends.lock().unwrap().push((asked, end));
    }

    fn check(self, ending: Ending) -> Tally {
        let notes = Notes::read(&self.folder);
        let ends = self.ends.lock().unwrap();
        assert_eq!(ends.len() as u64, self.numbers.load(SeqCst));
        for (asked, end) in &*ends {
            let by = |list: &BTreeMap<u64, Vec<u32>>| {
                list.get(&asked.question.number).cloned().unwrap_or_default()
            };
            self.check_one(
                ending,
                asked,
                end,
                &by(&notes.begun),
                &by(&notes.ended),
            );
        }
        for calls in &*self.calls.lock().unwrap() {
            assert_eq!(calls.load(SeqCst), 1, "calls of a callback");
        }
        let lost = self.lost(&ends, &notes);
        match self.policy {
            Policy::Break => assert!(self.broken.get().is_some()),
            // Else nobody knows which of those that nobody saw were cancelled.
            Policy::Replace if ending.finishes() => {
                let killed = self.killed.lock().unwrap();
                assert!(lost <= killed.len(), "{lost} lost with {killed:?}");
            }
            Policy::Replace => {}
        }
        Tally { jobs: ends.len(), lost }
    }

    /// By whom it was begun and ended, and what came of it.
    fn check_one(
        &self,
        ending: Ending,
        asked: &Asked,
        end: &End,
        begun: &[u32],
        ended: &[u32],
    ) {
        let number = asked.question.number;
        let what = format!("job {number}, by {begun:?}, ended {ended:?}");
        assert!(begun.len() <= 1, "{what}, more than once");
        assert!(ended.is_empty() || ended == begun, "{what}");
        assert!(begun.is_empty() || !asked.broken, "{what}, in a broken pool");
        match end {
            End::Right => assert!(ended.len() == 1, "{what}"),
            End::Cancelled => assert!(begun.is_empty(), "{what}, cancelled"),
            End::Unseen(_) => {}
            End::Failed(error, exact) => match dead_worker(error) {
                None => {
                    let told = asked.leftover && ending.tells(error);
                    assert!(told, "{what}: {error}");
                }
                Some(pid) => {
                    let known = self.killed.lock().unwrap().contains(&pid);
                    assert!(known, "{what}: {error}");
                    match self.policy {
                        Policy::Break => {
                            assert_eq!(
                                self.broken.get(),
                                Some(&cause(error.clone())),
                                "{what}"
                            );
                        }
                        Policy::Replace => {
                            let its = begun.is_empty() || begun == [pid];
                            assert!(its || !exact, "{what}: {error}");
                        }
                    }
                }
            },
        }
    }

    /// How many orders were lost. A worker that is replaced takes one along.
    fn lost(&self, ends: &[(Asked, End)], notes: &Notes) -> usize {
        let mut lost = BTreeSet::new();
        let mut with: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        for (asked, end) in ends {
            match end {
                End::Failed(error, _) => {
                    lost.insert(asked.order);
                    let pid = dead_worker(error);
                    let its = pid.map(|pid| with.entry(pid).or_default());
                    its.map(|its| its.insert(asked.order));
                }
                End::Unseen(false)
                    if !notes.ended.contains_key(&asked.question.number) =>
                {
                    lost.insert(asked.order);
                }
                _ => {}
            }
        }
        if self.policy == Policy::Replace {
            for (pid, orders) in with {
                assert_eq!(orders.len(), 1, "with worker {pid}: {orders:?}");
            }
        }
        lost.len()
    }
}

impl Ending {
    /// All jobs are done before it has ended.
    fn finishes(self) -> bool {
        matches!(self, Ending::Drop | Ending::Shutdown(Pending::Finish))
    }

    /// Whether that is what it makes of a job.
    fn tells(self, error: &JobError) -> bool {
        match self {
            Ending::Drop | Ending::Shutdown(Pending::Finish) => false,
            Ending::Shutdown(Pending::Cancel) => {
                Err::<(), _>(error.clone()) == cancelled()
            }
            Ending::Kill => how_broken(error).is_some(),
        }
    }
}
