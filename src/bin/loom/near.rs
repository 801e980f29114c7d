//! What somebody probably meant: a command, an option, a setting, a server, an account that is spelled almost so. It is
//! only ever said, and never taken in place of what was typed.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, Error};
use loom_credentials::base::{
    Config, Message, Role, Scope, ServerUrl, ServerUrlError, Setting, is_visible, printable, shell_word,
};
use loom_credentials::msg;
use loom_credentials::wire::{self, AccountStatus, Fault, reason};

use crate::{Context, elsewhere};

/// Commands that no person types.
const INTERNAL: [&str; 2] = ["ask", "say"];

/// The one of these that is spelled almost so: a letter or two apart, or the beginning of it.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('_', "-");
    let apart = |word: &&str| {
        let word = word.to_lowercase().replace('_', "-");
        let is_begun = typed.len() > 2 && word.starts_with(&typed);
        if is_begun { 1 } else { strsim::damerau_levenshtein(&typed, &word) }
    };
    let near = known.into_iter().map(|word| (apart(&word), word)).min_by_key(|(apart, _)| *apart)?;
    let most = match typed.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    (near.0 <= most).then_some(near.1)
}

/// What a wrong command line probably was to be.
pub fn meant(error: &Error, line: &[OsString]) -> Option<Message> {
    use std::error::Error as _;
    let texts = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let first = |kind| texts(kind).into_iter().find(|text| !INTERNAL.contains(&text.as_str()));
    let value = first(ContextKind::InvalidValue);
    if let Some(ServerUrlError::Ssh { https }) = error.source().and_then(|source| source.downcast_ref()) {
        return Some(msg!("hint-typed-so", line = corrected(line, &value?, https)?));
    }
    // Clap's order says little of which is nearest.
    let best = |kind, wrong: &str| {
        let found: Vec<String> = texts(kind).into_iter().filter(|text| !INTERNAL.contains(&text.as_str())).collect();
        nearest(wrong, found.iter().map(String::as_str)).or(found.last().map(String::as_str)).map(str::to_owned)
    };
    let wrong_command = first(ContextKind::InvalidSubcommand);
    let (wrong, right) = if let Some(wrong) = wrong_command {
        // A name that another tool has goes before one that is spelled almost so.
        if let Some(ours) = elsewhere::ours(&wrong) {
            return Some(did_you_mean(ours));
        }
        let right = best(ContextKind::SuggestedSubcommand, &wrong);
        (wrong, right)
    } else if let Some(value) = value {
        let known = first(ContextKind::InvalidArg).filter(|arg| arg.starts_with("--scope"));
        let scope = known.and_then(|_| nearest(&value, Scope::EVERY.map(Scope::name)));
        let right = best(ContextKind::SuggestedValue, &value).or(scope.map(str::to_owned));
        (value, right)
    } else {
        let wrong = first(ContextKind::InvalidArg)?;
        let right = best(ContextKind::SuggestedArg, &wrong);
        (wrong, right)
    };
    let right = right?;
    let right = right.split([' ', '=']).next().unwrap_or_default();
    Some(did_you_mean(&corrected(line, &wrong, right).unwrap_or_else(|| right.to_owned())))
}

/// The fault with what was probably meant, where the agent does not know what was named.
pub fn explained(fault: Fault, account: Option<&str>, context: Option<&Context>) -> Fault {
    if let Some(reason::Command::UnknownSetting { key, .. }) = fault.about() {
        return suggest(fault, &key, Setting::ALL.map(Setting::name));
    }
    match fault.about() {
        Some(reason::Tokens::UnknownRole { role }) => {
            let config = context.and_then(|context| Config::load(&context.client().ok()?.paths().config_file()).ok());
            let own = config.iter().flat_map(|config| config.roles().keys()).map(String::as_str);
            return suggest(fault, &role, Role::EVERY.map(Role::name).into_iter().chain(own));
        }
        Some(reason::Tokens::NoSuchToken { name }) => {
            let known = context.and_then(|context| context.client().ok()?.ask(&wire::Tokens { all: false }).ok());
            let known = known.map(|reply| reply.tokens).unwrap_or_default();
            return suggest(fault, &name, known.iter().map(|token| token.name.as_str()));
        }
        _ => {}
    }
    match fault.about() {
        Some(reason::Login::NotLoggedIn { server, .. }) => not_logged_in(fault, &server, account, context),
        _ => fault,
    }
}

/// Nobody is logged in there: perhaps there is another account, or the server is a letter away.
fn not_logged_in(fault: Fault, server: &ServerUrl, account: Option<&str>, context: Option<&Context>) -> Fault {
    let status = context.and_then(|context| context.client().ok()?.ask(&wire::Status::default()).ok());
    let accounts = status.map(|status| status.accounts).unwrap_or_default();
    let here: Vec<&AccountStatus> = accounts.iter().filter(|known| known.server.same_origin(server)).collect();
    if let Some(account) = account.filter(|_| !here.is_empty()) {
        let names: Vec<&str> = here.iter().filter_map(|known| known.account.as_deref()).collect();
        return no_such_account(server, account, &names);
    }
    if let Some(account) = account {
        let line = ["loom", "login", &server.to_string(), "--account", &shell_word(account)].join(" ");
        return fault.hint(msg!("hint-typed-so", line = line));
    }
    let known: Vec<String> = accounts.iter().map(|known| known.server.to_string()).collect();
    let same_host = accounts.iter().find(|known| known.server.host() == server.host());
    match same_host.map(|known| known.server.to_string()) {
        Some(same) => fault.hint(did_you_mean(&same)),
        None => suggest(fault, &server.to_string(), known.iter().map(String::as_str)),
    }
}

