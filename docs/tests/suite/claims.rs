//! The ledger: complete, and honest about what contradicts it.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use docs::{
    ledger,
    programs::{self, Program},
};
use serde_json::Value;
use shared::{Language, Verdict};
use subprocess::run_child::Stop;

use crate::{example, support::*};

const CLAIMS: &str = env!("CARGO_BIN_EXE_claims");
const LEDGER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ledger.toml");

/// A ledger of one claim, in a file that is gone at the end of the test.
struct Small(PathBuf);

impl Small {
    fn ledger(id: &str, programs: &str) -> Small {
        let name =
            format!("ledger-{}-{id}-{programs}.toml", std::process::id());
        let path = env::temp_dir().join(name.replace(['"', ',', ' '], ""));
        let text = format!(
            "[[claim]]\nid = {id:?}\nsection = \"threading\"\nsays = \"x\"\n\
             ko = \"x\"\npython = \"x\"\nrust = \"holds\"\n\
             programs = [{programs}]\n"
        );
        fs::write(&path, text).unwrap();
        Small(path)
    }

    fn run(&self, set: &[(&str, &str)]) -> Ran {
        let _quiet = alone();
        let path = self.0.to_str().unwrap();
        run_with(CLAIMS, &["--dev", "--ledger", path], |command| {
            command.envs(set.iter().copied());
        })
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

#[test]
fn every_statement_of_the_article_is_there_in_order() {
    let chapters =
        [("T", 12), ("A", 37), ("M", 9), ("F", 21), ("S", 13), ("X", 8)];
    let wanted = chapters.iter().flat_map(|&(letter, count)| {
        (1..=count).map(move |number| format!("{letter}{number}"))
    });
    let claims = ledger::read(LEDGER.as_ref()).unwrap();
    let ids: Vec<&String> = claims.iter().map(|claim| &claim.id).collect();
    assert_eq!(ids, wanted.collect::<Vec<_>>().iter().collect::<Vec<_>>());
}

/// What a header promises to report, the ledger expects of it; and the other
/// way round.
#[test]
fn headers_and_ledger_agree() {
    let claims = ledger::read(LEDGER.as_ref()).unwrap();
    let expected: BTreeSet<(String, String)> = claims
        .iter()
        .flat_map(|c| c.programs.iter().map(|p| (c.id.clone(), p.clone())))
        .collect();
    let mut promised = BTreeSet::new();
    for program in programs::all().unwrap() {
        for id in program.claims() {
            promised.insert((id.to_string(), program.name.clone()));
        }
    }
    assert_eq!(expected, promised);
}

/// What a header shows is what its program prints (the tests of its crate), so
/// no answer is contradicted.
#[test]
fn every_program_bears_out_what_its_header_promises() {
    for program in programs::all().unwrap() {
        for id in program.claims() {
            let told = format!("     Our answer to {id} is borne out: ");
            let shown = program.header().any(|line| line.starts_with(&told));
            assert!(shown, "{}: {told}", program.name);
        }
    }
}

#[test]
fn a_chapter_is_answered_and_nothing_is_contradicted() {
    let _quiet = alone();
    let ran = run(CLAIMS, &["--dev", "--section", "threading", "--json"]);
    assert!(ran.status.success(), "{ran:?}");
    let claims: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(claims.len(), 12);
    for claim in claims {
        assert_eq!(claim["section"], "threading");
        assert_ne!(claim["verdict"], "contradicted", "{claim}");
        for key in ["id", "answer", "verdict", "figure", "program"] {
            assert!(claim[key].is_string(), "{key}: {claim}");
        }
    }
}

#[test]
fn a_contradiction_is_named() {
    let small = Small::ledger("A1", "\"chef_smol\"");
    assert!(small.run(&[]).status.success());
    if shared::measure::cores() > 1 {
        // Two chefs: now the claim is wrong, and the ledger has to say so. (On
        // a busy machine the second may come too late to cook anything.)
        let two_chefs = || small.run(&[("SMOL_THREADS", "2")]);
        let wrong = |ran: &Ran| ran.status.code() == Some(1);
        let ran = (0..30).map(|_| two_chefs()).find(wrong);
        let ran = ran.expect("a second chef who cooks in one of 30 meals");
        assert!(ran.stderr.contains("chef_smol contradicts A1: 2 threads"));
        assert!(ran.stdout.contains("contradicted by chef_smol"));
    }
}

#[test]
fn three_verdicts_are_told_apart() {
    let reporter = [Program::from_elsewhere(example("reporter").into())];
    let mut claims = ledger::read(LEDGER.as_ref()).unwrap();
    claims.retain(|claim| ["T1", "T2", "T3"].contains(&&*claim.id));
    for claim in &mut claims {
        claim.programs = vec!["reporter".into()];
    }
    let known = claims.iter().map(|claim| claim.id.clone()).collect();
    let never = Stop::never();
    let ran =
        ledger::run(&claims, &known, &reporter, &never, Language::En).unwrap();
    let (reports, problems) = ran.unwrap();
    let verdicts: Vec<Verdict> = reports.iter().map(|r| r.verdict).collect();
    use Verdict::*;
    assert_eq!(verdicts, [BorneOut, NotJudged, Contradicted]);
    assert_eq!(problems, ["reporter contradicts T3: 3 us"]);
    assert_eq!(
        ledger::not_judged(&reports, Language::En),
        ["reporter does not judge T2 (busy machine): 2 us"]
    );
}

/// Nothing here depends on how busy the machine is: the program never judges.
#[test]
fn a_claim_that_is_not_judged_is_an_error_with_strict_only() {
    // `claims` runs what stands beside it, so it is put beside that program.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("strict/debug");
    let _ = fs::remove_dir_all(&folder); // of a run before this one
    fs::create_dir_all(&folder).unwrap();
    let claims = folder.join("claims");
    fs::copy(CLAIMS, &claims).unwrap();
    fs::copy(example("undecided"), folder.join("undecided")).unwrap();
    let cargo = example("small_cargo");
    let small = Small::ledger("T2", "\"undecided\"");
    let ledger = small.0.to_str().unwrap();
    let run = |options: &[&str]| {
        let arguments = [&["--ledger", ledger], options].concat();
        run_with(claims.to_str().unwrap(), &arguments, |command| {
            command.env("CARGO", &cargo);
        })
    };

    let ran = run(&[]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let told = "not judged by undecided: 2 us\n1 claim, 0 of them open\n\
                the machine was too busy to judge 1 measurement\n";
    assert!(ran.stdout.ends_with(told), "{ran:?}");
    assert_eq!(ran.stderr, "[1/1] undecided\n");

    let ran = run(&["--strict"]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert!(ran.stdout.ends_with(told), "{ran:?}");
    let why = "undecided does not judge T2 (busy machine): 2 us";
    assert_eq!(ran.stderr, format!("[1/1] undecided\nError: {why}\n"));
}

#[test]
fn a_program_that_is_silent_unknown_or_talks_of_something_else_is_named() {
    let ran = Small::ledger("T2", "\"cooks\"").run(&[]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert!(ran.stderr.contains("cooks does not report T2"), "{ran:?}");
    assert!(ran.stderr.contains("cooks reports T1: no such claim"), "{ran:?}");

    let ran = Small::ledger("T1", "\"cooks\", \"nobody\"").run(&[]);
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert!(ran.stderr.starts_with("[1/1] cooks\n"), "{ran:?}");
    assert!(ran.stderr.contains("there is no program nobody"), "{ran:?}");
}

#[test]
fn open_claims_are_counted() {
    let ran = Small::ledger("T2", "").run(&[]);
    assert!(ran.status.success(), "{ran:?}");
    let open = "\n       open: its chapter is still to be written\n";
    assert!(ran.stdout.contains(open), "{ran:?}");
    assert!(ran.stdout.ends_with("\n1 claim, 1 of them open\n"), "{ran:?}");
}

#[test]
fn single_claims_can_be_asked_for_also_in_korean() {
    let _quiet = alone();
    let ran = run(CLAIMS, &["--dev", "t6", "--lang", "ko"]);
    assert!(ran.status.success(), "{ran:?}");
    let claims = ledger::read(LEDGER.as_ref()).unwrap();
    let t6 = claims.iter().find(|claim| claim.id == "T6").unwrap();
    let said: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(said[0], format!("T6   {}", t6.ko));
    assert_eq!(said[1], format!("     파이썬: {}", t6.python_ko));
    assert_eq!(said[2], "     Rust: 참이 아님(false)");
    assert!(said[3].starts_with("       뒷받침됨(panic_report): "));
    assert_eq!(said.last(), Some(&"주장 1개, 그 가운데 미정 0개"));
}

#[test]
fn wrong_usage_is_one_line() {
    for wrong in [
        "--section soup",
        "--salt",
        "T99",
        "--section",
        "--release",
        "--section asyncio T5",
        "--lang fr",
        "soup",
    ] {
        let words: Vec<&str> = wrong.split(' ').collect();
        let ran = run(CLAIMS, &words);
        assert_eq!(ran.status.code(), Some(2), "{wrong}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{wrong}: {ran:?}");
    }
    assert!(run(CLAIMS, &["--help"]).stdout.contains("--section"));
}
