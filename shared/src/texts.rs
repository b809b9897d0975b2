//! What a report says: a table of texts for each language.

use crate::meal::Bound;
use crate::{Language, Menu, Verdict, report::plural};

/// The words of a report. A function takes what stands in its text.
pub(crate) struct Texts {
    /// The names of the ten dishes.
    pub dishes: [&'static str; 10],
    /// `waiting menu`
    pub menu: fn(Menu) -> String,
    /// How many dishes, cores, threads, processes: `1 dish`, `2 dishes`.
    pub dish_count: fn(usize) -> String,
    pub core_count: fn(usize) -> String,
    pub thread_count: fn(usize) -> String,
    pub process_count: fn(usize) -> String,
    /// So many threads in so many processes.
    pub threads_in: fn(usize, usize) -> String,

    /// One row of the chart: a thread that has a name or none, a process.
    pub thread: fn(&str) -> String,
    pub process: fn(u32) -> String,
    /// Dishes that the chart leaves out.
    pub more: fn(usize) -> String,
    /// Below the chart: what the two kinds of ink are.
    pub prepares: &'static str,
    pub bakes: &'static str,

    /// The three numbers.
    pub alone: &'static str,
    pub nobody: &'static str,
    pub took: &'static str,
    pub bound: fn(Bound) -> &'static str,
    /// How many times as fast, and how many times the bound.
    pub gain: fn(f64, f64) -> String,
    /// Who cooked, CPU milliseconds, context switches, MiB.
    pub cooked: fn(&str, f64, u64, f64) -> String,

    /// What a kitchen measures: who cooked, and how many dishes at once.
    pub at_once: fn(&str, &str) -> String,
    /// The number of a statement, the statement, our answer, what that means.
    pub statement: fn(&str, &str, &str, &str) -> String,
    /// The number of a statement, the verdict, what was measured.
    pub claim: fn(&str, Verdict, &str) -> String,
    pub verdict: fn(Verdict) -> &'static str,
    /// What an answer of the ledger means.
    pub meaning: fn(&str) -> &'static str,

    /// After `Usage: chef [OPTIONS]`.
    pub options: &'static str,
    pub usage: &'static str,
}

impl Language {
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Language::En => &ENGLISH,
            Language::Ko => &KOREAN,
        }
    }
}

static ENGLISH: Texts = Texts {
    dishes: [
        "bibimbap", "bulgogi", "japchae", "galbi", "mandu", "pajeon", "kimbap",
        "tteok", "jjigae", "hotteok",
    ],
    menu: |menu| format!("{menu} menu"),
    dish_count: |count| plural(count, "dish", "dishes"),
    core_count: |count| plural(count, "core", "cores"),
    thread_count: |count| plural(count, "thread", "threads"),
    process_count: |count| plural(count, "process", "processes"),
    threads_in: |threads, processes| {
        let processes = plural(processes, "process", "processes");
        format!("{} in {processes}", plural(threads, "thread", "threads"))
    },

    thread: str::to_string,
    process: |pid| format!("process {pid}"),
    more: |count| format!("and {count} more"),
    prepares: "prepares (CPU)",
    bakes: "bakes (waits)",

    alone: "one cook alone would need",
    nobody: "nobody can beat",
    took: "this took",
    bound: |bound| match bound {
        Bound::LongestDish => "the bound: the longest dish",
        Bound::AllWork => "the bound: all work, spread over the cores",
    },
    gain: |faster, distance| {
        format!("{faster:.1} times as fast, {distance:.2} of the bound")
    },
    cooked: |who, cpu, switches, mib| {
        format!(
            "cooked by {who}; CPU {cpu:.0} ms, {switches} switches, {mib:.1} \
             MiB"
        )
    },

    at_once: |who, dishes| format!("{who} cooked {dishes} at the same time"),
    statement: |id, says, answer, meaning| {
        let (who, says) = match says.strip_prefix("(Not in the article.) ") {
            Some(says) => ("Not in the article", says),
            None => ("The article", says),
        };
        format!(
            "{who}, {id}: \"{says}\"\n\
             Our answer for Rust: {answer} ({meaning})"
        )
    },
    claim: |id, verdict, figure| {
        let busy = match verdict {
            Verdict::NotJudged => " (busy machine)",
            Verdict::BorneOut | Verdict::Contradicted => "",
        };
        format!("Our answer to {id} is {}{busy}: {figure}", verdict.word())
    },
    verdict: Verdict::word,
    meaning: |answer| match answer {
        "holds" => "true",
        "limits" => "true within limits",
        "differs" => "the same topic, by another mechanism",
        "inverted" => "the opposite problem",
        "false" => "not true",
        "outdated" => "not true any more, nor of Python",
        _ => "",
    },

    usage: "Usage",
    options: "\
Options:
  --menu MENU     waiting (default), chopping or mixed
  --dishes N      how many dishes, 1 to 10000 (default 10)
  --oven ADDRESS  use this oven, 127.0.0.1:PORT, instead of one's own
  --json          print one JSON object instead of the table
  --trace FILE    write a Chrome trace; ui.perfetto.dev shows it
  --lang LANG     in which language: en (default) or ko
  --strict        judge by time on a busy machine, too
  --help          print this
",
};

