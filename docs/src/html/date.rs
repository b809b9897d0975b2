//! The date, as it stands below what was measured.

use std::time::{SystemTime, UNIX_EPOCH};

/// Today in Greenwich: `2026-11-28`.
pub fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.unwrap_or_default().as_secs();
    let [year, month, day] = date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The date of a day, counted from 1970-01-01: year, month, day.
fn date(mut days: u64) -> [u64; 3] {
    let is_leap = |year: u64| {
        year.is_multiple_of(4)
            && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    [year, month as u64 + 1, days + 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These numbers are what `date -d @$((86400 * N)) -u` says.
    #[test]
    fn days_become_dates() {
        assert_eq!(date(0), [1970, 1, 1]);
        assert_eq!(date(11_016), [2000, 2, 29]);
        assert_eq!(date(11_017), [2000, 3, 1]);
        assert_eq!(date(20_453), [2025, 12, 31]);
        assert_eq!(date(20_454), [2026, 1, 1]);
        assert_eq!(today().len(), 10);
    }
}
