//! The helpers of other tools, started as the tools start them: by a name of their own.

mod aws;
mod bench;
mod cargo;
mod commands;
mod docker;
mod door;
mod go;
mod kubectl;
mod site;
