//! The yardstick of a process pool: the bare channel that it uses, and nothing
//! else. Another process at the end of a socket that keeps packets apart; what
//! is too long for a packet is in memory that both share.

use std::env;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command};

use memmap2::MmapMut;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send,
    socketpair,
};

pub const LARGEST: usize = 16 << 20;

/// The longest packet, as in the pool.
const SHORT: usize = 8 << 10;

pub struct Bare {
    child: Child,
    channel: Channel,
    packet: Vec<u8>,
}

struct Channel {
    socket: OwnedFd,
    memory: MmapMut,
}

impl Bare {
    pub fn start() -> io::Result<Bare> {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let memory = memfd_create("bare", MemfdFlags::CLOEXEC)?;
        ftruncate(&memory, LARGEST as u64)?;
        let child = Command::new(env::current_exe()?)
            .arg("as-echo")
            .stdin(theirs)
            .stdout(memory.try_clone()?)
            .spawn()?;
        let memory = mapped(&memory)?;
        let channel = Channel { socket: ours, memory };
        Ok(Bare { child, channel, packet: vec![0; SHORT + 1] })
    }

    /// There and back, through a buffer on each side.
    pub fn round_trip(
        &mut self,
        bytes: &[u8],
        back: &mut [u8],
    ) -> io::Result<()> {
        self.channel.send(bytes, &mut self.packet)?;
        self.channel.receive(back, &mut self.packet)?;
        Ok(())
    }
}

impl Channel {
    fn send(&mut self, bytes: &[u8], packet: &mut [u8]) -> io::Result<()> {
        let packet = if bytes.len() <= SHORT {
            packet[0] = 0;
            packet[1..=bytes.len()].copy_from_slice(bytes);
            &packet[..=bytes.len()]
        } else {
            self.memory[..bytes.len()].copy_from_slice(bytes);
            packet[0] = 1;
            packet[1..9].copy_from_slice(&bytes.len().to_le_bytes());
            &packet[..9]
        };
        send(&self.socket, packet, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    fn receive(
        &mut self,
        bytes: &mut [u8],
        packet: &mut [u8],
    ) -> io::Result<usize> {
        let (_, came) =
            recv(&self.socket, &mut packet[..], RecvFlags::empty())?;
        let Some(length) = came.checked_sub(1) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if packet[0] == 0 {
            bytes[..length].copy_from_slice(&packet[1..came]);
            return Ok(length);
        }
        let length = packet[1..9].try_into().map(usize::from_le_bytes);
        let length = length.map_err(io::Error::other)?;
        bytes[..length].copy_from_slice(&self.memory[..length]);
        Ok(length)
    }
}

/// It ends with the socket.
impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it waits for more, and has nothing to do
        let _ = self.child.wait(); // there is nobody to tell
    }
}

/// The other process. It ends when the socket does.
pub fn echo() -> io::Result<()> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let memory = mapped(io::stdout().as_fd())?;
    let mut channel = Channel { socket, memory };
    let mut packet = vec![0; SHORT + 1];
    let mut bytes = vec![0; LARGEST];
    while let Ok(length) = channel.receive(&mut bytes, &mut packet) {
        channel.send(&bytes[..length], &mut packet)?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "another process writes there, too")]
fn mapped(memory: impl AsFd) -> io::Result<MmapMut> {
    let memory = memory.as_fd().try_clone_to_owned()?;
    // SAFETY: it stays as long as it is, and the two sides take turns.
    unsafe { MmapMut::map_mut(&memory) }
}
