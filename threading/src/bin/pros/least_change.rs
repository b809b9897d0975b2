//! The same blocking code made parallel: how many lines must be written.
//!
//!     cargo run -p threading --bin least_change
//!
//! `one_cook` cooks one dish after the other. Its three twins cook with the
//! same blocking `cook`, unchanged. Counted from their sources: lines of code
//! that a twin has and `one_cook` has not, and those that had to go.
//!
//! Claims: T4
//! Change this and watch: the order of two lines in `cooks.rs`: a line that
//! moves counts as one to write and one that goes.
//!
//! Output (figures vary):
//!     program              lines  written   gone
//!     one_cook                10        0      0
//!     cooks_rayon             11        2      1
//!     cooks                   18       11      3
//!     cooks_crossbeam         28       23      5
//!
//!     from one_cook to cooks_rayon:
//!       + use rayon::prelude::*;
//!       + .into_par_iter()
//!     T4 borne out: rayon 2 lines, threads 11, crew 23

use shared::{Result, claim, flags, say};

const ONE_COOK: &str = include_str!("../usage/one_cook.rs");
const COOKS: &str = include_str!("../usage/cooks.rs");
const CROSSBEAM: &str = include_str!("../usage/cooks_crossbeam.rs");
const RAYON: &str = include_str!("../usage/cooks_rayon.rs");

/// What "touching the code least" may cost at most.
const A_DOZEN: usize = 12;

fn main() -> Result {
    flags([]);
    say!("{:<18}{:>8}{:>9}{:>7}", "program", "lines", "written", "gone");
    row("one_cook", ONE_COOK);
    let rayon = row("cooks_rayon", RAYON);
    let threads = row("cooks", COOKS);
    let crew = row("cooks_crossbeam", CROSSBEAM);

    say!("\nfrom one_cook to cooks_rayon:");
    for line in written(&code(ONE_COOK), &code(RAYON)) {
        say!("  + {line}");
    }
    let fewest = rayon < threads && threads < crew;
    let figure = format!("rayon {rayon} lines, threads {threads}, crew {crew}");
    claim("T4", fewest && rayon.min(threads) <= A_DOZEN, figure)
}

fn row(program: &str, source: &str) -> usize {
    let (base, twin) = (code(ONE_COOK), code(source));
    let here = written(&base, &twin).len();
    let gone = written(&twin, &base).len();
    say!("{program:<18}{:>8}{here:>9}{gone:>7}", twin.len());
    here
}

/// The lines of code: without blank lines and comments.
fn code(source: &str) -> Vec<&str> {
    let lines = source
        .lines()
        .map(|line| line.split(" // ").next().unwrap_or(line).trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect()
}

// ANCHOR: least_change
/// What `twin` has and `base` has not, in order: all that is not part of their
/// longest common subsequence.
pub fn written<'a>(base: &[&str], twin: &[&'a str]) -> Vec<&'a str> {
    // common[b][t]: how much base[b..] and twin[t..] have in common.
    let mut common = vec![vec![0; twin.len() + 1]; base.len() + 1];
    for b in (0..base.len()).rev() {
        for t in (0..twin.len()).rev() {
            common[b][t] = if base[b] == twin[t] {
                common[b + 1][t + 1] + 1
            } else {
                common[b + 1][t].max(common[b][t + 1])
            };
        }
    }
    let (mut b, mut written) = (0, Vec::new());
    for (t, line) in twin.iter().enumerate() {
        // Skip what is gone from `base`, as long as nothing is lost by it.
        while b < base.len() && common[b + 1][t] == common[b][t] {
            b += 1;
        }
        if b < base.len() && base[b] == *line {
            b += 1;
        } else {
            written.push(*line);
        }
    }
    written
}
// ANCHOR_END: least_change
