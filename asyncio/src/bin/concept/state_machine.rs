//! An async fn, and the same by hand: an enum that is polled three times.
//!
//!     cargo run -p asyncio --bin state_machine
//!
//! Only the standard library: a future is a value, and whoever polls it is its
//! runtime. A state keeps what is needed after its wait, no more, and the
//! future is as large as its largest state: no stack, no heap. (The compiler's
//! is the larger one because it keeps the argument twice.)
//!
//! Claims: A7, A13
//! Change this and watch: `let flour = [1_u8; 1000];` as the first line of
//! `by_compiler` costs nothing; use it after an `.await`, and its size grows.
//!
//! Output (figures vary):
//!     moment      an async fn               an enum by hand
//!     called      0 steps done              0 steps done
//!     1st poll    1 step done, Pending      1 step done, Pending
//!     2nd poll    2 steps done, Pending     2 steps done, Pending
//!     3rd poll    3 steps done, Ready(3)    3 steps done, Ready(3)
//!     size        32 bytes                  16 bytes
//!     A7 borne out: calling it does nothing: 0 steps before the first poll
//!     A13 borne out: the same states, in 32 bytes and 16 bytes

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::{cell::Cell, iter::zip, mem};

use shared::{Result, claim, flags, report::plural, say};

fn main() -> Result {
    flags([]);
    let (ours, theirs) = (Cell::new(0), Cell::new(0));
    let left = history(by_compiler(&theirs), &theirs);
    let right = history(ByHand::Called { steps: &ours }, &ours);

    say!("{:<12}{:<26}an enum by hand", "moment", "an async fn");
    let moments = ["called", "1st poll", "2nd poll", "3rd poll"];
    for (moment, (one, other)) in zip(moments, zip(&left.told, &right.told)) {
        say!("{moment:<12}{one:<26}{other}");
    }
    let sizes = [left.size, right.size].map(|size| format!("{size} bytes"));
    say!("{:<12}{:<26}{}", "size", sizes[0], sizes[1]);

    let lazy = left.steps_when_called == 0;
    claim(
        "A7",
        lazy,
        "calling it does nothing: 0 steps before the first poll",
    )?;
    let same = left.told == right.told && left.told.len() == moments.len();
    let figure = format!("the same states, in {} and {}", sizes[0], sizes[1]);
    claim("A13", same && left.size < 4 * right.size, figure)
}

/// What a future has done when it was made, and at each poll.
struct History {
    size: usize,
    steps_when_called: u32,
    told: Vec<String>,
}

/// Polls until the future is ready: a whole runtime, if a bad one, for it does
/// not wait until it is woken.
fn history(future: impl Future<Output = u32>, steps: &Cell<u32>) -> History {
    let (size, steps_when_called) = (size_of_val(&future), steps.get());
    let mut told = vec![done(steps)];
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        let poll = future.as_mut().poll(&mut context);
        told.push(format!("{}, {poll:?}", done(steps)));
        if poll.is_ready() {
            return History { size, steps_when_called, told };
        }
    }
}

fn done(steps: &Cell<u32>) -> String {
    plural(steps.get() as usize, "step done", "steps done")
}

/// Kneads, lets the dough rest, shapes a loaf, lets it rise, bakes.
async fn by_compiler(steps: &Cell<u32>) -> u32 {
    let dough = step(steps);
    Rest::default().await;
    let loaf = dough + step(steps);
    Rest::default().await;
    loaf + step(steps)
}

/// The same: a state for every place where it can wait.
enum ByHand<'a> {
    Called { steps: &'a Cell<u32> },
    Rests { steps: &'a Cell<u32>, dough: u32, rest: Rest },
    Rises { steps: &'a Cell<u32>, loaf: u32, rest: Rest },
    Done,
}

impl Future for ByHand<'_> {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<u32> {
        use ByHand::{Called, Done, Rests, Rises};
        loop {
            *self = match &mut *self {
                Called { steps } => {
                    let dough = step(steps);
                    Rests { steps, dough, rest: Rest::default() }
                }
                Rests { steps, dough, rest } => {
                    ready!(Pin::new(rest).poll(context));
                    let loaf = *dough + step(steps);
                    Rises { steps, loaf, rest: Rest::default() }
                }
                Rises { steps, loaf, rest } => {
                    ready!(Pin::new(rest).poll(context));
                    let bread = *loaf + step(steps);
                    *self = Done;
                    return Poll::Ready(bread);
                }
                Done => panic!("it was ready, and is polled again"),
            };
        }
    }
}

fn step(steps: &Cell<u32>) -> u32 {
    steps.update(|steps| steps + 1);
    1
}

/// Where both wait: pending when it is polled first, ready the second time.
#[derive(Default)]
struct Rest {
    begun: bool,
}

impl Future for Rest {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        if mem::replace(&mut self.begun, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref(); // "poll me again", to who listens
        Poll::Pending
    }
}
