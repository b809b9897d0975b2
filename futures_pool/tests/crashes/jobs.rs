//! The jobs, and what goes wrong in them: where it is told to, in which way it
//! is told to.

use std::{
    fmt,
    io::Read,
    net::{TcpListener, TcpStream},
    panic::resume_unwind,
    process, thread,
};

use futures_pool::{Executor, Job, Pending, ProcessPool, job};
use nix::{
    sys::signal::{SigHandler, Signal, kill, raise, signal},
    unistd::Pid,
};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::Error as _,
    ser::Error as _,
};
use serde_bytes::ByteBuf;

use crate::support::{Ticket, interface::Pool, is_dead, me};

pub fn jobs() -> impl Iterator<Item = Job> {
    [
        job(square),
        job(pid),
        job(echo),
        job(spring),
        job(die),
        job(plant),
        job(stay),
        job(drop_badly),
        job(throw),
        job(spin),
        job(flood),
        job(environment),
        job(hold),
        job(refuse_to_go),
        job(nest),
        job(dig),
        job(crate::liars::lie),
        job(linger),
        job(wait_at),
        job(crate::starts::prepare),
        job(crate::starts::die_when_it_ends),
        job(crate::races::leave_a_daemon),
    ]
    .into_iter()
}

/// In which way a worker comes to grief.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// An error of the encoding, where there is one.
    Error,
    Panic,
    Exit(i32),
    Abort,
    Kill,
    Segfault,
    /// It does not, but waits at a door.
    Hold(u16),
}

impl How {
    /// What the pool says of it. `None`: the worker lives on.
    pub fn told(self) -> Option<&'static str> {
        match self {
            How::Error | How::Panic | How::Hold(_) => None,
            How::Exit(0) => Some("died: exit status: 0"),
            How::Exit(_) => Some("died: exit status: 99"),
            How::Abort => Some("died: signal: 6"),
            How::Kill => Some("died: signal: 9"),
            How::Segfault => Some("died: signal: 11"),
        }
    }

    pub fn happen(self) {
        match self {
            How::Error => {}
            How::Hold(door) => wait_at(door),
            // A panic that says nothing on standard error.
            How::Panic => resume_unwind(Box::new("as told".to_string())),
            How::Exit(code) => process::exit(code),
            How::Abort => process::abort(),
            How::Kill => kill(Pid::this(), Signal::SIGKILL).unwrap(),
            // The first one may only end Rust's own handler of it.
            How::Segfault => loop {
                raise(Signal::SIGSEGV).unwrap();
            },
        }
    }
}

/// Where: on its way a value is encoded here, decoded there, and so again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spot {
    EncodeArgument,
    DecodeArgument,
    Run,
    EncodeResult,
    DecodeResult,
    Nowhere,
}

/// A value that springs on its way.
#[derive(PartialEq)]
pub struct Trap {
    spot: Spot,
    how: How,
    home: u32,
    ballast: ByteBuf,
}

impl Trap {
    pub fn new(spot: Spot, how: How) -> Trap {
        Trap { spot, how, home: me(), ballast: ByteBuf::new() }
    }

    pub fn heavy(spot: Spot, how: How, size: usize) -> Trap {
        Trap { ballast: vec![7; size].into(), ..Trap::new(spot, how) }
    }

    pub fn weighs(&self, size: usize) -> bool {
        self.ballast.len() == size
    }

    fn pass(&self, spot: Spot) -> Result<(), &'static str> {
        if self.spot != spot {
            return Ok(());
        }
        self.how.happen();
        if let How::Hold(_) = self.how { Ok(()) } else { Err("as told") }
    }
}

/// Without its ballast.
impl fmt::Debug for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Trap { spot, how, home, ballast } = self;
        write!(f, "Trap({spot:?}, {how:?}, {home}, {} bytes)", ballast.len())
    }
}

impl Serialize for Trap {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let here = self.home == me();
        let spot = if here { Spot::EncodeArgument } else { Spot::EncodeResult };
        self.pass(spot).map_err(S::Error::custom)?;
        (self.spot, self.how, self.home, &self.ballast).serialize(to)
    }
}

impl<'a> Deserialize<'a> for Trap {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Trap, D::Error> {
        let (spot, how, home, ballast) = Deserialize::deserialize(from)?;
        let trap = Trap { spot, how, home, ballast };
        let here = home == me();
        let spot = if here { Spot::DecodeResult } else { Spot::DecodeArgument };
        trap.pass(spot).map_err(D::Error::custom)?;
        Ok(trap)
    }
}

