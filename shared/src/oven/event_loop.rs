//! One thread, one event loop, ten thousand bakes at once.
//!
//! Nothing here waits for one guest: the loop waits for all of them together,
//! until a socket is ready or the next deadline is due.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    io::{self, Read, Write},
    mem,
    net::{Shutdown, SocketAddr},
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
    unix::SourceFd,
};
use socket2::{Domain, Socket, Type};

use super::{
    Fault, Faults,
    faults::Dice,
    http::{self, Order, Request},
};

/// The oven has several doors with one address: Linux lets no more than 4 096
/// guests (`net.core.somaxconn`) queue at one, and a burst may have 10 000.
const DOORS: usize = 4;
const LIFELINE: Token = Token(DOORS);

/// How long a guest who was served may take to leave.
const LINGER: Duration = Duration::from_secs(2);

/// A guest who says more than this after the order is shown the door.
const CHATTER: usize = 64 * 1024;

/// How long an order that the oven stalls is kept before it hangs up.
const STALL: Duration = Duration::from_secs(60);

/// An oven that is being set up: call [`Oven::run`] to let it bake.
pub struct Oven {
    poll: Poll,
    doors: Vec<TcpListener>,
    address: SocketAddr,
    guests: HashMap<Token, Guest>,
    /// When to look at whom again. Entries that are no longer true are skipped.
    deadlines: BinaryHeap<Reverse<(Instant, Token)>>,
    next_token: usize,
    /// Out of file descriptors: guests wait outside until somebody leaves.
    full: bool,
    dice: Dice,
    patience: Duration,
}

/// One connection.
struct Guest {
    stream: TcpStream,
    stage: Stage,
    deadline: Instant,
    /// For when the loop was told of the deadline.
    timer: Instant,
    /// Bytes that nobody asked for.
    chatter: usize,
}

enum Stage {
    /// The request is arriving.
    Ordering(Vec<u8>),
    /// The dish is in the oven until the deadline.
    Baking(Order, Option<Fault>),
    /// The answer, and how much of it has been sent.
    Serving(Vec<u8>, usize),
    /// All is said; the guest hangs up, or is shown the door.
    Leaving,
}

impl Oven {
    /// An oven at `address`; port 0 lets the system choose a free port.
    ///
    /// # Errors
    ///
    /// The address is not to be had.
    pub fn at(address: SocketAddr) -> io::Result<Oven> {
        let poll = Poll::new()?;
        let first = door(address)?;
        let address = first.local_addr()?;
        let mut doors = vec![first];
        while doors.len() < DOORS {
            doors.push(door(address)?);
        }
        for (number, door) in doors.iter_mut().enumerate() {
            poll.registry().register(
                door,
                Token(number),
                Interest::READABLE,
            )?;
        }
        Ok(Oven {
            poll,
            doors,
            address,
            guests: HashMap::new(),
            deadlines: BinaryHeap::new(),
            next_token: DOORS + 1,
            full: false,
            dice: Dice::default(),
            patience: Duration::from_secs(10),
        })
    }

    /// Lets the oven spoil some of the orders.
    pub fn with_faults(self, faults: Faults) -> Oven {
        let dice = Dice::of(faults);
        Oven { dice, ..self }
    }

    /// How long a guest may take to send an order: 10 s unless said here.
    pub fn with_patience(self, patience: Duration) -> Oven {
        Oven { patience, ..self }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bakes for ever.
    ///
    /// # Errors
    ///
    /// The system's event queue failed.
    pub fn run(mut self) -> io::Result<()> {
        self.bake_until_cold()
    }

    /// Bakes until `lifeline` is closed at its other end, which the system
    /// does when the process that holds it dies, however it dies.
    ///
    /// # Errors
    ///
    /// The system's event queue failed.
    pub fn run_until_closed(
        mut self,
        lifeline: impl AsRawFd,
    ) -> io::Result<()> {
        let lifeline = lifeline.as_raw_fd();
        let mut source = SourceFd(&lifeline);
        let registry = self.poll.registry();
        registry.register(&mut source, LIFELINE, Interest::READABLE)?;
        self.bake_until_cold()
    }

    fn bake_until_cold(&mut self) -> io::Result<()> {
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
            if mem::take(&mut self.full) {
                (0..DOORS).for_each(|number| self.welcome(number));
            }
        }
    }

