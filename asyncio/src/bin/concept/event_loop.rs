//! A whole event loop to read: executor, wakers, timers, sockets of a runtime.
//!
//!     cargo run -p asyncio --bin event_loop
//!
//! `cook` and `bake` are those of `chef`, letter by letter: they say what to
//! wait for. How to wait is written below them. Tasks that can go on stand in a
//! queue. When the queue is empty, the thread sleeps in one system call until a
//! socket is ready or a timer is due. Then it wakes the task that waits for
//! that.
//!
//! Claims: A19
//! Change this and watch: `Some(Duration::ZERO)` instead of `pause`, as if the
//! loop had to poll all its tasks (busy polling). No dish is done earlier, the
//! CPU is busy, and A19 is contradicted.
//!
//! Output (figures vary):
//!     asyncio::event_loop  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        103 ms
//!      1 bibimbap  main                 │█░░░░░░░░░░░░░░░░░░░░          │   72
//!      2 bulgogi   main                 │█░░░░░░░░░░░░░░░░░             │   62
//!      3 japchae   main                 │█░░░░░░░░░░░░░░░░░░░░░░░       │   81
//!      4 galbi     main                 │█░░░░░░░░░░░░░░                │   52
//!      5 mandu     main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  102
//!      6 pajeon    main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░    │   92
//!      7 kimbap    main                 │█░░░░░░░░░░░                   │   43
//!      8 tteok     main                 │█░░░░░░░░░░░░░░░░░░░░░░        │   78
//!      9 jjigae    main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   88
//!     10 hotteok   main                 │█░░░░░░░░░░░░░░░░░░░           │   68
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   717 ms
//!     nobody can beat             100 ms  the bound: the longest dish
//!     this took                   103 ms  7.0 times as fast, 1.03 of the bound
//!     cooked by 1 thread in 1 process; CPU 6 ms, 10 switches, 3.2 MiB
//!     The article, A19: "An event loop measures the progress of the tasks again and again."
//!     Our answer for Rust: false (not true)
//!     Our answer to A19 is borne out: 1 thread cooked 10 dishes at the same time
//!     the loop polled tasks 30 times, and slept 11 times

use shared::{Dish, Kitchen, PATIENCE, Plate, Result, say};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let dishes = kitchen.dishes().into_iter();
    let cooking = dishes.map(|dish| cook(dish, kitchen.oven)).collect();
    let plates: Result<_> = run(cooking).into_iter().collect();
    // A few turns for each dish, however long it bakes.
    kitchen.claim("A19", |m| POLLS.get() + SLEEPS.get() < 20 * m.plates.len());
    kitchen.serve(plates?)?;
    let (polls, sleeps) = (POLLS.get(), SLEEPS.get());
    if std::env::args().all(|word| word != "--json") {
        say!("the loop polled tasks {polls} times, and slept {sleeps} times");
    }
    Ok(())
}

async fn cook(dish: Dish, oven: SocketAddr) -> Result<Plate> {
    let prepped = dish.prep();
    let reply = bake(oven, prepped.order()).await;
    prepped.plate(reply)
}

/// Two timeouts, each of `PATIENCE`: one to connect, one to read the reply.
/// The first `?` of `??` is for a timeout, the second for the socket.
async fn bake(oven: SocketAddr, order: &[u8]) -> io::Result<Vec<u8>> {
    let mut socket = timeout(PATIENCE, TcpStream::connect(oven)).await??;
    socket.write_all(order).await?;
    let mut reply = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut reply)).await??;
    Ok(reply)
}

// ANCHOR: event_loop
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use std::{future::poll_fn, mem, net::SocketAddr, os::fd::AsRawFd, pin::pin};

use mio::{Events, Interest, Token, net};

/// The executor: polls each task once, and again only when it was woken.
/// Returns their outputs in the order of the tasks. They may wait for sockets,
/// for timers and for each other. Another thread can wake a task, but it does
/// not end the sleep of this one.
pub fn run<F: Future>(tasks: Vec<F>) -> Vec<F::Output> {
    let tasks = tasks.into_iter().map(Box::pin).enumerate();
    let mut tasks: BTreeMap<usize, _> = tasks.collect();
    let (queue, woken) = mpsc::channel();
    let waker = |task| Arc::new(Ticket { task, queue: queue.clone() });
    tasks.keys().for_each(|&task| waker(task).wake()); // all may begin
    let mut outputs = BTreeMap::new();
    while !tasks.is_empty() {
        let Ok(number) = woken.try_recv() else {
            sleep(); // no task can go on
            continue;
        };
        let waker = Waker::from(waker(number));
        let mut context = Context::from_waker(&waker);
        POLLS.set(POLLS.get() + 1);
        if let Some(task) = tasks.get_mut(&number)
            && let Poll::Ready(output) = task.as_mut().poll(&mut context)
        {
            outputs.insert(number, output);
            tasks.remove(&number);
        }
    }
    outputs.into_values().collect()
}

