//! A JSON document that is changed at one place: every other byte stays what it is, and whatever is written looks like
//! what stands around it. Parsed before and after, the documents differ by that one value.

use std::ops::Range;

use serde_json::Value;

/// A JSON document and its text.
pub struct Document {
    text: String,
    value: Value,
}

/// A key of an object, and where both stand.
struct Member {
    name: String,
    key: Range<usize>,
    value: Range<usize>,
}

impl Document {
    /// Reads one object; nothing at all is an empty one. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Document, String> {
        let text = if text.trim().is_empty() { "{}\n" } else { text };
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !value.is_object() {
            return Err("no JSON object".to_owned());
        }
        Ok(Document { text: text.to_owned(), value })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value below these keys.
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.value, |value, key| value.get(key))
    }

    /// The names of the object below these keys.
    pub fn names(&self, path: &[&str]) -> Vec<String> {
        self.get(path).and_then(Value::as_object).map(|object| object.keys().cloned().collect()).unwrap_or_default()
    }

    /// Gives the last of these keys this value; missing objects on the way are made.
    pub fn set(&mut self, path: &[&str], value: &Value) -> Result<(), String> {
        for depth in 1..path.len() {
            if self.get(&path[..depth]).is_none() {
                self.put(&path[..depth], &Value::Object(serde_json::Map::new()))?;
            }
        }
        self.put(path, value)
    }

    /// Takes the last of these keys out. It is no error if it is not there.
    pub fn remove(&mut self, path: &[&str]) -> Result<(), String> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        if self.get(path).is_none() {
            return Ok(());
        }
        let object = self.object(parents)?;
        let members = self.members(&object)?;
        let at = members.iter().position(|member| member.name == *last).ok_or("not found")?;
        let range = match (at.checked_sub(1).map(|before| &members[before]), members.get(at + 1)) {
            (_, Some(next)) => members[at].key.start..next.key.start,
            (Some(before), None) => before.value.end..members[at].value.end,
            (None, None) => object.start + 1..object.end - 1,
        };
        self.replace(range, "", path, None)
    }

    fn put(&mut self, path: &[&str], value: &Value) -> Result<(), String> {
        let (last, parents) = path.split_last().ok_or("no key")?;
        let object = self.object(parents)?;
        let members = self.members(&object)?;
        let printed = value.to_string();
        if let Some(member) = members.iter().find(|member| member.name == *last) {
            return self.replace(member.value.clone(), &printed, path, Some(value));
        }
        let key = Value::from(*last);
        match members.last() {
            Some(end) => {
                let before = members.len().checked_sub(2).map_or(object.start + 1, |at| members[at].value.end);
                let gap = self.text[before..end.key.start].trim_start_matches(',');
                let colon = &self.text[end.key.end..end.value.start];
                let added = format!(",{gap}{key}{colon}{printed}");
                self.replace(end.value.end..end.value.end, &added, path, Some(value))
            }
            None => {
                let (line, unit) = self.lines();
                let inside = format!("{line}{}", unit.repeat(parents.len() + 1));
                let is_dense = line.is_empty() && !self.text.contains("\": ") && self.text.trim() != "{}";
                let colon = if is_dense { ":" } else { ": " };
                let after = format!("{line}{}", unit.repeat(parents.len()));
                let added = format!("{inside}{key}{colon}{printed}{after}");
                self.replace(object.start + 1..object.end - 1, &added, path, Some(value))
            }
        }
    }

    /// The line end of this document, and how far one level stands in. A document in one line has neither.
    fn lines(&self) -> (&str, &str) {
        let line = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let body = self.text.trim();
        if body != "{}" && !body.contains('\n') {
            return ("", "");
        }
        let inside = body.split('\n').nth(1).unwrap_or("\t");
        let unit = &inside[..inside.len() - inside.trim_start_matches([' ', '\t']).len()];
        (line, if body == "{}" { "\t" } else { unit })
    }

    /// Changes the text, and looks whether it says what is wanted and nothing else.
    fn replace(&mut self, at: Range<usize>, by: &str, path: &[&str], value: Option<&Value>) -> Result<(), String> {
        let mut wanted = self.value.clone();
        let (last, parents) = path.split_last().ok_or("no key")?;
        let object = parents.iter().try_fold(&mut wanted, |value, key| value.get_mut(key));
        let object = object.and_then(Value::as_object_mut).ok_or("no JSON object")?;
        match value {
            Some(value) => drop(object.insert((*last).to_owned(), value.clone())),
            None => drop(object.remove(*last)),
        }
        let mut text = self.text.clone();
        text.replace_range(at, by);
        let now: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if now != wanted {
            return Err(format!("\"{last}\" stands there more than once"));
        }
        (self.text, self.value) = (text, now);
        Ok(())
    }

    /// Where the object below these keys stands.
    fn object(&self, path: &[&str]) -> Result<Range<usize>, String> {
        let start = self.text.find('{').ok_or("no JSON object")?;
        let mut object = start..self.text.rfind('}').ok_or("no JSON object")? + 1;
        for key in path {
            let members = self.members(&object)?;
            // Of two with one name readers take the last one.
            let member = members.into_iter().rev().find(|member| member.name == *key).ok_or("not found")?;
            object = member.value;
        }
        if self.text[object.clone()].starts_with('{') { Ok(object) } else { Err("no JSON object".to_owned()) }
    }

    /// What stands in an object. The text is JSON, so that commas, colons and brackets outside of texts are such.
    fn members(&self, object: &Range<usize>) -> Result<Vec<Member>, String> {
        let text = self.text.as_bytes();
        let skip = |mut at: usize| {
            while text.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b':')) {
                at += 1;
            }
            at
        };
        let (mut members, mut at) = (Vec::new(), skip(object.start + 1));
        while at < object.end - 1 {
            let key = at..end_of_value(text, at);
            let start = skip(key.end);
            let value = start..end_of_value(text, start);
            let name = serde_json::from_str(&self.text[key.clone()]).map_err(|error| error.to_string())?;
            at = skip(value.end);
            members.push(Member { name, key, value });
        }
        Ok(members)
    }
}

