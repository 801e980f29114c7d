//! The house's own rules: floors, rooms, texts, manual pages, maps, and what the fuzzers have found.

mod fuzzed;
mod layers;
mod maps;
mod pages;
mod rooms;
mod source;
mod texts;
