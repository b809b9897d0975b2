//! The system refuses a process or a thread: that is one line and status 1.
//! Alone in its file, because the limit is inherited from this process.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, fs};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::geteuid;

/// Nobody else on this machine, so that the limit counts what we start only.
const STRANGER: u32 = 1_234_567_890;

#[test]
fn what_the_system_refuses_is_told_in_one_line() {
    if !geteuid().is_root() {
        return; // only root may start what a stranger owns
    }
    // Where a stranger may read it.
    let folder =
        env::temp_dir().join(format!("refused-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    let program = folder.join("kitchens");
    fs::copy(env!("CARGO_BIN_EXE_kitchens"), &program).unwrap();

    let (soft, hard) = getrlimit(Resource::RLIMIT_NPROC).unwrap();
    let mut refused = 0;
    // Itself, oven, watchdog, and a thread and a process for each of ten
    // kitchens: 23. It is refused another one each time.
    for most in 1..=24 {
        setrlimit(Resource::RLIMIT_NPROC, most, hard).unwrap();
        let kitchens =
            Command::new(&program).uid(STRANGER).gid(STRANGER).output();
        setrlimit(Resource::RLIMIT_NPROC, soft, hard).unwrap();
        let kitchens = kitchens.unwrap();
        let told = String::from_utf8_lossy(&kitchens.stderr);
        match kitchens.status.code() {
            Some(0) => assert_eq!(told, "", "{most}"),
            Some(1) => {
                assert_eq!(told.lines().count(), 1, "{most}: {told}");
                assert!(told.starts_with("Error: "), "{most}: {told}");
                assert_eq!(kitchens.stdout, b"", "{most}");
                refused += 1;
            }
            _ => panic!("with {most}: {kitchens:?}"),
        }
    }
    fs::remove_dir_all(folder).unwrap();
    assert!((10..24).contains(&refused), "refused {refused} times");
}
