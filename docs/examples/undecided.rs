//! A program that reports one claim, and never judges it.

fn main() {
    println!("T2 not judged (busy machine): 2 us");
}
