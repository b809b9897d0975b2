//! One thread, one event loop, ten thousand bakes at once.
//!
//! Nothing here waits for one guest: the loop waits for all of them together,
//! until a socket is ready or the next deadline is due.

use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};
use std::{cmp::Reverse, io, mem, net::SocketAddr, os::fd::AsRawFd};

use mio::{Events, Interest, Poll, Token, net::TcpListener, unix::SourceFd};
use socket2::{Domain, Socket, Type};

use super::{Faults, faults::Dice, guest::Guest};
use crate::measure::lift_file_limit;

/// The oven has several doors with one address: Linux lets no more than 4 096
/// guests (`net.core.somaxconn`) queue at one, and a burst may have 10 000.
const DOORS: usize = 4;
const LIFELINE: Token = Token(DOORS);

/// An oven that is being set up: call [`Oven::run`] to let it bake.
pub struct Oven {
    poll: Poll,
    doors: Vec<TcpListener>,
    address: SocketAddr,
    guests: HashMap<Token, Guest>,
    /// When to look at whom again. Entries that are no longer true are skipped.
    deadlines: BinaryHeap<Reverse<(Instant, Token)>>,
    next_token: usize,
    /// Somebody could not be let in, for want of file descriptors as a rule:
    /// they wait outside until somebody leaves.
    crowded: bool,
    dice: Dice,
    patience: Duration,
}

impl Oven {
    /// An oven at `address`; port 0 lets the system choose a free port.
    ///
    /// # Errors
    ///
    /// The address is not to be had.
    pub fn at(address: SocketAddr) -> io::Result<Oven> {
        lift_file_limit();
        if address.port() != 0 {
            // Doors may share a port; two ovens may not.
            drop(std::net::TcpListener::bind(address)?);
        }
        let poll = Poll::new()?;
        let first = door(address)?;
        let address = first.local_addr()?;
        let mut doors = vec![first];
        while doors.len() < DOORS {
            doors.push(door(address)?);
        }
        for (number, door) in doors.iter_mut().enumerate() {
            let token = Token(number);
            poll.registry().register(door, token, Interest::READABLE)?;
        }
        Ok(Oven {
            poll,
            doors,
            address,
            guests: HashMap::new(),
            deadlines: BinaryHeap::new(),
            next_token: DOORS + 1,
            crowded: false,
            dice: Dice::default(),
            patience: Duration::from_secs(10),
        })
    }

    /// Lets the oven spoil some of the orders.
    pub fn with_faults(self, faults: Faults) -> Oven {
        Oven { dice: Dice(faults, HashMap::new()), ..self }
    }

    /// How long a guest may take to send an order: 10 s unless said here.
    pub fn with_patience(self, patience: Duration) -> Oven {
        Oven { patience, ..self }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets it go out when `lifeline` is closed at its other end, which the
    /// system does when the process that holds it dies, however it dies.
    ///
    /// # Errors
    ///
    /// `lifeline` is nothing that can be waited for.
    pub fn until_closed(self, lifeline: &impl AsRawFd) -> io::Result<Oven> {
        let mut lifeline = SourceFd(&lifeline.as_raw_fd());
        let registry = self.poll.registry();
        registry.register(&mut lifeline, LIFELINE, Interest::READABLE)?;
        Ok(self)
    }

    /// Bakes.
    ///
    /// # Errors
    ///
    /// The system's event queue failed.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            match self.poll.poll(&mut events, self.until_next_deadline()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => outcome?,
            }
            for event in &events {
                match event.token() {
                    LIFELINE => return Ok(()),
                    Token(number) if number < DOORS => self.welcome(number),
                    guest => self.attend(guest),
                }
            }
            self.ring_timers();
            if mem::take(&mut self.crowded) {
                (0..DOORS).for_each(|number| self.welcome(number));
            }
        }
    }

    fn until_next_deadline(&self) -> Option<Duration> {
        let soon = self.crowded.then_some(Duration::from_millis(100));
        let next = self.deadlines.peek().map(|Reverse((next, _))| {
            next.saturating_duration_since(Instant::now())
        });
        soon.into_iter().chain(next).min()
    }

    /// Lets in all who stand at a door.
    fn welcome(&mut self, number: usize) {
        loop {
            let mut stream = match self.doors[number].accept() {
                Ok((stream, _)) => stream,
                Err(error) => {
                    self.crowded |= error.kind() != io::ErrorKind::WouldBlock;
                    return;
                }
            };
            let token = Token(self.next_token);
            self.next_token += 1;
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            if registry.register(&mut stream, token, interest).is_ok() {
                let deadline = Instant::now() + self.patience;
                self.guests.insert(token, Guest::new(stream, deadline));
                self.deadlines.push(Reverse((deadline, token)));
            }
        }
    }

    /// A guest's socket is ready: go on until it would block.
    fn attend(&mut self, token: Token) {
        let Some(guest) = self.guests.get_mut(&token) else {
            return; // left earlier in this round
        };
        if !guest.step(&mut self.dice) {
            self.guests.remove(&token);
        } else if let Some(deadline) = guest.new_deadline() {
            self.deadlines.push(Reverse((deadline, token)));
        }
    }

    /// Looks at everybody whose time has come.
    fn ring_timers(&mut self) {
        let now = Instant::now();
        while let Some(&Reverse((due, token))) = self.deadlines.peek()
            && due <= now
        {
            self.deadlines.pop();
            let Some(guest) = self.guests.get_mut(&token) else {
                continue;
            };
            if guest.deadline() != due {
                continue; // no longer true
            }
            if guest.time_is_up() {
                self.attend(token);
            } else {
                self.guests.remove(&token);
            }
        }
    }
}

/// A listening socket that shares its port with the other doors.
fn door(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::from(u16::MAX))?;
    Ok(TcpListener::from_std(socket.into()))
}
