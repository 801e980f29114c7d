use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
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

#[cfg(test)]
mod tests {
    use super::UniqueMap;

    #[test]
    fn a_key_stands_once_however_it_is_spelt() {
        let parse = |text: &str| serde_json::from_str::<UniqueMap>(text).is_ok();
        assert!(parse(r#"{"alg":"ES256","kid":"1"}"#));
        for bad in [r#"{"alg":"ES256","alg":"none"}"#, r#"{"alg":"ES256","\u0061lg":"none"}"#, "[]", "{} {}", "1", ""] {
            assert!(!parse(bad), "{bad}");
        }
    }
}