static KOREAN: Texts = Texts {
    dishes: [
        "비빔밥",
        "불고기",
        "잡채",
        "갈비",
        "만두",
        "파전",
        "김밥",
        "떡",
        "찌개",
        "호떡",
    ],
    menu: |menu| {
        let kind = match menu {
            Menu::Waiting => "대기",
            Menu::Chopping => "손질",
            Menu::Mixed => "혼합",
        };
        format!("{menu} 메뉴({kind})")
    },
    dish_count: |count| format!("요리 {count}가지"),
    core_count: |count| format!("코어 {count}개"),
    thread_count: |count| format!("스레드 {count}개"),
    process_count: |count| format!("프로세스 {count}개"),
    threads_in: |threads, processes| {
        format!("프로세스 {processes}개의 스레드 {threads}개")
    },

    thread: |label| match label.strip_prefix("thread #") {
        Some(number) => format!("스레드 #{number}"),
        None => label.to_string(),
    },
    process: |pid| format!("프로세스 {pid}"),
    more: |count| format!("외 {count}가지"),
    prepares: "손질(CPU)",
    bakes: "굽기(대기)",

    alone: "요리사 한 명이 혼자 하면",
    nobody: "누구도 넘을 수 없는 한계",
    took: "실제로 걸린 시간",
    bound: |bound| match bound {
        Bound::LongestDish => "가장 오래 걸리는 요리",
        Bound::AllWork => "모든 손질을 코어에 고르게 나눈 시간",
    },
    gain: |faster, distance| {
        format!("속도 {faster:.1}배, 한계의 {distance:.2}배")
    },
    cooked: |who, cpu, switches, mib| {
        format!(
            "{who}가 요리함. CPU {cpu:.0} ms, 컨텍스트 전환 {switches}번, \
             메모리 {mib:.1} MiB"
        )
    },

    at_once: |who, dishes| format!("{who}가 {dishes}를 동시에 만듦"),
    statement: |id, says, answer, meaning| {
        let (whose, says) = match says.strip_prefix("(글에 없음) ") {
            Some(says) => ("글에 없는 주장", says),
            None => ("글의 주장", says),
        };
        format!(
            "{whose} {id}: \"{says}\"\n\
             Rust에 대한 우리의 답: {meaning}({answer})"
        )
    },
    claim: |id, verdict, figure| {
        let verdict = match verdict {
            Verdict::BorneOut => "뒷받침됨",
            Verdict::Contradicted => "어긋남",
            Verdict::NotJudged => "판정하지 않음(컴퓨터가 바쁨)",
        };
        format!("{id}에 대한 우리의 답: {verdict}. {figure}")
    },
    verdict: |verdict| match verdict {
        Verdict::BorneOut => "뒷받침됨",
        Verdict::Contradicted => "어긋남",
        Verdict::NotJudged => "판정하지 않음",
    },
    meaning: |answer| match answer {
        "holds" => "참",
        "limits" => "조건부로 참",
        "differs" => "같은 주제, 다른 방식",
        "inverted" => "문제가 정반대",
        "false" => "참이 아님",
        "outdated" => "이제는 파이썬에서도 참이 아님",
        _ => "",
    },

    usage: "사용법",
    options: "\
옵션:
  --menu MENU     waiting(대기, 기본값), chopping(손질), mixed(혼합)
  --dishes N      요리의 수, 1에서 10000까지(기본값 10)
  --oven ADDRESS  따로 띄우지 않고 이 오븐을 씀, 127.0.0.1:PORT
  --json          표 대신 JSON 객체 하나를 출력
  --trace FILE    Chrome 트레이스 파일로 기록(ui.perfetto.dev에서 볼 수 있음)
  --lang LANG     보고서의 언어, en(기본값)이나 ko
  --strict        컴퓨터가 바빠도 시간을 재어 판정
  --help          이 도움말을 출력
",
};
