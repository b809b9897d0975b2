//! Several snippets as one.

use std::collections::BTreeMap;

use shared::{Failure, Result};
use toml::{Table, Value};

use super::Snippet;

impl Snippet {
    /// One with all of these, each in a module that is named like its anchor,
    /// and with what any of them depends on.
    ///
    /// # Errors
    ///
    /// One of them is a whole program, with a `main`; or two modules would have
    /// the same name.
    pub fn together(snippets: &[&Snippet]) -> Result<Snippet> {
        let mut code = String::new();
        let names: Vec<&str> = snippets.iter().map(|s| s.anchor()).collect();
        for (number, snippet) in snippets.iter().enumerate() {
            let name = names[number];
            if names[..number].contains(&name) {
                return Err(Failure::new(format!("{name} is there twice")));
            }
            if snippet.has_main() {
                let why = format!("{} is a whole program", snippet.name);
                return Err(Failure::new(why));
            }
            code += &format!("\npub mod {name} {{\n");
            for line in snippet.code.lines() {
                code += if line.is_empty() { "" } else { "    " };
                code += line;
                code += "\n";
            }
            code += "}\n";
        }
        let lines = snippets.iter().flat_map(|one| &one.dependencies);
        Ok(Snippet {
            name: names.join(", "),
            about: String::new(),
            title: String::new(),
            code: code.trim_start().into(),
            dependencies: merged(lines.map(String::as_str))?,
        })
    }
}

/// Lines of a manifest: each dependency once, with all features that are asked
/// for.
///
/// # Errors
///
/// It is not a manifest.
pub(super) fn merged<'a>(
    lines: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<String>> {
    let mut all: BTreeMap<String, Table> = BTreeMap::new();
    for line in lines {
        for (name, needs) in toml::from_str::<BTreeMap<String, Table>>(line)? {
            let known = all.entry(name).or_insert_with(|| needs.clone());
            let features = [features(known), features(&needs)].concat();
            if !features.is_empty() {
                known.insert("features".into(), list(features));
            }
            if !needs.contains_key("default-features") {
                known.remove("default-features"); // somebody needs them
            }
        }
    }
    Ok(all.iter().map(|(name, needs)| line(name, needs)).collect())
}

/// As one writes it: the version first.
fn line(name: &str, needs: &Table) -> String {
    let mut needs: Vec<_> = needs.iter().collect();
    needs.sort_by_key(|(key, _)| !["version", "path"].contains(&key.as_str()));
    let needs = needs.iter().map(|(key, value)| format!("{key} = {value}"));
    format!("{name} = {{ {} }}", needs.collect::<Vec<_>>().join(", "))
}

fn features(needs: &Table) -> Vec<Value> {
    let named = needs.get("features").and_then(Value::as_array);
    named.cloned().unwrap_or_default()
}

/// Without doubles, by the alphabet.
fn list(mut features: Vec<Value>) -> Value {
    features.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    features.dedup();
    Value::Array(features)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_module_with_a_name_of_its_own() {
        let one = |name: &str| Snippet {
            name: name.into(),
            about: String::new(),
            title: String::new(),
            code: "pub fn f() {}\n".into(),
            dependencies: Vec::new(),
        };
        let (a, b, other) = (one("p:a"), one("p:b"), one("q:a"));
        let both = Snippet::together(&[&a, &b]).unwrap().code;
        let module =
            |name| format!("pub mod {name} {{\n    pub fn f() {{}}\n}}\n");
        assert_eq!(both, module("a") + "\n" + &module("b"));
        assert!(Snippet::together(&[&a, &a]).is_err());
        assert!(Snippet::together(&[&a, &other]).is_err());
        let program = Snippet { code: "fn main() {}\n".into(), ..one("m:m") };
        assert!(Snippet::together(&[&a, &program]).is_err());
    }

    #[test]
    fn a_dependency_has_the_features_that_anybody_needs() {
        let lines = [
            r#"tokio = { version = "1", features = ["rt", "time"] }"#,
            r#"smol = { version = "2", default-features = false }"#,
            r#"smol = { version = "2" }"#,
            r#"tokio = { version = "1", features = ["net", "rt"] }"#,
        ];
        assert_eq!(
            merged(lines).unwrap(),
            [
                r#"smol = { version = "2" }"#,
                r#"tokio = { version = "1", features = ["net", "rt", "time"] }"#,
            ]
        );
    }
}
