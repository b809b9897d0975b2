//! The programs that a part of the ledger needs, built.

use shared::Result;
use subprocess::cargo;

use super::{Claim, Options, table::building};
use crate::{
    programs::{self, Program},
    progress::note,
};

/// The programs that report these claims. They are built with the profile of
/// this one, but cost programs with the release profile, without `--dev`: their
/// figures depend on optimisation.
///
/// # Errors
///
/// Something does not compile.
pub fn build(claims: &[Claim], options: &Options) -> Result<Vec<Program>> {
    let mut programs = programs::all()?;
    programs.retain(|p| claims.iter().any(|c| c.programs.contains(&p.name)));
    if programs.is_empty() {
        return Ok(programs);
    }
    programs::build_crates_of(&programs)?;
    let mut costs: Vec<&mut Program> =
        programs.iter_mut().filter(|p| p.is_cost_program()).collect();
    if costs.is_empty() || options.dev || cargo::own_profile()? != "dev" {
        return Ok(programs);
    }
    note(building(costs.len(), options.language));
    programs::build_in_release(&mut costs)?;
    Ok(programs)
}
