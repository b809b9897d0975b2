//! An async fn is a state machine: beside it, the enum that it becomes.
//!
//!     cargo run -p asyncio --bin state_machine
//!
//! Only the standard library: a future is a value, and whoever polls it is its
//! runtime. (Python: a coroutine, and `coroutine.send(None)`.) A future need
//! not come from an `async fn`: an enum that can be polled is one, too. It has
//! a state for each place where it waits, with what is needed after the wait:
//! no stack, no heap.
//!
//! The compiler's future is larger by 8 bytes: it keeps the argument twice.
//!
//! Claims: A7
//! Change this and watch: add a `Pause::default().await;` to the async fn. It
//! has one state more than the enum, and A7 is contradicted.
//!
//! Output (figures vary):
//!     an async fn: 24 bytes; called: 0 steps; polled: 1 steps, Pending; polled: 2 steps, Ready(2)
//!     an enum: 16 bytes; called: 0 steps; polled: 1 steps, Pending; polled: 2 steps, Ready(2)
//!     The article, A7: "A coroutine is a function defined with async."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to A7 is borne out: an async fn was ready at poll 2, an enum without `async` at poll 2

use std::{cell::Cell, pin::pin, task::Waker};

use shared::{Result, claim, flags, say};

fn main() -> Result {
    flags([]);
    let (one, other) = (Cell::new(0), Cell::new(0));
    let compiled = history("an async fn", async_fn(&one), &one);
    let by_hand = history("an enum", ByHand::Called { steps: &other }, &other);

    let figure = format!(
        "an async fn was ready at poll {}, an enum without `async` at poll {}",
        compiled.len() - 1,
        by_hand.len() - 1
    );
    let lazy = by_hand[0] == "called: 0 steps";
    claim("A7", compiled == by_hand && lazy, figure)
}

/// What a future has done when it was made, and at each poll. The loop is a
/// whole runtime, if a bad one: it does not wait until it is woken.
fn history<F: Future<Output = u32>>(
    what: &str,
    future: F,
    steps: &Cell<u32>,
) -> Vec<String> {
    let mut told = vec![format!("called: {} steps", steps.get())];
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let mut poll = Poll::Pending;
    while poll.is_pending() {
        poll = future.as_mut().poll(&mut context);
        told.push(format!("polled: {} steps, {poll:?}", steps.get()));
    }
    say!("{what}: {} bytes; {}", size_of::<F>(), told.join("; "));
    told
}

/// Makes a step, pauses, and makes another one.
async fn async_fn(steps: &Cell<u32>) -> u32 {
    let first = step(steps);
    Pause::default().await;
    first + step(steps)
}

/// The same by hand, the pause included: what is needed in each state.
enum ByHand<'a> {
    Called { steps: &'a Cell<u32> },
    Paused { steps: &'a Cell<u32>, first: u32 },
    Done,
}

/// How to go on from each state.
impl Future for ByHand<'_> {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<u32> {
        match *self {
            ByHand::Called { steps } => {
                *self = ByHand::Paused { steps, first: step(steps) };
                context.waker().wake_by_ref(); // as `Pause` does
                Poll::Pending
            }
            ByHand::Paused { steps, first } => {
                *self = ByHand::Done;
                Poll::Ready(first + step(steps))
            }
            ByHand::Done => panic!("it was ready, and is polled again"),
        }
    }
}

fn step(steps: &Cell<u32>) -> u32 {
    steps.set(steps.get() + 1);
    1
}

// ANCHOR: state_machine
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future by hand: pending when it is polled first, ready the second time.
/// Awaiting it gives the other tasks a turn, on every runtime.
#[derive(Default)]
pub struct Pause {
    begun: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        if mem::replace(&mut self.begun, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref(); // "poll me again"
        Poll::Pending
    }
}
// ANCHOR_END: state_machine
