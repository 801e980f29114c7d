//! What is whole and what is not, for `loom doctor`. It changes nothing but the file that a person told it to restore,
//! and that is noted when it is done: the look that follows may fail.

use crate::agent::Agent;
use crate::agent::blocking::{ALL_WITHIN, within, within_or_late};
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::base::StoredIn;
use crate::store::KEYRING;
use crate::store::repair::{self, FileState};
use crate::wire::{Doctor, DoctorReply, DoorReport, Fault, FileAccount, FileCondition, FileReport, KeyringReport};

impl Handle for Doctor {
    const EVENT: Noted = Noted::Asked("doctor");

    /// Looks, and repairs only what it is told to.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<DoctorReply, Fault> {
        let (paths, key) = (agent.paths.clone(), agent.lock.key.clone());
        let held = agent.accounts.look(|accounts| {
            let in_file = accounts.iter().filter(|held| held.stored_in() == StoredIn::File);
            in_file.map(|held| held.record().clone()).collect::<Vec<_>>()
        });
        let held = held.unwrap_or_default();
        let restored = if self.restore {
            let (paths, key, held) = (paths.clone(), key.clone(), held.clone());
            let late = agent.audit.late("store.restore", caller.actor());
            let late = move |restored: &Option<_>| {
                if restored.is_some() {
                    late();
                }
            };
            let restore = move || repair::restore(&paths, &key, &held).map_err(fault::from_store);
            within_or_late(ALL_WITHIN, restore, late).await?
        } else {
            None
        };
        if restored.is_some() {
            agent.audit.note("store.restore", caller.actor(), None, Ok(()));
            let _ = agent.audit.rights_noted().await;
        }
        let examine = move || repair::examine(&paths, &key, &held).map_err(fault::from_store);
        let examined = within(ALL_WITHIN, examine).await?;
        let (state, accounts) = match examined.state {
            FileState::Absent => (FileCondition::Absent, Vec::new()),
            FileState::Whole(accounts) => (FileCondition::Whole, accounts),
            FileState::Damaged(accounts) => (FileCondition::Damaged, accounts),
            FileState::Missing(accounts) => (FileCondition::Missing, accounts),
            FileState::Locked => (FileCondition::Locked, Vec::new()),
            FileState::Closed => (FileCondition::Closed, Vec::new()),
        };
        let audit = agent.audit.verified(&caller.author(), caller.locale).await?;
        let problem = agent.accounts.with(|_| ()).await.err();
        // What hinders the look is the problem.
        let (first, not_used) =
            agent.accounts.first_store().await.map_or((None, None), |(first, why)| (Some(first), why));
        let keyring = KeyringReport {
            name: KEYRING.to_owned(),
            used: first == Some(StoredIn::Keyring),
            reason: not_used.map(|reason| caller.locale.render(&reason)),
        };
        let door = agent
            .doors
            .own()
            .map(|own| DoorReport { path: own.path.display().to_string(), kept_by: own.kept_by.map(str::to_owned) });
        Ok(DoctorReply {
            agent: agent.status(),
            file: FileReport {
                path: examined.path.display().to_string(),
                state,
                accounts: accounts.iter().map(FileAccount::of).collect(),
            },
            audit,
            keyring: Some(keyring),
            door,
            damaged: agent.accounts.damaged(|_| true).iter().map(FileAccount::of).collect(),
            warnings: agent.warnings(caller.authority(), caller.locale),
            tokens_gone: agent.gate.tokens_gone(),
            problem: problem.map(|fault| fault.message(caller.locale)),
            put_aside: restored.and_then(|done| done.put_aside).map(|path| path.display().to_string()),
        })
    }
}
