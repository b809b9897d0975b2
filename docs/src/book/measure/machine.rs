//! On what it is measured.

use std::{env::consts, fs};

use duct::cmd;
use shared::{Result, measure::cores};
use subprocess::cargo;

use crate::results::{Machine, Results};

/// Writes down the machine, the build and the date.
pub fn describe(results: &mut Results) -> Result {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    results.machine = Machine {
        cpu: cpu(&read("/proc/cpuinfo")),
        cores: cores(),
        memory_mib: memory_mib(&read("/proc/meminfo")),
        kernel: kernel.split('-').next().unwrap_or_default().trim().into(),
    };
    let rustc = cmd!("rustc", "--version").read()?;
    results.rustc = rustc.split(' ').nth(1).unwrap_or(&rustc).into();
    results.profile = cargo::own_profile()?;
    results.python = python();
    results.date = cmd!("date", "--utc", "+%F").read()?;
    Ok(())
}

fn cpu(info: &str) -> String {
    let mut lines = info.lines();
    let name = lines.find_map(|line| line.strip_prefix("model name"));
    let name = name.unwrap_or(consts::ARCH);
    name.trim_start_matches([' ', '\t', ':']).into()
}

fn memory_mib(info: &str) -> u64 {
    let mut lines = info.lines();
    let total = lines.find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.trim().split(' ').next());
    kib.and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Its version, if there is one.
fn python() -> Option<String> {
    let said = cmd!("python3", "--version").stderr_null().read().ok()?;
    said.strip_prefix("Python ").map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_tells_what_machine_it_is() {
        let info = "processor\t: 0\nmodel name\t: A Processor @ 2 GHz\n";
        assert_eq!(cpu(info), "A Processor @ 2 GHz");
        assert_eq!(cpu(""), consts::ARCH);
        assert_eq!(memory_mib("MemTotal:        4096000 kB\n"), 4000);
        assert_eq!(memory_mib(""), 0);
    }
}
