//! Two rings: a parent and its child.

use std::io;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Consumer, Peer, Producer, memory};
use crate::SharedMemory;

/// What a parent and its child have each of two rings, there and back. In
/// Python: `multiprocessing.Pipe()`.
#[derive(Debug)]
pub struct Link {
    /// To the other process.
    pub to: Producer,
    /// From the other process.
    pub from: Consumer,
}

impl Link {
    /// In the parent: starts a child that calls [`to_parent`](Self::to_parent).
    /// Messages of up to `bytes` bytes, less 8, fit in. The memory is the
    /// child's stdin and stdout: what the child prints would lie in the ring.
    /// (Of the command both are inherited again afterwards.)
    ///
    /// Drop the link, or its `to`, and the child learns of the end. Wait for
    /// the child afterwards.
    ///
    /// # Errors
    ///
    /// The child cannot be started, or there is no memory or no descriptor.
    pub fn start(
        command: &mut Command,
        bytes: usize,
    ) -> io::Result<(Child, Link)> {
        let (there, back) = (memory(bytes)?, memory(bytes)?);
        command.stdin(there.file().try_clone_to_owned()?);
        command.stdout(back.file().try_clone_to_owned()?);
        let spawned = command.spawn();
        // The command would keep the memory.
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit());
        let mut child = spawned?;
        let peer = Peer::child(&child);
        match peer.and_then(|peer| Link::attach(&there, &back, peer)) {
            Ok(link) => Ok((child, link)),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// In the child: `parent` is the process id that the parent has told it.
    ///
    /// # Errors
    ///
    /// The parent has died, or stdin and stdout are no such memory.
    pub fn to_parent(parent: u32) -> io::Result<Link> {
        let there = io::stdin().as_fd().try_clone_to_owned()?;
        let back = io::stdout().as_fd().try_clone_to_owned()?;
        let there = SharedMemory::from_file(there)?;
        let back = SharedMemory::from_file(back)?;
        Link::attach(&back, &there, Peer::parent(parent)?)
    }

    /// How long a wait spins before it sleeps; [`Producer::spinning`].
    #[must_use]
    pub fn spinning(self, time: Duration) -> Link {
        let (to, from) = (self.to.spinning(time), self.from.spinning(time));
        Link { to, from }
    }

    fn attach(
        to: &SharedMemory,
        from: &SharedMemory,
        peer: Peer,
    ) -> io::Result<Link> {
        let to = Producer::attach(to, peer.clone())?;
        Ok(Link { to, from: Consumer::attach(from, peer)? })
    }
}
