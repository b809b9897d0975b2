//! The oven as others see it: with a client that is not ours, and with clients
//! that nobody wants.

mod support;

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use shared::oven::{Faults, Oven, brown};
use support::{lit_oven, run};

/// No test waits longer than this for an answer.
const LIMIT: Duration = Duration::from_secs(20);

/// An oven that waits only a second for an order.
fn hasty_oven() -> SocketAddr {
    let oven = Oven::at((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = oven.address();
    let oven = oven.with_patience(Duration::from_secs(1));
    thread::spawn(move || oven.run());
    address
}

fn connect(oven: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(oven).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Everything the oven says, until it hangs up in one way or another.
fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => {
            panic!("{error} after {bytes:?}")
        }
        _ => String::from_utf8(bytes).unwrap(),
    }
}

fn say(oven: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(oven);
    stream.write_all(bytes).unwrap();
    rest(stream)
}

fn bakes(oven: SocketAddr) {
    let reply = say(oven, b"GET /bake/10?dough=7 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(reply.ends_with(&format!("\r\n\r\n{:016x}\n", brown(7, 10))));
}

#[test]
fn another_client_understands_it() {
    let oven = lit_oven(Faults::default());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(LIMIT))
        .build()
        .into();
    let started = Instant::now();
    let url = format!("http://{oven}/bake/50?dish=3&dough=beef");
    let mut reply = agent.get(&url).call().unwrap();
    assert!(started.elapsed() >= Duration::from_millis(50));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()["content-length"], "17");
    let golden = format!("{:016x}\n", brown(0xBEEF, 50));
    assert_eq!(reply.body_mut().read_to_string().unwrap(), golden);

    let head = agent.head(&url).call().unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-length"], "17");

    for (path, status) in [("/", 200), ("/soup", 404), ("/bake/hot", 400)] {
        let url = format!("http://{oven}{path}");
        assert_eq!(agent.get(&url).call().unwrap().status(), status);
    }
    let post =
        agent.post(format!("http://{oven}/bake/1")).send("dough").unwrap();
    assert_eq!(post.status(), 405);
    assert_eq!(post.headers()["allow"], "GET, HEAD");
}

#[test]
fn guests_nobody_wants_are_refused_and_the_others_served() {
    let oven = hasty_oven();
    // All of these stay connected while somebody else's dish is baked.
    let silent = connect(oven);
    let mut half = connect(oven);
    half.write_all(b"GET /bake/1 HTTP/1.1\r\nHo").unwrap();
    let mut garbage = connect(oven);
    garbage.write_all(&[0xFF; 100]).unwrap();
    let mut endless = connect(oven);
    endless.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    endless.write_all(&[b'a'; 9_000]).unwrap();
    bakes(oven);

    assert_eq!(rest(silent), "");
    assert!(rest(half).starts_with("HTTP/1.1 408 "));
    assert!(rest(garbage).starts_with("HTTP/1.1 400 "));
    assert!(rest(endless).starts_with("HTTP/1.1 431 "));
    bakes(oven);
}

#[test]
fn a_guest_who_sends_byte_by_byte_is_cut_at_the_deadline() {
    let oven = hasty_oven();
    let mut slow = connect(oven);
    let started = Instant::now();
    let mut sent = 0;
    for byte in b"GET /bake/1 HTTP/1.1\r\nHost: slow\r\n".iter().cycle() {
        if slow.write_all(&[*byte]).is_err() {
            break;
        }
        sent += 1;
        assert!(started.elapsed() < LIMIT, "{sent} bytes, and no end");
        thread::sleep(Duration::from_millis(20));
    }
    assert!(started.elapsed() > Duration::from_millis(900), "{sent} bytes");
    bakes(oven);
}

#[test]
fn two_ovens_do_not_share_an_address() {
    let oven = lit_oven(Faults::default());
    assert!(Oven::at(oven).is_err());
}

