//! Tables of text, as wide as what stands in them.

use std::fmt::{self, Display};

use crate::report::width;

/// A table with `N` columns, printed when all its rows are there. A column is
/// as wide as its widest cell; one of numbers, with a unit or without, stands
/// at the right.
///
/// ```
/// let mut table = shared::Table::new(["way", "us", "ratio"]);
/// for (way, us) in [("a bare thread", 58.24), ("rayon", 5.8)] {
///     table.row([
///         &way,
///         &format_args!("{us:.1}"),
///         &format_args!("{:.2}", us / 58.24),
///     ]);
/// }
/// table.print();
/// assert_eq!(
///     table.to_string(),
///     "way              us  ratio\n\
///      a bare thread  58.2   1.00\n\
///      rayon           5.8   0.10\n"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Table<const N: usize> {
    heading: [String; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// A table with this heading, and no rows yet.
    pub fn new(heading: [&str; N]) -> Table<N> {
        Table { heading: heading.map(str::to_string), rows: Vec::new() }
    }

    /// Adds a row below the others.
    pub fn row(&mut self, cells: [&dyn Display; N]) {
        self.rows.push(cells.map(|cell| cell.to_string()));
    }

    /// Prints the table; see [`say!`](crate::say).
    pub fn print(&self) {
        crate::report::say(&self.to_string());
    }
}

impl<const N: usize> Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = || std::iter::once(&self.heading).chain(&self.rows);
        let columns: [Column; N] = std::array::from_fn(|n| Column {
            width: lines().map(|line| width(&line[n])).max().unwrap_or(0),
            numbers: are_numbers(self.rows.iter().map(|row| row[n].as_str())),
        });
        for line in lines() {
            let cells = columns.iter().zip(line);
            let cells: Vec<_> = cells.map(|(c, cell)| c.padded(cell)).collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

struct Column {
    width: usize,
    numbers: bool,
}

impl Column {
    fn padded(&self, cell: &str) -> String {
        let space = " ".repeat(self.width - width(cell));
        if self.numbers { space + cell } else { cell.to_string() + &space }
    }
}

/// Whether at least half of these cells begin with a number: `7`, `1.5 ms`,
/// `39%`. The others may be `none` or `-`.
fn are_numbers<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let (mut numbers, mut others) = (0, 0);
    for cell in cells {
        let first = cell.split_whitespace().next().unwrap_or_default();
        match first.trim_end_matches('%').parse::<f64>() {
            Ok(_) if first.ends_with(|c| c == '%' || char::is_numeric(c)) => {
                numbers += 1;
            }
            _ => others += 1, // also `inf` and `nan`, which are words here
        }
    }
    numbers > 0 && numbers >= others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells_and_numbers_stand_right() {
        let mut table = Table::new(["runtime", "ms", "ends by"]);
        table.row([&"tokio", &100.25, &"exit status: 0"]);
        table.row([&"async-std, 비빔밥", &"none", &"-"]);
        table.row([&"smol", &7, &"signal: 9"]);
        let expected = "\
runtime                ms  ends by
tokio              100.25  exit status: 0
async-std, 비빔밥    none  -
smol                    7  signal: 9
";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn what_a_number_is() {
        let numbers = |cells: &[&str]| are_numbers(cells.iter().copied());
        for yes in [&["1", "2.5 ms", "-3", "39%"][..], &["-", "7", "none", "8"]]
        {
            assert!(numbers(yes), "{yes:?}");
        }
        for no in [&["exit 1"][..], &[], &["inf"], &["-", "nan"], &["2nd"]] {
            assert!(!numbers(no), "{no:?}");
        }
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        assert_eq!(Table::new(["a", "bc"]).to_string(), "a  bc\n");
    }
}
