//! What went wrong, as types: an enum per topic. Code, text and hint of a reason stand in its row and nowhere else, so
//! whoever has to decide something by a fault matches on reasons, and a text may be named and worded anew.

#[macro_use]
mod table;

mod agent;
mod api;
mod argument;
mod below;
mod command;
mod door;
mod flow;
mod git;
mod lock;
mod login;
mod people;
mod proxy;
mod request;
mod rights;
mod setup;
mod store;
mod tokens;
mod upstream;

pub use agent::Agent;
pub use api::Api;
pub use argument::Argument;
pub use below::Below;
pub use command::Command;
pub use door::Door;
pub use flow::Flow;
pub use git::Git;
pub use lock::Lock;
pub use login::Login;
pub use people::People;
pub use proxy::Proxy;
pub use request::Request;
pub use rights::Rights;
pub use setup::Setup;
pub use store::Store;
pub use tokens::Tokens;
pub use upstream::Upstream;

use super::{Code, Fault};
use crate::base::Message;

/// What went wrong, by topic. [`Fault::reason`] says it; where one topic is enough, [`Fault::about`] costs less.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// What a front-end meets on its way to the agent.
    Agent(Agent),
    /// Why the agent does not call a server's API, or breaks a call off.
    Api(Api),
    /// What `loom` says itself, of its command line and of what it does besides asking the agent.
    Command(Command),
    /// What goes wrong with the sockets that have a token of their own, and with the HTTP door.
    Door(Door),
    /// Why a login that was under way came to nothing.
    Flow(Flow),
    /// What is said to git only.
    Git(Git),
    /// What is locked, and what is wrong with a passphrase.
    Lock(Lock),
    /// What is wrong with the login or the credential for a server.
    Login(Login),
    /// What keeps people from signing in, and machines from being approved.
    People(People),
    /// Why the agent does not hand a request of somebody else's program on.
    Proxy(Proxy),
    /// What is wrong with a request, or with the agent that it reached.
    Request(Request),
    /// Why somebody may not do what they ask for.
    Rights(Rights),
    /// What keeps `loom setup` from telling another tool to ask loom.
    Setup(Setup),
    /// What goes wrong where things are kept.
    Store(Store),
    /// What is wrong with issuing, naming or ending a token of the agent's own.
    Tokens(Tokens),
    /// What a server does wrong, or what lies in the way to it.
    Upstream(Upstream),
    /// A reason that this version does not know, or one that another module reports in its own words. The code says
    /// what to do.
    Other(Code),
}

impl Reason {
    /// Reads it from code, id and arguments.
    pub(super) fn of(fault: &Fault) -> Reason {
        // What agents say goes before what a front-end would say in the same words.
        let read = Api::read(fault).map(Reason::Api);
        read.or_else(|| Door::read(fault).map(Reason::Door))
            .or_else(|| Flow::read(fault).map(Reason::Flow))
            .or_else(|| Lock::read(fault).map(Reason::Lock))
            .or_else(|| Login::read(fault).map(Reason::Login))
            .or_else(|| People::read(fault).map(Reason::People))
            .or_else(|| Proxy::read(fault).map(Reason::Proxy))
            .or_else(|| Request::read(fault).map(Reason::Request))
            .or_else(|| Rights::read(fault).map(Reason::Rights))
            .or_else(|| Store::read(fault).map(Reason::Store))
            .or_else(|| Tokens::read(fault).map(Reason::Tokens))
            .or_else(|| Upstream::read(fault).map(Reason::Upstream))
            .or_else(|| Agent::read(fault).map(Reason::Agent))
            .or_else(|| Command::read(fault).map(Reason::Command))
            .or_else(|| Git::read(fault).map(Reason::Git))
            .or_else(|| Setup::read(fault).map(Reason::Setup))
            .unwrap_or(Reason::Other(fault.code()))
    }
}

/// The rows of all topics.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    let topics = [
        Agent::ROWS,
        Api::ROWS,
        Command::ROWS,
        Door::ROWS,
        Flow::ROWS,
        Git::ROWS,
        Lock::ROWS,
        Login::ROWS,
        People::ROWS,
        Proxy::ROWS,
        Request::ROWS,
        Rights::ROWS,
        Setup::ROWS,
        Store::ROWS,
        Tokens::ROWS,
        Upstream::ROWS,
    ];
    topics.into_iter().flatten()
}

/// The reasons that are about one thing. A program links only the topics that it names, so git's helper stays small.
pub trait Topic: Sized {
    /// What follows from each reason of the topic, in the order of its variants.
    const ROWS: &'static [Row];

    /// The fault that says this reason, to programs and to people.
    fn fault(&self) -> Fault;

    /// The reason that a fault says, if it is of this topic.
    fn read(fault: &Fault) -> Option<Self>;

    /// One of each.
    #[cfg(test)]
    fn samples() -> Vec<Self>;
}

/// What follows from a reason: one row of the table of its topic.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What a program should do.
    pub code: Code,
    /// The id of the text that says what went wrong.
    pub id: &'static str,
    /// The names of the arguments that both texts are given.
    pub args: &'static [&'static str],
    /// The id of the text that says what a person can do, if there is one.
    pub hint: Option<&'static str>,
}

impl<T: Topic> From<T> for Fault {
    fn from(reason: T) -> Fault {
        reason.fault()
    }
}

/// Here, so that a row costs its arguments only.
fn fault(code: Code, id: &'static str, hint: Option<&'static str>, args: &[(&'static str, &dyn Argument)]) -> Fault {
    let with_args = |id| args.iter().fold(Message::new(id), |message, (name, value)| value.add(name, message));
    Fault::new(code, with_args(id), hint.map(with_args))
}

#[cfg(test)]
mod tests;
