//! The report for people: 72 columns.

use anstyle::Style;

use super::{Row, Run, Timeline, padded};
use crate::measure::{cores, ms};
use crate::{Language, Meal, Plate, dish_name};

/// More dishes than these are only counted.
const SHOWN: usize = 20;

/// Columns of what the three numbers are called.
const NAMES: usize = 25;

pub(crate) fn text(run: &Run) -> String {
    let Run { meal, language, .. } = *run;
    let texts = language.texts();
    let bold = Style::new().bold();
    let model = run.model.map(|model| format!("{model}::"));
    let model = model.unwrap_or_default();
    let title = format!("{bold}{model}{}{bold:#}", run.program);
    let menu = run.menu.told(language);
    let dishes = (texts.dish_count)(meal.plates.len());
    let cores = (texts.core_count)(cores());
    let chart = chart(run);
    let [alone, nobody, took] =
        [texts.alone, texts.nobody, texts.took].map(|s| padded(s, NAMES));
    let [serial, bound, wall] =
        [meal.serial, meal.bound, meal.wall].map(|t| format!("{:>6.0}", ms(t)));
    let bound_by = (texts.bound)(meal.bound_by);
    let gain = (texts.gain)(meal.speed_up(), meal.distance());
    let cooked = (texts.cooked)(
        &who_cooked(meal, language),
        ms(meal.cpu),
        meal.switches,
        meal.peak_rss_kib as f64 / 1024.0,
    );
    let claims = run.claims.iter().map(|claim| claim.told(language));
    let claims: String = claims.collect();
    format!(
        "{title}  {menu}, {dishes}, {cores}\n\n\
         {chart}\n\
         {alone}{serial} ms\n\
         {nobody}{bound} ms  {bound_by}\n\
         {bold}{took}{wall} ms{bold:#}  {gain}\n\
         {cooked}\n\
         {claims}"
    )
}

fn chart(run: &Run) -> String {
    let Run { meal, language, .. } = *run;
    let row = |plate: &Plate| {
        let number = plate.dish.number;
        Row {
            label: format!("{number:>2} {}", dish_name(number, language)),
            who: who(plate, meal, language),
            moments: [plate.prep.start, plate.prep.end, plate.bake.end]
                .map(|moment| run.at(moment)),
        }
    };
    let rows = meal.plates.iter().take(SHOWN).map(row).collect();
    let timeline = Timeline { rows, end: ms(meal.wall), language };
    match meal.plates.len().saturating_sub(SHOWN) {
        0 => timeline.draw(),
        more => {
            let more = (language.texts().more)(more);
            format!("{}   {more}\n", timeline.draw())
        }
    }
}

/// Who cooked: the thread, or the process where there are several.
fn who(plate: &Plate, meal: &Meal, language: Language) -> String {
    let texts = language.texts();
    match meal.processes {
        1 => thread_name(&plate.thread, language),
        _ => (texts.process)(plate.pid),
    }
}

/// A thread as a plate names it: by its name, or by our word and a number.
pub fn thread_name(thread: &str, language: Language) -> String {
    (language.texts().thread)(thread)
}

fn who_cooked(meal: &Meal, language: Language) -> String {
    (language.texts().threads_in)(meal.threads, meal.processes)
}

/// What a kitchen program measures of its claims.
pub(crate) fn figure(meal: &Meal, language: Language) -> String {
    let texts = language.texts();
    let who = match (meal.threads, meal.processes) {
        (threads, 1) => (texts.thread_count)(threads),
        (threads, all) if threads == all => (texts.process_count)(all),
        _ => who_cooked(meal, language),
    };
    let dishes = (texts.dish_count)(meal.most_at_once());
    (texts.at_once)(&who, &dishes)
}

/// `1 dish`, `2 dishes`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Usage, now};
    use crate::report::width;
    use crate::{Claim, Menu, Verdict, oven};

    /// What is told of 22 dishes, without colours, in each language.
    fn reports() -> [String; 2] {
        let orders = Menu::Mixed.dishes(22);
        let (opened, usage) = (now(), Usage::now());
        let cook = |dish: &crate::Dish| {
            let prepped = dish.prep();
            let reply = oven::answer(prepped.order());
            prepped.plate(Ok(reply)).unwrap()
        };
        let plates = orders.iter().map(cook).collect();
        let meal = Meal::check(&orders, plates, opened, usage).unwrap();
        [Language::En, Language::Ko].map(|language| {
            let figure = figure(&meal, language);
            let claim =
                |id, verdict| Claim { id, verdict, figure: figure.clone() };
            let told = text(&Run {
                program: "chef",
                model: Some("asyncio"),
                menu: Menu::Mixed,
                opened,
                meal: &meal,
                language,
                claims: vec![
                    claim("A1", Verdict::BorneOut),
                    claim("T1", Verdict::NotJudged),
                ],
            });
            anstream::adapter::strip_str(&told).to_string()
        })
    }

    /// Every number of a line, in order.
    fn figures(line: &str) -> Vec<&str> {
        let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
        words.filter(|word| word.parse::<f64>().is_ok()).collect()
    }

    /// A sentence may count processes before threads.
    fn sorted(line: &str) -> Vec<&str> {
        let mut figures = figures(line);
        figures.sort();
        figures
    }

    #[test]
    fn every_language_tells_the_same_rows_and_figures() {
        let [english, korean] = reports();
        assert_eq!(english.lines().count(), korean.lines().count());
        for (english, korean) in english.lines().zip(korean.lines()) {
            assert_eq!(sorted(english), sorted(korean), "{english}\n{korean}");
        }
        assert!(korean.contains("판정하지 않음(컴퓨터가 바쁨)"), "{korean}");
        assert!(korean.contains("외 2가지"), "{korean}");
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        for report in reports() {
            let lines = || report.lines();
            let edges = |line: &str| -> Vec<usize> {
                let edges = line.match_indices(['│', '|']);
                edges.map(|(at, _)| width(&line[..at])).collect()
            };
            let rows: Vec<_> =
                lines().filter(|l| edges(l).len() == 2).collect();
            assert_eq!(rows.len(), SHOWN);
            for row in rows {
                assert_eq!(edges(row), [34, 66], "{report}");
                assert_eq!(width(row), 72, "{report}");
            }
            let numbers: Vec<usize> = lines()
                .skip(SHOWN + 3)
                .filter_map(|line| Some(width(line.split_once(" ms")?.0)))
                .collect();
            assert_eq!(numbers[..3], [31; 3], "{report}");
        }
    }
}
