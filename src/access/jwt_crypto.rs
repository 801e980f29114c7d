//! The cryptography behind JWTs: verifying signatures with ring, and nothing else. An algorithm that is not here cannot
//! be verified, whatever another check lets pass.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result, new_error};
use jsonwebtoken::signature::{Error as Refused, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// Has the crate `jsonwebtoken` check signatures with ring, which TLS brings along anyway. A second call changes
/// nothing.
///
/// What is not here cannot be verified, whatever else lets it pass: no HMAC, and no RSA key of less than 2048 bits
/// (RFC 7518 §3.3). Nothing is ever signed.
pub(super) fn install() {
    let _ = RING.install_default();
}

static RING: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

struct RingVerifier {
    algorithm: Algorithm,
    key: RingKey,
}

enum RingKey {
    Rsa(&'static RsaParameters, RsaPublicKeyComponents<Vec<u8>>),
    Curve(UnparsedPublicKey<Vec<u8>>),
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Refused> {
        match &self.key {
            RingKey::Rsa(parameters, key) => key.verify(parameters, message, signature),
            RingKey::Curve(key) => key.verify(message, signature),
        }
        .map_err(|_| Refused::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(unsupported())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let key = match algorithm {
        Algorithm::RS256 => rsa(&RSA_PKCS1_2048_8192_SHA256, key),
        Algorithm::RS384 => rsa(&RSA_PKCS1_2048_8192_SHA384, key),
        Algorithm::RS512 => rsa(&RSA_PKCS1_2048_8192_SHA512, key),
        Algorithm::PS256 => rsa(&RSA_PSS_2048_8192_SHA256, key),
        Algorithm::PS384 => rsa(&RSA_PSS_2048_8192_SHA384, key),
        Algorithm::PS512 => rsa(&RSA_PSS_2048_8192_SHA512, key),
        Algorithm::ES256 => curve(&ECDSA_P256_SHA256_FIXED, AlgorithmFamily::Ec, key),
        Algorithm::ES384 => curve(&ECDSA_P384_SHA384_FIXED, AlgorithmFamily::Ec, key),
        Algorithm::EdDSA => curve(&ED25519, AlgorithmFamily::Ed, key),
        _ => Err(unsupported()),
    }?;
    Ok(Box::new(RingVerifier { algorithm: *algorithm, key }))
}

fn rsa(parameters: &'static RsaParameters, key: &DecodingKey) -> Result<RingKey> {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } if key.family() == AlgorithmFamily::Rsa => {
            Ok(RingKey::Rsa(parameters, RsaPublicKeyComponents { n: n.clone(), e: e.clone() }))
        }
        _ => Err(new_error(ErrorKind::InvalidKeyFormat)),
    }
}

fn curve(algorithm: &'static dyn VerificationAlgorithm, family: AlgorithmFamily, key: &DecodingKey) -> Result<RingKey> {
    match key.kind() {
        DecodingKeyKind::SecretOrDer(point) if key.family() == family => {
            Ok(RingKey::Curve(UnparsedPublicKey::new(algorithm, point.clone())))
        }
        _ => Err(new_error(ErrorKind::InvalidKeyFormat)),
    }
}

fn unsupported() -> Error {
    new_error(ErrorKind::UnsupportedAlgorithm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_verifies_only_what_its_family_may_and_a_secret_nothing() {
        let rsa = DecodingKey::from_rsa_raw_components(&[1; 256], &[1, 0, 1]);
        let (ec, ed) = (DecodingKey::from_ec_der(&[4; 65]), DecodingKey::from_ed_der(&[1; 32]));
        let secret = DecodingKey::from_secret(b"public key as a secret");
        let families = [AlgorithmFamily::Rsa, AlgorithmFamily::Ec, AlgorithmFamily::Ed, AlgorithmFamily::Hmac];
        let algorithms: Vec<Algorithm> = families.iter().flat_map(|family| family.algorithms()).copied().collect();
        let may = |key: &DecodingKey| algorithms.iter().filter(|algorithm| verifier(algorithm, key).is_ok()).count();
        assert_eq!([&rsa, &ec, &ed, &secret].map(may), [6, 2, 1, 0]);
        assert!(signer(&Algorithm::HS256, &EncodingKey::from_secret(b"secret")).is_err());
    }
}
