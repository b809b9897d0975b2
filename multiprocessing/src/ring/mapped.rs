//! The ring in shared memory: time, and peers that die.

use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{hint, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, getppid, pidfd_open};

use super::core::{End, Place, Side, Tried};
use crate::{SharedMemory, futex};

/// The producer's side, the consumer's side, and then the messages.
const SIDE: usize = size_of::<Side>();
const MESSAGES: usize = 2 * SIDE;
/// Positions are counted in 32 bits, and wrap around.
const MOST: usize = 1 << 30;
/// How often one that sleeps looks whether its peer is alive.
const LOOK: Duration = Duration::from_millis(50);

/// Memory for a ring in which messages of `bytes` bytes fit, or a few more.
/// Each message takes 8 bytes beside its own; the longest one fills the ring.
///
/// # Errors
///
/// More than a GiB, or than the system has: [`SharedMemory::new`].
pub fn memory(bytes: usize) -> io::Result<SharedMemory> {
    if bytes > MOST {
        return Err(ErrorKind::InvalidInput.into());
    }
    SharedMemory::new(MESSAGES + bytes.max(64).next_power_of_two())
}

/// How one side learns that the other one has died.
#[derive(Clone, Debug)]
pub struct Peer(Option<Arc<OwnedFd>>);

impl Peer {
    /// The other side is this child.
    ///
    /// # Errors
    ///
    /// It was waited for, or there is no descriptor left.
    pub fn child(child: &Child) -> io::Result<Peer> {
        let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
        Ok(Peer::until(pidfd))
    }

    /// The other side is the parent of this process, which has told its own
    /// [`id`](std::process::id): by that a parent that died already is known.
    ///
    /// # Errors
    ///
    /// Another process is the parent of this one now, or there is no descriptor
    /// left.
    pub fn parent(id: u32) -> io::Result<Peer> {
        let is_parent = |pid: &Pid| pid.as_raw_pid().cast_unsigned() == id;
        let parent = getppid().filter(is_parent);
        let parent = parent.ok_or(ErrorKind::ConnectionReset)?;
        let pidfd = pidfd_open(parent, PidfdFlags::empty())?;
        match getppid() {
            Some(pid) if pid == parent => Ok(Peer::until(pidfd)),
            _ => Err(ErrorKind::ConnectionReset.into()), // it died meanwhile
        }
    }

    /// The other side has died when this ends or becomes readable: a pidfd, or
    /// the reading end of a pipe whose only writing end the peer has, and never
    /// writes to.
    pub fn until(ends: OwnedFd) -> Peer {
        Peer(Some(Arc::new(ends)))
    }

    /// The other side is a thread of this process: it does not die alone.
    pub fn thread() -> Peer {
        Peer(None)
    }

    fn is_dead(&self) -> io::Result<bool> {
        let Some(file) = &self.0 else { return Ok(false) };
        let mut files = [PollFd::new(file, PollFlags::IN)];
        match poll(&mut files, Some(&Timespec::default())) {
            Err(rustix::io::Errno::INTR) => Ok(false), // asked again soon
            polled => Ok(polled? > 0),
        }
    }
}

/// The end that sends. When it is dropped, it closes: the consumer receives
/// what is in the ring, and then learns of the end.
#[derive(Debug)]
pub struct Producer(Waiting);

impl Producer {
    /// Takes the place of the producer. It has one user, ever.
    ///
    /// # Errors
    ///
    /// [`ResourceBusy`](ErrorKind::ResourceBusy): it has had a user. Or the
    /// memory is too small for a ring or too large.
    pub fn attach(memory: &SharedMemory, peer: Peer) -> io::Result<Producer> {
        let place = Mapped::take(memory, 0)?;
        Ok(Producer(Waiting::new(End::producer(place), peer)))
    }

    /// How long a wait spins before it sleeps: 20 us, unless there is only one
    /// core. Zero: it sleeps at once. After waits that have spun in vain, some
    /// do not spin: the other process may want the same core.
    #[must_use]
    pub fn spinning(mut self, time: Duration) -> Producer {
        self.0.spin = time;
        self
    }

    /// The longest message, in bytes.
    pub fn limit(&self) -> usize {
        self.0.end.limit()
    }

