//! Running child programs: how one of them is built, run, and ended.

#[cfg(feature = "programs")]
pub mod bare;
pub mod cargo;
pub mod run_child;
#[cfg(feature = "programs")]
pub mod run_child_tokio;
