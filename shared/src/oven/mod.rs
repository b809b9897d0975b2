//! The oven: a real server, somewhere else, that a dish waits for.
//!
//! It speaks small, correct HTTP/1.1 on loopback, bakes ten thousand dishes at
//! once in one thread, and can be told to fail. Kitchens light one of their
//! own; `cargo run -p shared --bin oven` is the same oven for `curl`.

mod event_loop;
mod faults;
mod guest;
mod http;
mod lit;

pub use event_loop::Oven;
pub use faults::{Fault, Faults};
pub(crate) use http::{golden, order};
pub use lit::LitOven;

/// What baking makes of the dough: the proof that a dish was in the oven.
pub fn brown(dough: u64, bake_ms: u32) -> u64 {
    (dough ^ u64::from(bake_ms)).rotate_left(32)
}

/// What a faultless oven answers, without the baking.
#[cfg(test)]
pub(crate) fn answer(order: &[u8]) -> Vec<u8> {
    match http::understand(order) {
        http::Request::Bake(order) => http::done(&order),
        other => panic!("not an order: {other:?}"),
    }
}
