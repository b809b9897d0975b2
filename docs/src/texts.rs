//! What `compare` and `claims` say: a table of texts for each language.

use std::borrow::Cow;

use shared::{Language, report::plural};

/// The words of these programs. A function takes what stands in its text.
pub(crate) struct Texts {
    /// The head of the table of `compare`, and what that means.
    pub heading: [&'static str; 10],
    pub legend: &'static str,
    /// An interpreter of Python, and by how much its knife is slower.
    pub strokes: fn(&str, f64) -> String,
    /// In place of a time.
    pub failed: &'static str,
    /// What went wrong with a program, as its row says it.
    pub status: fn(&str) -> Cow<str>,
    /// Cores, processor, system, its version, profile of the build.
    pub machine: fn(usize, &str, &str, &str, &str) -> String,
    pub runs_failed: fn(usize) -> String,
    /// A program that was interrupted.
    pub interrupted: fn(&str) -> String,

    /// Below a statement: what is true of Python; our answer and its meaning;
    /// a verdict, the program, and what that measured.
    pub python: fn(&str) -> String,
    pub rust: fn(&str, &str) -> String,
    pub report: fn(&str, &str, &str) -> String,
    pub open: &'static str,
    pub no_report: &'static str,
    /// How many statements of the article there are, and how many of them have
    /// which answer.
    pub tally: fn(usize, &[(usize, &str)]) -> String,
    /// How many claims there are, and how many of them are open.
    pub claims: fn(usize, usize) -> String,
    pub too_busy: fn(usize) -> String,
    pub building: fn(usize) -> String,

    /// Where ledger and programs do not agree: a program, the number of a claim,
    /// what was measured, or how it ended.
    pub no_program: fn(&str) -> String,
    pub hangs: fn(&str) -> String,
    pub ended: fn(&str, &str, &str) -> String,
    pub no_claim: fn(&str, &str) -> String,
    pub contradicts: fn(&str, &str, &str) -> String,
    pub silent: fn(&str, &str) -> String,
    pub not_judged: fn(&str, &str, &str) -> String,
}

/// The texts in this language.
pub(crate) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::En => &ENGLISH,
        Language::Ko => &KOREAN,
    }
}

static ENGLISH: Texts = Texts {
    heading: [
        "", "wall ms", "faster", "of bound", "threads", "procs", "MiB",
        "CPU ms", "switches", "lines",
    ],
    legend: "\
faster: than one_cook; of bound: 1.00 is what nobody can beat; lines: of code
that one_cook has not
",
    strokes: |python, ratio| {
        format!(
            "*.py: {python}; where Rust makes {ratio:.0} strokes of the \
             knife, it makes one, so that\na dish takes as long to prepare; \
             the start of the interpreter is not counted\n"
        )
    },
    failed: "failed",
    status: |status| status.into(),
    machine: |cores, name, system, version, build| {
        let cores = plural(cores, "core", "cores");
        format!("{cores}, {name}, {system} {version}, {build} build")
    },
    runs_failed: |count| format!("{} failed", plural(count, "run", "runs")),
    interrupted: |program| {
        format!("{program}: interrupted; nothing is left running")
    },

    python: |python| format!("Python: {python}"),
    rust: |answer, meaning| format!("Rust: {answer} ({meaning})"),
    report: |verdict, program, figure| {
        format!("{verdict} by {program}: {figure}")
    },
    open: "open: its chapter is still to be written",
    no_report: "nothing was reported",
    tally: |total, answers| {
        let answers = answers.iter();
        let answers = answers.map(|(count, means)| format!("{count} {means}"));
        let answers: Vec<_> = answers.collect();
        format!(
            "of {total} statements of the article, in Rust: {}",
            answers.join("; ")
        )
    },
    claims: |all, open| {
        format!("{}, {open} of them open", plural(all, "claim", "claims"))
    },
    too_busy: |count| {
        let said = plural(count, "measurement", "measurements");
        format!("the machine was too busy to judge {said}")
    },
    building: |count| {
        let count = plural(count, "cost program", "cost programs");
        format!("building {count} with the release profile (see --dev)")
    },

    no_program: |program| format!("there is no program {program}"),
    hangs: |program| format!("{program} hangs"),
    ended: |program, status, why| format!("{program}: {status}: {why}"),
    no_claim: |program, id| format!("{program} reports {id}: no such claim"),
    contradicts: |program, id, figure| {
        format!("{program} contradicts {id}: {figure}")
    },
    silent: |program, id| format!("{program} does not report {id}"),
    not_judged: |program, id, figure| {
        format!("{program} does not judge {id} (busy machine): {figure}")
    },
};

