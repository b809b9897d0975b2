//! Twins show the same dishes in two models, and differ in nothing else.

use docs::{
    programs,
    source::{added_lines, code_lines},
};

fn source(name: &str) -> String {
    let kitchens = programs::kitchens().unwrap();
    kitchens.into_iter().find(|program| program.name == name).unwrap().source
}

/// Prints the counts: `cargo test -p docs twins -- --nocapture`.
#[test]
fn twins_differ_only_in_their_model() {
    for (base, twin, most) in [
        ("one_cook", "cooks", 22),
        ("one_cook", "cooks_rayon", 4),
        ("one_cook", "cooks_crossbeam", 32),
        ("chef", "chef_multi", 1),
        ("chef", "chef_smol", 16),
        ("chef", "chef_async_std", 16),
        ("brigade", "brigade_processes", 1),
    ] {
        let added = added_lines(&source(base), &source(twin));
        println!("{twin} has {added} lines that {base} has not");
        assert!(added <= most, "{twin}: {added} lines, at most {most}");
    }
}

#[test]
fn threads_and_processes_are_one_line_apart() {
    let (threads, processes) = (source("brigade"), source("brigade_processes"));
    let pairs = code_lines(&threads).into_iter().zip(code_lines(&processes));
    let apart: Vec<_> = pairs.filter(|(one, other)| one != other).collect();
    assert_eq!(apart.len(), 1, "{apart:?}");
    assert!(apart[0].0.contains("ThreadPool"));
    assert!(apart[0].1.contains("ProcessPool"));
}

/// What to wait for is written once more, in the same letters; how to wait is
/// what differs.
#[test]
fn the_event_loop_cooks_by_the_recipe_of_the_chef() {
    let recipe = |name| {
        let source = source(name);
        let from = source.find("async fn cook").unwrap();
        let upto = from + source[from..].find("// ANCHOR").unwrap();
        source[from..upto].to_string()
    };
    assert_eq!(recipe("event_loop"), recipe("chef"));
}
