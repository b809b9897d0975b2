//! The report for trace viewers: Chrome trace events, which Perfetto opens.
//!
//! Format: "Trace Event Format" of the Chromium project. Work is a complete
//! event (`X`) on its thread. Baking is an asynchronous one (`b`, `e`): many
//! dishes of one thread may be in the oven at the same time.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::{collections::BTreeMap, fs::OpenOptions, path::Path};

use super::{
    Run,
    json::{array, number, object, string},
};

pub(crate) fn trace(run: &Run, path: &Path) -> io::Result<()> {
    let mut threads = BTreeMap::new();
    for plate in &run.meal.plates {
        let next = threads.len() + 1;
        threads.entry((plate.pid, plate.thread.as_str())).or_insert(next);
    }
    let named = threads.iter().map(|(&(pid, name), tid)| {
        object([
            ("ph", string("M")),
            ("name", string("thread_name")),
            ("pid", pid.to_string()),
            ("tid", tid.to_string()),
            ("args", object([("name", string(name))])),
        ])
    });
    let cooked = run.meal.plates.iter().flat_map(|plate| {
        let tid = threads[&(plate.pid, plate.thread.as_str())];
        let event = |phase, category, at: f64, more: (&'static str, String)| {
            object([
                ("ph", string(phase)),
                ("cat", string(category)),
                ("name", string(plate.dish.name())),
                ("pid", plate.pid.to_string()),
                ("tid", tid.to_string()),
                ("ts", number(at * 1_000.0)),
                more,
            ])
        };
        let (start, end) = (run.at(plate.prep.start), run.at(plate.prep.end));
        let length = ("dur", number((end - start) * 1_000.0));
        let id = || ("id", plate.dish.number.to_string());
        [
            event("X", "prep", start, length),
            event("b", "bake", run.at(plate.bake.start), id()),
            event("e", "bake", run.at(plate.bake.end), id()),
        ]
    });
    let events = array(named.chain(cooked));
    // Nobody else needs to read what a run leaves behind.
    let mut private = OpenOptions::new();
    private.write(true).create(true).truncate(true).mode(0o600);
    let trace = object([("traceEvents", events)]) + "\n";
    private.open(path)?.write_all(trace.as_bytes())
}
