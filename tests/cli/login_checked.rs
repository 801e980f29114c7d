//! What a person brings along is shown to its server before it is kept; what the server cannot say is not said.

use std::io::Write;

use crate::support::{Home, Stub, at_terminal, http};

/// A host whose API knows one token, whose end it says in a header, and which has a page to make tokens at.
fn host() -> Stub {
    Stub::start(|_, request, stream| {
        let is_known = request.to_ascii_lowercase().contains("authorization: bearer tok_good");
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(5 * 24 + 1);
        let end = format!("github-authentication-token-expiration: {}\r\n", soon.strftime("%Y-%m-%d %H:%M:%S UTC"));
        let answer = match request.split(' ').nth(1).unwrap_or_default() {
            "/api/user" if is_known => http("200 OK", &end, r#"{"login":"alice"}"#),
            "/api/user" => http("401 Unauthorized", "", "{}"),
            _ => http("404 Not Found", "", ""),
        };
        drop(stream.write_all(answer.as_bytes()));
    })
}

fn settings(url: &str, more: &str) -> String {
    format!(
        "[[server]]\nurl = '{url}'\n[server.oauth]\nuserinfo_endpoint = '{url}/api/user'\n[server.token_page]\npage = \
         '{url}/new?name={{name}}&scopes={{scopes}}'\nscopes = ['repo', 'read']\n{more}"
    )
}

#[test]
fn a_token_that_the_server_takes_is_kept_with_its_owner_and_its_end() {
    let (home, host) = (Home::new(), host());
    home.configure(&settings(host.url(), ""));
    home.login_checked(&[host.url()], "tok_good").ok().says("as alice").says("It ends at");
    let status = home.loom(&["status", host.url()]).ok().out;
    assert!(status.contains("ends in 5 days"), "{status}");
    assert!(home.loom(&["status", "--sort", "expires"]).ok().out.contains("ends in 5 days"));
    assert_eq!(home.loom(&["status", "--short"]).ok().out.trim().rsplit(' ').next(), Some("!1"));
}

#[test]
fn a_token_that_the_server_refuses_is_not_kept_and_the_one_before_stays() {
    let (home, host) = (Home::new(), host());
    home.configure(&settings(host.url(), ""));
    home.login_checked(&[host.url()], "tok_good").ok();
    let hint = format!(
        "hint: make another one there; to keep it all the same: loom login --with-token --no-check --server {}\n",
        host.url()
    );
    home.login_checked(&[host.url()], "tok_bad").fails(1).says("does not take").says(&hint).without("tok_bad");
    assert_eq!(home.loom(&["token", host.url()]).ok().out, "tok_good\n");
    home.login_checked(&["--no-check", "--server", host.url()], "tok_bad").ok().says("not checked");
    assert!(home.loom(&["status"]).ok().out.contains("unchecked"));
    assert!(home.loom(&["status", "--check"]).ok().out.contains("refused"));
}

#[test]
fn where_the_server_cannot_say_nothing_is_said_of_the_token() {
    let home = Home::new();
    let silent = Stub::start(|_, _, stream| drop(stream.write_all(http("200 OK", "", "hello").as_bytes())));
    for server in [silent.url(), "https://nowhere.example"] {
        home.login_checked(&[server], "tok").ok().says("Kept, not checked");
        assert!(home.loom(&["status", server]).ok().out.contains("unchecked"), "{server}");
    }
    let checked = home.loom(&["status", "--check", silent.url()]).ok().out;
    assert!(checked.contains("unchecked, the server does not say"), "{checked}");
    assert!(silent.seen().iter().all(|request| !request.contains("tok")), "nothing was demanded, so nothing was shown");
}

#[test]
fn gits_own_question_is_asked_at_the_repository_that_was_named() {
    let home = Home::new();
    let host = Stub::start(|_, request, stream| {
        let is_git = request.starts_with("GET /team/app.git/info/refs?service=git-upload-pack ");
        // alice:tok_good
        let is_known = request.contains("Basic YWxpY2U6dG9rX2dvb2Q=");
        let answer = match (is_git, is_known) {
            (true, true) => http("200 OK", "", ""),
            (true, false) => http("401 Unauthorized", "www-authenticate: Basic realm=\"git\"\r\n", ""),
            (false, _) => http("404 Not Found", "", ""),
        };
        drop(stream.write_all(answer.as_bytes()));
    });
    let repository = format!("{}/team/app.git", host.url());
    let login = [&repository[..], "--account", "alice"];
    home.login_checked(&login, "tok_bad").fails(1).says("does not take");
    home.login_checked(&login, "tok_good").ok().says("Successfully logged in");
    assert!(home.loom(&["status", host.url()]).ok().out.contains("valid"));
}

#[test]
fn without_a_client_a_person_makes_a_token_at_the_hosts_page() {
    let (home, host) = (Home::new(), host());
    home.configure(&settings(host.url(), ""));
    let Some(said) = at_terminal(&home, &["login", host.url(), "--no-browser"], "tok_bad\ntok_good\n") else { return };
    assert_eq!(said.code, 0, "{said:?}");
    let page = format!("    {}/new?name=loom&scopes=repo%2Cread", host.url());
    assert!(said.out.contains(&page), "{said:?}");
    assert!(said.out.contains("does not take that"), "{said:?}");
    assert!(said.out.contains("as alice"), "{said:?}");
    assert!(said.out.contains("loom setup git"), "after the first login: {said:?}");
    assert!(home.loom(&["status"]).ok().out.contains("alice"), "the account is named after them");
    home.loom(&["login", host.url()]).fails(1);
}

#[test]
fn the_login_of_another_program_is_taken_if_the_person_says_so() {
    let (mut home, host) = (Home::new(), host());
    home.configure(&settings(host.url(), "program = 'gh'\n"));
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(
        bin.join("gh"),
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'auth token --hostname 127.0.0.1' ] && echo tok_good\n",
    )
    .unwrap();
    std::fs::set_permissions(bin.join("gh"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let path = std::env::var("PATH").unwrap();
    home.set("PATH", format!("{}:{path}", bin.display()));
    let Some(said) = at_terminal(&home, &["login", host.url(), "--no-browser"], "y\n") else { return };
    assert!(said.out.contains("gh is logged in there"), "{said:?}");
    assert_eq!(home.loom(&["token", host.url()]).ok().out, "tok_good\n", "{said:?}");
}

#[test]
fn at_a_terminal_a_login_without_a_server_offers_those_of_the_repository() {
    let (home, host) = (Home::new(), host());
    home.configure(&settings(host.url(), ""));
    home.git_config(&["init", "-q", "."]).ok();
    home.git_config(&["remote", "add", "origin", &format!("{}/team/app.git", host.url())]).ok();
    home.git_config(&["remote", "add", "other", "git@ssh.example:team/app.git"]).ok();
    let Some(said) = at_terminal(&home, &["login", "--no-browser"], "1\ntok_good\n") else { return };
    let listed = ["https://ssh.example", "https://github.com", "https://gitlab.com", "another"];
    assert!(listed.iter().all(|choice| said.out.contains(choice)), "{said:?}");
    home.loom(&["token", host.url()]).ok();
    let typed = format!("another\n{}/team/app.git\ntok_good\n", host.url());
    let said = at_terminal(&home, &["login", "--no-browser"], &typed).unwrap();
    assert_eq!(said.code, 0, "{said:?}");
    home.loom(&["login"]).fails(1);
}
