use std::collections::BTreeMap;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::reason::{Reason, Topic};
use crate::base::{Locale, Message};

/// What a program should do about a fault; loom-protocol(7) says more of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// Nothing is known here: git asks its next helper.
    NotFound,
    /// A person has to log in, or log in again.
    LoginRequired,
    /// The store or the agent is locked: a person has to unlock it.
    Locked,
    /// Whoever asks may not, or it would not be safe.
    Denied,
    /// Whoever asks through the HTTP door has not shown who they are.
    Unauthenticated,
    /// Too much was asked or tried; the argument `seconds` of the message says when to come back.
    TooMany,
    /// The agent has other settings and another store than whoever asks means.
    Elsewhere,
    /// The question makes no sense, here or in this version: asking again does not help.
    BadRequest,
    /// The agent, a server or a store does not answer, or not as it should. Later it may.
    Unavailable,
    /// The command line is wrong. Said by front-ends, never by an agent.
    Usage,
    /// Whoever asked has cancelled it.
    Cancelled,
    /// A mistake in loom, or a code of a newer loom.
    #[serde(other)]
    Internal,
}

impl Code {
    /// The code as it stands in frames and in the audit log.
    pub fn name(self) -> &'static str {
        match self {
            Code::NotFound => "not_found",
            Code::LoginRequired => "login_required",
            Code::Locked => "locked",
            Code::Denied => "denied",
            Code::Unauthenticated => "unauthenticated",
            Code::TooMany => "too_many",
            Code::Elsewhere => "elsewhere",
            Code::BadRequest => "bad_request",
            Code::Unavailable => "unavailable",
            Code::Usage => "usage",
            Code::Cancelled => "cancelled",
            Code::Internal => "internal",
        }
    }
}

/// Why there is no answer: a code for programs; a message and a hint for people.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", .texts.message.text(Locale::En))]
pub struct Fault {
    code: Code,
    /// Boxed: a fault travels through every `Result`, mostly as one that did not happen.
    texts: Box<Texts>,
}

#[derive(Clone, Debug)]
struct Texts {
    message: Text,
    hint: Option<Text>,
}

/// A text of ours, or one that the agent already rendered.
#[derive(Clone, Debug)]
enum Text {
    Message(Message),
    Rendered { id: String, args: BTreeMap<String, String>, text: String },
}

impl Fault {
    /// For reasons only, which say what goes with what.
    pub(super) fn new(code: Code, message: Message, hint: Option<Message>) -> Self {
        Fault { code, texts: Box::new(Texts { message: Text::Message(message), hint: hint.map(Text::Message) }) }
    }

    /// Says what to do about it, in place of what the reason says: for callers that know better.
    pub fn hint(mut self, hint: Message) -> Self {
        self.texts.hint = Some(Text::Message(hint));
        self
    }

    /// The code, which tells a program what to do.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What went wrong, as a type to match on; works for a fault that an agent sent as for one that was made here.
    pub fn reason(&self) -> Reason {
        Reason::of(self)
    }

    /// What went wrong, if topic `T` has a reason for it. A program links only the topics that it asks for.
    pub fn about<T: Topic>(&self) -> Option<T> {
        T::read(self)
    }

    /// The server to log in to, and the account if one was meant, where the code is [`Code::LoginRequired`] and says
    /// so.
    pub fn login(&self) -> Option<(&str, Option<&str>)> {
        let server = self.arg("server").filter(|_| self.code == Code::LoginRequired)?;
        Some((server, self.arg("account")))
    }

    /// Prints a fault for another program of loom, its texts not yet rendered. `None` for one that an agent sent, whose
    /// texts are. The inverse of [`parse`](Self::parse).
    pub fn print(&self) -> Option<String> {
        let unrendered = |text: &Text| match text {
            Text::Message(message) => Some(message.clone()),
            Text::Rendered { .. } => None,
        };
        let hint = self.texts.hint.as_ref().and_then(unrendered);
        serde_json::to_string(&Unrendered { code: self.code, message: unrendered(&self.texts.message)?, hint }).ok()
    }

    /// Parses what [`print`](Self::print) printed; `None` for anything else.
    pub fn parse(text: &str) -> Option<Fault> {
        let Unrendered { code, message, hint } = serde_json::from_str(text).ok()?;
        Some(Fault { code, texts: Box::new(Texts { message: Text::Message(message), hint: hint.map(Text::Message) }) })
    }

    /// Message and hint of a fault that an agent sent, in the language of the request; `None` for one that was made
    /// here.
    pub fn rendered_texts(&self) -> Option<(&str, Option<&str>)> {
        match (&self.texts.message, &self.texts.hint) {
            (Text::Rendered { text, .. }, None) => Some((text, None)),
            (Text::Rendered { text, .. }, Some(Text::Rendered { text: hint, .. })) => Some((text, Some(hint))),
            _ => None,
        }
    }

    /// The id of the message, for logs. Ids may change: decide by [`reason`](Self::reason).
    pub fn id(&self) -> impl Display {
        self.text_id()
    }

    /// Whether this was said with this code and this text.
    pub(super) fn says(&self, code: Code, id: &str) -> bool {
        self.code == code && self.text_id() == id
    }

    /// An argument of the message, whether it was sent by the agent or is about to be.
    pub(super) fn arg(&self, name: &str) -> Option<&str> {
        match &self.texts.message {
            Text::Message(message) => message.args().find_map(|(own, value)| (own == name).then_some(value)),
            Text::Rendered { args, .. } => args.get(name).map(String::as_str),
        }
    }

    fn text_id(&self) -> &str {
        match &self.texts.message {
            Text::Message(message) => message.id(),
            Text::Rendered { id, .. } => id,
        }
    }

    /// What went wrong, in one sentence. What an agent sent stays in the language that the agent rendered it in.
    pub fn message(&self, locale: Locale) -> String {
        self.texts.message.text(locale)
    }

    /// What a person can do about it, where there is something; in the same language as [`message`](Self::message).
    pub fn hint_text(&self, locale: Locale) -> Option<String> {
        self.texts.hint.as_ref().map(|hint| hint.text(locale))
    }

    /// The fault with its texts rendered, ready to be sent.
    pub(super) fn rendered(&self, locale: Locale) -> Sent {
        let args = match &self.texts.message {
            Text::Message(message) => message.args().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            Text::Rendered { args, .. } => args.clone(),
        };
        let (message, hint) = (self.message(locale), self.hint_text(locale));
        Sent { code: self.code, id: self.text_id().to_owned(), args, message, hint }
    }
}

impl Text {
    fn text(&self, locale: Locale) -> String {
        match self {
            Text::Message(message) => locale.render(message),
            Text::Rendered { text, .. } => text.clone(),
        }
    }
}

/// A fault between our own programs.
#[derive(Serialize, Deserialize)]
struct Unrendered {
    code: Code,
    message: Message,
    hint: Option<Message>,
}

/// A fault on the wire.
#[derive(Serialize, Deserialize)]
pub(super) struct Sent {
    code: Code,
    #[serde(default)]
    id: String,
    #[serde(default)]
    args: BTreeMap<String, String>,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let sent = Sent::deserialize(from)?;
        let text = |text: String| Text::Rendered { id: sent.id.clone(), args: sent.args.clone(), text };
        let texts = Texts { message: text(sent.message), hint: sent.hint.map(text) };
        Ok(Fault { code: sent.code, texts: Box::new(texts) })
    }
}
