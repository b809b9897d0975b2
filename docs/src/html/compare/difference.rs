//! How any two sources differ, as data: the script only shows it.

use serde_json::{Map, Value, json};

use crate::{
    diff::{Kind, Line, Row},
    programs::Program,
    source,
};

/// An entry for each two programs, whose key are their places: `0-3`. It is a
/// list: three numbers are a run of lines that are the same, from this line on
/// the left and from that one on the right, and how many; an object is a row
/// whose sides differ.
pub fn pairs(programs: &[Program]) -> Value {
    let mut pairs = Map::new();
    for (left, l) in programs.iter().zip(0..) {
        for (right, r) in programs.iter().zip(0..).skip(l + 1) {
            let rows = source::twins(&left.source, &right.source);
            pairs.insert(format!("{l}-{r}"), entries(&rows));
        }
    }
    Value::Object(pairs)
}

fn entries(rows: &[Row]) -> Value {
    let mut entries: Vec<Value> = Vec::new();
    // Where a run of the same lines has begun, and its length.
    let mut run: Option<[usize; 3]> = None;
    for row in rows {
        let number = |side: &Option<Line>| side.as_ref().map(|l| l.number);
        let (left, right) = (number(&row.left), number(&row.right));
        if let (Kind::Same, Some(left), Some(right)) = (row.kind, left, right) {
            match &mut run {
                Some([l, r, count])
                    if [left, right] == [*l + *count, *r + *count] =>
                {
                    *count += 1;
                }
                _ => entries
                    .extend(run.replace([left, right, 1]).map(|r| json!(r))),
            }
            continue;
        }
        entries.extend(run.take().map(|run| json!(run)));
        let mut entry = Map::new();
        for (key, line) in [("l", &row.left), ("r", &row.right)] {
            let Some(line) = line else { continue };
            entry.insert(key.into(), json!(line.number));
            if row.kind == Kind::Similar {
                entry.insert(format!("{key}w"), json!(words(line)));
            }
        }
        entries.push(Value::Object(entry));
    }
    entries.extend(run.map(|run| json!(run)));
    Value::Array(entries)
}

/// Where words that differ begin and end, as JavaScript counts.
fn words(line: &Line) -> Vec<[usize; 2]> {
    let mut at = 0;
    let mut words = Vec::new();
    for piece in &line.pieces {
        let end = at + piece.text.encode_utf16().count();
        if piece.differs {
            words.push([at, end]);
        }
        at = end;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_and_words_have_their_places() {
        let program = |source: &str| Program {
            source: source.into(),
            ..Program::from_elsewhere("a".into())
        };
        let programs = [
            program("//! A.\n\na\nb\nlet 밥 = one();\nend\n"),
            program("//! A.\n\na\nb\nlet 밥 = two();\nmore\nend\n"),
        ];
        let wanted = json!({ "0-1": [
            [3, 3, 2],
            { "l": 5, "lw": [[8, 11]], "r": 5, "rw": [[8, 11]] },
            { "r": 6 },
            [6, 7, 1],
        ]});
        assert_eq!(pairs(&programs), wanted);
    }
}