/// The server has accounts of these names, and none of this one.
pub fn no_such_account(server: &ServerUrl, account: &str, names: &[&str]) -> Fault {
    let fault = Fault::from(reason::Command::NoSuchAccount {
        server: server.clone(),
        account: printable(account),
        known: printable(&names.join(", ")),
    });
    suggest(fault, account, names.iter().copied())
}

fn suggest<'a>(fault: Fault, typed: &str, known: impl IntoIterator<Item = &'a str>) -> Fault {
    match nearest(typed, known) {
        Some(near) if is_visible(near) => fault.hint(did_you_mean(near)),
        Some(_) | None => fault,
    }
}

pub fn did_you_mean(what: &str) -> Message {
    msg!("hint-did-you-mean", what = what)
}

/// A login that came to nothing, with the line to begin it again: with all that was said the first time.
pub fn again(fault: Fault, line: &[OsString]) -> Fault {
    use reason::Flow::{CodeExpired, LoginDenied, NeedsBrowser, NobodyCame, NotTheRedirect, OtherLogin};
    let is_to_repeat = matches!(
        fault.about(),
        Some(
            CodeExpired { .. }
                | LoginDenied { .. }
                | NeedsBrowser { .. }
                | NobodyCame { .. }
                | NotTheRedirect { .. }
                | OtherLogin { .. }
        )
    );
    let words: Option<Vec<String>> = line.iter().skip(1).map(|word| word.to_str().map(shell_word)).collect();
    match words.filter(|_| is_to_repeat) {
        Some(words) => fault.hint(msg!("hint-typed-so", line = format!("loom {}", words.join(" ")))),
        None => fault,
    }
}

/// The command line with one word in place of another, ready to be typed.
pub fn corrected(line: &[OsString], wrong: &str, right: &str) -> Option<String> {
    let words: Vec<&str> = line.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
    let is_wrong = |word: &&str| {
        *word == wrong || word.split_once('=').is_some_and(|(name, value)| name == wrong || value == wrong)
    };
    let at = words.iter().position(is_wrong)?;
    let word = |(place, word): (usize, &&str)| match (place == at, word.split_once('=')) {
        (true, Some((name, value))) if name == wrong => format!("{right}={}", shell_word(&without_password(value))),
        (true, Some((name, value))) if value == wrong => format!("{name}={right}"),
        (true, _) => right.to_owned(),
        (false, _) => shell_word(&without_password(word)),
    };
    let words: Vec<String> = words.iter().enumerate().map(word).collect();
    Some(format!("loom {}", words.join(" ")))
}

/// A word of the command line without who stands before a host in it, and their password.
fn without_password(word: &str) -> String {
    let parts =
        word.split_once("://").map(|(scheme, rest)| (scheme, rest.split(['/', '?', '#']).next().unwrap_or(rest)));
    match parts.and_then(|(scheme, authority)| Some((scheme, authority, authority.rsplit_once('@')?))) {
        Some((scheme, authority, (user, host))) if user.contains(':') => {
            word.replacen(&format!("{scheme}://{authority}"), &format!("{scheme}://{host}"), 1)
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_letter_or_two_away_is_near_and_nothing_else() {
        let near = |typed: &str| nearest(typed, ["generate", "list", "revoke"]);
        assert_eq!(near("lsit"), Some("list"));
        assert_eq!(near("generat"), Some("generate"));
        assert_eq!(near("gen"), Some("generate"));
        assert_eq!(near("status"), None);
        assert_eq!(near("x"), None);
        assert_eq!(nearest("default-sever", ["default_server"]), Some("default_server"));
    }

    #[test]
    fn a_command_line_is_given_back_with_one_word_changed() {
        let line: Vec<OsString> = ["loom", "logn", "--scope", "a b"].iter().map(OsString::from).collect();
        assert_eq!(corrected(&line, "logn", "login").unwrap(), "loom login --scope a\\ b");
        let line: Vec<OsString> = ["loom", "login", "--sever=x.example"].iter().map(OsString::from).collect();
        assert_eq!(corrected(&line, "--sever", "--server").unwrap(), "loom login --server=x.example");
        let line: Vec<OsString> =
            ["loom", "logn", "--server", "https://me:pw@x.example/a", "--as=http://u:pw@h"].map(OsString::from).into();
        let said = corrected(&line, "logn", "login").unwrap();
        assert_eq!(said, "loom login --server https://x.example/a --as\\=http://h");
    }
}
