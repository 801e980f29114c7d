//! Selects a part of a JSON document by the words that jq has for paths, so that scripts with simple needs need no jq.
//! What else jq knows is an error here and never guessed.

use loom_credentials::wire::{Fault, reason};
use serde_json::Value;

/// A part of a JSON document, in jq's words for paths and no more of jq: `.a.b`, `.a[0]`, `.a[-1]`, `.[]`, `.["a b"]`.
pub struct Selection(Vec<Step>);

enum Step {
    Key(String),
    Index(i64),
    Each,
}

impl Selection {
    pub fn parse(text: &str) -> Result<Selection, Fault> {
        let unknown = || reason::Command::ApiBadSelection { text: text.to_owned() }.into();
        steps(text).map(Selection).ok_or_else(unknown)
    }

    /// What is selected, one text a line: strings as they are, everything else as JSON.
    pub fn of(&self, document: &[u8]) -> Result<Vec<String>, Fault> {
        let not_json = |_| reason::Command::ApiNotJson;
        let document: Value = serde_json::from_slice(document).map_err(not_json)?;
        let mut found = vec![&document];
        for step in &self.0 {
            let next: Option<Vec<Vec<&Value>>> = found.into_iter().map(|value| step.of(value)).collect();
            found = next.ok_or(reason::Command::ApiSelectionUnfit)?.concat();
        }
        Ok(found.into_iter().map(text).collect())
    }
}

impl Step {
    /// As in jq: what is not there is null, and what can not be there is an error.
    fn of<'a>(&self, value: &'a Value) -> Option<Vec<&'a Value>> {
        const NULL: &Value = &Value::Null;
        match (self, value) {
            (Step::Key(_) | Step::Index(_), Value::Null) => Some(vec![NULL]),
            (Step::Key(key), Value::Object(object)) => Some(vec![object.get(key).unwrap_or(NULL)]),
            (Step::Index(index), Value::Array(array)) => {
                let at = if *index < 0 { array.len() as i64 + index } else { *index };
                Some(vec![usize::try_from(at).ok().and_then(|at| array.get(at)).unwrap_or(NULL)])
            }
            (Step::Each, Value::Array(array)) => Some(array.iter().collect()),
            (Step::Each, Value::Object(object)) => Some(object.values().collect()),
            _ => None,
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('.')?;
    let mut steps = Vec::new();
    // After the first dot a name may follow at once, as after each other one.
    let mut may_name = true;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = end_of_bracket(inner)?;
            steps.push(match &inner[..end] {
                "" => Step::Each,
                quoted if quoted.starts_with('"') => Step::Key(serde_json::from_str(quoted).ok()?),
                index => Step::Index(index.parse().ok()?),
            });
            (rest, may_name) = (&inner[end + 1..], false);
        } else if let (false, Some(after)) = (may_name, rest.strip_prefix('.')) {
            (rest, may_name) = (after, true);
            if rest.is_empty() {
                return None;
            }
        } else if may_name {
            let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(rest.len());
            steps.push(Step::Key(Some(&rest[..end]).filter(|name| !name.is_empty())?.to_owned()));
            (rest, may_name) = (&rest[end..], false);
        } else {
            return None;
        }
    }
    Some(steps)
}

/// Where the `]` is that closes it; one within quotes does not.
fn end_of_bracket(inner: &str) -> Option<usize> {
    if !inner.starts_with('"') {
        return inner.find(']');
    }
    let mut escaped = false;
    let quoted = inner[1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let end = quoted + 2;
    inner[end..].starts_with(']').then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_finds_what_jq_would() {
        let document = br#"{"a":{"b":[1,{"c":"x y"},null]},"d e":true,"s":"]\""}"#;
        let of = |text: &str| Selection::parse(text).and_then(|selection| selection.of(document));
        for (text, wanted) in [
            (".a.b[1].c", vec!["x y"]),
            (".a.b[]", vec!["1", r#"{"c":"x y"}"#, "null"]),
            (".a.b[-1]", vec!["null"]),
            (".[\"d e\"]", vec!["true"]),
            (".a[\"b\"][0]", vec!["1"]),
            (".nothing.there[3]", vec!["null"]),
            (".a.b.[0]", vec!["1"]),
        ] {
            assert_eq!(of(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(of(".").unwrap().len(), 1);
        for unfit in [".s.x", ".a[0]", ".a.b.c", ".s[]"] {
            assert!(of(unfit).is_err(), "{unfit}");
        }
        for bad in ["", "a", "..", ".a.", ".a[", ".a[x]", ".a | length", ".a[\"b]", ".a b"] {
            assert!(Selection::parse(bad).is_err(), "{bad}");
        }
    }
}
