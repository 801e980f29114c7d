//! Git LFS's batch API: which large files somebody wants to move, and where the server says that they are. Both are
//! read strictly and written anew; the links and their headers are the server's secrets, which no client is given.

use serde_json::{Map, Value, json};

use crate::base::UniqueValue;

/// The longest question or answer, in bytes.
pub const MAX_BATCH: usize = 1024 * 1024;

/// The most files of one question. Clients ask for a hundred.
const MAX_OBJECTS: usize = 2000;

/// Which way the files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LfsOperation {
    /// From the server.
    Download,
    /// To the server.
    Upload,
}

/// A question for where large files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LfsBatch {
    /// Which way they go.
    pub operation: LfsOperation,
    /// The ref for which they are, as the client says.
    pub reference: Option<String>,
    objects: Vec<LfsObject>,
}

/// A large file: the SHA-256 of what is in it, and its length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LfsObject {
    /// 64 hexadecimal digits.
    pub id: String,
    /// In bytes.
    pub size: u64,
}

/// What a client is to do with one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LfsAction {
    /// `GET` it.
    Download,
    /// `PUT` it.
    Upload,
    /// `POST` that it has been put there.
    Verify,
}

/// Where a file is, and what has to be shown there.
pub struct LfsLink {
    /// The URL, which may be a secret.
    pub href: String,
    /// Headers, which may be secrets.
    pub headers: Vec<(String, String)>,
    /// For how many seconds, where the server says so.
    pub expires_in: Option<u64>,
}

/// What a server says of each of the files.
pub struct LfsAnswer {
    objects: Vec<LfsAnswered>,
}

struct LfsAnswered {
    object: LfsObject,
    actions: Vec<(LfsAction, LfsLink)>,
    error: Option<(u64, String)>,
}

/// The error of JSON that is no question, or no answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the batch API of Git LFS")]
pub struct NoLfs;

impl LfsOperation {
    fn name(self) -> &'static str {
        match self {
            LfsOperation::Download => "download",
            LfsOperation::Upload => "upload",
        }
    }
}

impl LfsAction {
    fn name(self) -> &'static str {
        match self {
            LfsAction::Download => "download",
            LfsAction::Upload => "upload",
            LfsAction::Verify => "verify",
        }
    }

    /// The method with which it is done.
    pub fn method(self) -> &'static str {
        match self {
            LfsAction::Download => "GET",
            LfsAction::Upload => "PUT",
            LfsAction::Verify => "POST",
        }
    }

    fn belongs_to(self, operation: LfsOperation) -> bool {
        matches!(self, LfsAction::Download) == matches!(operation, LfsOperation::Download)
    }
}

impl LfsBatch {
    /// Reads a question. What is not known of it is left out of what is asked.
    pub fn parse(bytes: &[u8]) -> Result<LfsBatch, NoLfs> {
        let question = object(bytes)?;
        let operation = match question.get("operation").and_then(Value::as_str) {
            Some("download") => LfsOperation::Download,
            Some("upload") => LfsOperation::Upload,
            _ => return Err(NoLfs),
        };
        let reference = match question.get("ref") {
            None | Some(Value::Null) => None,
            Some(of) => Some(of.get("name").and_then(Value::as_str).ok_or(NoLfs)?.to_owned()),
        };
        let is_basic = |all: &Vec<Value>| all.is_empty() || all.iter().any(|one| one.as_str() == Some("basic"));
        let transfers = question.get("transfers").map(|all| all.as_array().is_some_and(is_basic));
        let hash = question.get("hash_algo").map(|name| name.as_str() == Some("sha256"));
        if !transfers.unwrap_or(true) || !hash.unwrap_or(true) {
            return Err(NoLfs);
        }
        let objects = question.get("objects").and_then(Value::as_array).filter(|all| all.len() <= MAX_OBJECTS);
        let objects = objects.ok_or(NoLfs)?.iter().map(LfsObject::parse).collect::<Result<_, _>>()?;
        Ok(LfsBatch { operation, reference, objects })
    }

    /// The question as the server gets it: only the way of transfer that is understood here.
    pub fn print(&self) -> Vec<u8> {
        let objects: Vec<Value> = self.objects.iter().map(LfsObject::print).collect();
        let mut question = json!({
            "operation": self.operation.name(), "transfers": ["basic"], "objects": objects, "hash_algo": "sha256",
        });
        if let Some(name) = &self.reference {
            question["ref"] = json!({ "name": name });
        }
        question.to_string().into_bytes()
    }
}

impl LfsObject {
    fn parse(value: &Value) -> Result<LfsObject, NoLfs> {
        let id = value.get("oid").and_then(Value::as_str).ok_or(NoLfs)?;
        let is_id = id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let size = value.get("size").and_then(Value::as_u64).filter(|_| is_id);
        Ok(LfsObject { id: id.to_owned(), size: size.ok_or(NoLfs)? })
    }

    fn print(&self) -> Value {
        json!({ "oid": self.id, "size": self.size })
    }
}

impl LfsAnswer {
    /// Reads the answer to a question: of no other files, and only what may be done with them.
    pub fn parse(bytes: &[u8], asked: &LfsBatch) -> Result<LfsAnswer, NoLfs> {
        let answer = object(bytes)?;
        if answer.get("transfer").is_some_and(|transfer| transfer.as_str() != Some("basic")) {
            return Err(NoLfs);
        }
        let objects = answer.get("objects").and_then(Value::as_array).filter(|all| all.len() <= MAX_OBJECTS);
        let read = |value: &Value| LfsAnswered::parse(value, asked);
        let objects = objects.ok_or(NoLfs)?.iter().map(read).collect::<Result<_, _>>()?;
        Ok(LfsAnswer { objects })
    }

