//! The report for people: 72 columns.

use anstyle::Style;

use super::{Row, Run, Timeline};
use crate::{Claim, Meal, Plate, measure::cores, measure::ms};

/// More dishes than these are only counted.
const SHOWN: usize = 20;

pub(crate) fn text(run: &Run) -> String {
    let meal = run.meal;
    let bold = Style::new().bold();
    let model = run.model.map(|model| format!("{model}::"));
    let model = model.unwrap_or_default();
    let title = format!("{bold}{model}{}{bold:#}", run.program);
    let dishes = plural(meal.plates.len(), "dish", "dishes");
    let cores = plural(cores(), "core", "cores");
    let (menu, chart) = (run.menu, chart(run));
    let (alone, bound) = (ms(meal.serial), ms(meal.bound));
    let (took, gain) = (ms(meal.wall), meal.speed_up());
    let distance = meal.distance();
    let who = who_cooked(meal);
    let (cpu, switches) = (ms(meal.cpu), meal.switches);
    let mib = meal.peak_rss_kib as f64 / 1024.0;
    let claims: String = run.claims.iter().map(Claim::told).collect();
    format!(
        "{title}  {menu} menu, {dishes}, {cores}\n\n\
         {chart}\n\
         one cook alone would need{alone:>6.0} ms\n\
         nobody can beat          {bound:>6.0} ms  the bound: {}\n\
         {bold}this took                {took:>6.0} ms{bold:#}  {gain:.1} times as fast, {distance:.2} of the bound\n\
         cooked by {who}; CPU {cpu:.0} ms, {switches} switches, {mib:.1} MiB\n\
         {claims}",
        meal.bound_by
    )
}

fn chart(run: &Run) -> String {
    let meal = run.meal;
    let rows = meal.plates.iter().take(SHOWN).map(|plate| Row {
        label: format!("{:>2} {}", plate.dish.number, plate.dish.name()),
        who: who(plate, meal),
        moments: [plate.prep.start, plate.prep.end, plate.bake.end]
            .map(|moment| run.at(moment)),
    });
    let timeline = Timeline { rows: rows.collect(), end: ms(meal.wall) };
    match meal.plates.len().saturating_sub(SHOWN) {
        0 => timeline.draw(),
        more => timeline.draw() + &format!("   and {more} more\n"),
    }
}

/// Who cooked: the thread, or the process where there are several.
fn who(plate: &Plate, meal: &Meal) -> String {
    match meal.processes {
        1 => plate.thread.clone(),
        _ => format!("process {}", plate.pid),
    }
}

fn who_cooked(meal: &Meal) -> String {
    let threads = plural(meal.threads, "thread", "threads");
    let processes = plural(meal.processes, "process", "processes");
    format!("{threads} in {processes}")
}

/// What a kitchen program measures of its claims.
pub(crate) fn figure(meal: &Meal) -> String {
    let who = match (meal.threads, meal.processes) {
        (threads, 1) => plural(threads, "thread", "threads"),
        (threads, all) if threads == all => plural(all, "process", "processes"),
        _ => who_cooked(meal),
    };
    let dishes = plural(meal.most_at_once(), "dish", "dishes");
    format!("{who} cooked {dishes} at the same time")
}

/// `1 dish`, `2 dishes`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
