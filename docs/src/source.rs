//! Programs as text: what counts as a line of code, and how many lines one
//! program has that another has not.

use crate::diff::in_common;

/// The lines of code: without blank lines, comments and the header.
pub fn code_lines(source: &str) -> Vec<&str> {
    let lines = source.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect()
}

/// How many lines of code `twin` has that `base` has not, in order: what one
/// has to write to get from one to the other. Lines to delete don't count.
pub fn added_lines(base: &str, twin: &str) -> usize {
    let (base, twin) = (code_lines(base), code_lines(twin));
    twin.len() - in_common(&base, &twin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let source = "//! Header.\n\nuse a;\n  // why\n  b(); // here\n";
        assert_eq!(code_lines(source), ["use a;", "b(); // here"]);
    }

    #[test]
    fn added_lines_count_what_is_new_and_what_moved() {
        assert_eq!(added_lines("a\nb\nc", "a\nb\nc"), 0);
        assert_eq!(added_lines("a\nb\nc", "a\nx\nc"), 1);
        assert_eq!(added_lines("a\nb\nc", "a\nc"), 0);
        assert_eq!(added_lines("a\nb\nc", "c\na\nb"), 1);
        assert_eq!(added_lines("", "a\n// b\nc"), 2);
    }
}
