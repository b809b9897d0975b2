//! `await` fetches a result, or an error; two in a row take twice as long.
//!
//!     cargo run -p asyncio --bin await_or_join
//!
//! A future does nothing until it is awaited, joined or spawned: making both
//! of them first is no help.
//!
//! Claims: A8
//! Change this and watch: a third dish in each way: three waits in a row, and
//! still one for those that wait together.
//!
//! Output (figures vary):
//!     two dishes of 100 ms          ms   waits
//!     await, await                 203     2.0
//!     make both, await, await      201     2.0
//!     join!                        101     1.0
//!     spawn both, await, await     101     1.0
//!     await gives a value:      hot mandu
//!     or with ? hands on:       the ice cream has melted
//!     A8 borne out: value and error come back; 2.0 waits in a row, 1.0 together

use std::time::{Duration, Instant};

use shared::{Failure, Result, claim, flags, measure::ms, say};
use tokio::{join, spawn, time::sleep};

const WAIT: Duration = Duration::from_millis(100);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    flags([]);
    say!("{:<26}{:>6}{:>8}", "two dishes of 100 ms", "ms", "waits");
    let awaited = row("await, await", in_a_row()).await?;
    let made = row("make both, await, await", made_first()).await?;
    let joined = row("join!", by_join()).await?;
    let spawned = row("spawn both, await, await", spawned_first()).await?;
    let value = bake("mandu").await?;
    let error = lunch().await.map_or_else(|e| e.to_string(), |l| l.concat());
    say!("await gives a value:      {value}");
    say!("or with ? hands on:       {error}");
    let both = value == "hot mandu" && error == "the ice cream has melted";
    let (slow, fast) = (awaited.min(made), joined.max(spawned));
    let waits = format!("{slow:.1} waits in a row, {fast:.1} together");
    let figure = format!("value and error come back; {waits}");
    claim("A8", both && slow >= 2.0 && fast < 1.8, figure)
}

async fn bake(dish: &str) -> Result<String> {
    sleep(WAIT).await;
    match dish {
        "ice cream" => Err(Failure::new("the ice cream has melted")),
        _ => Ok(format!("hot {dish}")),
    }
}

async fn in_a_row() -> Result<[String; 2]> {
    let one = bake("mandu").await?; // WRONG: the second does not bake yet
    let two = bake("galbi").await?;
    Ok([one, two])
}

async fn made_first() -> Result<[String; 2]> {
    let (one, two) = (bake("mandu"), bake("galbi"));
    Ok([one.await?, two.await?]) // WRONG: nor does it here
}

async fn by_join() -> Result<[String; 2]> {
    let (one, two) = join!(bake("mandu"), bake("galbi"));
    Ok([one?, two?])
}

async fn spawned_first() -> Result<[String; 2]> {
    let (one, two) = (spawn(bake("mandu")), spawn(bake("galbi")));
    Ok([one.await??, two.await??]) // the first ? is for a panic in it
}

async fn row(
    way: &str,
    dishes: impl Future<Output = Result<[String; 2]>>,
) -> Result<f64> {
    let started = Instant::now();
    let dishes = dishes.await?;
    let took = started.elapsed();
    if dishes != ["hot mandu", "hot galbi"] {
        return Err(Failure::new(format!("{way}: {dishes:?}")));
    }
    let waits = took.as_secs_f64() / WAIT.as_secs_f64();
    say!("{way:<26}{:>6.0}{waits:>8.1}", ms(took));
    Ok(waits)
}

/// A dish fails: whoever awaits this hears of it, by the same `?` as elsewhere.
async fn lunch() -> Result<[String; 2]> {
    Ok([bake("galbi").await?, bake("ice cream").await?])
}
