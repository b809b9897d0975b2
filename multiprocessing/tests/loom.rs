//! The ring under loom, which tries every order of the steps of two threads, and
//! every value that a processor may let them see. For its sake all crates are
//! built again, so it is not among the other tests (a minute, then seconds):
//!
//! ```text
//! RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom \
//!     cargo test -p multiprocessing --test loom --release --no-default-features
//! ```
//!
//! Each fault that is built in here on purpose has to be found, or the tests
//! that find none would prove nothing.

#![cfg(loom)]

use std::marker::PhantomData;
use std::process::Command;
use std::sync::atomic::Ordering::{self, Relaxed};
use std::{env, io};

use loom::cell::UnsafeCell;
use loom::sync::atomic::AtomicU32;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use multiprocessing::ring::core::{End, Place, Side, Tried};

/// Messages of 0 and of up to 8 bytes take 8 and 16.
const FRAME: u32 = 16;
/// Without a bound there are too many orders: not done in ten minutes.
const INTERRUPTED: usize = 3;

#[test]
fn messages_arrive_once_whole_and_in_order() {
    // The ring is full after each of them, and each wakes somebody.
    check::<Right>(FRAME, &[b"one", b"two", b"three"]);
}

#[test]
fn also_when_more_than_one_fits_in() {
    check::<Right>(2 * FRAME, &[b"one", b"two", b"three"]);
}

#[test]
fn also_around_the_end_of_the_ring() {
    check::<Right>(FRAME, &[b"", b"8 bytes!", b""]);
}

/// The second one does not fit in until all of the first one was received.
#[test]
fn also_in_pieces() {
    check::<Right>(2 * FRAME, &[b"two: 16 bytes ..", b"and 11 more"]);
}

#[test]
fn a_consumer_that_closes_wakes_the_producer() {
    try_all(|| {
        let (mut to, mut from) = ring::<Right>(FRAME);
        let consumer = thread::spawn(move || {
            assert_eq!(receive(&mut from), Some(b"one".to_vec()));
            from.close();
        });
        let messages: [&[u8]; 3] = [b"one", b"two", b"three"];
        let sent = messages.iter().take_while(|message| send(&mut to, message));
        assert!(sent.count() < 3, "one was received, and one fits in");
        consumer.join().unwrap();
    });
}

/// Who announces its sleep does not see that the other moved on, and the other
/// does not see that it sleeps.
#[test]
fn without_the_fence_a_wake_up_is_lost() {
    finds("without_the_fence_a_wake_up_is_lost", "deadlock", || {
        check::<NoFence>(FRAME, &[b"one", b"two"]);
    });
}

/// The other side moves on between the look and the sleep.
#[test]
fn without_the_look_of_the_futex_a_wake_up_is_lost() {
    let name = "without_the_look_of_the_futex_a_wake_up_is_lost";
    finds(name, "deadlock", || {
        check::<BlindFutex>(FRAME, &[b"one", b"two"]);
    });
}

#[test]
fn without_a_wake_up_somebody_sleeps_for_ever() {
    finds("without_a_wake_up_somebody_sleeps_for_ever", "deadlock", || {
        check::<NoWake>(FRAME, &[b"one", b"two"]);
    });
}

/// The position is seen before the bytes are: torn.
#[test]
fn without_release_a_message_is_torn() {
    finds("without_release_a_message_is_torn", "Causality violation", || {
        check::<Relaxedly>(FRAME, &[b"one"]);
    });
}

/// Runs the test `name` in a process of its own, since loom aborts the process
/// when a model fails whose threads hold something, and looks what loom says.
fn finds(name: &str, expected: &str, model: impl FnOnce()) {
    const CHILD: &str = "LOOM_FINDS";
    if env::var_os(CHILD).is_some() {
        return model();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(CHILD, "")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "nothing was found");
    assert!(told.contains(expected), "{told}");
}

/// What is wrong with a ring.
trait Fault: 'static {
    const PUBLISH: Ordering = Ordering::Release;
    const FENCE: bool = true;
    const FUTEX_LOOKS: bool = true;
    const WAKES: bool = true;
}

struct Right;
impl Fault for Right {}

struct NoFence;
impl Fault for NoFence {
    const FENCE: bool = false;
}

struct BlindFutex;
impl Fault for BlindFutex {
    const FUTEX_LOOKS: bool = false;
}

struct NoWake;
impl Fault for NoWake {
    const WAKES: bool = false;
}

struct Relaxedly;
impl Fault for Relaxedly {
    const PUBLISH: Ordering = Relaxed;
}

/// Every order in which a thread is interrupted at most [`INTERRUPTED`] times.
fn try_all(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(INTERRUPTED);
    builder.check(model);
}

