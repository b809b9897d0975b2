//! What programs say of the article's statements.

use std::{env, fmt};

use crate::{Failure, Language, Result, measure::Noise, statement::Statement};

/// Whether a measurement bears out our answer to a statement of the article.
/// (The answer may be that the statement is false of Rust.) Of several verdicts
/// on a statement the greatest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does.
    BorneOut,
    /// It rests on timing, and the machine was too busy to tell.
    NotJudged,
    /// It says the opposite.
    Contradicted,
}

impl Verdict {
    /// The verdict of a measurement in which time plays no part.
    pub fn of(borne_out: bool) -> Verdict {
        match borne_out {
            true => Verdict::BorneOut,
            false => Verdict::Contradicted,
        }
    }

    /// The verdict of a measurement of time: noise excuses one that does not
    /// bear the answer out, unless `--strict` is on the command line.
    pub fn of_timing(borne_out: bool, noise: Noise) -> Verdict {
        let strict = env::args_os().any(|argument| argument == "--strict");
        match Verdict::of(borne_out) {
            Verdict::Contradicted if noise.is_busy() && !strict => {
                Verdict::NotJudged
            }
            judged => judged,
        }
    }

    /// As [`Verdict::word`], in this language.
    pub fn word_in(self, language: Language) -> &'static str {
        (language.texts().verdict)(self)
    }

    /// `borne out`, `contradicted` or `not judged`.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::BorneOut => "borne out",
            Verdict::Contradicted => "contradicted",
            Verdict::NotJudged => "not judged",
        }
    }
}

/// One statement of the article, and what this run says of it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its number in the ledger.
    pub id: &'static str,
    /// Whether what was measured bears out our answer.
    pub verdict: Verdict,
    /// What was measured, as a sentence that stands alone.
    pub figure: String,
}

impl Claim {
    /// What a program prints: the statement, our answer, and what was measured.
    pub(crate) fn told(&self, language: Language) -> String {
        let statement = Statement::find(self.id);
        let statement = statement.map_or(String::new(), |s| s.told(language));
        statement + &self.line(language) + "\n"
    }

    /// # Errors
    ///
    /// It is contradicted.
    pub(crate) fn outcome(&self, language: Language) -> Result {
        match self.verdict {
            Verdict::Contradicted => Err(Failure::new(self.line(language))),
            Verdict::BorneOut | Verdict::NotJudged => Ok(()),
        }
    }

    fn line(&self, language: Language) -> String {
        (language.texts().claim)(self.id, self.verdict, &self.figure)
    }
}

/// `Our answer to T1 is borne out: ...`: by this line `cargo claims` knows it.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(Language::En))
    }
}

/// Prints the article's statement `id`, our answer to it, and what `figure` says
/// of that, for a verdict that does not rest on timing. To be called after
/// everything else has been printed: a contradiction ends `main`.
///
/// ```
/// # fn main() -> shared::Result {
/// let (told, ways) = (5, 9);
/// let figure = format!("join tells of a panic in {told} of {ways} ways");
/// // Our answer to T6 is borne out: join tells of a panic in 5 of 9 ways
/// shared::claim("T6", told == 5, figure)
/// # }
/// ```
///
/// # Errors
///
/// The claim is contradicted.
pub fn claim(
    id: &'static str,
    borne_out: bool,
    figure: impl fmt::Display,
) -> Result {
    told(id, Verdict::of(borne_out), figure)
}

/// As [`claim`], for a verdict that rests on timing. It is not judged, which is
/// said and is no error, if it would be a contradiction and the machine was
/// busy; `--strict` on the command line calls that a contradiction, too.
///
/// ```
/// use shared::{claim_timed, measure::NoiseMeter};
/// use std::{thread, time::Duration, time::Instant};
///
/// # fn main() -> shared::Result {
/// let meter = NoiseMeter::start();
/// let started = Instant::now();
/// thread::sleep(Duration::from_millis(20));
/// let (slept, noise) = (started.elapsed(), meter.read());
/// let figure = format!("a sleep of 20 ms takes {} ms", slept.as_millis());
/// claim_timed("T4", slept < Duration::from_secs(9), noise, figure)
/// # }
/// ```
///
/// # Errors
///
/// The claim is contradicted.
pub fn claim_timed(
    id: &'static str,
    borne_out: bool,
    noise: Noise,
    figure: impl fmt::Display,
) -> Result {
    told(id, Verdict::of_timing(borne_out, noise), figure)
}

fn told(
    id: &'static str,
    verdict: Verdict,
    figure: impl fmt::Display,
) -> Result {
    let claim = Claim { id, verdict, figure: figure.to_string() };
    crate::report::say(&claim.told(Language::En));
    claim.outcome(Language::En)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn noise(waited_ms: u64) -> Noise {
        Noise {
            elapsed: Duration::from_millis(100),
            waited: Some(Duration::from_millis(waited_ms)),
            ended: Duration::ZERO,
            others: None,
        }
    }

    #[test]
    fn noise_excuses_a_contradiction_and_nothing_else() {
        let [quiet, busy] = [noise(1), noise(50)];
        assert_eq!(Verdict::of_timing(true, quiet), Verdict::BorneOut);
        assert_eq!(Verdict::of_timing(true, busy), Verdict::BorneOut);
        assert_eq!(Verdict::of_timing(false, quiet), Verdict::Contradicted);
        assert_eq!(Verdict::of_timing(false, busy), Verdict::NotJudged);
    }

    #[test]
    fn only_a_contradiction_is_an_error() {
        let line = |verdict| {
            let claim = Claim { id: "T9", verdict, figure: "7 times".into() };
            (claim.to_string(), claim.outcome(Language::En).is_ok())
        };
        let told = |line: &str, ok| (line.to_string(), ok);
        assert_eq!(
            line(Verdict::BorneOut),
            told("Our answer to T9 is borne out: 7 times", true)
        );
        assert_eq!(
            line(Verdict::Contradicted),
            told("Our answer to T9 is contradicted: 7 times", false)
        );
        assert_eq!(
            line(Verdict::NotJudged),
            told(
                "Our answer to T9 is not judged (busy machine): 7 times",
                true
            )
        );
    }
}
