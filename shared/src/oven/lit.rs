//! An oven in a process of its own, so that its thread, its memory and its CPU
//! time are nobody else's.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{self, Child, Stdio};
use std::time::Duration;

use super::Oven;
use crate::role;

/// The role in which any kitchen program is an oven.
const ROLE: &str = "oven";

/// How long guests may take to order from an oven of one's own.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running oven of this program's own. It goes out when this is dropped, and
/// when the program ends in any other way.
///
/// Nothing is ever written to the child's standard input: the oven runs until
/// that pipe is closed, which the system does however this process ends.
pub struct LitOven {
    child: Child,
    address: SocketAddr,
}

impl LitOven {
    /// Starts this very program again, as an oven.
    ///
    /// # Errors
    ///
    /// The program cannot be started, or did not say where its oven is.
    pub fn light() -> io::Result<LitOven> {
        let mut child = role::command(ROLE)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let said = child.stdout.take().expect("it was piped");
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let dark = |_| io::Error::other("the oven does not light");
        Ok(LitOven { child, address: line.trim_end().parse().map_err(dark)? })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// In the program started by [`LitOven::light`]: bakes, and never returns.
    /// In every other: returns at once.
    pub(crate) fn take_over() {
        if let Some([]) = role::started_as(ROLE) {
            process::exit(bake().map_or(1, |()| 0));
        }
    }
}

impl Drop for LitOven {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have died already
        let _ = self.child.wait();
    }
}

fn bake() -> io::Result<()> {
    let oven = Oven::at((Ipv4Addr::LOCALHOST, 0).into())?;
    writeln!(io::stdout(), "{}", oven.address())?;
    // A chef with a thousand dishes on hand may be slow to send an order.
    oven.with_patience(PATIENCE).until_closed(&io::stdin())?.run()
}
