//! What the pages say in their own words, in both languages.

use super::escape;
use crate::ledger::{Answer, Language};

/// A text in English and in Korean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text(pub &'static str, pub &'static str);

impl Text {
    /// One of the two.
    pub fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::En => self.0,
            Language::Ko => self.1,
        }
    }

    /// Both, of which a page shows one. `backticks` become code.
    pub fn html(self) -> String {
        both(self.0, self.1)
    }

    /// A choice of a `select` element. It can hold no elements, so a script
    /// changes its language.
    pub fn option(self, value: &str) -> String {
        let [en, ko, value] = [self.0, self.1, value].map(escape);
        format!(
            "<option value=\"{value}\" data-en=\"{en}\" data-ko=\"{ko}\">{en}\
             </option>\n"
        )
    }
}

/// A text in both languages, of which a page shows one.
pub fn both(en: &str, ko: &str) -> String {
    let [en, ko] = [en, ko].map(with_code);
    format!(
        "<span class=\"en\" lang=\"en\">{en}</span>\
         <span class=\"ko\" lang=\"ko\">{ko}</span>"
    )
}

/// Escaped, and what stands in `backticks` as code.
pub fn with_code(text: &str) -> String {
    let mut out = String::new();
    for (part, n) in escape(text).split('`').zip(0..) {
        match n % 2 {
            0 => out += part,
            _ => out += &format!("<code>{part}</code>"),
        }
    }
    out
}

/// What an answer of the ledger means.
pub fn meaning(answer: Answer) -> Text {
    Text(answer.meaning(Language::En), answer.meaning(Language::Ko))
}

// The frame.
pub const COLOURS: Text = Text("Colours", "색상");
pub const SYSTEM: Text = Text("System colours", "시스템 색상");
pub const LIGHT: Text = Text("Light", "밝게");
pub const DARK: Text = Text("Dark", "어둡게");
pub const MACHINE: Text = Text("Measured on", "측정 환경");
pub const DATE: Text = Text("Date", "날짜");
pub const COMMAND: Text = Text("Made by", "만든 명령");
pub const RUN: Text = Text("Run it", "실행 명령");
pub const SOURCE: Text = Text("Source", "소스");
pub const OUTPUT: Text = Text("Output of a run", "실행 결과 예");

// The comparison.
pub const COMPARISON: Text =
    Text("The same dishes in every model", "같은 요리, 여러 동시성 모델");
pub const ABOUT_COMPARISON: Text = Text(
    "Threads, tasks, processes and pools cook the same dishes. What each of \
     them takes, who does what when, and where the sources differ.",
    "스레드, 태스크, 프로세스, 풀이 같은 요리를 만든다. 저마다 얼마나 걸리는지, \
     누가 언제 무엇을 하는지, 소스는 어디가 다른지 보여 준다.",
);
pub const MENU: Text = Text("Menu", "메뉴");
pub const ALL_MENUS: Text = Text("all menus", "모든 메뉴");
pub const TOOK: Text = Text("What it takes", "얼마나 걸리는가");
pub const WHEN: Text = Text("Who does what when", "누가 언제 무엇을 하는가");
pub const DIFFERENCES: Text =
    Text("Where the sources differ", "소스는 어디가 다른가");
pub const SOURCES: Text = Text("All sources", "모든 소스");
pub const COMPARE: Text = Text("Compare", "프로그램");
pub const WITH: Text = Text("with", "비교 대상");
pub const WORK: Text = Text("work (CPU)", "손질(CPU)");
pub const WAITING: Text = Text("waiting", "대기");
pub const MORE: Text = Text(" more dishes", "가지 더");
pub const FAILED: Text = Text("failed", "실패");
pub const ONE_AXIS: Text = Text(
    "Both on one axis, in milliseconds from the start.",
    "시작부터 잰 시간(밀리초). 두 프로그램의 축은 같다.",
);
pub const ONLY_HERE: Text = Text(
    "What only one side has is marked. Indentation does not count.",
    "한쪽에만 있는 것을 표시했다. 들여쓰기의 차이는 무시한다.",
);
pub const NO_SOURCE: Text =
    Text("The source is not known.", "소스를 알 수 없다.");
pub const SAME_PROGRAM: Text =
    Text("That is the same program twice.", "같은 프로그램을 두 번 골랐다.");