/// One thread sends all messages and closes, the other one receives them.
fn check<F: Fault>(capacity: u32, messages: &'static [&'static [u8]]) {
    try_all(move || {
        let (mut to, mut from) = ring::<F>(capacity);
        let producer = thread::spawn(move || {
            assert!(messages.iter().all(|message| send(&mut to, message)));
            to.close();
        });
        for message in messages {
            assert_eq!(receive(&mut from).as_deref(), Some(*message));
        }
        assert_eq!(receive(&mut from), None);
        producer.join().unwrap();
    });
}

/// What an end of the ring holds.
struct Held<F>(Arc<Memory<F>>);

type LoomEnd<F> = End<Held<F>>;

fn ring<F: Fault>(capacity: u32) -> (LoomEnd<F>, LoomEnd<F>) {
    let memory = Arc::new(Memory {
        sides: Default::default(),
        futexes: Default::default(),
        bytes: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
        fault: PhantomData,
    });
    let held = Held(Arc::clone(&memory));
    (End::producer(held), End::consumer(Held(memory)))
}

/// `false`: the consumer has closed.
fn send<F: Fault>(to: &mut LoomEnd<F>, message: &[u8]) -> bool {
    loop {
        match to.try_send(message).unwrap() {
            Tried::Done => return true,
            Tried::Closed => return false,
            Tried::Wait => sleep(to),
        }
    }
}

/// `None`: the producer has closed.
fn receive<F: Fault>(from: &mut LoomEnd<F>) -> Option<Vec<u8>> {
    let (mut message, mut copied) = (Vec::new(), 0);
    loop {
        match from.try_receive(&mut message, &mut copied).unwrap() {
            Tried::Done => return Some(message),
            Tried::Closed => return None,
            Tried::Wait => sleep(from),
        }
    }
}

fn sleep<F: Fault>(end: &LoomEnd<F>) {
    end.sleep(|word, seen| end.place.0.wait(word, seen));
}

/// What the two threads share: shared memory and its two futexes.
struct Memory<F> {
    sides: [Side; 2],
    futexes: [Futex; 2],
    bytes: Vec<UnsafeCell<u8>>,
    fault: PhantomData<F>,
}

// The marker of a fault is in no thread.
#[expect(unsafe_code, reason = "loom's cells are not Sync by themselves")]
// SAFETY: loom finds two accesses of a cell at a time; to do so is its purpose.
unsafe impl<F> Sync for Memory<F> {}

/// As the kernel's: it looks at the word with the queue of sleepers locked.
#[derive(Default)]
struct Futex {
    queue: Mutex<()>,
    woken: Condvar,
}

impl<F: Fault> Memory<F> {
    fn wait(&self, word: &AtomicU32, seen: u32) {
        let futex = self.futex(word);
        let queue = futex.queue.lock().unwrap();
        if word.load(Relaxed) == seen || !F::FUTEX_LOOKS {
            drop(futex.woken.wait(queue).unwrap());
        }
    }

    fn futex(&self, word: &AtomicU32) -> &Futex {
        let is_it = |side: &Side| std::ptr::eq(&side.at, word);
        &self.futexes[self.sides.iter().position(is_it).unwrap()]
    }
}

impl<F: Fault> Place for Held<F> {
    const PUBLISH: Ordering = F::PUBLISH;
    const PIECE: usize = 8;

    fn tell_before_looking() {
        if F::FENCE {
            loom::sync::atomic::fence(Ordering::SeqCst);
        }
    }

    fn side(&self, which: usize) -> &Side {
        &self.0.sides[which]
    }

    fn capacity(&self) -> u32 {
        self.0.bytes.len() as u32
    }

    #[expect(unsafe_code, reason = "loom's cell")]
    fn write(&self, at: u32, bytes: &[u8]) -> io::Result<()> {
        for (cell, byte) in self.0.bytes[at as usize..].iter().zip(bytes) {
            // SAFETY: loom panics if another thread is in there.
            cell.with_mut(|cell| unsafe { *cell = *byte });
        }
        Ok(())
    }

    #[expect(unsafe_code, reason = "loom's cell")]
    fn read(&self, at: u32, bytes: &mut [u8]) -> io::Result<()> {
        for (cell, byte) in self.0.bytes[at as usize..].iter().zip(bytes) {
            // SAFETY: as above.
            *byte = cell.with(|cell| unsafe { *cell });
        }
        Ok(())
    }

    fn wake(&self, word: &AtomicU32) {
        if F::WAKES {
            let futex = self.0.futex(word);
            let _queue = futex.queue.lock().unwrap();
            futex.woken.notify_one();
        }
    }
}
