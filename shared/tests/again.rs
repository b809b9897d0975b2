//! Roles, restarts, and what other processes have to do with a measurement:
//! here this test is its own child, so it has a `main` of its own.

use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use shared::interrupt::{CleanUp, press_ctrl_c};
use shared::measure::{Memory, Noise, NoiseMeter, cores};
use shared::{claim, claim_timed, flags, role, say};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn main() -> shared::Result {
    if let Some([one, two]) = role::started_as("adder") {
        say!("{}", one.parse::<i32>()? + two.parse::<i32>()?);
        return Ok(());
    }
    if let Some([word]) = role::started_as("restarted") {
        // A user's own choice is kept.
        role::restart_with([("AGAIN_NEW", "2"), ("AGAIN_OLD", "2")])?;
        let set = ["AGAIN_NEW", "AGAIN_OLD"].map(env::var);
        say!("{word} {set:?}");
        return Ok(());
    }
    if let Some([]) = role::started_as("spinner") {
        let started = Instant::now();
        while started.elapsed() < MS(5_000) {}
        return Ok(());
    }
    if let Some([]) = role::started_as("talker") {
        say!("one line");
        say!("and another");
        return claim("T1", true, "what is said is counted");
    }
    if let Some([]) = role::started_as("liar") {
        return claim("T1", false, "two and two are four");
    }
    if let Some([_option]) = role::started_as("disturbed") {
        let (nothing, all) = (Duration::ZERO, MS(100));
        let waited = Some(all);
        let noise =
            Noise { elapsed: all, waited, ended: nothing, others: waited };
        return claim_timed("T9", false, noise, "a thread costs 0.5 jobs");
    }
    if let Some([]) = role::started_as("worker") {
        let _guard = CleanUp::at_the_end();
        thread::sleep(MS(5_000));
        return Ok(());
    }
    if let Some([]) = role::started_as("leaving") {
        let _guard = CleanUp::at_the_end();
        // Not in the group that is interrupted, and not waited for.
        role::command("worker")?.process_group(0).spawn()?;
        thread::sleep(MS(5_000));
        return Ok(());
    }
    if env::args().nth(1).is_some_and(|first| first.starts_with("as-")) {
        flags([]); // what is no role is no flag either
    }
    for (name, test) in TESTS {
        test()?;
        println!("test {name} ... ok");
    }
    Ok(())
}

type Test = fn() -> shared::Result;

const TESTS: [(&str, Test); 10] = [
    ("a child knows its role", a_child_knows_its_role),
    ("wrong roles are wrong usage", wrong_roles_are_wrong_usage),
    ("a restart keeps arguments", a_restart_keeps_arguments),
    ("a reader may leave", a_reader_may_leave),
    ("a full disk is told of", a_full_disk_is_told_of),
    ("a contradiction is an error", a_contradiction_is_an_error),
    ("strict judges, too", strict_judges_on_a_busy_machine_too),
    ("Ctrl+C ends a child", ctrl_c_ends_a_child),
    ("Ctrl+C leaves an orphan", ctrl_c_leaves_an_orphan),
    ("others are noise", others_are_noise),
];

fn a_child_knows_its_role() -> shared::Result {
    let output = role::command("adder")?.args(["20", "22"]).output()?;
    assert_eq!(text(&output.stdout), "42\n");
    assert!(role::started_as::<2>("adder").is_none(), "this is the parent");
    Ok(())
}

fn wrong_roles_are_wrong_usage() -> shared::Result {
    let wrong: [(&str, &[&str]); 3] =
        [("adder", &["1"]), ("adder", &["1", "2", "3"]), ("nobody", &[])];
    for (name, arguments) in wrong {
        let ended = role::command(name)?.args(arguments).output()?;
        one_line_and(2, &ended);
    }
    Ok(())
}

fn a_restart_keeps_arguments() -> shared::Result {
    let mut restarted = role::command("restarted")?;
    restarted.arg("word").env("AGAIN_OLD", "1").env_remove("AGAIN_NEW");
    let said = restarted.output()?.stdout;
    assert_eq!(text(&said), "word [Ok(\"2\"), Ok(\"1\")]\n");
    Ok(())
}

