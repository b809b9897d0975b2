//! Every statement of the article, run and measured on this machine.
//!
//!     cargo run -p docs --bin claims
//!     cargo claims --section threading
//!     cargo claims A23 T5 --lang ko
//!     cargo claims --python T5 T10
//!     cargo claims --html page.html
//!
//! The page has all of it in English and Korean, and the sources of all these
//! programs. It can be searched.
//!
//! Change this and watch: `SMOL_THREADS=2 cargo claims --section asyncio`: two
//! chefs, and the ledger says which claim that contradicts.
//!
//! Output (figures vary) of `M4 M5 M6`:
//!     M4   It offers more than the process pool: shared memory.
//!          Python: Holds.
//!          Rust: differs (the same topic, by another mechanism)
//!            borne out by shared_memory: a child sums 64 MiB of shared memory 3.2 times as fast as 64 MiB from a pipe
//!     M5   Shared memory is hard to reason about, even between threads of one process.
//!          Python: Holds.
//!          Rust: limits (true within limits)
//!            borne out by shared_race: 4 processes that load and store lose 300 of 400 updates, with fetch_add 0 of 400
//!            borne out by many_readers: 19888 of 20000 reads of plain words are torn, 0 of 20000 with a seqlock
//!     M6   With more processes and sockets it is harder still to understand.
//!          Python: Holds.
//!          Rust: holds (true)
//!            borne out by join_first: who waits before reading 65536 bytes ends, and with one byte more deadlocks
//!            borne out by interleaved: 3 writers of a pipe: 0 of 300 short messages are interleaved, 289 of 300 long ones
//!            borne out by lock_holder_killed: the semaphore of a killed process stays locked
//!     of 3 statements of the article, in Rust: 1 true; 1 true within limits; 1 the same topic, by another mechanism
//!     3 claims, 0 of them open

use docs::{
    html,
    ledger::{self, Claim, Options},
    programs::{self, Program},
    progress::{end_in, note},
    python,
};
use shared::{Failure, Result, wrong_usage};
use subprocess::{cargo, run_child::Stop};

fn main() -> Result {
    let options = Options::read();
    options.html.as_deref().map_or(Ok(()), html::check)?;
    let all = ledger::read(&options.ledger)?;
    let known = all.iter().map(|claim| claim.id.clone()).collect();
    let claims = choose(all, &options);
    if options.python {
        return python::answer(&claims, &options);
    }
    let programs = build(&claims, &options)?;
    let stop = Stop::listen()?;
    let Some((reports, mut problems)) =
        ledger::run(&claims, &known, &programs, &stop, options.language)?
    else {
        end_in(options.language, &stop, "claims");
    };
    ledger::show(&claims, &reports, &programs, &options)?;
    if options.strict {
        problems.extend(ledger::not_judged(&reports, options.language));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(problems.join("; "))),
    }
}

/// The claims that are asked for.
fn choose(mut claims: Vec<Claim>, options: &Options) -> Vec<Claim> {
    let Options { section, ids, .. } = options;
    if let Some(section) = section {
        claims.retain(|claim| claim.section == *section);
    }
    if claims.is_empty() {
        wrong_usage("claims", "there is no such section");
    }
    let is_there = |id: &&String| claims.iter().any(|claim| claim.id == **id);
    if let Some(id) = ids.iter().find(|id| !is_there(id)) {
        wrong_usage("claims", format!("there is no claim {id}"));
    }
    claims.retain(|claim| ids.is_empty() || ids.contains(&claim.id));
    claims
}

/// The programs that report these claims. They are built with the profile of
/// this one, but cost programs with the release profile, without `--dev`: their
/// figures depend on optimisation.
fn build(claims: &[Claim], options: &Options) -> Result<Vec<Program>> {
    let mut programs = programs::all()?;
    programs.retain(|p| claims.iter().any(|c| c.programs.contains(&p.name)));
    if programs.is_empty() {
        return Ok(programs);
    }
    programs::build_crates_of(&programs)?;
    let mut costs: Vec<&mut Program> =
        programs.iter_mut().filter(|p| p.is_cost_program()).collect();
    if costs.is_empty() || options.dev || cargo::own_profile()? != "dev" {
        return Ok(programs);
    }
    note(ledger::building(costs.len(), options.language));
    programs::build_in_release(&mut costs)?;
    Ok(programs)
}
