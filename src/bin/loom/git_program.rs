//! Git as a program: its configuration, asked and changed, never waited for without end.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use loom_credentials::git::Configuration;
use loom_credentials::wire::{Fault, reason};

/// How long git may take to look into its configuration.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Runs git with these arguments, where this command was started.
pub fn git(arguments: &[&str]) -> Result<Output, Fault> {
    git_with(arguments, |_| ())
}

/// The same, where something of its environment is another.
pub fn git_with(arguments: &[&str], adapt: impl FnOnce(&mut Command)) -> Result<Output, Fault> {
    let failed = |error: std::io::Error| reason::Command::GitMissing { error: error.to_string() };
    let mut command = Command::new("git");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    adapt(&mut command);
    let mut child = command.spawn().map_err(failed)?;
    let until = Instant::now() + ANSWER_WITHIN;
    let [stdout, stderr] = [read(child.stdout.take()), read(child.stderr.take())]
        .map(|said| said.recv_timeout(until.saturating_duration_since(Instant::now())));
    let (Ok(stdout), Ok(stderr)) = (stdout, stderr) else {
        end(&mut child);
        return Err(reason::Command::GitSilent { seconds: ANSWER_WITHIN.as_secs() }.into());
    };
    let status = child.wait().map_err(failed)?;
    Ok(Output { status, stdout, stderr })
}

/// What git's configuration says about credentials here.
pub fn configuration() -> Result<Configuration, Fault> {
    let said = git(&Configuration::ARGUMENTS)?;
    match said.status.code() {
        // 1: nothing of the kind stands there.
        Some(0 | 1) => Ok(Configuration::parse(&said.stdout)),
        _ => Err(refused(&said)),
    }
}

/// Git's own words for why not.
pub fn refused(output: &Output) -> Fault {
    let said = String::from_utf8_lossy(&output.stderr);
    reason::Command::GitRefused { error: said.lines().next().unwrap_or_default().to_owned() }.into()
}

/// Whether this is loom among git's helpers, however it is spelled.
pub fn is_loom(helper: &str) -> bool {
    let word = helper.strip_prefix('!').unwrap_or(helper);
    let word = word.strip_prefix("exec ").unwrap_or(word);
    let word = word.strip_suffix(".exe").unwrap_or(word);
    matches!(word, "loom" | "loom credential-helper" | "git-credential-loom")
        || word.strip_suffix(" credential-helper").unwrap_or(word).ends_with("/git-credential-loom")
        || word.ends_with("/loom credential-helper")
}

/// Reads to the end on a thread of its own, which ends with the program.
fn read<P: Read + Send + 'static>(pipe: Option<P>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut said));
        let _ = sender.send(said);
    });
    receiver
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::is_loom;

    #[test]
    fn loom_is_known_by_every_spelling() {
        for ours in [
            "loom",
            "loom credential-helper",
            "/opt/loom/bin/git-credential-loom",
            "/home/a\\ b/git-credential-loom",
            "C:/Users/a/loom/git-credential-loom.exe",
            "!exec /opt/git-credential-loom",
            "!/opt/loom/bin/loom credential-helper",
        ] {
            assert!(is_loom(ours), "{ours}");
        }
        for other in ["cache", "store --file loom", "!gh auth git-credential", "bloom", "/opt/not-git-credential-loom"]
        {
            assert!(!is_loom(other), "{other}");
        }
    }
}
