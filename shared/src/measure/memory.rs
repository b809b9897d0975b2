//! What a process costs in memory, its share of what it shares, and what the
//! kernel keeps for it.

use std::{fs, io, process};

/// What the kernel keeps for each thread as its stack while it is in the
/// kernel, in KiB: `THREAD_SIZE` of Linux on x86-64
/// (`arch/x86/include/asm/page_64_types.h`: four pages) and on arm64. It is in
/// no figure of a process, only in `KernelStack` of `/proc/meminfo`.
const KERNEL_STACK_KIB: u64 = 16;

/// Memory of one process at one moment, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Proportional set size: its resident pages, each divided by how many
    /// processes have it. The sum over processes counts no page twice.
    pub pss: u64,
    /// Resident pages that no other process has: what would be free again if
    /// this process ended.
    pub private: u64,
    /// Page tables (`VmPTE`), which the kernel keeps.
    pub page_tables: u64,
    /// Kernel stacks: computed, 16 for each thread.
    pub kernel_stacks: u64,
}

impl Memory {
    /// Of this process.
    ///
    /// ```
    /// let before = shared::measure::Memory::now()?;
    /// let eight_mib = vec![1_u8; 8 << 20];
    /// let grown = shared::measure::Memory::now()?.private - before.private;
    /// // Pages of the program may become shared meanwhile: not exactly 8 MiB.
    /// assert!(grown > 4 << 10, "{} bytes, {grown} KiB", eight_mib.len());
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Memory::of`].
    pub fn now() -> io::Result<Memory> {
        Memory::of(process::id())
    }

    /// Of the process `pid`: `/proc/PID/smaps_rollup` and `/proc/PID/status`,
    /// which takes some hundred microseconds.
    ///
    /// # Errors
    ///
    /// There is no such process, it is not ours to ask, or this is not Linux.
    pub fn of(pid: u32) -> io::Result<Memory> {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        Ok(Memory {
            pss: field(&rollup, "Pss:")?,
            private: field(&rollup, "Private_Clean:")?
                + field(&rollup, "Private_Dirty:")?,
            page_tables: field(&status, "VmPTE:")?,
            kernel_stacks: KERNEL_STACK_KIB * field(&status, "Threads:")?,
        })
    }

    /// All of it: its share of the resident pages, and the kernel's part.
    pub fn total(&self) -> u64 {
        self.pss + self.page_tables + self.kernel_stacks
    }
}

/// The number in the line that begins with `name`.
fn field(text: &str, name: &str) -> io::Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| io::Error::other(format!("/proc tells no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};
    use std::sync::mpsc;

    #[test]
    fn a_thread_has_a_kernel_stack() {
        let (keep, kept) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || kept.recv().is_err());
        let memory = Memory::now().unwrap();
        assert!(memory.kernel_stacks >= 2 * KERNEL_STACK_KIB, "{memory:?}");
        assert!(memory.page_tables > 0 && memory.private > 0, "{memory:?}");
        assert!(memory.private <= memory.pss, "{memory:?}");
        drop(keep);
        assert!(thread.join().unwrap());
    }

    #[test]
    fn a_process_that_is_gone_cannot_be_asked() {
        let own = std::env::current_exe().unwrap();
        let mut other = Command::new(own);
        other.arg("--list").stdout(Stdio::null());
        let mut other = other.spawn().unwrap();
        other.wait().unwrap();
        assert!(Memory::of(other.id()).is_err());
    }
}
