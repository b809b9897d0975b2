//! The report for people: 80 columns.

use std::fmt::Write;

use owo_colors::OwoColorize;

use super::{Row, Run, Timeline};
use crate::{Meal, Plate, measure};

/// More dishes than these are only counted.
const SHOWN: usize = 20;

pub(crate) fn text(run: &Run) -> String {
    let mut out = String::new();
    write_report(&mut out, run).expect("a string takes everything");
    out
}

fn write_report(out: &mut String, run: &Run) -> std::fmt::Result {
    let meal = run.meal;
    let title = format!("{}::{}", run.model, run.program);
    writeln!(
        out,
        "{}  {} menu, {}, {}\n",
        title.bold(),
        run.menu,
        plural(meal.plates.len(), "dish", "dishes"),
        plural(measure::cores(), "core", "cores"),
    )?;
    let rows = meal.plates.iter().take(SHOWN).map(|plate| Row {
        label: format!("{:>2} {}", plate.dish.number, plate.dish.name()),
        who: who(plate, meal),
        work: (run.at(plate.prep.start), run.at(plate.prep.end)),
        wait: (run.at(plate.bake.start), run.at(plate.bake.end)),
    });
    let timeline = Timeline {
        rows: rows.collect(),
        end: measure::ms(meal.wall),
    };
    out.push_str(&timeline.draw());
    if let more @ 1.. = meal.plates.len().saturating_sub(SHOWN) {
        writeln!(out, "   and {more} more")?;
    }
    let line =
        |words: &str, ms| format!("{words:<26}{:>8.0} ms", measure::ms(ms));
    writeln!(out, "\n{}", line("one cook alone would need", meal.serial))?;
    let bound = line("nobody can beat", meal.bound);
    writeln!(out, "{bound}   {}", meal.bound_by)?;
    writeln!(
        out,
        "{}   {:.1} times as fast, {:.2} of the bound",
        line("this took", meal.wall).bold(),
        meal.speed_up(),
        meal.distance(),
    )?;
    writeln!(
        out,
        "cooked by {} in {}; CPU {:.0} ms, {} switches, {:.1} MiB",
        plural(meal.threads, "thread", "threads"),
        plural(meal.processes, "process", "processes"),
        measure::ms(meal.cpu),
        meal.switches,
        meal.peak_rss_kib as f64 / 1024.0,
    )?;
    for claim in &run.claims {
        let verdict = if claim.holds {
            "holds"
        } else {
            "does not hold"
        };
        writeln!(out, "{} {verdict}: {}", claim.id, claim.figure)?;
    }
    Ok(())
}

/// Who cooked: the thread, or the process where there are several.
fn who(plate: &Plate, meal: &Meal) -> String {
    match meal.processes {
        1 => plate.thread.clone(),
        _ => format!("process {}", plate.pid),
    }
}

/// What a kitchen program measures of its claims.
pub(crate) fn figure(meal: &Meal) -> String {
    format!(
        "{} in {}, {:.1} times as fast as one cook",
        plural(meal.threads, "thread", "threads"),
        plural(meal.processes, "process", "processes"),
        meal.speed_up(),
    )
}

/// `1 dish`, `2 dishes`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
