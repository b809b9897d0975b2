//! The page of `compare`: tables, timelines and sources.

mod difference;
mod table;
mod timeline;

use std::collections::BTreeSet;

use serde_json::json;
use shared::Menu;

use super::{Page, command, escape, texts};
use crate::{
    compare::Row,
    ledger::Language,
    programs::{Program, root},
};

/// What was measured as a page. `programs` are those of the rows, with their
/// sources.
pub fn page(rows: &[Row], programs: &[Program], language: Language) -> String {
    let menus: BTreeSet<String> =
        rows.iter().map(|row| row.menu.to_string()).collect();
    let menus: Vec<Menu> = Menu::ALL
        .into_iter()
        .filter(|menu| menus.contains(&menu.to_string()))
        .collect();
    let names: Vec<&str> = programs.iter().map(|p| p.name.as_str()).collect();
    let parts = [
        section("took", texts::TOOK.html(), table::tables(rows, &menus)),
        chooser(&names, &menus),
        section("when", texts::WHEN.html(), timeline::timelines(rows, &names)),
        differences(),
        section("sources", texts::SOURCES.html(), sources(programs)),
    ];
    Page {
        title: texts::COMPARISON,
        about: texts::ABOUT_COMPARISON,
        language,
        command: command("compare"),
        body: parts.concat(),
        data: json!({ "pairs": difference::pairs(programs) }),
        style: include_str!("compare.css"),
        script: include_str!("compare.js"),
    }
    .render()
}

fn section(id: &str, heading: String, body: String) -> String {
    format!("<section id=\"{id}\">\n<h2>{heading}</h2>\n{body}</section>\n")
}

/// Two programs and a menu, for all that follows.
fn chooser(names: &[&str], menus: &[Menu]) -> String {
    let programs = |chosen: usize| {
        let options = names.iter().zip(0..).map(|(name, n)| {
            let selected = if n == chosen { " selected" } else { "" };
            let name = escape(name);
            format!("<option value=\"{n}\"{selected}>{name}</option>\n")
        });
        options.collect::<String>()
    };
    let menus =
        menus.iter().map(|menu| texts::menu(*menu).option(&menu.to_string()));
    let select = |id: &str, label: texts::Text, options: String| {
        let label = label.html();
        format!(
            "<label><span>{label}</span> \
             <select id=\"{id}\">\n{options}</select></label>\n"
        )
    };
    let last = names.len().saturating_sub(1);
    format!(
        "<div class=\"chooser needs-script\">\n{}{}{}</div>\n",
        select("left", texts::COMPARE, programs(0)),
        select("right", texts::WITH, programs(last.min(1))),
        select("menu", texts::MENU, menus.collect()),
    )
}

/// Filled by the script, from the sources below.
fn differences() -> String {
    let (heading, about) = (texts::DIFFERENCES.html(), texts::ONLY_HERE.html());
    let (unknown, same) = (texts::NO_SOURCE.html(), texts::SAME_PROGRAM.html());
    format!(
        "<section id=\"differences\" class=\"needs-script\">\n\
         <h2>{heading}</h2>\n<p class=\"soft\">{about}</p>\n\
         <p id=\"unknown\" hidden>{unknown}</p>\n\
         <p id=\"same\" hidden>{same}</p>\n\
         <div id=\"twins\" class=\"box\" tabindex=\"0\" role=\"region\" \
         aria-labelledby=\"twins-title\">\n</div>\n\
         <span id=\"twins-title\" class=\"unseen\">{heading}</span>\n\
         </section>\n"
    )
}

fn sources(programs: &[Program]) -> String {
    let sources = programs.iter().zip(0..).map(|(program, n)| {
        let Program { name, source, source_path, .. } = program;
        let path = source_path.strip_prefix(root()).unwrap_or(source_path);
        let path = escape(&path.display().to_string());
        let (name, source) = (escape(name), escape(source));
        if source.is_empty() {
            let unknown = texts::NO_SOURCE.html();
            return format!("<p><code>{name}</code>: {unknown}</p>\n");
        }
        format!(
            "<details class=\"source\">\n<summary><code>{name}</code> \
             <span class=\"soft\">{path}</span></summary>\n\
             <pre class=\"box\" tabindex=\"0\" id=\"source-{n}\">{source}</pre>\n\
             </details>\n"
        )
    });
    sources.collect()
}