    /// The answer as the client gets it, with another link in place of each, which `link` makes; `None` where there is
    /// none to be given, and why.
    pub fn print(
        &self,
        mut link: impl FnMut(&LfsObject, LfsAction, &LfsLink) -> Result<(String, u64), String>,
    ) -> Vec<u8> {
        let mut shown = |answered: &LfsAnswered| {
            let mut actions = Map::new();
            let mut error = answered.error.clone();
            for (action, of) in &answered.actions {
                match link(&answered.object, *action, of) {
                    Ok((href, expires_in)) => {
                        actions.insert(action.name().to_owned(), json!({ "href": href, "expires_in": expires_in }));
                    }
                    Err(why) => error = Some((403, why)),
                }
            }
            let mut shown = answered.object.print();
            match error {
                Some((code, message)) => shown["error"] = json!({ "code": code, "message": message }),
                // Absent where there is nothing to do: the server has the file.
                None if actions.is_empty() => {}
                None => {
                    shown["authenticated"] = json!(true);
                    shown["actions"] = Value::Object(actions);
                }
            }
            shown
        };
        let objects: Vec<Value> = self.objects.iter().map(&mut shown).collect();
        json!({ "transfer": "basic", "objects": objects, "hash_algo": "sha256" }).to_string().into_bytes()
    }
}

impl LfsAnswered {
    fn parse(value: &Value, asked: &LfsBatch) -> Result<LfsAnswered, NoLfs> {
        let object = LfsObject::parse(value)?;
        if !asked.objects.contains(&object) {
            return Err(NoLfs);
        }
        let error = value.get("error").map(|error| {
            let code = error.get("code").and_then(Value::as_u64).unwrap_or(500);
            (code, error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned())
        });
        let mut actions = Vec::new();
        for action in [LfsAction::Download, LfsAction::Upload, LfsAction::Verify] {
            let link = value.get("actions").and_then(|actions| actions.get(action.name()));
            if let Some(link) = link.filter(|_| action.belongs_to(asked.operation)) {
                actions.push((action, LfsLink::parse(link)?));
            }
        }
        Ok(LfsAnswered { object, actions, error })
    }
}

impl LfsLink {
    fn parse(value: &Value) -> Result<LfsLink, NoLfs> {
        let href = value.get("href").and_then(Value::as_str).ok_or(NoLfs)?.to_owned();
        let headers = match value.get("header") {
            None | Some(Value::Null) => Vec::new(),
            Some(all) => {
                let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
                all.as_object().and_then(|all| all.iter().map(text).collect()).ok_or(NoLfs)?
            }
        };
        let expires_in = value.get("expires_in").and_then(Value::as_u64);
        Ok(LfsLink { href, headers, expires_in })
    }
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, NoLfs> {
    if bytes.len() > MAX_BATCH {
        return Err(NoLfs);
    }
    match serde_json::from_slice(bytes) {
        Ok(UniqueValue(Value::Object(object))) => Ok(object),
        _ => Err(NoLfs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1111111111111111111111111111111111111111111111111111111111111111";

    fn asked(more: &str) -> Result<LfsBatch, NoLfs> {
        LfsBatch::parse(format!(r#"{{"objects":[{{"oid":"{ID}","size":3}}],{more}}}"#).as_bytes())
    }

    #[test]
    fn a_question_is_read_strictly_and_asked_anew() {
        let batch = asked(r#""operation":"upload","transfers":["tus","basic"],"ref":{"name":"refs/heads/a"},"x":1"#);
        let said = String::from_utf8(batch.unwrap().print()).unwrap();
        assert!(said.contains(r#""transfers":["basic"]"#) && said.contains("refs/heads/a") && !said.contains("tus"));
        for bad in [
            r#""operation":"download","operation":"upload""#,
            r#""operation":"delete""#,
            r#""operation":"upload","ref":{"name":"a","name":"b"}"#,
            r#""operation":"upload","ref":"refs/heads/a""#,
            r#""operation":"upload","transfers":["tus"]"#,
            r#""operation":"upload","hash_algo":"md5""#,
            r#""operation":"upload","objects":[]"#,
        ] {
            assert_eq!(asked(bad), Err(NoLfs), "{bad}");
        }
        assert_eq!(LfsBatch::parse(br#"{"operation":"upload","objects":[{"oid":"../x","size":1}]}"#), Err(NoLfs));
    }

    #[test]
    fn an_answer_shows_no_link_and_no_header_of_the_servers() {
        let batch = asked(r#""operation":"upload""#).unwrap();
        let links = |action: &str| format!(r#""{action}":{{"href":"https://x/s3cr3t","header":{{"A":"s3cr3t"}}}}"#);
        let said = format!(
            r#"{{"objects":[{{"oid":"{ID}","size":3,"actions":{{{},{},{}}}}}]}}"#,
            links("upload"),
            links("verify"),
            links("download"),
        );
        let answer = LfsAnswer::parse(said.as_bytes(), &batch).unwrap();
        let mut seen = Vec::new();
        let shown = answer.print(|_, action, link| {
            seen.push((action, link.headers.len()));
            Ok((format!("http://here/{}", action.name()), 60))
        });
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(seen, [(LfsAction::Upload, 1), (LfsAction::Verify, 1)]);
        assert!(!shown.contains("s3cr3t") && shown.contains("http://here/verify"), "{shown}");
        let refused = String::from_utf8(answer.print(|_, _, _| Err("elsewhere".into()))).unwrap();
        assert!(refused.contains(r#""code":403"#) && !refused.contains("actions"), "{refused}");
        let other = said.replace(r#""size":3"#, r#""size":4"#);
        assert!(LfsAnswer::parse(other.as_bytes(), &batch).is_err());
    }
}
