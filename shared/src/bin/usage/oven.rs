//! The oven alone: an HTTP server that can be slow, fail or stall on demand.
//!
//! It serves until Ctrl+C. Try it with `curl`, or let several programs share it
//! (`--oven ADDRESS`).
//!
//!     cargo run -p shared --bin oven
//!     cargo run -p shared --bin oven -- --port 8080 --fail 0.2 --seed 7
//!
//! Change this and watch: give `--stall 0.1` and see which kitchens notice.
//!
//! Output (figures vary):
//!     baking at http://127.0.0.1:35911
//!     try: curl 'http://127.0.0.1:35911/bake/100?dish=1'

use std::net::Ipv4Addr;

use lexopt::{Arg::Long, Parser, ValueExt};
use shared::{
    Result,
    oven::{Faults, Oven},
    report, say, wrong_usage,
};

const HELP: &str = "\
Usage: oven [OPTIONS]

Options:
  --port PORT     listen here on 127.0.0.1 (default: a free one)
  --fail RATE     answer this share of the orders with 500, 0 to 1
  --stall RATE    never answer this share of the orders
  --cut RATE      hang up half-way through this share of the answers
  --seed N        choose other orders for these faults
  --help          print this
";

fn main() -> Result {
    let (port, faults) = match read_options(Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            report::say(HELP);
            return Ok(());
        }
        Err(why) => wrong_usage("oven", why),
    };
    let oven = Oven::at((Ipv4Addr::LOCALHOST, port).into())?;
    let at = format!("http://{}", oven.address());
    say!("baking at {at}");
    say!("try: curl '{at}/bake/100?dish=1'");
    Ok(oven.with_faults(faults).run()?)
}

fn read_options(
    mut line: Parser,
) -> Result<Option<(u16, Faults)>, lexopt::Error> {
    let (mut port, mut faults) = (0, Faults::default());
    while let Some(option) = line.next()? {
        match option {
            Long("port") => port = line.value()?.parse()?,
            Long("fail") => faults.fail = line.value()?.parse_with(rate)?,
            Long("stall") => faults.stall = line.value()?.parse_with(rate)?,
            Long("cut") => faults.cut = line.value()?.parse_with(rate)?,
            Long("seed") => faults.seed = line.value()?.parse()?,
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some((port, faults)))
}

fn rate(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a rate is a number from 0 to 1".into())
}