fn end_of_value(text: &[u8], start: usize) -> usize {
    let (mut depth, mut in_text, mut at) = (0usize, false, start);
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if in_text => at += 1,
            b'"' => {
                in_text = !in_text;
                if !in_text && depth == 0 {
                    return at + 1;
                }
            }
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return if depth == 0 { at } else { at + 1 },
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, path: &[&str]) -> String {
        let mut document = Document::parse(text).unwrap();
        document.set(path, &Value::from("loom")).unwrap();
        document.text
    }

    fn removed(text: &str, path: &[&str]) -> String {
        let mut document = Document::parse(text).unwrap();
        document.remove(path).unwrap();
        document.text
    }

    #[test]
    fn a_key_is_added_as_the_others_stand() {
        assert_eq!(set("{\n  \"a\": 1\n}", &["s"]), "{\n  \"a\": 1,\n  \"s\": \"loom\"\n}");
        assert_eq!(set("{\"a\":1}", &["s"]), "{\"a\":1,\"s\":\"loom\"}");
        assert_eq!(set("{\"a\": 1, \"b\": 2}", &["s"]), "{\"a\": 1, \"b\": 2, \"s\": \"loom\"}");
        assert_eq!(set("{\r\n\t\"a\": [1, 2]\r\n}", &["s"]), "{\r\n\t\"a\": [1, 2],\r\n\t\"s\": \"loom\"\r\n}");
    }

    #[test]
    fn missing_objects_are_made_as_the_others_stand() {
        let made = "{\n\t\"a\": 1,\n\t\"h\": {\n\t\t\"x:1\": \"loom\"\n\t}\n}";
        assert_eq!(set("{\n\t\"a\": 1\n}", &["h", "x:1"]), made);
        assert_eq!(set("", &["s"]), "{\n\t\"s\": \"loom\"\n}\n");
        assert_eq!(set("{\"a\":{}}", &["h", "x"]), "{\"a\":{},\"h\":{\"x\":\"loom\"}}");
    }

    #[test]
    fn a_value_is_replaced_and_nothing_else() {
        let text = "{ \"x\" : \"}\\\"\" ,\"s\" : \"old\"  , \"z\":[ {\"s\":\"old\"} ] }";
        assert_eq!(set(text, &["s"]), text.replacen("\"old\"", "\"loom\"", 1));
    }

    #[test]
    fn a_key_is_taken_out_with_its_comma() {
        assert_eq!(removed("{\"a\": 1, \"b\": 2, \"c\": 3}", &["b"]), "{\"a\": 1, \"c\": 3}");
        assert_eq!(removed("{\"a\": 1, \"b\": 2}", &["b"]), "{\"a\": 1}");
        assert_eq!(removed("{\"a\": {\n\"b\": 2\n}}", &["a", "b"]), "{\"a\": {}}");
    }

    #[test]
    fn a_name_that_stands_twice_is_left_alone() {
        let mut document = Document::parse("{\"s\": \"a\", \"s\": \"b\"}").unwrap();
        assert!(document.set(&["s"], &Value::from("loom")).is_err());
        assert_eq!(document.text(), "{\"s\": \"a\", \"s\": \"b\"}");
    }
}
