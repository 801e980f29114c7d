//! Calling a server's API through the agent, which has the token.

mod answer;
mod body;
mod fields;
mod select;
mod shown;

pub use answer::{Head, refused};
pub use body::Body;
pub use fields::{json, query, raw, typed};
pub use select::Selection;
pub use shown::Shown;

use loom_credentials::client::Client;
use loom_credentials::msg;
use loom_credentials::wire::{Api, ApiEvent, ApiReply, Fault};

use crate::{Context, term};

/// What comes of a call.
pub enum Part {
    Head(Head),
    Data(Vec<u8>),
}

/// Makes the call and hands on what comes of it.
pub fn call(
    client: &Client,
    question: &Api,
    body: &mut Body,
    context: &Context,
    mut seen: impl FnMut(Part) -> Result<(), Fault>,
) -> Result<ApiReply, Fault> {
    client.converse(question, |event| {
        match event {
            ApiEvent::Body { again } => return body.piece(again).map(Some),
            ApiEvent::Waiting { seconds } => term::say(context.locale, &msg!("api-waiting", seconds = seconds)),
            ApiEvent::Head { version, status, headers } => seen(Part::Head(Head { version, status, headers }))?,
            ApiEvent::Data { data } => seen(Part::Data(data))?,
            ApiEvent::Unknown => {}
        }
        Ok(None)
    })
}
