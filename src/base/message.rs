//! A sentence as an id with arguments, rendered late.
//!
//! `en.ftl`, `es.ftl` and `ar.ftl` hold the texts, help included. Numbers stay numbers for plural rules; Arabic lines
//! are isolated so that URLs in them read in order.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::printable::printable;

/// A sentence for a person: the id of a text and its arguments. It becomes text late, in the reader's language.
///
/// Arguments are made printable when they are added, so no text of a server, a settings file or a repository reaches a
/// terminal raw. Built with [`msg!`](crate::msg).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    id: Cow<'static, str>,
    args: Vec<(Cow<'static, str>, String)>,
    reason: Option<Box<Message>>,
}

impl Message {
    /// A message without arguments. Prefer [`msg!`](crate::msg), which a test checks against the texts.
    pub fn new(id: impl Into<Cow<'static, str>>) -> Self {
        Message { id: id.into(), args: Vec::new(), reason: None }
    }

    /// Adds an argument, made printable.
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Display) -> Self {
        self.args.push((name.into(), printable(&value.to_string())));
        self
    }

    /// Adds the sentence that says why; texts show it as `{ $reason }`.
    pub fn because(mut self, reason: Message) -> Self {
        self.reason = Some(Box::new(reason));
        self
    }

    /// The sentence that says why.
    pub fn reason(&self) -> Option<&Message> {
        self.reason.as_deref()
    }

    /// The id in the `.ftl` files.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Name and value of each argument, in the order they were added.
    pub fn args(&self) -> impl Iterator<Item = (&str, &str)> {
        self.args.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }
}

/// Builds a [`Message`]: `msg!("not-logged-in", server = url)`.
#[macro_export]
macro_rules! msg {
    ($id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::base::Message::new($id)$(.with(stringify!($name), &$value))*
    };
}
