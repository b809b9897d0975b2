//! What the engine itself says, in both languages.

use shared::{Language, Menu};

use crate::svg::Words;

/// The words of one language.
#[derive(Debug)]
pub struct Texts {
    pub run: &'static str,
    /// How the paragraph begins that follows the command.
    pub change: &'static str,
    pub says: &'static str,
    pub python_today: &'static str,
    pub our_answer: &'static str,
    pub measured: &'static str,
    pub borne_out: &'static str,
    pub contradicted: &'static str,
    pub not_judged: &'static str,
    /// The heading of the table of kitchens.
    pub compare: [&'static str; 9],
    pub failed: &'static str,
    /// The heading of the tally, and its last row.
    pub tally: [&'static str; 5],
    pub total: &'static str,
    /// The heading of a table of programs.
    pub programs: [&'static str; 3],
    /// The first column of the table of the machine.
    pub machine: [&'static str; 7],
    /// In the picture of who cooked what when.
    pub timeline: Words<'static>,
    pub python_none: &'static str,
    pub build: fn(&str, &str) -> String,
    /// Below a table of kitchens.
    pub runs: fn(Menu, usize) -> String,
    pub python_programs: &'static str,
    /// The link to the other edition, in the language of that one.
    pub other_edition: &'static str,
}

/// The words of this language.
pub fn texts(language: Language) -> &'static Texts {
    match language {
        Language::En => &ENGLISH,
        Language::Ko => &KOREAN,
    }
}

static ENGLISH: Texts = Texts {
    run: "Run it",
    change: "Change this and watch",
    says: "The article",
    python_today: "Python today",
    our_answer: "Rust",
    measured: "Measured",
    borne_out: "borne out",
    contradicted: "contradicted",
    not_judged: "not judged (busy machine)",
    compare: [
        "program",
        "time",
        "speed-up",
        "of the bound",
        "threads",
        "processes",
        "memory",
        "CPU time",
        "lines",
    ],
    failed: "failed",
    tally: [
        "our answer",
        "statements of the article",
        "borne out",
        "statements added",
        "borne out",
    ],
    total: "total",
    programs: ["what it shows", "program", "claims"],
    machine: [
        "processor",
        "cores",
        "memory",
        "Linux",
        "build",
        "Python",
        "measured on",
    ],
    timeline: Words {
        title: "Who cooked what when",
        work: "works",
        waiting: "waits",
        more: "more dishes",
        failed: "failed",
    },
    python_none: "not there",
    build: |rustc, profile| format!("Rust {rustc}, profile `{profile}`"),
    runs: |menu, count| match count {
        1 => format!("{menu} menu, one run"),
        _ => format!("{menu} menu, medians of {count} runs"),
    },
    python_programs: "The same ten dishes in Python",
    other_edition: "English",
};

static KOREAN: Texts = Texts {
    run: "실행",
    change: "바꿔 보기",
    says: "글의 주장",
    python_today: "오늘날의 파이썬",
    our_answer: "Rust",
    measured: "측정 결과",
    borne_out: "뒷받침됨",
    contradicted: "어긋남",
    not_judged: "판정하지 않음(바쁜 컴퓨터)",
    compare: [
        "프로그램",
        "시간",
        "속도 향상",
        "한계 대비",
        "스레드",
        "프로세스",
        "메모리",
        "CPU 시간",
        "줄 수",
    ],
    failed: "실패",
    tally: ["우리의 답", "글의 주장", "뒷받침됨", "덧붙인 주장", "뒷받침됨"],
    total: "합계",
    programs: ["보여 주는 것", "프로그램", "주장"],
    machine: [
        "프로세서",
        "코어",
        "메모리",
        "Linux",
        "빌드",
        "파이썬",
        "측정한 날",
    ],
    timeline: Words {
        title: "누가 무엇을 언제 요리했나",
        work: "계산",
        waiting: "대기",
        more: "개 더",
        failed: "실패",
    },
    python_none: "없음",
    build: |rustc, profile| format!("Rust {rustc}, `{profile}` 프로파일"),
    runs: |menu, count| match count {
        1 => format!("{menu} 메뉴, 한 번 실행한 값"),
        _ => format!("{menu} 메뉴, {count}번 실행한 값의 중앙값"),
    },
    python_programs: "파이썬으로 만드는 똑같은 요리 열 가지",
    other_edition: "한국어",
};
