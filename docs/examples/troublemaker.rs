//! A kitchen program that does what kitchens should not: `TROUBLE` says what.

use std::{env, process, thread, time::Duration};

fn main() {
    match env::var("TROUBLE").as_deref() {
        Ok("panic") => panic!("the soup is burnt"),
        Ok("hang") => thread::sleep(Duration::MAX),
        Ok("abort") => process::abort(),
        Ok("babble") => println!("this is not JSON"),
        other => println!("TROUBLE is {other:?}"),
    }
}
