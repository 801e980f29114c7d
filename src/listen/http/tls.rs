//! The door's certificate and key, which are read again when their files change. Files that do not belong together, or
//! that nobody would trust, replace nothing that still works.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsAcceptor;
use webpki::EndEntityCert;

use super::validity::Validity;
use crate::base::{Message, Moment, Stamp, TlsFiles, plain_file};
use crate::msg;
use crate::os::file::FileFacts;

/// Files that were not used are looked at again after a while: the time of their certificate may have come.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Certificate and key, read anew when their files change: they are renewed more often than agents are restarted.
pub(in crate::listen) struct Tls {
    files: TlsFiles,
    state: Mutex<State>,
}

struct State {
    loaded: Loaded,
    refused: Option<Refused>,
}

#[derive(Clone)]
struct Loaded {
    stamps: Stamps,
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
    validity: Validity,
}

/// New files that did not take the place of what was there.
struct Refused {
    stamps: Stamps,
    is_readable: bool,
    at: Moment,
    reason: Message,
}

/// The stamps of the certificate and the key file.
type Stamps = [Stamp; 2];

impl Tls {
    pub(super) fn load(files: &TlsFiles) -> Result<Tls, Message> {
        let state = State { loaded: load(files)?, refused: None };
        Ok(Tls { files: files.clone(), state: Mutex::new(state) })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current().loaded.config.clone())
    }

    /// Whether the certificate is for this name.
    pub(super) fn is_for(&self, name: &str) -> bool {
        let current = self.current();
        let Ok(name) = ServerName::try_from(name) else { return false };
        EndEntityCert::try_from(&current.loaded.certificate)
            .is_ok_and(|certificate| certificate.verify_is_valid_for_subject_name(&name).is_ok())
    }

    /// Why this is no certificate that should take another one's place.
    pub(in crate::listen) fn trouble(&self) -> Option<Message> {
        trouble(&self.files, &self.current().loaded)
    }

    /// All that a person should know of it.
    pub(in crate::listen) fn concerns(&self) -> Vec<Message> {
        let current = self.current();
        let validity = current.loaded.validity.trouble(&self.files.cert);
        let soon = current.loaded.validity.ends_soon(&self.files.cert).filter(|_| validity.is_none());
        let refused = current.refused.as_ref();
        let refused =
            refused.map(|new| msg!("tls-not-used", path = self.files.cert.display()).because(new.reason.clone()));
        [validity, soon, readable(&self.files.key), refused].into_iter().flatten().collect()
    }

    /// Files that do not fit one another are being replaced, or were replaced by nonsense; and what nobody would trust,
    /// or anybody can read, replaces nothing that is good: what was there goes on.
    fn current(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = stamps(&self.files);
        if stamps == state.loaded.stamps {
            state.refused = None;
            return state;
        }
        let is_readable = readable(&self.files.key).is_some();
        let is_known =
            |new: &Refused| new.stamps == stamps && new.is_readable == is_readable && new.at.elapsed() < LOOK_AGAIN;
        if state.refused.as_ref().is_some_and(is_known) {
            return state;
        }
        let is_good = state.loaded.validity.trouble(&self.files.cert).is_none();
        let anew = load(&self.files).and_then(|anew| match trouble(&self.files, &anew).filter(|_| is_good) {
            Some(trouble) => Err(trouble),
            None => Ok(anew),
        });
        match anew {
            Ok(loaded) => *state = State { loaded, refused: None },
            Err(reason) => {
                tracing::warn!(reason = reason.id(), "the new certificate is not used");
                state.refused = Some(Refused { stamps, is_readable, at: Moment::now(), reason });
            }
        }
        state
    }
}

fn trouble(files: &TlsFiles, loaded: &Loaded) -> Option<Message> {
    loaded.validity.trouble(&files.cert).or_else(|| readable(&files.key))
}

/// Whether others can read the key.
fn readable(key: &Path) -> Option<Message> {
    let found = FileFacts::of_target(key).ok()?;
    found.is_readable_by_strangers().then(|| msg!("tls-key-readable", path = key.display()))
}

fn load(files: &TlsFiles) -> Result<Loaded, Message> {
    let bad = |path: &Path, error: &dyn std::fmt::Display| msg!("tls-file-bad", path = path.display(), error = error);
    let stamps = stamps(files);
    let read = |path| plain_file::read(path, plain_file::MAX_CERTIFICATES).map_err(|error| error.message());
    let chain = read(&files.cert)?;
    let chain = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| bad(&files.cert, &error))?;
    let Some(certificate) = chain.first().cloned() else {
        return Err(msg!("tls-file-empty", path = files.cert.display()));
    };
    let validity = Validity::of(&chain);
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(|error| bad(&files.key, &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| bad(&files.cert, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Loaded { stamps, config: Arc::new(config), certificate, validity })
}

fn stamps(files: &TlsFiles) -> Stamps {
    [&files.cert, &files.key].map(|path| Stamp::of(path))
}
