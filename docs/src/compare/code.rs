//! How the sources of two programs differ, in a terminal: side by side where
//! there is room, and else one below the other.

use std::{env, fs, io::stdout};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use rustix::termios::tcgetwinsize;
use shared::{Result, report, wrong_usage};

use crate::{
    diff::{Kind, Line, Row, in_common},
    programs::{self, Program, root},
    python, source,
};

/// What only the left side has, what only the right side has, and what is
/// there to find one's way.
const LEFT: Style = AnsiColor::Red.on_default();
const RIGHT: Style = AnsiColor::Green.on_default();
const DIM: Style = Style::new().dimmed();

/// Columns of a line's number, and between the two sides.
const NUMBER: usize = 4;
const GAP: usize = 3;

/// Prints how two programs of the workspace differ. Ends the process on a name
/// that no program has (one line, status 2).
///
/// # Errors
///
/// As for [`programs::all`].
pub fn tell_code(names: &[String; 2]) -> Result {
    let all = programs::all()?;
    let [left, right] = names.each_ref().map(|name| find(&all, name));
    let rows = source::twins(&left.source, &right.source);
    let marks = AutoStream::choice(&stdout()) == ColorChoice::Never;
    let titles = [&left, &right].map(title);
    let fits = columns() >= width(&rows).iter().sum::<usize>();
    report::say(&match fits {
        true => side_by_side(&titles, &rows, marks),
        false => unified(&titles, &rows, marks),
    });
    report::say(&in_short([&left, &right]));
    Ok(())
}

/// A program of the workspace, or one in Python from `docs/python`.
fn find(all: &[Program], name: &str) -> Program {
    if let Some(program) = all.iter().find(|program| program.name == name) {
        return program.clone();
    }
    let is_plain = !name.contains(['/', '\\']);
    if name.ends_with(".py") && is_plain {
        let path = python::folder().join(name);
        if let Ok(source) = fs::read_to_string(&path) {
            let source_path = path.clone();
            let program = Program::from_elsewhere(path);
            let model = python::MODEL.into();
            return Program { source, source_path, model, ..program };
        }
    }
    let near = all.iter().map(|program| program.name.as_str());
    let near =
        near.min_by_key(|other| strsim::damerau_levenshtein(name, other));
    let near = near.unwrap_or_default();
    let why = format!("--code {name}: no such program; did you mean {near}?");
    wrong_usage("compare", why)
}

