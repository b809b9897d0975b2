//! How a child is started: its arguments, its environment, what is missing.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::costs::child_cost_calls::find_program;
use crate::support::*;

#[path = "../../src/bin/cons/child_env.rs"]
#[expect(dead_code, reason = "the part to copy, and the program around it")]
mod child_env;
#[path = "../../src/bin/cons/code_or_signal.rs"]
#[expect(dead_code, reason = "as above")]
mod code_or_signal;
#[path = "../../src/bin/cons/not_found.rs"]
#[expect(dead_code, reason = "as above")]
mod not_found;
#[path = "../../src/bin/cons/secret.rs"]
#[expect(dead_code, reason = "as above")]
mod secret;
#[path = "../../src/bin/cons/too_long.rs"]
#[expect(dead_code, reason = "as above")]
mod too_long;

/// This test program again, as a child that does this.
fn child(what: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "--nocapture", "starts::as_child"])
        .env("DOES", what);
    command
}

#[test]
#[ignore = "a child of the tests below"]
fn as_child() {
    match env::var("DOES").unwrap().as_str() {
        "complain" => {
            eprintln!("first\nthe disk is full\n");
            std::process::exit(3);
        }
        "tell environment" => {
            let names: Vec<_> = env::vars_os().map(|(name, _)| name).collect();
            println!("{names:?}");
        }
        "end" => {}
        other => panic!("{other}"),
    }
}

#[test]
fn the_error_has_the_program_the_status_and_the_last_complaint() {
    let mut command = child("complain");
    let told = code_or_signal::output_checked(&mut command).unwrap_err();
    let program = env::current_exe().unwrap();
    let wanted =
        format!("{}: exit status: 3: the disk is full", program.display());
    assert_eq!(told.to_string(), wanted);
    assert!(code_or_signal::output_checked(&mut child("end")).is_ok());
}

/// SUB-12, SEC-13: the child sees exactly what was asked for.
#[test]
fn a_child_has_the_variables_that_it_was_given() {
    let own = env::current_exe().unwrap();
    let mut command = child_env::with_variables(own, &["PATH", "NO_SUCH_ONE"]);
    command
        .args(["--ignored", "--exact", "--nocapture", "starts::as_child"])
        .env("DOES", "tell environment");
    let said = command.output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    let list = said.lines().find_map(|line| {
        let at = line.find('[')?;
        line.ends_with(']').then(|| &line[at..])
    });
    let wanted: BTreeSet<&str> = ["\"DOES\"", "\"PATH\""].into();
    let list = list.unwrap().trim_matches(['[', ']']);
    assert_eq!(list.split(", ").collect::<BTreeSet<_>>(), wanted);
}

/// SUB-13: a zero byte, or `=` in a name, is refused before there is a process.
#[test]
fn what_cannot_be_passed_is_refused() {
    let refused = |command: &mut Command| {
        let kind = command.status().unwrap_err().kind();
        assert_eq!(kind, io::ErrorKind::InvalidInput);
    };
    refused(child("end").arg("a\0b"));
    refused(child("end").env("A\0B", "1"));
    refused(child("end").env("A", "1\0"));
    refused(&mut Command::new("no\0program"));
}

/// SUB-10, SUB-11: what is missing is named, and where it was looked for.
#[test]
fn what_is_missing_is_named() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("missing");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let why = |command: &mut Command| {
        let error = not_found::spawn_explained(command).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        error.to_string()
    };
    let told = why(child("end").current_dir(folder.join("nowhere")));
    assert!(told.ends_with("missing/nowhere\""), "{told}");
    let told = why(Command::new("./nothing").current_dir(&folder));
    assert!(told.ends_with("/./nothing\""), "{told}");
    // A relative program is looked for in the folder of the child.
    let program = folder.join("here");
    fs::hard_link(env::current_exe().unwrap(), &program).unwrap();
    let mut here = Command::new("./here");
    here.current_dir(&folder).arg("--list").stdout(Stdio::null());
    let mut started = not_found::spawn_explained(&mut here).unwrap();
    assert!(started.wait().unwrap().success());
    let told = why(&mut Command::new("no-such-program-anywhere"));
    let wanted = "there is no \"no-such-program-anywhere\" in PATH";
    assert_eq!(told, wanted);
    fs::remove_dir_all(folder).unwrap();
}

