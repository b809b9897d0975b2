//! The common workload of all programs: ten dishes, and how a run is reported.
//!
//! This crate knows no model of concurrency: nothing here cooks on a program's
//! behalf in another thread, task or process. (A kitchen's oven is a process
//! beside it, and its watchdog a thread that sleeps.)
//!
//! ```text
//! menu -> Dish --prep (CPU)--> Prepped --order--> oven --reply--> Plate -> Kitchen::serve
//! ```
//!
//! A kitchen program, whole:
//!
//! ```no_run
//! use shared::{Kitchen, Result, cook};
//!
//! fn main() -> Result {
//!     let kitchen = Kitchen::open()?;
//!     let plates = kitchen
//!         .dishes()
//!         .into_iter()
//!         .map(|dish| cook(dish, kitchen.oven))
//!         .collect::<Result<_>>()?;
//!     kitchen.serve(plates)
//! }
//! ```

mod claim;
mod failure;
pub mod interrupt;
mod kitchen;
mod language;
mod meal;
pub mod measure;
mod menu;
mod options;
pub mod oven;
mod panic;
mod plate;
pub mod private_folder;
mod program;
mod recipe;
pub mod report;
pub mod role;
mod statement;
mod table;
mod texts;
pub mod watchdog;

pub use claim::{Claim, Verdict, claim, claim_timed};
pub use failure::{Failure, ensure};
pub use kitchen::Kitchen;
pub use knife::{chop, chopped};
pub use language::Language;
pub use meal::{Bound, Meal};
pub use menu::{Dish, Menu, dish_name};
pub use options::{flags, wrong_usage};
pub use panic::panic_text;
pub use plate::{PATIENCE, Plate, Prepped, Span, bake, cook};
pub use recipe::{Recipe, claim_recipes};
pub use report::notice_debug_build;
pub use statement::meaning as answer_meaning;
pub use table::Table;

/// What `main` returns, and most functions that can fail.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;
