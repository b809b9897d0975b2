//! Compare the models: every kitchen program on every menu, one at a time.
//!
//!     cargo run -p docs --bin compare
//!     cargo compare --only cooks,cooks_rayon,chef --menu waiting,chopping
//!     cargo compare --python --only cooks,cooks.py,kitchens,kitchens.py
//!
//! Change this and watch: `--dishes 1000`: which models still stand?
//!
//! Output (figures vary) of the second command:
//!     2 cores, Intel(R) Xeon(R) Processor, linux 6.18.44, dev build
//!
//!     waiting menu
//!                   wall ms  faster  of bound  threads  procs  MiB  CPU ms  switches  lines
//!      one_cook         726     1.0      7.24        1      1  2.9       7        10      0
//!      cooks            103     7.0      1.03       10      1  3.3       8        13     21
//!      cooks_rayon      367     2.0      3.66        2      1  3.2       8        18      4
//!      chef             105     6.9      1.05        1      1  3.9       8        10     44
//!
//!     chopping menu
//!                   wall ms  faster  of bound  threads  procs  MiB  CPU ms  switches  lines
//!      one_cook        1335     1.0      2.05        1      1  2.9    1306        15      0
//!      cooks            684     2.0      1.02       10      1  3.3    1344       400     21
//!      cooks_rayon      834     1.6      1.11        2      1  3.3    1511       170      4
//!      chef            1281     1.0      2.01        1      1  3.8    1278         4     44
//!
//!     faster: than one_cook; of bound: 1.00 is what nobody can beat; lines: of code
//!     that one_cook has not

use docs::{
    compare::{Options, Row, outcome, run_all, tables, tell_code, timelines},
    html,
    programs::{self, Program},
    progress::end_in,
};
use serde_json::Value;
use shared::{Result, report};
use subprocess::run_child::Stop;

fn main() -> Result {
    let options = Options::read();
    if let Some(names) = &options.code {
        return tell_code(names);
    }
    let programs = options.programs()?;
    options.html.as_deref().map_or(Ok(()), html::check)?;
    programs::build_all()?;
    let stop = Stop::listen()?;
    let Some(rows) = run_all(&programs, &options, &stop)? else {
        end_in(options.language, &stop, "compare");
    };
    tell(&rows, &programs, &options)?;
    outcome(&rows, options.language)
}

/// As a page, as JSON, or as tables.
fn tell(rows: &[Row], programs: &[Program], options: &Options) -> Result {
    let language = options.language;
    if let Some(path) = &options.html {
        let page = html::compare_page(rows, programs, language);
        return html::write(path, &page);
    }
    if options.json {
        let list = rows.iter().map(|row| Value::Object(row.report.clone()));
        report::say(&format!("{:#}\n", Value::Array(list.collect())));
        return Ok(());
    }
    report::say(&tables(rows, language));
    if options.timeline {
        report::say(&timelines(rows, language));
    }
    Ok(())
}
