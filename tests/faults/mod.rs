//! Faults: at each system call the process is killed or the disk fails, and what is kept must be whole afterwards.

pub mod bench;
pub mod crash;
mod crowd;
mod hung_mount;
pub mod io;
mod moves;
mod passphrase;
mod room;
pub mod scenarios;
