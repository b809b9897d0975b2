//! A child program: it reads one order from standard input, and cooks the dish.
//!
//! `takeout` starts ten of these. By hand, with an oven at port 8080
//! (`cargo run -p shared --bin oven -- --port 8080`):
//!
//!     echo '[{"number":1,"strokes":9,"bake_ms":50},"127.0.0.1:8080"]' |
//!     cargo run -p subprocess --bin caterer
//!
//! Change this and watch: exit 3 instead of cooking; `takeout` names the dish.
//!
//! Output: the plate, as JSON for `takeout`.

use std::io::{self, Write};
use std::{net::SocketAddr, process::ExitCode};

use shared::{Dish, Plate, Result, cook, report};

fn main() -> ExitCode {
    match cook_order().and_then(|plate| deliver(&plate)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(complaint) => {
            let _ = writeln!(io::stderr(), "{complaint}"); // who listens?
            ExitCode::FAILURE
        }
    }
}

fn cook_order() -> Result<Plate> {
    let (dish, oven): (Dish, SocketAddr) =
        serde_json::from_reader(io::stdin())?;
    cook(dish, oven)
}

fn deliver(plate: &Plate) -> Result {
    report::say(&(serde_json::to_string(plate)? + "\n"));
    Ok(())
}
