//! Where a kitchen program begins and ends.

use std::{net::SocketAddr, panic::Location};
use std::{sync::Mutex, time::Duration};

use crate::measure::{self, NoiseMeter, Usage};
use crate::report::{self, Run};
use crate::{Claim, Dish, Language, Meal, Plate, Result, Verdict, program};
use crate::{options::Options, oven::LitOven, watchdog::Watchdog};

/// A kitchen: the orders, an oven, and the account of what happens.
pub struct Kitchen {
    /// The oven's address.
    pub oven: SocketAddr,
    dishes: Vec<Dish>,
    claims: Mutex<Vec<Statement>>,
    options: Options,
    program: String,
    model: Option<String>,
    noise: NoiseMeter,
    opened: Duration,
    usage: Usage,
    _own_oven: Option<LitOven>,
    _watchdog: Watchdog,
}

/// A statement of the ledger, and what it needs of a meal.
struct Statement {
    id: &'static str,
    borne_out: fn(&Meal) -> bool,
    by_timing: bool,
}

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
        let model = program::model(Location::caller());
        let program = program::name();
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
            noise: NoiseMeter::start(),
            usage: Usage::now(),
            opened: measure::now(),
        })
    }

    /// The orders.
    pub fn dishes(&self) -> Vec<Dish> {
        self.dishes.clone()
    }

    /// Claims that this run bears out our answer to statement `id` of the
    /// ledger if `borne_out` says so of the meal.
    pub fn claim(&self, id: &'static str, borne_out: fn(&Meal) -> bool) {
        self.state(Statement { id, borne_out, by_timing: false });
    }

    /// As [`Kitchen::claim`], for a verdict that rests on timing: on a busy
    /// machine it may be left open; see [`claim_timed`](crate::claim_timed).
    pub fn claim_timed(&self, id: &'static str, borne_out: fn(&Meal) -> bool) {
        self.state(Statement { id, borne_out, by_timing: true });
    }

    fn state(&self, statement: Statement) {
        self.claims.lock().expect("nobody panics with it").push(statement);
    }

    /// Stops the clock, checks every plate, and reports.
    ///
    /// # Errors
    ///
    /// A plate is wrong, missing or doubled; a claim is contradicted; the trace
    /// cannot be written.
    pub fn serve(self, plates: Vec<Plate>) -> Result {
        let noise = self.noise.read();
        let meal = Meal::check(&self.dishes, plates, self.opened, self.usage)?;
        let language = match self.options.json {
            true => Language::En, // JSON is the same in every language
            false => self.options.language,
        };
        let claims = self.claims.into_inner().expect("as above");
        let claims = claims.into_iter().map(|statement| Claim {
            id: statement.id,
            figure: report::figure(&meal, language),
            verdict: match (statement.borne_out)(&meal) {
                borne_out if statement.by_timing => {
                    Verdict::of_timing(borne_out, noise)
                }
                borne_out => Verdict::of(borne_out),
            },
        });
        let run = Run {
            program: &self.program,
            model: self.model.as_deref(),
            menu: self.options.menu,
            opened: self.opened,
            meal: &meal,
            language,
            claims: claims.collect(),
        };
        if let Some(path) = &self.options.trace {
            report::trace(&run, path)?;
        }
        report::say(&if self.options.json {
            report::json(&run)
        } else {
            report::text(&run)
        });
        run.claims.iter().try_for_each(|claim| claim.outcome(language))
    }
}

/// When a run is surely stuck: twice what a slow cook alone would need.
fn longest_run(dishes: &[Dish]) -> Duration {
    let waiting: Duration = dishes.iter().map(Dish::baking).sum();
    let strokes: u64 = dishes.iter().map(|dish| dish.strokes).sum();
    let slow = Duration::from_nanos(10 * strokes);
    Duration::from_secs(30) + 2 * (waiting + slow)
}