/// A script that PATH has, and whose interpreter is nowhere.
#[test]
fn a_missing_interpreter_is_named_for_a_script_in_path() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scripts");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let script = folder.join("script");
    fs::write(&script, "#!/no/interpreter\n").unwrap();
    let mode = fs::Permissions::from_mode(0o700);
    fs::set_permissions(&script, mode).unwrap();
    let mut command = Command::new("script");
    command.env("PATH", &folder);
    let why = |command: &mut Command| {
        not_found::spawn_explained(command).unwrap_err().to_string()
    };
    let told = why(&mut command);
    assert!(told.starts_with("there is no \"/no/interpreter\""), "{told}");

    // A script of Windows: the name of the interpreter ends with `\r`.
    fs::write(&script, "#!/proc/self/exe\r\n").unwrap();
    let told = why(&mut command);
    assert!(told.starts_with("there is no \"/proc/self/exe\\r\""), "{told}");

    // What is there is not said to be missing: PATH of the child is empty.
    fs::write(&script, "#!/proc/self/exe\n").unwrap();
    let told = why(Command::new("no-such-script").env_remove("PATH"));
    assert!(told.contains("\"no-such-script\" in PATH"), "{told}");
    let told = why(Command::new(&script).current_dir(""));
    assert_eq!(told, "there is no folder \"\"");
    fs::remove_dir_all(folder).unwrap();
}

/// An empty entry of PATH is the folder in which one is: what is found must not
/// be looked for in PATH once more.
#[test]
fn a_program_in_an_empty_entry_of_path_is_a_path() {
    let own = env::current_exe().unwrap();
    let test = "starts::as_process_with_an_empty_entry";
    let ran = Command::new(&own)
        .args(["--ignored", "--exact", "--nocapture", test])
        .current_dir(own.parent().unwrap())
        .env("PATH", ":/nowhere")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
#[ignore = "a child of the test above"]
fn as_process_with_an_empty_entry() {
    let own = env::current_exe().unwrap();
    let found = find_program(own.file_name().unwrap());
    let found = found.unwrap();
    assert!(found.to_str().unwrap().contains('/'), "{}", found.display());
    assert!(found.is_file());
}

#[test]
fn a_child_that_does_not_read_its_secret_is_an_error_or_ends_well() {
    for _ in 0..20 {
        // It may end before or after the secret is written.
        if let Ok(mut started) = secret::start_with_secret(
            child("end").stdout(Stdio::null()),
            "12345",
        ) {
            assert!(started.wait().unwrap().success());
        }
    }
}

#[test]
fn a_failure_ends_the_chunks() {
    let names = vec![OsString::from("x".repeat(50_000)); 4];
    let fails = || {
        let mut command = child("complain");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let error = too_long::run_in_chunks(fails, &names).unwrap_err();
    assert!(error.to_string().starts_with("child 1 has failed: "), "{error}");
    assert_eq!(too_long::run_in_chunks(fails, &[]).unwrap(), 0);
    let one = vec![OsString::from("x".repeat(1 << 20))];
    let error = too_long::run_in_chunks(fails, &one).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ArgumentListTooLong);
}

/// SUB-15: spaces, quotes, `$(..)`, `;`, `*`, a newline, bytes that are no text.
#[test]
fn arguments_arrive_byte_for_byte() {
    let program = env!("CARGO_BIN_EXE_child_args");
    let ran = run(program, &[]);
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.stdout.contains(": 8 of 8 arrive byte for byte\n"), "{ran:?}");
}
