//! Addresses and names that lead to other machines for others: this machine, its network, and blocks that are not of
//! the whole Internet.
//!
//! Of IPv4 these are the blocks of IANA's registry of special addresses (RFC 6890), all of them: one that nobody uses
//! is no address of a server. Of IPv6 it is the other way round: what is not global unicast (`2000::/3`) is near, and
//! what carries an IPv4 address, wherever in it, is as near as that. A name is near if resolvers look for it here
//! (RFC 6761, 6762, 8375), or if it has no dot, since then they search the network's own domains.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names of this machine and its network, and those that networks use for themselves (RFC 6762, appendix G), below
/// which all others are too.
const NEAR_NAMES: &[&str] = &[
    "localhost",
    "localdomain",
    "localdomain4",
    "localdomain6",
    "local",
    "home.arpa",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
];

/// Whether what the URL names leads to other machines for others.
pub(super) fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_near_name(name),
        Some(Host::Ipv4(ip)) => is_near_v4(ip),
        Some(Host::Ipv6(ip)) => is_near_v6(ip),
        None => true,
    }
}

/// The parser has made it lower case, ASCII and decoded.
fn is_near_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let is_below = |near: &&str| name.strip_suffix(*near).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || NEAR_NAMES.iter().any(is_below)
}

fn is_near_v4(ip: Ipv4Addr) -> bool {
    match ip.octets() {
        // This network, its own, this machine, the link; and what providers share among many.
        [0 | 10 | 127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => true,
        // Protocols (RFC 6890), relays of 6to4 (RFC 7526), measurements (RFC 2544), and documents (RFC 5737).
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Groups, what is reserved, and everybody.
        [224..=255, ..] => true,
        _ => false,
    }
}

fn is_near_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // Protocols (RFC 2928) but Teredo, and documents (RFC 3849, RFC 9637).
        [0x2001, 1..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => true,
        [0x2000..=0x3fff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => embedded(ip).any(is_near_v4),
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => embedded(ip).any(is_near_v4),
        _ => true,
    }
}

/// The IPv4 addresses that one of IPv6 leads to.
fn embedded(ip: Ipv6Addr) -> impl Iterator<Item = Ipv4Addr> {
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    let [.., high, low] = ip.segments();
    // ISATAP (RFC 5214), in whichever network, also in one that is named by an IPv4 address itself.
    let at_its_end = match ip.segments() {
        [_, _, _, _, 0 | 0x200 | 0x100 | 0x300, 0x5efe, ..] => v4(high, low),
        _ => None,
    };
    let (one, other) = match ip.segments() {
        // 6to4 (RFC 3056); Teredo's server, and its client with every bit turned (RFC 4380).
        [0x2002, high, low, ..] => (v4(high, low), None),
        [0x2001, 0, first, second, ..] => (v4(first, second), v4(!high, !low)),
        // Compatible and mapped (RFC 4291), translated (RFC 2765, RFC 6052).
        [0, 0, 0, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => (v4(high, low), None),
        _ => (None, None),
    };
    [one, other, at_its_end].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near_to(host: &str) -> bool {
        is_near(&Url::parse(&format!("https://{host}/")).unwrap_or_else(|error| panic!("{host}: {error}")))
    }

    #[test]
    fn every_special_block_is_near_from_end_to_end_however_spelled() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
        ] {
            let [first, last] = [first, last].map(|ip| ip.parse::<Ipv4Addr>().unwrap());
            let before = first.to_bits().checked_sub(1).map(Ipv4Addr::from_bits);
            let after = last.to_bits().checked_add(1).map(Ipv4Addr::from_bits);
            for ip in [first, last] {
                let (bits, [a, b, c, d]) = (ip.to_bits(), ip.octets());
                let (high, low) = (bits >> 16, bits & 0xffff);
                for spelled in [
                    ip.to_string(),
                    format!("{ip}."),
                    bits.to_string(),
                    format!("{bits:#x}"),
                    format!("0{a:o}.{b:#x}.{}", u32::from(c) << 8 | u32::from(d)),
                    format!("[::ffff:{ip}]"),
                    format!("[::ffff:0:{ip}]"),
                    format!("[64:ff9b::{ip}]"),
                    format!("[64:ff9b:1::{ip}]"),
                    format!("[2002:{high:x}:{low:x}::1]"),
                    format!("[2001:0:{high:x}:{low:x}::f7f7:f7f7]"),
                    format!("[2001:0:808:808::{:x}:{:x}]", !high & 0xffff, !low & 0xffff),
                    format!("[2a00::5efe:{ip}]"),
                    format!("[2a00::200:5efe:{ip}]"),
                    format!("[2002:808:808::5efe:{ip}]"),
                    format!("[2002:808:808:1:300:5efe:{ip}]"),
                    format!("[2001:0:808:808:0:5efe:{ip}]"),
                    format!("[::{ip}]"),
                ] {
                    assert!(is_near_to(&spelled), "{ip} as {spelled}");
                }
            }
            for ip in before.into_iter().chain(after) {
                for spelled in [ip.to_string(), format!("[::ffff:{ip}]"), format!("[64:ff9b::{ip}]")] {
                    assert!(!is_near_to(&spelled), "{spelled}");
                }
            }
        }
    }

    #[test]
    fn of_ipv6_only_what_is_global_and_leads_nowhere_else_is_far() {
        for near in [
            "::",
            "::1",
            "::1:0:808:808",
            "0:0:0:1::808:808",
            "64:ff9b:1::808:808",
            "100::1",
            "100:0:0:1::1",
            "2001:1::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "feff::1",
            "ff02::1",
            "ff0e::1",
            "1fff::1",
        ] {
            assert!(is_near_to(&format!("[{near}]")), "{near}");
        }
        for far in [
            "2001:200::1",
            "2001:4860:4860::8888",
            "2a00:1450::1",
            "2606:4700::1111",
            "2620:fe::fe",
            "3ffe::1",
            "3fff:1000::1",
            "2002:808:808::1",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
            "2001:0:808:808::f7f7:f7f7",
            "2a00::5efe:808:808",
            "2002:808:808::5efe:808:808",
        ] {
            assert!(!is_near_to(&format!("[{far}]")), "{far}");
        }
    }

    #[test]
    fn a_name_of_this_machine_or_its_network_is_near_however_it_is_spelled() {
        for near in [
            "localhost",
            "localhost.",
            "LOCALHOST",
            "LocalHost.",
            "x.localhost",
            "x.localhost.",
            "loc%61lhost",
            "ｌｏｃａｌｈｏｓｔ",
            "localhost。",
            "localhost.localdomain",
            "localhost4.localdomain4",
            "ip6-localhost",
            "ip6-loopback",
            "router",
            "router.",
            "printer.local",
            "printer.local.",
            "nas.home.arpa",
            "nas.lan",
            "metadata.google.internal",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0",
            "１２７.0.0.1",
        ] {
            assert!(is_near_to(near), "{near}");
        }
        for far in
            ["a.example", "a.example.", "localhost.example", "notlocalhost.example", "a.glocal", "x.lanx.example"]
        {
            assert!(!is_near_to(far), "{far}");
        }
    }
}
