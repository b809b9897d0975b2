//! What is cooked: ten dishes, in three mixtures of work and waiting.

use std::{fmt, str::FromStr, time::Duration};

use crate::Language;

/// A mixture of work (preparing) and waiting (baking).
///
/// One cook alone needs 0.5 to 1 second for the ten dishes of any menu.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Menu {
    /// Almost only waiting: what servers and their clients do.
    #[default]
    Waiting,
    /// Almost only work: what number crunching does.
    Chopping,
    /// Some of both.
    Mixed,
}

impl Menu {
    /// All menus, in the order in which they are told.
    pub const ALL: [Menu; 3] = [Menu::Waiting, Menu::Chopping, Menu::Mixed];

    /// The first `count` dishes, numbered from 1. From the eleventh on the ten
    /// recipes start over.
    pub fn dishes(self, count: u32) -> Vec<Dish> {
        (1..=count).map(|number| self.dish(number)).collect()
    }

    fn dish(self, number: u32) -> Dish {
        let size = SIZES[recipe(number)];
        // A core of 2.8 GHz makes about 900 000 strokes in a millisecond.
        let (kilostrokes, bake_ms) = match self {
            Menu::Waiting => (90, size),
            Menu::Chopping => (size * 1_000, 2),
            Menu::Mixed => (size * 500, size / 2),
        };
        Dish { number, strokes: u64::from(kilostrokes) * 1_000, bake_ms }
    }
}

impl Menu {
    /// `waiting menu`, in this language.
    pub fn told(self, language: Language) -> String {
        (language.texts().menu)(self)
    }
}

/// The name as it is typed after `--menu`.
impl fmt::Display for Menu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Menu::Waiting => "waiting",
            Menu::Chopping => "chopping",
            Menu::Mixed => "mixed",
        })
    }
}

impl FromStr for Menu {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Menu, &'static str> {
        let known = |menu: &Menu| menu.to_string() == name;
        let unknown = "no such menu; choose waiting, chopping or mixed";
        Menu::ALL.into_iter().find(known).ok_or(unknown)
    }
}

/// One order: what to prepare, and how long to bake it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dish {
    /// Its number on the menu, from 1.
    pub number: u32,
    /// How many strokes of the knife it needs: the work, see [`crate::chop`].
    pub strokes: u64,
    /// How long it stays in the oven, in milliseconds: the waiting.
    pub bake_ms: u32,
}

impl Dish {
    /// What it is called, in English.
    pub fn name(&self) -> &'static str {
        dish_name(self.number, Language::En)
    }

    /// How long it stays in the oven.
    pub fn baking(&self) -> Duration {
        Duration::from_millis(u64::from(self.bake_ms))
    }
}

/// `dish 3 (japchae)`: how every error message names it.
impl fmt::Display for Dish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dish {} ({})", self.number, self.name())
    }
}

/// What the dish of this number is called.
pub fn dish_name(number: u32, language: Language) -> &'static str {
    language.texts().dishes[recipe(number)]
}

fn recipe(number: u32) -> usize {
    (number as usize + SIZES.len() - 1) % SIZES.len()
}

/// How large the ten dishes are, in milliseconds of baking or preparing.
const SIZES: [u32; 10] = [70, 60, 80, 50, 100, 90, 40, 75, 85, 65];
