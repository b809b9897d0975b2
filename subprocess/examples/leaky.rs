//! A program that leaves something behind: its argument says what. What it
//! leaves ends by itself after half a minute.

use std::{
    env, fs,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

fn main() {
    let what = env::args().nth(1).unwrap_or_default();
    let again = || {
        let mut command = Command::new(env::current_exe().expect("a path"));
        command.arg("stay").stdin(Stdio::null()).process_group(0);
        command
    };
    match what.as_str() {
        "stay" => thread::sleep(Duration::from_secs(30)),
        // It holds no pipe, and is in no group of ours.
        "orphan" => {
            { again().stdout(Stdio::null()).stderr(Stdio::null()).spawn() }
                .map(drop)
                .expect("it starts")
        }
        "pipe" => again().spawn().map(drop).expect("it starts"),
        "file" => {
            let path = env::temp_dir().join("left behind");
            fs::write(path, "here").expect("a temporary folder");
        }
        _ => println!("nothing is left"),
    }
}
