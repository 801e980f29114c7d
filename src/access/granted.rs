//! What grants allow: decided here for `loom api`, the HTTP door and the proxy alike.
//!
//! Every right that counts is asked. Who has grants is allowed what these say and nothing else, whatever their scopes;
//! who has none is allowed what their scopes say. So a token that came of another one never has more than that, in
//! whatever way either is bounded.

use super::authority::Authority;
use super::rights::Rights;
use crate::base::{Admission, Grant, Grants, Missing, RefChange, RefName, Repository, Scope, ServerUrl, UrlPath};

/// Why something is not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotGranted {
    /// There are grants, and this is none of what they allow.
    Missing(Missing),
    /// There are no grants, and no scope that is as good as this one.
    Scope(Scope),
    /// The server is not there for whoever asks.
    Unseen,
    /// Nothing that is kept is used for whoever asks.
    StatusOnly,
}

impl Authority {
    /// Whether any of the rights is bounded by grants.
    pub fn has_grants(&self) -> bool {
        self.held().iter().any(|held| held.rights.grants.is_some())
    }

    /// Whether every one of the rights includes this scope, where it has no grants that say better what may be called.
    pub fn allows_calls_of(&self, needed: Scope) -> bool {
        self.each(|rights| rights.grants.is_some() || rights.scopes.allows(needed))
    }

    /// Whether a path may be called with each of these methods; without grants it takes this scope. The grant is the
    /// one for the last method.
    pub fn may_call(
        &self,
        server: &ServerUrl,
        methods: &[&str],
        path: &UrlPath,
        scope: Scope,
    ) -> Result<Option<&Grant>, NotGranted> {
        let by_grants = |grants: &'_ Grants| {
            let mut found = Err(Missing::Odd);
            for method in methods {
                found = Ok(grants.may_call(server, method, path)?.clone());
            }
            found
        };
        self.decide(|rights| rights.sees_call(server, path), scope, by_grants)?;
        let grant = self.all_grants().find_map(|grants| grants.may_call(server, methods.last()?, path).ok());
        Ok(grant)
    }

    /// Whether a repository may be fetched.
    pub fn may_fetch(&self, repository: &Repository) -> Result<Option<&Grant>, NotGranted> {
        self.decide(
            |rights| rights.sees(repository.url()),
            Scope::Read,
            |grants| grants.may_fetch(repository).map(|_| ()),
        )?;
        Ok(self.all_grants().find_map(|grants| grants.may_fetch(repository).ok()))
    }

    /// Whether anything may be pushed to a repository.
    pub fn may_push(&self, repository: &Repository) -> Result<Option<&Grant>, NotGranted> {
        self.decide(
            |rights| rights.sees(repository.url()),
            Scope::Write,
            |grants| grants.may_push(repository).map(|_| ()),
        )?;
        Ok(self.all_grants().find_map(|grants| grants.may_push(repository).ok()))
    }

    /// Whether any ref of a repository may be deleted.
    pub fn may_delete(&self, repository: &Repository) -> bool {
        self.may_push(repository).is_ok() && self.all_grants().all(|grants| grants.may_delete(repository))
    }

    /// Whether this may be done to a ref; if only under a condition, that counts. Without grants it takes the scope
    /// `write`.
    pub fn may_change(
        &self,
        repository: &Repository,
        name: &RefName,
        change: RefChange,
    ) -> Result<Option<Admission<'_>>, NotGranted> {
        let ask = |grants: &Grants| grants.may_change(repository, name, change).map(|_| ());
        self.decide(|rights| rights.sees(repository.url()), Scope::Write, ask)?;
        let mut all = self.all_grants().filter_map(|grants| grants.may_change(repository, name, change).ok());
        let first = all.next();
        Ok(all.find(|admission| matches!(admission, Admission::IfItGrows(_))).or(first))
    }

    /// The grants about a repository, for whoever is to be told what is allowed there.
    pub fn grants_about(&self, repository: &Repository) -> Vec<&Grant> {
        self.all_grants().next().map(|grants| grants.about(repository).collect()).unwrap_or_default()
    }

    /// The grants that bound it; of several that of the token that was presented.
    pub fn grants(&self) -> Option<&Grants> {
        self.all_grants().next()
    }

    fn all_grants(&self) -> impl Iterator<Item = &Grants> {
        self.held().iter().filter_map(|held| held.rights.grants.as_ref())
    }

    /// What every one of the rights says.
    fn decide<T>(
        &self,
        sees: impl Fn(&Rights) -> bool,
        scope: Scope,
        by_grants: impl Fn(&Grants) -> Result<T, Missing>,
    ) -> Result<(), NotGranted> {
        if self.is_nobody() {
            return Err(NotGranted::Scope(scope));
        }
        self.held().iter().try_for_each(|held| decide(&held.rights, &sees, scope, &by_grants))
    }
}

