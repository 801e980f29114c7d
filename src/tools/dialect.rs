use super::exchange::{Call, ToolRequest};

/// What the small program can be started as.
pub struct Dialect {
    /// The name of the program, as the tool looks for it.
    pub(super) program: &'static str,
    /// What the tool says, given its arguments.
    pub(super) input: fn(&[String]) -> Input,
    /// What the helper says at first, unasked.
    pub(super) greeting: &'static str,
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
    /// Requests, a line each, until the stream ends.
    Lines,
}

impl Dialect {
    /// What to read before there is a request.
    pub fn input(&self, args: &[String]) -> Input {
        (self.input)(args)
    }

    /// What is said first.
    pub fn greeting(&self) -> &'static str {
        self.greeting
    }

    /// Parses a call.
    pub fn parse(&self, call: &Call<'_>) -> Box<dyn ToolRequest> {
        (self.parse)(call)
    }
}
