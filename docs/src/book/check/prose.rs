//! Prose without what is not prose.

/// A line without directives, code in it, the addresses of links, and tags. In
/// place of each stands a mark that is neither a letter nor a digit.
pub fn plain(line: &str) -> String {
    let pairs = [("{{", "}}"), ("``", "``"), ("`", "`"), ("](", ")")];
    let mut text = line.to_string();
    for (open, close) in pairs {
        text = without(&text, open, close);
    }
    without_tags(&text)
}

/// A line without code and directives: what is left of its links is whole.
pub fn with_links(line: &str) -> String {
    let pairs = [("{{", "}}"), ("``", "``"), ("`", "`")];
    let mut text = line.to_string();
    for (open, close) in pairs {
        text = without(&text, open, close);
    }
    text
}

const MARK: char = '\u{2022}';

fn without(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        let Some((_, after)) = after.split_once(close) else { break };
        out += before;
        out.push(MARK);
        rest = after;
    }
    out + rest
}

/// `<b>`, but not `a < b`.
fn without_tags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out += before;
        let is_tag = after.starts_with(|c: char| c.is_alphabetic() || c == '/');
        match after.split_once('>') {
            Some((_, after)) if is_tag => {
                out.push(MARK);
                rest = after;
            }
            _ => {
                out.push('<');
                rest = after;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_directives_addresses_and_tags_are_no_prose() {
        let text = "It has {{n a b c}}, `10 ms`, [5](a.md#7), <b>x</b>, 1 < 2.";
        assert_eq!(plain(text), "It has •, •, [5•, •x•, 1 < 2.");
        let text = "See [`a`](b.md) and `[c](d.md)`.";
        assert_eq!(with_links(text), "See [•](b.md) and •.");
    }
}
