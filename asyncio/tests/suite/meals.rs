//! Who cooks, how long it takes, and what happens when something goes wrong.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use shared::measure::cores;
use socket2::{Domain, Socket, Type};

use crate::support::*;

const CHEF: &str = env!("CARGO_BIN_EXE_chef");
const MULTI: &str = env!("CARGO_BIN_EXE_chef_multi");
const SMOL: &str = env!("CARGO_BIN_EXE_chef_smol");
const ASYNC_STD: &str = env!("CARGO_BIN_EXE_chef_async_std");
const EVENT_LOOP: &str = env!("CARGO_BIN_EXE_event_loop");

#[test]
fn who_cooks() {
    assert_eq!(who(&meal(CHEF, &[])), (1, 1));
    let thread = |program| meal(program, &[])["plates"][0]["thread"].clone();
    assert_eq!(thread(CHEF), "main");

    // smol's executor: one thread, by default.
    assert_eq!(who(&meal(SMOL, &[])), (1, 1));
    assert!(thread(SMOL).as_str().unwrap().starts_with("smol-1"));

    // tokio's other runtime and async-std: as many as cores, by default.
    for (program, name) in [(MULTI, "tokio-"), (ASYNC_STD, "async-std/runtime")]
    {
        let (threads, processes) = who(&meal(program, &["--menu", "chopping"]));
        assert!((1..=cores()).contains(&threads), "{threads}");
        assert_eq!(processes, 1);
        let thread = thread(program);
        assert!(thread.as_str().unwrap().starts_with(name), "{thread}");
    }
}

#[test]
fn defaults_can_be_changed_and_the_claim_notices() {
    if cores() > 1 {
        let ran = run_with(SMOL, &["--menu", "chopping"], |command| {
            command.env("SMOL_THREADS", "2");
        });
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        assert!(
            ran.stderr.starts_with(
                "Error: Our answer to A1 is contradicted: 2 threads"
            )
        );
    }
    let ran = run_with(ASYNC_STD, &["--json"], |command| {
        command.env("ASYNC_STD_THREAD_COUNT", "1");
    });
    assert_eq!(who(&serde_json::from_str(&ran.stdout).unwrap()), (1, 1));
}

#[test]
fn tasks_wait_together() {
    for program in [CHEF, MULTI, SMOL, ASYNC_STD, EVENT_LOOP] {
        waits_for_all_at_once(program);
    }
}

#[test]
fn one_thread_gains_nothing_on_chopping() {
    gains_nothing_on_chopping(CHEF);
    gains_nothing_on_chopping(SMOL);
    gains_nothing_on_chopping(EVENT_LOOP);
}

#[test]
fn several_threads_do() {
    if cores() == 1 {
        return; // they have one thread for each core
    }
    uses_the_cores(MULTI);
    uses_the_cores(ASYNC_STD);
}

#[test]
fn chef_is_well_behaved() {
    is_well_behaved(CHEF, include_str!("../../src/bin/usage/chef.rs"));
}

#[test]
fn chef_multi_is_well_behaved() {
    is_well_behaved(MULTI, include_str!("../../src/bin/usage/chef_multi.rs"));
}

#[test]
fn chef_smol_is_well_behaved() {
    is_well_behaved(SMOL, include_str!("../../src/bin/usage/chef_smol.rs"));
}

#[test]
fn chef_async_std_is_well_behaved() {
    let source = include_str!("../../src/bin/usage/chef_async_std.rs");
    is_well_behaved(ASYNC_STD, source);
}

#[test]
fn event_loop_is_well_behaved() {
    let source = include_str!("../../src/bin/concept/event_loop.rs");
    is_well_behaved(EVENT_LOOP, source);
}

/// A server whose queue of connections is full answers no handshake: who
/// connects gives up at the same time as who waits for a reply.
#[test]
fn connecting_has_a_time_limit() {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap(); // nobody accepts
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let connect =
        || TcpStream::connect_timeout(&address, Duration::from_millis(100));
    let _full: Vec<_> = std::iter::from_fn(|| connect().ok()).collect();
    for program in [CHEF, EVENT_LOOP] {
        let oven = address.to_string();
        let ran = run(program, &["--dishes", "1", "--oven", &oven]);
        let why = "Error: dish 1 (bibimbap): no answer from the oven in 5s\n";
        assert_eq!(ran.stderr, why, "{program}");
    }
}

#[test]
fn nothing_is_left_of_a_killed_kitchen() {
    leaves_nothing_when_killed(CHEF, "as-oven");
}
