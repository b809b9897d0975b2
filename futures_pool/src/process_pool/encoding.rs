//! Strict encoding: refuses a value that the reader could take for another.
//!
//! Values cross between processes as postcard's bytes. postcard is not
//! self-describing: it writes neither names nor types. When serde leaves out
//! a field (`skip_serializing_if`), the reader takes the next bytes for it,
//! and returns a wrong value without an error. So a wrapper around postcard's
//! serializer refuses to skip a field, and the reader refuses trailing bytes.
//!
//! The test `known_limits` has what serde does not tell us, and what can thus
//! arrive as something else: a skipped variant in front of other variants, a
//! field that is skipped on one side only or in a tuple struct, and a `tag` on
//! a struct.

use postcard::Error::{
    SerializeBufferFull, SerializeSeqLengthUnknown, WontImplement,
};
use serde::de::DeserializeOwned;
use serde::ser::{self, Serialize, Serializer};
use std::fmt::{self, Display};

/// Where bytes are written.
pub(crate) trait Sink {
    /// # Errors
    ///
    /// There is no room for it.
    fn push(&mut self, byte: u8) -> Result<(), Full>;

    /// # Errors
    ///
    /// There is no room for them.
    fn extend(&mut self, bytes: &[u8]) -> Result<(), Full>;
}

/// There is no room for more bytes.
#[derive(Debug)]
pub(crate) struct Full;

/// Serializes a value, and appends its bytes.
///
/// # Errors
///
/// The value skips a field, it has a sequence or map of unknown length, there is
/// no room for it, or its own `Serialize` fails.
pub(crate) fn encode<V: Serialize + ?Sized>(
    value: &V,
    sink: &mut impl Sink,
) -> Result<(), String> {
    let mut writer = Writer(postcard::Serializer { output: Output(sink) });
    value.serialize(&mut writer).map_err(|error| match error {
        Error::Postcard(SerializeBufferFull) => {
            "there is no room for it".into()
        }
        Error::Postcard(SerializeSeqLengthUnknown) => UNKNOWN_LENGTH.into(),
        other => other.to_string(),
    })
}

/// Deserializes a value from exactly the bytes that `encode` wrote for it.
///
/// # Errors
///
/// The bytes are no such value, bytes are missing or left over, or the type
/// chooses by the data what to read, which postcard does not write.
pub(crate) fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, left)) => Err(format!("{} bytes are left over", left.len())),
        Err(WontImplement) => Err(SELF_DESCRIBING.into()),
        Err(error) => Err(error.to_string()),
    }
}

const SELF_DESCRIBING: &str = "the type needs a self-describing format, and \
     postcard is none (untagged, internally tagged, serde_json::Value)";
const UNKNOWN_LENGTH: &str = "a sequence or map does not know its length \
     before it is written (#[serde(flatten)] makes such a map)";

/// Postcard's errors, and the messages that postcard would drop.
#[derive(Debug)]
enum Error {
    Postcard(postcard::Error),
    Told(Box<str>),
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Postcard(error) => error.fmt(f),
            Error::Told(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl ser::Error for Error {
    #[cold]
    fn custom<T: Display>(why: T) -> Self {
        Error::Told(why.to_string().into())
    }
}

impl From<postcard::Error> for Error {
    #[inline]
    fn from(error: postcard::Error) -> Self {
        Error::Postcard(error)
    }
}

/// A sink as postcard wants it.
struct Output<'s, S>(&'s mut S);

impl<S: Sink> postcard::ser_flavors::Flavor for Output<'_, S> {
    type Output = ();

    #[inline(always)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte).map_err(|Full| SerializeBufferFull)
    }

    #[inline(always)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend(bytes).map_err(|Full| SerializeBufferFull)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Postcard's serializer, for a value and for all the values in it.
struct Writer<'s, S: Sink>(postcard::Serializer<Output<'s, S>>);

