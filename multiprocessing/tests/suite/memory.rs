//! Memory that processes share: created, handed over, attached; full, cut, left
//! behind by who was killed.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::{env, path::Path, path::PathBuf, thread, time::Duration};

use multiprocessing::{SharedMemory, seqlock::SeqLock};
use shared::watchdog::within;

use crate::support::*;

#[path = "../../src/bin/usage/many_readers.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod many_readers;
#[path = "../../src/bin/cons/nameless.rs"]
#[expect(dead_code, reason = "as above")]
mod nameless;
#[path = "../../src/bin/usage/shared_memory.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_memory;
#[path = "../../src/bin/usage/shared_race.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_race;
#[path = "../../src/bin/usage/shared_value.rs"]
#[expect(dead_code, reason = "as above")]
mod shared_value;
#[path = "../../src/bin/cons/shm_full.rs"]
#[expect(dead_code, reason = "as above")]
mod shm_full;
#[path = "../../src/bin/cons/truncated.rs"]
#[expect(dead_code, reason = "as above")]
mod truncated;

use many_readers::{WORDS, latest};

const LIMIT: Duration = Duration::from_secs(20);
const NAMELESS: &str = env!("CARGO_BIN_EXE_nameless");

/// A folder in `/dev/shm` that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = nameless::unguessable_path().unwrap();
        fs::create_dir(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn memory_for<T>() -> (SharedMemory, SharedMemory) {
    let one = SharedMemory::new(size_of::<T>()).unwrap();
    let file = one.file().try_clone_to_owned().unwrap();
    (one, SharedMemory::from_file(file).unwrap())
}

/// This test program again, as a child that does only the ignored test `name`.
fn child(name: &str, memory: Stdio) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture"]);
    command.arg(format!("memory::{name}"));
    command.stdin(memory).stdout(Stdio::piped()).spawn().unwrap()
}

/// MP-20: created here, attached there; each sees what the other one writes.
#[test]
fn bytes_are_seen_in_both_directions() {
    let memory = SharedMemory::new(10_000).unwrap();
    memory.write(9_990, b"from here").unwrap();
    let mut child = child("as_child_answers", memory.hand_over().unwrap());
    assert!(within(LIMIT, move || child.wait().unwrap().success()).unwrap());
    let mut answer = [0; 10];
    memory.read(3, &mut answer).unwrap();
    assert_eq!(&answer, b"from there");
}

#[test]
#[ignore = "a child of the test above"]
fn as_child_answers() {
    let memory = SharedMemory::inherited().unwrap();
    assert_eq!(memory.len(), 10_000);
    let mut read = [0; 9];
    memory.read(9_990, &mut read).unwrap();
    assert_eq!(&read, b"from here");
    memory.write(3, b"from there").unwrap();
}

/// MP-20: what has no bytes, is not there, is no memory, or may be cut.
#[test]
fn what_is_no_shared_memory_is_an_error() {
    assert!(SharedMemory::new(0).is_err());
    assert!(shared_memory::share(0, |_| 0).is_err());
    assert!(shared_memory::share(usize::MAX, |_| 0).is_err());
    let (reader, _writer) = io::pipe().unwrap();
    assert!(SharedMemory::from_file(reader.into()).is_err());
    let folder = Folder::new();
    let path = folder.0.join("file");
    let file = shm_full::create_allocated(&path, 4_096).unwrap();
    assert!(SharedMemory::from_file(file.try_clone().unwrap().into()).is_err());
    // To be cut is its risk, no bytes are an error.
    let memory = SharedMemory::map_unsealed(file.try_clone().unwrap().into());
    assert_eq!(memory.unwrap().len(), 4_096);
    file.set_len(0).unwrap();
    assert!(SharedMemory::map_unsealed(file.into()).is_err());
    // Open to read only: it could not be written to.
    let only_read = File::open(&path).unwrap();
    assert!(SharedMemory::map_unsealed(only_read.into()).is_err());
    // A name that is there, and one that is a link to nowhere.
    let link = folder.0.join("link");
    symlink(folder.0.join("nowhere"), &link).unwrap();
    for taken in [&path, &link] {
        assert!(nameless::create_exclusive(taken).is_err());
        assert!(shm_full::create_allocated(taken, 1).is_err());
    }
    assert!(!folder.0.join("nowhere").exists());
}

