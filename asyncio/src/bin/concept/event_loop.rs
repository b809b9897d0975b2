//! A whole runtime, to be read: it serves the ten dishes by the chef's recipe.
//!
//!     cargo run -p asyncio --bin event_loop
//!
//! `cook` and `bake` are those of `chef.rs`, letter by letter: they tell what
//! to wait for. How to wait is told below them. Tasks that can go on stand in a
//! queue. When it is empty, the thread sleeps in the one call that the system
//! has for it, until a socket is ready or an alarm is due; their tasks are
//! woken.
//!
//! Claims: A17, A19
//! Change this and watch: `Some(Duration::ZERO)` for `pause`, as if the loop
//! had to look after its tasks: no dish is done earlier, the CPU is busy, and
//! A19 ends.
//!
//! Output (figures vary):
//!     asyncio::event_loop  waiting menu, 10 dishes, 2 cores
//!
//!                                        0                        101 ms
//!      1 bibimbap  main                 │█░░░░░░░░░░░░░░░░░░░░          │   71
//!      2 bulgogi   main                 │█░░░░░░░░░░░░░░░░░             │   61
//!      3 japchae   main                 │█░░░░░░░░░░░░░░░░░░░░░░░       │   81
//!      4 galbi     main                 │█░░░░░░░░░░░░░░                │   51
//!      5 mandu     main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ │  101
//!      6 pajeon    main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░░░   │   92
//!      7 kimbap    main                 │█░░░░░░░░░░░                   │   42
//!      8 tteok     main                 │█░░░░░░░░░░░░░░░░░░░░░░        │   77
//!      9 jjigae    main                 │█░░░░░░░░░░░░░░░░░░░░░░░░░     │   87
//!     10 hotteok   main                 │█░░░░░░░░░░░░░░░░░░░           │   68
//!                                        █ prepares (CPU)  ░ bakes (waits)
//!
//!     one cook alone would need   716 ms
//!     nobody can beat             100 ms  the longest dish
//!     this took                   101 ms  7.1 times as fast, 1.01 of the bound
//!     cooked by 1 thread in 1 process; CPU 3 ms, 14 switches, 3.0 MiB
//!     A17 borne out: 1 thread in 1 process, 7.1 times as fast as one cook
//!     A19 borne out: 1 thread in 1 process, 7.1 times as fast as one cook
//!     the loop has polled its tasks 30 times in all

use shared::{Dish, Kitchen, Meal, PATIENCE, Plate, Result, say};

fn main() -> Result {
    let kitchen = Kitchen::open()?;
    let mut cooking = Vec::new();
    for dish in kitchen.dishes() {
        cooking.push(cook(dish, kitchen.oven));
    }
    let plates: Result<_> = run(cooking).into_iter().collect();
    kitchen.claim("A17", |_| this_is_the_chefs_recipe());
    kitchen.claim("A19", the_loop_sleeps);
    kitchen.serve(plates?)?;
    if std::env::args().all(|word| word != "--json") {
        say!("the loop has polled its tasks {} times in all", POLLS.get());
    }
    Ok(())
}

async fn cook(dish: Dish, oven: SocketAddr) -> Result<Plate> {
    let prepped = dish.prep();
    let reply = bake(oven, prepped.order()).await;
    prepped.plate(reply)
}

async fn bake(oven: SocketAddr, order: &[u8]) -> io::Result<Vec<u8>> {
    let mut door = timeout(PATIENCE, TcpStream::connect(oven)).await??;
    door.write_all(order).await?;
    let mut reply = Vec::new();
    timeout(PATIENCE, door.read_to_end(&mut reply)).await??;
    Ok(reply)
}

fn this_is_the_chefs_recipe() -> bool {
    let chef = include_str!("../usage/chef.rs");
    let recipe = chef.find("async fn cook").map_or(chef, |at| &chef[at..]);
    include_str!("event_loop.rs").contains(recipe)
}

