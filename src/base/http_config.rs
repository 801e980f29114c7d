use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::{IssuerConfig, Message, Role, from_home};
use crate::msg;

/// `[http]` of the settings: the agent's HTTP door, and who may come in by single sign-on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    #[serde(default)]
    listen: Option<String>,
    #[serde(default)]
    tls_cert: Option<PathBuf>,
    #[serde(default)]
    tls_key: Option<PathBuf>,
    /// Names under which browsers and programs may know the door, beside those of the certificate and of this machine.
    #[serde(default)]
    hosts: Vec<String>,
    /// The role of people who are let in and whose claims give no role, where their issuer has no `default_role` of its
    /// own.
    #[serde(default)]
    default_role: Option<Role>,
    #[serde(default, deserialize_with = "each_once")]
    issuer: Vec<IssuerConfig>,
}

/// The checked address of an HTTP door: on this machine only, or with TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpDoor {
    address: SocketAddr,
    tls: Option<TlsFiles>,
    hosts: Vec<String>,
}

/// The PEM files of the door's TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, the door's own certificate first.
    pub cert: PathBuf,
    /// The private key of the first certificate.
    pub key: PathBuf,
}

/// Where the HTTP door is unless something else is said: the port of Loki's API.
const USUAL: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 57374));

impl HttpConfig {
    /// The door that these settings describe. `listen` (an address with a port) and `tls` of the command line go before
    /// the settings; without either the door is at `127.0.0.1:57374`. Fails if the address does not parse, if only one
    /// of the two TLS files is named, or if others than this machine could reach the door without TLS.
    pub fn door(&self, listen: Option<&str>, tls: Option<TlsFiles>) -> Result<HttpDoor, Message> {
        let tls = match (tls, &self.tls_cert, &self.tls_key) {
            (Some(tls), ..) => Some(tls),
            (None, Some(cert), Some(key)) => Some(TlsFiles { cert: from_home(cert), key: from_home(key) }),
            (None, None, None) => None,
            (None, ..) => return Err(msg!("http-half-tls")),
        };
        let address = match listen.or(self.listen.as_deref()) {
            Some(text) => parse(text).ok_or_else(|| msg!("http-bad-address", address = text))?,
            None => USUAL,
        };
        if address.ip().is_loopback() || tls.is_some() {
            Ok(HttpDoor { address, tls, hosts: self.hosts.clone() })
        } else {
            Err(msg!("http-needs-tls", address = address))
        }
    }

    /// The OpenID providers whose people may sign in, each named once.
    pub fn issuers(&self) -> &[IssuerConfig] {
        &self.issuer
    }

    /// The role of people who are let in and whose claims give no role, where their issuer has no `default_role` of its
    /// own. `None` means that they stay outside.
    pub fn default_role(&self) -> Option<Role> {
        self.default_role
    }
}

impl HttpDoor {
    /// Where the door listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The TLS files; `None` means plain HTTP, on this machine only.
    pub fn tls(&self) -> Option<&TlsFiles> {
        self.tls.as_ref()
    }

    /// Further host names under which the door may be asked, beside those of its certificate and of this machine.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }
}

/// An address with a port: `127.0.0.1:57374`, `[::1]:57374`, `localhost:57374`; `:57374` means all addresses.
fn parse(text: &str) -> Option<SocketAddr> {
    let text = match text.rsplit_once(':')? {
        ("localhost", port) => format!("127.0.0.1:{port}"),
        ("", port) => format!("0.0.0.0:{port}"),
        _ => text.to_owned(),
    };
    text.parse().ok()
}

/// Refuses an issuer that is named twice: which of the two counts must not depend on their order.
fn each_once<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IssuerConfig>, D::Error> {
    let all = Vec::<IssuerConfig>::deserialize(from)?;
    let twice = all
        .iter()
        .enumerate()
        .find(|(at, one)| all[..*at].iter().any(|other| other.issuer.is(one.issuer.endpoint().as_str())));
    match twice {
        Some((_, one)) => Err(serde::de::Error::custom(format_args!(
            "[[http.issuer]] names {} twice; one of them has to say all that counts for its people",
            one.issuer
        ))),
        None => Ok(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_named_once_however_it_is_written() {
        let read = |names: &[&str]| {
            let entry = |name: &&str| format!("[[issuer]]\nissuer = '{name}'\nclient_id = 'loom'\n");
            toml_edit::de::from_str::<HttpConfig>(&names.iter().map(entry).collect::<String>())
        };
        assert_eq!(read(&["https://id.example", "https://id.example/other"]).unwrap().issuers().len(), 2);
        for again in ["https://id.example", "https://id.example/", "https://ID.example", "https://id.example:443"] {
            let said = read(&["https://id.example", "https://other.example", again]).unwrap_err().to_string();
            assert!(said.contains("twice"), "{again}: {said}");
        }
    }

    #[test]
    fn beyond_this_machine_a_door_needs_tls() {
        let open = |listen: &str, tls: bool| {
            let tls = tls.then(|| TlsFiles { cert: "/c".into(), key: "/k".into() });
            HttpConfig::default().door(Some(listen), tls).map_err(|message| message.id().to_owned())
        };
        assert_eq!(HttpConfig::default().door(None, None).unwrap().address(), USUAL);
        for here in ["127.0.0.1:1", "[::1]:1", "localhost:57374", "127.9.9.9:0"] {
            assert!(open(here, false).is_ok(), "{here}");
        }
        for elsewhere in ["0.0.0.0:1", ":1", "10.0.0.1:57374", "[::]:1"] {
            assert_eq!(open(elsewhere, false).unwrap_err(), "http-needs-tls", "{elsewhere}");
            assert!(open(elsewhere, true).is_ok(), "{elsewhere}");
        }
        for odd in ["", "x", "1.2.3.4", "127.0.0.1:99999", "localhost.evil.example:1"] {
            assert_eq!(open(odd, true).unwrap_err(), "http-bad-address", "{odd}");
        }
    }
}
