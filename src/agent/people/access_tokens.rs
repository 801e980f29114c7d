//! Access tokens of an issuer: who they stand for, and what they may do here.

use crate::access::{Claims, Expected, Holder, JwtError, Purpose, Rights, issuer_of, verify};
use crate::agent::Agent;
use crate::agent::people::issuers::Issuer;
use crate::base::{IssuerConfig, Role, Secret, printable};
use crate::wire::{Fault, Person};

impl Agent {
    /// Who shows this access token; nothing if it is worth nothing here.
    pub(in crate::agent) async fn access_token(&self, token: &Secret) -> Result<Option<(Person, Rights)>, Fault> {
        let said = issuer_of(token.expose());
        let mut configs = self.issuer_configs()?;
        // The slash at the end is no part of the name where a person named a host.
        let same = |config: &IssuerConfig| {
            said.as_ref().is_some_and(|said| said.trim_end_matches('/') == config.issuer.as_str().trim_end_matches('/'))
        };
        configs.retain(same);
        for config in configs {
            let Some(claims) = self.verified(&config, token, Purpose::Access).await? else { continue };
            let holder = Holder::AccessToken { until: claims.expires() };
            return Ok(Some((person(&claims, &config), rights(&claims, &config, holder))));
        }
        Ok(None)
    }

    /// The claims of a token of this issuer's, if they may be believed.
    pub(in crate::agent) async fn verified(
        &self,
        config: &IssuerConfig,
        token: &Secret,
        purpose: Purpose<'_>,
    ) -> Result<Option<Claims>, Fault> {
        let mut found = claims(&*self.issuer(config).await?, token, purpose);
        if matches!(found, Err(JwtError::UnknownKey)) {
            // The issuer may have new keys.
            found = claims(&*self.issuer_anew(config).await?, token, purpose);
        }
        match found {
            Ok(claims) => Ok(Some(claims)),
            Err(reason) => {
                tracing::info!(issuer = config.issuer.as_str(), %reason, "a token is refused");
                Ok(None)
            }
        }
    }
}

fn claims(issuer: &Issuer, token: &Secret, purpose: Purpose<'_>) -> Result<Claims, JwtError> {
    let (own, audiences) = (issuer.provider.issuer(), issuer.config.audiences());
    let expected = Expected { issuer: own, client_id: &issuer.config.client_id, audiences: &audiences, purpose };
    verify(token, &issuer.keys, &expected)
}

pub(in crate::agent) fn person(claims: &Claims, config: &IssuerConfig) -> Person {
    let subject = Some(printable(claims.subject()));
    Person { name: claims.name(), subject, issuer: Some(config.issuer.to_string()) }
}

/// What the role allows that the claims give.
pub(in crate::agent) fn rights(claims: &Claims, config: &IssuerConfig, holder: Holder) -> Rights {
    let role = claims.role(&config.roles);
    Rights {
        holder,
        scopes: role.scopes(),
        servers: Vec::new(),
        reveal: config.reveal && role == Role::Admin,
        status_only: false,
    }
}
