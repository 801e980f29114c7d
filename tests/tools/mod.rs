//! The helpers of other tools, started as the tools start them: by a name of their own.

mod bench;
mod docker;
