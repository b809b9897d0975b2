//! Who cooked what when, as a picture.

use shared::Menu;

use super::Page;
use crate::svg::{self, Words};

impl Page<'_> {
    /// The timelines of these programs on one axis.
    pub(super) fn timeline(
        &self,
        menu: Menu,
        names: &[String],
    ) -> Result<String, String> {
        let results = &self.facts.results;
        let rows = names.iter().map(|name| results.row(name, menu));
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        let words = self.texts.timeline;
        let title = format!("{}: {}; {menu}", words.title, names.join(", "));
        let picture = svg::timelines(&rows, Words { title: &title, ..words });
        // Of several lines in a page of Markdown, none may be empty.
        let picture = picture.lines().filter(|line| !line.trim().is_empty());
        let picture = picture.collect::<Vec<_>>().join("\n");
        Ok(format!(
            "<figure class=\"timeline\">\n<div class=\"scrolls\" tabindex=\"0\" \
             role=\"group\" aria-label=\"{title}\">\n{picture}\n</div>\n\
             <figcaption>{title}</figcaption>\n</figure>\n"
        ))
    }
}
