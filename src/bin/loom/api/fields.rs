//! The parameters of `loom api` on the command line, as JSON or as a query. The notation is that of GitHub's command
//! line, which people know.

use std::path::Path;

use loom_credentials::wire::{Fault, reason};
use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

/// A parameter: its key, perhaps with parts in brackets, and its value.
pub type Field = (String, Value);

/// `KEY=VALUE`, as a text.
pub fn raw(text: &str) -> Result<Field, Fault> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| bad(text))?;
    Ok((key.to_owned(), value.into()))
}

/// `KEY=VALUE` where true, false, null and whole numbers are what they look like, and `@FILE` is the file's content.
pub fn typed(text: &str) -> Result<Field, Fault> {
    let (key, value) = raw(text)?;
    let text = value.as_str().unwrap_or_default();
    let value = match text {
        "true" | "false" | "null" => serde_json::from_str(text).unwrap_or_default(),
        _ if text.parse::<i64>().is_ok() => text.parse::<i64>().unwrap_or_default().into(),
        _ => match text.strip_prefix('@') {
            Some("-") => std::io::read_to_string(std::io::stdin()).map_err(|error| unreadable("-", &error))?.into(),
            Some(path) => std::fs::read_to_string(Path::new(path)).map_err(|error| unreadable(path, &error))?.into(),
            None => value,
        },
    };
    Ok((key, value))
}

/// The parameters as one JSON object; `a[b]=1` is an object in it, `a[]=1` an array.
pub fn json(fields: &[Field]) -> Result<Value, Fault> {
    let mut object = Value::Object(Map::new());
    for (key, value) in fields {
        let parts = parts(key).ok_or_else(|| bad(key))?;
        put(&mut object, &parts, value.clone()).ok_or_else(|| bad(key))?;
    }
    Ok(object)
}

/// The path with the parameters in its query.
pub fn query(path: &str, fields: &[Field]) -> String {
    let mut query = Serializer::new(String::new());
    for (key, value) in fields {
        match value {
            Value::String(text) => query.append_pair(key, text),
            other => query.append_pair(key, &other.to_string()),
        };
    }
    let query = query.finish();
    match (query.is_empty(), path.contains('?')) {
        (true, _) => path.to_owned(),
        (false, true) => format!("{path}&{query}"),
        (false, false) => format!("{path}?{query}"),
    }
}

/// `a[b][]` in its parts: `a`, `b` and an empty one for an array.
fn parts(key: &str) -> Option<Vec<&str>> {
    let (first, rest) = key.split_at(key.find('[').unwrap_or(key.len()));
    let mut parts = vec![first];
    let mut rest = rest;
    while !rest.is_empty() {
        let (part, after) = rest.strip_prefix('[')?.split_once(']')?;
        parts.push(part);
        rest = after;
    }
    (!first.is_empty() && !first.contains(']')).then_some(parts)
}

fn put(place: &mut Value, parts: &[&str], value: Value) -> Option<()> {
    let Some((part, rest)) = parts.split_first() else {
        *place = value;
        return Some(());
    };
    if part.is_empty() {
        if place.is_null() {
            *place = Value::Array(Vec::new());
        }
        let elements = place.as_array_mut()?;
        // `a[][x]=1 a[][y]=2` is one element, until a key comes again.
        let goes_on = rest
            .first()
            .is_some_and(|next| elements.last().is_some_and(|last| last.is_object() && last.get(next).is_none()));
        if !goes_on {
            elements.push(Value::Null);
        }
        return put(elements.last_mut()?, rest, value);
    }
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    put(place.as_object_mut()?.entry(*part).or_insert(Value::Null), rest, value)
}

fn bad(text: &str) -> Fault {
    let key = text.split('=').next().unwrap_or_default();
    reason::Command::ApiBadField { field: key.to_owned() }.into()
}

fn unreadable(path: &str, error: &std::io::Error) -> Fault {
    reason::Command::FileTrouble { path: path.into(), error: error.to_string() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_make_the_document_that_they_describe() {
        let texts = [
            "name=a b",
            "n=7",
            "on=true",
            "none=null",
            "a[b][c]=x",
            "list[]=1",
            "list[]=two",
            "of[][x]=1",
            "of[][y]=2",
            "of[][x]=3",
            "empty=",
        ];
        let fields: Vec<Field> = texts.iter().map(|text| typed(text).unwrap()).collect();
        let wanted = serde_json::json!({"name": "a b", "n": 7, "on": true, "none": null, "a": {"b": {"c": "x"}}, "list": [1, "two"], "of": [{"x": 1, "y": 2}, {"x": 3}], "empty": ""});
        assert_eq!(json(&fields).unwrap(), wanted);
        assert_eq!(json(&[raw("n=7").unwrap()]).unwrap(), serde_json::json!({"n": "7"}));
        assert_eq!(query("/x", &fields[..2]), "/x?name=a+b&n=7");
        assert_eq!(query("/x?y", &fields[2..3]), "/x?y&on=true");
        for bad in ["a", "=b", "a[b=1", "a]=1", "[]=1"] {
            assert!(raw(bad).and_then(|field| json(&[field])).is_err(), "{bad}");
        }
        assert!(json(&[raw("a=1").unwrap(), raw("a[b]=2").unwrap()]).is_err());
    }
}
