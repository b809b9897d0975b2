//! One figure out of several tries.

/// The smallest outcome of `tries` calls. What disturbs a measurement on a busy
/// machine only makes it longer, so the shortest is the least disturbed one.
///
/// ```
/// # use std::{thread, time::Duration, time::Instant};
/// let took = shared::measure::best_of(3, || {
///     let started = Instant::now();
///     thread::sleep(Duration::from_millis(1));
///     started.elapsed()
/// });
/// assert!(took >= Duration::from_millis(1));
/// ```
///
/// # Panics
///
/// Without a try there is no best one.
pub fn best_of<T: PartialOrd>(tries: usize, mut once: impl FnMut() -> T) -> T {
    smallest((0..tries).map(|_| once()))
}

/// As [`best_of`], for what can fail.
///
/// ```
/// let mut figures = ["9", "7", "8"].into_iter();
/// let once = || figures.next().unwrap_or_default().parse::<u32>();
/// assert_eq!(shared::measure::try_best_of(3, once), Ok(7));
/// ```
///
/// # Errors
///
/// That of the first try that fails; there is none after it.
///
/// # Panics
///
/// Without a try there is no best one.
pub fn try_best_of<T: PartialOrd, E>(
    tries: usize,
    once: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    Ok(smallest(all_of(tries, once)?.into_iter()))
}

/// The median outcome of `tries` calls; of an even number the lower of the two
/// in the middle.
///
/// ```
/// let mut figures = [9, 7, 30, 8, 1].into_iter();
/// let once = || figures.next().unwrap();
/// assert_eq!(shared::measure::median_of(5, once), 8);
/// ```
///
/// # Panics
///
/// Without a try there is no median; nor with one that compares with none, as
/// NaN.
pub fn median_of<T: PartialOrd>(
    tries: usize,
    mut once: impl FnMut() -> T,
) -> T {
    middle((0..tries).map(|_| once()).collect())
}

/// As [`median_of`], for what can fail.
///
/// ```
/// let mut figures = ["9", "7", "?"].into_iter();
/// let once = || figures.next().unwrap_or_default().parse::<u32>();
/// assert!(shared::measure::try_median_of(3, once).is_err());
/// ```
///
/// # Errors
///
/// That of the first try that fails; there is none after it.
///
/// # Panics
///
/// As [`median_of`].
pub fn try_median_of<T: PartialOrd, E>(
    tries: usize,
    once: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    Ok(middle(all_of(tries, once)?))
}

fn all_of<T, E>(
    tries: usize,
    mut once: impl FnMut() -> Result<T, E>,
) -> Result<Vec<T>, E> {
    (0..tries).map(|_| once()).collect()
}

fn smallest<T: PartialOrd>(outcomes: impl Iterator<Item = T>) -> T {
    let better = |best, next| if next < best { next } else { best };
    outcomes.reduce(better).expect("there is at least one try")
}

fn middle<T: PartialOrd>(mut outcomes: Vec<T>) -> T {
    assert!(!outcomes.is_empty(), "there is at least one try");
    outcomes.sort_by(|a, b| a.partial_cmp(b).expect("outcomes compare"));
    outcomes.swap_remove((outcomes.len() - 1) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_is_made_and_none_after_a_failure() {
        let mut calls = 0;
        let best = best_of(4, || {
            calls += 1;
            [3.0, 2.5, 2.75, 9.0][calls - 1]
        });
        assert_eq!((best, calls), (2.5, 4));
        assert_eq!(median_of(4, || 7), 7);

        let mut calls = 0;
        let failed: Result<u8, &str> = try_best_of(3, || {
            calls += 1;
            Err("burnt")
        });
        assert_eq!((failed, calls), (Err("burnt"), 1));
    }

    #[test]
    #[should_panic(expected = "at least one try")]
    fn no_tries_have_no_median() {
        median_of(0, || 1);
    }
}