    /// Sends a message. Waits while there is no room for it, but not longer
    /// than `timeout`: zero is an attempt. After an error nothing was sent.
    ///
    /// That the peer has died is noticed when there is no room any more.
    ///
    /// # Errors
    ///
    /// - [`InvalidInput`](ErrorKind::InvalidInput): longer than the limit.
    /// - [`BrokenPipe`](ErrorKind::BrokenPipe): the consumer has closed.
    /// - [`TimedOut`](ErrorKind::TimedOut): there was no room in time.
    /// - [`ConnectionReset`](ErrorKind::ConnectionReset): the peer has died.
    /// - [`InvalidData`](ErrorKind::InvalidData): the peer writes nonsense.
    pub fn send(
        &mut self,
        message: &[u8],
        timeout: Duration,
    ) -> io::Result<()> {
        match self.0.until(timeout, |end| end.try_send(message))? {
            true => Ok(()),
            false => Err(ErrorKind::BrokenPipe.into()),
        }
    }
}

/// The end that receives. When it is dropped, it closes: the producer can send
/// no more.
#[derive(Debug)]
pub struct Consumer(Waiting);

impl Consumer {
    /// Takes the place of the consumer. It has one user, ever.
    ///
    /// # Errors
    ///
    /// As [`Producer::attach`].
    pub fn attach(memory: &SharedMemory, peer: Peer) -> io::Result<Consumer> {
        let place = Mapped::take(memory, 1)?;
        Ok(Consumer(Waiting::new(End::consumer(place), peer)))
    }

    /// As [`Producer::spinning`].
    #[must_use]
    pub fn spinning(mut self, time: Duration) -> Consumer {
        self.0.spin = time;
        self
    }

    /// The longest message, in bytes.
    pub fn limit(&self) -> usize {
        self.0.end.limit()
    }

    /// Receives the next message, in place of what `message` held before. Waits
    /// while there is none, but not longer than `timeout`: zero is an attempt.
    /// `false`: the producer has closed, and all that it sent was received.
    ///
    /// The peer may be at work on a long message: what has come of it is copied
    /// meanwhile. After an error `message` may hold such a part.
    ///
    /// # Errors
    ///
    /// - [`TimedOut`](ErrorKind::TimedOut): no message came in time.
    /// - [`ConnectionReset`](ErrorKind::ConnectionReset): the peer has died,
    ///   and all that it sent was received.
    /// - [`InvalidData`](ErrorKind::InvalidData): the peer writes nonsense.
    pub fn receive(
        &mut self,
        message: &mut Vec<u8>,
        timeout: Duration,
    ) -> io::Result<bool> {
        let mut copied = 0;
        let receive = |end: &mut End<_>| end.try_receive(message, &mut copied);
        self.0.until(timeout, receive)
    }
}

/// The shared memory that a ring lies in.
#[derive(Debug)]
struct Mapped {
    memory: SharedMemory,
    capacity: u32,
}

impl Mapped {
    fn take(memory: &SharedMemory, which: usize) -> io::Result<Mapped> {
        let bytes = memory.len().saturating_sub(MESSAGES);
        if !(64..2 * MOST).contains(&bytes) {
            return Err(ErrorKind::InvalidInput.into());
        }
        let capacity = 1 << bytes.ilog2();
        // A mapping of its own, which lives as long as this end.
        let file = memory.file().try_clone_to_owned()?;
        let place = Mapped { memory: SharedMemory::from_file(file)?, capacity };
        match place.side(which).taken.swap(1, Relaxed) {
            0 => Ok(place),
            _ => Err(ErrorKind::ResourceBusy.into()),
        }
    }

    fn length(&self, at: u32) -> io::Result<&AtomicU64> {
        self.memory.view(MESSAGES + at as usize)
    }
}

impl Place for Mapped {
    fn side(&self, which: usize) -> &Side {
        let side = self.memory.view(which * SIDE);
        side.expect("there are more bytes, as was checked")
    }

    fn capacity(&self) -> u32 {
        self.capacity
    }

    fn write(&self, at: u32, bytes: &[u8]) -> io::Result<()> {
        self.memory.write(MESSAGES + at as usize, bytes)
    }

    fn read(&self, at: u32, bytes: &mut [u8]) -> io::Result<()> {
        self.memory.read(MESSAGES + at as usize, bytes)
    }

    fn wake(&self, word: &AtomicU32) {
        futex::wake(word, 1);
    }

    // One word is looked at faster than bytes are copied.
    fn write_length(&self, at: u32, length: u64) -> io::Result<()> {
        self.length(at)?.store(length, Relaxed);
        Ok(())
    }

