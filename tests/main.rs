//! Drives the real programs against real components. One folder per room; each folder's `mod.rs` lists its files.

mod access;
mod agent;
mod cli;
mod faults;
mod git;
mod house;
mod http;
mod oauth;
mod store;
mod support;
