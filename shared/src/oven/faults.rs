//! Failure on demand, and the same failure again from the same seed.

use std::collections::HashMap;

/// What the oven does wrong with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It bakes, then answers `500`.
    Fail,
    /// It takes the order and never answers.
    Stall,
    /// It bakes, sends half of the answer and hangs up.
    Cut,
}

/// How often each fault happens: rates from 0 to 1, of all orders.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Share of the orders that are answered `500`.
    pub fail: f64,
    /// Share that is never answered.
    pub stall: f64,
    /// Share whose answer is cut half-way.
    pub cut: f64,
    /// Another seed, another choice of orders.
    pub seed: u64,
}

impl Faults {
    /// The fault when `dish` is ordered for the `tries`-th time. Nothing else
    /// counts: not who comes first, and not when.
    pub fn draw(&self, dish: u32, tries: u32) -> Option<Fault> {
        let order = (u64::from(dish) << 32) | u64::from(tries);
        let dice = splitmix(splitmix(self.seed) ^ order) as f64;
        match dice / u64::MAX as f64 {
            x if x < self.fail => Some(Fault::Fail),
            x if x < self.fail + self.stall => Some(Fault::Stall),
            x if x < self.fail + self.stall + self.cut => Some(Fault::Cut),
            _ => None,
        }
    }
}

/// Faults, and how often each dish has been ordered.
#[derive(Debug, Default)]
pub(super) struct Dice(pub Faults, pub HashMap<u32, u32>);

impl Dice {
    /// The fault for the next order of `dish`, if any.
    pub(super) fn throw(&mut self, dish: u32) -> Option<Fault> {
        if self.0 == Faults::default() {
            return None; // and remember nothing
        }
        let tries = self.1.entry(dish).or_default();
        *tries += 1;
        self.0.draw(dish, *tries)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): one step, well mixed.
fn splitmix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_kept_and_a_seed_repeats_itself() {
        let faults =
            Faults { fail: 0.3, stall: 0.2, seed: 7, ..Faults::default() };
        let draw = |faults: Faults| -> Vec<_> {
            (0..10_000).map(|dish| faults.draw(dish, 0)).collect()
        };
        let drawn = draw(faults);
        assert_eq!(drawn, draw(faults));
        assert_ne!(drawn, draw(Faults { seed: 8, ..faults }));
        let count = |fault| drawn.iter().filter(|&&f| f == fault).count();
        assert!((2_800..3_200).contains(&count(Some(Fault::Fail))));
        assert!((1_800..2_200).contains(&count(Some(Fault::Stall))));
        assert_eq!(count(Some(Fault::Cut)), 0);
    }

    #[test]
    fn an_order_that_is_tried_again_draws_again() {
        let faults = Faults { fail: 0.5, ..Faults::default() };
        let drawn: Vec<_> =
            (0..100).map(|tries| faults.draw(1, tries)).collect();
        assert!(drawn.contains(&None) && drawn.contains(&Some(Fault::Fail)));
    }
}
