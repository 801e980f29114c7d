use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::VERSION;
use crate::base::{Locale, Secret, Surroundings, reveal_some};

/// A question to the agent, with the type of its answer.
pub trait Verb: Serialize + DeserializeOwned {
    /// The name of the verb in a request.
    const NAME: &'static str;
    /// Whether asking changes nothing, so that it may be asked once more where no answer came.
    const REPEATABLE: bool = false;
    /// What the agent answers.
    type Reply: Serialize + DeserializeOwned;
}

/// The answer of verbs that only say: done.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Empty {}

/// A request as the agent reads it: the envelope parsed, the verb's own part not yet.
///
/// Unknown fields are ignored, so that a newer front-end can say more.
#[derive(Deserialize)]
pub struct Request<'a> {
    #[serde(rename = "v")]
    version: u32,
    verb: &'a str,
    /// The language for the texts in the reply.
    #[serde(default, deserialize_with = "known_locale")]
    pub locale: Locale,
    /// An issued token (`LOOM_TOKEN`). If present, only its rights count.
    #[serde(default, with = "reveal_some")]
    pub token: Option<Secret>,
    /// What decides where and how things are reached for whoever asks, such as proxies and the session bus.
    #[serde(default)]
    pub env: Option<Surroundings>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

/// Why a frame is not a request that this agent understands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The frame is no request, or not of the form that its verb has.
    #[error("not a request")]
    Malformed,
    /// The request is of this version of the protocol, not of [`VERSION`].
    #[error("protocol version {0} is not spoken here")]
    Version(u32),
}

impl<'a> Request<'a> {
    /// Parses the envelope of a frame. The error does not say what was wrong: it might repeat a secret.
    pub fn parse(frame: &'a [u8]) -> Result<Self, RequestError> {
        let request: Request = serde_json::from_slice(frame).map_err(|_| RequestError::Malformed)?;
        match request.version {
            VERSION => Ok(request),
            other => Err(RequestError::Version(other)),
        }
    }

    /// The name of the verb, which this agent may not know.
    pub fn verb(&self) -> &str {
        self.verb
    }

    /// Parses the verb's own part; `{}` if it is absent.
    pub fn params<V: Verb>(&self) -> Result<V, RequestError> {
        let text = self.params.map_or("{}", RawValue::get);
        serde_json::from_str(text).map_err(|_| RequestError::Malformed)
    }
}

/// A language that is not spoken here is no reason to refuse a request.
fn known_locale<'de, D: Deserializer<'de>>(from: D) -> Result<Locale, D::Error> {
    Ok(Locale::from_tag(&String::deserialize(from)?).unwrap_or_default())
}

/// Prints a request as a frame, LF included. With a token only the token's rights count.
pub fn print_request<V: Verb>(params: &V, locale: Locale, token: Option<&Secret>) -> Zeroizing<Vec<u8>> {
    print_request_from(None, params, locale, token)
}

/// Prints a request as [`print_request`] does, and with it the surroundings of whoever asks.
pub fn print_request_from<V: Verb>(
    env: Option<&Surroundings>,
    params: &V,
    locale: Locale,
    token: Option<&Secret>,
) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct Envelope<'a, V> {
        v: u32,
        verb: &'static str,
        locale: Locale,
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        env: Option<&'a Surroundings>,
        params: &'a V,
    }
    let envelope = Envelope { v: VERSION, verb: V::NAME, locale, token: token.map(Secret::expose), env, params };
    print_line(&envelope)
}

/// Prints a further line of a request, for an event that asks for one.
pub fn print_more(more: &impl Serialize) -> Zeroizing<Vec<u8>> {
    print_line(more)
}

/// One JSON document and its LF, in a buffer that is zeroed when dropped.
pub(super) fn print_line(document: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // Counted first: a buffer that grew would leave copies behind, and one with room to spare takes long to zero.
    let mut length = Length(1);
    // Writing our own types, whose keys are all strings, to memory cannot fail.
    serde_json::to_writer(&mut length, document).unwrap_or_default();
    let mut line = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *line, document).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Counts the bytes that are written to it.
struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