/// What is in a waker: the task that it wakes, and the queue of those that can
/// go on.
struct Ticket {
    task: usize,
    queue: mpsc::Sender<usize>,
}

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        let _ = self.queue.send(self.task); // or the loop has ended
    }
}

// What happens outside: what the system watches, and which task waits for it.
thread_local! {
    static POLLS: Cell<usize> = Cell::default();
    static SLEEPS: Cell<usize> = Cell::default();
    static SYSTEM: RefCell<mio::Poll> =
        RefCell::new(mio::Poll::new().expect("another file can be opened"));
    static SOCKETS: RefCell<HashMap<Token, Waker>> = RefCell::default();
    static TIMER: Cell<usize> = Cell::default(); // the number of the next one
    static TIMERS: RefCell<BTreeMap<(Instant, usize), Waker>> =
        RefCell::default();
}

/// The reactor: sleeps until something happens, and wakes the waiting tasks.
fn sleep() {
    SLEEPS.set(SLEEPS.get() + 1);
    let next = TIMERS.with_borrow(|timers| timers.keys().next().copied());
    let pause =
        next.map(|(due, _)| due.saturating_duration_since(Instant::now()));
    let mut events = Events::with_capacity(1024);
    // A signal may end this with an error: then nothing has happened.
    let _ = SYSTEM.with_borrow_mut(|system| system.poll(&mut events, pause));
    for event in &events {
        let token = event.token();
        let waker = SOCKETS.with_borrow_mut(|sockets| sockets.remove(&token));
        waker.into_iter().for_each(Waker::wake);
    }
    let due = TIMERS.with_borrow_mut(|timers| {
        let later = timers.split_off(&(Instant::now(), 0));
        mem::replace(timers, later)
    });
    due.into_values().for_each(Waker::wake);
}

/// Gives up what takes longer than `limit`.
pub async fn timeout<F: Future>(
    limit: Duration,
    work: F,
) -> io::Result<F::Output> {
    let (mut work, due) = (pin!(work), Instant::now() + limit);
    let timer = (due, TIMER.replace(TIMER.get() + 1));
    let outcome = poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Pending if due > Instant::now() => {
            // One waker for each timer, however often it is polled.
            let waker = context.waker().clone();
            TIMERS.with_borrow_mut(|timers| timers.insert(timer, waker));
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(Err(ErrorKind::TimedOut.into())),
        ready => ready.map(Ok),
    });
    let outcome = outcome.await;
    TIMERS.with_borrow_mut(|timers| timers.remove(&timer));
    outcome
}

/// A socket that never blocks. Its file descriptor is the token of its events.
pub struct TcpStream(net::TcpStream, Token);

impl TcpStream {
    /// Waits until the other side has accepted, or refused.
    pub async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let mut socket = net::TcpStream::connect(address)?;
        let token = Token(socket.as_raw_fd() as usize);
        let both = Interest::READABLE | Interest::WRITABLE;
        let watch =
            |all: &mio::Poll| all.registry().register(&mut socket, token, both);
        SYSTEM.with_borrow(watch)?;
        let mut socket = TcpStream(socket, token);
        // It has a peer only when it is connected.
        let connected = |socket: &mut net::TcpStream| {
            socket.take_error()?.map_or_else(|| socket.peer_addr(), Err)
        };
        socket.when_ready(connected).await?;
        Ok(socket)
    }

    /// Writes all of it.
    pub async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let size = self.when_ready(|socket| socket.write(bytes)).await?;
            bytes = &bytes[size..];
        }
        Ok(())
    }

    /// Reads until the other side has closed.
    pub async fn read_to_end(
        &mut self,
        all: &mut Vec<u8>,
    ) -> io::Result<usize> {
        self.when_ready(|socket| socket.read_to_end(all)).await
    }

    /// Tries, and waits for the socket as long as it would have to block.
    async fn when_ready<T>(
        &mut self,
        mut attempt: impl FnMut(&mut net::TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        poll_fn(|context| match attempt(&mut self.0) {
            Err(error) if NOT_YET.contains(&error.kind()) => {
                let waker = context.waker().clone();
                SOCKETS.with_borrow_mut(|all| all.insert(self.1, waker));
                Poll::Pending
            }
            outcome => Poll::Ready(outcome),
        })
        .await
    }
}

const NOT_YET: [ErrorKind; 2] =
    [ErrorKind::WouldBlock, ErrorKind::NotConnected];
// ANCHOR_END: event_loop
