//! What a child process does first.

use std::io;
use std::os::unix::process::parent_id;

use rustix::process::{Signal, set_parent_process_death_signal};

/// From now on the kernel kills this process when its parent ends, even if the
/// parent itself is killed. `parent` is the parent's process id
/// ([`std::process::id`]), which the parent has handed over, for example as an
/// argument.
///
/// The parent is the **thread** that has started this process. If that thread
/// ends before its process, this process is killed, too. (Linux only: the
/// process death signal of `prctl`.)
///
/// Call this in the main thread, and after a change of user or group: the kernel
/// forgets it when the thread that has called ends, and when this process gets
/// other rights.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let parent = std::env::args().nth(1).ok_or("started by hand")?;
/// multiprocessing::end_with_parent(parent.parse()?)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The parent has ended already, so this process should end, too.
pub fn end_with_parent(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have ended before the line above: then no signal comes.
    if parent_id() != parent {
        return Err(io::Error::other("the parent process has ended"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn another_process_is_not_the_parent() {
        let here = std::process::id();
        assert!(super::end_with_parent(here).is_err());
        rustix::process::set_parent_process_death_signal(None).unwrap();
    }

    /// The kernel forgets it when that thread ends.
    #[test]
    fn it_is_for_the_thread_that_asks() {
        use rustix::process::parent_process_death_signal;
        let asks = || {
            super::end_with_parent(std::os::unix::process::parent_id())?;
            Ok::<_, std::io::Error>(parent_process_death_signal()?)
        };
        let asked = std::thread::spawn(asks).join().unwrap().unwrap();
        assert!(asked.is_some());
        assert_eq!(parent_process_death_signal(), Ok(None));
    }
}
