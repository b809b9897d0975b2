//! The results say what the sources and the ledger say.

use shared::Menu;

use crate::{
    book::{Facts, Place, Problem},
    compare::BASELINE,
    programs::Program,
    source::added_lines,
};

/// Where the results are older than the sources.
pub fn check(facts: &Facts) -> Vec<Problem> {
    let kitchens = kitchens(facts);
    let claims = claims(facts);
    let problem = |what: String| Problem {
        place: Place { file: "docs/results.json".into(), line: 0 },
        what: format!("{what}: run `cargo book measure`"),
    };
    kitchens.into_iter().chain(claims).map(problem).collect()
}

/// Every kitchen was run on every menu, and is as long as it was then.
fn kitchens(facts: &Facts) -> Vec<String> {
    let base = facts.program(BASELINE).map(|one| one.source.as_str());
    let base = base.unwrap_or_default();
    let mut wrong = Vec::new();
    let kitchens: Vec<&Program> =
        facts.programs.iter().filter(|one| one.is_kitchen()).collect();
    for program in &kitchens {
        let name = &program.name;
        let lines = added_lines(base, &program.source);
        for menu in Menu::ALL {
            match facts.results.value(name, menu, "lines_changed") {
                Ok(then) if then == lines as f64 => {}
                Ok(then) => wrong.push(format!(
                    "{name} had {then} lines that {BASELINE} has not, and has \
                     {lines}"
                )),
                Err(why) => wrong.push(why),
            }
        }
        wrong.extend(facts.results.thousand(name).err());
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

/// Every claim was measured, is stated as in the ledger, and is not
/// contradicted.
fn claims(facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    for claim in &facts.claims {
        let id = &claim.id;
        let then = match facts.results.claim(id) {
            Ok(then) => then,
            Err(why) => {
                wrong.push(why);
                continue;
            }
        };
        for (key, now) in [
            ("says", claim.says.as_str()),
            ("ko", &claim.ko),
            ("answer", claim.rust.word()),
        ] {
            if then[key] != now {
                wrong.push(format!("{id}: the ledger has another {key:?} now"));
            }
        }
        let reports = then["reports"].as_array();
        for program in &claim.programs {
            let by =
                |report: &&serde_json::Value| report["program"] == **program;
            match reports.into_iter().flatten().find(by) {
                None => wrong.push(format!("{program} did not report {id}")),
                Some(report) if report["verdict"] == "contradicted" => {
                    wrong.push(format!("{program} contradicts {id}"));
                }
                Some(_) => {}
            }
        }
    }
    wrong
}
