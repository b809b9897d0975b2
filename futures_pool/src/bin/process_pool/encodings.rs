//! Serialization costs (pickle): bytes as one piece, as a list, and as JSON.
//!
//!     cargo run --release -p futures_pool --bin encodings
//!
//! An argument for another process is encoded, here by postcard, the format
//! that `futures_pool` uses. The code of a job is not sent, only its name. Half
//! a MiB as one piece is copied; as a `Vec<u8>` it is a list, and each number
//! is encoded by itself. `serde_bytes` says that it is one piece. JSON, for
//! people and other programs to read, writes each number as text.
//!
//! Claims: F16
//! Change this and watch: `200_u8` instead of `7_u8`. JSON has three digits for
//! each then; postcard has one byte, as before.
//!
//! Output (figures vary):
//!     512 KiB as             bytes    us
//!     postcard, one piece   524291   425
//!     postcard, a list      524291  1264
//!     JSON, a list         1048577  7304
//!     The article, F16: "The parent turns each element into bytes with pickle."
//!     Our answer for Rust: differs (the same topic, by another mechanism)
//!     Our answer to F16 is borne out: to encode and decode, a list takes 3.0 times as long as one piece, and JSON 17 times

use std::time::Instant;

use serde::de::DeserializeOwned;
use shared::measure::{Noise, NoiseMeter, try_median_of};
use shared::{
    Failure, Result, Table, claim_timed, ensure, flags, notice_debug_build,
};

const SIZE: usize = 512 << 10;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let meter = NoiseMeter::start();
    let list = vec![7_u8; SIZE];
    let bytes = as_one_piece(list.clone());
    let piece = cost(&bytes, postcard::to_stdvec, from_postcard)?;
    let each = cost(&list, postcard::to_stdvec, from_postcard)?;
    let text = cost(&list, serde_json::to_vec, from_json)?;
    let what = format!("{} KiB as", SIZE >> 10);
    let mut table = Table::new([&what, "bytes", "us"]);
    let costs = [
        ("postcard, one piece", &piece),
        ("postcard, a list", &each),
        ("JSON, a list", &text),
    ];
    for (name, cost) in costs {
        table.row([&name, &cost.bytes, &format!("{:.0}", cost.micros)]);
    }
    table.print();
    verdict(&piece, &each, &text, meter.read())
}

fn verdict(piece: &Cost, each: &Cost, text: &Cost, noise: Noise) -> Result {
    let figure = format!(
        "to encode and decode, a list takes {:.1} times as long as one piece, \
         and JSON {:.0} times",
        each.micros / piece.micros,
        text.micros / piece.micros
    );
    let larger = piece.bytes < SIZE + 16 && text.bytes > SIZE + 16;
    let slower = piece.micros < each.micros && each.micros < text.micros;
    claim_timed("F16", larger && slower, noise, figure)
}

fn from_postcard<T: DeserializeOwned>(bytes: &[u8]) -> postcard::Result<T> {
    postcard::from_bytes(bytes)
}

fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(bytes)
}

/// How long the encoding is, and microseconds to encode and decode.
#[derive(PartialEq, PartialOrd)]
struct Cost {
    micros: f64,
    bytes: usize,
}

fn cost<T: PartialEq, E>(
    value: &T,
    encode: fn(&T) -> Result<Vec<u8>, E>,
    decode: fn(&[u8]) -> Result<T, E>,
) -> Result<Cost>
where
    Failure: From<E>,
{
    try_median_of(7, || {
        let started = Instant::now();
        let bytes = encode(value)?;
        let same = decode(&bytes)?;
        let micros = started.elapsed().as_secs_f64() * 1e6;
        ensure(same == *value, "another value came back")?;
        Ok(Cost { micros, bytes: bytes.len() })
    })
}

// ANCHOR: encodings
use serde_bytes::ByteBuf;

/// Bytes as an argument or a result that is encoded as one piece. In a struct:
/// `#[serde(with = "serde_bytes")]` on a field of type `Vec<u8>`.
pub fn as_one_piece(bytes: Vec<u8>) -> ByteBuf {
    ByteBuf::from(bytes)
}
// ANCHOR_END: encodings
