//! What a server says at `info/refs`, without what would mean more than the rights that are judged here.
//!
//! A client uses what it is told of. Of a server that takes pushes it is told of no push options and no certificates,
//! and of deletions only where they are granted; of one that is fetched from, of no links to other places.

use super::pkt_line::{FLUSH, PktLine, print_line, without_end};
use super::push_capabilities;

/// What a client wants of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// To fetch, or to clone: `git-upload-pack`.
    Fetch,
    /// To push: `git-receive-pack`.
    Push,
}

/// The error of an answer that is none of a git server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the answer of a git server")]
pub struct NoAdvertisement;

/// Takes out of an answer, as it comes, what the client is not told of.
#[derive(Debug)]
pub struct Advertisement {
    service: Service,
    may_delete: bool,
    at: At,
    part: Vec<u8>,
}

/// Where in the answer the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before everything.
    Service,
    /// After the line that names the service, whose flush has to follow.
    ServiceFlush,
    /// Before the first ref, or the version.
    First,
    /// Among the capabilities of version 2.
    Capabilities,
    /// Where nothing is left that has to be looked at.
    Rest,
}

/// Of what version 2 can, what a client is told of. All of it reads.
const TOLD_OF: [&str; 7] = ["agent", "ls-refs", "fetch", "server-option", "object-format", "session-id", "object-info"];

impl Service {
    /// Its name in paths and queries.
    pub fn name(self) -> &'static str {
        match self {
            Service::Fetch => "git-upload-pack",
            Service::Push => "git-receive-pack",
        }
    }
}

impl Advertisement {
    /// Reads what a server says of this service; of deletions it is told where they may be.
    pub fn new(service: Service, may_delete: bool) -> Advertisement {
        Advertisement { service, may_delete, at: At::Service, part: Vec::new() }
    }

    /// What of the answer can be said after this part of it.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Vec<u8>, NoAdvertisement> {
        if self.at == At::Rest {
            return Ok(bytes.to_vec());
        }
        let mut stream = std::mem::take(&mut self.part);
        stream.extend_from_slice(bytes);
        let (mut left, mut out) = (stream.as_slice(), Vec::new());
        while self.at != At::Rest {
            let Some((line, rest)) = PktLine::first(left).map_err(|_| NoAdvertisement)? else {
                self.part = left.to_vec();
                return Ok(out);
            };
            self.line(line, &mut out)?;
            left = rest;
        }
        out.extend_from_slice(left);
        Ok(out)
    }

    /// Whether what came is a whole answer, as far as it was looked at.
    pub fn is_whole(&self) -> bool {
        self.at == At::Rest
    }

    fn line(&mut self, line: PktLine<'_>, out: &mut Vec<u8>) -> Result<(), NoAdvertisement> {
        let payload = match (line, self.at) {
            (PktLine::Flush, At::ServiceFlush) => {
                self.at = At::First;
                out.extend_from_slice(FLUSH);
                return Ok(());
            }
            // No refs, and nothing to agree on.
            (PktLine::Flush, At::First | At::Capabilities) => {
                self.at = At::Rest;
                out.extend_from_slice(FLUSH);
                return Ok(());
            }
            (PktLine::Data(payload), _) => payload,
            _ => return Err(NoAdvertisement),
        };
        match self.at {
            At::Service if without_end(payload) == format!("# service={}", self.service.name()).as_bytes() => {
                self.at = At::ServiceFlush;
                print_line(payload, out);
            }
            At::Service | At::First => self.first(payload, out)?,
            At::Capabilities => told_of_v2(payload, out)?,
            At::ServiceFlush | At::Rest => return Err(NoAdvertisement),
        }
        Ok(())
    }

    fn first(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), NoAdvertisement> {
        let text = without_end(payload);
        if text == b"version 2" && self.service == Service::Fetch {
            self.at = At::Capabilities;
            print_line(payload, out);
            return Ok(());
        }
        if text == b"version 1" {
            self.at = At::First;
            print_line(payload, out);
            return Ok(());
        }
        self.at = At::Rest;
        if text.starts_with(b"ERR ") {
            print_line(payload, out);
            return Ok(());
        }
        let end = text.iter().position(|byte| *byte == 0).ok_or(NoAdvertisement)?;
        match self.service {
            Service::Fetch => print_line(payload, out),
            Service::Push => {
                let offered = std::str::from_utf8(&text[end + 1..]).map_err(|_| NoAdvertisement)?;
                let mut line = text[..=end].to_vec();
                line.extend_from_slice(push_capabilities::told_of(offered, self.may_delete).as_bytes());
                line.push(b'\n');
                print_line(&line, out);
            }
        }
        Ok(())
    }
}

