//! The agent's life, its socket, and whom it gives what.

mod brought;
mod client;
mod ends;
mod foreign;
mod life;
mod lock;
mod many;
mod memory;
mod paths;
mod places;
mod redirects;
mod sleep;
mod soak;
mod socket;
mod starter;
mod thrift;
mod unneeded;
mod upgrade;
mod waiting;
mod wire;
