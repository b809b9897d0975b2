//! Running child programs: how one of them is built, run, and ended.

pub mod cargo;
pub mod run_child;
