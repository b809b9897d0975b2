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
    ledger::{self, Options},
    progress::end_in,
    python,
};
use shared::{Failure, Result};
use subprocess::run_child::Stop;

fn main() -> Result {
    let options = Options::read();
    options.html.as_deref().map_or(Ok(()), html::check)?;
    let all = ledger::read(&options.ledger)?;
    let known = all.iter().map(|claim| claim.id.clone()).collect();
    let claims = options.choose(all);
    if options.python {
        return python::answer(&claims, &options);
    }
    let programs = ledger::build(&claims, &options)?;
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
