use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object in which no key stands twice. With a repeated key, two readers could see two different objects (RFC
/// 8259 §4), so reading one is an error.
#[derive(Clone, Debug)]
pub struct UniqueMap(pub Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueMap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = UniqueMap;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<UniqueMap, A::Error> {
                let mut map = Map::new();
                while let Some((key, value)) = entries.next_entry::<String, Value>()? {
                    if map.insert(key, value).is_some() {
                        return Err(A::Error::custom("a key stands twice"));
                    }
                }
                Ok(UniqueMap(map))
            }
        }
        from.deserialize_map(Unique)
    }
}

/// A JSON value in which no object has a key twice, however deep it lies.
#[derive(Clone, Debug)]
pub struct UniqueValue(pub Value);

impl<'de> Deserialize<'de> for UniqueValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = UniqueValue;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<UniqueValue, E> {
                Ok(UniqueValue(value.into()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<UniqueValue, E> {
                Ok(UniqueValue(value.into()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<UniqueValue, E> {
                Ok(UniqueValue(value.into()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<UniqueValue, E> {
                Ok(UniqueValue(value.into()))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<UniqueValue, E> {
                Ok(UniqueValue(value.into()))
            }

            fn visit_unit<E: Error>(self) -> Result<UniqueValue, E> {
                Ok(UniqueValue(Value::Null))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<UniqueValue, A::Error> {
                let mut all = Vec::new();
                while let Some(UniqueValue(value)) = entries.next_element()? {
                    all.push(value);
                }
                Ok(UniqueValue(Value::Array(all)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<UniqueValue, A::Error> {
                let mut map = Map::new();
                while let Some((key, UniqueValue(value))) = entries.next_entry::<String, UniqueValue>()? {
                    if map.insert(key, value).is_some() {
                        return Err(A::Error::custom("a key stands twice"));
                    }
                }
                Ok(UniqueValue(Value::Object(map)))
            }
        }
        from.deserialize_any(Unique)
    }
}

#[cfg(test)]
mod tests {
    use super::{UniqueMap, UniqueValue};

    #[test]
    fn a_key_stands_once_however_deep() {
        let parse = |text: &str| serde_json::from_str::<UniqueValue>(text).map(|value| value.0);
        let text = r#"{"a":[{"b":1},{"b":-1.5}],"c":null,"d":true,"e":"x"}"#;
        assert_eq!(parse(text).unwrap(), serde_json::from_str::<serde_json::Value>(text).unwrap());
        for bad in [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":1,"\u0062":1}]}"#, "{} {}", ""] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_stands_once_however_it_is_spelt() {
        let parse = |text: &str| serde_json::from_str::<UniqueMap>(text).is_ok();
        assert!(parse(r#"{"alg":"ES256","kid":"1"}"#));
        for bad in [r#"{"alg":"ES256","alg":"none"}"#, r#"{"alg":"ES256","\u0061lg":"none"}"#, "[]", "{} {}", "1", ""] {
            assert!(!parse(bad), "{bad}");
        }
    }
}
