//! A program that reports three claims, each with another verdict.

fn main() {
    println!("Our answer to T1 is borne out: 1 us");
    println!("Our answer to T2 is not judged (busy machine): 2 us");
    println!("Our answer to T3 is contradicted: 3 us");
    std::process::exit(1);
}
