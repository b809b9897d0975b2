//! A generator made of an async block: both are the same state machine.
//!
//!     cargo run -p asyncio --bin generator_from_async
//!
//! Python ran coroutines on generators. In Rust the compiler makes one kind of
//! state machine of both: it stops, keeps its variables, and goes on there. But
//! `gen` blocks with `yield` are for nightly compilers only. So an async block
//! takes their place: an await hands a value out, a poll asks for the next one.
//!
//! The program `generators` shows iterators without it.
//!
//! Claims: A13
//! Change this and watch: leave out the `.await` behind `give`. The compiler
//! refuses it: a future that nobody polls would give nothing away.
//!
//! Output (figures vary):
//!     makes 1, gets 1, makes 2, gets 2, makes 4, gets 4
//!     The article, A13: "It runs on the machinery of generators."
//!     Our answer for Rust: limits (true within limits)
//!     Our answer to A13 is borne out: an async block as a generator: makes 1, gets 1, makes 2, gets 2, makes 4, gets 4

use std::cell::RefCell;

use shared::{Result, claim, flags, say};

fn main() -> Result {
    flags([]);
    let story = RefCell::new(Vec::new());
    let tell = |text: String| story.borrow_mut().push(text);
    let mut powers = generator(async |mut values| {
        let mut power = 1;
        loop {
            tell(format!("makes {power}"));
            values.give(power).await; // Python: yield power
            power *= 2;
        }
    });
    for _ in 0..3 {
        let power = powers.next().unwrap_or(0);
        tell(format!("gets {power}"));
    }
    let story = story.borrow().join(", ");
    say!("{story}");
    let in_turn = "makes 1, gets 1, makes 2, gets 2, makes 4, gets 4";
    let figure = format!("an async block as a generator: {story}");
    claim("A13", story == in_turn, figure)
}

// ANCHOR: generator_from_async
use std::task::{Context, Poll, Waker};
use std::{cell::Cell, future::poll_fn, iter, mem, rc::Rc};

/// An iterator of what `body` gives away; it ends when `body` returns. The body
/// may await nothing but `give`: nobody would wake it, and the iterator ends.
pub fn generator<T, F: Future<Output = ()>>(
    body: impl FnOnce(Values<T>) -> F,
) -> impl Iterator<Item = T> {
    let value = Rc::new(Cell::new(None));
    let mut body = Box::pin(body(Values(value.clone())));
    let next = move || {
        let mut context = Context::from_waker(Waker::noop());
        match body.as_mut().poll(&mut context) {
            Poll::Pending => value.take(),
            Poll::Ready(()) => None,
        }
    };
    iter::from_fn(next).fuse()
}

/// Where the body of a generator puts its values.
pub struct Values<T>(Rc<Cell<Option<T>>>);

impl<T> Values<T> {
    /// Gives a value away, and goes on when the next one is asked for.
    pub async fn give(&mut self, value: T) {
        self.0.set(Some(value));
        let mut given = false;
        poll_fn(|_| match mem::replace(&mut given, true) {
            false => Poll::Pending,
            true => Poll::Ready(()),
        })
        .await;
    }
}
// ANCHOR_END: generator_from_async
