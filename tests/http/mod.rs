//! The HTTP door: its REST API, its pages in a browser, and those who mean it no good.

mod api;
mod bodies;
mod call;
mod device;
mod hostile;
mod issuer;
pub mod jwt;
mod limits;
mod machines;
mod openapi;
mod pages;
mod seed;
mod serve;
mod shares;
pub mod sso;
mod strangers;
mod tls;
mod token_door;
mod tokens;
mod wire;
