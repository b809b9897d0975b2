//! Workers that die before their first job or after their last one: before they
//! say hello, in the initializer, or when they retire; and replacements that
//! die, too, once or forever.

use std::{
    cell::RefCell,
    env,
    fs::File,
    time::{Duration, Instant},
};

use futures_pool::{
    Executor, Handle, Pending, ProcessPool, ProcessPoolBuilder,
};
use serde::{Deserialize, Serialize};

use crate::{
    cases,
    jobs::*,
    liars::{Lie, lie},
    support::{interface::*, *},
};

cases! {
    both: []
    once: [
        a_worker_that_dies_before_its_hello_is_an_error
        a_worker_that_dies_in_its_initializer_breaks_the_pool
        a_replacement_that_dies_once_is_replaced
        a_replacement_that_always_dies_breaks_the_pool
        replacements_may_die_now_and_then
        a_place_that_stays_empty_leaves_the_other_worker
        a_worker_that_dies_when_it_retires_breaks_no_pool
        a_last_job_that_kills_its_worker_breaks_no_pool
    ]
}

/// In the environment of workers: a [`Plan`], as text.
pub const PLAN: &str = "TEST_PLAN";

/// What becomes of the workers of a pool, in the order of their starts: a
/// letter for each of them, and the last one for all that follow.
#[derive(Clone, Serialize, Deserialize)]
pub struct Plan {
    letters: String,
    folder: Folder,
}

impl Plan {
    pub fn new(letters: &str, folder: &Folder) -> Plan {
        Plan { letters: letters.into(), folder: folder.clone() }
    }

    /// A pool of one worker whose workers follow it before they say hello.
    pub fn at_start(&self) -> ProcessPoolBuilder {
        let folder = self.folder.path("");
        with_env(PLAN, &format!("{} {}", self.letters, folder.display()))
    }

    /// A pool of one worker whose workers follow it in their initializer.
    pub fn in_initializer(&self) -> ProcessPoolBuilder {
        let pool = ProcessPool::builder().workers(1);
        pool.initializer(prepare, self.clone())
    }

    /// How many workers have come to it.
    pub fn begun(&self) -> usize {
        self.folder.count("begun-")
    }

    /// Lets those go on that wait.
    pub fn go(&self) {
        self.folder.put("go");
    }

    fn follow(&self) {
        let is_next = |n: &usize| {
            File::create_new(self.folder.path(&format!("begun-{n}"))).is_ok()
        };
        let number = (0..).find(is_next).unwrap();
        let letters = &self.letters;
        match letters.chars().nth(number).or(letters.chars().last()) {
            Some('w') => self.folder.wait_for("go"),
            Some('0') => How::Exit(0).happen(),
            Some('9') => How::Exit(99).happen(),
            Some('a') => How::Abort.happen(),
            Some('k') => How::Kill.happen(),
            lives => assert_eq!(lives, Some('-')),
        }
    }
}

/// Before `init`: follows the plan in the environment, if there is one.
pub fn follow_plan() {
    if let Ok(plan) = env::var(PLAN) {
        let (letters, folder) = plan.split_once(' ').unwrap();
        Plan::new(letters, &Folder::at(folder)).follow();
    }
}

/// An initializer.
pub fn prepare(plan: Plan) {
    plan.follow();
}

/// The letters of all ways to die, and what the pool says of them.
const WAYS: [(&str, &str); 4] = [
    ("0", "exit status: 0"),
    ("9", "exit status: 99"),
    ("a", "signal: 6"),
    ("k", "signal: 9"),
];

/// A plan with a folder of its own.
fn plan(letters: &str, name: &str, folder: &Folder) -> Plan {
    Plan::new(letters, &folder.inner(name))
}

fn crash(pool: &ProcessPool) {
    let trap = Trap::new(Spot::Run, How::Abort);
    assert_broken(&pool.submit(spring, trap).result(), "signal: 6");
}

/// CRASH-25.
fn a_worker_that_dies_before_its_hello_is_an_error(folder: Folder) {
    for (letter, told) in WAYS {
        let plan = plan(&format!("--{letter}"), letter, &folder);
        let error = plan.at_start().workers(3).build().unwrap_err();
        let error = error.to_string();
        assert!(error.contains("not a worker"), "{error}");
        assert!(error.contains(told), "{error}, not {told}");
        assert!(children().is_empty());
    }
}

/// CRASH-41.
fn a_worker_that_dies_in_its_initializer_breaks_the_pool(folder: Folder) {
    for (letter, told) in WAYS {
        let plan = plan(letter, letter, &folder);
        let pool = plan.in_initializer().build().unwrap();
        let jobs: Vec<_> = (0..3).map(|n| pool.submit(square, n)).collect();
        for job in jobs {
            assert_broken(&job.result(), told);
        }
        assert_broken(&pool.submit(square, 3).result(), told);
        assert_eq!(plan.begun(), 1);
    }
}

