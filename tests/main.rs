//! Drives the real programs against real components. The modules mirror `src`.

mod agent;
mod client;
mod commands;
mod demo;
mod fuzzed;
mod git;
mod git_helper;
mod git_https;
mod git_login;
mod heal;
mod hostile;
mod layers;
mod login;
mod logout;
mod pages;
mod store_file;
mod store_keyring;
mod support;
mod texts;
mod why;
mod wire;