    fn until_next_deadline(&self) -> Option<Duration> {
        if self.full {
            return Some(Duration::from_millis(100));
        }
        let Reverse((next, _)) = self.deadlines.peek()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// Lets in all who stand at a door.
    fn welcome(&mut self, number: usize) {
        loop {
            let stream = match self.doors[number].accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return;
                }
                // That guest has left again; the next one may still be there.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted
                            | io::ErrorKind::Interrupted
                    ) =>
                {
                    continue;
                }
                // No file descriptor left: try again when somebody has left.
                Err(_) => {
                    self.full = true;
                    return;
                }
            };
            let token = Token(self.next_token);
            self.next_token += 1;
            let deadline = Instant::now() + self.patience;
            let stage = Stage::Ordering(Vec::new());
            let mut guest = Guest {
                stream,
                stage,
                deadline,
                timer: deadline,
                chatter: 0,
            };
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            if registry
                .register(&mut guest.stream, token, interest)
                .is_ok()
            {
                self.deadlines.push(Reverse((deadline, token)));
                self.guests.insert(token, guest);
            }
        }
    }

    /// A guest's socket is ready: go on until it would block.
    fn attend(&mut self, token: Token) {
        let Some(guest) = self.guests.get_mut(&token) else {
            return; // left earlier in this round
        };
        match guest.step(&mut self.dice) {
            Ok(true) => {
                if guest.timer != guest.deadline {
                    guest.timer = guest.deadline;
                    self.deadlines.push(Reverse((guest.timer, token)));
                }
            }
            // Gone, by its own will or by an error that only it can feel.
            Ok(false) | Err(_) => drop(self.guests.remove(&token)),
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
            if guest.deadline == due {
                if guest.time_is_up() {
                    self.attend(token);
                } else {
                    self.guests.remove(&token);
                }
            }
        }
    }
}

impl Guest {
    /// Does all that can be done without waiting; false: the guest is gone.
    fn step(&mut self, dice: &mut Dice) -> io::Result<bool> {
        loop {
            match &mut self.stage {
                Stage::Ordering(bytes) => {
                    let Some(open) = read_some(&mut self.stream, |some| {
                        bytes.extend_from_slice(some)
                    })?
                    else {
                        return Ok(true);
                    };
                    match http::understand(bytes) {
                        Request::Partial if open => {}
                        Request::Partial => return Ok(false),
                        Request::Answer(reply) => self.serve(reply),
                        Request::Bake(order) => self.put_in(order, dice),
                    }
                }
                Stage::Serving(reply, sent) => {
                    match self.stream.write(&reply[*sent..]) {
                        Ok(size) => *sent += size,
                        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                            return Ok(true);
                        }
                        Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                        Err(e) => return Err(e),
                    }
                    if *sent == reply.len() {
                        self.say_goodbye()?;
                    }
                }
                // Hanging up with unread bytes would take the answer back, so
                // what the guest still says is read and forgotten, up to a point.
                Stage::Baking(..) | Stage::Leaving => {
                    let chatter = &mut self.chatter;
                    let read = |some: &[u8]| *chatter += some.len();
                    match read_some(&mut self.stream, read)? {
                        None => return Ok(true),
                        Some(true) if self.chatter > CHATTER => {
                            return Ok(false);
                        }
                        Some(true) => {}
                        // Half-closed: it may still want its dish.
                        Some(false) => return Ok(self.is_worth_waiting_for()),
                    }
                }
            }
        }
    }

    /// The deadline has come; false: nothing is left to do for this guest.
    fn time_is_up(&mut self) -> bool {
        match &mut self.stage {
            Stage::Ordering(bytes) if bytes.is_empty() => return false,
            Stage::Ordering(_) => self.serve(http::too_late()),
            Stage::Baking(_, Some(Fault::Stall)) => return false,
            Stage::Baking(order, Some(Fault::Fail)) => {
                let reply = http::burnt(order);
                self.serve(reply);
            }
            Stage::Baking(order, Some(Fault::Cut)) => {
                let mut reply = http::done(order);
                reply.truncate(reply.len() / 2);
                self.serve(reply);
            }
            Stage::Baking(order, None) => {
                let reply = http::done(order);
                self.serve(reply);
            }
            Stage::Serving(..) | Stage::Leaving => return false,
        }
        true
    }

    fn is_worth_waiting_for(&self) -> bool {
        matches!(&self.stage, Stage::Baking(_, f) if *f != Some(Fault::Stall))
    }

    fn put_in(&mut self, order: Order, dice: &mut Dice) {
        let fault = dice.throw(order.dish);
        self.deadline = Instant::now()
            + match fault {
                Some(Fault::Stall) => STALL,
                _ => Duration::from_millis(u64::from(order.bake_ms)),
            };
        self.stage = Stage::Baking(order, fault);
    }

    fn serve(&mut self, reply: Vec<u8>) {
        self.deadline = Instant::now() + LINGER;
        self.stage = Stage::Serving(reply, 0);
    }

    fn say_goodbye(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        self.deadline = Instant::now() + LINGER;
        self.stage = Stage::Leaving;
        Ok(())
    }
}

/// Reads once. `None`: nothing there yet; false: the other side has closed.
fn read_some(
    stream: &mut TcpStream,
    take: impl FnOnce(&[u8]),
) -> io::Result<Option<bool>> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer) {
        Ok(size) => {
            take(&buffer[..size]);
            Ok(Some(size > 0))
        }
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(Some(true)),
        Err(e) => Err(e),
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
