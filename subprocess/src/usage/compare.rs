//! All programs on all menus, as children, one at a time: who wins where.
//!
//!     cargo run -p subprocess --bin compare
//!     cargo compare --only cooks,cooks_rayon,chef --menu waiting,chopping
//!
//! Change this and watch: `--dishes 1000`: which models still stand?
//!
//! Output (figures vary) of the second command:
//!     2 cores, Intel(R) Xeon(R) Processor, linux 6.18.44, dev build
//!
//!     waiting menu
//!                   wall ms  faster  of bound  threads  procs  MiB  CPU ms  switches  lines
//!      one_cook         721     1.0      7.20        1      1  2.6       3        12      0
//!      cooks            102     7.1      1.02       10      1  2.8       3        23     11
//!      cooks_rayon      364     2.0      3.64        2      1  2.9       3        34      2
//!      chef             103     7.0      1.02        1      1  3.5       2        19     33
//!
//!     chopping menu
//!                   wall ms  faster  of bound  threads  procs  MiB  CPU ms  switches  lines
//!      one_cook         805     1.0      2.06        1      1  2.5     783        15      0
//!      cooks            411     2.0      1.04       10      1  2.8     796       255     11
//!      cooks_rayon      408     2.0      1.05        2      1  3.0     780       117      2
//!      chef             785     1.0      2.01        1      1  3.6     782         9     33
//!
//!     faster: than one_cook; of bound: 1.00 is what nobody can beat; lines: of code
//!     that one_cook has not

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