/// Few polls, and besides chopping little CPU time: nobody looks after tasks.
fn the_loop_sleeps(meal: &Meal) -> bool {
    let chopping = meal.plates.iter().map(|plate| plate.prep_cpu).sum();
    let rest = meal.cpu.saturating_sub(chopping);
    POLLS.get() < 10 * meal.plates.len() && rest < meal.wall * 2 / 3
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
fn run<F: Future>(tasks: Vec<F>) -> Vec<F::Output> {
    let tasks = tasks.into_iter().map(Box::pin).enumerate();
    let mut tasks: BTreeMap<usize, _> = tasks.collect();
    let (queue, woken) = mpsc::channel();
    let ticket = |task| Arc::new(Ticket { task, queue: queue.clone() });
    tasks.keys().for_each(|&task| ticket(task).wake()); // all may begin
    let mut outputs = Vec::new();
    while !tasks.is_empty() {
        let Ok(number) = woken.try_recv() else {
            sleep(); // nobody can go on
            continue;
        };
        let waker = Waker::from(ticket(number));
        let mut context = Context::from_waker(&waker);
        POLLS.set(POLLS.get() + 1);
        if let Some(task) = tasks.get_mut(&number)
            && let Poll::Ready(output) = task.as_mut().poll(&mut context)
        {
            outputs.push(output);
            tasks.remove(&number);
        }
    }
    outputs
}

/// What is in a waker: whom it wakes, and where those who can go on queue.
struct Ticket {
    task: usize,
    queue: mpsc::Sender<usize>,
}

impl Wake for Ticket {
    fn wake(self: Arc<Self>) {
        let _ = self.queue.send(self.task); // or the loop has ended
    }
}

// What happens outside: what the system watches, and who waits for it.
thread_local! {
    static POLLS: Cell<usize> = Cell::default();
    static SYSTEM: RefCell<mio::Poll> =
        RefCell::new(mio::Poll::new().expect("another file can be opened"));
    static SOCKETS: RefCell<HashMap<Token, Waker>> = RefCell::default();
    static ALARMS: RefCell<BTreeMap<Instant, Vec<Waker>>> = RefCell::default();
}

/// The reactor: sleeps until something happens, and wakes who waits for it.
fn sleep() {
    let next = ALARMS.with_borrow(|alarms| alarms.keys().next().copied());
    let pause = next.map(|due| due.saturating_duration_since(Instant::now()));
    let mut events = Events::with_capacity(1024);
    // A signal may end this with an error: then nothing has happened.
    let _ = SYSTEM.with_borrow_mut(|system| system.poll(&mut events, pause));
    for event in &events {
        let token = event.token();
        let waker = SOCKETS.with_borrow_mut(|sockets| sockets.remove(&token));
        waker.into_iter().for_each(Waker::wake);
    }
    let due = ALARMS.with_borrow_mut(|alarms| {
        let later = alarms.split_off(&Instant::now());
        mem::replace(alarms, later)
    });
    due.into_values().flatten().for_each(Waker::wake);
}

/// Gives up what takes longer than `limit`.
async fn timeout<F: Future>(limit: Duration, work: F) -> io::Result<F::Output> {
    let (mut work, due) = (pin!(work), Instant::now() + limit);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Pending if due > Instant::now() => {
            let waker = context.waker().clone();
            ALARMS.with_borrow_mut(|a| a.entry(due).or_default().push(waker));
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(Err(ErrorKind::TimedOut.into())),
        ready => ready.map(Ok),
    })
    .await
}

/// A socket that never blocks. Its number is the token of its events.
struct TcpStream(net::TcpStream, Token);

impl TcpStream {
    async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
        let mut socket = net::TcpStream::connect(address)?;
        let token = Token(socket.as_raw_fd() as usize);
        let both = Interest::READABLE | Interest::WRITABLE;
        let watch =
            |all: &mio::Poll| all.registry().register(&mut socket, token, both);
        SYSTEM.with_borrow(watch)?;
        Ok(TcpStream(socket, token))
    }

    async fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let size = self.when_ready(|socket| socket.write(bytes)).await?;
            bytes = &bytes[size..];
        }
        Ok(())
    }

    async fn read_to_end(&mut self, all: &mut Vec<u8>) -> io::Result<usize> {
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
