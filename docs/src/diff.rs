//! Two texts side by side: which lines differ, and which words in them.

use similar::{Algorithm, ChangeTag, DiffOp, DiffTag, capture_diff_slices};

/// What stands at the same height on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// How much the two sides have in common.
    pub kind: Kind,
    /// The line of the left side, if there is one.
    pub left: Option<Line<'a>>,
    /// The line of the right side, if there is one.
    pub right: Option<Line<'a>>,
}

/// How much the two sides of a row have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They are the same, except for the indentation.
    Same,
    /// Only some words differ.
    Similar,
    /// They have nothing to do with each other, or one of them is not there.
    Different,
}

/// A line of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    /// The whole line, cut where it begins or ceases to differ.
    pub pieces: Vec<Piece<'a>>,
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What stands there; never empty.
    pub text: &'a str,
    /// Whether the other side has not got it.
    pub differs: bool,
}

/// Two texts side by side. Indentation does not count: a line that only moved
/// to the right is the same line. In a line that has a similar one on the other
/// side, only the words that differ are marked.
///
/// ```
/// use docs::diff::Kind;
///
/// let rows = docs::diff::rows("a\nlet b = 1;", "a\nlet b = 2;");
/// let kinds: Vec<Kind> = rows.iter().map(|row| row.kind).collect();
/// assert_eq!(kinds, [Kind::Same, Kind::Similar]);
/// let line = rows[1].right.as_ref().unwrap();
/// let marked = line.pieces.iter().filter(|piece| piece.differs);
/// assert_eq!(marked.map(|piece| piece.text).collect::<Vec<_>>(), ["2"]);
/// ```
pub fn rows<'a>(left: &'a str, right: &'a str) -> Vec<Row<'a>> {
    let (left, right) = (numbered(left), numbered(right));
    let trimmed =
        |lines: &[(usize, &'a str)]| lines.iter().map(|l| l.1.trim()).collect();
    let keys: [Vec<&str>; 2] = [trimmed(&left), trimmed(&right)];
    let ops = capture_diff_slices(Algorithm::Lcs, &keys[0], &keys[1]);
    // Between two changes, blank lines that are the same tell nothing: the
    // changes are one.
    let tells = |op: &&DiffOp| {
        let mut lines = keys[0][op.old_range()].iter();
        op.tag() == DiffTag::Equal && lines.any(|line| !line.is_empty())
    };
    let (mut rows, mut done) = (Vec::new(), (0, 0));
    for op in ops.iter().filter(tells) {
        let (here, there) = (op.old_range(), op.new_range());
        rows.extend(changed(
            &left[done.0..here.start],
            &right[done.1..there.start],
        ));
        done = (here.end, there.end);
        let pairs = left[here].iter().zip(&right[there]);
        rows.extend(pairs.map(|(&l, &r)| Row {
            kind: Kind::Same,
            left: Some(whole(l, false)),
            right: Some(whole(r, false)),
        }));
    }
    rows.extend(changed(&left[done.0..], &right[done.1..]));
    rows
}

/// How many items both have, in the same order, at most: the length of their
/// longest common subsequence.
pub fn in_common(left: &[&str], right: &[&str]) -> usize {
    let ops = capture_diff_slices(Algorithm::Lcs, left, right);
    let same = ops.iter().filter(|op| op.tag() == DiffTag::Equal);
    same.map(|op| op.old_range().len()).sum()
}

fn numbered(text: &str) -> Vec<(usize, &str)> {
    (1..).zip(text.lines()).collect()
}

/// A line in one piece.
fn whole((number, text): (usize, &str), differs: bool) -> Line<'_> {
    let piece = Some(Piece { text, differs }).filter(|p| !p.text.is_empty());
    Line { number, pieces: piece.into_iter().collect() }
}

/// Lines in the place of others. Similar ones stand side by side; between them
/// the rest of both sides, as it comes.
fn changed<'a>(
    left: &[(usize, &'a str)],
    right: &[(usize, &'a str)],
) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let mut done = (0, 0);
    let rest = |rows: &mut Vec<_>, l: &[(usize, &'a str)], r: &[_]| {
        rows.extend((0..l.len().max(r.len())).map(|n| Row {
            kind: Kind::Different,
            left: l.get(n).map(|&line| whole(line, true)),
            right: r.get(n).map(|&line| whole(line, true)),
        }));
    };
    for (l, r) in similar_pairs(left, right) {
        rest(&mut rows, &left[done.0..l], &right[done.1..r]);
        rows.push(words_of(left[l], right[r]));
        done = (l + 1, r + 1);
    }
    rest(&mut rows, &left[done.0..], &right[done.1..]);
    rows
}

/// Of 100: lines that have less in common do not stand side by side.
const SIMILAR: usize = 50;

/// Which lines of the left side have a similar one on the right: the choice
/// whose similarities have the greatest sum, both sides in their order.
fn similar_pairs(
    left: &[(usize, &str)],
    right: &[(usize, &str)],
) -> Vec<(usize, usize)> {
    let (height, width) = (left.len(), right.len());
    let mut alike = vec![vec![0; width]; height];
    let mut best = vec![vec![0; width + 1]; height + 1];
    for l in (0..height).rev() {
        for r in (0..width).rev() {
            let similar = similarity(left[l].1, right[r].1);
            alike[l][r] = if similar < SIMILAR { 0 } else { similar };
            best[l][r] = (alike[l][r] + best[l + 1][r + 1])
                .max(best[l + 1][r])
                .max(best[l][r + 1]);
        }
    }
    let (mut l, mut r, mut pairs) = (0, 0, Vec::new());
    while l < height && r < width {
        let paired = alike[l][r] + best[l + 1][r + 1];
        if alike[l][r] > 0 && best[l][r] == paired {
            pairs.push((l, r));
            (l, r) = (l + 1, r + 1);
        } else if best[l][r] == best[l + 1][r] {
            l += 1;
        } else {
            r += 1;
        }
    }
    pairs
}

/// How much of two lines is common, of 100: letters of words, and signs.
fn similarity(left: &str, right: &str) -> usize {
    let words = |line| -> Vec<&str> {
        words(line).into_iter().filter(|w| !w.trim().is_empty()).collect()
    };
    let length = |words: &[&str]| words.iter().map(|w| w.len()).sum::<usize>();
    let (left, right) = (words(left), words(right));
    let ops = capture_diff_slices(Algorithm::Lcs, &left, &right);
    let same = ops.iter().filter(|op| op.tag() == DiffTag::Equal);
    let same: usize = same.map(|op| length(&left[op.old_range()])).sum();
    let both = length(&left) + length(&right);
    (200 * same).checked_div(both).unwrap_or(0)
}

/// Two similar lines, cut where they differ.
fn words_of<'a>(left: (usize, &'a str), right: (usize, &'a str)) -> Row<'a> {
    let (here, there) = (words(left.1), words(right.1));
    let ops = capture_diff_slices(Algorithm::Lcs, &here, &there);
    let side = |(number, text): (usize, &'a str), other: ChangeTag| {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut at = 0;
        let changes = ops.iter().flat_map(|op| op.iter_changes(&here, &there));
        for change in changes.filter(|change| change.tag() != other) {
            let indents = at == 0 && change.value().trim().is_empty();
            let differs = change.tag() != ChangeTag::Equal && !indents;
            push(&mut pieces, text, at, change.value().len(), differs);
            at += change.value().len();
        }
        Some(Line { number, pieces })
    };
    Row {
        kind: Kind::Similar,
        left: side(left, ChangeTag::Insert),
        right: side(right, ChangeTag::Delete),
    }
}

/// Adds `length` bytes of `text` from `at`, to the last piece where both are of
/// one kind.
fn push<'a>(
    pieces: &mut Vec<Piece<'a>>,
    text: &'a str,
    at: usize,
    length: usize,
    differs: bool,
) {
    // Words that differ, and the space between them, are one piece.
    if differs
        && let [.., before, space] = pieces.as_slice()
        && before.differs
        && space.text == " "
    {
        let from = at - 1 - before.text.len();
        pieces.pop();
        pieces.pop();
        pieces.push(Piece { text: &text[from..at], differs });
    }
    match pieces.last_mut() {
        Some(last) if last.differs == differs => {
            last.text = &text[at - last.text.len()..at + length];
        }
        _ => pieces.push(Piece { text: &text[at..at + length], differs }),
    }
}

/// A line cut into words, runs of spaces, and single signs.
fn words(line: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        '_' => Some(true),
        c if c.is_alphanumeric() => Some(true),
        c if c.is_whitespace() => Some(false),
        _ => None, // a sign, which stands alone
    };
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = match kind(first) {
            Some(same) => rest.find(|c| kind(c) != Some(same)),
            None => Some(first.len_utf8()),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word);
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row as text: `[...]` is what differs, `~` that nothing is there.
    fn shown(left: &str, right: &str) -> Vec<String> {
        let side = |line: &Option<Line>| match line {
            None => "~".to_string(),
            Some(line) => line
                .pieces
                .iter()
                .map(|Piece { text, differs }| match differs {
                    true => format!("[{text}]"),
                    false => text.to_string(),
                })
                .collect(),
        };
        let rows = rows(left, right);
        let shown = rows
            .iter()
            .map(|row| format!("{} | {}", side(&row.left), side(&row.right)));
        shown.collect()
    }

    #[test]
    fn words_that_differ_are_marked_in_similar_lines() {
        let left = "use a;\n\nlet pool = ThreadPool::new(4);\n";
        let right = "use a;\n\nlet pool = ProcessPool::new(4);\n";
        let pool = "let pool = [ThreadPool]::new(4); | \
                    let pool = [ProcessPool]::new(4);";
        assert_eq!(shown(left, right), ["use a; | use a;", " | ", pool]);
    }

    #[test]
    fn lines_that_are_not_similar_are_marked_as_a_whole() {
        assert_eq!(
            shown("a b c d\nend", "x\ny z\nend"),
            ["[a b c d] | [x]", "~ | [y z]", "end | end"]
        );
        assert_eq!(shown("", "x"), ["~ | [x]"]);
        assert_eq!(shown("x", ""), ["[x] | ~"]);
        assert_eq!(shown("", ""), [""; 0]);
    }

    #[test]
    fn a_blank_line_between_changes_belongs_to_them() {
        assert_eq!(
            shown("a\n\nb\n\nc", "x\n\ny\n\nc"),
            ["[a] | [x]", " | ", "[b] | [y]", " | ", "c | c"]
        );
    }

    #[test]
    fn indentation_does_not_count() {
        assert_eq!(shown("  a();", "a();"), ["  a(); | a();"]);
        assert_eq!(shown("  a(b);", "a(c);"), ["  a([b]); | a([c]);"]);
    }

    #[test]
    fn words_that_differ_are_one_piece_with_the_space_between_them() {
        assert_eq!(
            shown("wait for all threads here", "wait for no task here"),
            ["wait for [all threads] here | wait for [no task] here"]
        );
    }

    #[test]
    fn a_similar_line_is_found_among_others() {
        assert_eq!(
            shown("spawn(cook, dish, 1)", "open(a)\nspawn(cook, dish, 2)\nb"),
            [
                "~ | [open(a)]",
                "spawn(cook, dish, [1]) | spawn(cook, dish, [2])",
                "~ | [b]"
            ]
        );
    }

    #[test]
    fn nothing_is_lost_and_lines_keep_their_numbers() {
        let left = "fn main() {\n    비빔밥(1);\n\n    b;\n}\n";
        let right = "fn main() {\n    국수(1, 2);\n    c;\n    d;\n}\n";
        let rows = rows(left, right);
        for (number, text) in numbered(left) {
            let is_it = |line: &&Line| line.number == number;
            let lines = rows.iter().filter_map(|row| row.left.as_ref());
            let line = lines.clone().find(is_it).unwrap();
            let again: String = line.pieces.iter().map(|p| p.text).collect();
            assert_eq!(again, text);
            assert_eq!(lines.filter(is_it).count(), 1);
        }
        let numbers: Vec<usize> = rows
            .iter()
            .filter_map(|row| Some(row.right.as_ref()?.number))
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn words_are_letters_spaces_or_single_signs() {
        assert_eq!(words("a_1  ->b"), ["a_1", "  ", "-", ">", "b"]);
        assert_eq!(words(""), [""; 0]);
    }
}
