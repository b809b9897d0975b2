//! Every command exists: its package, its program, its options.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
    time::Duration,
};

use shared::Result;
use subprocess::run_child::{Limits, Stop, run_child};

use crate::{
    book::{Chapter, Edition, Facts, Problem},
    programs::{self, Program, root},
    snippets,
};

/// Commands that the chapters tell, and that do not exist.
///
/// # Errors
///
/// A program whose options a chapter names does not compile, or does not run.
pub fn check(editions: &[Edition], facts: &Facts) -> Result<Vec<Problem>> {
    let aliases = aliases()?;
    let mut problems = Vec::new();
    let mut asked = Vec::new();
    for chapter in editions.iter().flat_map(|edition| &edition.chapters) {
        for (line, command) in chapter.commands() {
            match understood(&command, &aliases, facts) {
                Ok(Some(call)) => asked.push((chapter, line, call)),
                Ok(None) => {}
                Err(why) => problems.push(chapter.problem(line, why)),
            }
        }
    }
    problems.extend(unknown_options(&asked)?);
    Ok(problems)
}

/// A program with what stands behind its name.
struct Call<'a> {
    program: &'a Program,
    arguments: Vec<String>,
}

/// The program that a command runs, if it is one of ours.
fn understood<'a>(
    command: &str,
    aliases: &BTreeMap<String, Vec<String>>,
    facts: &'a Facts,
) -> Result<Option<Call<'a>>, String> {
    let mut words = words(command);
    let is_setting = |word: &String| {
        word.split_once('=').is_some_and(|(name, _)| {
            let is_upper = |c: char| c.is_ascii_uppercase() || c == '_';
            !name.is_empty() && name.chars().all(is_upper)
        })
    };
    while words.first().is_some_and(is_setting) {
        words.remove(0);
    }
    match words.first().map(String::as_str) {
        Some("cargo") => {}
        Some("python3") => return python(&words).map(|()| None),
        _ => return Ok(None),
    }
    if let Some(long) = words.get(1).and_then(|word| aliases.get(word)) {
        words.splice(1..2, long.iter().cloned());
    }
    let (own, arguments) = match words.iter().position(|word| word == "--") {
        Some(at) => (&words[1..at], words[at + 1..].to_vec()),
        None => (&words[1..], Vec::new()),
    };
    let [what, options @ ..] = own else { return Ok(None) };
    let package = value_of(options, &["-p", "--package"]);
    if let Some(package) = &package {
        let mut programs = facts.programs.iter();
        if !programs.any(|program| program.model == *package) {
            return Err(format!("there is no package {package}"));
        }
    }
    match what.as_str() {
        "run" => {
            let name = value_of(options, &["--bin"]);
            let name = name.ok_or("which program? (--bin)")?;
            let program = facts.program(&name)?;
            if package.is_some_and(|package| package != program.model) {
                return Err(format!("{name} is in {}", program.model));
            }
            check_names(program, &arguments, facts)?;
            Ok(Some(Call { program, arguments }))
        }
        "test" | "build" | "check" | "doc" | "clippy" | "fmt" | "add"
        | "new" | "tree" | "update" | "audit" | "deny" => Ok(None),
        other => Err(format!("there is no command cargo {other}")),
    }
}

