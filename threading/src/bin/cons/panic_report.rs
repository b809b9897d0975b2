//! Who hears of a panic: nine ways to start work that fails.
//!
//!     cargo run -p threading --bin panic_report
//!
//! Each way fails in a child, which is this program started again, because
//! some ways end the whole process. `Err` is a value that the program may
//! look at, `panic` goes on in the thread that waited and ends it, too.
//!
//! Claims: T6, T7
//! Change this and watch: give the fryer no name; what is left on standard
//! error is the place alone, and T7 is contradicted.
//!
//! Output (figures vary):
//!     way                hears    text             stderr names   ends
//!     thread, joined     Err      the oil burns    thread, place  lives
//!     thread, dropped    nothing  -                thread, place  lives
//!     scope, joined      Err      the oil burns    thread, place  lives
//!     scope, not joined  panic    a scoped thread  thread, place  exit 101
//!     crossbeam scope    Err      the oil burns    thread, place  lives
//!     rayon join         panic    the oil burns    place          exit 101
//!     rayon spawn        nothing  -                place          killed
//!     stack overflow     nothing  -                thread         killed
//!     panic = abort      nothing  -                thread, place  killed
//!     T6 borne out: join returns "the oil burns", 5 of 9 tell
//!     T7 borne out: stderr names thread and place in 6 of 9

use std::ffi::OsString;
use std::panic::{catch_unwind, resume_unwind, set_hook, take_hook};
use std::process::{Command, abort};
use std::{env, hint::black_box, thread, thread::Builder, time::Duration};

use shared::{Failure, Result, claim, flags, say, watchdog::Watchdog};

fn main() -> Result {
    let mut arguments = env::args_os().skip(1).flat_map(OsString::into_string);
    if arguments.next().as_deref() == Some("as-victim") {
        return fail(&arguments.next().unwrap_or_default());
    }
    flags([]);
    say!("way                hears    text             stderr names   ends");
    let observed = WAYS.iter().map(|(way, _)| observe(way));
    let fates: Vec<Fate> = observed.collect::<Result<_>>()?;
    let tell = fates.iter().filter(|[hears, ..]| hears != "nothing").count();
    let both = fates.iter().filter(|[.., names, _]| names == BOTH).count();

    let returned = fates[0] == ["Err", "the oil burns", BOTH, "lives"];
    let figure = format!("join returns {:?}, {tell} of 9 tell", fates[0][1]);
    claim("T6", returned, figure)?;
    let only_printed = fates[1] == ["nothing", "-", BOTH, "lives"];
    let figure = format!("stderr names thread and place in {both} of 9");
    claim("T7", returned && only_printed && both > tell, figure)
}

/// A way to fail, and what the program gets to hear of it as a value.
type Way = (&'static str, fn() -> thread::Result<()>);

const WAYS: [Way; 9] = [
    ("thread, joined", || fryer().spawn(fry).expect(ROOM).join()),
    ("thread, dropped", || {
        let fryer = fryer().spawn(fry).expect(ROOM);
        while !fryer.is_finished() {
            thread::yield_now(); // so that it does fail before we end
        }
        drop(fryer); // WRONG: what it returned, nobody will ever know
        Ok(())
    }),
    ("scope, joined", || {
        thread::scope(|floor| {
            fryer().spawn_scoped(floor, fry).expect(ROOM).join()
        })
    }),
    ("scope, not joined", || {
        thread::scope(|floor| _ = fryer().spawn_scoped(floor, fry));
        Ok(())
    }),
    ("crossbeam scope", || {
        let floor = crossbeam::scope(|floor| {
            let fryer = floor.builder().name("fryer".into());
            fryer.spawn(|_| fry()).expect(ROOM);
        });
        floor.map_err(|all| all.downcast::<Vec<_>>().expect("all").remove(0))
    }),
    ("rayon join", || {
        rayon::join(fry, || ());
        Ok(())
    }),
    ("rayon spawn", || {
        rayon::spawn(fry); // WRONG: without a panic handler, rayon aborts
        thread::sleep(Duration::from_secs(1)); // time to be aborted in
        Ok(())
    }),
    ("stack overflow", || fryer().spawn(|| _ = fall(0)).expect(ROOM).join()),
    // What `panic = "abort"` in Cargo.toml comes to.
    ("panic = abort", || {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            print(panic);
            abort();
        }));
        fryer().spawn(fry).expect(ROOM).join()
    }),
];

const ROOM: &str = "there is room for one more";

fn fryer() -> Builder {
    Builder::new().name("fryer".into())
}

fn fry() {
    panic!("the oil burns");
}

fn fall(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { 1 + black_box(fall(depth + 1)) }
}

/// What the program hears and with which text, what standard error names, and
/// how the program ends.
type Fate = [String; 4];

const BOTH: &str = "thread, place";

fn observe(way: &str) -> Result<Fate> {
    let mut victim = Command::new(env::current_exe()?);
    victim.args(["as-victim", way]).env("RUST_BACKTRACE", "0");
    let ended = victim.output()?;
    let told = String::from_utf8_lossy(&ended.stdout);
    let (hears, text) =
        told.trim().split_once(": ").unwrap_or(("nothing", "-"));
    let printed = String::from_utf8_lossy(&ended.stderr);
    let mut names = Vec::new();
    names.extend(printed.contains("thread 'fryer'").then_some("thread"));
    names.extend(printed.contains("panic_report.rs:").then_some("place"));
    let names = names.join(", ");
    let ends = match ended.status.code() {
        Some(0) => "lives".into(),
        Some(code) => format!("exit {code}"),
        None => "killed".into(), // by a signal, mostly SIGABRT
    };
    say!("{way:<19}{hears:<9}{text:<17.15}{names:<15}{ends}");
    Ok([hears.into(), text.into(), names, ends])
}

/// The child: fails in one way, and says what it hears of that.
fn fail(name: &str) -> Result {
    let _bound = Watchdog::guard("the victim", Duration::from_secs(2))?;
    let known = WAYS.iter().find(|(way, _)| *way == name);
    let (_, way) = known.ok_or_else(|| Failure::new("no such way"))?;
    match catch_unwind(way) {
        Ok(Ok(())) => {}
        Ok(Err(payload)) => say!("Err: {}", text(&*payload)),
        Err(payload) => {
            say!("panic: {}", text(&*payload));
            resume_unwind(payload); // without us it would have ended `main`
        }
    }
    Ok(())
}

// ANCHOR: panic_report
/// The text of a panic, from what `join` or `catch_unwind` returns.
pub fn text(payload: &(dyn std::any::Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    let formatted = payload.downcast_ref::<String>().map(String::as_str);
    literal.or(formatted).unwrap_or("(not a text)")
}
// ANCHOR_END: panic_report
