//! Under which names the door may be asked. A request that names another host is refused, since a foreign page can have
//! its own name lead to this door (DNS rebinding).

use std::net::IpAddr;

use super::shared::Shared;

/// Whether the door is known by this `Host`: a page elsewhere can have its own name lead here (DNS rebinding), and its
/// browser then says that name.
pub(super) fn is_ours(host: &str, own: IpAddr, shared: &Shared) -> bool {
    let Some(name) = name(host) else { return false };
    let is_here = match name.parse::<IpAddr>() {
        // A request for an address that is written out went to no foreign name.
        Ok(address) => address == own || address.is_loopback() && own.is_loopback(),
        Err(_) => name == "localhost" && own.is_loopback(),
    };
    is_here
        || shared.door.hosts().iter().any(|own| own.eq_ignore_ascii_case(&name))
        || shared.tls.as_ref().is_some_and(|tls| tls.is_for(&name))
}

/// The name in a `Host` header (RFC 9110 §7.2), without its port; `None` if the header is malformed.
fn name(host: &str) -> Option<String> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (address, port.strip_prefix(':').or(port.is_empty().then_some("0"))?)
        }
        None => host.split_once(':').unwrap_or((host, "0")),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    let is_port = port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    (!name.is_empty() && name.chars().all(is_name) && is_port).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_host_is_a_name_with_a_port_or_nothing() {
        for (host, expected) in [
            ("localhost", Some("localhost")),
            ("LocalHost:57374", Some("localhost")),
            ("[::1]:57374", Some("::1")),
            ("[::1]", Some("::1")),
            ("127.0.0.1:1", Some("127.0.0.1")),
            ("", None),
            (":57374", None),
            ("a b", None),
            ("localhost:", None),
            ("localhost:x", None),
            ("localhost:99999", None),
            ("localhost@evil.example", None),
            ("[::1", None),
            ("[evil]", None),
            ("[::1]x", None),
        ] {
            assert_eq!(name(host).as_deref(), expected, "{host}");
        }
    }
}
