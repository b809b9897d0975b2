//! One connection, from the order to the goodbye.

use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::http::{self, Order, Request};
use super::{Fault, faults::Dice};

/// How long a guest who is served may take to read and to leave.
const LINGER: Duration = Duration::from_secs(2);

/// A guest who says more than this after the order is shown the door.
const CHATTER: usize = 64 * 1024;

/// How long an order that the oven stalls is kept before it hangs up.
const STALL: Duration = Duration::from_secs(60);

pub(super) struct Guest {
    stream: TcpStream,
    stage: Stage,
    deadline: Instant,
    /// The deadline that the loop knows of.
    known: Instant,
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

impl Guest {
    /// A guest who has until `deadline` to order.
    pub(super) fn new(stream: TcpStream, deadline: Instant) -> Guest {
        let stage = Stage::Ordering(Vec::new());
        Guest { stream, stage, deadline, known: deadline, chatter: 0 }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The deadline, if it is another one than last time.
    pub(super) fn new_deadline(&mut self) -> Option<Instant> {
        let changed = self.known != self.deadline;
        self.known = self.deadline;
        changed.then_some(self.deadline)
    }

    /// Does all that can be done without waiting; false: the guest is gone.
    pub(super) fn step(&mut self, dice: &mut Dice) -> bool {
        let Err(end) = self.go_on(dice);
        end.kind() == ErrorKind::WouldBlock
    }

    /// Goes on until there is nothing to do but wait (`WouldBlock`), or until
    /// the guest is gone (any other error).
    fn go_on(&mut self, dice: &mut Dice) -> io::Result<Infallible> {
        let mut buffer = [0; 4096];
        loop {
            match &mut self.stage {
                Stage::Ordering(bytes) => {
                    let size = self.stream.read(&mut buffer)?;
                    bytes.extend_from_slice(&buffer[..size]);
                    match http::understand(bytes) {
                        Request::Partial if size > 0 => {}
                        Request::Partial => return Err(gone()),
                        Request::Answer(reply) => self.serve(reply),
                        Request::Bake(order) => self.put_in(order, dice),
                    }
                }
                Stage::Serving(reply, sent) => {
                    *sent += self.stream.write(&reply[*sent..])?;
                    if *sent == reply.len() {
                        self.stream.shutdown(Shutdown::Write)?;
                        self.stage = Stage::Leaving;
                    }
                }
                // Hanging up on unread bytes would take the answer back, so
                // what is said now is read and forgotten, up to a point.
                Stage::Baking(..) | Stage::Leaving => {
                    let size = self.stream.read(&mut buffer)?;
                    self.chatter += size;
                    match self.stage {
                        _ if self.chatter > CHATTER => return Err(gone()),
                        _ if size > 0 => {}
                        // Nothing more to say, and yet waiting for the dish.
                        Stage::Baking(_, fault) if fault != STALLED => {
                            return Err(ErrorKind::WouldBlock.into());
                        }
                        _ => return Err(gone()),
                    }
                }
            }
        }
    }

    /// The deadline has come; false: nothing is left to do for this guest.
    pub(super) fn time_is_up(&mut self) -> bool {
        let reply = match &self.stage {
            Stage::Ordering(bytes) if !bytes.is_empty() => http::too_late(),
            Stage::Baking(order, None) => http::done(order),
            Stage::Baking(order, Some(Fault::Fail)) => http::burnt(order),
            Stage::Baking(order, Some(Fault::Cut)) => {
                let mut reply = http::done(order);
                reply.truncate(reply.len() / 2);
                reply
            }
            _ => return false,
        };
        self.serve(reply);
        true
    }

    fn put_in(&mut self, order: Order, dice: &mut Dice) {
        let fault = dice.throw(order.dish);
        let baking = Duration::from_millis(u64::from(order.bake_ms));
        self.deadline =
            Instant::now() + if fault == STALLED { STALL } else { baking };
        self.stage = Stage::Baking(order, fault);
    }

    fn serve(&mut self, reply: Vec<u8>) {
        self.deadline = Instant::now() + LINGER;
        self.stage = Stage::Serving(reply, 0);
    }
}

const STALLED: Option<Fault> = Some(Fault::Stall);

fn gone() -> io::Error {
    ErrorKind::ConnectionAborted.into()
}
