use std::path::Path;

use reqwest::{Certificate, ClientBuilder, Identity};
use zeroize::Zeroizing;

use super::HttpError;
use super::error::innermost;
use crate::base::{Route, TlsSettings, plain_file};
use crate::msg;

/// Has the client trust the certificate authorities of the route and the settings, and show the certificate that they
/// name. Nothing turns verification off.
pub(super) fn trusting(
    mut client: ClientBuilder,
    tls: &TlsSettings,
    route: &Route,
) -> Result<ClientBuilder, HttpError> {
    if let Some(authorities) = system_authorities(route)? {
        client = client.tls_certs_only(authorities);
    }
    if let Some(path) = &tls.ca_file {
        client = client.tls_certs_merge(certificates(path)?);
    }
    if let (None, Some(key)) = (&tls.client_certificate, &tls.client_key) {
        return Err(HttpError::TlsFile(msg!("tls-key-alone", path = key.display())));
    }
    if let Some(path) = &tls.client_certificate {
        let mut pem = read(path)?;
        if let Some(key) = &tls.client_key {
            pem.push(b'\n');
            pem.extend_from_slice(&read(key)?);
        }
        client = client.identity(Identity::from_pem(&pem).map_err(|error| tls_file(path, &innermost(&error)))?);
    }
    Ok(client)
}

/// The certificate authorities that replace the system's, as OpenSSL's variables name them; `None` if none do.
fn system_authorities(route: &Route) -> Result<Option<Vec<Certificate>>, HttpError> {
    if !route.has_authorities() {
        return Ok(None);
    }
    let mut authorities = match &route.ssl_cert_file {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    if let Some(dir) = &route.ssl_cert_dir {
        let files = std::fs::read_dir(dir).map_err(|error| tls_file(dir, &error))?;
        // What lies there and is no certificate is in nobody's way.
        authorities.extend(files.flatten().filter_map(|file| certificates(&file.path()).ok()).flatten());
    }
    Ok(Some(authorities))
}

/// The certificates in this file, at least one.
fn certificates(path: &Path) -> Result<Vec<Certificate>, HttpError> {
    let found = Certificate::from_pem_bundle(&read(path)?).map_err(|error| tls_file(path, &error))?;
    if found.is_empty() { Err(HttpError::TlsFile(msg!("tls-file-empty", path = path.display()))) } else { Ok(found) }
}

/// Reads a file that may have a private key in it.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, HttpError> {
    plain_file::read(path, plain_file::MAX_CERTIFICATES).map_err(|error| HttpError::TlsFile(error.message()))
}

fn tls_file(path: &Path, error: &dyn std::fmt::Display) -> HttpError {
    HttpError::TlsFile(msg!("tls-file-bad", path = path.display(), error = error))
}
