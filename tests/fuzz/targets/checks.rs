//! What must hold for any input. The fuzzer calls these, and so does a test that replays the corpus.

use loom_credentials::base::{Locale, ServerUrl, UrlPath};
use loom_credentials::git;
use loom_credentials::store::check_sealed_file;
use loom_credentials::wire::{Empty, GetReply, LoginEvent, LoginReply, Reply, Request, StatusReply};

/// Git's input: no panic; what was accepted names a host and holds no line break anywhere.
pub fn git_input(bytes: &[u8]) {
    let Ok(request) = git::Request::parse(bytes) else { return };
    let get = request.into_get(None);
    let is_file = get.wanted.protocol == "cert" && get.wanted.path.is_some();
    assert!((!get.wanted.host.is_empty() || is_file));
    assert!(!get.wanted.protocol.is_empty());
    let texts =
        [Some(&get.wanted.host), Some(&get.wanted.protocol), get.wanted.path.as_ref(), get.wanted.username.as_ref()];
    for text in texts.into_iter().flatten() {
        assert!(!text.contains(['\n', '\r', '\0']));
    }
    if let Ok(server) = ServerUrl::from_parts(&get.wanted.protocol, &get.wanted.host, get.wanted.path.as_deref()) {
        let host = get.wanted.host.to_ascii_lowercase();
        assert!(server.is_file() == host.is_empty(), "{host} became {server}");
        assert!(host == server.host() || host.starts_with(&format!("{}:", server.host())), "{host} became {server}");
    }
}

/// A server: printing and parsing is the identity, and the canonical form stays as it is.
pub fn server_url(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = ServerUrl::from_user(text);
    let _ = ServerUrl::from_parts("https", text, Some(text));
    let Ok(server) = ServerUrl::parse(text) else { return };
    let printed = server.to_string();
    assert_eq!(ServerUrl::parse(&printed).as_ref(), Ok(&server), "{printed}");
    assert!(printed.is_ascii());
    assert!(server.same_origin(&server.origin()));
    assert!(server.origin().covers(&server));
}

/// A path, of which the first line is the part that it lies below: so it does for every server.
pub fn url_path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (prefix, rest) = text.split_once('\n').unwrap_or(("", text));
    let Ok(path) = UrlPath::parse(&format!("{prefix}{rest}")) else { return };
    if UrlPath::parse(prefix).is_err() || !path.lies_below(prefix) {
        return;
    }
    for decodings in 0..=3 {
        for leniencies in 0..1 << 7 {
            let read = |path| served(path, decodings, |leniency| leniencies & (1 << leniency) != 0);
            let (below, at) = (read(path.as_str()), read(prefix));
            assert!(below.starts_with(&at), "{path} below {prefix}: {below:?} below {at:?}");
        }
    }
}

/// Which file a server serves that decodes so often, and has these leniencies.
fn served(path: &str, decodings: usize, is: impl Fn(u32) -> bool) -> Vec<String> {
    let mut text = path.to_owned();
    for round in 0..=decodings {
        if round > 0 {
            text = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
        }
        if is(0) {
            text.retain(|c| !c.is_control());
        }
        if is(1) {
            text = text.replace('\\', "/");
        }
        if is(2) {
            text = text.split('/').map(|segment| segment.split(';').next().unwrap()).collect::<Vec<_>>().join("/");
        }
        if is(3) {
            text = text.split(['\0', '?', '#']).next().unwrap().to_owned();
        }
        if is(4) {
            text = text.replace(['\u{ff0e}', '\u{2024}'], ".").replace(['\u{ff0f}', '\u{2215}'], "/");
            text.retain(|c| !matches!(c, '\u{200b}' | '\u{ad}' | '\u{fffd}'));
        }
        if is(5) {
            text = text.rsplit("//").next().map(|last| format!("/{}", last.trim_start_matches('/'))).unwrap();
        }
    }
    let mut served = Vec::new();
    for segment in text.split('/') {
        let is_dots = segment.len() > 1 && segment.trim().chars().all(|c| c == '.') && !segment.trim().is_empty();
        match segment {
            "" | "." => {}
            ".." => drop(served.pop()),
            _ if is(6) && is_dots => drop(served.pop()),
            name => served.push(name.to_owned()),
        }
    }
    served
}

/// Frames: no panic; what is understood as a fault can be said in every language.
pub fn frames(bytes: &[u8]) {
    if let Ok(request) = Request::parse(bytes) {
        let _ = request.params::<loom_credentials::wire::Get>();
        let _ = request.params::<loom_credentials::wire::Save>();
        let _ = request.params::<loom_credentials::wire::Login>();
    }
    let _ = Reply::<LoginReply, LoginEvent>::parse(bytes);
    let _ = Reply::<StatusReply>::parse(bytes);
    let answer = match Reply::<GetReply>::parse(bytes) {
        Ok(Reply::Ok(reply)) => git::print_answer(&reply),
        _ => None,
    };
    if let Some(answer) = answer {
        assert!(answer.split(|byte| *byte == b'\n').all(|line| line.is_empty() || line.contains(&b'=')));
    }
    if let Ok(Reply::Error(fault)) = Reply::<Empty>::parse(bytes) {
        assert!(
            Locale::ALL
                .iter()
                .all(|locale| fault.print().is_none() && fault.message(*locale) == fault.message(Locale::En))
        );
    }
}

/// The sealed file: whatever was not written with this key is refused.
pub fn sealed_file(bytes: &[u8]) {
    assert!(!check_sealed_file(bytes), "a file that nobody sealed was accepted");
}
