//! Faults around a pool: the program's file is replaced, `/proc` is missing,
//! descriptors run out, a terminal or a signal is in the way. Most are forced
//! in a victim: this program, started again in a role.

use std::{
    env,
    fs::{self, File},
    hint::black_box,
    io::{self, Read},
    os::{
        fd::{IntoRawFd, OwnedFd},
        unix::{
            net::{UnixDatagram, UnixStream},
            process::CommandExt,
        },
    },
    panic::catch_unwind,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{Mutex, mpsc},
};

use futures_pool::{Executor, Job, ProcessPool, ThreadPool, job};
use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    mount::{MsFlags, mount},
    pty::openpty,
    sched::{CloneFlags, unshare},
    sys::{
        prctl,
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, killpg},
        termios::{LocalFlags, SetArg, tcgetattr, tcsetattr},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Gid, Pid, Uid, close, getpid, setgid, setsid, setuid},
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::{
    cases,
    jobs::*,
    support::{interface::*, *},
    victims::{
        do_as_usual_at, victim, victim_of, wait_for_the_end_of, workers,
    },
};

cases! {
    both: []
    once: [
        a_program_whose_file_is_gone_goes_on
        workers_that_change_their_user_end_with_their_parent
        without_a_proc_of_its_own_a_program_gets_one_error
        a_system_without_executable_memory_files_is_served
        a_terminal_stops_no_job
        an_order_for_a_dead_worker_raises_no_signal
        a_pool_can_be_made_first_during_a_panic
        a_job_that_closes_all_descriptors_fails_alone
        without_descriptors_the_other_workers_go_on
        a_program_that_is_stopped_does_not_stop_its_workers
        a_program_called_as_worker_by_hand_says_so
        arguments_that_panic_when_dropped_do_no_harm
        a_poisoned_lock_fails_alone
    ]
}

pub fn jobs() -> impl Iterator<Item = Job> {
    [
        job(build),
        job(change_user),
        job(talk),
        job(close_descriptors),
        job(die_with),
        job(take),
        job(take_both),
        job(open),
    ]
    .into_iter()
}

/// What a victim prints first when it cannot do what its role is.
const SKIPPED: &str = "skipped: ";

/// Namespaces of its own, where the role needs them. A namespace of users can
/// be had only by a process with one thread.
pub fn set_apart(role: &str) {
    let mut spaces = match role {
        "has-no-proc" => CloneFlags::CLONE_NEWNS,
        _ => return,
    };
    let (user, group) = (Uid::current(), Gid::current());
    if !user.is_root() {
        spaces |= CloneFlags::CLONE_NEWUSER;
    }
    or_skip("namespaces", unshare(spaces));
    if !user.is_root() {
        // It is root there.
        for (file, text) in [
            ("setgroups", "deny".into()),
            ("uid_map", format!("0 {user} 1")),
            ("gid_map", format!("0 {group} 1")),
        ] {
            let file = format!("/proc/self/{file}");
            or_skip(&file, fs::write(&file, text));
        }
    }
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    or_skip("private mounts", mount_at("/", None, private));
}

/// Ends this victim, if the system has refused what its role needs.
fn or_skip<T, E: std::fmt::Display>(what: &str, outcome: Result<T, E>) -> T {
    outcome.unwrap_or_else(|why| {
        println!("{SKIPPED}{what}: {why}");
        process::exit(0)
    })
}

fn mount_at(at: &str, kind: Option<&str>, how: MsFlags) -> nix::Result<()> {
    mount(kind, at, kind, how, None::<&str>)
}

/// Plays one of the roles that the cases below give.
pub fn play(role: &str, mut arguments: impl Iterator<Item = String>) {
    let mut argument = || arguments.next().expect("so it is started");
    match role {
        "outlives-its-file" => outlive(&argument(), &Folder::at(argument())),
        "changes-user" => wait_as_another(&argument(), &argument()),
        "has-no-proc" => lose_proc(&argument(), &argument()),
        "begins-without-proc" => try_to_work(),
        "goes-apart" => start_apart(&argument()),
        "mounts-proc" => {
            let none = MsFlags::empty();
            or_skip("its /proc", mount_at("/proc", Some("proc"), none));
        }
        "forbids-executable-memory" => forbid_executable_memory(),
        "has-a-terminal" => use_the_terminal(),
        "talks" => {
            println!("the child talks");
            set_terminal(|_| ()).unwrap();
        }
        "does-not-ignore-broken-pipes" => order_from_the_dead(),
        "unwinds" => work_while_unwinding(),
        "runs-out-of-descriptors" => run_out_of_descriptors(),
        "is-stopped" => {
            do_as_usual_at(Signal::SIGTSTP);
            let (pool, folder) = (ProcessPool::of(2), Folder::at(argument()));
            let jobs = (0..4).map(|n| pool.submit(hold, (folder.clone(), n)));
            let jobs: Vec<_> = jobs.collect();
            println!("{:?}", pool.pids());
            assert!(jobs.into_iter().all(|job| job.result() == Ok(())));
        }
        role => unreachable!("{role}"),
    }
}