/// CRASH-42: after a crash, or at the first start.
fn a_replacement_that_dies_once_is_replaced(folder: Folder) {
    for (letter, _) in WAYS {
        let inner = folder.inner(letter);
        let once = format!("-{letter}-");
        for initializer in [false, true] {
            let plan = plan(&once, &format!("crash-{initializer}"), &inner);
            let pool = match initializer {
                true => plan.in_initializer(),
                false => plan.at_start(),
            };
            let pool = pool.replace_dead_workers().build().unwrap();
            crash(&pool);
            assert_eq!(pool.submit(square, 3).result(), Ok(9));
            assert_eq!(plan.begun(), 3);
        }
        let first = plan(&once[1..], "first", &inner);
        let pool = first.in_initializer().replace_dead_workers();
        let pool = pool.build().unwrap();
        assert_eq!(pool.submit(square, 3).result(), Ok(9));
        assert_eq!(first.begun(), 2);
        // Nobody has died who had been a worker, so this breaks no pool.
        let worn = plan(&once, "worn", &inner);
        let pool = worn.at_start().max_tasks_per_child(1.try_into().unwrap());
        let pool = pool.build().unwrap();
        for n in 0..2 {
            assert_eq!(pool.submit(square, n).result(), Ok(n * n));
        }
        pool.shutdown(Pending::Finish);
        assert!(worn.begun() >= 3);
    }
}

/// CRASH-43: after seven failures, and the pauses between them.
fn a_replacement_that_always_dies_breaks_the_pool(folder: Folder) {
    let pauses = Duration::from_millis(20 + 40 + 80 + 160 + 320 + 640);
    for initializer in [false, true] {
        let plan = plan("-k", &format!("{initializer}"), &folder);
        let pool = match initializer {
            true => plan.in_initializer(),
            false => plan.at_start(),
        };
        let pool = pool.replace_dead_workers().build().unwrap();
        let began = Instant::now();
        crash(&pool);
        let jobs: Vec<_> = (0..5).map(|n| pool.submit(square, n)).collect();
        for job in jobs {
            assert_broken(&job.result(), "no worker could be started");
        }
        let late = pool.submit(square, 5).result();
        assert_broken(&late, "no worker could be started");
        assert_broken(&late, "signal: 9");
        assert!(began.elapsed() >= pauses);
        assert_eq!(plan.begun(), 1 + 7);
        assert!(pool.pids().is_empty());
    }
}

/// CRASH-43: only failures in a row count.
fn replacements_may_die_now_and_then(folder: Folder) {
    let plan = plan("-kkkk-kkkk-", "plan", &folder);
    let pool = plan.at_start().replace_dead_workers().build().unwrap();
    for n in 0..2 {
        crash(&pool);
        assert_eq!(pool.submit(square, n).result(), Ok(n * n));
    }
    assert_eq!(plan.begun(), 11);
}

/// CRASH-43.
fn a_place_that_stays_empty_leaves_the_other_worker(folder: Folder) {
    let plan = plan("--k", "plan", &folder);
    let pool = plan.at_start().workers(2).replace_dead_workers();
    let pool = pool.build().unwrap();
    crash(&pool);
    let jobs = || (0..10).map(|_| pool.submit(pid, ()));
    let workers = |jobs: Vec<Handle<u32>>| {
        let pids: Result<Vec<_>, _> =
            jobs.into_iter().map(Handle::result).collect();
        let mut pids = pids.unwrap();
        pids.dedup();
        pids
    };
    let living = workers(jobs().collect());
    until("the last try", || plan.begun() == 2 + 7);
    assert_eq!(workers(jobs().collect()), living);
    assert_eq!(pool.pids(), living);
    crash(&pool);
    let late = pool.submit(square, 1).result();
    assert_broken(&late, "no worker could be started");
    assert_eq!(plan.begun(), 2 + 2 * 7);
}

/// Is done at once, but its worker dies while it ends.
pub fn die_when_it_ends((how, folder): (How, Folder)) -> u32 {
    struct Late(How, Folder);
    impl Drop for Late {
        fn drop(&mut self) {
            self.1.put(format!("late-{}", me()));
            self.0.happen();
        }
    }
    thread_local!(static LATE: RefCell<Option<Late>> = const { RefCell::new(None) });
    LATE.set(Some(Late(how, folder)));
    me()
}

/// CRASH-44: it has done what it was there for.
fn a_worker_that_dies_when_it_retires_breaks_no_pool(folder: Folder) {
    for replaces in [false, true] {
        let folder = folder.inner(&format!("{replaces}"));
        for how in [How::Abort, How::Kill, How::Segfault] {
            let folder = folder.inner(&format!("{how:?}"));
            let pool = ProcessPool::builder().workers(1);
            let mut pool = pool.max_tasks_per_child(1.try_into().unwrap());
            if replaces {
                pool = pool.replace_dead_workers();
            }
            let pool = pool.build().unwrap();
            let jobs: Vec<_> = (0..3)
                .map(|_| pool.submit(die_when_it_ends, (how, folder.clone())))
                .collect();
            let pids: Result<Vec<_>, _> =
                jobs.into_iter().map(Handle::result).collect();
            assert_eq!(pool.submit(square, 3).result(), Ok(9));
            pool.shutdown(Pending::Finish);
            for pid in pids.unwrap() {
                assert!(folder.has(format!("late-{pid}")));
            }
            assert_eq!(folder.count("late-"), 3);
        }
    }
}

/// CRASH-44: the worker is to go anyway, so it may as well die.
fn a_last_job_that_kills_its_worker_breaks_no_pool(_: Folder) {
    let pool = wearing_out(1, 1);
    for number in 0..5 {
        let words = pool.submit(lie, (Lie::LastWords, number)).result();
        assert_eq!(words, Ok(9));
    }
    assert_eq!(pool.submit(square, 3).result(), Ok(9));
}
