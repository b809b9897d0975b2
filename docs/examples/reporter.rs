//! A program that reports three claims, each with another verdict.

fn main() {
    println!("T1 borne out: 1 us");
    println!("T2 not judged (busy machine): 2 us");
    println!("T3 contradicted: 3 us");
    std::process::exit(1);
}
