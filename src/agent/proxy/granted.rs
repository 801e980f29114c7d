//! What was granted, asked in one place for all of the proxy: a grant has to be there, so who has only scopes, or is
//! the user, has nothing granted here.

use http::Method;

use super::visit::Visit;
use crate::access::NotGranted;
use crate::agent::fault;
use crate::base::{Admission, Grant, RefChange, RefName, Repository, Scope, UrlPath};
use crate::git::Service;
use crate::wire::{Fault, reason};

impl Visit<'_> {
    /// By which grant this may be done with the repository, if not by which ref.
    pub(super) fn may(&self, repository: &Repository, service: Service) -> Result<Grant, Fault> {
        let authority = &self.client.authority;
        self.decided(match service {
            Service::Fetch => authority.may_fetch(repository).map(Option::<&Grant>::cloned),
            Service::Push => authority.may_push(repository).map(Option::<&Grant>::cloned),
        })
    }

    pub(super) fn may_delete(&self, repository: &Repository) -> bool {
        self.client.authority.may_delete(repository)
    }

    /// By which grant this may be done to a ref, and whether only if it is shown to grow.
    pub(super) fn may_change(
        &self,
        repository: &Repository,
        name: &RefName,
        change: RefChange,
    ) -> Result<(Grant, bool), Fault> {
        let admission = self.client.authority.may_change(repository, name, change);
        self.decided(admission.map(|admission| {
            admission.map(|admission| match admission {
                Admission::Granted(grant) => (grant.clone(), false),
                Admission::IfItGrows(grant) => (grant.clone(), true),
            })
        }))
    }

    /// By which grant the path may be called with each of these methods; the last is the one of the request.
    pub(super) fn may_call(&self, methods: &[&str]) -> Result<Grant, Fault> {
        let path = UrlPath::parse(self.target.url.path()).map_err(|_| reason::Api::OddPath)?;
        let authority = &self.client.authority;
        self.decided(authority.may_call(&self.target.server, methods, &path, Scope::All).map(Option::<&Grant>::cloned))
    }

    fn decided<T>(&self, decided: Result<Option<T>, NotGranted>) -> Result<T, Fault> {
        let granted = decided.map_err(|why| fault::not_granted(why, &self.target.server))?;
        granted.ok_or_else(|| reason::Proxy::NoGrants.into())
    }
}

/// The methods of which a form may name another one.
pub(super) const FORMS_NAME: [Method; 4] = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
