use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::fault::Sent;
use super::pieces::in_pieces;
use super::request::print_line;
use super::{Empty, Fault, VERSION};
use crate::base::Locale;

/// A line the agent sends: the answer, why there is none, or on the way there an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply<T, E = Empty> {
    /// The answer. Nothing follows it.
    Ok(T),
    /// Why there is no answer. Nothing follows it.
    Error(Fault),
    /// What happens on the way to the answer. Another line follows it.
    Event(E),
}

/// Why a frame is not a reply that this program understands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The frame is neither answer, error nor event, or not of the type that was expected.
    #[error("neither answer, error nor event")]
    Malformed,
    /// The frame is of this version of the protocol, not of [`VERSION`].
    #[error("protocol version {0} is not spoken here")]
    Version(u32),
}

impl<T: DeserializeOwned, E: DeserializeOwned> Reply<T, E> {
    /// Parses a line, put together where it came in pieces. Unknown fields are ignored; another version may mean
    /// something else, and is an error.
    pub fn parse(frame: &[u8]) -> Result<Self, ReplyError> {
        #[derive(Deserialize)]
        struct Line<T, E> {
            v: u32,
            ok: Option<T>,
            error: Option<Fault>,
            event: Option<E>,
        }
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let line: Line<T, E> = match serde_json::from_slice(frame) {
            Ok(line) => line,
            // Of another version only the number can be counted on.
            Err(_) => match serde_json::from_slice(frame) {
                Ok(Version { v }) if v != VERSION => return Err(ReplyError::Version(v)),
                Ok(_) | Err(_) => return Err(ReplyError::Malformed),
            },
        };
        match line {
            Line { v, .. } if v != VERSION => Err(ReplyError::Version(v)),
            Line { ok: Some(answer), .. } => Ok(Reply::Ok(answer)),
            Line { error: Some(fault), .. } => Ok(Reply::Error(fault)),
            Line { event: Some(event), .. } => Ok(Reply::Event(event)),
            _ => Err(ReplyError::Malformed),
        }
    }
}

/// The sentence beside the answer in a frame that a person should read, if there is one.
pub fn note_beside(frame: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Noted {
        note: Option<String>,
    }
    serde_json::from_slice::<Noted>(frame).ok()?.note
}

/// Prints the outcome of a verb as a frame, or as pieces if it is longer than one, its texts rendered in `locale`.
pub fn print_reply<T: Serialize>(outcome: &Result<T, Fault>, locale: Locale) -> Zeroizing<Vec<u8>> {
    print_noted_reply(outcome, None, locale)
}

/// Prints the outcome of a verb as [`print_reply`] does, and beside an answer `note`, a sentence that a person should
/// read.
pub fn print_noted_reply<T: Serialize>(
    outcome: &Result<T, Fault>,
    note: Option<String>,
    locale: Locale,
) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct Ok<'a, T> {
        v: u32,
        ok: &'a T,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    #[derive(Serialize)]
    struct Error {
        v: u32,
        error: Sent,
    }
    in_pieces(match outcome {
        Result::Ok(answer) => print_line(&Ok { v: VERSION, ok: answer, note }),
        Err(fault) => print_line(&Error { v: VERSION, error: fault.rendered(locale) }),
    })
}

/// Prints an event as a frame, or as pieces if it is longer than one.
pub fn print_event<E: Serialize>(event: &E) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct Event<'a, E> {
        v: u32,
        event: &'a E,
    }
    in_pieces(print_line(&Event { v: VERSION, event }))
}
