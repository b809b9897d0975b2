//! Figures, tables and machine: all of them from the results.

use shared::Menu;

use super::{Page, table};
use crate::{
    figure::{self, with_unit},
    results::{self, Row},
};

impl Page<'_> {
    /// A figure with its unit.
    pub(super) fn figure(
        &self,
        program: &str,
        menu: Menu,
        key: &str,
    ) -> Result<String, String> {
        self.facts.results.figure(program, menu, key, self.language)
    }

    /// The same of the run with 1 000 dishes.
    pub(super) fn figure_of_thousand(
        &self,
        program: &str,
        key: &str,
    ) -> Result<String, String> {
        self.facts.results.figure_of_thousand(program, key, self.language)
    }

    /// How many times the figure of the second program that of the first is.
    pub(super) fn times(
        &self,
        key: &str,
        [above, below]: &[String; 2],
        menu: Menu,
    ) -> Result<String, String> {
        let value = |program| self.facts.results.value(program, menu, key);
        let (above, below) = (value(above)?, value(below)?);
        if below == 0.0 {
            return Err(format!("{key} is 0"));
        }
        Ok(figure::times(above / below, self.language))
    }

    /// A table of these kitchens, or of all; a failed run is a row that says so.
    pub(super) fn compare(
        &self,
        menu: Menu,
        names: &[String],
    ) -> Result<String, String> {
        let results = &self.facts.results;
        let menu_name = menu.to_string();
        let mut rows = Vec::new();
        for name in names {
            rows.push(results.row(name, menu)?);
        }
        if names.is_empty() {
            let all = results.compare.rows.iter();
            rows.extend(all.filter(|row| row["menu"] == menu_name.as_str()));
        }
        if rows.is_empty() {
            return Err(format!("the results have no {menu} menu"));
        }
        let base = results.row(crate::compare::BASELINE, menu).ok();
        let cells = rows.into_iter().map(|row| self.cells(row, base));
        let cells: Vec<_> = cells.collect::<Result<_, _>>()?;
        let runs = (self.texts.runs)(menu, results.compare.repeat);
        let table = table(&self.texts.compare, true, &cells);
        Ok(format!("{table}\n<p class=\"caption\">{runs}</p>\n"))
    }

    fn cells(
        &self,
        row: &Row,
        base: Option<&Row>,
    ) -> Result<Vec<String>, String> {
        let name = row["program"].as_str().unwrap_or_default();
        let mut cells = vec![self.source(name)?];
        if row["status"] != "ok" {
            cells.push(self.texts.failed.into());
            cells.resize(self.texts.compare.len(), String::new());
            return Ok(cells);
        }
        for key in [
            "wall_ms",
            "speedup",
            "over_bound",
            "threads",
            "processes",
            "peak_rss_kib",
            "cpu_ms",
            "lines_changed",
        ] {
            // A program in Python has no lines to compare.
            let value = results::number(row, base, key).ok();
            let text = value.map(|value| with_unit(key, value, self.language));
            cells.push(text.unwrap_or_default());
        }
        Ok(cells)
    }

    /// On what all this was measured, as a table.
    pub(super) fn machine(&self) -> String {
        let results = &self.facts.results;
        let machine = &results.machine;
        let kib = machine.memory_mib as f64 * 1024.0;
        let python = results.python.as_deref();
        let values = [
            machine.cpu.clone(),
            machine.cores.to_string(),
            with_unit("memory_kib", kib, self.language),
            machine.kernel.clone(),
            (self.texts.build)(&results.rustc, &results.profile),
            python.unwrap_or(self.texts.python_none).into(),
            results.date.clone(),
        ];
        let rows = self.texts.machine.iter().zip(values);
        let rows: Vec<_> =
            rows.map(|(name, value)| vec![name.to_string(), value]).collect();
        table(&["", ""], false, &rows)
    }

    /// One word of it.
    pub(super) fn measured(&self, key: &str) -> Result<String, String> {
        let results = &self.facts.results;
        Ok(match key {
            "cores" => results.machine.cores.to_string(),
            "cpu" => results.machine.cpu.clone(),
            "kernel" => results.machine.kernel.clone(),
            "repeat" => results.compare.repeat.to_string(),
            "date" => results.date.clone(),
            "rustc" => results.rustc.clone(),
            "profile" => results.profile.clone(),
            "python" => {
                let none = self.texts.python_none.to_string();
                results.python.clone().unwrap_or(none)
            }
            _ => return Err(format!("nothing says {key} of the machine")),
        })
    }
}