/// A closed door: jobs that come to it wait until it is dropped.
pub struct Door {
    door: TcpListener,
    waiting: Vec<TcpStream>,
}

impl Door {
    pub fn new() -> Door {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        Door { door, waiting: Vec::new() }
    }

    pub fn number(&self) -> u16 {
        self.door.local_addr().unwrap().port()
    }

    /// From now on nobody waits.
    pub fn open(&mut self) {
        self.knock();
        self.waiting.clear();
    }

    /// Waits until a job waits.
    pub fn knock(&mut self) {
        self.waiting.push(self.door.accept().unwrap().0);
    }
}

pub fn wait_at(door: u16) {
    if let Ok(mut door) = TcpStream::connect(("127.0.0.1", door)) {
        let _ = door.read(&mut [0]); // in whichever way it opens
    }
}

pub fn square(n: u64) -> u64 {
    n * n
}

pub fn pid(_: ()) -> u32 {
    me()
}

pub fn echo(bytes: ByteBuf) -> ByteBuf {
    bytes
}

/// Springs the trap, if it is for jobs.
pub fn spring(trap: Trap) -> Trap {
    let _ = trap.pass(Spot::Run); // a job has no error of its own
    trap
}

/// Dies, once the door is open.
pub fn die((how, door): (How, u16)) {
    wait_at(door);
    how.happen();
}

/// Is done at once, but leaves something in its worker that will go wrong when
/// the door opens.
pub fn plant((how, door): (How, u16)) {
    thread::spawn(move || {
        wait_at(door);
        how.happen();
    });
}

/// Takes as long as the door is closed.
pub fn stay((door, trap): (u16, Trap)) -> Trap {
    wait_at(door);
    trap
}

/// The same, and which worker it was.
pub fn linger(door: u16) -> u32 {
    wait_at(door);
    me()
}

/// A result whose encoding is fine, and whose end is not.
#[derive(Debug, Serialize, Deserialize)]
pub struct Brittle {
    /// Where it breaks when it is dropped.
    pub breaks_in: u32,
}

impl Drop for Brittle {
    fn drop(&mut self) {
        if self.breaks_in == me() && !thread::panicking() {
            How::Panic.happen();
        }
    }
}

/// The argument: in which process; 0 is the worker.
pub fn drop_badly(home: u32) -> Brittle {
    Brittle { breaks_in: if home == 0 { me() } else { home } }
}

/// Panics with something that is no text, and panics when it is dropped.
pub fn throw(_: ()) {
    resume_unwind(Box::new(Brittle { breaks_in: me() }));
}

/// Never waits, and never ends by itself.
pub fn spin(_: ()) {
    loop {
        std::hint::spin_loop();
    }
}

/// As many bytes to each of the two outputs.
pub fn flood(size: usize) {
    print!("{}", "out ".repeat(size / 4));
    eprint!("{}", "err ".repeat(size / 4));
}

pub fn environment(_: ()) -> Vec<(String, String)> {
    std::env::vars().collect()
}

/// Is there until it is told to go.
pub fn hold((folder, n): Ticket) {
    folder.hold(n);
}

/// Has the worker take no notice of the polite signal, nor of the end of its jobs.
pub fn refuse_to_go(_: ()) {
    struct Stay;
    impl Drop for Stay {
        fn drop(&mut self) {
            loop {
                thread::park();
            }
        }
    }
    thread_local!(static STAY: Stay = const { Stay });
    STAY.with(|_| {});
    #[expect(unsafe_code)]
    // SAFETY: to ignore a signal runs no code.
    unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) }.unwrap();
}

/// A pool in a worker: returns the process numbers of its workers. With a door,
/// they have a job that waits there, and so has this one.
pub fn nest(door: Option<u16>) -> Vec<u32> {
    let pool = ProcessPool::of(2);
    let pids = pool.pids();
    if let Some(door) = door {
        let trap = || Trap::new(Spot::Nowhere, How::Error);
        let jobs = pids.iter().map(|_| pool.submit(stay, (door, trap())));
        jobs.for_each(|job| drop(job.result()));
    }
    pool.shutdown(Pending::Finish);
    assert!(pids.iter().all(|pid| is_dead(*pid)));
    pids
}

/// Digs itself in, one pool in another, until something stops it: how deep, and
/// what it was.
pub fn dig(depth: u32) -> (u32, String) {
    match ProcessPool::try_of(1) {
        Ok(pool) => pool.submit(dig, depth + 1).result().unwrap(),
        Err(error) => (depth, error.to_string()),
    }
}

pub fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid as i32), signal).unwrap();
}
