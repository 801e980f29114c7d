//! Git's credential helper: what git says on standard input becomes one question, and the reply one answer. It never
//! keeps git waiting without end, and where it has nothing to give it lets git ask its next helper.

use zeroize::Zeroizing;

use super::git_login::{self, Offer};
use super::input::{ALL_WITHIN, read, refused, write};
use super::{Client, Place};
use crate::git::{self, Operation};
use crate::os::alarm;
use crate::wire::{Code, Fault, Get, reason};

/// Does what git asks of a credential helper, on the standard input and output of this process (gitcredentials(7),
/// "CUSTOM HELPERS"). The system ends the process where that takes too long.
///
/// `args` is the command line after the program's name; git's spelling for `credential.helper = loom credential-helper`
/// has that word in front of the operation.
pub fn run(args: &[String]) -> Result<(), Fault> {
    let operation = match args {
        [first, operation, ..] if first == "credential-helper" => operation,
        [operation, ..] => operation,
        [] => return Err(reason::Git::Usage.into()),
    };
    match Operation::from_name(operation) {
        Some(Operation::Capability) => write(git::CAPABILITIES),
        Some(operation) => perform(operation),
        None if operation.starts_with('-') => Err(reason::Git::Usage.into()),
        // A newer git may ask for things that older helpers do not know.
        None => Ok(()),
    }
}

fn perform(operation: Operation) -> Result<(), Fault> {
    let request = git::Request::parse(&input()?).map_err(|error| refused(error.message()))?;
    alarm::end_after(ALL_WITHIN);
    let client = Client::from_environment()?.for_git();
    let done = match operation {
        Operation::Get => {
            let Place { directory, named } = Place::here();
            get(&client, &Get { named_directory: named, ..request.into_get(directory) })
        }
        Operation::Store => request.into_store().map_or(Ok(()), |store| client.ask(&store).map(|_| ())),
        Operation::Erase => client.ask(&request.into_erase()).map(|_| ()),
        Operation::Capability => Ok(()),
    };
    match done {
        // Nothing to say is no error: git asks the next helper, or the person.
        Err(fault) if fault.code() == Code::NotFound && !is_cleartext(&fault) => Ok(()),
        // What git approves or rejects, a token that may only read does not change.
        Err(fault) if operation != Operation::Get && is_scope_missing(&fault) => Ok(()),
        other => other,
    }
}

/// Git asks for what would go in clear, and a person may wonder why it gets nothing.
fn is_cleartext(fault: &Fault) -> bool {
    matches!(fault.about(), Some(reason::Git::Cleartext { .. }))
}

fn is_scope_missing(fault: &Fault) -> bool {
    matches!(fault.about(), Some(reason::Rights::ScopeMissing { .. }))
}

fn get(client: &Client, question: &Get) -> Result<(), Fault> {
    let reply = match client.ask(question) {
        Err(fault) if matches!(fault.code(), Code::LoginRequired | Code::Locked) => {
            // A person takes the time that they take.
            alarm::cancel();
            let offer = git_login::offer(&fault);
            alarm::end_after(ALL_WITHIN);
            match offer {
                // The question has an answer now.
                Offer::Taken => client.ask(question),
                Offer::Left => return write(git::QUIT),
                // What went wrong was said on the terminal, with what to do: once is enough.
                Offer::Failed => return Ok(()),
                Offer::None => Err(fault),
            }
        }
        other => other,
    };
    match git::print_answer(&reply?) {
        Some(answer) => write(&answer),
        None => Err(reason::Git::SecretNotSayable.into()),
    }
}

/// Git closes its end, but whoever types by hand ends with an empty line.
fn input() -> Result<Zeroizing<Vec<u8>>, Fault> {
    read(git::MAX_INPUT, |so_far| so_far.ends_with(b"\n\n"))
}