    fn read_length(&self, at: u32) -> io::Result<u64> {
        Ok(self.length(at)?.load(Relaxed))
    }
}

/// An end that waits.
#[derive(Debug)]
struct Waiting {
    end: End<Mapped>,
    peer: Peer,
    spin: Duration,
    /// How many waits in succession have spun for nothing.
    in_vain: u32,
    /// How many of the next waits do not spin therefore.
    sleeps_at_once: u32,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.end.close();
    }
}

impl Waiting {
    fn new(end: End<Mapped>, peer: Peer) -> Waiting {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let spin = Duration::from_micros(if cores > 1 { 20 } else { 0 });
        Waiting { end, peer, spin, in_vain: 0, sleeps_at_once: 0 }
    }

    /// Tries until it is done (`true`), or the other side has closed.
    fn until(
        &mut self,
        timeout: Duration,
        mut try_it: impl FnMut(&mut End<Mapped>) -> io::Result<Tried>,
    ) -> io::Result<bool> {
        let mut tried = try_it(&mut self.end)?;
        // The clock is slow beside a peer that answers at once.
        if tried == Tried::Wait && !timeout.is_zero() && self.moves_soon() {
            tried = try_it(&mut self.end)?;
        }
        match tried {
            Tried::Done => return Ok(true),
            Tried::Closed => return Ok(false),
            Tried::Wait => {}
        }
        let begun = Instant::now();
        let (mut now, mut looked) = (begun, begun);
        loop {
            let left = timeout.saturating_sub(now - begun);
            self.wait(now, left.min(LOOK));
            now = Instant::now();
            let is_late = now - begun >= timeout;
            let mut is_dead = false;
            if is_late || now - looked >= LOOK {
                is_dead = self.peer.is_dead()?;
                looked = now;
            }
            // Once more, after these looks: it may have come before.
            match try_it(&mut self.end)? {
                Tried::Done => return Ok(true),
                Tried::Closed => return Ok(false),
                Tried::Wait if is_dead => {
                    return Err(ErrorKind::ConnectionReset.into());
                }
                Tried::Wait if is_late => {
                    return Err(ErrorKind::TimedOut.into());
                }
                Tried::Wait => {}
            }
        }
    }

    /// Whether the other side moves on at once, if this wait spins at all.
    fn moves_soon(&mut self) -> bool {
        let spins = self.sleeps_at_once == 0 && !self.spin.is_zero();
        let moves = spins && self.moves_meanwhile();
        if moves {
            self.in_vain = 0;
        }
        moves
    }

    /// Until the other side moves on, or about that long from `begun` on.
    fn wait(&mut self, begun: Instant, most: Duration) {
        if most.is_zero() {
            return; // an attempt, which tells nothing of how long waits are
        }
        match self.sleeps_at_once.checked_sub(1) {
            Some(fewer) => self.sleeps_at_once = fewer,
            None if self.spins(begun, self.spin.min(most)) => {
                self.in_vain = 0;
                return;
            }
            // Perhaps the other side waits for this very core.
            None => {
                self.in_vain = 6.min(self.in_vain + 1);
                self.sleeps_at_once = (1 << self.in_vain) - 1;
            }
        }
        let left = most.saturating_sub(begun.elapsed());
        if !left.is_zero() {
            self.end.sleep(|word, seen| futex::wait(word, seen, left));
        }
    }

    /// Whether the other side moves on so soon.
    fn spins(&self, begun: Instant, most: Duration) -> bool {
        if most.is_zero() {
            return false;
        }
        loop {
            if self.moves_meanwhile() {
                return true;
            }
            if begun.elapsed() >= most {
                return false;
            }
        }
    }

    /// Whether the other side moves on while this one spins for a moment.
    fn moves_meanwhile(&self) -> bool {
        for _ in 0..32 {
            if self.end.has_moved() {
                return true;
            }
            hint::spin_loop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_no_waits_in_vain() {
        let memory = memory(64).unwrap();
        let mut from = Consumer::attach(&memory, Peer::thread()).unwrap();
        for _ in 0..9 {
            let attempt = from.receive(&mut Vec::new(), Duration::ZERO);
            assert_eq!(attempt.unwrap_err().kind(), ErrorKind::TimedOut);
        }
        assert_eq!((from.0.in_vain, from.0.sleeps_at_once), (0, 0));
    }
}
