//! The ledger: every statement of the article, what we say of it, and what
//! the programs measured.

mod build;
mod options;
mod table;

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    path::Path,
    process::Command,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use shared::{Failure, Result, Verdict, answer_meaning};
use subprocess::run_child::{Limits, Stop, Why, run_child};

pub use build::build;
pub use options::Options;
pub use shared::Language;
pub use table::{show, tell, tell_json};

use crate::{
    programs::Program,
    progress::Progress,
    texts::{Texts, texts},
};

/// No program takes longer, and none writes more.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(60),
    output: 1 << 20,
    grace: Duration::from_secs(1),
};

#[derive(Deserialize)]
struct Ledger {
    claim: Vec<Claim>,
}

/// One statement of the article.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// `T5`, and so on.
    pub id: String,
    /// The chapter: a crate, or `across`.
    pub section: String,
    /// The statement, in English.
    pub says: String,
    /// The statement, in Korean.
    pub ko: String,
    /// What is true of it in Python today, in Korean.
    #[serde(default)]
    pub python_ko: String,
    /// What is true of it in Python today.
    pub python: String,
    /// Where that can be read, if it cannot only be run: a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_source: Option<String>,
    /// Our answer for Rust.
    #[serde(rename(serialize = "answer"))]
    pub rust: Answer,
    /// Who reports it; nobody while its chapter is still to be written.
    #[serde(default)]
    pub programs: Vec<String>,
}

impl Claim {
    /// The statement, in this language.
    pub fn says_in(&self, language: Language) -> &str {
        match language {
            Language::En => &self.says,
            Language::Ko => &self.ko,
        }
    }

    /// What is true of it in Python today, in this language.
    pub fn python_in(&self, language: Language) -> &str {
        match language {
            Language::Ko if !self.python_ko.is_empty() => &self.python_ko,
            _ => &self.python,
        }
    }

    /// Whether the article states it. The others are ours: they fill a heading
    /// that the article leaves empty, or compare its chapters.
    pub fn is_of_the_article(&self) -> bool {
        !self.says.starts_with("(Not in the article.)")
    }
}

/// What we say of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// True of Rust.
    Holds,
    /// True within limits.
    Limits,
    /// The same topic, by another mechanism.
    Differs,
    /// Rust has the opposite problem.
    Inverted,
    /// Never true of Rust.
    False,
    /// Was true once, or became false in Python, too.
    Outdated,
}

impl Answer {
    /// All of them, in the order in which they are explained.
    pub const ALL: [Answer; 6] = [
        Answer::Holds,
        Answer::Limits,
        Answer::Differs,
        Answer::Inverted,
        Answer::False,
        Answer::Outdated,
    ];

    /// As in the ledger: `holds`, and so on.
    pub fn word(self) -> &'static str {
        match self {
            Answer::Holds => "holds",
            Answer::Limits => "limits",
            Answer::Differs => "differs",
            Answer::Inverted => "inverted",
            Answer::False => "false",
            Answer::Outdated => "outdated",
        }
    }

    /// What that means.
    pub fn meaning(self, language: Language) -> &'static str {
        answer_meaning(self.word(), language)
    }
}

/// What a program reported of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The claim.
    pub id: String,
    /// The program.
    pub program: String,
    /// What it measured.
    pub figure: String,
    /// What that says of our answer.
    pub verdict: Verdict,
}

/// Reads a ledger.
///
/// # Errors
///
/// There is none at `path`, it is not one, or it lists a claim twice.
pub fn read(path: &Path) -> Result<Vec<Claim>> {
    let text = fs::read_to_string(path)
        .map_err(|why| Failure::new(format!("{}: {why}", path.display())))?;
    let Ledger { claim: claims } = toml::from_str(&text)?;
    let mut ids = HashSet::new();
    match claims.iter().find(|claim| !ids.insert(&claim.id)) {
        Some(twice) => Err(Failure::new(format!("{} stands twice", twice.id))),
        None => Ok(claims),
    }
}