fn title(program: &Program) -> String {
    let path = &program.source_path;
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

/// How many lines of code each has that the other has not.
fn in_short([left, right]: [&Program; 2]) -> String {
    let line = |base: &Program, twin: &Program| {
        let (here, there) = (code_lines(twin), code_lines(base));
        let count = here.len() - in_common(&here, &there);
        let count = report::plural(count, "line", "lines");
        format!("{}: {count} of code that {} has not\n", twin.name, base.name)
    };
    format!("\n{}{}", line(right, left), line(left, right))
}

fn code_lines(program: &Program) -> Vec<&str> {
    match program.is_python() {
        true => python::code_lines(&program.source),
        false => source::code_lines(&program.source),
    }
}

/// How wide the terminal is; 0 if standard output is none, unless `COLUMNS`
/// says how wide its reader is.
fn columns() -> usize {
    let told =
        env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let size = || tcgetwinsize(stdout()).map_or(0, |size| size.ws_col.into());
    told.unwrap_or_else(size)
}

/// What each side needs, so that no line of it is cut.
fn width(rows: &[Row]) -> [usize; 2] {
    let widest = |side: fn(&Row) -> usize| rows.iter().map(side).max();
    [
        NUMBER + 1 + widest(|row| length(&row.left)).unwrap_or(0),
        GAP + NUMBER + 1 + widest(|row| length(&row.right)).unwrap_or(0),
    ]
}

fn length(line: &Option<Line>) -> usize {
    let pieces = line.iter().flat_map(|line| &line.pieces);
    pieces.map(|piece| piece.text.chars().count()).sum()
}

/// Both sources in two columns. Between them stands `|` where lines differ,
/// `<` and `>` where only one side has a line. `marks`: words that differ are
/// marked by a line of `^` below them; else by colour alone.
pub fn side_by_side(titles: &[String; 2], rows: &[Row], marks: bool) -> String {
    let [left, right] = titles;
    let width = width(rows)[0].max(left.chars().count());
    let join = |left: &str, used: usize, sign: &str, right: &str| {
        let space = " ".repeat(width.saturating_sub(used));
        format!("{left}{space}{sign:^GAP$}{right}").trim_end().to_string()
            + "\n"
    };
    let mut out = join(left, left.chars().count(), "", right) + "\n";
    for row in rows {
        let sign = match (row.kind, &row.left, &row.right) {
            (Kind::Same, ..) => "",
            (_, Some(_), None) => "<",
            (_, None, Some(_)) => ">",
            _ => "|",
        };
        let used = row.left.as_ref().map_or(0, |_| NUMBER + 1);
        let [l, r] = [(&row.left, LEFT), (&row.right, RIGHT)]
            .map(|(line, style)| numbered(line, style));
        out += &join(&l, used + length(&row.left), sign, &r);
        if marks && row.kind == Kind::Similar {
            let margin = " ".repeat(NUMBER + 1);
            let [l, r] = [&row.left, &row.right]
                .map(|line| margin.clone() + &carets(line));
            out += &join(&l, l.len(), "", &r);
        }
    }
    out
}

fn numbered(line: &Option<Line>, style: Style) -> String {
    let Some(line) = line else { return String::new() };
    let number = format!("{DIM}{:>NUMBER$}{DIM:#}", line.number);
    format!("{number} {}", painted(line, style))
}

/// One text of both: `-` before a line that only the left side has, `+` before
/// one that only the right side has. `marks`: as for [`side_by_side`].
pub fn unified(titles: &[String; 2], rows: &[Row], marks: bool) -> String {
    let sign = |sign: char, style: Style, text: &str| {
        format!("{style}{sign}{style:#} {text}").trim_end().to_string() + "\n"
    };
    let [left, right] = titles;
    let mut out = sign('-', LEFT, left) + &sign('+', RIGHT, right) + "\n";
    // Lines that have nothing in common stand in blocks.
    let mut block = String::new();
    for row in rows {
        if row.kind != Kind::Different {
            out += &std::mem::take(&mut block);
        }
        if let (Kind::Same, Some(line)) = (row.kind, &row.right) {
            out += &sign(' ', Style::new(), &painted(line, RIGHT));
            continue;
        }
        let show = |c: char, style: Style, line: &Option<Line>| {
            let Some(line) = line else { return String::new() };
            let shown = sign(c, style, &painted(line, style));
            let carets = carets([line]);
            match marks && row.kind == Kind::Similar && !carets.is_empty() {
                true => shown + &sign(' ', Style::new(), &carets),
                false => shown,
            }
        };
        out += &show('-', LEFT, &row.left);
        block += &show('+', RIGHT, &row.right);
    }
    out + &block
}

/// A line with what differs in this colour.
fn painted(line: &Line, style: Style) -> String {
    let pieces = line.pieces.iter().map(|piece| match piece.differs {
        true => format!("{style}{}{style:#}", piece.text),
        false => piece.text.to_string(),
    });
    pieces.collect()
}

/// A `^` below every character that differs.
fn carets<'a>(line: impl IntoIterator<Item = &'a Line<'a>>) -> String {
    let pieces = line.into_iter().flat_map(|line| &line.pieces);
    let marks = pieces.map(|piece| {
        let mark = if piece.differs { "^" } else { " " };
        mark.repeat(piece.text.chars().count())
    });
    marks.collect::<String>().trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT_TEXT: &str = "use a;\nlet b = one(1);\nend\n";
    const RIGHT_TEXT: &str = "use a;\nlet b = two(1);\nc;\nend\n";

    fn titles() -> [String; 2] {
        ["left.rs", "right.rs"].map(String::from)
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn one_below_the_other() {
        let rows = source::twins(LEFT_TEXT, RIGHT_TEXT);
        let expected = "\
- left.rs
+ right.rs

  use a;
- let b = one(1);
          ^^^
+ let b = two(1);
          ^^^
+ c;
  end
";
        assert_eq!(plain(&unified(&titles(), &rows, true)), expected);
    }

    #[test]
    fn side_by_side_in_columns() {
        let rows = source::twins(LEFT_TEXT, RIGHT_TEXT);
        let expected = "\
left.rs                right.rs

   1 use a;               1 use a;
   2 let b = one(1); |    2 let b = two(1);
             ^^^                    ^^^
                     >    3 c;
   3 end                  4 end
";
        assert_eq!(plain(&side_by_side(&titles(), &rows, true)), expected);
        assert_eq!(width(&rows).iter().sum::<usize>(), 20 + 23);
    }

    #[test]
    fn colours_mark_the_words_where_there_are_colours() {
        let rows = source::twins(LEFT_TEXT, RIGHT_TEXT);
        let shown = unified(&titles(), &rows, false);
        assert!(shown.contains("let b = \u{1b}[31mone\u{1b}[0m(1);"));
        assert!(shown.contains("let b = \u{1b}[32mtwo\u{1b}[0m(1);"));
        assert!(!shown.contains('^'));
    }
}
