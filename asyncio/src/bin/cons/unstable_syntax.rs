//! Async syntax of Python that Rust does not have yet: the compiler is asked.
//!
//!     cargo run -p asyncio --bin unstable_syntax
//!
//! E0658 is the compiler's word for what it knows, and accepts in nightly
//! versions only. There is no syntax at all for async comprehensions and for
//! `async with`. Python got `anext` in 3.10; delegation in async generators is
//! accepted for 3.16.
//!
//! The program `streams` shows what to write today.
//!
//! Claims: A34, A37
//! Change this and watch: `"pub async fn f() {}"` as the source of the `gen
//! block`. A37 is contradicted, as it will be when a compiler accepts one.
//!
//! Output (times vary, counts do not):
//!     syntax               rustc
//!     async fn             compiles
//!     for await loop       E0658: unstable
//!     async gen block      E0658: unstable
//!     gen block            E0658: unstable
//!     trait AsyncIterator  E0658: unstable
//!     trait AsyncDrop      E0658: unstable
//!     The article, A34: "There are asynchronous versions of for, with, generators and comprehensions."
//!     Our answer for Rust: inverted (the opposite problem)
//!     Our answer to A34 is borne out: the compiler accepts 0 of ["for await loop", "async gen block"]
//!     The article, A37: "These will probably be added soon."
//!     Our answer for Rust: outdated (not true any more, nor of Python)
//!     Our answer to A37 is borne out: the compiler accepts 1 of 6: ["async fn"]

use shared::{Failure, Result, Table, claim, flags};

/// The first is stable: without it, nobody would know that others can be.
const SYNTAX: [(&str, &str); 6] = [
    ("async fn", "pub async fn f() {}"),
    ("for await loop", "async fn f() { for await one in () {} }"),
    ("async gen block", "fn f() { async gen { yield 1 }; }"),
    ("gen block", "fn f() { gen { yield 1 }; }"),
    ("trait AsyncIterator", "use std::async_iter::AsyncIterator;"),
    ("trait AsyncDrop", "use std::future::AsyncDrop;"),
];

fn main() -> Result {
    flags([]);
    let mut table = Table::new(["syntax", "rustc"]);
    let mut stable = Vec::new();
    for (name, source) in SYNTAX {
        let answer = match compiles(source)? {
            Ok(()) => {
                stable.push(name);
                "compiles"
            }
            Err(why) if why.contains("E0658") => "E0658: unstable",
            Err(why) => return Err(Failure::new(why)),
        };
        table.row([&name, &answer]);
    }
    table.print();
    let loops = ["for await loop", "async gen block"];
    let accepted = loops.iter().filter(|name| stable.contains(name)).count();
    let figure = format!("the compiler accepts {accepted} of {loops:?}");
    claim("A34", accepted == 0, figure)?;
    let (count, all) = (stable.len(), SYNTAX.len());
    let figure = format!("the compiler accepts {count} of {all}: {stable:?}");
    claim("A37", stable == ["async fn"], figure)
}

// ANCHOR: unstable_syntax
use std::{io, io::Write, process::Command, process::Stdio};

/// Whether the compiler on this machine accepts `source`, a library of edition
/// 2024 without dependencies; if not, what it says. It writes no file, and its
/// time is not limited.
pub fn compiles(source: &str) -> io::Result<Result<(), String>> {
    let mut rustc = Command::new("rustc");
    rustc.args([
        "--edition=2024",
        "--crate-type=lib",
        "--emit=metadata=-",
        "-",
    ]);
    rustc.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = rustc.spawn()?;
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let written = stdin.write_all(source.as_bytes()); // all is read first
    drop(stdin); // the end of the source
    let output = child.wait_with_output()?;
    written?;
    Ok(match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    })
}
// ANCHOR_END: unstable_syntax