/// A victim that ends with its case, even if that fails.
struct Bound(Child);

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = self.0.kill(); // or it has ended
        let _ = self.0.wait();
    }
}

/// What a victim has printed, once it has ended well. `None`: it could not play
/// its role, and the case is skipped.
#[track_caller]
fn words_of(victim: &mut Command) -> Option<String> {
    let output = victim.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let words = String::from_utf8(output.stdout).unwrap();
    match words.strip_prefix(SKIPPED) {
        Some(why) => {
            skip(why.trim());
            None
        }
        None => Some(words),
    }
}

/// Which build of this program it is: what differs in another one.
static BUILD: [u8; 24] = *b"build: first, of faults ";
const OTHER: [u8; 24] = *b"build: other, of faults ";

fn build(_: ()) -> String {
    let name = black_box(&BUILD).to_vec();
    String::from_utf8(name).unwrap().trim().into()
}

/// Another build of this program: a copy whose jobs say so.
fn build_another(file: &Path) {
    let mut bytes = fs::read(env::current_exe().unwrap()).unwrap();
    let mut places = bytes.windows(BUILD.len());
    let place = places.position(|bytes| bytes == BUILD).unwrap();
    bytes[place..][..OTHER.len()].copy_from_slice(&OTHER);
    fs::copy(env::current_exe().unwrap(), file).unwrap(); // with its mode
    fs::write(file, bytes).unwrap();
}

/// SEC-23: another build takes the place of its file, or none does.
fn a_program_whose_file_is_gone_goes_on(folder: Folder) {
    for change in ["replaced", "moved", "deleted"] {
        let folder = folder.inner(change);
        let program = folder.path("program");
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        build_another(&folder.path("other"));
        let mut victim = victim_of(&program, "outlives-its-file");
        let victim = victim.arg(change).arg(folder.path(""));
        let first = "Ok(\"build: first, of faults\")\n";
        assert_eq!(words_of(victim).unwrap(), first.repeat(3), "{change}");
        if change == "replaced" {
            let mut victim = victim_of(&program, "outlives-its-file");
            let victim = victim.arg("kept").arg(folder.path(""));
            let other = "Ok(\"build: other, of faults\")\n";
            assert_eq!(words_of(victim).unwrap(), other.repeat(3));
        }
    }
}

/// Which build the first worker runs, the one that replaces it, and that of
/// another pool.
fn outlive(change: &str, folder: &Folder) {
    let (program, other) = (folder.path("program"), folder.path("other"));
    let pool = replacing(1);
    println!("{:?}", pool.submit(build, ()).result());
    match change {
        "replaced" => fs::rename(other, program).unwrap(),
        "moved" => fs::rename(program, folder.path("moved")).unwrap(),
        "deleted" => fs::remove_file(program).unwrap(),
        _ => {}
    }
    let died = pool.submit(die, (How::Kill, NO_DOOR)).result();
    assert_broken(&died, "signal: 9");
    println!("{:?}", pool.submit(build, ()).result());
    println!("{:?}", one().submit(build, ()).result());
}

/// Nobody waits there.
const NO_DOOR: u16 = 0;

/// SEC-24: the kernel forgets then that it is to end them.
fn workers_that_change_their_user_end_with_their_parent(_: Folder) {
    for by in ["initializer", "job"] {
        let mut door = Door::new();
        let mut victim = victim("changes-user");
        let victim = victim.args([by, &door.number().to_string()]);
        let mut victim = Bound(victim.spawn().unwrap());
        let pids = workers(&mut victim.0);
        door.knock(); // its job has begun, so it reads no orders
        assert!(pids.iter().all(|pid| is_alive(*pid)));
        drop(victim);
        wait_for_the_end_of(&pids);
    }
}

