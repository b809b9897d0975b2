//! Hidden threads: name look-ups and files need a thread pool, sockets do not.
//!
//!     cargo run -p asyncio --bin hidden_threads
//!
//! The system can tell an event loop when a socket is ready. For the look-up of
//! a name, for files and standard input it has no such call. So tokio makes
//! these calls on threads for blocking calls, as `run_in_executor` does in
//! Python; an idle one is used again. Linux knows 15 letters of a name; the
//! main thread is named after the program.
//!
//! The program `default_workers` counts the threads of three runtimes.
//!
//! Claims: A21, A22
//! Change this and watch: `"127.0.0.1:80"` instead of `"localhost:80"`. There
//! is no name to look up, no thread is started, and A21 is contradicted.
//!
//! Output (figures vary):
//!     after a task: hidden_threads
//!     after a socket: hidden_threads
//!     after a name: hidden_threads, tokio-rt-worker
//!     after a file: hidden_threads, tokio-rt-worker
//!     The article, A21: "Other packages look non-blocking, but rely on pools of threads or processes."
//!     Our answer for Rust: holds (true)
//!     Our answer to A21 is borne out: the look-up of a name and a file left 1 thread of a pool
//!     The article, A22: "It uses asynchronous system calls across the board."
//!     Our answer for Rust: false (not true)
//!     Our answer to A22 is borne out: a socket started 0 threads, the look-up of a name 1

use std::{net::TcpListener, time::Duration, time::Instant};

use shared::{Result, claim, flags, say};
use tokio::{fs, net, time::sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let server = net::TcpStream::connect(listener.local_addr()?);
    let task = threads_after("a task", tokio::spawn(async {})).await?;
    let socket = threads_after("a socket", server).await?;
    let name =
        threads_after("a name", net::lookup_host("localhost:80")).await?;
    let file = threads_after("a file", fs::read("/dev/null")).await?;

    let figure = format!(
        "the look-up of a name and a file left {} thread of a pool",
        file - task
    );
    claim("A21", name > task && file >= name, figure)?;
    let figure = format!(
        "a socket started {} threads, the look-up of a name {}",
        socket - task,
        name - socket
    );
    claim("A22", socket == task && name > socket, figure)
}

/// Does the work, and returns how many threads there are then.
async fn threads_after<T, E>(
    what: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<usize>
where
    shared::Failure: From<E>,
{
    let _done = work.await?;
    let end = Instant::now() + Duration::from_secs(5);
    while running_threads()? > 1 && Instant::now() < end {
        sleep(Duration::from_millis(1)).await; // until all others are idle
    }
    let names = thread_names()?;
    say!("after {what}: {}", names.join(", "));
    Ok(names.len())
}

/// How many threads run, or are about to. (A new one has no name of its own
/// before it has run.)
fn running_threads() -> Result<usize> {
    let mut running = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let stat = std::fs::read_to_string(thread?.path().join("stat"))?;
        running += usize::from(stat.contains(") R "));
    }
    Ok(running)
}

// ANCHOR: hidden_threads
/// The names of all threads of this process, sorted (Linux). The system keeps
/// 15 letters of a name; a thread without a name has that of its parent.
pub fn thread_names() -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task")? {
        // It may have ended meanwhile.
        if let Ok(name) = std::fs::read_to_string(thread?.path().join("comm")) {
            names.push(name.trim_end().to_string());
        }
    }
    names.sort();
    Ok(names)
}
// ANCHOR_END: hidden_threads
