//! The pages in a real browser. Without one the tests are ignored, and that is
//! said; `NEED_BROWSER=1` makes it a failure.

#[path = "../../shared/tests/support/mod.rs"]
mod support;

mod book;
mod driver;
mod pages;

use std::{env, fs, path::Path, process::ExitCode};

use driver::{Browser, from_base64};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use support::{new_mark, nothing_is_left};

const LOOK: &str = include_str!("look.js");

/// A name, and what is looked at.
type Test = (&'static str, fn(&Browser));

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1); // a browser wants more than one core
    let found = driver::installed();
    if found.is_none() {
        eprintln!("skipped: no chromium (or no chromedriver) is installed");
        if env::var("NEED_BROWSER").is_ok_and(|need| need == "1") {
            return ExitCode::FAILURE;
        }
    }
    let tests: [Test; 11] = [
        ("book_every_page_is_legible", book::every_page_is_legible),
        ("book_korean_is_drawn", book::korean_is_drawn),
        ("book_editions_lead_to_each_other", book::editions_lead_to_each_other),
        ("comparison_is_legible", comparison_is_legible),
        ("ledger_is_legible", ledger_is_legible),
        ("tables_are_sorted_by_keyboard", tables_are_sorted_by_keyboard),
        ("a_menu_can_be_chosen", a_menu_can_be_chosen),
        ("any_two_programs_are_compared", any_two_programs_are_compared),
        ("statements_are_filtered", statements_are_filtered),
        ("languages_change", languages_change),
        ("texts_are_there_without_scripts", texts_are_there_without_scripts),
    ];
    let ignored = found.is_none();
    let trials = tests.map(|(name, test)| {
        let found = found.clone();
        let run = move || -> Result<(), Failed> {
            let mark = new_mark();
            let browser = Browser::start(&found.expect("not ignored"), &mark);
            test(&browser);
            drop(browser);
            nothing_is_left(&mark);
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(ignored)
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

/// Runs what `look.js` knows.
fn look(browser: &Browser, what: &str) -> Value {
    browser.run(&format!("{LOOK}\nreturn {what}"))
}

/// Runs an expression in the page.
fn ask(browser: &Browser, what: &str) -> Value {
    browser.run(&format!("return {what}"))
}

/// In both widths, colours and languages: nothing reaches out of the page, all
/// texts can be read, a picture shows something, and nobody complains.
fn is_legible(browser: &Browser, page: &Path) {
    for (width, dark) in
        [(400, false), (400, true), (1200, false), (1200, true)]
    {
        browser.look(width, dark);
        browser.load(page);
        for language in ["en", "ko"] {
            let name = page.file_stem().unwrap().to_str().unwrap();
            let colour = if dark { "dark" } else { "light" };
            let name = format!("{name}-{width}-{colour}-{language}");
            browser.run(&format!("setLanguage('{language}')"));
            let shot = browser.screenshot(4_000);
            keep(&name, &shot);
            let shown = look(browser, &format!("colours('{shot}')"));
            assert_eq!(shown["width"], width, "{name}");
            assert!(shown["colours"].as_u64() > Some(10), "{name}: {shown}");
            // Also what was closed.
            let open = "for (const d of all('details')) d.open = DETAILS";
            browser.run(&open.replace("DETAILS", "true"));
            keep(&format!("{name}-open"), &browser.screenshot(4_000));
            let wide = look(browser, "overflow()");
            assert_eq!(wide["wide"], 0, "{name}: {wide:#}");
            assert_eq!(wide["elements"], json!([]), "{name}");
            let texts = look(browser, "pale(4.5)");
            assert!(texts["seen"].as_u64() > Some(200), "{name}: {texts:#}");
            assert_eq!(texts["pale"], json!({}), "{name}");
            browser.run(&open.replace("DETAILS", "false"));
        }
    }
    is_silent(browser);
    // What somebody else has written is text, and nothing but text.
    let hacked = "document.querySelectorAll('img, main script').length";
    assert_eq!(ask(browser, hacked), 0);
    // What scrolls in its own box can be reached by keyboard.
    let boxes = "all('.box').filter((box) => box.tabIndex !== 0).length";
    assert_eq!(ask(browser, boxes), 0);
}

/// For people: `SCREENSHOTS=FOLDER` keeps the pictures.
fn keep(name: &str, png: &str) {
    if let Some(folder) = env::var_os("SCREENSHOTS") {
        let path = Path::new(&folder).join(format!("{name}.png"));
        fs::write(path, from_base64(png)).unwrap();
    }
}

fn is_silent(browser: &Browser) {
    let said = browser.console();
    assert_eq!(said, json!([]), "the console says {said:#}");
}

fn comparison_is_legible(browser: &Browser) {
    is_legible(browser, &pages::comparison());
}

fn ledger_is_legible(browser: &Browser) {
    is_legible(browser, &pages::ledger());
}

fn tables_are_sorted_by_keyboard(browser: &Browser) {
    browser.load(&pages::comparison());
    let column = "all('tbody')[0].rows.length && \
        [...all('tbody')[0].rows].map((row) => row.cells[1].textContent)";
    let figures = |browser: &Browser| -> Vec<f64> {
        let cells = ask(browser, column);
        let cells = cells.as_array().unwrap().iter();
        cells.filter_map(|cell| cell.as_str()?.parse().ok()).collect()
    };
    let before = figures(browser);
    browser.run("all('th:nth-child(2) button')[0].focus()");
    for (key, direction) in [("\u{e007}", "ascending"), (" ", "descending")] {
        browser.press(key);
        let mut wanted = before.clone();
        wanted.sort_by(f64::total_cmp);
        if direction == "descending" {
            wanted.reverse();
        }
        assert_eq!(figures(browser), wanted);
        let told = "all('th[aria-sort]').map((th) => th.ariaSort)";
        assert_eq!(ask(browser, told), json!([direction, direction]));
        // A program without figures is the last one.
        let last = ask(browser, "all('tbody')[0].lastElementChild.className");
        assert_eq!(last, "failed");
    }
    is_silent(browser);
}

fn a_menu_can_be_chosen(browser: &Browser) {
    browser.load(&pages::comparison());
    let shown = "all('.menu:not([hidden])').map((menu) => menu.dataset.menu)";
    assert_eq!(ask(browser, shown), json!(["waiting", "mixed"]));
    browser.run("all('button[data-menu=mixed]')[0].click()");
    assert_eq!(ask(browser, shown), json!(["mixed"]));
    assert_eq!(ask(browser, "menuSelect.value"), "mixed");
    browser.run("all('button[data-menu=\"\"]')[0].click()");
    assert_eq!(ask(browser, shown), json!(["waiting", "mixed"]));
}

fn any_two_programs_are_compared(browser: &Browser) {
    browser.load(&pages::comparison());
    let choose = |id: &str, name: &str| {
        let choice = format!(
            "const s = document.getElementById({id:?}); \
             s.value = [...s.options].find((o) => o.text === {name:?}).value; \
             s.dispatchEvent(new Event('change'))"
        );
        browser.run(&choice);
    };
    let titles = "all('.timeline:not([hidden]) figcaption b:first-child')\
                  .map((b) => b.textContent)";
    for (left, right) in [("cooks", "chef"), ("chef", "cooks")] {
        choose("left", left);
        choose("right", right);
        assert_eq!(ask(browser, titles), json!([left, right]));
        let heads = "all('#twins .title .side').map((s) => s.textContent)";
        assert_eq!(ask(browser, heads), json!([left, right]));
        let axes = "new Set(all('.timeline:not([hidden])').map((figure) => \
                    figure.style.getPropertyValue('--end'))).size";
        assert_eq!(ask(browser, axes), 1);
        let side = if left == "cooks" { "left" } else { "right" };
        let text = format!(
            "all('#twins .{side} .text').map((t) => t.textContent).join('\\n')"
        );
        let text = ask(browser, &text);
        assert!(text.as_str().unwrap().contains("thread::scope"), "{text}");
        let words = ask(browser, "all('#twins mark').length");
        assert!(words.as_u64() > Some(10), "{words}");
    }
    // The address keeps the choice.
    let address = ask(browser, "location.hash");
    assert_eq!(address, "#left=chef&right=cooks&menu=waiting");
    browser.run("location.hash = '#left=cooks_rayon&menu=mixed'");
    browser.run("return new Promise((done) => setTimeout(done, 100))");
    assert_eq!(ask(browser, titles), json!(["cooks_rayon", "cooks"]));
    choose("left", pages::HOSTILE);
    choose("right", "failed");
    let shown = ask(browser, titles);
    assert_eq!(shown, json!([pages::HOSTILE, "failed"]));
    is_silent(browser);
}

fn statements_are_filtered(browser: &Browser) {
    browser.load(&pages::ledger());
    let ids = "all('.claim:not([hidden])').map((claim) => claim.id)";
    let all = ask(browser, ids).as_array().unwrap().len();
    let shown = || ask(browser, ids).as_array().unwrap().len();
    browser.run("document.getElementById('search').focus()");
    browser.press("8 mb");
    assert_eq!(ask(browser, ids), json!(["T10"]));
    browser.run("document.getElementById('reset').click()");
    assert_eq!(shown(), all);
    browser.run("all('button[data-answer=false]')[0].click()");
    let answers = "[...new Set(all('.claim:not([hidden])').map((claim) => \
                   claim.dataset.answer))]";
    assert_eq!(ask(browser, answers), json!(["false"]));
    assert!((1..all).contains(&shown()));
    browser.run("document.getElementById('reset').click()");
    let choose = "verdict.value = 'contradicted'; \
                  verdict.dispatchEvent(new Event('change'))";
    browser.run(choose);
    assert_eq!(ask(browser, ids), json!(["T5"]));
    browser.run("document.getElementById('search').focus()");
    browser.press("x".repeat(40).as_str());
    assert_eq!(shown(), 0);
    assert_eq!(
        ask(browser, "document.getElementById('nothing').hidden"),
        false
    );
    browser.run("document.getElementById('reset').click()");
    // A row opens by keyboard, and shows its programs.
    browser.run("document.querySelector('#T5 > summary').focus()");
    browser.press("\u{e007}");
    assert_eq!(ask(browser, "document.getElementById('T5').open"), true);
    let sources = "all('#T5 .program').length";
    assert!(ask(browser, sources).as_u64() > Some(2));
    is_silent(browser);
}

fn languages_change(browser: &Browser) {
    for page in [pages::ledger(), pages::comparison()] {
        browser.load(&page);
        let heading = "document.querySelector('h1').innerText";
        let english = ask(browser, heading);
        browser.run("all('[data-choose=ko]')[0].click()");
        assert_ne!(ask(browser, heading), english);
        assert_eq!(ask(browser, "document.documentElement.lang"), "ko");
        let option = "document.getElementById('colours').options[2].text";
        assert_eq!(ask(browser, option), "어둡게");
        browser.run("all('[data-choose=en]')[0].click()");
        assert_eq!(ask(browser, heading), english);
        // The switch for colours is stronger than the system.
        let paper = "getComputedStyle(document.body).backgroundColor";
        let light = ask(browser, paper);
        let dark = "const c = document.getElementById('colours'); \
                    c.value = 'dark'; c.dispatchEvent(new Event('change'))";
        browser.run(dark);
        assert_ne!(ask(browser, paper), light);
        browser.run(&dark.replace("'dark'", "''"));
        assert_eq!(ask(browser, paper), light);
    }
    is_silent(browser);
}

fn texts_are_there_without_scripts(browser: &Browser) {
    let off = json!({ "value": true });
    browser.devtools("Emulation.setScriptExecutionDisabled", off);
    browser.look(400, false);
    browser.load(&pages::comparison());
    let shown = |what: &str| {
        let count = format!(
            "[...document.querySelectorAll({what:?})]\
             .filter((element) => element.checkVisibility()).length"
        );
        ask(browser, &count).as_u64().unwrap()
    };
    assert!(shown("tbody tr") > 20 && shown(".timeline") > 20);
    assert!(shown("details.source") > 10);
    assert_eq!(shown("select") + shown("button"), 0);
    assert_eq!(look(browser, "overflow()")["wide"], 0);
    browser.load(&pages::ledger());
    assert!(shown(".claim") > 90);
    assert_eq!(shown("select") + shown("button") + shown("input"), 0);
}
