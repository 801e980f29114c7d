//! Floor 3: git's credential helper protocol (gitcredentials(7), git-credential(1)), as parsing and printing of bytes.

mod answer;
mod challenge;
mod configuration;
mod operation;
mod request;
mod request_error;

pub use answer::{CAPABILITIES, QUIT, print_answer};
pub use challenge::schemes;
pub use configuration::{Configuration, Helpers, Scope, example};
pub use operation::Operation;
pub use request::{MAX_INPUT, Request};
pub use request_error::RequestError;
