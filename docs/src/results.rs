//! What the programs measured: `docs/results.json`, which `cargo book measure`
//! writes, and from which come all figures of the book and of the READMEs.

use std::{fs, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::{Failure, Language, Menu, Result};

use crate::{compare::BASELINE, figure, programs::root};

/// The object of a program, as it says with `--json`.
pub type Row = Map<String, Value>;

/// All that was measured, and on what.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Results {
    /// The computer.
    pub machine: Machine,
    /// The compiler: `1.95.0`.
    pub rustc: String,
    /// The profile in which the kitchens were built.
    pub profile: String,
    /// The version of the Python interpreter, if there was one.
    pub python: Option<String>,
    /// When it was measured: `2026-01-31`.
    pub date: String,
    /// Every kitchen on every menu.
    pub compare: Compare,
    /// The kitchens with 1 000 dishes on the waiting menu, without their plates.
    pub thousand: Vec<Row>,
    /// The ledger and what was reported, as `claims --json` prints it.
    pub claims: Vec<Value>,
    /// What Python says of the statements that can be run there.
    pub python_claims: Vec<Value>,
}

/// The computer on which something was measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Machine {
    /// The name of its processor.
    pub cpu: String,
    /// How many cores the programs might use.
    pub cores: usize,
    /// Its memory.
    pub memory_mib: u64,
    /// The version of its kernel.
    pub kernel: String,
}

/// The rows of `compare`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Compare {
    /// Of how many runs a row is the median one.
    pub repeat: usize,
    /// A row for each program and menu.
    pub rows: Vec<Row>,
}

/// Where the results are kept.
pub fn path() -> PathBuf {
    root().join("docs/results.json")
}

impl Results {
    /// Reads the results.
    ///
    /// # Errors
    ///
    /// There are none, or the file is not as `cargo book measure` writes it.
    pub fn read() -> Result<Results> {
        let wrong = |why: &dyn std::fmt::Display| {
            let help = "run `cargo book measure`";
            Failure::new(format!("docs/results.json: {why}; {help}"))
        };
        let text = fs::read_to_string(path()).map_err(|why| wrong(&why))?;
        serde_json::from_str(&text).map_err(|why| wrong(&why))
    }

    /// The row of a program on a menu.
    ///
    /// # Errors
    ///
    /// There is none, or the program failed: a sentence that says so.
    pub fn row(&self, program: &str, menu: Menu) -> Result<&Row, String> {
        let menu = menu.to_string();
        let rows = self.compare.rows.iter();
        let own = rows.filter(|row| row["menu"] == menu.as_str());
        one_of(own, program).map_err(|why| format!("{why} on the {menu} menu"))
    }

    /// The row of a program with 1 000 dishes.
    ///
    /// # Errors
    ///
    /// As for [`Results::row`].
    pub fn thousand(&self, program: &str) -> Result<&Row, String> {
        let rows = self.thousand.iter();
        one_of(rows, program).map_err(|why| format!("{why} with 1000 dishes"))
    }

    /// The object of a claim, as `claims --json` prints it.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn claim(&self, id: &str) -> Result<&Value, String> {
        let mut claims = self.claims.iter();
        let found = claims.find(|claim| claim["id"] == id);
        found.ok_or_else(|| format!("the results have no claim {id}"))
    }

    /// A figure of a program on a menu, with its unit.
    ///
    /// # Errors
    ///
    /// There is no such row, or no such figure in it.
    pub fn figure(
        &self,
        program: &str,
        menu: Menu,
        key: &str,
        language: Language,
    ) -> Result<String, String> {
        let value = self.value(program, menu, key)?;
        Ok(figure::with_unit(key, value, language))
    }

    /// A figure of a program with 1 000 dishes, with its unit.
    ///
    /// # Errors
    ///
    /// As for [`Results::figure`].
    pub fn figure_of_thousand(
        &self,
        program: &str,
        key: &str,
        language: Language,
    ) -> Result<String, String> {
        let row = self.thousand(program)?;
        let base = self.thousand(BASELINE);
        let value = number(row, base.ok(), key)?;
        Ok(figure::with_unit(key, value, language))
    }

    /// A number of the row of a program on a menu, or one that follows from it:
    /// `speedup` (over `one_cook`), `over_bound`.
    ///
    /// # Errors
    ///
    /// As for [`Results::figure`].
    pub fn value(
        &self,
        program: &str,
        menu: Menu,
        key: &str,
    ) -> Result<f64, String> {
        let row = self.row(program, menu)?;
        number(row, self.row(BASELINE, menu).ok(), key)
    }
}

fn one_of<'a>(
    mut rows: impl Iterator<Item = &'a Row>,
    program: &str,
) -> Result<&'a Row, String> {
    match rows.find(|row| row["program"] == program) {
        Some(row) if row["status"] == "ok" => Ok(row),
        Some(row) => Err(format!("{program} failed ({})", row["status"])),
        None => Err(format!("the results have no {program}")),
    }
}

/// A number of a row, or one that follows from it.
///
/// # Errors
///
/// The row has no such number.
pub fn number(row: &Row, base: Option<&Row>, key: &str) -> Result<f64, String> {
    let get = |row: &Row, key: &str| {
        let value = row.get(key).and_then(Value::as_f64);
        value.ok_or_else(|| format!("there is no figure {key}"))
    };
    match key {
        "speedup" => {
            let alone = match base {
                Some(base) => get(base, "wall_ms")?,
                None => get(row, "serial_ms")?,
            };
            Ok(alone / get(row, "wall_ms")?)
        }
        "over_bound" => Ok(get(row, "wall_ms")? / get(row, "bound_ms")?),
        key => get(row, key),
    }
}
