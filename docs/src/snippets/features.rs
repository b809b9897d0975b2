//! Which features of a dependency a snippet needs.

/// What in a snippet asks for which feature of tokio.
const TOKIO: [(&str, &[&str]); 10] = [
    ("fs", &["tokio::fs", "fs::"]),
    ("io-std", &["stdin()", "stdout()"]),
    (
        "io-util",
        &[
            "AsyncReadExt",
            "AsyncWriteExt",
            "AsyncBufReadExt",
            "BufReader",
            "BufWriter",
            "io::copy",
            "duplex(",
        ],
    ),
    ("macros", &["select!", "join!", "tokio::main", "tokio::test"]),
    ("net", &["TcpStream", "TcpListener", "UnixStream", "UdpSocket"]),
    ("process", &["tokio::process", "process::"]),
    (
        "rt",
        &[
            "spawn",
            "JoinSet",
            "JoinHandle",
            "task::",
            "runtime::",
            "block_in_place",
            "tokio::main",
            "task_local!",
            "Handle",
        ],
    ),
    (
        "rt-multi-thread",
        &[
            "new_multi_thread",
            "block_in_place",
            "#[tokio::main]",
            "Runtime::new()",
        ],
    ),
    ("signal", &["signal", "ctrl_c"]),
    (
        "sync",
        &[
            "tokio::sync",
            "sync::",
            "Semaphore",
            "Notify",
            "oneshot",
            "watch::",
            "broadcast::",
            "Barrier",
        ],
    ),
];

/// `time` stands in paths of std, too.
const TIME: [&str; 6] = [
    "tokio::time",
    "time::{",
    "timeout(",
    "sleep(",
    "interval(",
    "timeout_at(",
];

/// Of the `features` with which a program uses a dependency, those that this
/// code needs.
pub(super) fn needed<'a>(
    dependency: &str,
    features: &'a [String],
    code: &str,
) -> Vec<&'a str> {
    let is_needed = |feature: &&str| {
        let words = match *feature {
            "time" => &TIME[..],
            other => match TOKIO.iter().find(|(name, _)| *name == other) {
                Some((_, words)) => words,
                None => return true,
            },
        };
        words.iter().any(|word| code.contains(word))
    };
    let all = features.iter().map(String::as_str);
    match dependency {
        "tokio" => all.filter(is_needed).collect(),
        _ => all.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_named_if_the_code_needs_it() {
        let all = ["fs", "macros", "net", "rt", "rt-multi-thread", "time"];
        let all = all.map(String::from);
        let code = "use tokio::time::timeout;\nuse tokio::task::JoinSet;\n";
        assert_eq!(needed("tokio", &all, code), ["rt", "time"]);
        assert_eq!(needed("nix", &all, code).len(), all.len());
    }
}
