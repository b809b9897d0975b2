//! Two programs side by side, with the lines and words marked that differ.

use super::Page;
use crate::{
    diff::{self, Kind, Line},
    html::escape,
    programs::root,
};

impl Page<'_> {
    /// The sources of two programs, in Rust or in Python, without headers.
    pub(super) fn twins(
        &self,
        left: &str,
        right: &str,
    ) -> Result<String, String> {
        let sides = [self.side(left)?, self.side(right)?];
        let rows = diff::rows(&sides[0].code, &sides[1].code);
        let names = sides.each_ref().map(|side| &*side.file);
        let head = names.map(|file| {
            format!("<th scope=\"col\" colspan=\"2\"><code>{file}</code></th>")
        });
        let mut body = String::new();
        for row in &rows {
            let marks =
                if row.kind == Kind::Same { "" } else { " class=\"differs\"" };
            let left = cells(row.left.as_ref(), &sides[0]);
            let right = cells(row.right.as_ref(), &sides[1]);
            body += &format!("<tr{marks}>{left}{right}</tr>\n");
        }
        let title = names.join(", ");
        Ok(format!(
            "<div class=\"twins scrolls\" tabindex=\"0\" role=\"group\" \
             aria-label=\"{title}\">\n<table>\n\
             {COLUMNS}\n<thead><tr>{}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n\
             </div>\n",
            head.concat()
        ))
    }

    fn side(&self, name: &str) -> Result<Side, String> {
        if name.ends_with(".py") {
            let source = self.facts.python(name)?;
            return Ok(Side::new(
                format!("docs/python/{name}"),
                source,
                lines_of_docstring(source),
            ));
        }
        let program = self.facts.program(name)?;
        let file = program.source_path.strip_prefix(root());
        let file = file.unwrap_or(&program.source_path).display().to_string();
        let header = program.header().count();
        Ok(Side::new(file, &program.source, header))
    }
}

/// The numbers of the lines need little room.
const COLUMNS: &str = "<colgroup><col class=\"number\"><col><col \
    class=\"number\"><col></colgroup>";

/// One of two sources.
struct Side {
    file: String,
    code: String,
    /// The place of each line in the file.
    numbers: Vec<usize>,
}

impl Side {
    /// Without the header and the empty lines below it, and without the marks
    /// around what is there to be copied.
    fn new(file: String, source: &str, header: usize) -> Side {
        let lines = (1..).zip(source.lines()).skip(header);
        let lines = lines.skip_while(|(_, line)| line.trim().is_empty());
        let is_mark = |line: &str| line.trim_start().starts_with("// ANCHOR");
        let (numbers, lines): (Vec<usize>, Vec<&str>) =
            lines.filter(|(_, line)| !is_mark(line)).unzip();
        Side { file, code: lines.join("\n"), numbers }
    }
}

/// How many lines the text at the top of a Python file has, which tells what
/// the header of a Rust program tells.
fn lines_of_docstring(source: &str) -> usize {
    let marks = "\"\"\"";
    let Some(rest) = source.strip_prefix(marks) else { return 0 };
    match rest.split_once(marks) {
        Some((text, _)) => text.matches('\n').count() + 1,
        None => 0,
    }
}

/// The number of a line in its file, and the line; both empty if this side has
/// none. In a line that has a similar one beside it, the words are marked that
/// differ.
fn cells(line: Option<&Line>, side: &Side) -> String {
    let Some(line) = line else {
        return "<td class=\"number\"></td><td class=\"code none\"></td>"
            .into();
    };
    let is_new = line.pieces.iter().all(|piece| piece.differs);
    let pieces = line.pieces.iter().map(|piece| {
        let text = escape(piece.text);
        match piece.differs && !is_new {
            true => format!("<mark>{text}</mark>"),
            false => text,
        }
    });
    let code: String = pieces.collect();
    let number = side.numbers[line.number - 1];
    format!("<td class=\"number\">{number}</td><td class=\"code\">{code}</td>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_above_the_code_is_skipped() {
        let python = "\"\"\"A title.\n\nMore.\n\"\"\"\n\nimport os\n";
        assert_eq!(lines_of_docstring(python), 4);
        let side = Side::new("a.py".into(), python, 4);
        assert_eq!((&side.numbers[..], &*side.code), (&[6][..], "import os"));
        assert_eq!(lines_of_docstring("\"\"\"A title.\"\"\"\nimport os\n"), 1);
        assert_eq!(lines_of_docstring("import os\n"), 0);
    }

    #[test]
    fn a_line_is_escaped_and_marked() {
        let source = "//! A title.\n// ANCHOR: a\nVec<i8>\n// ANCHOR_END: a\n";
        let side = Side::new("a.rs".into(), source, 1);
        let rows = diff::rows("Vec<u8>", &side.code);
        assert_eq!(rows.len(), 1);
        let html = cells(rows[0].right.as_ref(), &side);
        assert!(html.contains("<td class=\"number\">3</td>"), "{html}");
        assert!(html.contains("Vec&lt;<mark>i8</mark>&gt;"), "{html}");
        assert!(cells(None, &side).contains("none"));
        let rows = diff::rows("", &side.code);
        let html = cells(rows[0].right.as_ref(), &side);
        assert!(!html.contains("<mark>"), "{html}");
    }
}
