//! JSON that a person can read, and whose changes a diff shows.

use serde_json::Value;

/// What is short stands on one line.
const WIDTH: usize = 160;

/// An object or a list that does not fit on a line has a line for each entry.
pub fn pretty(value: &Value) -> String {
    indented(value, 0)
}

fn indented(value: &Value, depth: usize) -> String {
    let line = value.to_string();
    if line.chars().count() <= WIDTH {
        return line;
    }
    let entries: Vec<String> = match value {
        Value::Array(list) => {
            list.iter().map(|entry| indented(entry, depth + 1)).collect()
        }
        Value::Object(map) => map
            .iter()
            .map(|(key, entry)| {
                let key = Value::from(key.as_str());
                format!("{key}: {}", indented(entry, depth + 1))
            })
            .collect(),
        _ => return line,
    };
    let [open, close] = if value.is_array() { ["[", "]"] } else { ["{", "}"] };
    let margin = " ".repeat(depth);
    let entries = entries.join(&format!(",\n {margin}"));
    format!("{open}\n {margin}{entries}\n{margin}{close}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_long_has_a_line_for_each_entry() {
        let short = json!({"a": [1, 2.5, null]});
        assert_eq!(pretty(&short), r#"{"a":[1,2.5,null]}"#);
        let word = "x".repeat(WIDTH);
        let long = json!({"list": [word, 1], "short": "1"});
        let text = pretty(&long);
        let wanted = format!(
            "{{\n \"list\": [\n  \"{word}\",\n  1\n ],\n \"short\": \"1\"\n}}"
        );
        assert_eq!(text, wanted);
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, long);
    }
}
