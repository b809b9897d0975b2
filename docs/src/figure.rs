//! Figures as one reads them: rounded, with a unit, and in groups of three.

use shared::Language;

/// A space at which no line ends: a figure stays with its unit.
const SPACE: char = '\u{a0}';

/// The figure of this key of the results, with its unit, if it has one.
/// Figures are rounded to what a second run may confirm.
///
/// - `..._ms`: milliseconds, or seconds from ten of them on;
/// - `..._kib`: MiB;
/// - `speedup`, `over_bound`: a ratio, without a unit;
/// - all others are counts, without a unit.
pub fn with_unit(key: &str, value: f64, language: Language) -> String {
    let number = |value, digits| grouped(value, digits, language);
    if key.ends_with("_ms") {
        return match value {
            10_000.0.. => match language {
                Language::En => format!("{}{SPACE}s", number(value / 1e3, 0)),
                Language::Ko => format!("{}초", number(value / 1e3, 0)),
            },
            10.0.. => format!("{}{SPACE}ms", number(value, 0)),
            _ => format!("{}{SPACE}ms", number(value, 1)),
        };
    }
    if key.ends_with("_kib") {
        let mib = value / 1024.0;
        let digits = if mib < 10.0 { 1 } else { 0 };
        return format!("{}{SPACE}MiB", number(mib, digits));
    }
    match key {
        "speedup" => number(value, 1),
        "over_bound" => number(value, 2),
        _ => number(value, 0),
    }
}

/// How many times one is the other: `2.1`, and from ten on without a fraction.
pub fn times(value: f64, language: Language) -> String {
    grouped(value, if value < 10.0 { 1 } else { 0 }, language)
}

/// With the sign that the language puts between thousands.
fn grouped(value: f64, digits: usize, language: Language) -> String {
    let sign = match language {
        Language::En => SPACE,
        Language::Ko => ',',
    };
    let text = format!("{value:.digits$}");
    let whole = text.find('.').unwrap_or(text.len());
    let mut out = String::new();
    for (at, digit) in text.char_indices() {
        let rest = whole.saturating_sub(at);
        if at > 0 && rest > 0 && rest.is_multiple_of(3) && value >= 1e3 {
            out.push(sign);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_unit_of_their_key() {
        let en = |key, value| {
            with_unit(key, value, Language::En).replace(SPACE, " ")
        };
        assert_eq!(en("wall_ms", 103.4), "103 ms");
        assert_eq!(en("wall_ms", 1_205.4), "1 205 ms");
        assert_eq!(en("cpu_ms", 7.25), "7.2 ms");
        assert_eq!(en("wall_ms", 72_900.0), "73 s");
        assert_eq!(with_unit("wall_ms", 72_900.0, Language::Ko), "73초");
        assert_eq!(en("peak_rss_kib", 4_096.0), "4.0 MiB");
        assert_eq!(en("peak_rss_kib", 18_000.0), "18 MiB");
        assert_eq!(en("threads", 10.0), "10");
        assert_eq!(en("speedup", 6.94), "6.9");
        assert_eq!(en("over_bound", 1.0549), "1.05");
    }

    #[test]
    fn thousands_stand_apart_as_the_language_does_it() {
        assert_eq!(grouped(12_345_678.0, 0, Language::Ko), "12,345,678");
        assert_eq!(grouped(1_234.5, 1, Language::Ko), "1,234.5");
        assert_eq!(grouped(999.0, 0, Language::Ko), "999");
        assert_eq!(times(2.14, Language::En), "2.1");
        assert_eq!(times(14.9, Language::En), "15");
    }
}
