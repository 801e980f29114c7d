//! Floor 2: git's credential helper protocol (gitcredentials(7)), as parsing and printing of streams.

mod answer;
mod challenge;
mod configuration;
mod operation;
mod request;

pub use answer::{CAPABILITIES, QUIT, print_answer};
pub use challenge::schemes;
pub use configuration::{Configuration, Helpers, Scope, example};
pub use operation::Operation;
pub use request::{MAX_INPUT, Request, RequestError};