/// Runs these programs, which are those that the claims name, and collects what
/// they report. `known` are the numbers of all claims there are. `None`:
/// told to stop.
///
/// What goes wrong is told in the second list, a line each, in this `language`.
/// A claim that is not judged is no error.
///
/// # Errors
///
/// A program cannot be started.
pub fn run(
    claims: &[Claim],
    known: &HashSet<String>,
    programs: &[Program],
    stop: &Stop,
    language: Language,
) -> Result<Option<(Vec<Report>, Vec<String>)>> {
    let texts = texts(language);
    let named: BTreeSet<&String> =
        claims.iter().flat_map(|claim| &claim.programs).collect();
    let is_there = |name: &&&String| programs.iter().any(|p| p.name == ***name);
    let (mut reports, mut problems) = (Vec::new(), Vec::new());
    for missing in named.iter().filter(|name| !is_there(name)) {
        problems.push((texts.no_program)(missing));
    }
    let mut progress = Progress::new(programs.len());
    for program in programs {
        progress.next(&program.name);
        let Some(mut ran) = ask(program, stop, texts)? else { return Ok(None) };
        if ran.is_contradicted() && program.judges_by_time() {
            // Time may deceive once. If two runs do not agree, nobody knows.
            let first = ran;
            let Some(second) = ask(program, stop, texts)? else {
                return Ok(None);
            };
            ran = second.in_doubt_of(&first);
        }
        reports.extend(ran.reports);
        problems.extend(ran.problems);
    }
    problems.extend(contradictions(claims, known, &reports, texts));
    Ok(Some((reports, problems)))
}

/// What a run of a program told.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ran {
    pub reports: Vec<Report>,
    /// What went wrong, a line each; a contradiction is told elsewhere.
    pub problems: Vec<String>,
}

impl Ran {
    pub fn is_contradicted(&self) -> bool {
        self.reports.iter().any(|r| r.verdict == Verdict::Contradicted)
    }

    /// What the run before it contradicted, and this one does not, is not
    /// judged.
    pub fn in_doubt_of(mut self, before: &Ran) -> Ran {
        for now in &mut self.reports {
            let contradicted = |then: &&Report| {
                then.id == now.id && then.verdict == Verdict::Contradicted
            };
            if now.verdict == Verdict::BorneOut
                && before.reports.iter().any(|then| contradicted(&then))
            {
                now.verdict = Verdict::NotJudged;
            }
        }
        self
    }
}

/// Runs a program and reads what it reports. `None`: told
/// to stop.
fn ask(program: &Program, stop: &Stop, texts: &Texts) -> Result<Option<Ran>> {
    let name = &program.name;
    let ran = run_child(&mut Command::new(&program.path), b"", LIMITS, stop)?;
    match ran.why {
        Why::Stopped => return Ok(None),
        Why::TimeUp => {
            let problems = vec![(texts.hangs)(name)];
            return Ok(Some(Ran { problems, ..Ran::default() }));
        }
        Why::Ended => {}
    }
    let said = String::from_utf8_lossy(&ran.stdout.bytes);
    let reports = said.lines().filter_map(report(name)).collect();
    let mut told = Ran { reports, ..Ran::default() };
    // A contradiction ends a program so, and is told with the others.
    if !ran.status.success() && !told.is_contradicted() {
        let why = String::from_utf8_lossy(&ran.stderr.bytes);
        let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
        let status = ran.status.to_string();
        told.problems.push((texts.ended)(name, &status, &why));
    }
    Ok(Some(told))
}

/// What the machine was too busy to judge, a line for each report.
pub fn not_judged(reports: &[Report], language: Language) -> Vec<String> {
    let line = texts(language).not_judged;
    let open = reports.iter().filter(|r| r.verdict == Verdict::NotJudged);
    open.map(|Report { id, program, figure, .. }| line(program, id, figure))
        .collect()
}

