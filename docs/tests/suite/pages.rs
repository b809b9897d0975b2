//! Pages and differences, as the command line makes them. How pages look is
//! seen by `docs/browser`.

use std::{
    env,
    fs::{self, File},
    path::PathBuf,
    process,
};

use crate::{example, support::*};

const COMPARE: &str = env!("CARGO_BIN_EXE_compare");
const CLAIMS: &str = env!("CARGO_BIN_EXE_claims");

/// A folder that is gone at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let name = format!("docs-pages-{name}-{}", process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn code(arguments: &[&str], set: &[(&str, &str)]) -> Ran {
    run_with(COMPARE, &[&["--code"], arguments].concat(), |command| {
        command.env_remove("COLUMNS").envs(set.iter().copied());
    })
}

#[test]
fn two_sources_are_shown_with_what_differs() {
    let ran = code(&["brigade", "brigade_processes"], &[]);
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let changed = "
-     let pool = futures_pool::ThreadPool::new(workers)?;
                               ^^^^^^^^^^
+     let pool = futures_pool::ProcessPool::new(workers)?; // The one change
                               ^^^^^^^^^^^                ^^^^^^^^^^^^^^^^^^
      let results = pool.map(work, inputs);
";
    assert!(ran.stdout.contains(changed), "{}", ran.stdout);
    let one = "brigade_processes: 1 line of code that brigade has not\n";
    assert!(ran.stdout.ends_with(one), "{}", ran.stdout);
    assert!(!ran.stdout.contains("//!") && !ran.stdout.contains("ANCHOR"));
}

#[test]
fn sources_stand_side_by_side_where_there_is_room() {
    for (columns, beside) in [("200", true), ("100", false)] {
        let ran = code(&["cooks", "chef"], &[("COLUMNS", columns)]);
        let both = |line: &str| line.matches("fn main() -> Result {").count();
        let beside_each_other = ran.stdout.lines().any(|l| both(l) == 2);
        assert_eq!(beside_each_other, beside, "{}", ran.stdout);
        let width = columns.parse().unwrap();
        let fits = |line: &str| line.chars().count() <= width;
        assert!(ran.stdout.lines().all(fits), "{}", ran.stdout);
    }
}

#[test]
fn colours_are_there_if_they_are_wanted() {
    let pair = ["cooks", "chef"];
    let coloured = code(&pair, &[("CLICOLOR_FORCE", "1")]).stdout;
    assert!(coloured.contains("\u{1b}[31m") && coloured.contains("\u{1b}[32m"));
    assert!(!coloured.contains('^'));
    for set in [&[][..], &[("NO_COLOR", "1")]] {
        let plain = code(&pair, set).stdout;
        assert!(!plain.contains('\u{1b}') && plain.contains('^'));
    }
}

#[test]
fn wrong_names_and_readers_that_leave() {
    for wrong in [
        &["cooks"][..],
        &["cooks", "chaf"],
        &["soup.py", "cooks"],
        &["../ledger.py", "cooks"],
        &["", ""],
    ] {
        let ran = code(wrong, &[]);
        assert_eq!(ran.status.code(), Some(2), "{wrong:?}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{wrong:?}: {ran:?}");
    }
    let near = code(&["cooks", "chaf"], &[]).stderr;
    assert!(near.contains("did you mean chef?"), "{near}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = run_with(COMPARE, &["--code", "cooks", "chef"], |command| {
        command.stdout(writer);
    });
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let ran = run_with(COMPARE, &["--code", "cooks", "chef"], |command| {
        command.stdout(File::create("/dev/full").unwrap());
    });
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
}

/// A program with a hostile name fails with a hostile message: the page shows
/// both as text, and is written all the same.
#[test]
fn a_page_shows_what_is_hostile_as_text() {
    let _quiet = alone();
    let folder = Folder::new("hostile");
    let hostile = "<img src=x onerror=hacked()>";
    fs::hard_link(example("troublemaker"), folder.path(hostile))
        .or_else(|_| {
            fs::copy(example("troublemaker"), folder.path(hostile)).map(drop)
        })
        .unwrap();
    let (page, also) = (folder.path("page.html"), folder.path(hostile));
    fs::write(&page, "an old page").unwrap();
    let arguments = [
        "--only", "one_cook", "--menu", "waiting", "--also", &also, "--html",
        &page,
    ];
    let ran = run_with(COMPARE, &arguments, |command| {
        command.env("TROUBLE", "</script><script>hacked()</script>");
    });
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert_eq!(ran.stdout, "");
    let told: Vec<&str> = ran.stderr.lines().skip(2).collect();
    let written = format!("{page} is written");
    assert_eq!(told, [&*written, "Error: 1 run failed"]);
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n"));
    assert!(html.contains("&lt;img src=x onerror=hacked()&gt;"), "{html}");
    assert!(!html.contains("<img") && !html.contains("<script>hacked"));
    assert!(html.contains("fn main() -&gt; Result {"));
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
}

#[test]
fn a_page_that_cannot_be_written_is_told_before_anything_runs() {
    let folder = Folder::new("nowhere");
    let nowhere = folder.path("no such folder/page.html");
    for program in [COMPARE, CLAIMS] {
        let ran = run(program, &["--html", &nowhere]);
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(ran.stderr.starts_with(&format!("Error: {nowhere}: ")));
        let ran = run(program, &["--html"]);
        assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    }
}

/// A ledger of one claim that no program reports: nothing has to run.
#[test]
fn the_ledger_becomes_a_page() {
    let folder = Folder::new("ledger");
    let [ledger, page] = ["ledger.toml", "page.html"].map(|n| folder.path(n));
    let claim = "[[claim]]\nid = \"T1\"\nsection = \"threading\"\n\
                 says = \"</script><b>x\"\nko = \"<i>비빔밥\"\n\
                 python = \"a `<b>` & c\"\nrust = \"holds\"\n";
    fs::write(&ledger, claim).unwrap();
    let arguments = ["--ledger", &ledger, "--lang", "ko", "--html"];
    let ran = run(CLAIMS, &[&arguments[..], &[&page]].concat());
    assert!(ran.status.success(), "{ran:?}");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("<html lang=\"ko\""), "{html}");
    assert!(html.contains("lang=\"en\">&lt;/script&gt;&lt;b&gt;x</span>"));
    assert!(html.contains("lang=\"ko\">&lt;i&gt;비빔밥</span>"));
    assert!(html.contains("a <code>&lt;b&gt;</code> &amp; c"));

    let ran = run(CLAIMS, &[&arguments[..], &["/dev/full"]].concat());
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    let last = ran.stderr.lines().next_back().unwrap();
    assert!(last.starts_with("Error: /dev/full: No space left"), "{last}");
}