static KOREAN: Texts = Texts {
    heading: [
        "",
        "시간 ms",
        "속도",
        "한계 대비",
        "스레드",
        "프로세스",
        "MiB",
        "CPU ms",
        "전환",
        "줄",
    ],
    legend: "\
시간: 실제로 걸린 시간. 속도: one_cook의 몇 배인지. 한계 대비: 1.00이 누구도
넘을 수 없는 한계. 전환: 컨텍스트 전환. 줄: one_cook에 없는 코드의 줄 수
",
    strokes: |python, ratio| {
        format!(
            "*.py: {python}. Rust가 칼질을 {ratio:.0}번 하는 동안 한 번 하므로, \
             요리 하나를\n손질하는 시간은 같다. 인터프리터를 시작하는 시간은 \
             세지 않는다.\n"
        )
    },
    failed: "실패",
    status: |status| {
        let said = [
            ("exit status: ", "종료 상태 "),
            ("signal: ", "시그널 "),
            ("not done after ", "제한 시간 초과: "),
            ("cannot be run: ", "실행할 수 없음: "),
            ("its JSON: ", "잘못된 JSON: "),
        ];
        let told = said.iter().find_map(|(english, korean)| {
            Some(format!("{korean}{}", status.strip_prefix(english)?))
        });
        told.map_or(status.into(), Cow::Owned)
    },
    machine: |cores, name, system, version, build| {
        format!("코어 {cores}개, {name}, {system} {version}, {build} 빌드")
    },
    runs_failed: |count| format!("실행 {count}번이 실패했습니다"),
    interrupted: |program| {
        format!("{program}: 중단되었습니다. 남아 있는 프로세스는 없습니다")
    },

    python: |python| format!("파이썬: {python}"),
    rust: |answer, meaning| format!("Rust: {meaning}({answer})"),
    report: |verdict, program, figure| {
        format!("{verdict}({program}): {figure}")
    },
    open: "미정: 해당하는 장을 아직 쓰지 않음",
    no_report: "보고한 것이 없음",
    tally: |total, answers| {
        let answers = answers.iter();
        let answers =
            answers.map(|(count, means)| format!("{means} {count}개"));
        let answers: Vec<_> = answers.collect();
        format!("글의 주장 {total}개, Rust에서는: {}", answers.join(", "))
    },
    claims: |all, open| format!("주장 {all}개, 그 가운데 미정 {open}개"),
    too_busy: |count| {
        format!("컴퓨터가 바빠 측정 {count}개는 판정하지 않았습니다")
    },
    building: |count| {
        format!(
            "비용을 재는 프로그램 {count}개를 release 프로파일로 \
             빌드합니다(--dev 참고)"
        )
    },

    no_program: |program| format!("{program}: 그런 프로그램이 없습니다"),
    hangs: |program| format!("{program}: 멈춰 버려 끝나지 않습니다"),
    ended: |program, status, why| {
        format!("{program}: {}: {why}", (KOREAN.status)(status))
    },
    no_claim: |program, id| {
        format!("{program}: {id}에 대해 보고하지만, 그런 주장은 없습니다")
    },
    contradicts: |program, id, figure| {
        format!(
            "{program}: {id}에 대한 우리의 답이 어긋난 것으로 나옵니다: {figure}"
        )
    },
    silent: |program, id| format!("{program}: {id}에 대해 보고하지 않습니다"),
    not_judged: |program, id, figure| {
        format!(
            "{program}: 컴퓨터가 바빠 {id}에 대해 판정하지 않습니다: {figure}"
        )
    },
};
