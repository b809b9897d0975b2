//! What it takes to make an argument into bytes, and these into one again.
//!
//!     cargo run --release -p futures_pool --bin encodings
//!
//! Data is encoded, never code: a job travels by its name. Half a MiB as one
//! piece is copied; the same bytes as a list are looked at one by one, unless
//! somebody (`serde_bytes`) says that they are bytes. JSON writes them as text.
//!
//! Claims: F16
//! Change this and watch: `200_u8` for `7_u8`. JSON has three digits for each
//! then; postcard has one byte, as before.
//!
//! Output (figures vary):
//!     512 KiB as                     bytes     encode us     decode us
//!     postcard, one piece           524291           203           284
//!     postcard, a list              524291           781           949
//!     JSON, a list                 1048577          3725          8330
//!     F16 borne out: postcard adds 3 bytes, JSON 524289; a list takes up to 25 times as long

use std::{fmt::Debug, time::Instant};

use serde::{Serialize, de::DeserializeOwned};
use serde_bytes::ByteBuf;
use shared::{
    Failure, Result, claim, flags, measure::median, notice_debug_build, say,
};

const SIZE: usize = 512 << 10;

fn main() -> Result {
    flags([]);
    notice_debug_build();
    let list = vec![7_u8; SIZE];
    let bytes = ByteBuf::from(list.clone());
    let size = format!("{} KiB as", SIZE >> 10);
    let [encode, decode] = ["encode us", "decode us"];
    say!("{size:<24}{:>12}{encode:>14}{decode:>14}", "bytes");
    let piece = row("postcard, one piece", &bytes, to_postcard, postcard)?;
    let each = row("postcard, a list", &list, to_postcard, postcard)?;
    let text = row("JSON, a list", &list, serde_json::to_vec, json)?;
    let dearer = each.micros.max(text.micros) / piece.micros;
    let [piece_adds, text_adds] = [&piece, &text].map(|way| way.bytes - SIZE);
    let figure = format!(
        "postcard adds {piece_adds} bytes, JSON {text_adds}; \
         a list takes up to {dearer:.0} times as long"
    );
    let small = piece.bytes < SIZE + 16 && text.bytes > SIZE;
    claim("F16", small && each.micros > piece.micros, figure)
}

fn to_postcard<T: Serialize>(value: &T) -> postcard::Result<Vec<u8>> {
    postcard::to_stdvec(value)
}

fn postcard<T: DeserializeOwned>(bytes: &[u8]) -> postcard::Result<T> {
    postcard::from_bytes(bytes)
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(bytes)
}

/// How long the encoding is, and microseconds for there and back.
struct Cost {
    bytes: usize,
    micros: f64,
}

fn row<T: PartialEq + Debug, E: Into<Failure>>(
    name: &str,
    value: &T,
    encode: fn(&T) -> std::result::Result<Vec<u8>, E>,
    decode: fn(&[u8]) -> std::result::Result<T, E>,
) -> Result<Cost> {
    let (mut there, mut back, mut length) = (Vec::new(), Vec::new(), 0);
    for _ in 0..7 {
        let started = Instant::now();
        let bytes = encode(value).map_err(Into::into)?;
        there.push(started.elapsed().as_nanos());
        let started = Instant::now();
        let same = decode(&bytes).map_err(Into::into)?;
        back.push(started.elapsed().as_nanos());
        if same != *value {
            return Err(Failure::new(format!("{name}: it is another one")));
        }
        length = bytes.len();
    }
    let [there, back] = [there, back].map(|all| median(&all) as f64 / 1e3);
    say!("{name:<24}{length:>12}{there:>14.0}{back:>14.0}");
    Ok(Cost { bytes: length, micros: there + back })
}
