//! The languages that programs speak.

use std::str::FromStr;

/// The language in which a program tells what it has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

/// As it is typed after `--lang`.
impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Language, String> {
        match text {
            "en" => Ok(Language::En),
            "ko" => Ok(Language::Ko),
            _ => Err("there are en and ko".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two() {
        assert_eq!("en".parse(), Ok(Language::En));
        assert_eq!("ko".parse(), Ok(Language::Ko));
        for wrong in ["", "fr", "KO", "ko_KR"] {
            assert!(wrong.parse::<Language>().is_err(), "{wrong}");
        }
    }
}
