//! Drives the real programs against real components. One folder per room; each folder's `mod.rs` lists its files.

// A test says by a panic that it failed.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod access;
mod agent;
mod cli;
mod faults;
mod git;
mod house;
mod http;
mod oauth;
mod platforms;
mod proxy;
mod store;
mod support;
mod tools;