/// Methods that write something whole: postcard does all of the work.
macro_rules! whole {
    ($($method:ident($($name:ident: $type:ty),*))*) => { $(
        #[inline]
        fn $method(self, $($name: $type),*) -> Result<(), Error> {
            Ok((&mut self.0).$method($($name),*)?)
        }
    )* };
}

/// Methods that write what comes first, and one value, which comes to us.
macro_rules! one_inside {
    ($(
        $method:ident($($name:ident: $type:ty),*)
        $(after $first:ident($($arg:expr),*))?;
    )*) => { $(
        #[inline]
        fn $method<T: Serialize + ?Sized>(
            self,
            $($name: $type,)*
            value: &T,
        ) -> Result<(), Error> {
            $((&mut self.0).$first($($arg),*)?;)?
            value.serialize(self)
        }
    )* };
}

/// Methods that begin something with parts: postcard writes what comes first,
/// and the parts come to us. `owner` is whose parts they are.
macro_rules! begin {
    ($($method:ident($($name:ident: $type:ty),*) of $owner:expr;)*) => { $(
        #[inline]
        fn $method(
            self,
            $($name: $type),*
        ) -> Result<Parts<'w, 's, S>, Error> {
            (&mut self.0).$method($($name),*)?;
            Ok(Parts { writer: self, owner: $owner })
        }
    )* };
}