/// Reads a line that reports a claim: `Our answer to T5 is borne out: ...`,
/// `... is contradicted: ...`, or `... is not judged (busy machine): ...`.
fn report(program: &str) -> impl Fn(&str) -> Option<Report> {
    move |line| {
        let (head, figure) = line.split_once(": ")?;
        let head = head.strip_prefix("Our answer to ")?;
        let (id, verdict) = head.split_once(" is ")?;
        let verdict = match verdict {
            "borne out" => Verdict::BorneOut,
            "contradicted" => Verdict::Contradicted,
            "not judged (busy machine)" => Verdict::NotJudged,
            _ => return None,
        };
        let (id, program) = (id.to_string(), program.to_string());
        Some(Report { id, program, figure: figure.to_string(), verdict })
    }
}

/// Where ledger and programs do not agree.
fn contradictions(
    claims: &[Claim],
    known: &HashSet<String>,
    reports: &[Report],
    texts: &Texts,
) -> Vec<String> {
    let mut problems = Vec::new();
    for Report { id, program, figure, verdict } in reports {
        if !known.contains(id) {
            problems.push((texts.no_claim)(program, id));
        }
        if *verdict == Verdict::Contradicted {
            problems.push((texts.contradicts)(program, id, figure));
        }
    }
    for Claim { id, programs, .. } in claims {
        for program in programs {
            if !reports.iter().any(|r| r.id == *id && r.program == *program) {
                problems.push((texts.silent)(program, id));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(line: &str) -> Option<Verdict> {
        report("test")(line).map(|report| report.verdict)
    }

    #[test]
    fn three_forms_of_a_line_report_a_claim() {
        use Verdict::*;
        assert_eq!(
            verdict("Our answer to T9 is borne out: 3 us"),
            Some(BorneOut)
        );
        assert_eq!(
            verdict("Our answer to T9 is contradicted: 3 us"),
            Some(Contradicted)
        );
        let busy = "Our answer to T9 is not judged (busy machine): 3 us";
        assert_eq!(verdict(busy), Some(NotJudged));
        let told = report("spawn_cost")(
            "Our answer to A12 is borne out: 2: as wanted",
        )
        .unwrap();
        let [id, program, figure] = [told.id, told.program, told.figure];
        assert_eq!(
            [&*id, &program, &figure],
            ["A12", "spawn_cost", "2: as wanted"]
        );
    }

    #[test]
    fn other_lines_report_nothing() {
        for line in [
            "",
            "Our answer to T9 is borne out",
            "T9 borne out: 3 us",
            "borne out: 3 us",
            "Our answer to T9 is right: 3 us",
            "Our answer to T9 is not judged: 3 us",
            "  Our answer to T9 is borne out: 3 us",
        ] {
            assert_eq!(verdict(line), None, "{line}");
        }
    }

    #[test]
    fn two_runs_that_disagree_judge_nothing() {
        use Verdict::*;
        let ran = |verdicts: [Verdict; 3]| {
            let line = |(n, verdict)| Report {
                id: format!("T{n}"),
                program: "test".into(),
                figure: String::new(),
                verdict,
            };
            let reports = (1..).zip(verdicts).map(line).collect();
            Ran { reports, ..Ran::default() }
        };
        let first = ran([BorneOut, Contradicted, Contradicted]);
        let second = ran([Contradicted, Contradicted, BorneOut]);
        let told = second.in_doubt_of(&first).reports;
        let told: Vec<Verdict> = told.iter().map(|r| r.verdict).collect();
        assert_eq!(told, [Contradicted, Contradicted, NotJudged]);
    }

    #[test]
    fn of_several_verdicts_the_worst_one_counts() {
        use Verdict::*;
        let verdicts = [BorneOut, Contradicted, NotJudged];
        assert_eq!(verdicts.into_iter().max(), Some(Contradicted));
        assert_eq!([NotJudged, BorneOut].into_iter().max(), Some(NotJudged));
    }
}
