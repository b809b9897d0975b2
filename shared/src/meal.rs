//! All plates of one run, checked, and the numbers that tell its story.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::measure::{self, Usage};
use crate::{Dish, Failure, Plate, Span};

/// A meal: every dish that was ordered, right, and exactly once.
#[derive(Debug)]
pub struct Meal {
    /// In the order of the menu.
    pub plates: Vec<Plate>,
    /// From the first order to the last plate.
    pub wall: Duration,
    /// What one cook alone would need: the work of all dishes, one after the
    /// other, and their waiting.
    pub serial: Duration,
    /// What nobody can beat here: the longest dish, or all work spread evenly
    /// over the cores, whichever is longer.
    pub bound: Duration,
    /// What the bound comes from.
    pub bound_by: Bound,
    /// How many different threads prepared the dishes.
    pub threads: usize,
    /// How many different processes cooked them.
    pub processes: usize,
    /// CPU time of all processes that cooked, and of this one. Of the others
    /// what counts is the state at their last plate, here and below; the oven
    /// never counts.
    pub cpu: Duration,
    /// Context switches of all these processes.
    pub switches: u64,
    /// Peak resident memory of this process plus the most that the others had
    /// at the same time, in KiB.
    pub peak_rss_kib: u64,
}

/// Why nobody can be faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The dish that takes longest.
    LongestDish,
    /// All work, spread evenly over the cores.
    AllWork,
}

impl Meal {
    /// Checks the plates against the orders, and sums up what was used since
    /// the kitchen was `opened` with this `usage`.
    ///
    /// # Errors
    ///
    /// A dish is wrong, missing, doubled, or was never ordered.
    pub(crate) fn check(
        orders: &[Dish],
        mut plates: Vec<Plate>,
        opened: Duration,
        usage: Usage,
    ) -> crate::Result<Meal> {
        let (wall, now) = (measure::now() - opened, Usage::now());
        plates.sort_by_key(|plate| plate.dish.number);
        let mut rest = plates.as_slice();
        for &order in orders {
            let same = rest.iter().take_while(|plate| plate.dish == order);
            let (served, others) = rest.split_at(same.count());
            match served {
                [plate] if plate.is_right() => rest = others,
                [_] => return fail(order, "is not what it should be"),
                [] => return fail(order, "is missing"),
                _ => return fail(order, "was served more than once"),
            }
        }
        if let Some(plate) = rest.first() {
            return fail(plate.dish, "was never ordered");
        }

        let both = |plate: &Plate| plate.prep_cpu + plate.dish.baking();
        let longest = plates.iter().map(both).max().unwrap_or_default();
        let work: Duration = plates.iter().map(|plate| plate.prep_cpu).sum();
        let share = work / measure::cores() as u32;
        let who = plates.iter().map(|plate| (plate.pid, &plate.thread));
        let mut others = processes(&plates);
        let processes = others.len();
        others.remove(&std::process::id());
        let others: Vec<(Span, Usage)> = others.into_values().collect();
        let cpu: Duration = others.iter().map(|(_, usage)| usage.cpu).sum();
        let switches: u64 =
            others.iter().map(|(_, usage)| usage.switches).sum();
        Ok(Meal {
            wall,
            serial: plates.iter().map(both).sum(),
            bound: longest.max(share),
            bound_by: match longest >= share {
                true => Bound::LongestDish,
                false => Bound::AllWork,
            },
            threads: who.collect::<HashSet<_>>().len(),
            processes,
            cpu: now.cpu - usage.cpu + cpu,
            switches: now.switches - usage.switches + switches,
            peak_rss_kib: measure::peak_rss_kib() + together(&others),
            plates,
        })
    }

    /// How many times as fast as one cook alone.
    pub fn speed_up(&self) -> f64 {
        self.serial.as_secs_f64() / self.wall.as_secs_f64()
    }

    /// How many dishes were in hand at the same time, at most: by the spans from
    /// the start of preparing to the end of baking.
    pub fn most_at_once(&self) -> usize {
        let in_hand = |plate: &Plate| Span {
            start: plate.prep.start,
            end: plate.bake.end,
        };
        let spans: Vec<Span> = self.plates.iter().map(in_hand).collect();
        Span::most_at_once(&spans)
    }

