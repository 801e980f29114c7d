//! Git with tokens of OAuth: a resource server that verifies the provider's JWTs, and one that takes them as a
//! password.

use std::time::Duration;

use crate::support::authorization_server::{TOKENS, authorization_server, json};
use crate::support::{
    Apache, Dialogue, Home, LoomServer, Nginx, Provider, Stub, find_program, gits, loom_server, wait_until,
};

/// A login of alice at the resource server.
fn logged_in(home: &mut Home, settings: &[(&str, &str)]) -> Option<(Provider, Apache)> {
    let provider = Provider::start_with(home, &[&[("DC_INTERVAL", "1")], settings].concat())?;
    let apache = Apache::start(home, &provider)?;
    log_in(home, &provider, apache.url());
    Some((provider, apache))
}

/// Logs alice in at this server, whose settings name the provider.
fn log_in(home: &Home, provider: &Provider, server: &str) {
    names_issuer(home, server, &format!("issuer = '{}'\nclient_id = 'loom-cli'\n", provider.issuer()));
    let mut login = Dialogue::start(home, &["--server", server, "--flow", "device"]);
    let (url, code) = (login.shown(), login.shown());
    provider.approve_device(&url, &code, "alice");
    login.end().ok();
}

/// A login at a server that serves git, with the first token of an authorization server that will give a second one.
fn to_be_renewed(settings: &str) -> (Home, LoomServer, Stub) {
    let home = Home::new();
    let server = loom_server(&home);
    let issuer = authorization_server(|path, count| match (path, count) {
        ("/token", 1..) => Some(json(&TOKENS.replace("first", "second"))),
        _ => None,
    });
    names_issuer(&home, server.url(), &format!("issuer = '{}'\nclient_id = 'c'\n{settings}", issuer.url()));
    *server.tokens() = ["at_first".to_owned()].into();
    home.loom(&["login", "--server", server.url(), "--flow", "device"]).ok();
    (home, server, issuer)
}

fn names_issuer(home: &Home, server: &str, oauth: &str) {
    home.configure(&format!("[[server]]\nurl = '{server}'\n[server.oauth]\n{oauth}"));
}

#[test]
fn a_clone_and_a_push_with_a_verified_jwt() {
    let mut home = Home::new();
    let Some((_provider, apache)) = logged_in(&mut home, &[]) else { return };
    apache.repository("app.git");
    let git = &gits()[0];
    home.git(git, &["clone", "-q", &format!("{}/git/app.git", apache.url()), "app"]).ok();
    home.git(git, &["-C", "app", "commit", "-q", "--allow-empty", "-m", "More"]).ok();
    home.git(git, &["-C", "app", "push", "-q", "origin", "HEAD"]).ok();
    let token = home.loom(&["token"]).ok().out;
    let said = home.git(git, &["-C", "app", "fetch", "-q"]).ok().without(token.trim());
    assert_eq!(said.out, "");
    assert!(apache.log().contains("git-receive-pack"), "{}", apache.log());
}

#[test]
fn a_token_that_ended_is_renewed_on_the_way() {
    let mut home = Home::new();
    let Some((provider, apache)) = logged_in(&mut home, &[("AT_TTL", "2")]) else { return };
    apache.repository("app.git");
    let url = format!("{}/git/app.git", apache.url());
    std::thread::sleep(Duration::from_secs(3));
    let before = provider.count("POST /token");
    home.git(&gits()[0], &["ls-remote", &url]).ok();
    // A slow machine may need longer than a token lives here, and renew it once more.
    assert!(provider.count("POST /token") > before);
    // Git is told when it ends, as it is a git of today.
    let host = apache.url().strip_prefix("https://").unwrap();
    assert!(home.get("https", host).ok().out.contains("password_expiry_utc="));
}

#[test]
fn a_401_is_healed_by_a_renewal_in_the_same_command() {
    let (home, server, _issuer) = to_be_renewed("git_username = 'x-access-token'\n");
    let host = server.url().strip_prefix("http://").unwrap();
    let said = home.get("http", host).ok().out;
    assert!(said.contains("username=x-access-token\npassword=at_first\n"), "{said}");
    let url = format!("{}/git/team/app.git", server.url());
    home.git(&gits()[0], &["ls-remote", &url]).ok();
    // The server forgets the token; what renews it is still good.
    *server.tokens() = ["at_second".to_owned()].into();
    home.git(&gits()[0], &["ls-remote", &url]).ok().without("at_second");
    assert_eq!(home.loom(&["token"]).ok().out.trim(), "at_second");
}

#[test]
fn an_older_git_gets_the_renewed_token_with_its_next_command() {
    let Some(git) = gits().into_iter().nth(1) else { return };
    let (home, server, _issuer) = to_be_renewed("");
    *server.tokens() = ["at_second".to_owned()].into();
    let url = format!("{}/git/team/app.git", server.url());
    assert_ne!(home.git(&git, &["ls-remote", &url]).code, 0);
    home.git(&git, &["ls-remote", &url]).ok();
}

#[test]
fn git_lfs_ends_although_every_refusal_could_be_healed() {
    if find_program("git-lfs").is_none() {
        return;
    }
    let mut home = Home::new();
    let Some(nginx) = Nginx::start(&mut home) else { return };
    let Some(provider) = Provider::start_with(&mut home, &[("DC_INTERVAL", "1")]) else { return };
    log_in(&home, &provider, &nginx.basic);
    nginx.accept_basic("oauth2", "nobody has this");
    let host = nginx.basic.strip_prefix("https://").unwrap();
    let asked = provider.count("POST /token");
    // What git-lfs does: get, erase, get, erase, for as long as it is given something.
    let mut rounds = 0;
    wait_until("nothing is given any more", || {
        let given = home.get("https", host);
        if given.out.is_empty() {
            return true;
        }
        rounds += 1;
        home.helper("erase", format!("protocol=https\nhost={host}\n{}\n", given.out)).ok();
        false
    });
    // The first token, and those of three renewals.
    assert!(rounds <= 4, "{rounds} rounds");
    assert!(provider.count("POST /token") <= asked + 3);
}
