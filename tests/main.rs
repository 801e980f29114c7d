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
mod oauth_git;
mod oauth_hostile;
mod oauth_login;
mod oauth_network;
mod oauth_token;
mod pages;
mod store_file;
mod store_keyring;
mod support;
mod texts;
mod why;
mod wire;
