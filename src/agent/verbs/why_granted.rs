//! Explains what grants would say to a push or a call. It asks the very place that decides, so that the explanation
//! cannot differ from what happens.

use url::Url;

use crate::access::{Authority, NotGranted, Standing};
use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::gate::viewer::Viewer;
use crate::base::{Admission, Missing, RefChange, RefName, Repository, ServerUrl, UrlPath};
use crate::msg;
use crate::wire::{Fault, WhyGranted, WhyGrantedReply, reason};

impl Handle for WhyGranted {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<WhyGrantedReply, Fault> {
        let authority = match &self.token {
            None => caller.authority().clone(),
            Some(name) => {
                let seen = agent.gate.issued(Viewer::new(caller.asker(), caller.authority())).await?;
                let meant = seen.iter().find(|token| token.active && (token.name == *name || token.id == *name));
                let standing = Standing::of_token(&meant.ok_or_else(|| fault::no_such_token(name))?.id);
                let rights = agent.gate.rights_behind(&standing)?.unwrap_or_default();
                Authority::owner().within_tokens(&standing, rights)
            }
        };
        let decided = match (&self.name, &self.method) {
            (Some(name), None) => push(&authority, &self.url, name)?,
            (None, Some(method)) => call(&authority, &self.url, method)?,
            _ => return Err(reason::Request::NotARequest.into()),
        };
        let because = match &decided {
            Decided { granted: true, grant: Some(grant), .. } => msg!("why-granted", grant = grant),
            Decided { granted: true, grant: None, .. } if authority.is_owner() => msg!("why-granted-user"),
            Decided { granted: true, .. } => msg!("why-granted-scopes"),
            Decided { missing: Some(missing), .. } => msg!("why-not-granted", grant = missing),
            Decided { scopes: true, .. } => msg!("why-not-granted-scopes"),
            Decided { .. } => msg!("why-never-granted"),
        };
        Ok(WhyGrantedReply {
            granted: decided.granted,
            grant: decided.grant,
            missing: decided.missing,
            because: caller.locale.render(&because),
            changes: decided.changes.into_iter().map(str::to_owned).collect(),
        })
    }
}

/// What came of a question.
#[derive(Default)]
struct Decided {
    granted: bool,
    grant: Option<String>,
    missing: Option<String>,
    /// It is by scopes that it is not allowed.
    scopes: bool,
    changes: Vec<&'static str>,
}

impl Decided {
    fn not(why: NotGranted) -> Decided {
        let scopes = matches!(why, NotGranted::Scope(_) | NotGranted::Unseen | NotGranted::StatusOnly);
        let missing = match why {
            NotGranted::Missing(Missing::Grant(grant)) => Some(grant),
            _ => None,
        };
        Decided { missing, scopes, ..Decided::default() }
    }
}

/// What may be done to the ref. Whoever may do anything but delete it is said to be allowed to push.
fn push(authority: &Authority, url: &str, name: &str) -> Result<Decided, Fault> {
    let repository = Repository::parse(url).map_err(|error| fault::bad_grant(url, &error))?;
    let odd = || Fault::from(reason::Rights::OddCall);
    let name = RefName::of_person(name).ok_or_else(odd)?;
    let ask = |change| authority.may_change(&repository, &name, change);
    let words = [
        ("create", RefChange::Create),
        ("grow", RefChange::Grow),
        ("rewrite", RefChange::Rewrite),
        ("delete", RefChange::Delete),
    ];
    let granted = |change| matches!(ask(change), Ok(None | Some(Admission::Granted(_))));
    let changes: Vec<&'static str> =
        words.into_iter().filter(|(_, change)| granted(*change)).map(|(word, _)| word).collect();
    let best = ask(RefChange::Rewrite).or_else(|_| ask(RefChange::Grow)).or_else(|_| ask(RefChange::Create));
    Ok(match best {
        Ok(admission) => {
            let grant = admission.map(|(Admission::Granted(grant) | Admission::IfItGrows(grant))| grant.to_string());
            Decided { granted: true, grant, changes, ..Decided::default() }
        }
        // The least that could be granted.
        Err(why) => Decided::not(ask(RefChange::Create).err().unwrap_or(why)),
    })
}

fn call(authority: &Authority, url: &str, method: &str) -> Result<Decided, Fault> {
    let odd = || Fault::from(reason::Api::OddPath);
    let parsed = Url::parse(url).ok().filter(|parsed| parsed.as_str() == url || format!("{url}/") == parsed.as_str());
    let parsed = parsed.ok_or_else(odd)?;
    let server = ServerUrl::parse(&parsed.origin().ascii_serialization())
        .map_err(|error| fault::from_server_url(url, &error))?;
    let path = UrlPath::parse(parsed.path()).map_err(|_| odd())?;
    let need = crate::access::needed(method, path.as_str());
    Ok(match authority.may_call(&server, &[method], &path, need.scope) {
        Ok(grant) => Decided { granted: true, grant: grant.map(ToString::to_string), ..Decided::default() },
        Err(why) => Decided::not(why),
    })
}
