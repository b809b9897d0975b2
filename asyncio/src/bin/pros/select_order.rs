//! Starvation in select!: `biased` always takes the first ready branch.
//!
//!     cargo run -p asyncio --bin select_order
//!
//! When several branches are ready, tokio's `select!` takes one of them at
//! random: none starves. With `biased` the first one in the text wins,
//! always. If that one is a queue that is never empty, the others are never
//! taken. Put the rare branch first, such as the signal to stop.
//!
//! Claims: A29
//! Change this and watch: leave out `biased` in `queue_first`. Each branch has
//! half of the turns, and A29 is contradicted.
//!
//! Output (figures vary):
//!     select!: the stop signal wins 4985 of 10000 rounds
//!     biased, queue first: the stop signal wins 0 of 10000 rounds
//!     biased, stop first: 0 jobs are done after the stop signal
//!     The article, A29: "Functions made for the loop are switched quickly and run evenly."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A29 is borne out: of two ready branches select! takes the second 4985 of 10000 times, biased 0 times

use std::future::ready;

use shared::{Result, claim, flags, say};
use tokio::sync::mpsc::channel;

const ROUNDS: u32 = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let (mut random, mut biased) = (0, 0);
    for _ in 0..ROUNDS {
        random += u32::from(at_random().await);
        biased += u32::from(queue_first().await);
    }
    say!("select!: the stop signal wins {random} of {ROUNDS} rounds");
    say!(
        "biased, queue first: the stop signal wins {biased} of {ROUNDS} rounds"
    );
    let done = jobs_done_after_the_stop().await?;
    say!("biased, stop first: {done} jobs are done after the stop signal");

    let evenly = (ROUNDS * 4 / 10..ROUNDS * 6 / 10).contains(&random);
    let figure = format!(
        "of two ready branches select! takes the second {random} of {ROUNDS} \
         times, biased {biased} times"
    );
    claim("A29", evenly && biased == 0 && done == 0, figure)
}

/// Whether the stop signal wins over a queue with a job.
async fn at_random() -> bool {
    select! {
        () = ready(()) => false, // the queue
        () = ready(()) => true,
    }
}

async fn queue_first() -> bool {
    select! {
        biased; // WRONG: the second branch starves
        () = ready(()) => false, // the queue
        () = ready(()) => true,
    }
}

async fn jobs_done_after_the_stop() -> Result<u32> {
    let (jobs, mut queue) = channel(10);
    for job in 0..10 {
        jobs.send(job).await?;
    }
    let mut done = 0;
    let count = async |_job: u32| done += 1;
    work_until(ready(()), &mut queue, count).await;
    Ok(done)
}

// ANCHOR: select_order
use std::pin::pin;
use tokio::{select, sync::mpsc::Receiver};

/// Works on jobs until `stop` is done, or the queue has ended. `biased` looks
/// at `stop` first, before each job: a queue that is never empty cannot delay
/// it. A job that has begun is finished; jobs that are left stay in the queue.
pub async fn work_until<T>(
    stop: impl Future,
    queue: &mut Receiver<T>,
    mut work: impl AsyncFnMut(T),
) {
    let mut stop = pin!(stop);
    loop {
        let job = select! {
            biased;
            _ = &mut stop => return,
            job = queue.recv() => job,
        };
        match job {
            Some(job) => work(job).await,
            None => return,
        }
    }
}
// ANCHOR_END: select_order