    /// Whether at some moment `limit` dishes were in hand, or all if there are
    /// fewer, and never more.
    pub fn fills(&self, limit: usize) -> bool {
        self.most_at_once() == limit.min(self.plates.len())
    }

    /// Whether at some moment ten dishes were in hand, or all of fewer.
    pub fn ten_at_once(&self) -> bool {
        self.most_at_once() >= self.plates.len().min(10)
    }

    /// How many times as long as what nobody can beat: 1 is perfect.
    pub fn distance(&self) -> f64 {
        self.wall.as_secs_f64() / self.bound.as_secs_f64()
    }
}

/// Of every process that cooked: from when to when, and what it had used at
/// its last plate.
fn processes(plates: &[Plate]) -> HashMap<u32, (Span, Usage)> {
    let mut processes = HashMap::new();
    for plate in plates {
        let Plate { pid, prep: Span { start, .. }, bake, usage, .. } = *plate;
        let first = (Span { start, end: bake.end }, usage);
        let (span, last) = processes.entry(pid).or_insert(first);
        span.start = span.start.min(start);
        if bake.end >= span.end {
            (span.end, *last) = (bake.end, usage);
        }
    }
    processes
}

/// The most memory that these processes had at the same time, in KiB.
fn together(processes: &[(Span, Usage)]) -> u64 {
    let memory_at = |moment: Duration| -> u64 {
        let alive = |span: &Span| (span.start..=span.end).contains(&moment);
        let alive = processes.iter().filter(|(span, _)| alive(span));
        alive.map(|(_, usage)| usage.rss_kib).sum()
    };
    processes.iter().map(|(span, _)| memory_at(span.start)).max().unwrap_or(0)
}

fn fail(dish: Dish, what: &str) -> crate::Result<Meal> {
    Err(Failure::new(format!("{dish} {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Menu;

    /// Ten plates cooked without an oven.
    fn plates() -> (Vec<Dish>, Vec<Plate>) {
        let orders = Menu::Waiting.dishes(10);
        let cook = |dish: &Dish| {
            let prepped = dish.prep();
            let reply = crate::oven::answer(prepped.order());
            prepped.plate(Ok(reply)).unwrap()
        };
        let plates = orders.iter().map(cook).collect();
        (orders, plates)
    }

    fn error(orders: &[Dish], plates: Vec<Plate>) -> String {
        let meal = Meal::check(orders, plates, measure::now(), Usage::now());
        meal.unwrap_err().to_string()
    }

    #[test]
    fn ten_right_plates_in_any_order_are_a_meal() {
        let (orders, mut plates) = plates();
        plates.reverse();
        let (opened, usage) = (measure::now(), Usage::now());
        let meal = Meal::check(&orders, plates, opened, usage).unwrap();
        assert_eq!((meal.threads, meal.processes), (1, 1));
        assert_eq!(meal.most_at_once(), 1); // one after the other
        assert!(meal.fills(1) && !meal.ten_at_once());
        let waiting: u32 = orders.iter().map(|dish| dish.bake_ms).sum();
        assert!(measure::ms(meal.serial) > f64::from(waiting));
        assert!(measure::ms(meal.bound) > 100.0 && meal.bound < meal.serial);
    }

    #[test]
    fn a_wrong_missing_doubled_or_foreign_plate_is_named() {
        let (orders, right) = plates();
        let mut wrong = right.clone();
        wrong[2].check ^= 1;
        let told = error(&orders, wrong);
        assert_eq!(told, "dish 3 (japchae) is not what it should be");

        let mut missing = right.clone();
        missing.remove(9);
        assert_eq!(error(&orders, missing), "dish 10 (hotteok) is missing");

        let mut doubled = right.clone();
        doubled.push(right[0].clone());
        let told = error(&orders, doubled);
        assert_eq!(told, "dish 1 (bibimbap) was served more than once");

        let told = error(&orders[..9], right);
        assert_eq!(told, "dish 10 (hotteok) was never ordered");
    }
}
