//! A file for each verb, or for those of one noun: what is asked, whether it may be, what changes, what is answered.

mod api;
mod audit;
mod devices;
mod doctor;
mod erase;
mod get;
mod hello;
mod issued;
mod keeping;
mod locking;
mod login;
mod logout;
mod proxy;
mod save;
mod serve;
mod sign_in;
mod sockets;
mod status;
mod stop;
mod store;
mod token;
mod why;
mod why_granted;
