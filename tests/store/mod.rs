//! Where credentials are kept: the sealed file, a real keyring, and two agents on one store.

mod doctor;
mod file;
mod keyring;
mod keyring_hostile;
mod keyring_outage;
mod moves;
mod two_agents;
mod two_agents_life;
