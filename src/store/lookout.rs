use std::sync::{Arc, Mutex};

use super::Version;
use super::sign::Sign;
use crate::base::{Message, StoredIn, lock};

/// Tells whether the stores changed, without waiting for whoever works on them.
#[derive(Clone)]
pub struct Lookout {
    signs: Arc<[(StoredIn, Box<dyn Sign>)]>,
    news: Arc<Mutex<Option<Message>>>,
}

impl Lookout {
    /// A lookout over these places. One that ends with the agent has nobody else who could change it, and needs none.
    pub(super) fn new(signs: impl Iterator<Item = (StoredIn, Box<dyn Sign>)>) -> Lookout {
        Lookout { signs: signs.filter(|(place, _)| place.outlives_the_agent()).collect(), news: Arc::default() }
    }

    /// Whether this is a handle of the same lookout.
    pub fn is(&self, other: &Lookout) -> bool {
        Arc::ptr_eq(&self.signs, &other.signs)
    }

    /// Whether others can read and change what the stores hold.
    pub fn is_shared(&self) -> bool {
        !self.signs.is_empty()
    }

    /// The present state of the stores. Nothing is opened for this.
    pub fn look(&self) -> Version {
        Version(self.signs.iter().map(|(place, sign)| (*place, sign.now())).collect())
    }

    /// A sentence that a person should see about where credentials are kept from now on. It is returned once.
    pub fn news(&self) -> Option<Message> {
        lock(&self.news).take()
    }

    /// Has a person told where credentials are kept from now on.
    pub(super) fn tell(&self, news: Message) {
        *lock(&self.news) = Some(news);
    }
}
