//! A bounded queue between processes: several producers, one consumer.
//!
//!     cargo run -p multiprocessing --bin queue
//!
//! The queue is a pair of sockets (of the kind SEQPACKET, which carries
//! messages, not bytes). It keeps each message whole, and the messages of each
//! producer in order. Its room is bounded, so a producer that is too fast has
//! to wait: back-pressure. The room is counted in bytes, and the kernel takes
//! up to about twice the bytes that we ask for: 8 messages here, not 4. A
//! producer that is killed leaves a whole message or none. The queue ends when
//! all of its producers have ended. In Python:
//! `multiprocessing.Queue(maxsize)`. There a process that is killed can keep
//! the lock of the queue, and then all others wait.
//!
//! The program `interleaved` shows what a pipe does to such messages.
//!
//! Change this and watch: replace `drop(sender)` by
//! `std::mem::forget(sender)`. This process then counts as a producer, so the
//! queue does not end when the others have ended, and the program ends with an
//! error.
//!
//! Output (figures vary):
//!     nobody receives: 8 messages find room, then a producer waits
//!     3 producers end: 300 messages come, whole and in order
//!     3 are killed: 8 messages come, whole and in order

use std::time::Duration;

use shared::{Result, ensure, flags, role, say, watchdog::Watchdog};

const PRODUCERS: usize = 3;
const EACH: u8 = 100;
/// The bytes of a message, and the bytes of room that we ask for.
const SIZE: usize = 20_000;
const ROOM: usize = 4 * SIZE;
const LIMIT: Option<Duration> = Some(Duration::from_secs(4));

fn main() -> Result {
    let _bound = Watchdog::guard("the messages", Duration::from_secs(9))?;
    if let Some([producer]) = role::started_as("producer") {
        return produce(producer.parse()?);
    }
    flags([]);
    let (sender, _receiver) = queue(ROOM)?;
    let fits = |_: &u8| sender.send(&[0; SIZE], Some(Duration::ZERO)).is_ok();
    let room = (0..EACH).take_while(fits).count();
    say!("nobody receives: {room} messages find room, then a producer waits");
    let all = receive_until_the_end(|_| Ok(()))?;
    say!("{PRODUCERS} producers end: {all} messages come, whole and in order");
    ensure(all == PRODUCERS * usize::from(EACH), "messages are lost")?;
    let some = receive_until_the_end(Child::kill)?;
    say!("{PRODUCERS} are killed: {some} messages come, whole and in order");
    ensure(0 < some && some < all, "the producers were not killed in between")
}

/// Starts producers, and receives their messages until the queue ends; returns
/// how many came. After each message, does this to each producer.
fn receive_until_the_end(
    after_message: fn(&mut Child) -> io::Result<()>,
) -> Result<usize> {
    let commands: io::Result<Vec<_>> = (0..PRODUCERS).map(command).collect();
    let (mut receiver, mut producers) = start_producers(commands?, ROOM)?;
    let mut next = [0; PRODUCERS];
    while let Some(message) = receiver.receive(LIMIT)? {
        let [producer, n] = [message[0], message[1]];
        let wanted = &mut next[usize::from(producer)];
        let whole = message == [producer, n].repeat(SIZE / 2);
        ensure(whole && n == *wanted, "a message is cut, or out of order")?;
        *wanted += 1;
        producers.iter_mut().try_for_each(after_message)?;
    }
    producers.iter_mut().try_for_each(|one| one.wait().map(drop))?;
    Ok(next.into_iter().map(usize::from).sum())
}

fn command(producer: usize) -> io::Result<Command> {
    let mut command = role::command("producer")?;
    command.arg(producer.to_string());
    Ok(command)
}

/// The child.
fn produce(producer: u8) -> Result {
    let queue = inherited()?;
    for n in 0..EACH {
        queue.send(&[producer, n].repeat(SIZE / 2), None)?;
    }
    Ok(())
}

// ANCHOR: queue
use std::io;
use std::os::fd::AsFd;
use std::process::{Child, Command};

use multiprocessing::queue::{Receiver, Sender, queue};

/// Starts processes that send messages through one queue, which is the stdout
/// of each of them. The queue has room for `bytes` bytes, or up to about twice
/// as many.
///
/// # Errors
///
/// A process cannot be started. Those that have been started are killed.
pub fn start_producers(
    commands: Vec<Command>,
    bytes: usize,
) -> io::Result<(Receiver, Vec<Child>)> {
    let (sender, receiver) = queue(bytes)?;
    let mut producers = Vec::new();
    for mut command in commands {
        let stdout = sender.0.try_clone();
        match stdout.and_then(|stdout| command.stdout(stdout).spawn()) {
            Ok(producer) => producers.push(producer),
            Err(why) => {
                for mut producer in producers {
                    let _ = producer.kill(); // or it has ended
                    let _ = producer.wait(); // else it stays as a zombie
                }
                return Err(why);
            }
        }
    }
    drop(sender); // the queue ends when the last producer ends
    Ok((receiver, producers))
}

/// In such a process: the queue. Write messages for people to stderr.
///
/// # Errors
///
/// No descriptor is free.
pub fn inherited() -> io::Result<Sender> {
    Ok(Sender(io::stdout().as_fd().try_clone_to_owned()?))
}
// ANCHOR_END: queue
