//! All programs on all menus, as children, one at a time: who wins where.
//!
//!     cargo run -p subprocess --bin compare
//!     cargo compare --only chef,cooks --menu waiting --timeline
//!
//! Change this and watch: `--dishes 1000`: which models still stand?

use std::process;

use serde_json::Value;
use shared::{Failure, Result, report};
use subprocess::{
    child::Interrupt,
    compare::{Options, run_all, tables, timelines},
    programs,
};

fn main() -> Result {
    let options = Options::read();
    let programs = options.choose(programs::kitchens()?);
    programs::build_all()?;
    let interrupt = Interrupt::listen()?;
    let Some(rows) = run_all(&programs, &options, &interrupt)? else {
        eprintln!("compare: interrupted; nothing is left running");
        process::exit(130);
    };
    let failed = rows.iter().filter(|row| row.status() != "ok").count();
    if options.json {
        let list = rows.into_iter().map(|row| Value::Object(row.report));
        report::say(&format!("{:#}\n", Value::Array(list.collect())))?;
    } else {
        report::say(&tables(&rows))?;
        if options.timeline {
            report::say(&timelines(&rows))?;
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new(format!("{failed} runs failed"))),
    }
}
