//! How wide a text is at a terminal. A Korean syllable takes two columns.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a text takes.
///
/// ```
/// use shared::report::width;
/// assert_eq!((width("bibimbap"), width("비빔밥")), (8, 6));
/// ```
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text in exactly so many columns: spaces follow it, or its end is cut off.
///
/// ```
/// use shared::report::padded;
/// assert_eq!(padded("김밥", 6), "김밥  ");
/// assert_eq!(padded("비빔밥", 5), "비빔 ");
/// ```
pub fn padded(text: &str, columns: usize) -> String {
    let mut left = columns;
    let fits = |&c: &char| {
        let rest = left.checked_sub(c.width().unwrap_or(0));
        left = rest.unwrap_or(left);
        rest.is_some()
    };
    let text: String = text.chars().take_while(fits).collect();
    text + &" ".repeat(left)
}
