//! The frame of every page.

use std::hash::{BuildHasher, Hasher, RandomState};

use serde_json::Value;

use super::{Text, escape, script_json, texts};
use crate::{compare::machine, html::today, ledger::Language};

/// What stands in the frame. Text that comes from elsewhere has been escaped.
pub struct Page<'a> {
    pub title: Text,
    /// What the page is about, in a sentence.
    pub about: Text,
    /// The language that it opens with.
    pub language: Language,
    /// The command that makes it.
    pub command: String,
    pub body: String,
    /// What `script` reads.
    pub data: Value,
    pub style: &'a str,
    pub script: &'a str,
}

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl Page<'_> {
    /// The whole file.
    pub fn render(&self) -> String {
        let language = match self.language {
            Language::En => "en",
            Language::Ko => "ko",
        };
        // A browser runs only scripts that know this number. Whatever a hostile
        // text might smuggle in does not know it.
        let nonce =
            format!("{:016x}", RandomState::new().build_hasher().finish());
        let Page { about, body, style, script, .. } = self;
        let title = escape(self.title.in_language(self.language));
        let (heading, about) = (self.title.html(), about.html());
        let measured = measured(&self.command);
        let (switches, data) = (switches(), script_json(&self.data));
        format!(
            "<!DOCTYPE html>\n\
             <html lang=\"{language}\" data-language=\"{language}\">\n<head>\n\
             <meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src \
             'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
             form-action 'none'; script-src 'nonce-{nonce}'\">\n\
             <meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <style>\n{STYLE}{style}</style>\n\
             <script nonce=\"{nonce}\">\
             document.documentElement.classList.add('scripted')</script>\n\
             </head>\n<body>\n\
             <header class=\"top\">\n<div>\n<h1>{heading}</h1>\n\
             <p class=\"about\">{about}</p>\n</div>\n{switches}</header>\n\
             <main>\n{body}</main>\n\
             <footer>\n{measured}</footer>\n\
             <script type=\"application/json\" id=\"data\">{data}</script>\n\
             <script nonce=\"{nonce}\">\n{SCRIPT}{script}</script>\n\
             </body>\n</html>\n"
        )
    }
}

/// Language and colours. Without JavaScript they are not shown.
fn switches() -> String {
    let colours = texts::COLOURS.html();
    let choices = [
        texts::SYSTEM.option(""),
        texts::LIGHT.option("light"),
        texts::DARK.option("dark"),
    ];
    let choices = choices.concat();
    format!(
        "<div class=\"switches\">\n\
         <div class=\"languages\">\n\
         <button type=\"button\" data-choose=\"en\" lang=\"en\">English</button>\n\
         <button type=\"button\" data-choose=\"ko\" lang=\"ko\">한국어</button>\n\
         </div>\n\
         <label><span class=\"unseen\">{colours}</span> \
         <select id=\"colours\">\n{choices}</select></label>\n</div>\n"
    )
}

/// Where, how and when all of it was measured.
fn measured(command: &str) -> String {
    use Language::{En, Ko};
    let rows = [
        (texts::MACHINE, texts::both(&machine(En), &machine(Ko))),
        (texts::DATE, format!("<time>{}</time>", today())),
        (texts::COMMAND, format!("<code>{}</code>", escape(command))),
    ];
    let rows = rows.iter().map(|(name, value)| {
        format!("<div><dt>{}</dt><dd>{value}</dd></div>\n", name.html())
    });
    format!("<dl class=\"measured\">\n{}</dl>\n", rows.collect::<String>())
}

/// What the reader has typed, or has to type for the same: `cargo compare`,
/// and the options of this process.
pub fn command(name: &str) -> String {
    let arguments = std::env::args_os().skip(1);
    let arguments = arguments.map(|word| word.to_string_lossy().into_owned());
    [format!("cargo {name}")]
        .into_iter()
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}