fn wait_as_another(by: &str, door: &str) {
    let builder = ProcessPool::builder().workers(1);
    let pool = match by {
        "initializer" => builder.initializer(change_user, ()).build().unwrap(),
        _ => {
            let pool = builder.build().unwrap();
            assert_eq!(pool.submit(change_user, ()).result(), Ok(()));
            pool
        }
    };
    println!("{:?}", pool.pids());
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let _ = pool.submit(stay, (door.parse().unwrap(), trap)).result();
}

/// Root becomes another user, by which its worker loses the setting that it
/// ends with its parent. Other users can only end that setting.
fn change_user(_: ()) {
    let nobody = 65_534;
    if Uid::effective().is_root() {
        setgid(Gid::from_raw(nobody)).unwrap();
        setuid(Uid::from_raw(nobody)).unwrap();
    } else {
        prctl::set_pdeathsig(None).unwrap();
    }
    assert_eq!(prctl::get_pdeathsig(), Ok(None));
}

/// SEC-25: it is missing, it belongs to other processes, or it is a forgery
/// that leads to another program.
fn without_a_proc_of_its_own_a_program_gets_one_error(folder: Folder) {
    let other = folder.path("other");
    build_another(&other);
    for (proc, late) in [
        ("missing", "cannot start a worker (/proc/self/exe): No such file"),
        ("foreign", "cannot start a worker (/proc/self/exe): No such file"),
        ("forged", "it runs another build of the program"),
    ] {
        let mut victim = victim("has-no-proc");
        let victim = victim.args([proc, other.to_str().unwrap()]);
        let Some(words) = words_of(victim) else {
            return;
        };
        let mut lines = words.lines();
        let line = lines.next().unwrap();
        assert!(line.starts_with("error: ") && line.contains(late), "{line}");
        if proc != "forged" {
            let line = lines.next().unwrap();
            let early = "cannot look at /proc/self/exe (is /proc mounted?)";
            assert!(line.contains(early), "{line}");
        }
        assert_eq!(lines.next(), None);
    }
}

/// Tries to have a pool without a `/proc`, after `init` and before it.
fn lose_proc(proc: &str, other: &str) {
    let program = env::current_exe().unwrap();
    if proc == "foreign" {
        let mut apart = role_of(&program, "goes-apart");
        let apart = apart.arg("mounts-proc").output().unwrap();
        let words = String::from_utf8_lossy(&apart.stdout);
        let mounted = if words.is_empty() { Ok(()) } else { Err(words) };
        or_skip("its /proc", mounted);
    } else {
        let none = MsFlags::empty();
        or_skip("a file system", mount_at("/proc", Some("tmpfs"), none));
    }
    if proc == "forged" {
        fs::create_dir("/proc/self").unwrap();
        std::os::unix::fs::symlink(other, "/proc/self/exe").unwrap();
        return try_to_work();
    }
    try_to_work();
    let mut early = role_of(&program, "begins-without-proc");
    assert!(early.status().unwrap().success());
}

fn try_to_work() {
    match ProcessPool::try_of(1) {
        Ok(pool) => println!("{:?}", pool.submit(build, ()).result()),
        Err(why) => println!("error: {why}"),
    }
}

/// The same program in another role, with the same outputs.
fn role_of(program: &Path, role: &str) -> Command {
    let mut command = victim_of(program, role);
    command.stdout(Stdio::inherit()).stderr(Stdio::inherit());
    command
}

/// Plays a role as the first process of a namespace of process numbers.
fn start_apart(role: &str) {
    or_skip("process numbers", unshare(CloneFlags::CLONE_NEWPID));
    let program = env::current_exe().unwrap();
    assert!(role_of(&program, role).status().unwrap().success());
}

/// SEC-26: `vm.memfd_noexec`, which each namespace of process numbers has for
/// itself.
fn a_system_without_executable_memory_files_is_served(_: Folder) {
    let mut victim = victim("goes-apart");
    let words = words_of(victim.arg("forbids-executable-memory"));
    if let Some(words) = words {
        assert_eq!(words, "Ok(9) true\n");
    }
}

