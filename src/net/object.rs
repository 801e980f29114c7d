use serde_json::{Map, Value};

use crate::base::UniqueMap;

/// A JSON object of a server, as strict and as lenient as is safe: no key twice, because two readers could then see two
/// answers; but numbers that come as text or out of bounds are made usable or left out.
pub struct Object(Map<String, Value>);

/// The longest life that is believed, in seconds: a year.
const MAX_LIFE: u64 = 365 * 24 * 3600;

impl Object {
    pub fn parse(bytes: &[u8]) -> Option<Object> {
        serde_json::from_slice(bytes).ok().map(|UniqueMap(map)| Object(map))
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// The texts of an array; what is no text in it does not count.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let all = self.0.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.as_f64()
    }

    pub fn is_true(&self, key: &str) -> bool {
        self.0.get(key) == Some(&Value::Bool(true))
    }

    pub fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| !value.is_null())
    }

    /// Seconds from now, at most a year; nothing where the server says nothing of sense.
    pub fn seconds(&self, key: &str) -> Option<u64> {
        let seconds = match self.0.get(key)? {
            Value::Number(number) => number.as_f64()?,
            // Some servers send numbers as text.
            Value::String(text) => text.parse().ok()?,
            _ => return None,
        };
        // A comparison that also says no to what is not a number.
        (seconds >= 1.0).then_some(seconds as u64).map(|seconds| seconds.min(MAX_LIFE))
    }

    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    pub fn print(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_and_endless_depth_are_refused() {
        assert!(Object::parse(br#"{"access_token":"a","access_token":"b"}"#).is_none());
        assert!(Object::parse(format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000)).as_bytes()).is_none());
        for other in [&b"[]"[..], b"1", b"", b"<html>", b"{} x"] {
            assert!(Object::parse(other).is_none());
        }
    }

    #[test]
    fn seconds_are_bounded_whatever_the_server_says() {
        let seconds = |value: &str| Object::parse(format!("{{\"s\":{value}}}").as_bytes()).unwrap().seconds("s");
        assert_eq!(seconds("60"), Some(60));
        assert_eq!(seconds("\"3600\""), Some(3600));
        assert_eq!(seconds("1e300"), Some(MAX_LIFE));
        for odd in ["-5", "0", "null", "\"soon\"", "{}", "\"NaN\"", "false"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }
}
