//! The house's own rules: floors, texts, manual pages, and what the fuzzers have found.

mod fuzzed;
mod layers;
mod pages;
mod rooms;
mod source;
mod texts;