/// The columns of the table: their headings, and what they mean.
pub const COLUMNS: [(Text, Text); 10] = [
    (Text("program", "프로그램"), Text("", "")),
    (
        Text("wall ms", "시간(ms)"),
        Text(
            "from the open kitchen to the last plate, in milliseconds",
            "주방이 열린 순간부터 마지막 접시까지, 밀리초",
        ),
    ),
    (
        Text("faster", "속도"),
        Text(
            "how many times as fast as `one_cook`",
            "`one_cook`의 몇 배로 빠른가",
        ),
    ),
    (
        Text("of bound", "한계 대비"),
        Text(
            "1.00 is what nobody can beat: the longest dish, or all work \
             divided by the number of cores",
            "1.00이 누구도 넘을 수 없는 한계: 가장 오래 걸리는 요리의 시간, 또는 \
             모든 손질을 코어에 고르게 나눈 시간",
        ),
    ),
    (
        Text("threads", "스레드"),
        Text("those that prepared a dish", "요리를 손질한 스레드의 수"),
    ),
    (
        Text("procs", "프로세스"),
        Text("processes that prepared a dish", "요리를 손질한 프로세스의 수"),
    ),
    (
        Text("MiB", "메모리(MiB)"),
        Text("the most memory at one time", "한때 쓴 메모리의 최댓값"),
    ),
    (
        Text("CPU ms", "CPU(ms)"),
        Text("CPU time of all threads together", "모든 스레드의 CPU 시간의 합"),
    ),
    (
        Text("switches", "전환"),
        Text("context switches", "컨텍스트 전환의 횟수"),
    ),
    (
        Text("lines", "줄"),
        Text(
            "lines of code that `one_cook` has not",
            "`one_cook`에 없는 코드의 줄 수",
        ),
    ),
];

/// What a menu is called: in a choice, and as a heading.
pub fn menu(menu: shared::Menu) -> Text {
    match menu {
        shared::Menu::Waiting => Text("waiting", "대기"),
        shared::Menu::Chopping => Text("chopping", "손질"),
        shared::Menu::Mixed => Text("mixed", "혼합"),
    }
}

pub fn menu_heading(menu: shared::Menu) -> Text {
    match menu {
        shared::Menu::Waiting => Text("waiting menu", "대기 메뉴"),
        shared::Menu::Chopping => Text("chopping menu", "손질 메뉴"),
        shared::Menu::Mixed => Text("mixed menu", "혼합 메뉴"),
    }
}

// The ledger.
pub const LEDGER: Text =
    Text("Every statement, run and measured", "모든 주장을 실행해서 쟀다");
pub const ABOUT_LEDGER: Text = Text(
    "What an article says of concurrency in Python, what is true of Python \
     today, our answer for Rust, and what programs measured.",
    "파이썬의 동시성을 다룬 글의 주장마다, 오늘의 파이썬에서 무엇이 참인지, \
     Rust에 대한 우리의 답은 무엇인지, 프로그램이 무엇을 쟀는지 적었다.",
);
pub const SEARCH: Text = Text("Search", "찾기");
pub const ANSWER: Text = Text("Answer for Rust", "Rust에 대한 답");
pub const VERDICT: Text = Text("Verdict", "판정");
pub const ANY_VERDICT: Text = Text("any verdict", "모든 판정");
pub const BORNE_OUT: Text = Text("borne out", "뒷받침됨");
pub const CONTRADICTED: Text = Text("contradicted", "어긋남");
pub const NOT_JUDGED: Text = Text("not judged", "판정하지 않음");
pub const NOT_REPORTED: Text = Text("not reported", "보고 없음");
pub const SHOWN: Text = Text(" statements shown", "개의 주장");
pub const NOTHING_FITS: Text =
    Text("No statement fits.", "조건에 맞는 주장이 없다.");
pub const RESET: Text = Text("Show all", "모두 보기");
pub const IN_PYTHON: Text = Text("Python today", "오늘날의 파이썬");
pub const READ: Text = Text("(source)", "(출처)");
pub const IN_RUST: Text = Text("Rust", "Rust");
pub const MEASURED: Text = Text("Measured", "측정");
pub const OPEN: Text =
    Text("Its chapter is still to be written.", "이 장은 아직 쓰지 않았다.");
pub const COSTS: Text = Text(
    "Programs whose subject is a cost were built with the release profile.",
    "비용을 재는 프로그램은 릴리스 프로파일로 빌드했다.",
);
pub const NO_COSTS: Text = Text(
    "All programs were built with the dev profile: figures of costs are not \
     to be quoted.",
    "모든 프로그램을 dev 프로파일로 빌드했으므로, 비용의 수치는 인용하지 말 것.",
);

/// What a chapter of the article is called.
pub fn chapter(section: &str) -> Text {
    match section {
        "threading" => Text("Threads", "스레드"),
        "asyncio" => Text("Asynchronous tasks", "비동기 태스크"),
        "multiprocessing" => Text("Processes", "멀티프로세싱"),
        "futures_pool" => Text("Pools", "스레드 풀과 프로세스 풀"),
        "subprocess" => Text("Other programs", "외부 프로그램"),
        _ => Text("Across the chapters", "여러 장에 걸친 주장"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped_and_marks_code() {
        assert_eq!(
            with_code("a `b<c>` & d"),
            "a <code>b&lt;c&gt;</code> &amp; d"
        );
        assert!(Text("a", "b").html().contains("lang=\"ko\">b<"));
        assert!(Text("a\"", "b").option("<").contains("value=\"&lt;\""));
    }
}
