//! The work: preparing a dish keeps one core busy and leaves a number that
//! anybody can check.
//!
//! A crate of its own, because it is the one place that must be as fast in a
//! debug build as in a release build.

use std::hint::black_box;

/// Knuth's MMIX generator: `x -> A * x + C`, modulo 2^64.
const A: u64 = 6_364_136_223_846_793_005;
const C: u64 = 1_442_695_040_888_963_407;

/// Chops: every stroke turns the number into the next one, so that no stroke
/// can start before the last one has ended, on any core, by any compiler.
pub fn chop(seed: u64, strokes: u64) -> u64 {
    let mut dough = black_box(seed);
    for _ in 0..strokes {
        dough = black_box(dough.wrapping_mul(A).wrapping_add(C));
    }
    dough
}

/// What [`chop`] must come to, without the work: two strokes are again of the
/// form `A * x + C`, so `strokes` are reached in about 2 log2 of them.
pub fn chopped(seed: u64, strokes: u64) -> u64 {
    let (mut scale, mut shift) = (1_u64, 0_u64);
    let (mut a, mut c) = (A, C);
    let mut left = strokes;
    while left > 0 {
        if left % 2 == 1 {
            scale = scale.wrapping_mul(a);
            shift = shift.wrapping_mul(a).wrapping_add(c);
        }
        c = c.wrapping_mul(a.wrapping_add(1));
        a = a.wrapping_mul(a);
        left /= 2;
    }
    seed.wrapping_mul(scale).wrapping_add(shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chopping_comes_to_what_the_formula_says() {
        for strokes in (0..200).chain([1_000_003]) {
            assert_eq!(chop(7, strokes), chopped(7, strokes), "{strokes}");
        }
    }

    #[test]
    fn the_numbers_are_the_same_in_every_build() {
        assert_eq!(chop(1, 1), 7_806_831_264_735_756_412);
        assert_eq!(chop(1, 1_000_000), chopped(1, 1_000_000));
    }
}
