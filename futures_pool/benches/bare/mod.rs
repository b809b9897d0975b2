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

    /// There and back. Like a job, it takes a value and makes another one, on
    /// both sides.
    pub fn round_trip(&mut self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        self.channel.send(&bytes, &mut self.packet)?;
        drop(bytes);
        self.channel.receive(&mut self.packet)
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

    fn receive(&mut self, packet: &mut [u8]) -> io::Result<Vec<u8>> {
        let (_, came) =
            recv(&self.socket, &mut packet[..], RecvFlags::empty())?;
        if came == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if packet[0] == 0 {
            return Ok(packet[1..came].to_vec());
        }
        let length = packet[1..9].try_into().map(usize::from_le_bytes);
        let length = length.map_err(io::Error::other)?;
        Ok(self.memory[..length].to_vec())
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
    while let Ok(bytes) = channel.receive(&mut packet) {
        channel.send(&bytes, &mut packet)?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "another process writes there, too")]
fn mapped(memory: impl AsFd) -> io::Result<MmapMut> {
    let memory = memory.as_fd().try_clone_to_owned()?;
    // SAFETY: it stays as long as it is, and the two sides take turns.
    unsafe { MmapMut::map_mut(&memory) }
}
