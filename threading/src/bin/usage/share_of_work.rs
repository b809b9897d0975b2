//! From all waiting to all work, in five steps: what threads gain.
//!
//!     cargo run -p threading --bin share_of_work
//!
//! Eight jobs of 5 ms, one after the other, in eight threads, and by rayon.
//! Waiting overlaps as often as there are threads, work as often as there are
//! cores. In Python with its global lock, the lowest line would gain nothing.
//!
//! Claims: T2, T3
//! Change this and watch: `JOBS` to 32: waiting gains four times as much, and
//! work no more than before.
//!
//! Output (figures vary):
//!         work   threads    rayon
//!           0%       7.5      2.0
//!          25%       4.5      2.0
//!          50%       2.8      2.0
//!          75%       2.4      2.0
//!         100%       1.8      2.0
//!     T2 borne out: threads gain 7.5 waiting, 2.0 working
//!     T3 borne out: threads gain 7.5 waiting, 2.0 working

use std::time::{Duration, Instant};
use std::{hint::black_box, thread};

use rayon::prelude::*;
use shared::{Result, chop, claim, flags, measure, say};

const JOBS: usize = 8;
const JOB: Duration = Duration::from_millis(5);

fn main() -> Result {
    flags([]);
    let stroke = time(|| _ = black_box(chop(1, 10_000_000))) / 10_000_000.0;
    say!("{:>8}{:>10}{:>9}", "work", "threads", "rayon");
    let mut gains = Vec::new();
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let strokes = (JOB.as_secs_f64() * share / stroke) as u64;
        let job = || {
            thread::sleep(JOB.mul_f64(1.0 - share));
            black_box(chop(1, strokes));
        };
        let threads = gain(job, in_threads);
        let rayon = gain(job, in_rayon);
        say!("{:>7.0}%{threads:>10.1}{rayon:>9.1}", share * 100.0);
        gains.push((threads, threads.max(rayon)));
    }
    let (wait, work) = (gains[0].0, gains[4].1);
    let figure = format!("threads gain {wait:.1} waiting, {work:.1} working");
    let gains_here = measure::cores() == 1 || work > 1.05;
    claim("T2", wait > JOBS as f64 / 2.0 && gains_here, &figure)?;
    claim("T3", wait > work && gains_here, &figure)
}

/// How many times as fast as one after the other: the best of three tries, or
/// of six when there is no gain, for others may want the cores just now.
fn gain<J: Fn() + Sync + Copy>(job: J, parallel: fn(J)) -> f64 {
    let mut best: f64 = 0.0;
    for tried in 0..6 {
        if tried >= 3 && best > 1.2 {
            break;
        }
        let alone = time(|| (0..JOBS).for_each(|_| job()));
        best = best.max(alone / time(|| parallel(job)));
    }
    best
}

/// Seconds.
fn time(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_secs_f64()
}

fn in_threads<J: Fn() + Sync>(job: J) {
    thread::scope(|all| {
        for _ in 0..JOBS {
            all.spawn(&job);
        }
    });
}

fn in_rayon<J: Fn() + Sync>(job: J) {
    (0..JOBS).into_par_iter().with_max_len(1).for_each(|_| job());
}