impl<'w, 's, S: Sink> Serializer for &'w mut Writer<'s, S> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'w, 's, S>;
    type SerializeTuple = Parts<'w, 's, S>;
    type SerializeTupleStruct = Parts<'w, 's, S>;
    type SerializeTupleVariant = Parts<'w, 's, S>;
    type SerializeMap = Parts<'w, 's, S>;
    type SerializeStruct = Parts<'w, 's, S>;
    type SerializeStructVariant = Parts<'w, 's, S>;

    whole! {
        serialize_bool(v: bool) serialize_char(v: char)
        serialize_i8(v: i8) serialize_i16(v: i16) serialize_i32(v: i32)
        serialize_i64(v: i64) serialize_i128(v: i128)
        serialize_u8(v: u8) serialize_u16(v: u16) serialize_u32(v: u32)
        serialize_u64(v: u64) serialize_u128(v: u128)
        serialize_f32(v: f32) serialize_f64(v: f64)
        serialize_str(v: &str) serialize_bytes(v: &[u8])
        serialize_none() serialize_unit()
        serialize_unit_struct(name: &'static str)
        serialize_unit_variant(name: &'static str, i: u32, v: &'static str)
    }

    begin! {
        serialize_seq(len: Option<usize>) of "";
        serialize_tuple(len: usize) of "";
        serialize_tuple_struct(name: &'static str, len: usize) of name;
        serialize_tuple_variant(
            name: &'static str, i: u32, variant: &'static str, len: usize
        ) of variant;
        serialize_map(len: Option<usize>) of "";
        serialize_struct(name: &'static str, len: usize) of name;
        serialize_struct_variant(
            name: &'static str, i: u32, variant: &'static str, len: usize
        ) of variant;
    }

    one_inside! {
        serialize_some() after serialize_bool(true);
        serialize_newtype_struct(_name: &'static str);
        serialize_newtype_variant(
            name: &'static str, i: u32, variant: &'static str
        ) after serialize_unit_variant(name, i, variant);
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// Elements, entries or fields, and the name of the struct that has them.
struct Parts<'w, 's, S: Sink> {
    writer: &'w mut Writer<'s, S>,
    owner: &'static str,
}

/// serde's traits for parts differ only in names; those with a key can skip.
macro_rules! parts {
    ($($trait:ident: $($add:ident)* $(, $key:ty)?;)*) => { $(
        impl<S: Sink> ser::$trait for Parts<'_, '_, S> {
            type Ok = ();
            type Error = Error;
            $(
                #[inline]
                fn $add<T: Serialize + ?Sized>(
                    &mut self,
                    part: &T,
                ) -> Result<(), Error> {
                    part.serialize(&mut *self.writer)
                }
            )*
            $(
                #[inline]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    _: $key,
                    part: &T,
                ) -> Result<(), Error> {
                    part.serialize(&mut *self.writer)
                }

                fn skip_field(&mut self, field: $key) -> Result<(), Error> {
                    Err(ser::Error::custom(format_args!(
                        "{} skips the field `{field}` (skip_serializing_if)",
                        self.owner,
                    )))
                }
            )?
            #[inline]
            fn end(self) -> Result<(), Error> {
                Ok(())
            }
        }
    )* };
}

parts! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
    SerializeMap: serialize_key serialize_value;
    SerializeStruct:, &'static str;
    SerializeStructVariant:, &'static str;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use std::collections::{BTreeMap, HashMap};
    use std::fmt::Debug;
    use std::time::Duration;

    impl Sink for Vec<u8> {
        fn push(&mut self, byte: u8) -> Result<(), Full> {
            Vec::push(self, byte);
            Ok(())
        }

        fn extend(&mut self, bytes: &[u8]) -> Result<(), Full> {
            self.extend_from_slice(bytes);
            Ok(())
        }
    }

    fn bytes<V: Serialize + ?Sized>(value: &V) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(value, &mut bytes).expect("the value can be written");
        bytes
    }

    /// It comes back equal, and the bytes are postcard's.
    fn crosses<V>(value: V)
    where
        V: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let bytes = bytes(&value);
        assert_eq!(postcard::to_stdvec(&value).as_ref(), Ok(&bytes));
        assert_eq!(decode(&bytes), Ok(value));
    }

    /// The sender refuses it.
    fn not_sent<V: Serialize>(value: V, why: &str) {
        let mut bytes = Vec::new();
        let error = encode(&value, &mut bytes).expect_err("it is refused");
        assert!(error.contains(why), "{error}");
    }

    /// The receiver refuses it.
    fn not_read<V>(value: V, why: &str)
    where
        V: Serialize + DeserializeOwned + Debug,
    {
        let error = decode::<V>(&bytes(&value)).expect_err("it is refused");
        assert!(error.contains(why), "{error}");
    }

    /// A known limit: something else arrives, and nobody notices.
    fn becomes<V>(sent: V, read: V)
    where
        V: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        assert_ne!(sent, read);
        assert_eq!(decode(&bytes(&sent)), Ok(read));
    }

    macro_rules! types {
        ($($item:item)*) => { $(
            #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
            $item
        )* };
    }

    #[test]
    fn plain_values_cross() {
        crosses((u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX));
        crosses((i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN));
        crosses((1.5f32, f64::INFINITY, -0.0f64, true, usize::MAX));
        crosses(['a', '\u{e9}', '\u{1f980}', '\0']);
        crosses(String::from("tea"));
        crosses(((), vec![(); 3], std::marker::PhantomData::<u8>));
        crosses([None, Some(None), Some(Some(7u8))]);
        crosses([None, Some(())]);
        crosses([Ok(1u8), Err(String::from("no"))]);
        crosses(serde_bytes::ByteBuf::from(vec![7; 1000]));
        crosses(HashMap::from([(1u8, vec![2u64, 3]), (4, vec![])]));
        crosses(BTreeMap::from([(String::from("a"), Some(1.5f64))]));
        crosses((Duration::new(1, 2), 1u8..3, std::path::PathBuf::from("/a")));
        let address = "127.0.0.1:80".parse::<std::net::SocketAddr>();
        crosses(address.expect("it is an address"));
    }

    #[test]
    fn shapes_of_types_cross() {
        types! {
            struct Named { a: u8, b: Vec<Inner> }
            enum Inner { Unit, New(u8), Tuple(u8, String), Named { a: u8 } }
            struct Empty {}
            #[serde(transparent)]
            struct Transparent { inside: u64 }
            #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
            struct Renamed { #[serde(alias = "x")] long_name: u8 }
            struct With { #[serde(with = "serde_bytes")] bytes: Vec<u8> }
            #[serde(into = "u16", from = "u16")]
            struct Into16 { n: u16 }
            enum Other { A, #[serde(other)] B }
        }
        impl Default for Renamed {
            fn default() -> Self {
                Renamed { long_name: 9 }
            }
        }
        impl From<Into16> for u16 {
            fn from(from: Into16) -> u16 {
                from.n
            }
        }
        impl From<u16> for Into16 {
            fn from(n: u16) -> Self {
                Into16 { n }
            }
        }
        let all = vec![
            Inner::Unit,
            Inner::New(1),
            Inner::Tuple(2, "b".into()),
            Inner::Named { a: 3 },
        ];
        crosses(Named { a: 1, b: all });
        crosses((Empty {}, Transparent { inside: 1 << 40 }));
        crosses((Renamed { long_name: 1 }, With { bytes: vec![1, 2] }));
        crosses((Into16 { n: 300 }, [Other::A, Other::B]));
    }

    #[test]
    fn a_skipped_field_is_not_sent() {
        types! {
            struct Named {
                #[serde(default, skip_serializing_if = "Option::is_none")]
                a: Option<u8>,
                b: Option<u8>,
            }
            enum Variant {
                V {
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    a: Option<u8>,
                    b: Option<u8>,
                },
            }
        }
        let skips = Named { a: None, b: Some(1) };
        crosses(Named { a: Some(1), b: None }); // nothing to skip
        crosses(Variant::V { a: Some(1), b: None });
        not_sent(skips.clone(), "Named skips the field `a`");
        not_sent(Variant::V { a: None, b: None }, "V skips the field `a`");
        let nested = vec![Some(Ok::<_, ()>((1, HashMap::from([(1, skips)]))))];
        not_sent(nested, "Named skips the field `a`");
    }

    #[test]
    fn an_unknown_length_is_not_sent() {
        types! {
            struct Flat { a: u8, #[serde(flatten)] inner: Inner }
            struct Inner { b: u8 }
            enum Variant { V { #[serde(flatten)] inner: Inner } }
        }
        struct Iter;
        impl Serialize for Iter {
            fn serialize<S: Serializer>(
                &self,
                s: S,
            ) -> Result<S::Ok, S::Error> {
                s.collect_seq((0..9).filter(|n| n % 2 == 0))
            }
        }
        struct Map;
        impl Serialize for Map {
            fn serialize<S: Serializer>(
                &self,
                s: S,
            ) -> Result<S::Ok, S::Error> {
                s.collect_map((0..9).filter(|n| n % 2 == 0).map(|n| (n, n)))
            }
        }
        not_sent(Flat { a: 1, inner: Inner { b: 2 } }, "flatten");
        not_sent(Variant::V { inner: Inner { b: 2 } }, "flatten");
        not_sent(Iter, "does not know its length");
        not_sent(Map, "does not know its length");
    }

    #[test]
    fn a_message_of_serialize_arrives() {
        let cell = std::cell::RefCell::new(1);
        let _borrowed = cell.borrow_mut();
        not_sent(&cell, "already mutably borrowed");
        types! {
            enum Skips { A, #[serde(skip)] B }
        }
        crosses(Skips::A);
        not_sent(Skips::B, "cannot be serialized");
    }

    #[test]
    fn what_needs_a_self_describing_format_is_not_read() {
        types! {
            #[serde(untagged)]
            enum Untagged { A(u8), B { b: u8 } }
            #[serde(tag = "type")]
            enum Internal { Unit, Named { a: u8 } }
            #[serde(tag = "t", content = "c")]
            enum Adjacent { Unit, New(u8) }
            enum Partly { A(u8), #[serde(untagged)] B(String) }
        }
        not_read(Untagged::A(1), "self-describing");
        not_read(Untagged::B { b: 1 }, "self-describing");
        not_read(Internal::Unit, "self-describing");
        not_read(Internal::Named { a: 1 }, "self-describing");
        not_read(Adjacent::Unit, "self-describing");
        not_read(Adjacent::New(1), "self-describing");
        not_read(Partly::A(1), "self-describing");
        not_read(Partly::B("b".into()), "self-describing");
        not_read(serde_json::json!({"a": [1, null]}), "self-describing");
        not_read(serde_json::Value::Null, "self-describing");
        not_read(vec![serde_json::json!(1.5)], "self-describing");
    }

    #[test]
    fn missing_and_trailing_bytes_are_not_read() {
        let mut bytes = bytes(&(1u8, 300u16));
        assert!(decode::<(u8, u16)>(&bytes[..2]).is_err());
        assert!(decode::<(u8, u16)>(&[]).is_err());
        bytes.push(0);
        let error = decode::<(u8, u16)>(&bytes).expect_err("one is left");
        assert_eq!(error, "1 bytes are left over");
    }

    /// What neither side can see. Most such values are refused, because bytes
    /// are missing or left over, but these fit by chance: something else
    /// arrives. The documentation lists these attributes.
    #[test]
    fn known_limits() {
        types! {
            enum Skips { A, #[serde(skip)] B, C, D }
            struct Both { a: u8, #[serde(skip)] b: u8 }
            struct OneWay { #[serde(skip_serializing)] a: u8, b: u8 }
            struct OtherWay { #[serde(skip_deserializing)] a: u8, b: u8 }
            enum OneWayNew { V(#[serde(skip_serializing)] u8) }
            struct Tuple(
                #[serde(skip_serializing_if = "Option::is_none")] Option<u8>,
                Option<u8>,
            );
            enum Tuples {
                V(
                    #[serde(skip_serializing_if = "Option::is_none")]
                    Option<u8>,
                    Option<u8>,
                ),
            }
            #[serde(tag = "t")]
            struct Tagged { a: String }
            struct New(#[serde(skip)] u8);
        }
        crosses(New(1)); // serde does not skip it
        crosses(Skips::A); // it stands in front of the skipped variant
        not_sent(Skips::B, "cannot be serialized");
        becomes(Skips::C, Skips::D); // always, not by chance
        not_read(Skips::D, "Serde Deserialization Error");
        becomes(Both { a: 1, b: 2 }, Both { a: 1, b: 0 }); // what `skip` means

        not_read(OneWay { a: 1, b: 2 }, "end of buffer");
        becomes(
            (OneWay { a: 1, b: 2 }, vec![1u8, 9]),
            (OneWay { a: 2, b: 2 }, vec![9]),
        );
        not_read(OtherWay { a: 5, b: 1 }, "left over");
        becomes(
            (OtherWay { a: 5, b: 1 }, vec![0u8; 0]),
            (OtherWay { a: 0, b: 5 }, vec![0]),
        );
        not_read(OneWayNew::V(5), "end of buffer");
        becomes((OneWayNew::V(5), vec![0u8]), (OneWayNew::V(1), vec![]));
        not_read(Tuple(None, Some(3)), "end of buffer");
        becomes(
            (Tuple(None, Some(3)), vec![vec![0u8]]),
            (Tuple(Some(3), Some(1)), vec![]),
        );
        not_read(Tuples::V(None, Some(3)), "end of buffer");
        becomes(
            (Tuples::V(None, Some(3)), vec![vec![0u8]]),
            (Tuples::V(Some(3), Some(1)), vec![]),
        );
        not_read(Tagged { a: "a".into() }, "left over");
        becomes(
            (Tagged { a: "\u{1}".into() }, Vec::<String>::new()),
            (Tagged { a: "Tagged".into() }, vec!["\0".into()]),
        );
    }
}
