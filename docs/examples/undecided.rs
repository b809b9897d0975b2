//! A program that reports one claim, and never judges it.

fn main() {
    println!("Our answer to T2 is not judged (busy machine): 2 us");
}