fn a_reader_may_leave() -> shared::Result {
    let (reader, writer) = io::pipe()?;
    drop(reader);
    let ended = role::command("talker")?.stdout(writer).output()?;
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    Ok(())
}

fn a_full_disk_is_told_of() -> shared::Result {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return Ok(()); // not on Linux
    };
    let mut talker = role::command("talker")?;
    let ended = talker.stdout(full).stderr(Stdio::piped()).output()?;
    one_line_and(1, &ended);
    assert!(text(&ended.stderr).contains("standard output"), "{ended:?}");
    Ok(())
}

fn a_contradiction_is_an_error() -> shared::Result {
    let ended = role::command("liar")?.output()?;
    one_line_and(1, &ended);
    let line = "Our answer to T1 is contradicted: two and two are four\n";
    let told = text(&ended.stdout);
    assert!(told.starts_with("The article, T1: "), "{told}");
    assert!(told.ends_with(&format!(")\n{line}")), "{told}");
    assert_eq!(text(&ended.stderr), format!("Error: {line}"));
    Ok(())
}

fn ctrl_c_ends_a_child() -> shared::Result {
    let ended = press_ctrl_c(&mut role::command("worker")?, 1, 2)?;
    assert_eq!((ended.presses, ended.orphans), (1, 0), "{ended:?}");
    assert_eq!(ended.status.signal(), Some(2), "{ended:?}");
    assert_eq!(ended.cleaned_up(), 0, "no destructor runs: {ended:?}");
    Ok(())
}

fn ctrl_c_leaves_an_orphan() -> shared::Result {
    let ended = press_ctrl_c(&mut role::command("leaving")?, 2, 1)?;
    assert_eq!(ended.status.signal(), Some(2), "{ended:?}");
    assert_eq!(ended.orphans, 1, "{ended:?}");
    Ok(())
}

/// Another process is measured, and gets in the way of a measurement.
fn others_are_noise() -> shared::Result {
    if !fs::exists("/proc/self/task")? {
        return Ok(());
    }
    let spinners = (0..2 * cores())
        .map(|_| role::command("spinner")?.stdout(Stdio::null()).spawn());
    let mut spinners: Vec<Child> = spinners.collect::<io::Result<_>>()?;
    let meter = NoiseMeter::start();
    let started = Instant::now();
    while started.elapsed() < MS(600) {}
    let noise = meter.read();
    let memory = Memory::of(spinners[0].id())?;
    for spinner in &mut spinners {
        spinner.kill()?;
        spinner.wait()?;
    }
    assert!(noise.is_busy(), "{noise:?}");
    assert!(noise.waited > Some(MS(60)), "{noise:?}");
    assert!(noise.others > Some(MS(60)), "{noise:?}");
    assert_eq!(memory.kernel_stacks, 16, "{memory:?}");
    assert!(memory.private > 0 && memory.total() > memory.pss, "{memory:?}");
    Ok(())
}

/// A verdict by time that was disturbed is no error, unless it has to be one.
fn strict_judges_on_a_busy_machine_too() -> shared::Result {
    let lenient = role::command("disturbed")?.arg("--lenient").output()?;
    assert!(lenient.status.success(), "{lenient:?}");
    let line = "Our answer to T9 is not judged (busy machine): a thread costs \
                0.5 jobs\n";
    assert!(text(&lenient.stdout).ends_with(line), "{lenient:?}");
    let strict = role::command("disturbed")?.arg("--strict").output()?;
    one_line_and(1, &strict);
    let line = "Our answer to T9 is contradicted: a thread costs 0.5 jobs\n";
    assert!(text(&strict.stdout).ends_with(line), "{strict:?}");
    Ok(())
}

fn one_line_and(status: i32, ended: &Output) {
    assert_eq!(ended.status.code(), Some(status), "{ended:?}");
    assert_eq!(text(&ended.stderr).lines().count(), 1, "{ended:?}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
