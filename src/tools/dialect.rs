use super::exchange::{Call, ToolRequest};
use crate::base::Tool;

/// What the small program can be started as.
pub struct Dialect {
    /// The name of the program, as the tool looks for it.
    pub(super) program: &'static str,
    /// Whose helper it is: what it brings is known as this tool's, and only that is forgotten and listed for it.
    pub(super) tool: Tool,
    /// What the tool says, given its arguments.
    pub(super) input: fn(&[String]) -> Input,
    /// Makes a request of a call, also of one that makes no sense.
    pub(super) parse: fn(&Call<'_>) -> Box<dyn ToolRequest>,
}

/// What a tool says on standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing: standard input is not the helper's to read.
    None,
    /// One request, to the end of the stream.
    Whole,
    /// Requests, a line each, until the stream ends; the helper says something first, unasked.
    Lines {
        /// What it says.
        greeting: &'static str,
    },
}

impl Dialect {
    /// Whose helper it is.
    pub fn tool(&self) -> Tool {
        self.tool
    }

    /// What to read before there is a request.
    pub fn input(&self, args: &[String]) -> Input {
        (self.input)(args)
    }

    /// Parses a call.
    pub fn parse(&self, call: &Call<'_>) -> Box<dyn ToolRequest> {
        (self.parse)(call)
    }
}
