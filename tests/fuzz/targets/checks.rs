//! What must hold for any input. The fuzzer calls these, and so does a test that replays the corpus.

use loom_credentials::base::{Kind, Locale, Secret, ServerUrl, UrlPath};
use loom_credentials::git;
use loom_credentials::store::check_sealed_file;
use loom_credentials::tools::{Answer, Beside, Call, Failure, Label, Question, dialect_of};
use loom_credentials::wire::{Code, Empty, GetReply, LoginEvent, LoginReply, Proof, Reply, Request, StatusReply};

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

/// What the agent would answer with.
const ANSWERED: &str = "s3cr3t-of-the-agent";

/// A tool's helper, of which the first line is the command line: whatever is said to it has an answer, only a question
/// for a secret is answered with one, and no secret stands beside an answer.
pub fn tool_input(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let line = String::from_utf8_lossy(&bytes[..end]);
    let mut words = line.split(' ').map(str::to_owned);
    let program = words.next().unwrap_or_default();
    let Some(dialect) = dialect_of(&program) else { return };
    let args: Vec<String> = words.collect();
    let input = bytes.get(end + 1..).unwrap_or_default();
    let address = String::from_utf8_lossy(input).lines().next().map(str::to_owned);
    for variable in [None, Some("https://vault.example".to_owned()), address] {
        let variable = |_: &str| variable.clone();
        let call = Call { program: &program, args: &args, input, variable: &variable };
        for answer in tool_answers() {
            let request = dialect.parse(&call);
            let question = request.question();
            let places = match &question {
                Question::Get(all) => all.iter().map(|get| &get.wanted).collect(),
                Question::Store(store) | Question::Prompt { store, .. } => vec![&store.which],
                Question::Erase(all) => all.iter().collect(),
                Question::List | Question::Nothing => Vec::new(),
            };
            for place in places {
                assert!(matches!(place.protocol.as_str(), "https" | "http"), "{place:?}");
                assert!(!place.host.is_empty() && !place.host.contains(char::is_control), "{place:?}");
            }
            let said = request.say(answer);
            let has = |secret: &str| said.out.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(matches!(question, Question::Get(_)) || !has(ANSWERED), "{line}: a secret that nobody asked for");
            let beside = match &said.beside {
                Beside::Nothing => String::new(),
                Beside::Usage(usage) => (*usage).to_owned(),
                Beside::Person(failure) | Beside::Anyone(failure) => format!("{} {:?}", failure.message, failure.hint),
            };
            assert!(!beside.contains(ANSWERED), "{line}: {beside}");
            if let Question::Store(store) = &question
                && store.secret.expose().len() > 8
            {
                assert!(!beside.contains(store.secret.expose()) && !has(store.secret.expose()), "{line}");
            }
        }
    }
}

fn tool_answers() -> Vec<Answer> {
    let failed = |code| {
        Answer::Failed(Failure {
            code,
            message: "what".to_owned(),
            hint: Some("do".to_owned()),
            is_kept: code == Code::Locked,
        })
    };
    let codes = [Code::NotFound, Code::LoginRequired, Code::Locked, Code::Unavailable, Code::BadRequest, Code::Denied];
    let found = |proof| {
        let (password_expiry_utc, kind) = (Some(4_102_444_800), Some(Kind::OAuth));
        let (oauth_refresh_token, state, may_change) = (None, None, Some(true));
        Answer::Found(Box::new(GetReply { proof, password_expiry_utc, oauth_refresh_token, state, kind, may_change }))
    };
    let secret = || Secret::new(ANSWERED.to_owned());
    let password = Proof::Password { username: "u".to_owned(), password: secret() };
    let header = Proof::Header { authtype: "Bearer".to_owned(), credential: secret(), ephemeral: true };
    let listed = Answer::Listed(vec![Label { server: "https://a.example".to_owned(), username: "u".to_owned() }]);
    let mut all = vec![Answer::Done, listed, found(password), found(header)];
    all.extend(codes.into_iter().map(failed));
    all
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

/// The list of a push, of which the first byte says how it is cut: a cut changes nothing, and what is written anew is
/// read as the same list, with names and capabilities that are known.
pub fn push_list(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let whole = git::PushReader::default().take(bytes);
    let mut reader = git::PushReader::default();
    let mut came = Ok(git::Progress::More);
    let mut left = bytes;
    while came == Ok(git::Progress::More) && !left.is_empty() {
        let (part, rest) = left.split_at(left.len().min(usize::from(*cut) + 1));
        (came, left) = (reader.take(part), rest);
    }
    if let Ok(git::Progress::Whole(_, rest) | git::Progress::Probe(rest)) = &mut came {
        rest.extend_from_slice(left);
    }
    assert_eq!(came, whole, "a cut changes something");
    let Ok(git::Progress::Whole(list, _)) = whole else { return };
    let printed = list.print();
    // A branch may have such a name; behind a space stand capabilities and whole names only.
    assert!(!printed.windows(6).any(|part| part == b" push-"));
    let again = git::PushReader::default().take(&printed);
    assert_eq!(again, Ok(git::Progress::Whole(list.clone(), Vec::new())), "two lists");
    for change in list.changes() {
        assert!(change.name.as_str().starts_with("refs/") && !change.name.as_str().contains(char::is_control));
        assert_eq!(change.old.kind(), change.new.kind());
    }
    let told = git::refuse_push(&list, |_| "no\nright".to_owned(), "one\ntwo");
    assert_eq!(told.is_some(), list.capabilities().report_status);
}

/// Lines of git's protocol, as a server says them: no panic, no cut that changes something, and nothing that is told of
/// what is kept from clients.
pub fn git_lines(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    for service in [git::Service::Fetch, git::Service::Push] {
        let whole = git::Advertisement::new(service, false).next(bytes);
        let mut filter = git::Advertisement::new(service, false);
        let parts: Result<Vec<_>, _> = bytes.chunks(usize::from(*cut) + 1).map(|part| filter.next(part)).collect();
        assert_eq!(parts.map(|parts| parts.concat()).ok(), whole.ok(), "a cut changes something");
    }
    if let Ok(Some((line, rest))) = git::PktLine::first(bytes) {
        assert_eq!(line.length() + rest.len(), bytes.len());
    }
    if let Ok(batch) = git::LfsBatch::parse(bytes) {
        assert_eq!(git::LfsBatch::parse(&batch.print()), Ok(batch.clone()));
        let _ = git::LfsAnswer::parse(bytes, &batch);
    }
}

/// The beginning of a pack: no panic, and nothing is shown of what is not in it.
pub fn pack_head(bytes: &[u8]) {
    let id = |digit: &str| git::ObjectId::parse(digit.repeat(40).as_bytes()).unwrap();
    let mut descent = git::Descent::new(git::HashKind::Sha1, [(id("1"), id("2"))], []);
    assert_ne!(descent.look(bytes), git::Shown::Yes);
}