fn forbid_executable_memory() {
    assert_eq!(getpid().as_raw(), 1, "it would be forbidden to others");
    let setting = "/proc/sys/vm/memfd_noexec";
    or_skip(setting, fs::write(setting, "2"));
    let pool = one();
    let nine = pool.submit(square, 3).result();
    let large = ByteBuf::from(vec![7; 1 << 20]);
    let same = pool.submit(echo, large.clone()).result() == Ok(large);
    println!("{nine:?} {same}");
}

/// CRASH-36: with `stty tostop` it stops whoever writes to it from the
/// background.
fn a_terminal_stops_no_job(_: Folder) {
    let ours = match openpty(None, None) {
        Ok(terminal) => terminal,
        Err(why) => return skip(format!("a terminal: {why}")),
    };
    for end in [&ours.master, &ours.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    }
    let theirs = || Stdio::from(ours.slave.try_clone().unwrap());
    let mut victim = victim("has-a-terminal");
    victim.stdin(theirs()).stdout(theirs()).stderr(theirs());
    let mut child = Bound(victim.spawn().unwrap());
    drop((victim, ours.slave));
    // The terminal's own end is an error, not the end of a file.
    let (mut words, mut terminal) = (Vec::new(), File::from(ours.master));
    let end = terminal.read_to_end(&mut words).unwrap_err();
    assert_eq!(end.raw_os_error(), Some(nix::libc::EIO));
    let words = String::from_utf8_lossy(&words);
    for line in ["the job talks", "the child talks", "done: Ok(true)"] {
        assert!(words.contains(line), "{words}");
    }
    assert!(child.0.wait().unwrap().success());
}

fn use_the_terminal() {
    setsid().unwrap();
    // The first terminal that a session's leader opens becomes that of the
    // session, and the leader is in the foreground.
    let name = fs::read_link("/proc/self/fd/0").unwrap();
    let _terminal = File::open(name).unwrap();
    set_terminal(|modes| modes.insert(LocalFlags::TOSTOP)).unwrap();
    println!("done: {:?}", one().submit(talk, ()).result());
}

/// To set the modes of a terminal is for the foreground, too.
fn set_terminal(change: impl FnOnce(&mut LocalFlags)) -> nix::Result<()> {
    let stderr = io::stderr();
    let mut modes = tcgetattr(&stderr)?;
    change(&mut modes.local_flags);
    tcsetattr(&stderr, SetArg::TCSANOW, &modes)
}

/// Prints, and has a child that prints, too: whether that ends well.
fn talk(_: ()) -> bool {
    println!("the job talks");
    let program = env::current_exe().unwrap();
    role_of(&program, "talks").status().unwrap().success()
}

/// CRASH-37: in a program that does not ignore SIGPIPE, as Rust's do. (For a
/// local socket that keeps packets apart, Linux raises none in any case.)
fn an_order_for_a_dead_worker_raises_no_signal(_: Folder) {
    let words = words_of(&mut victim("does-not-ignore-broken-pipes"));
    assert_eq!(words.unwrap(), "Ok(9)\n");
}

/// Sends an order to a worker that is dead before the pool has noticed that.
fn order_from_the_dead() {
    do_as_usual_at(Signal::SIGPIPE);
    let pool = replacing(1);
    let worker = pool.pids()[0];
    // A callback keeps the worker's reader from looking at it.
    let mut door = Door::new();
    let trap = Trap::new(Spot::Nowhere, How::Error);
    let before = pool.submit(stay, (door.number(), trap));
    door.knock();
    let (called, is_called) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    before.on_done(move |_| {
        called.send(()).unwrap();
        let _ = wait.recv();
    });
    drop(door);
    is_called.recv().unwrap();
    send(worker, Signal::SIGKILL);
    until("its death", || is_dead(worker));
    let job = pool.submit(square, 3);
    drop(go_on);
    println!("{:?}", job.result());
}

/// SEC-27: then the panic hook cannot be changed.
fn a_pool_can_be_made_first_during_a_panic(_: Folder) {
    let words = words_of(&mut victim("unwinds"));
    assert_eq!(words.unwrap(), "Ok(9) Ok(9)\n");
}

fn work_while_unwinding() {
    struct Last;

    impl Drop for Last {
        fn drop(&mut self) {
            let there = one().submit(square, 3).result();
            let here = ThreadPool::of(1).submit(square, 3).result();
            println!("{there:?} {here:?}");
        }
    }
    let unwinds = catch_unwind(|| {
        let _last = Last;
        panic!("as told");
    });
    assert!(unwinds.is_err());
}

