use serde_json::{Map, Value};

use crate::base::UniqueMap;

/// A JSON object that a server sent. No key may stand twice, because two readers could then see two answers. Numbers
/// that come as text or are out of bounds are made usable or left out.
pub struct Object(Map<String, Value>);

/// The longest span of time that is believed, in seconds: a year.
const MAX_LIFE: u64 = 365 * 24 * 3600;

impl Object {
    /// Reads the object; `None` if the bytes are no JSON object, or a key stands twice.
    pub fn parse(bytes: &[u8]) -> Option<Object> {
        serde_json::from_slice(bytes).ok().map(|UniqueMap(map)| Object(map))
    }

    /// The text at this key; `None` if there is none, or it is something else.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// The texts of the array at this key. Elements that are no text are left out.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let all = self.0.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The number at this key.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.as_f64()
    }

    /// Whether the value at this key is `true`.
    pub fn is_true(&self, key: &str) -> bool {
        self.0.get(key) == Some(&Value::Bool(true))
    }

    /// Whether there is a value at this key other than `null`.
    pub fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|value| !value.is_null())
    }

    /// A span in whole seconds, at most a year, which may be written as text. `None` if there is none, or it is shorter
    /// than a second.
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

    /// Puts a value at this key, in place of what is there.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// Removes this key, if it is there.
    pub fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// The object as JSON.
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
