use std::io::Write;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::git_login::{self, Offer};
use super::{Client, Place};
use crate::base::Message;
use crate::git::{self, Operation};
use crate::msg;
use crate::wire::{Code, Fault, Get, reason};

/// How long git may take to say what it wants.
const INPUT_WITHIN: Duration = Duration::from_secs(10);

/// What has no deadline of its own ends with the process after so many seconds: a look at the directory that git works in
/// can wait for its disk for ever.
const ALL_WITHIN: u32 = 9;

/// Does what git asks of a credential helper, on this process' own streams, which the system ends where that takes too long.
/// `args` is the command line after the program's name; git's spelling for `credential.helper = loom credential-helper` has
/// that word in front of the operation.
pub fn run(args: &[String]) -> Result<(), Fault> {
    let operation = match args {
        [first, operation, ..] if first == "credential-helper" => operation,
        [operation, ..] => operation,
        [] => return Err(reason::Git::Usage.into()),
    };
    match Operation::from_name(operation) {
        Some(Operation::Capability) => write_stdout(git::CAPABILITIES),
        Some(operation) => perform(operation),
        None if operation.starts_with('-') => Err(reason::Git::Usage.into()),
        // A newer git may ask for things that older helpers do not know.
        None => Ok(()),
    }
}

fn perform(operation: Operation) -> Result<(), Fault> {
    let request = git::Request::parse(&read_input()?).map_err(|error| refused(error.message()))?;
    ends_within(ALL_WITHIN);
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
            takes_its_time();
            let offer = git_login::offer(&fault);
            ends_within(ALL_WITHIN);
            match offer {
                // The question has an answer now.
                Offer::Taken => client.ask(question),
                Offer::Left => return write_stdout(git::QUIT),
                Offer::None => Err(fault),
            }
        }
        other => other,
    };
    match git::print_answer(&reply?) {
        Some(answer) => write_stdout(&answer),
        None => Err(reason::Git::SecretNotSayable.into()),
    }
}

/// Has the system end this process after so many seconds: it can do so whatever the process waits for, and it costs less
/// than a thread that looks at the clock.
#[cfg(unix)]
fn ends_within(seconds: u32) {
    nix::unistd::alarm::set(seconds);
}

#[cfg(unix)]
fn takes_its_time() {
    nix::unistd::alarm::cancel();
}

#[cfg(not(unix))]
fn ends_within(_: u32) {}

#[cfg(not(unix))]
fn takes_its_time() {}

/// Reads stdin to its end, but not for ever and not without bound.
fn read_input() -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut input = Zeroizing::new(Vec::with_capacity(4096));
    let mut chunk = Zeroizing::new([0; 4096]);
    let until = Instant::now() + INPUT_WITHIN;
    while input.len() <= git::MAX_INPUT && wait_for_input(until.saturating_duration_since(Instant::now()))? {
        // Not through std's buffer: what waits there, poll does not see.
        match rustix::io::read(rustix::stdio::stdin(), &mut *chunk) {
            Ok(0) => break,
            Ok(count) => input.extend_from_slice(&chunk[..count]),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(broken_stream(error)),
        }
        // Git closes its end, but whoever types by hand ends with an empty line.
        if input.ends_with(b"\n\n") {
            break;
        }
    }
    Ok(input)
}

/// Waits until stdin can be read, `Err` when the time is over.
fn wait_for_input(within: Duration) -> Result<bool, Fault> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdin = rustix::stdio::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let timeout = Timespec { tv_sec: within.as_secs() as i64, tv_nsec: within.subsec_nanos().into() };
    match poll(&mut fds, Some(&timeout)) {
        Ok(0) => Err(reason::Git::InputTimeout.into()),
        Ok(_) => Ok(true),
        Err(rustix::io::Errno::INTR) => Ok(true),
        Err(error) => Err(broken_stream(error)),
    }
}

fn write_stdout(bytes: &[u8]) -> Result<(), Fault> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(unsaid)
}

/// Git did not get the answer.
fn unsaid(error: std::io::Error) -> Fault {
    reason::Git::StdoutFailed { error: error.to_string() }.into()
}

fn refused(reason: Message) -> Fault {
    reason::Git::InputRefused { reason: Some(reason) }.into()
}

fn broken_stream(error: impl std::fmt::Display) -> Fault {
    refused(msg!("stdin-unreadable", error = error))
}
