//! Who cooked what when: elements that a style sheet places on an axis, so
//! that text stays text, and a script can put any two programs on one axis.

use serde_json::Value;
use shared::{Language, Menu, dish_name};

use crate::{
    compare::Row,
    html::{escape, texts},
    svg::cook,
};

/// More dishes than these are only counted.
const SHOWN: usize = 20;

/// A figure for each row, ordered by menu. Without JavaScript all of them are
/// shown: those of a menu on one axis.
pub fn timelines(rows: &[Row], names: &[&str]) -> String {
    let mut out = legend();
    for menu in Menu::ALL {
        let rows: Vec<&Row> = rows.iter().filter(|r| r.menu == menu).collect();
        let walls = rows.iter().filter_map(|row| row.number("wall_ms"));
        let end = round_end(walls.fold(1.0, f64::max));
        for row in rows {
            let place = names.iter().position(|name| *name == row.program);
            out += &figure(row, place.unwrap_or_default(), end);
        }
    }
    out
}

fn legend() -> String {
    format!(
        "<p class=\"legend soft\">\
         <span><i class=\"work\"></i> {}</span> \
         <span><i class=\"waiting\"></i> {}</span> \
         <span class=\"needs-script\">{}</span></p>\n",
        texts::WORK.html(),
        texts::WAITING.html(),
        texts::ONE_AXIS.html(),
    )
}

fn figure(row: &Row, place: usize, end: f64) -> String {
    let (program, menu) = (escape(&row.program), row.menu);
    let title = format!(
        "<b>{program}</b> <span class=\"soft\">{}</span>",
        texts::menu_heading(menu).html()
    );
    let Some(wall) = row.number("wall_ms") else {
        let (failed, why) = (texts::FAILED.html(), escape(row.status()));
        return format!(
            "<figure class=\"timeline\" data-program=\"{place}\" \
             data-menu=\"{menu}\">\n<figcaption>{title}</figcaption>\n\
             <p>{failed}: {why}</p>\n</figure>\n"
        );
    };
    let own = round_end(wall);
    let plates = row.report.get("plates").and_then(Value::as_array);
    let plates: &[Value] = plates.map_or(&[], Vec::as_slice);
    let shown = plates.iter().take(SHOWN).map(|plate| lane(plate, row));
    let more = match plates.len().saturating_sub(SHOWN) {
        0 => String::new(),
        count => {
            let more = texts::MORE.html();
            format!("<p class=\"soft\">+ {count}{more}</p>\n")
        }
    };
    format!(
        "<figure class=\"timeline\" data-program=\"{place}\" \
         data-menu=\"{menu}\" data-end=\"{own}\" style=\"--end:{end}\">\n\
         <figcaption>{title} <b>{wall:.0} ms</b></figcaption>\n\
         {}<ol>\n{}</ol>\n{more}</figure>\n",
        axis(end),
        shown.collect::<String>(),
    )
}

/// Five times, from 0 to `end`.
fn axis(end: f64) -> String {
    let times = (0..=4).map(|quarter| {
        let time = end * f64::from(quarter) / 4.0;
        format!("<span>{time}</span>")
    });
    let times: String = times.collect();
    format!("<div class=\"axis soft\" aria-hidden=\"true\">{times}</div>\n")
}

fn lane(plate: &Value, row: &Row) -> String {
    let at = |key: &str, side: usize| plate[key][side].as_f64().unwrap_or(0.0);
    let (start, ready, end) =
        (at("prep_ms", 0), at("prep_ms", 1), at("bake_ms", 1));
    let name = plate["name"].as_str().unwrap_or_default();
    let number = plate["dish"].as_u64().unwrap_or_default();
    let dish = dish(number as u32, name);
    let cook = escape(&cook(plate, &row.report));
    let told = texts::both(
        &format!("work to {ready:.0} ms, waiting to {end:.0} ms"),
        &format!("손질 {ready:.0} ms까지, 대기 {end:.0} ms까지"),
    );
    format!(
        "<li><span class=\"dish\">{dish}</span> \
         <span class=\"cook soft\">{cook}</span> \
         <span class=\"lane\">\
         <i class=\"work\" style=\"--from:{start:.1};--to:{ready:.1}\"></i>\
         <i class=\"waiting\" style=\"--from:{ready:.1};--to:{end:.1}\"></i>\
         <span class=\"unseen\">{told}</span></span></li>\n"
    )
}

/// Its name in both languages, if it is one of the menu.
fn dish(number: u32, name: &str) -> String {
    let told = |name: &str| format!("{number} {name}");
    match dish_name(number, Language::En) == name {
        true => {
            texts::both(&told(name), &told(dish_name(number, Language::Ko)))
        }
        false => escape(&told(name)),
    }
}

/// A round time not before `ms`, whose quarters are round, too.
fn round_end(ms: f64) -> f64 {
    let magnitude = 10f64.powf(ms.max(10.0).log10().floor());
    let ends = [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0];
    let end = ends.into_iter().map(|end| (end * magnitude).round());
    end.into_iter().find(|end| *end >= ms).unwrap_or(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_time() {
        let ends = [0.3, 103.0, 161.0, 726.0, 1335.0, 100.0];
        let ends = ends.map(round_end);
        assert_eq!(ends, [10.0, 120.0, 200.0, 800.0, 1600.0, 100.0]);
        assert!(axis(120.0).contains("<span>0</span><span>30</span>"));
    }
}
