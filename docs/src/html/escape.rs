//! Text that is not ours, made harmless.

/// What stands in for a character that nobody could see.
const UNSEEN: char = '\u{fffd}';

/// Text as it may stand in HTML and in SVG: between tags, and in an attribute
/// in quotes. Of control characters only line breaks and tabs are left, and
/// nothing turns the direction of writing around.
///
/// ```
/// assert_eq!(docs::html::escape("a < 'b'"), "a &lt; &#39;b&#39;");
/// ```
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\n' | '\t' => out.push(c),
            c if c.is_control() || turns_around(c) => out.push(UNSEEN),
            c => out.push(c),
        }
    }
    out
}

/// Characters by which a text can look like another one.
fn turns_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A value as JSON that may stand in a `script` element: nothing in it ends
/// the element, or begins a comment.
pub fn script_json(value: &serde_json::Value) -> String {
    // These three stand inside of strings only, where `\u` is another way to
    // write them.
    let text = value.to_string();
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e");
    text.replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_text_can_open_or_close_anything() {
        let hostile = "</pre><script>alert('1')</script>\" onload=\"x &amp;";
        let escaped = escape(hostile);
        for sign in ['<', '>', '"', '\''] {
            assert!(!escaped.contains(sign), "{escaped}");
        }
        assert!(escaped.ends_with("x &amp;amp;"));
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(escape("a\u{0}\u{1b}[1m\r"), "a��[1m�");
        assert_eq!(escape("a\u{202e}b\u{2066}"), "a�b�");
        assert_eq!(escape("a\n\tb 비빔밥 🍚"), "a\n\tb 비빔밥 🍚");
    }

    #[test]
    fn data_cannot_end_its_script() {
        let hostile = json!({ "</script>": "<!-- <script> & ]]>" });
        let data = script_json(&hostile);
        assert!(!data.contains(['<', '>', '&']), "{data}");
        let again: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(again, hostile);
    }
}
