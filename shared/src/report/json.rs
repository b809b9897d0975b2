//! The report for programs: one JSON object.
//!
//! Written by hand: a serialisation library would be most of what a first
//! `cargo run` builds, for twenty lines.

use super::Run;
use crate::{Claim, Plate, measure::ms};

pub(crate) fn json(run: &Run) -> String {
    let meal = run.meal;
    let plates = meal.plates.iter().map(|plate| plate_json(run, plate));
    let claims = run.claims.iter().map(claim_json);
    let fields = [
        ("program", string(run.program)),
        ("model", run.model.map_or("null".into(), string)),
        ("menu", string(&run.menu.to_string())),
        ("dishes", meal.plates.len().to_string()),
        ("wall_ms", number(ms(meal.wall))),
        ("serial_ms", number(ms(meal.serial))),
        ("bound_ms", number(ms(meal.bound))),
        ("threads", meal.threads.to_string()),
        ("processes", meal.processes.to_string()),
        ("peak_rss_kib", meal.peak_rss_kib.to_string()),
        ("cpu_ms", number(ms(meal.cpu))),
        ("switches", meal.switches.to_string()),
        ("plates", array(plates)),
        ("claims", array(claims)),
    ];
    object(fields) + "\n"
}

fn plate_json(run: &Run, plate: &Plate) -> String {
    let span = |span: crate::Span| {
        array([span.start, span.end].map(|moment| number(run.at(moment))))
    };
    object([
        ("dish", plate.dish.number.to_string()),
        ("name", string(plate.dish.name())),
        ("pid", plate.pid.to_string()),
        ("thread", string(&plate.thread)),
        ("prep_ms", span(plate.prep)),
        ("prep_cpu_ms", number(ms(plate.prep_cpu))),
        ("bake_ms", span(plate.bake)),
        ("check", string(&format!("{:016x}", plate.check))),
    ])
}

fn claim_json(claim: &Claim) -> String {
    object([
        ("id", string(claim.id)),
        ("figure", string(&claim.figure)),
        ("verdict", string(claim.verdict.word())),
    ])
}

pub(super) fn object<'a>(
    fields: impl IntoIterator<Item = (&'a str, String)>,
) -> String {
    let fields =
        fields.into_iter().map(|(key, value)| format!("\"{key}\":{value}"));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

pub(super) fn array(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(","))
}

pub(super) fn number(value: f64) -> String {
    format!("{value:.3}")
}

pub(super) fn string(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_from_a_reader_that_is_not_ours() {
        for text in ["", "a \"b\" \\c", "line\nbreak\u{1}", "비빔밥 🍚"] {
            let read: String = serde_json::from_str(&string(text)).unwrap();
            assert_eq!(read, text);
        }
    }
}
