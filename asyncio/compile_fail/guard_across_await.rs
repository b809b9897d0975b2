//! E0277: a task with a std guard across an await cannot change its thread.
//!
//! Written with `async`, it is the same error, but rustc gives it no code:
//! "future cannot be sent between threads safely". So here is the future that
//! the compiler makes of
//!
//!     async fn pay(till: &Mutex<u64>) {
//!         let till = till.lock().expect("nobody panics with it");
//!         ask_the_bank().await;
//!     }
//!
//! written by hand: what lives across the await is a field.

use std::{
    pin::Pin,
    sync::{Mutex, MutexGuard},
    task::{Context, Poll},
};

struct Paying {
    _till: MutexGuard<'static, u64>,
}

impl Future for Paying {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context) -> Poll<()> {
        Poll::Pending
    }
}

fn spawn<F>(_: F)
where
    F: Future + Send + 'static,
{
}

fn main() {
    static TILL: Mutex<u64> = Mutex::new(0);
    let _till = TILL.lock().expect("nobody panics with it");
    spawn(Paying { _till });
}
