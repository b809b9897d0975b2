//! Tables of programs in the READMEs, made from the headers of the programs.
//!
//!     cargo run -p docs --bin tables
//!
//! A program is described in the first line of its header, and nowhere else;
//! in Korean in `docs/ko/titles.toml`. This writes the tables between two marks
//! in `README.md` and `README.ko.md`, also in those of each crate. A test fails
//! while a table is out of date.
//!
//! Change this and watch: the first line of any header; run this, and look at
//! `git diff`.
//!
//! Output (figures vary):
//!     README.md is up to date
//!     threading/README.md is up to date
//!     asyncio/README.md is up to date
//!     multiprocessing/README.md is up to date
//!     futures_pool/README.md is up to date
//!     subprocess/README.md is up to date
//!     docs/README.md is up to date
//!     README.ko.md is up to date
//!     docs/README.ko.md is up to date

use std::fs;

use docs::{
    programs::root,
    tables::{Readme, readmes},
};
use shared::{Result, flags, say};

fn main() -> Result {
    flags([]);
    for Readme { path, is, shall_be } in readmes()? {
        if is == shall_be {
            say!("{path} is up to date");
        } else {
            fs::write(root().join(&path), shall_be)?;
            say!("{path} is written");
        }
    }
    Ok(())
}