#[test]
fn a_guest_who_talks_on_after_the_order_is_shown_the_door() {
    let oven = lit_oven(Faults::default());
    let mut chatty = connect(oven);
    chatty.write_all(b"GET /bake/60000 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let started = Instant::now();
    while chatty.write_all(&[b'x'; 4096]).is_ok() {
        assert!(started.elapsed() < LIMIT, "still listening");
    }
    bakes(oven);
}

#[test]
fn a_guest_who_leaves_or_half_closes_disturbs_nobody() {
    let oven = lit_oven(Faults::default());
    for _ in 0..50 {
        let mut fleeting = connect(oven);
        fleeting
            .write_all(b"GET /bake/20 HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
    }
    let mut done_talking = connect(oven);
    done_talking
        .write_all(b"GET /bake/20 HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    done_talking.shutdown(Shutdown::Write).unwrap();
    assert!(rest(done_talking).starts_with("HTTP/1.1 200 "));
    bakes(oven);
}

/// `cargo run -p shared --bin oven`, on a port of its own choice.
fn oven_program(arguments: &[&str]) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_oven"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim_end().rsplit('/').next().unwrap().parse();
    // The second line is read, so that it can be written.
    said.read_line(&mut line).unwrap();
    (child, address.unwrap())
}

/// A number of `/proc/PID/status`.
fn status(child: &Child, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn faults_come_at_their_rate_and_by_their_seed() {
    let answers = |seed: &str| {
        let faults = ["--fail", "0.5", "--cut", "0.2", "--seed", seed];
        let (mut child, oven) = oven_program(&faults);
        let answers: Vec<String> = (1..=40)
            .map(|dish| {
                let line = format!("GET /bake/1?dish={dish} HTTP/1.1");
                say(oven, format!("{line}\r\nHost: a\r\n\r\n").as_bytes())
            })
            .collect();
        child.kill().unwrap();
        child.wait().unwrap();
        answers
    };
    let first = answers("1");
    assert_eq!(first, answers("1"));
    assert_ne!(first, answers("2"));
    assert!(first.iter().any(|reply| reply.starts_with("HTTP/1.1 500 ")));
    assert!(first.iter().any(|reply| reply.starts_with("HTTP/1.1 200 ")));
}

#[test]
fn wrong_usage_is_one_line() {
    let oven = env!("CARGO_BIN_EXE_oven");
    for wrong in ["--fail 2", "--fail x", "--port 70000", "--seed", "cake"] {
        let words: Vec<&str> = wrong.split(' ').collect();
        let ran = run(oven, &words);
        assert_eq!(ran.status.code(), Some(2), "{wrong}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{wrong}: {ran:?}");
    }
    assert!(run(oven, &["--help"]).stdout.contains("--stall"));
}

/// Connects all guests first, then orders for all, then waits for all.
fn burst(guests: usize, bake_ms: u32) -> (u64, u64, Duration) {
    let (mut child, oven) = oven_program(&[]);
    let order = format!("GET /bake/{bake_ms} HTTP/1.1\r\nHost: a\r\n\r\n");
    let started = Instant::now();
    let mut streams: Vec<_> = (0..guests).map(|_| connect(oven)).collect();
    for stream in &mut streams {
        stream.write_all(order.as_bytes()).unwrap();
    }
    let threads = status(&child, "Threads:");
    for stream in streams {
        assert!(rest(stream).starts_with("HTTP/1.1 200 "));
    }
    let took = started.elapsed();
    let peak_kib = status(&child, "VmHWM:");
    child.kill().unwrap();
    child.wait().unwrap();
    (threads, peak_kib, took)
}

#[test]
fn a_thousand_bakes_at_once_in_one_thread() {
    let (threads, _, took) = burst(1_000, 100);
    assert_eq!(threads, 1);
    assert!(took < LIMIT, "{took:?}");
}

/// Or as many as this system lets a process have files, without a few for the
/// other tests. The figure: `cargo test -p shared --test oven ten -- --nocapture`.
#[test]
fn ten_thousand_bakes_at_once_in_one_thread() {
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, files, files).unwrap();
    let guests = files.saturating_sub(200).min(10_000) as usize;
    let (_, idle_kib, _) = burst(1, 1);
    let (threads, peak_kib, took) = burst(guests, 100);
    assert_eq!(threads, 1);
    let each = (peak_kib - idle_kib) as f64 / guests as f64;
    println!(
        "{guests} bakes of 100 ms: {took:?}, {peak_kib} KiB, {each:.2} KiB each"
    );
    assert!(took < LIMIT, "{took:?}");
    assert!(each < 4.0, "{each} KiB for each guest");
}