fn decide<T>(
    rights: &Rights,
    sees: impl Fn(&Rights) -> bool,
    scope: Scope,
    by_grants: impl Fn(&Grants) -> Result<T, Missing>,
) -> Result<(), NotGranted> {
    // What is missing is said also of a server that has no grant at all: it stands in the question.
    let by_grants = rights.grants.as_ref().map(by_grants);
    match by_grants {
        Some(Err(missing)) => Err(NotGranted::Missing(missing)),
        _ if !sees(rights) => Err(NotGranted::Unseen),
        None if !rights.scopes.allows(scope) => Err(NotGranted::Scope(scope)),
        _ if rights.status_only => Err(NotGranted::StatusOnly),
        Some(Ok(_)) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HeldRights, Holder, Standing};
    use super::*;
    use crate::base::Scopes;

    fn held(scopes: &str, grants: Option<&[&str]>, servers: &[&str]) -> HeldRights {
        let rights = Rights {
            scopes: Scopes::from_names(scopes.split(',').filter(|name| !name.is_empty())).unwrap(),
            grants: grants.map(|all| Grants::new(all.iter().map(|text| Grant::parse(text).unwrap())).unwrap()),
            servers: servers.iter().map(|text| text.parse().unwrap()).collect(),
            reveal: false,
            status_only: false,
        };
        rights.of(Holder::Token("t".into()))
    }

    fn authority(all: Vec<HeldRights>) -> Authority {
        Authority::owner().within_tokens(&Standing::of_token("t"), all)
    }

    fn calls(authority: &Authority, methods: &[&str], url: &str) -> Result<(), NotGranted> {
        let (origin, path) = url.split_at(url[8..].find('/').unwrap() + 8);
        let (origin, path) = (ServerUrl::parse(origin).unwrap(), UrlPath::parse(path).unwrap());
        let scope = if methods[0] == "GET" { Scope::Read } else { Scope::Write };
        authority.may_call(&origin, methods, &path, scope).map(|_| ())
    }

    #[test]
    fn grants_say_all_that_may_be_called_and_scopes_only_where_there_are_none() {
        let granted = authority(vec![held("*", Some(&["GET https://api.example/v1/**"]), &[])]);
        assert_eq!(calls(&granted, &["GET"], "https://api.example/v1/x"), Ok(()));
        let missing = NotGranted::Missing(Missing::Grant("POST https://api.example/v1/x".into()));
        assert_eq!(calls(&granted, &["POST"], "https://api.example/v1/x"), Err(missing.clone()));
        assert_eq!(calls(&granted, &["GET", "POST"], "https://api.example/v1/x"), Err(missing));
        assert!(matches!(calls(&granted, &["GET"], "https://other.example/v1/x"), Err(NotGranted::Missing(_))));
        let scoped = authority(vec![held("read", None, &[])]);
        assert_eq!(calls(&scoped, &["GET"], "https://any.example/x"), Ok(()));
        assert_eq!(calls(&scoped, &["POST"], "https://any.example/x"), Err(NotGranted::Scope(Scope::Write)));
        let none = authority(vec![held("*", Some(&[]), &[])]);
        assert!(calls(&none, &["GET"], "https://any.example/x").is_err(), "no grant is no right");
        assert_eq!(calls(&Authority::owner(), &["GET"], "https://any.example/x"), Ok(()));
        assert!(calls(&Authority::nobody(), &["GET"], "https://any.example/x").is_err());
    }

    /// Threat 6: git through a grant of an API, and an API through a grant of git's.
    #[test]
    fn gits_paths_and_apis_never_stand_for_one_another() {
        let all = authority(vec![held("*", Some(&["ANY https://git.example/**"]), &[])]);
        for path in
            ["/org/app/info/refs", "/org/app.git/git-receive-pack", "/org/app/info/lfs/objects/batch", "/org/app/HEAD"]
        {
            let url = format!("https://git.example{path}");
            assert_eq!(calls(&all, &["POST"], &url), Err(NotGranted::Missing(Missing::GitPath)), "{path}");
        }
        let app = Repository::parse("https://git.example/org/app").unwrap();
        assert!(all.may_fetch(&app).is_err());
        assert!(all.may_push(&app).is_err());
        let push = authority(vec![held("*", Some(&["push https://git.example/org/app *"]), &[])]);
        assert!(push.may_fetch(&app).is_ok());
        assert!(calls(&push, &["GET"], "https://git.example/org/app").is_err());
        assert!(push.may_fetch(&Repository::parse("https://git.example/org/app.wiki").unwrap()).is_err());
    }

    /// Threat 12: what came of a token is bounded by it, however each is bounded.
    #[test]
    fn what_came_of_a_token_has_what_both_allow() {
        let app = Repository::parse("https://git.example/org/app").unwrap();
        let issuer =
            || held("", Some(&["push https://git.example/org/app agent/* grow", "GET https://api.example/**"]), &[]);
        let wide =
            || held("*", Some(&["push https://git.example/org/app * delete", "ANY https://api.example/**"]), &[]);
        let scoped = || held("read", None, &["git.example"]);
        let branch = |name: &str| RefName::of_person(name).unwrap();
        for both in [authority(vec![issuer(), wide()]), authority(vec![wide(), issuer()])] {
            let change = |name: &str, change| both.may_change(&app, &branch(name), change);
            assert!(matches!(change("agent/x", RefChange::Create), Ok(Some(Admission::Granted(_)))));
            assert!(matches!(change("agent/x", RefChange::Rewrite), Ok(Some(Admission::IfItGrows(_)))));
            assert!(change("main", RefChange::Create).is_err());
            assert!(change("agent/x", RefChange::Delete).is_err());
            assert!(!both.may_delete(&app));
            assert!(calls(&both, &["GET"], "https://api.example/x").is_ok());
            assert!(calls(&both, &["POST"], "https://api.example/x").is_err());
        }
        let read = authority(vec![scoped(), wide()]);
        assert!(read.may_fetch(&app).is_ok());
        assert_eq!(read.may_push(&app), Err(NotGranted::Scope(Scope::Write)));
        assert_eq!(calls(&read, &["GET"], "https://api.example/x"), Err(NotGranted::Unseen));
    }

    #[test]
    fn who_has_grants_issues_narrower_ones_and_nothing_else() {
        let own = authority(vec![held(
            "",
            Some(&["push https://git.example/org/app agent/*", "GET,POST https://api.example/v1/**"]),
            &[],
        )]);
        let may = |scopes: &str, grants: Option<&[&str]>| own.may_issue(&held(scopes, grants, &[]).rights);
        assert!(own.issues());
        assert!(may("", Some(&["fetch https://git.example/org/app"])));
        assert!(may("", Some(&["push https://git.example/org/app agent/{id}/* new", "GET https://api.example/v1/x"])));
        assert!(may("", Some(&[])));
        assert!(!may("", None));
        assert!(!may("read", Some(&["fetch https://git.example/org/app"])));
        assert!(!may("", Some(&["push https://git.example/org/app agent/* delete"])));
        assert!(!may("", Some(&["push https://git.example/org/app *"])));
        assert!(!may("", Some(&["fetch https://git.example/org/lib"])));
        assert!(!may("", Some(&["ANY https://api.example/v1/x"])));
        assert!(!may("", Some(&["GET https://api.example/**"])));
        let scoped = authority(vec![held("control", None, &[])]);
        assert!(!scoped.issues());
        assert!(!scoped.may_issue(&held("", Some(&["fetch https://git.example/org/app"]), &[]).rights));
    }
}
