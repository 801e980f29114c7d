use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

use crate::base::{Message, clock};
use crate::msg;

/// How many seconds before its end a certificate is mentioned. One that is renewed by itself is renewed earlier.
const SOON: i64 = 14 * 24 * 60 * 60;

/// From when until when a chain of certificates is valid, as far as it says so.
#[derive(Clone, Debug, Default)]
pub(super) struct Validity {
    begins: Option<Timestamp>,
    ends: Option<Timestamp>,
}

impl Validity {
    /// The validity of a whole chain: whoever is shown a certificate that has ended trusts none of them.
    pub(super) fn of(chain: &[CertificateDer<'_>]) -> Validity {
        let of_one = |certificate: &CertificateDer<'_>| (limit(certificate, 0), limit(certificate, u64::MAX));
        let (begin, end): (Vec<_>, Vec<_>) = chain.iter().map(of_one).unzip();
        Validity { begins: begin.into_iter().flatten().max(), ends: end.into_iter().flatten().min() }
    }

    /// Why it is not valid now.
    pub(super) fn trouble(&self, path: &Path) -> Option<Message> {
        let now = clock::now();
        let early = self.begins.filter(|begins| *begins > now);
        let expired = self.ends.filter(|ends| *ends <= now);
        let early = early.map(|date| msg!("tls-cert-early", path = path.display(), date = date));
        early.or(expired.map(|date| msg!("tls-cert-expired", path = path.display(), date = date)))
    }

    /// The sentence that the certificate ends soon; `None` if it does not.
    pub(super) fn ends_soon(&self, path: &Path) -> Option<Message> {
        let ends = self.ends.filter(|ends| ends.as_second() - clock::now().as_second() < SOON)?;
        Some(msg!("tls-cert-expires", path = path.display(), date = ends))
    }
}

/// Where the validity lies as seen from this time outside of it. It is what the crate looks at first, and says.
fn limit(certificate: &CertificateDer<'_>, seen_from: u64) -> Option<Timestamp> {
    let seen_from = UnixTime::since_unix_epoch(Duration::from_secs(seen_from));
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    let refused = certificate.verify_for_usage(&[], &[], &[], seen_from, KeyUsage::server_auth(), None, None).err()?;
    let limit = match refused {
        Error::CertNotValidYet { not_before, .. } => not_before,
        Error::CertExpired { not_after, .. } => not_after,
        _ => return None,
    };
    Timestamp::from_second(i64::try_from(limit.as_secs()).ok()?).ok()
}
