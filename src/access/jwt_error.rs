/// Why a JWT is refused. No part of the token is in the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// It has not the form of a JWT.
    #[error("it is no JWT")]
    Malformed,
    /// A header parameter, named here, is not accepted.
    #[error("its header has {0}, which is not accepted")]
    Header(&'static str),
    /// Its algorithm is unknown here, or the key may not verify it.
    #[error("its algorithm is not one that the key may verify")]
    Algorithm,
    /// The issuer publishes no key that it names.
    #[error("the issuer has no such key")]
    UnknownKey,
    /// The signature does not fit.
    #[error("its signature is wrong")]
    Signature,
    /// Another issuer made it.
    #[error("it is of another issuer")]
    Issuer,
    /// It was made for another recipient.
    #[error("it is for somebody else")]
    Audience,
    /// Its end has passed.
    #[error("it has expired")]
    Expired,
    /// Its beginning, or the time at which it was made, lies in the future.
    #[error("it is not valid yet")]
    NotYet,
    /// It is another kind of JWT than the one that is wanted.
    #[error("it is a JWT of another kind")]
    Type,
    /// It is an ID token of another login.
    #[error("it is not the answer to this login")]
    Nonce,
    /// It is bound to a key that its bearer would have to show (RFC 7800), which loom does not ask for.
    #[error("it is bound to a key")]
    Bound,
    /// A claim, named here, is missing or has a wrong type or value.
    #[error("its claim {0} is missing or makes no sense")]
    Claim(&'static str),
}

impl JwtError {
    /// Whether it might be accepted with other keys, so that asking the issuer for its present keys may help. Anybody
    /// can present such a token, so the caller limits how often it asks.
    pub fn is_of_key(&self) -> bool {
        matches!(self, JwtError::UnknownKey | JwtError::Algorithm | JwtError::Signature)
    }
}
