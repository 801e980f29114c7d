//! Hostile input on git's side of the protocol: refused with one sentence, nothing said, nothing changed, the agent
//! alive.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::Home;

/// A home where good.example has a password that must never come out.
fn prepared() -> Home {
    let home = Home::new();
    home.store("https", "good.example", "u", "hunter2-secret").ok();
    home
}

/// Asserts that the input is refused by get, store and erase, and that nothing changed.
#[track_caller]
fn refused(home: &Home, input: impl AsRef<[u8]>) {
    for operation in ["get", "store", "erase"] {
        home.helper(operation, input.as_ref()).fails(1).without("hunter2-secret").without("smuggled");
    }
    assert!(home.get("https", "good.example").ok().out.contains("hunter2-secret"), "it is still there");
}

#[test]
fn a_newline_smuggled_in_a_url_is_refused() {
    let home = prepared();
    for url in [
        "https://evil.example?%0ahost=good.example/",
        "https://%0ahost=good.example",
        "https://evil.example%0d%0ahost=good.example/",
    ] {
        refused(&home, format!("url={url}\nusername=u\npassword=smuggled\n\n"));
    }
}

#[test]
fn a_carriage_return_or_nul_in_a_value_is_refused() {
    let home = prepared();
    refused(&home, "protocol=https\nhost=evil.example\rhost=good.example\nusername=u\npassword=smuggled\n\n");
    refused(&home, "protocol=https\nhost=good.example\r\nusername=u\npassword=smuggled\n\n");
    refused(&home, "url=https://example%0d.com/\nusername=u\npassword=smuggled\n\n");
    refused(&home, "protocol=https\nhost=good.example\0.evil.example\nusername=u\npassword=smuggled\n\n");
    refused(&home, "protocol=https\nhost=good.example\nusername=u\0x\npassword=smuggled\n\n");
}

#[test]
fn a_missing_empty_or_contradicting_host_or_protocol_is_refused() {
    let home = prepared();
    for lines in [
        "protocol=https\n",
        "host=good.example\n",
        "protocol=https\nhost=\n",
        "protocol=\nhost=good.example\n",
        "host=good.example\nprotocol=https\nurl=https://evil.example/\n",
        "protocol=https\nhost=good.example\nhost=evil.example\n",
        "protocol=https\nprotocol=http\nhost=good.example\n",
        "protocol=https\nhost=good.example\nno equals sign\n",
        "",
    ] {
        refused(&home, format!("{lines}username=u\npassword=smuggled\n\n"));
    }
}

#[test]
fn too_much_input_is_refused() {
    let home = prepared();
    refused(&home, "a=b\n".repeat(1001) + "protocol=https\nhost=good.example\n\n");
    refused(&home, format!("protocol=https\nhost=good.example\npassword={}\n\n", "smuggled".repeat(200_000)));
    refused(&home, format!("protocol=https\nhost=good.example\nusername={}\n\n", "x".repeat(65_535)));
}

#[test]
fn a_host_that_is_not_utf8_is_refused_and_a_password_is_never_altered() {
    let home = prepared();
    refused(&home, b"protocol=https\nhost=good\xff.example\nusername=u\npassword=smuggled\n\n");
    let bytes = b"protocol=https\nhost=raw.example\nusername=u\npassword=smuggled\xff\xfe\n\n";
    home.helper("store", bytes).fails(1);
    assert_eq!(home.get("https", "raw.example").ok().out, "");
}

#[test]
fn a_store_that_is_cut_off_stores_nothing() {
    let home = prepared();
    home.helper("store", "protocol=https\nhost=cut.example\nusername=u\npassword=half").fails(1);
    home.helper("store", "protocol=https\nhost=cut.exam").fails(1);
    assert_eq!(home.get("https", "cut.example").ok().out, "");
}

#[test]
fn a_challenge_that_smuggles_a_host_does_not_change_the_host() {
    let home = prepared();
    let challenge = format!("wwwauth[]={} host=good.example\n", "x".repeat(1000));
    let asked = home.helper("get", format!("protocol=https\nhost=evil.example\n{challenge}\n")).ok();
    assert_eq!(asked.out, "");
}

