/// Why a JWT does not count. Nothing of the token is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("it is no JWT")]
    Malformed,
    #[error("its header has {0}, which is not accepted")]
    Header(&'static str),
    #[error("its algorithm is not one that the key may verify")]
    Algorithm,
    #[error("the issuer has no such key")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is of another issuer")]
    Issuer,
    #[error("it is for somebody else")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYet,
    #[error("it is a JWT of another kind")]
    Type,
    #[error("it is not the answer to this login")]
    Nonce,
    /// Who has it would have to show a key too, which nobody asks for here (RFC 7800).
    #[error("it is bound to a key")]
    Bound,
    #[error("its claim {0} is missing or makes no sense")]
    Claim(&'static str),
}

impl JwtError {
    /// Whether other keys could make it count: asking the issuer for them anew may help. Anybody can bring such a token about, so
    /// not every time.
    pub fn is_of_key(&self) -> bool {
        matches!(self, JwtError::UnknownKey | JwtError::Algorithm | JwtError::Signature)
    }
}