/// What a client that may not push is told at the door, before it packs anything; git shows it as the server's words.
pub fn refuse_service(service: Service, text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    print_line(format!("# service={}\n", service.name()).as_bytes(), &mut bytes);
    bytes.extend_from_slice(FLUSH);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(4000).collect();
    print_line(format!("ERR {text}").as_bytes(), &mut bytes);
    bytes
}

fn told_of_v2(payload: &[u8], out: &mut Vec<u8>) -> Result<(), NoAdvertisement> {
    let text = std::str::from_utf8(without_end(payload)).map_err(|_| NoAdvertisement)?;
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    if !TOLD_OF.contains(&name) {
        return Ok(());
    }
    let line = match (name, value) {
        // Packs at other places.
        ("fetch", Some(value)) => {
            let told: Vec<&str> = value.split(' ').filter(|word| *word != "packfile-uris").collect();
            format!("fetch={}\n", told.join(" "))
        }
        _ => format!("{text}\n"),
    };
    print_line(line.as_bytes(), out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in lines {
            if *line == "0000" { bytes.extend_from_slice(FLUSH) } else { print_line(line.as_bytes(), &mut bytes) }
        }
        bytes
    }

    fn told(service: Service, may_delete: bool, bytes: &[u8]) -> Option<String> {
        let whole = Advertisement::new(service, may_delete).next(bytes);
        let mut by_byte = Advertisement::new(service, may_delete);
        let parts: Result<Vec<_>, _> = bytes.iter().map(|byte| by_byte.next(&[*byte])).collect();
        assert_eq!(parts.map(|parts| parts.concat()), whole, "a cut changes something");
        whole.ok().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    const REF: &str = "1111111111111111111111111111111111111111 refs/heads/main";

    #[test]
    fn of_a_server_that_takes_pushes_only_the_usual_is_told() {
        let offers = "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta \
                      push-options push-cert=nonce-1 object-format=sha1 agent=git/2.47.3 unheard-of";
        let said = lines(&["# service=git-receive-pack\n", "0000", &format!("{REF}\0{offers}\n"), REF, "0000"]);
        for may_delete in [false, true] {
            let told = told(Service::Push, may_delete, &said).unwrap();
            assert_eq!(told.contains("delete-refs"), may_delete, "{told}");
            assert!(told.contains(" atomic ofs-delta object-format=sha1 agent=git/2.47.3\n"), "{told}");
            assert!(!told.contains("push-") && !told.contains("unheard"), "{told}");
            assert!(told.ends_with(&format!("{REF}0000")), "{told}");
        }
    }

    #[test]
    fn of_version_2_nothing_is_told_that_leads_elsewhere() {
        let all = [
            "version 2\n",
            "agent=git/2.47.3\n",
            "ls-refs=unborn\n",
            "fetch=shallow wait-for-done packfile-uris filter\n",
            "bundle-uri\n",
            "bundle-uri=https://else.example\n",
            "unheard-of\n",
            "object-format=sha256\n",
            "0000",
        ];
        let with_service = [&["# service=git-upload-pack\n", "0000"], &all[..]].concat();
        for all in [&all[..], &with_service] {
            let told = told(Service::Fetch, false, &lines(all)).unwrap();
            assert!(told.contains("fetch=shallow wait-for-done filter\n") && told.contains("sha256\n0000"), "{told}");
            assert!(!told.contains("uri") && !told.contains("unheard"), "{told}");
        }
    }

    #[test]
    fn what_is_no_git_servers_answer_is_not_handed_on() {
        for (service, bytes) in [
            (Service::Fetch, &b"<!doctype html>"[..]),
            (Service::Push, &lines(&["# service=git-upload-pack\n", "0000"])),
            (Service::Push, &lines(&["version 2\n"])),
            (Service::Push, &lines(&[REF])),
            (Service::Fetch, b"0001"),
        ] {
            assert_eq!(told(service, true, bytes), None, "{bytes:?}");
        }
        let refused = lines(&["ERR gone"]);
        assert_eq!(told(Service::Push, true, &refused).as_deref(), Some("000cERR gone"));
    }

    #[test]
    fn whoever_may_not_push_is_told_so_in_gits_words() {
        let told = String::from_utf8(refuse_service(Service::Push, "no\nright")).unwrap();
        assert_eq!(told, "001f# service=git-receive-pack\n00000010ERR no right");
    }
}
