//! Loom's helper as the tools start it: the names that it gets for them, and one call of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use loom_credentials::base::plain_file::{self, MAX_TEXT};
use loom_credentials::base::{Secret, ServerUrl, Tool, private_file};
use loom_credentials::client::Client;
use loom_credentials::msg;
use loom_credentials::os::{naming, private};
use loom_credentials::wire::{Fault, GitCredential, Store, reason};
use zeroize::Zeroizing;

use super::machine::Machine;
use super::record::Record;
use super::tool::{Clear, Link, Place, host};
use crate::{Context, helper_program, term};

/// Sees to it that the helper has this name, and returns its path and whether that was made now. What else has the name
/// stays.
pub fn named(
    link: &Link,
    machine: &Machine,
    before: Option<&Record>,
    context: &Context,
) -> Result<(PathBuf, bool), Fault> {
    let helper = helper_program::path()?;
    let found = machine.program(&link.name);
    let dir = match (&link.place, found) {
        (Place::Path, Some(path)) if naming::is_name_of(&helper, &path) => return Ok((path, false)),
        (Place::Path, Some(path)) => return taken(path),
        (Place::Path, None) => beside(&helper, machine),
        (Place::OwnPath(dir) | Place::Directory(dir), _) => dir.clone(),
    };
    let path = dir.join(format!("{}{}", link.name, std::env::consts::EXE_SUFFIX));
    let is_new = !naming::is_name_of(&helper, &path);
    if is_new {
        let is_ours = before.is_some_and(|record| record.links.contains(&path)) || leads_to_no_helper(&path);
        if private_file::is_there(&path) {
            if !is_ours {
                return taken(path);
            }
            private_file::remove(&path)?;
        }
        let failed =
            |error: std::io::Error| reason::Command::FileTrouble { path: path.clone(), error: error.to_string() };
        private::create_dirs(&dir).map_err(failed)?;
        naming::add_name(&helper, &path).map_err(failed)?;
    }
    let is_found = || machine.program(&link.name).is_some_and(|found| naming::is_name_of(&helper, &found));
    if !matches!(link.place, Place::Directory(_)) && !is_found() {
        term::say(context.locale, &msg!("setup-not-in-path", directory = dir.display(), program = link.name));
    }
    Ok((path, is_new))
}

/// Takes such a name away again, if it still is one.
pub fn unnamed(path: &Path) -> Result<(), Fault> {
    let is_ours =
        helper_program::path().is_ok_and(|helper| naming::is_name_of(&helper, path)) || leads_to_no_helper(path);
    if is_ours { Ok(private_file::remove(path)?) } else { Ok(()) }
}

fn taken(path: PathBuf) -> Result<(PathBuf, bool), Fault> {
    Err(reason::Setup::NameTaken { path }.into())
}

/// A link to a helper of loom that is not there any more.
fn leads_to_no_helper(path: &Path) -> bool {
    let to = path.read_link().ok().filter(|_| !path.exists());
    to.and_then(|to| Some(to.file_stem()? == "git-credential-loom")).unwrap_or(false)
}

/// Where the helper lies, if more names can be made there; else where a user's own programs lie.
fn beside(helper: &Path, machine: &Machine) -> PathBuf {
    let dir = helper.parent().unwrap_or(Path::new("/"));
    if private::is_usable(dir) { dir.to_owned() } else { machine.home(".local/bin") }
}

/// Starts the helper as a tool does, and returns what it says. The error is its own sentence.
pub fn told(program: &Path, args: &[&str], env: &[(&str, &str)], input: &str) -> Result<Zeroizing<String>, String> {
    let mut command = Command::new(program);
    command.args(args).envs(env.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut pipe) = child.stdin.take() {
        // It may refuse before it has read everything.
        let _ = pipe.write_all(input.as_bytes());
    }
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    let said = Zeroizing::new(String::from_utf8_lossy(&done.stdout).into_owned());
    if done.status.success() {
        return Ok(said);
    }
    let beside = String::from_utf8_lossy(&done.stderr);
    let line = beside.lines().chain(said.lines()).next().unwrap_or_default();
    Err(line.trim_start_matches("loom: ").to_owned())
}

/// Whether this is the secret. It is an error if it is none: some tools' helpers say nothing and are content.
pub fn is_same(said: &str, clear: &Clear) -> Result<bool, String> {
    if said.is_empty() { Err(String::new()) } else { Ok(*said == **clear.secret) }
}

/// Has the agent keep a token as a server takes it in a header. What a login made is not replaced by it.
pub fn kept_as_token(client: &Client, server: &ServerUrl, by: (Tool, &str), token: &str) -> Result<(), String> {
    kept(client, server, by, Some("Bearer"), token)
}

/// The same with a password.
pub fn kept_as_password(client: &Client, server: &ServerUrl, by: (Tool, &str), password: &str) -> Result<(), String> {
    kept(client, server, by, None, password)
}

fn kept(
    client: &Client,
    server: &ServerUrl,
    (tool, account): (Tool, &str),
    authtype: Option<&str>,
    secret: &str,
) -> Result<(), String> {
    let question = Store {
        which: GitCredential { username: Some(account.to_owned()), ..in_gits_words(server) },
        authtype: authtype.map(str::to_owned),
        secret: Secret::new(secret.to_owned()),
        password_expiry_utc: None,
        oauth_refresh_token: None,
        tool: Some(tool),
    };
    client.ask(&question).map(drop).map_err(|fault| fault.message(client.locale()))
}

fn in_gits_words(server: &ServerUrl) -> GitCredential {
    let path = Some(server.path().trim_start_matches('/').to_owned()).filter(|path| !path.is_empty());
    GitCredential {
        protocol: server.scheme().to_owned(),
        host: host(server),
        path,
        escaped: true,
        ..GitCredential::default()
    }
}

/// Writes a file of loom's own.
pub fn written(path: &Path, text: &str) -> Result<(), Fault> {
    let failed =
        |error: std::io::Error| reason::Command::FileTrouble { path: path.to_owned(), error: error.to_string() };
    path.parent().map_or(Ok(()), private::create_dirs).map_err(failed)?;
    Ok(private_file::replace(path, text.as_bytes())?)
}

/// A program in a line of settings that is split at blanks.
pub fn word(program: &Path) -> String {
    let program = program.to_string_lossy();
    if program.contains(' ') { format!("\"{program}\"") } else { program.into_owned() }
}

/// What a file holds, if it can be read.
pub fn text_of(file: &Path) -> Option<Zeroizing<String>> {
    plain_file::read_text(file, MAX_TEXT).ok()
}

/// The text behind base64, if it is one.
pub fn from_base64(text: &str) -> Option<Zeroizing<String>> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    String::from_utf8(bytes).ok().map(Zeroizing::new)
}