/// MP-22: who has attached ends, by itself or by SIGKILL: the memory stays for
/// the others, and for who attaches then.
#[test]
fn the_end_of_who_attached_deletes_nothing() {
    let memory = SharedMemory::new(4_096).unwrap();
    for kill in [false, true] {
        let handed = memory.hand_over().unwrap();
        let mut child = child("as_child_stays", handed);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("attached")));
        if kill {
            child.kill().unwrap();
        } else {
            memory.view::<AtomicU64>(8).unwrap().store(1, SeqCst);
        }
        lines.for_each(drop);
        assert_eq!(child.wait().unwrap().success(), !kill);
        let count = memory.view::<AtomicU64>(0).unwrap();
        assert_eq!(count.load(SeqCst), 1 + u64::from(kill));
        memory.view::<AtomicU64>(8).unwrap().store(0, SeqCst);
    }
    let file = memory.file().try_clone_to_owned().unwrap();
    drop(memory); // also when who created it has gone
    let attached = SharedMemory::from_file(file).unwrap();
    assert_eq!(attached.view::<AtomicU64>(0).unwrap().load(SeqCst), 2);
}

#[test]
#[ignore = "a child of the test above"]
fn as_child_stays() {
    let memory = SharedMemory::inherited().unwrap();
    memory.view::<AtomicU64>(0).unwrap().fetch_add(1, SeqCst);
    println!("attached");
    let end = memory.view::<AtomicU64>(8).unwrap();
    let told = within(LIMIT, || ()).is_ok();
    let deadline = std::time::Instant::now() + LIMIT;
    while told && end.load(SeqCst) == 0 {
        assert!(std::time::Instant::now() < deadline);
        thread::yield_now();
    }
}

