//! The helpers of other tools, started as the tools start them: by a name of their own.

mod bench;
mod commands;
mod docker;
mod go;
mod kubectl;
mod site;
