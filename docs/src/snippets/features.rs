//! Which features of a dependency a snippet needs.

use std::collections::BTreeSet;

/// What needs tokio's threads for tasks.
const MULTI_THREAD: [&str; 4] =
    ["#[tokio::main]", "new_multi_thread", "block_in_place", "Runtime::new()"];

/// Of the `features` with which a program uses a dependency, those that this
/// code needs. Only of tokio is known which these are.
pub(super) fn needed<'a>(
    dependency: &str,
    features: &'a [String],
    code: &str,
) -> Vec<&'a str> {
    let all = features.iter().map(String::as_str);
    if dependency != "tokio" {
        return all.collect();
    }
    let names: BTreeSet<&str> = names(code).collect();
    let is_needed = |feature: &&str| match *feature {
        "io-std" => code.contains("stdin()") || code.contains("stdout()"),
        "io-util" => names.contains("io"),
        "macros" => ["join", "main", "select", "try_join"]
            .iter()
            .any(|name| names.contains(name)),
        "rt" => ["main", "runtime", "spawn", "task", "task_local"]
            .iter()
            .any(|name| names.contains(name)),
        "rt-multi-thread" => MULTI_THREAD.iter().any(|w| code.contains(w)),
        module => names.contains(module), // fs, net, process, sync, time, ...
    };
    all.filter(is_needed).collect()
}

/// What the code names of tokio: `net` and `time`, of
/// `tokio::{net::TcpListener, time}`.
fn names(code: &str) -> impl Iterator<Item = &str> {
    let places = code.match_indices("tokio::");
    let paths = places.map(|(at, found)| &code[at + found.len()..]);
    paths.flat_map(|path| match path.strip_prefix('{') {
        Some(list) => in_braces(list),
        None => vec![first_name(path)],
    })
}

/// The first name of each path in a list, which ends with a brace.
fn in_braces(list: &str) -> Vec<&str> {
    let (mut depth, mut begins, mut names) = (0, true, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            '{' => depth += 1,
            ',' if depth == 0 => begins = true,
            _ if begins && !c.is_whitespace() => {
                names.push(first_name(&list[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

fn first_name(path: &str) -> &str {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
    &path[..end.unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_also_in_braces() {
        let code = "use tokio::{\n    net::{TcpListener, TcpStream},\n    \
                    self, sync::Notify, time,\n};\n\
                    fn f() { tokio::spawn(g()); std::process::g(); }";
        let found: Vec<&str> = names(code).collect();
        assert_eq!(found, ["net", "self", "sync", "time", "spawn"]);
    }

    #[test]
    fn a_feature_is_named_if_the_code_needs_it() {
        let all = ["fs", "macros", "net", "process", "rt", "sync", "time"];
        let all = all.map(String::from);
        let code = "use std::{process::exit, sync::Mutex};\n\
                    use tokio::time::timeout;\nuse tokio::task::JoinSet;\n";
        assert_eq!(needed("tokio", &all, code), ["rt", "time"]);
        assert_eq!(needed("nix", &all, code).len(), all.len());
    }
}
