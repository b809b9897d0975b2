//! Pages for a browser: each is one file with everything in it. It asks no
//! server for anything, and shows its tables and texts without JavaScript, too.

mod claims;
mod compare;
mod date;
mod escape;
mod page;
mod texts;
mod write;

pub use claims::page as claims_page;
pub use compare::page as compare_page;
pub use date::today;
pub use escape::{escape, script_json};
pub use write::{check, write};

use page::{Page, command};
use texts::Text;
