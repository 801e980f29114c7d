use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsAcceptor;
use webpki::EndEntityCert;

use crate::base::{Message, Stamp, TlsFiles, plain_file};
use crate::msg;

/// Certificate and key, read anew when their files change: they are renewed more often than agents are restarted.
pub(in crate::listen) struct Tls {
    files: TlsFiles,
    loaded: Mutex<Loaded>,
}

#[derive(Clone)]
struct Loaded {
    stamps: [Stamp; 2],
    config: Arc<ServerConfig>,
    certificate: CertificateDer<'static>,
}

impl Tls {
    pub(super) fn load(files: &TlsFiles) -> Result<Tls, Message> {
        Ok(Tls { files: files.clone(), loaded: Mutex::new(load(files)?) })
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current().config)
    }

    /// Whether the certificate is for this name.
    pub(super) fn is_for(&self, name: &str) -> bool {
        let current = self.current();
        let Ok(name) = ServerName::try_from(name) else { return false };
        EndEntityCert::try_from(&current.certificate)
            .is_ok_and(|certificate| certificate.verify_is_valid_for_subject_name(&name).is_ok())
    }

    /// Files that do not fit one another are being replaced, or were replaced by nonsense: what was there goes on.
    fn current(&self) -> Loaded {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = stamps(&self.files);
        if stamps != loaded.stamps {
            match load(&self.files) {
                Ok(anew) => *loaded = anew,
                Err(reason) => {
                    tracing::warn!(reason = reason.id(), "the new certificate is not used");
                    loaded.stamps = stamps;
                }
            }
        }
        loaded.clone()
    }
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
    let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(|error| bad(&files.key, &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|error| bad(&files.cert, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Loaded { stamps, config: Arc::new(config), certificate })
}

fn stamps(files: &TlsFiles) -> [Stamp; 2] {
    [&files.cert, &files.key].map(|path| Stamp::of(path))
}
