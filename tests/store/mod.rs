//! Where credentials are kept: the sealed file, a keyring that is real or hostile, and two agents on one store.

mod doctor;
mod file;
mod keyring;
mod keyring_hostile;
mod keyring_lost;
mod keyring_outage;
mod moves;
mod two_agents;
mod two_agents_life;
