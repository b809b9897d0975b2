//! What Python's async syntax would be in Rust, and whether it is there yet.
//!
//!     cargo run -p asyncio --bin unstable_syntax
//!
//! The compiler of this machine is asked. E0658 is its word for what it knows
//! and gives to nightly versions only. Python got `anext` in 3.10, and
//! delegation in async generators is accepted for 3.16.
//!
//! Claims: A37
//! Change this and watch: `"pub async fn f() {}"` as the source of a `gen
//! block`: A37 ends, as it will when a compiler takes the first one of them.
//!
//! Output (figures vary):
//!     rustc 1.95.0              answer
//!     async fn                  compiles
//!     gen block                 E0658: unstable
//!     async gen block           E0658: unstable
//!     for await loop            E0658: unstable
//!     trait AsyncIterator       E0658: unstable
//!     trait AsyncDrop           E0658: unstable
//!     A37 borne out: rustc 1.95.0 takes 1 of 6: async fn

use std::os::unix::fs::DirBuilderExt;
use std::process::{self, Stdio};
use std::{env, fs, io, path::PathBuf, time::Duration};

use shared::{Failure, Result, claim, flags, say};
use smol::io::AsyncWriteExt;
use smol::{Timer, future::FutureExt, process::Command};

const LIMIT: Duration = Duration::from_secs(10);

/// The first is stable: without it, nobody would know that others can be.
const SYNTAX: [(&str, &str); 6] = [
    ("async fn", "pub async fn f() {}"),
    ("gen block", "fn f() { gen { yield 1 }; }"),
    ("async gen block", "fn f() { async gen { yield 1 }; }"),
    ("for await loop", "async fn f() { for await one in () {} }"),
    ("trait AsyncIterator", "use std::async_iter::AsyncIterator;"),
    ("trait AsyncDrop", "use std::future::AsyncDrop;"),
];

fn main() -> Result {
    flags([]);
    smol::block_on(async {
        let version = rustc(&["--version"], "").await?.said;
        let version = version.split(' ').nth(1).unwrap_or("unknown");
        let folder = Folder::new()?;
        let mut stable = Vec::new();
        say!("rustc {version:<20}answer");
        for (name, source) in SYNTAX {
            let compiles = folder.compiles(source).await?;
            let answer = if compiles { "compiles" } else { "E0658: unstable" };
            say!("{name:<26}{answer}");
            stable.extend(compiles.then_some(name));
        }
        let (takes, of) = (stable.len(), SYNTAX.len());
        let figure = format!("rustc {version} takes {takes} of {of}: async fn");
        claim("A37", stable == ["async fn"], figure)
    })
}

/// A folder of its own for what the compiler writes; gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Folder> {
        let path = env::temp_dir().join(format!("syntax-{}", process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Folder(path))
    }

    /// Whether the compiler takes it; an error if it is not a matter of time.
    async fn compiles(&self, source: &str) -> Result<bool> {
        let folder = self.0.to_string_lossy();
        let kind = ["--edition=2024", "--crate-type=lib", "--emit=metadata"];
        let place = ["--out-dir", &folder, "-"];
        let answer = rustc(&[kind, place].concat(), source).await?;
        match answer.content || answer.said.contains("E0658") {
            true => Ok(answer.content),
            false => Err(Failure::new(answer.said)),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // nothing better can be done
    }
}

/// What the compiler said, and whether it was content.
struct Answer {
    content: bool,
    said: String,
}

async fn rustc(arguments: &[&str], source: &str) -> Result<Answer> {
    let mut rustc = Command::new("rustc");
    rustc.args(arguments).kill_on_drop(true).stdin(Stdio::piped());
    rustc.stdout(Stdio::piped()).stderr(Stdio::piped());
    let lost = |why| Failure::new(format!("rustc does not start: {why}"));
    let mut child = rustc.spawn().map_err(lost)?;
    let mut stdin = child.stdin.take().expect("it is a pipe");
    let answer = async {
        stdin.write_all(source.as_bytes()).await?;
        drop(stdin); // the end of the source
        child.output().await
    };
    let limit = async {
        Timer::after(LIMIT).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    let output = answer.or(limit).await?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Ok(Answer { content: output.status.success(), said })
}
