//! Running child programs: how one of them is built, run, and ended.

#[cfg(feature = "programs")]
pub mod bare;
pub mod cargo;
#[cfg(feature = "programs")]
pub mod cgroup;
#[cfg(feature = "programs")]
pub mod conversation;
#[cfg(feature = "programs")]
pub mod flood;
#[cfg(feature = "programs")]
pub mod forward_signals;
#[cfg(feature = "programs")]
pub mod group;
pub mod run_child;
#[cfg(feature = "programs")]
pub mod run_child_tokio;
#[cfg(feature = "programs")]
pub mod subreaper;
