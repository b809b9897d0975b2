//! The table of each menu.

use shared::{Language, Menu};

use crate::{
    compare::{BASELINE, Row, cells},
    html::{escape, texts},
};

/// The tables, with what chooses one of them, and what the columns mean.
pub fn tables(rows: &[Row], menus: &[Menu]) -> String {
    let tables = menus.iter().map(|&menu| table(rows, menu));
    let tables: String = tables.collect();
    format!("{}{tables}{}", choice(menus), meanings())
}

/// Buttons for all menus, and for each of them.
fn choice(menus: &[Menu]) -> String {
    let button = |menu: &str, text: String| {
        let pressed = menu.is_empty();
        format!(
            "<button type=\"button\" data-menu=\"{menu}\" \
             aria-pressed=\"{pressed}\">{text}</button>\n"
        )
    };
    let single = menus
        .iter()
        .map(|&menu| button(&menu.to_string(), texts::menu(menu).html()));
    format!(
        "<div class=\"menus needs-script\" role=\"group\" \
         aria-labelledby=\"menus-title\">\n\
         <span id=\"menus-title\" class=\"unseen\">{}</span>\n{}{}</div>\n",
        texts::MENU.html(),
        button("", texts::ALL_MENUS.html()),
        single.collect::<String>()
    )
}

fn table(rows: &[Row], menu: Menu) -> String {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.menu == menu).collect();
    let baseline = rows.iter().find(|row| row.program == BASELINE);
    let baseline = baseline.and_then(|row| row.number("wall_ms"));
    let walls = rows.iter().filter_map(|row| row.number("wall_ms"));
    let longest = walls.fold(0.0, f64::max);
    let body = rows.iter().map(|row| tr(row, baseline, longest));
    let heading = texts::COLUMNS.iter().map(|(heading, _)| {
        format!("<th scope=\"col\">{}</th>\n", heading.html())
    });
    let title = format!("menu-{menu}");
    format!(
        "<div class=\"menu\" data-menu=\"{menu}\">\n\
         <h3 id=\"{title}\">{}</h3>\n\
         <div class=\"box\" tabindex=\"0\" role=\"region\" \
         aria-labelledby=\"{title}\">\n\
         <table aria-labelledby=\"{title}\">\n<thead>\n<tr>\n{}</tr>\n\
         </thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n</div>\n",
        texts::menu_heading(menu).html(),
        heading.collect::<String>(),
        body.collect::<String>(),
    )
}

fn tr(row: &Row, baseline: Option<f64>, longest: f64) -> String {
    let [program, wall, rest @ ..] = cells(row, baseline, Language::En);
    // A long name may be broken where it is no word.
    let program = escape(&program).replace('_', "_<wbr>");
    let model = row.report.get("model").and_then(|model| model.as_str());
    let model = escape(model.unwrap_or_default());
    let head = format!(
        "<th scope=\"row\">{program} <span class=\"soft\">{model}</span></th>\n"
    );
    if row.status() != "ok" {
        let (failed, why) = (texts::FAILED.html(), escape(row.status()));
        let columns = texts::COLUMNS.len() - 1;
        return format!(
            "<tr class=\"failed\">\n{head}<td colspan=\"{columns}\">{failed}: \
             {why}</td>\n</tr>\n"
        );
    }
    let share = row.number("wall_ms").unwrap_or(0.0) / longest.max(1.0);
    let wall = format!(
        "<td class=\"wall\"><span class=\"bar\" style=\"--share:{share:.3}\">\
         </span>{wall}</td>\n",
    );
    let rest = rest.iter().map(|cell| format!("<td>{}</td>\n", escape(cell)));
    format!("<tr>\n{head}{wall}{}</tr>\n", rest.collect::<String>())
}

fn meanings() -> String {
    let told = texts::COLUMNS.iter().skip(1);
    let told = told.map(|(heading, meaning)| {
        let [heading, meaning] = [heading, meaning].map(|text| text.html());
        format!("<div><dt>{heading}</dt><dd>{meaning}</dd></div>\n")
    });
    format!("<dl class=\"meanings\">\n{}</dl>\n", told.collect::<String>())
}
