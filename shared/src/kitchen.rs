//! Where a kitchen program begins and ends.

use std::{net::SocketAddr, panic::Location, path::Path};
use std::{sync::Mutex, time::Duration};

use crate::measure::{self, Usage};
use crate::report::{self, Run};
use crate::{Claim, Dish, Failure, Meal, Plate, Result};
use crate::{options::Options, oven::LitOven, watchdog::Watchdog};

/// A kitchen: the orders, an oven, and the account of what happens.
pub struct Kitchen {
    /// The oven's address.
    pub oven: SocketAddr,
    dishes: Vec<Dish>,
    claims: Mutex<Vec<(&'static str, Verdict)>>,
    options: Options,
    program: String,
    model: String,
    opened: Duration,
    usage: Usage,
    _own_oven: Option<LitOven>,
    _watchdog: Watchdog,
}

type Verdict = fn(&Meal) -> bool;

impl Kitchen {
    /// Reads the options, lights the oven and starts the clock.
    ///
    /// Ends the process on `--help` (status 0) and on wrong usage (status 2).
    /// To be called once, first in `main`: it is also where the program that
    /// was started again as its own oven takes another way.
    ///
    /// # Errors
    ///
    /// The oven does not light.
    #[track_caller]
    pub fn open() -> Result<Kitchen> {
        LitOven::take_over();
        let (model, program) = whose(Location::caller());
        let options = Options::read(&program);
        measure::lift_file_limit();
        let own_oven =
            options.oven.is_none().then(LitOven::light).transpose()?;
        let own = own_oven.as_ref().map(LitOven::address);
        let dishes = options.menu.dishes(options.dishes);
        Ok(Kitchen {
            oven: options.oven.or(own).expect("one of them is there"),
            claims: Mutex::default(),
            _own_oven: own_oven,
            _watchdog: Watchdog::guard("the meal", longest_run(&dishes))?,
            dishes,
            options,
            program,
            model,
            usage: Usage::now(),
            opened: measure::now(),
        })
    }

    /// The orders.
    pub fn dishes(&self) -> Vec<Dish> {
        self.dishes.clone()
    }

    /// Claims that statement `id` of the ledger holds in this run if `verdict`
    /// says so of the meal.
    pub fn claim(&self, id: &'static str, verdict: Verdict) {
        let mut claims = self.claims.lock().expect("nobody panics with it");
        claims.push((id, verdict));
    }

    /// Stops the clock, checks every plate, and reports.
    ///
    /// # Errors
    ///
    /// A plate is wrong, missing or doubled; a claim does not hold; the report
    /// cannot be written. A reader who has left (`| head -1`) is no error.
    pub fn serve(self, plates: Vec<Plate>) -> Result {
        let meal = Meal::check(&self.dishes, plates, self.opened, self.usage)?;
        let claims = self.claims.into_inner().expect("as above");
        let claims = claims.into_iter().map(|(id, verdict)| Claim {
            id,
            figure: report::figure(&meal),
            holds: verdict(&meal),
        });
        let run = Run {
            program: &self.program,
            model: &self.model,
            menu: self.options.menu,
            opened: self.opened,
            meal: &meal,
            claims: claims.collect(),
        };
        if let Some(path) = &self.options.trace {
            report::trace(&run, path)?;
        }
        report::say(&if self.options.json {
            report::json(&run)
        } else {
            report::text(&run)
        })?;
        match run.claims.iter().find(|claim| !claim.holds) {
            Some(claim) => Err(Failure::new(claim)),
            None => Ok(()),
        }
    }
}

/// `threading/src/bin/usage/cooks.rs` is of `threading` the program `cooks`.
pub(crate) fn whose(main: &Location) -> (String, String) {
    let path = Path::new(main.file());
    let model = path.iter().next().unwrap_or_default();
    let program = path.file_stem().unwrap_or_default();
    (model.to_string_lossy().into(), program.to_string_lossy().into())
}

/// When a run is surely stuck: twice what a slow cook alone would need.
fn longest_run(dishes: &[Dish]) -> Duration {
    let waiting: Duration = dishes.iter().map(Dish::baking).sum();
    let strokes: u64 = dishes.iter().map(|dish| dish.strokes).sum();
    let slow = Duration::from_nanos(10 * strokes);
    Duration::from_secs(30) + 2 * (waiting + slow)
}