/// What a job opens when it has closed everything.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Own {
    Nothing,
    Files,
    Sockets,
}

/// CRASH-38: nothing of ours comes to what the job has opened in the places of
/// our descriptors.
fn a_job_that_closes_all_descriptors_fails_alone(folder: Folder) {
    let large = 1 << 20;
    for own in [Own::Nothing, Own::Files, Own::Sockets] {
        for size in [0, large] {
            let folder = folder.inner(&format!("{own:?}-{size}"));
            let ours = UnixDatagram::bind(folder.path("ours")).unwrap();
            ours.set_nonblocking(true).unwrap();
            let pool = replacing(2);
            let mut door = Door::new();
            let trap = Trap::new(Spot::Nowhere, How::Error);
            let other = pool.submit(stay, (door.number(), trap));
            door.knock();
            let closes = (own, folder.clone(), size);
            let closes = pool.submit(close_descriptors, closes).result();
            assert_broken(&closes, "exit status: 1");
            drop(door);
            assert!(other.result().is_ok());
            assert_eq!(pool.submit(square, 3).result(), Ok(9));
            let nothing = ours.recv(&mut [0]).unwrap_err();
            assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock, "{own:?}");
            for file in own_files(&folder).filter(|file| file.exists()) {
                assert_eq!(fs::metadata(file).unwrap().len(), 0, "{size}");
            }
        }
    }
}

fn own_files(folder: &Folder) -> impl Iterator<Item = PathBuf> {
    (0..8).map(|n| folder.path(&format!("own-{n}")))
}

fn close_descriptors((own, folder, size): (Own, Folder, usize)) -> ByteBuf {
    for number in 3..100 {
        let _ = close(number); // or there is none
    }
    for file in own_files(&folder) {
        match own {
            Own::Nothing => {}
            Own::Files => _ = File::create(file).unwrap().into_raw_fd(),
            Own::Sockets => {
                let socket = UnixDatagram::unbound().unwrap();
                socket.connect(folder.path("ours")).unwrap();
                let _ = socket.into_raw_fd();
            }
        }
    }
    vec![7; size].into()
}

/// CRASH-39: a worker cannot be replaced then. When there are descriptors
/// again, it is.
fn without_descriptors_the_other_workers_go_on(_: Folder) {
    let words = words_of(&mut victim("runs-out-of-descriptors")).unwrap();
    let lines: Vec<_> = words.lines().collect();
    let [alone, others, again] = lines[..] else {
        panic!("{words}");
    };
    assert!(alone.contains("no worker could be started"), "{alone}");
    assert!(alone.contains("Too many open files"), "{alone}");
    assert_eq!(others, "true Ok(16)");
    assert_eq!(again, "Ok(9)");
}

fn run_out_of_descriptors() {
    let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let limit = |to| setrlimit(Resource::RLIMIT_NOFILE, to, most).unwrap();
    let trap = || Trap::new(Spot::Nowhere, How::Error);
    let kill = |pool: &ProcessPool| {
        let died = pool.submit(die, (How::Kill, NO_DOOR)).result();
        assert_broken(&died, "signal: 9");
    };
    let (single, pair) = (replacing(1), replacing(2));
    let mut door = Door::new();
    let held = pair.submit(stay, (door.number(), trap()));
    door.knock();
    limit(3); // all in use are above
    kill(&pair);
    kill(&single);
    // The pool of one says why it is broken; that of two has a worker left.
    println!("{:?}", single.submit(square, 3).result());
    let pending = pair.submit(square, 4);
    drop(door);
    println!("{} {:?}", held.result().is_ok(), pending.result());
    limit(now);
    // This number of descriptors of a new worker can be had, and not the next one.
    let used = fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    for room in 0..16 {
        let pair = replacing(2);
        let mut door = Door::new();
        let held = pair.submit(stay, (door.number(), trap()));
        door.knock();
        limit(used + room);
        kill(&pair);
        limit(now);
        // The other one is busy, so this is done by another worker.
        assert_eq!(pair.submit(square, 3).result(), Ok(9));
        drop(door);
        assert!(held.result().is_ok());
    }
    println!("{:?}", one().submit(square, 3).result());
}

