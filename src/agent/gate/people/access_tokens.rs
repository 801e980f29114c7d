//! Access tokens of an issuer: who they stand for, and what they may do here.

use std::sync::Arc;

use crate::access::{Claims, Expected, HeldRights, Holder, Identity, JwtError, Purpose, issuer_of, verify};
use crate::agent::gate::Gate;
use crate::agent::gate::guest::Guest;
use crate::agent::gate::people::issuers::Issuer;
use crate::base::{IssuerConfig, Secret, printable};
use crate::wire::{Fault, Person, reason};

/// Who shows an access token, and what they may do.
pub(crate) struct Found {
    pub(crate) person: Person,
    pub(crate) identity: Identity,
    pub(crate) rights: HeldRights,
}

impl Gate {
    /// Who shows this access token; nothing if it is worth nothing here, a fault if nobody gave them a role.
    pub(crate) async fn access_token(&self, token: &Secret, guest: &Guest) -> Result<Option<Found>, Fault> {
        let Some(said) = issuer_of(token.expose()) else { return Ok(None) };
        let mut configs = self.issuer_configs()?;
        configs.retain(|config| config.issuer.is(&said));
        for config in configs {
            let Some(claims) = self.verified(&config, token, Purpose::Access).await? else { continue };
            let identity = Identity::new(&claims, &config);
            let holder = Holder::AccessToken { until: claims.expires(), identity: Box::new(identity.clone()) };
            let person = person(&claims, &identity);
            return match identity.rights(&config) {
                Ok(rights) => Ok(Some(Found { person, identity, rights: rights.of(holder) })),
                Err(refused) => Err(self.not_let_in(&person, guest, refused)),
            };
        }
        Ok(None)
    }

    /// The issuer that a token names, if it is one of those whose tokens count. Whether the token does is not asked.
    pub(crate) fn issuer_of_token(&self, token: &Secret) -> Result<Option<String>, Fault> {
        let Some(said) = issuer_of(token.expose()) else { return Ok(None) };
        let configs = self.issuer_configs()?;
        Ok(configs.iter().find(|config| config.issuer.is(&said)).map(|config| self.issuer_name(config)))
    }

    /// The claims of a token of this issuer's, if they may be believed.
    pub(crate) async fn verified(
        &self,
        config: &IssuerConfig,
        token: &Secret,
        purpose: Purpose<'_>,
    ) -> Result<Option<Claims>, Fault> {
        let known = self.issuer(config).await?;
        let mut found = claims(&known, config, token, purpose);
        // The issuer may have other keys by now, also under the same name.
        if found.as_ref().is_err_and(|reason| reason.is_of_key()) {
            let anew = self.issuer_anew(config).await?;
            if !Arc::ptr_eq(&known, &anew) {
                found = claims(&anew, config, token, purpose);
            }
        }
        match found {
            Ok(claims) => Ok(Some(claims)),
            // Its signature is right: who has it guesses nothing, and is told the truth whatever others try.
            Err(JwtError::Expired) if matches!(purpose, Purpose::Access) => Err(reason::Rights::ProofUnknown.into()),
            Err(reason) => {
                tracing::info!(issuer = config.issuer.as_str(), %reason, "a token is refused");
                Ok(None)
            }
        }
    }
}

fn claims(issuer: &Issuer, config: &IssuerConfig, token: &Secret, purpose: Purpose<'_>) -> Result<Claims, JwtError> {
    let (own, audiences) = (issuer.provider.issuer(), config.audiences());
    let expected = Expected { issuer: own, client_id: &config.client_id, audiences: &audiences, purpose };
    verify(token, &issuer.keys, &expected)
}

pub(crate) fn person(claims: &Claims, identity: &Identity) -> Person {
    let subject = Some(printable(claims.subject()));
    Person { name: claims.name(), subject, issuer: Some(identity.issuer().to_owned()) }
}
