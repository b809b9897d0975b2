//! Programs as text: what counts as a line of code, how many lines one program
//! has that another has not, and two programs side by side.

use crate::diff::{self, Line, Row, in_common};

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

/// Two programs side by side, without what is not of interest here: their
/// headers, and the comments that mark a part to copy. Lines have the numbers
/// that they have in their files.
pub fn twins<'a>(left: &'a str, right: &'a str) -> Vec<Row<'a>> {
    let (above_left, left) = without_header(left);
    let (above_right, right) = without_header(right);
    let mut rows = diff::rows(left, right);
    for Row { left, right, .. } in &mut rows {
        for (side, above) in [(left, above_left), (right, above_right)] {
            *side = side.take().filter(|line| !is_mark(line));
            if let Some(line) = side {
                line.number += above;
            }
        }
    }
    rows.retain(|row| row.left.is_some() || row.right.is_some());
    rows
}

fn is_mark(line: &Line) -> bool {
    let text: String = line.pieces.iter().map(|piece| piece.text).collect();
    let text = text.trim_start();
    ["// ANCHOR", "# ANCHOR"].iter().any(|mark| text.starts_with(mark))
}

/// How many lines the header of a program has with the blank lines below it,
/// and the rest. In Python, the header is what stands in three quotes.
pub fn without_header(source: &str) -> (usize, &str) {
    const QUOTES: &str = "\"\"\"";
    let mut quoted = false;
    let is_header = |line: &&str| {
        let was_quoted = quoted;
        if quoted || line.starts_with(QUOTES) {
            quoted ^= line.matches(QUOTES).count() % 2 == 1;
        }
        let begins = |sign: &&str| line.starts_with(*sign);
        was_quoted
            || line.trim().is_empty()
            || ["//!", "#!/", QUOTES].iter().any(begins)
    };
    let header = source.split_inclusive('\n').take_while(is_header);
    let (count, length) =
        header.fold((0, 0), |(count, at), line| (count + 1, at + line.len()));
    (count, &source[length..])
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

    #[test]
    fn a_header_is_what_stands_above_the_code() {
        assert_eq!(
            without_header("//! A.\n//! B\n\nuse a;\n"),
            (3, "use a;\n")
        );
        assert_eq!(without_header("use a;\n//! B\n").0, 0);
        let python =
            "#!/usr/bin/env python3\n\"\"\"A.\n\nB\n\"\"\"\nimport a\n";
        assert_eq!(without_header(python), (5, "import a\n"));
        assert_eq!(without_header("\"\"\"A.\"\"\"\n\nx").1, "x");
        assert_eq!(without_header("//! A.").1, "");
    }

    #[test]
    fn twins_keep_the_numbers_of_their_lines() {
        let rows = twins(
            "//! A.\n\na\n// ANCHOR: a\nb\n",
            "//! B.\n//!\n\na\nb\n// ANCHOR: b\n",
        );
        let number = |side: &Option<Line>| side.as_ref().unwrap().number;
        let numbers: Vec<_> =
            rows.iter().map(|r| [number(&r.left), number(&r.right)]).collect();
        assert_eq!(numbers, [[3, 4], [5, 5]]);
    }
}