/// The names that the programs of this crate take: of programs, claims and
/// snippets.
fn check_names(
    program: &Program,
    arguments: &[String],
    facts: &Facts,
) -> Result<(), String> {
    let plain: Vec<&String> = {
        let mut words = arguments.iter();
        let mut plain = Vec::new();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--section" | "--lang" | "--new" | "--html" | "--ledger" => {
                    words.next();
                }
                word if word.starts_with('-') => {}
                _ => plain.push(word),
            }
        }
        plain
    };
    match program.name.as_str() {
        "claims" => {
            for id in plain {
                facts.claim(&id.to_uppercase())?;
            }
        }
        "snippet" if !plain.is_empty() => {
            let words: Vec<&str> = plain.iter().map(|w| w.as_str()).collect();
            let found = snippets::search(&facts.snippets, &words.join(" "));
            found.map_err(|why| why.to_string())?;
        }
        "compare" => {
            let only = value_of(arguments, &["--only"]).unwrap_or_default();
            for name in only.split(',').filter(|name| !name.is_empty()) {
                match name.ends_with(".py") {
                    true => drop(facts.python(name)?),
                    false => drop(facts.program(name)?),
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// A script that is there.
fn python(words: &[String]) -> Result<(), String> {
    let script = words.iter().find(|word| word.ends_with(".py"));
    match script {
        Some(file) if !root().join(file).is_file() => {
            Err(format!("there is no {file}"))
        }
        _ => Ok(()),
    }
}

/// Options that a program does not name in what it prints for `--help`.
fn unknown_options(asked: &[(&Chapter, usize, Call)]) -> Result<Vec<Problem>> {
    let with_options: Vec<_> = asked
        .iter()
        .filter(|(_, _, call)| options(call).next().is_some())
        .collect();
    let programs: Vec<Program> =
        with_options.iter().map(|(_, _, call)| call.program.clone()).collect();
    if programs.is_empty() {
        return Ok(Vec::new());
    }
    programs::build_crates_of(&programs)?;
    let stop = Stop::listen()?;
    let mut helps: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (chapter, line, call) in with_options {
        let name = call.program.name.as_str();
        if !helps.contains_key(name) {
            helps.insert(name, told_options(call.program, &stop)?);
        }
        for option in options(call).filter(|one| !helps[name].contains(*one)) {
            let why = format!("{name} has no option {option}");
            problems.push(chapter.problem(*line, why));
        }
    }
    Ok(problems)
}

fn options<'a>(call: &'a Call) -> impl Iterator<Item = &'a str> {
    let options = call.arguments.iter().filter(|word| word.starts_with('-'));
    options.map(|word| word.split('=').next().unwrap_or(word))
}

/// The options in what a program prints for `--help`.
fn told_options(program: &Program, stop: &Stop) -> Result<BTreeSet<String>> {
    let limits = Limits {
        time: Duration::from_secs(10),
        output: 1 << 16,
        grace: Duration::from_secs(1),
    };
    let mut command = Command::new(&program.path);
    let ran = run_child(command.arg("--help"), b"", limits, stop)?;
    let said = String::from_utf8_lossy(&ran.stdout.bytes);
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let words = said.split(|c| !is_part(c)).filter(|w| w.starts_with('-'));
    Ok(words.map(String::from).collect())
}

/// What stands behind one of these options, or is joined to it by `=`.
fn value_of(words: &[String], names: &[&str]) -> Option<String> {
    words.iter().enumerate().find_map(|(at, word)| {
        if names.contains(&word.as_str()) {
            return words.get(at + 1).cloned();
        }
        let (name, value) = word.split_once('=')?;
        names.contains(&name).then(|| value.into())
    })
}

/// The words of a command up to a pipe, a redirection, a comment, or the next
/// command; what stands in quotes is one word.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    for c in command.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    let ends = |word: &String| {
        ["|", "&&", ";", "&"].contains(&word.as_str())
            || word.starts_with(['#', '>', '<'])
            || word.starts_with("2>")
    };
    let end = words.iter().position(ends).unwrap_or(words.len());
    words.truncate(end);
    words
}

/// The aliases of `.cargo/config.toml`, as words.
fn aliases() -> Result<BTreeMap<String, Vec<String>>> {
    let text = fs::read_to_string(root().join(".cargo/config.toml"))?;
    let settings: toml::Table = toml::from_str(&text)?;
    let table = settings.get("alias").and_then(toml::Value::as_table);
    let entries = table.into_iter().flatten().filter_map(|(name, value)| {
        Some((name.clone(), words(value.as_str()?)))
    });
    Ok(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_at_a_pipe_or_a_comment() {
        let some = ["cargo", "a", "two words", "--b=1"];
        assert_eq!(words("cargo a 'two words' --b=1 | head -1"), some);
        assert_eq!(words("cargo  a \"two words\" --b=1  # why"), some);
        assert_eq!(words("cargo a ''"), ["cargo", "a", ""]);
        assert_eq!(words("cargo a > file"), ["cargo", "a"]);
    }

    #[test]
    fn a_value_stands_behind_its_option() {
        let line = words("run -p a --bin=b");
        assert_eq!(value_of(&line, &["-p", "--package"]).unwrap(), "a");
        assert_eq!(value_of(&line, &["--bin"]).unwrap(), "b");
        assert_eq!(value_of(&line, &["--example"]), None);
    }

    #[test]
    fn what_does_not_exist_is_told() {
        let facts = Facts::read().unwrap();
        let aliases = aliases().unwrap();
        let told = |command: &str| {
            understood(command, &aliases, &facts).map(|call| call.is_some())
        };
        for command in [
            "cargo run -p asyncio --bin chef",
            "cargo run --release -p threading --bin spawn_cost -- --strict",
            "SMOL_THREADS=2 cargo claims A23 --lang ko | head -1",
            "cargo snippet timeout",
            "cargo compare --only chef,cooks --menu mixed",
        ] {
            assert_eq!(told(command), Ok(true), "{command}");
        }
        assert_eq!(told("cargo test --workspace"), Ok(false));
        assert_eq!(told("curl localhost"), Ok(false));
        for (command, why) in [
            ("cargo run -p async --bin chef", "there is no package async"),
            ("cargo run -p asyncio --bin cooks", "cooks is in threading"),
            ("cargo run --bin boss", "there is no program boss"),
            ("cargo run -p asyncio", "which program? (--bin)"),
            ("cargo claim T1", "there is no command cargo claim"),
            ("cargo claims Z1", "there is no claim Z1"),
            ("cargo compare --only boss", "there is no program boss"),
            ("python3 docs/python/boss.py", "there is no docs/python/boss.py"),
        ] {
            assert_eq!(told(command), Err(why.into()), "{command}");
        }
    }
}
