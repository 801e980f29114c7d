//! `loom doctor`: what is damaged and what can be restored. Nothing is repaired unless it is asked for, and the exit
//! code says whether all is well.

use loom_credentials::base::{ServerUrl, printable};
use loom_credentials::msg;
use loom_credentials::wire::{
    self, AccountStatus, Checked, Condition, DoctorReply, Fault, FileCondition, Warning, reason,
};

use crate::args::Doctor;
use crate::{Context, term};

pub fn run(args: &Doctor, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    let found = client.ask(&wire::Doctor { restore: args.restore })?;
    // Of a server that is named it is asked, too, whether it still takes what is kept for it.
    let at = |server: &ServerUrl| client.ask(&wire::Status { server: Some(server.clone()), check: true });
    let asked = context.named.as_ref().map(at).transpose()?;
    if args.json {
        let mut document = serde_json::to_value(&found).unwrap_or_default();
        if let Some(asked) = &asked {
            document["accounts"] = serde_json::to_value(&asked.accounts).unwrap_or_default();
        }
        term::data_line(&document.to_string())
    } else {
        show(&found, context);
        asked.iter().for_each(|asked| super::status::show(context.locale, asked));
    }
    if let Some(server) =
        context.named.as_ref().filter(|_| asked.as_ref().is_some_and(|asked| asked.accounts.is_empty()))
    {
        return Err(reason::Login::NotLoggedIn { server: server.clone(), account: None }.into());
    }
    let is_refused =
        |account: &AccountStatus| account.checked == Some(Checked::Refused) || account.state != Condition::Valid;
    let is_well = found.problem.is_none()
        && !asked.iter().flat_map(|asked| &asked.accounts).any(is_refused)
        && found.damaged.is_empty()
        && found.tokens_gone.is_none()
        && found.audit.is_whole()
        && !found.warnings.iter().any(Warning::is_trouble)
        && matches!(found.file.state, FileCondition::Absent | FileCondition::Whole);
    Ok(if is_well { 0 } else { 1 })
}

fn show(found: &DoctorReply, context: &Context) {
    let say = |message| term::data_line(&context.locale.render(&message));
    say(msg!("agent-runs", pid = found.agent.pid, version = found.agent.version));
    if !found.agent.memory_locked {
        say(msg!("memory-not-locked"));
    }
    if let Some(door) = &found.door {
        let path = printable(&door.path);
        say(match &door.kept_by {
            Some(keeper) => msg!("doctor-door-kept", path = path, keeper = printable(keeper)),
            None => msg!("doctor-door", path = path),
        });
    }
    if let Some(url) = &found.agent.http {
        say(msg!("agent-serves", url = url));
    }
    if let Some(keyring) = &found.keyring {
        let name = printable(&keyring.name);
        say(if keyring.used { msg!("doctor-keyring", name = name) } else { msg!("doctor-keyring-idle", name = name) });
        if let Some(reason) = &keyring.reason {
            term::data_line(&printable(reason));
        }
    }
    let (path, count) = (&found.file.path, found.file.accounts.len());
    match found.file.state {
        FileCondition::Absent => say(msg!("doctor-file-absent", path = path)),
        FileCondition::Whole => say(msg!("doctor-file-whole", path = path, count = count)),
        FileCondition::Damaged => {
            say(msg!("doctor-file-damaged", path = path, count = count));
            list(found);
            say(msg!("doctor-restore"));
        }
        FileCondition::Missing => {
            say(msg!("doctor-file-missing", path = path, count = count));
            list(found);
        }
        FileCondition::Locked => say(msg!("doctor-file-locked", path = path)),
        FileCondition::Closed => say(msg!("doctor-file-closed", path = path)),
    }
    if let Some(path) = &found.put_aside {
        say(msg!("doctor-put-aside", path = path));
    }
    if let Some(path) = &found.tokens_gone {
        say(msg!("note-tokens-gone", path = path));
    }
    for account in &found.damaged {
        say(msg!("note-damaged", server = account.server, account = account.account));
    }
    for chain in &found.audit.chains {
        super::audit::about(chain).into_iter().for_each(say);
    }
    for warning in &found.warnings {
        term::data_line(&printable(&warning.text));
    }
    if let Some(trouble) = &found.audit.trouble {
        say(super::audit::not_written(trouble));
    }
    if let Some(problem) = &found.problem {
        term::data_line(&printable(problem));
    }
}

/// Whose records can be restored.
fn list(found: &DoctorReply) {
    for record in &found.file.accounts {
        term::data_line(&format!("    {}  {}", record.server, printable(&record.account)));
    }
}