/// END-15: as a terminal does it with Ctrl+Z, to the whole group.
fn a_program_that_is_stopped_does_not_stop_its_workers(folder: Folder) {
    let mut victim = victim("is-stopped");
    let victim = victim.arg(folder.path("")).process_group(0).spawn();
    let mut victim = Bound(victim.unwrap());
    let pids = workers(&mut victim.0);
    (0..2).for_each(|n| folder.wait_for(format!("started-{n}")));
    let pid = Pid::from_raw(victim.0.id() as i32);
    killpg(pid, Signal::SIGTSTP).unwrap();
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED));
    assert_eq!(stopped, Ok(WaitStatus::Stopped(pid, Signal::SIGTSTP)));
    folder.release(0..2);
    (0..2).for_each(|n| folder.wait_for(format!("ended-{n}")));
    // Nobody gives them the next ones.
    assert_eq!(folder.count("started-"), 2);
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    killpg(pid, Signal::SIGCONT).unwrap();
    folder.release(2..4);
    assert!(victim.0.wait().unwrap().success());
    assert_eq!(folder.count("ended-"), 4);
    wait_for_the_end_of(&pids);
}

/// CRASH-40: whatever its standard input is.
fn a_program_called_as_worker_by_hand_says_so(_: Folder) {
    let (reader, writer) = io::pipe().unwrap();
    let (quiet, _open) = UnixStream::pair().unwrap();
    let (talks, talker) = UnixStream::pair().unwrap();
    io::Write::write_all(&mut &talker, b"hello\n").unwrap();
    let program = File::open(env::current_exe().unwrap()).unwrap();
    let inputs: [(&str, Stdio); 5] = [
        ("nothing", Stdio::null()),
        ("a file", program.into()),
        ("an open pipe", reader.into()),
        ("a socket", OwnedFd::from(quiet).into()),
        ("a socket with text", OwnedFd::from(talks).into()),
    ];
    for (name, input) in inputs {
        let output = as_worker().stdin(input).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let line = "`as-worker` is for workers, which a ProcessPool starts\n";
        assert_eq!((&*told, output.status.code()), (line, Some(2)), "{name}");
        assert!(output.stdout.is_empty(), "{name}");
    }
    drop(writer);
}

fn brittle() -> Brittle {
    Brittle { breaks_in: me() }
}

fn die_with((_, how, door): (Brittle, How, u16)) {
    die((how, door));
}

fn take(_: Brittle) {}

fn take_both(_: (Brittle, Trap)) {}

/// SEC-19: of the job whose worker dies, of those that are pending then, of one
/// that comes later, and of one that cannot be encoded.
fn arguments_that_panic_when_dropped_do_no_harm(_: Folder) {
    for policy in [Policy::Break, Policy::Replace] {
        let pool = policy.pool(1);
        let mut door = Door::new();
        let dies = (brittle(), How::Kill, door.number());
        let dies = pool.submit(die_with, dies);
        door.knock();
        let jobs = (0..3).map(|_| pool.submit(take, brittle()));
        let mut jobs: Vec<_> = jobs.collect();
        drop(door);
        assert_broken(&dies.result(), "signal: 9");
        jobs.push(pool.submit(take, brittle()));
        for job in jobs {
            match policy {
                Policy::Break => assert_broken(&job.result(), "signal: 9"),
                Policy::Replace => assert_eq!(job.result(), Ok(())),
            }
        }
    }
    let pool = one();
    for how in [How::Error, How::Panic] {
        let trap = Trap::new(Spot::EncodeArgument, how);
        let bad = pool.submit(take_both, (brittle(), trap)).result();
        match how {
            How::Panic => assert_panicked(&bad),
            _ => assert_not_encoded(&bad),
        }
        assert_eq!(pool.submit(square, 3).result(), Ok(9));
    }
}

fn open(lock: Mutex<u64>) -> u64 {
    lock.into_inner().unwrap()
}

/// CRASH-53: what is in it may be half done.
fn a_poisoned_lock_fails_alone(_: Folder) {
    let pool = one();
    let poisoned = Mutex::new(3);
    let panics = catch_unwind(|| {
        let _guard = poisoned.lock();
        How::Panic.happen();
    });
    assert!(panics.is_err() && poisoned.is_poisoned());
    assert_not_encoded(&pool.submit(open, poisoned).result());
    assert_eq!(pool.submit(open, Mutex::new(3)).result(), Ok(3));
}
