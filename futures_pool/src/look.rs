//! Looking for what will come soon, before going to sleep for it: to be woken
//! costs more than a short job.

use std::{thread, time::Duration, time::Instant};

/// As long as it takes to be woken on another core, or a little longer.
const MOMENT: Duration = Duration::from_micros(100);

/// Looking in vain is paid for by so many times as long without looking.
const REST: u32 = 20;

/// Somebody who looks, and remembers how that went.
#[derive(Default)]
pub(crate) struct Look {
    rest_until: Option<Instant>,
}

impl Look {
    /// What is there within a moment, and before the deadline. Others may use
    /// the core meanwhile.
    pub(crate) fn out_for<T>(
        &mut self,
        deadline: Option<Instant>,
        mut it: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let mut began = None;
        while self.rest_until.is_none_or(|at| at <= Instant::now())
            && deadline.is_none_or(|at| at > Instant::now())
        {
            if let Some(found) = it() {
                return Some(found);
            }
            thread::yield_now();
            let lost = began.get_or_insert_with(Instant::now).elapsed();
            self.rest_until =
                (lost >= MOMENT).then(|| Instant::now() + REST * lost);
        }
        None
    }
}
