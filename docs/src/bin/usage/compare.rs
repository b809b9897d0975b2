//! Compare the models: every kitchen program on every menu, one at a time.
//!
//!     cargo run -p docs --bin compare
//!     cargo compare --only cooks,cooks_rayon,chef --menu waiting,chopping
//!     cargo compare --python --only cooks,cooks.py,kitchens,kitchens.py
//!     cargo compare --html page.html
//!     cargo compare --code cooks chef
//!
//! The page shows the tables, and of any two programs the timelines on one axis
//! and the sources side by side. `--code` shows in the terminal how two sources
//! differ, word by word.
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
    compare::{Options, outcome, run_all, show, tell_code},
    html, programs,
    progress::end_in,
};
use shared::Result;
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
    show(&rows, &programs, &options)?;
    outcome(&rows, options.language)
}