/// SEC-08: only this user may open what has a name, whatever the umask, and
/// nobody can guess the name.
#[test]
fn what_has_a_name_is_for_one_user() {
    let folder = Folder::new();
    let (one, two) = (folder.0.join("one"), folder.0.join("two"));
    let files = [
        nameless::create_exclusive(&one).unwrap(),
        shm_full::create_allocated(&two, 4_096).unwrap(),
    ];
    for file in files {
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let paths = [0; 100].map(|_| nameless::unguessable_path().unwrap());
    for path in &paths {
        assert_eq!(path.parent().unwrap(), Path::new("/dev/shm"));
        assert_eq!(path.file_name().unwrap().len(), 32);
        assert_eq!(paths.iter().filter(|other| *other == path).count(), 1);
    }
}

/// SEC-08: nothing in `/dev/shm` and the folder for temporary files, whenever
/// the program is killed, as root and as an ordinary user.
#[test]
fn nothing_is_left_whenever_it_is_killed() {
    const STRANGER: u32 = 1_234_567_891;
    let folder = env::temp_dir().join(format!("memory-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let program = folder.join("nameless");
    fs::copy(NAMELESS, &program).unwrap();
    let program = program.to_str().unwrap();
    let root = nix::unistd::geteuid().is_root();
    let strange = |user: u32| {
        move |command: &mut Command| {
            if user != 0 {
                command.uid(user).gid(user);
            }
        }
    };
    let users = if root { &[0, STRANGER][..] } else { &[0] };
    for user in users {
        for pause in 0..20 {
            let (mut child, mark) = start_with(program, &[], strange(*user));
            thread::sleep(Duration::from_millis(pause)); // any moment
            child.kill().unwrap();
            child.wait().unwrap();
            nothing_is_left(&mark);
        }
    }
    let ran = run_with(program, &[], strange(STRANGER * u32::from(root)));
    assert!(ran.status.success(), "{ran:?}");
    fs::remove_dir_all(&folder).unwrap();
    let owned = |entry: &fs::DirEntry| {
        entry.metadata().is_ok_and(|about| about.uid() == STRANGER)
    };
    for place in [Path::new("/dev/shm"), &env::temp_dir()] {
        let left: Vec<_> =
            fs::read_dir(place).unwrap().flatten().filter(owned).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// SEC-18: no room is an error when memory is created, and leaves no file.
#[test]
fn too_much_is_an_error_at_creation() {
    let folder = Folder::new();
    let path = folder.0.join("file");
    for bytes in [1 << 50, i64::MAX as u64, 0] {
        assert!(shm_full::create_allocated(&path, bytes).is_err(), "{bytes}");
        assert!(!path.exists());
    }
    assert!(SharedMemory::new(1 << 50).is_err());
}

/// SEC-18: nobody can cut what is sealed, also not through a second descriptor.
#[test]
fn what_is_sealed_cannot_be_cut() {
    let file = truncated::sealed_file(8_192).unwrap();
    let other = file.try_clone().unwrap();
    let memory = SharedMemory::from_file(file.into()).unwrap();
    for length in [0, 8_191, 8_193] {
        assert!(other.set_len(length).is_err());
    }
    memory.write(8_191, &[7]).unwrap();
    assert!(truncated::sealed_file(0).is_err());
}

/// The pages are asked for again then.
#[test]
fn who_has_it_may_give_pages_back() {
    use rustix::fs::{FallocateFlags, fallocate};
    let memory = SharedMemory::new(8_192).unwrap();
    memory.write(0, &[7; 8_192]).unwrap();
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(memory.file(), hole, 0, 4_096).unwrap();
    let mut bytes = [1; 2];
    memory.read(4_095, &mut bytes).unwrap();
    assert_eq!(bytes, [0, 7]);
}

/// SEC-18: SIGBUS is for who maps what may be cut: this very process would die.
#[test]
fn a_look_at_what_is_cut_is_a_bus_error() {
    let folder = Folder::new();
    let path = folder.0.join("file");
    let file = shm_full::create_allocated(&path, 4_096).unwrap();
    let mut child = child("as_child_is_cut", file.into());
    let status = within(LIMIT, move || child.wait().unwrap()).unwrap();
    assert_eq!(status.signal(), Some(nix::libc::SIGBUS));
}

#[test]
#[ignore = "a child of the test above"]
fn as_child_is_cut() {
    use std::os::fd::AsFd;
    nix::sys::prctl::set_dumpable(false).unwrap();
    let file = io::stdin().as_fd().try_clone_to_owned().unwrap();
    let memory = SharedMemory::map_unsealed(file).unwrap();
    memory.write(0, &[1]).unwrap();
    let file = io::stdin().as_fd().try_clone_to_owned().unwrap();
    File::from(file).set_len(0).unwrap();
    let _ = memory.read(0, &mut [0]);
}

#[test]
fn a_sum_is_that_of_all_numbers() {
    let memory = shared_memory::share(1_000, |n| n as u64).unwrap();
    assert_eq!(shared_memory::sum(&memory).unwrap(), 499_500);
    let memory = shared_memory::share(2, |_| u64::MAX).unwrap();
    assert_eq!(shared_memory::sum(&memory).unwrap(), u64::MAX - 1);
}

/// As a writer that was killed in a write leaves it: nobody waits for ever.
#[test]
fn a_dead_writer_of_a_seqlock_is_an_error() {
    let (memory, other) = memory_for::<SeqLock<WORDS>>();
    let lock: &SeqLock<WORDS> = memory.view(0).unwrap();
    lock.write(&[7; WORDS]).unwrap();
    assert_eq!(latest(lock).unwrap(), [7; WORDS]);
    other.view::<AtomicU64>(0).unwrap().fetch_add(1, SeqCst); // the version
    assert!(lock.write(&[8; WORDS]).is_err());
    assert!(latest(lock).is_err());
    other.view::<AtomicU64>(0).unwrap().fetch_add(1, SeqCst);
    assert_eq!(latest(lock).unwrap(), [7; WORDS]);
}

#[test]
fn each_job_is_taken_once_and_a_dead_worker_leaves_a_gap() {
    use shared_value::{JOBS, Jobs};
    let (one, two) = memory_for::<Jobs>();
    thread::scope(|scope| {
        for memory in [&one, &two, &one, &two] {
            scope.spawn(move || {
                let jobs: &Jobs = memory.view(0).unwrap();
                while let Some(job) = jobs.take() {
                    if job != 50 {
                        jobs.finish(job, job as u64 + 1);
                    }
                }
            });
        }
    });
    let jobs: &Jobs = two.view(0).unwrap();
    assert_eq!(jobs.take(), None);
    assert_eq!(jobs.done(), JOBS - 1);
    for (job, result) in jobs.results().enumerate() {
        assert_eq!(result, (job != 50).then_some(job as u64 + 1));
    }
}

#[test]
fn no_update_of_a_counter_is_lost() {
    use shared_race::Counter;
    let (one, two) = memory_for::<Counter>();
    thread::scope(|scope| {
        for memory in [&one, &two, &one, &two] {
            scope.spawn(move || {
                let counter: &Counter = memory.view(0).unwrap();
                (0..10_000).for_each(|_| counter.add(1));
            });
        }
    });
    assert_eq!(one.view::<Counter>(0).unwrap().get(), 40_000);
}
