//! What Python has a function for, and how Rust does it.

use crate::{Result, Table, claim};

/// Python's name, Rust's, and whether a run gave what Python gives.
pub type Recipe<'a> = (&'a str, &'a str, bool);

/// Prints a table of recipes, and claims statement `id` of the article: all of
/// them work as in Python. `functions` says what they are.
///
/// ```
/// # fn main() -> shared::Result {
/// let recipes = [("sum(list)", "sum", [1, 2].iter().sum::<u32>() == 3)];
/// // ... is borne out: 1 of 1 functions for lists work as in Python
/// shared::claim_recipes("A20", "functions for lists", &recipes)
/// # }
/// ```
///
/// # Errors
///
/// One of them does not: the claim is contradicted.
pub fn claim_recipes(
    id: &'static str,
    functions: &str,
    recipes: &[Recipe],
) -> Result {
    let mut table = Table::new(["Python", "Rust", "as in Python"]);
    for (python, rust, same) in recipes {
        table.row([python, rust, same]);
    }
    table.print();
    let same = recipes.iter().filter(|(.., same)| *same).count();
    let all = recipes.len();
    let figure = format!("{same} of {all} {functions} work as in Python");
    claim(id, same == all, figure)
}
