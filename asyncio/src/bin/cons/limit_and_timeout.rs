//! Limit how many requests run at a time, each with its own timeout.
//!
//!     cargo run -p asyncio --bin limit_and_timeout
//!
//! At most 20 requests run at a time. The deadline of each one counts from its
//! own start, not from the moment when it was queued. A server that never
//! answers takes one of the 20 places until the deadline of its request. (Here
//! every tenth one is silent. The last of them begins after about 50 ms, and
//! has 100 ms: so all take some 150 ms.)
//! Results come as they are completed, with the number of their input; a table
//! by number puts them in order. Requests are tasks: those that have begun go
//! on while you process a result; new ones begin when you ask for the next. In
//! Python: `Semaphore`, `asyncio.timeout` and `as_completed`.
//!
//! Change this and watch: `.buffered(limit)` instead of
//! `.buffer_unordered(limit)`. A quick reply is kept back by a slow one before
//! it, and no new request takes its place meanwhile: 100 requests take longer.
//!
//! Output (figures vary):
//!     100 requests took 157 ms, at most 20 ran at a time
//!     90 were answered, 10 timed out

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::{pin::pin, sync::Arc};

use shared::{Result, ensure, flags, measure::ms, say};
use tokio::time::{Instant, sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let (started, deadline) = (Instant::now(), Duration::from_millis(100));
    let most = Arc::default();
    let ask = |number| request(number, Arc::clone(&most));
    let mut replies = pin!(requests(0..100, 20, deadline, ask));
    let (mut by_number, mut timed_out) = ([None; 100], 0);
    while let Some((number, reply)) = replies.next().await {
        match reply {
            Ok(reply) => by_number[number] = Some(reply),
            Err(_) => timed_out += 1,
        }
    }
    let took = ms(started.elapsed());
    let (all, most) = (by_number.len(), most.load(Relaxed));
    let done = by_number.iter().flatten().count();
    say!("{all} requests took {took:.0} ms, at most {most} ran at a time");
    say!("{done} were answered, {timed_out} timed out");
    let right = (most, done, timed_out, by_number[99]);
    ensure(right == (20, 90, 10, Some(198)), "a request did not end as planned")
}

/// Every tenth server never answers. The clones of `most` count the requests
/// that run: a clone is dropped with its request, also after a timeout.
async fn request(number: u32, most: Arc<AtomicUsize>) -> u32 {
    let running = Arc::strong_count(&most) - 1; // one is of `main`
    most.fetch_max(running, Relaxed);
    match number % 10 {
        0 => std::future::pending().await,
        _ => sleep(Duration::from_millis(10)).await,
    }
    2 * number
}

// ANCHOR: limit_and_timeout
use std::{panic::resume_unwind, time::Duration};

use futures::stream::{Stream, StreamExt, iter};
use tokio::{task::JoinError, time::error::Elapsed, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// A request for each input, at most `limit` at a time (above 0), each with its
/// own `deadline` from its start. Gives the number of the input and the result,
/// as they are completed; collect and sort them to have them in order. If a
/// request panics, the consumer panics, too. Dropping the stream cancels all.
/// Panics if `limit` is 0; needs a tokio runtime.
///
/// For a request that returns a `Result`, the results are nested: `Ok(Ok(..))`,
/// `Ok(Err(..))` if it failed, `Err(..)` if it timed out. The caller needs
/// `futures::StreamExt` for `next`, and `std::pin::pin!` for the stream.
pub fn requests<Input, Request>(
    inputs: impl IntoIterator<Item = Input>,
    limit: usize,
    deadline: Duration,
    request: impl Fn(Input) -> Request,
) -> impl Stream<Item = (usize, Result<Request::Output, Elapsed>)>
where
    Request: Future<Output: Send> + Send + 'static, // the result is `Send`, too
{
    assert_ne!(limit, 0, "no request could ever begin");
    let start = move |(number, input)| {
        // The clock starts here, when it is this request's turn.
        let request = timeout(deadline, request(input));
        let task = AbortOnDropHandle::new(tokio::spawn(request));
        async move {
            let ended = task.await;
            let panic = |error: JoinError| resume_unwind(error.into_panic());
            (number, ended.unwrap_or_else(panic))
        }
    };
    iter(inputs.into_iter().enumerate()).map(start).buffer_unordered(limit)
}
// ANCHOR_END: limit_and_timeout
