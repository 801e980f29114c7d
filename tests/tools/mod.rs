//! The helpers of other tools, started as the tools start them: by a name of their own.

mod aws;
mod bench;
mod cargo;
mod commands;
mod containers;
mod docker;
mod door;
mod go;
mod kubectl;
mod npm;
mod public_pulls;
mod python;
mod setup_aws;
mod setup_bench;
mod setup_cargo;
mod setup_docker;
mod setup_go;
mod setup_kubectl;
mod setup_lines;
mod setup_podman;
mod setup_terraform;
mod site;
mod terraform;
mod together;
mod vault;