#[test]
fn stdin_that_is_held_open_ends_after_ten_seconds() {
    let home = prepared();
    let begun = Instant::now();
    let mut command = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
    let mut child = command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"protocol=https\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(9), "{took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn an_answer_names_no_host_and_no_attribute_that_was_not_offered() {
    let home = prepared();
    let answer = home.helper("get", "protocol=https\nhost=good.example\nwwwauth[]=Bearer\n\n").ok().out;
    assert_eq!(answer, "username=u\npassword=hunter2-secret\n");
}

#[test]
fn an_ephemeral_credential_is_not_kept() {
    let home = prepared();
    home.helper("store", "protocol=https\nhost=e.example\nusername=u\npassword=p\nephemeral=1\n\n").ok();
    assert_eq!(home.get("https", "e.example").ok().out, "");
}

#[test]
fn control_characters_of_a_name_are_escaped_in_messages() {
    let home = prepared();
    let done = home.helper("get", "protocol=https\nhost=e\x1b[31m.example\n\n").fails(1);
    assert!(done.err.contains("\\u{1b}"), "{done:?}");
    home.store("https", "c.example", "na\x1b[31m\u{202e}me", "pw").ok();
    let table = home.loom(&["status"]).ok().out;
    assert!(!table.contains(['\x1b', '\u{202e}']), "{table}");
    assert!(table.contains("na\\u{1b}[31m\\u{202e}me"), "{table}");
}

#[test]
fn other_spellings_of_a_host_never_get_its_credential() {
    let home = prepared();
    for host in ["GOOD.example", "good.example:443"] {
        assert!(home.get("https", host).ok().out.contains("hunter2-secret"), "{host} is the same server");
    }
    for host in ["good.example:8443", "good.example.evil.example", "evilgood.example", "xn--good.example", "example"] {
        assert_eq!(home.get("https", host).ok().out, "", "{host}");
    }
    for host in [
        "good.example.",
        "good.example:0",
        "good.example:65536",
        "good.example:+443",
        "good.example:00443",
        "good%2eexample",
        "good.example\\.evil.example",
        "good example",
        "evil@good.example",
        "good.example:x@evil.example",
        "g\u{ff4f}od.example",
        "good\u{ff0e}example",
        "g\u{43e}\u{43e}d.example",
        "[fe80::1%25eth0]",
        "0x7f.1",
        "127.1",
        "good..example",
    ] {
        home.get("https", host).fails(1).without("hunter2-secret");
    }
    let hinted = home.get("https", "b\u{fc}cher.example").fails(1);
    assert!(hinted.err.contains("xn--bcher-kva.example"), "{hinted:?}");
}

#[test]
fn other_protocols_get_nothing_unless_stored_for_them() {
    let home = prepared();
    for protocol in ["http", "ftp", "ssh", "smtp", "imaps"] {
        assert_eq!(home.get(protocol, "good.example").ok().out, "", "{protocol}");
    }
    home.store("smtp", "mail.example:587", "u", "for-mail").ok();
    assert!(home.get("smtp", "mail.example:587").ok().out.contains("for-mail"));
    assert_eq!(home.get("https", "mail.example:587").ok().out, "");
}

#[test]
fn no_secret_is_in_the_log_at_its_most_talkative() {
    let mut home = Home::new();
    home.set("LOOM_LOG", "trace");
    home.set("RUST_BACKTRACE", "full");
    let server = crate::support::loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let token = server.tokens().first().cloned().unwrap();
    home.store("https", "good.example", "u", "hunter2-secret").ok();
    home.get("https", "good.example").ok();
    home.helper("get", "protocol=https\nhost=good.example\0\npassword=hunter2-secret\n\n").fails(1).without("hunter2");
    home.loom(&["status"]).ok().without(&token);
    home.loom(&["logout"]).ok().without(&token);
    let log = std::fs::read_to_string(home.path().join("state/loom/agent.log")).unwrap();
    assert!(log.contains("request"), "the log is empty: {log}");
    for secret in [&token[..12], "hunter2-secr", "aHVudGVyMi1z"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
