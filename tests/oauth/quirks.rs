//! What real login servers do, each in its own way, that others do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::authorization_server::{
    DEVICE, METADATA, TOKENS, authorization_server, authorization_server_that_reads, json, refusal,
};
use crate::support::{Dialogue, Home, Output, Stub, http};

fn requests(server: &Stub, path: &str) -> Vec<String> {
    let is = |request: &String| request.split(' ').nth(1).is_some_and(|asked| asked.split('?').next() == Some(path));
    server.seen().into_iter().filter(is).collect()
}

fn by_device(home: &Home, server: &Stub, arguments: &[&str]) -> Output {
    home.loom(&[&["login", "--server", server.url(), "--flow", "device"], arguments].concat())
}

/// What a login asks a browser for.
fn asked(login: &mut Dialogue) -> impl Fn(&str) -> Option<String> + use<> {
    let url = url::Url::parse(&login.shown()).unwrap();
    move |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The browser comes back with a code.
fn come_back(home: &Home, asked: &impl Fn(&str) -> Option<String>) {
    let (back, state) = (asked("redirect_uri").unwrap(), asked("state").unwrap());
    crate::support::Jar::new(home).get(&format!("{back}?code=c&state={state}")).is(200);
}

/// Which fields a body has, whether as JSON or as a form.
fn body(request: &str) -> Value {
    let text = request.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(text).unwrap_or_else(|_| {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
    })
}

fn is_registration(path: &str, request: &str) -> Option<Value> {
    (path == "/reg").then(|| body(request))
}

#[test]
fn the_next_login_comes_back_to_the_address_that_was_registered() {
    let home = Home::new();
    let server = authorization_server(|path, count| match path {
        "/reg" => Some(http("201 Created", "", &format!(r#"{{"client_id":"c{count}"}}"#))),
        _ => None,
    });
    let own = ["--server", server.url(), "--flow", "browser"];
    let mut first = Dialogue::start(&home, &own);
    let of_first = asked(&mut first);
    let named = body(&requests(&server, "/reg")[0])["redirect_uris"].clone();
    assert_eq!(named, serde_json::json!([of_first("redirect_uri")]));
    // A second one at the same time cannot come back to the same address.
    let mut second = Dialogue::start(&home, &own);
    let of_second = asked(&mut second);
    assert_ne!(of_second("redirect_uri"), of_first("redirect_uri"));
    assert_eq!((of_first("client_id").unwrap(), of_second("client_id").unwrap()), ("c0".into(), "c1".into()));
    come_back(&home, &of_first);
    first.end().ok();
    let mut third = Dialogue::start(&home, &own);
    let of_third = asked(&mut third);
    assert_eq!(of_third("redirect_uri"), of_first("redirect_uri"));
    assert_eq!(of_third("client_id").as_deref(), Some("c0"));
}

#[test]
fn a_secret_beside_the_method_none_is_not_shown() {
    let home = Home::new();
    let server = authorization_server(|path, _| match path {
        "/reg" => Some(json(r#"{"client_id":"c","client_secret":"s3cret","token_endpoint_auth_method":"none"}"#)),
        _ => None,
    });
    by_device(&home, &server, &[]).ok();
    for request in requests(&server, "/token") {
        assert!(!request.contains("authorization:"), "{request}");
        assert!(!request.contains("s3cret"), "{request}");
        assert_eq!(body(&request)["client_id"], "c", "a public client says its name in the body");
    }
}

/// A server that takes secrets in the body alone, says nothing of that, and refuses others so.
fn body_alone(refused: String) -> Stub {
    authorization_server_that_reads(move |path, _, request| match path {
        "/token" if request.contains("authorization: Basic ") => Some(refused.clone()),
        "/token" => Some(json(&TOKENS.replace("3600", "50"))),
        _ => None,
    })
}

#[test]
fn a_secret_not_taken_in_a_header_is_shown_in_the_body_from_then_on() {
    for refused in [
        refusal("invalid_client"),
        http("401 Unauthorized", "content-type: application/json\r\n", r#"{"error":"invalid_client"}"#),
        http("403 Forbidden", "", ""),
    ] {
        shown_in_the_body(&body_alone(refused));
    }
}

fn shown_in_the_body(server: &Stub) {
    let home = Home::new();
    let own = ["login", "--server", server.url(), "--flow", "client-credentials", "--client-id", "a:b"];
    let own = [&own[..], &["--client-secret-file", "-"]].concat();
    home.loom_in(&own, "s+e %\n").ok();
    let asked = requests(server, "/token");
    assert_eq!(asked.len(), 2, "{asked:?}");
    // Both parts are encoded in the header (RFC 6749 §2.3.1).
    assert!(asked[0].contains("authorization: Basic YSUzQWI6cyUyQmUrJTI1\r\n"), "{}", asked[0]);
    assert_eq!((&body(&asked[1])["client_id"], &body(&asked[1])["client_secret"]), (&"a:b".into(), &"s+e %".into()));
    home.loom(&["token", "--min-validity", "60s"]).ok();
    let later = requests(server, "/token");
    assert!(later.len() > 2, "{later:?}");
    assert!(later[2..].iter().all(|request| !request.contains("authorization:")), "{later:?}");
}

#[test]
fn a_secret_is_shown_as_the_settings_say() {
    let home = Home::new();
    let server = body_alone(refusal("invalid_client"));
    let oauth = "token_endpoint_auth_method = \"client_secret_post\"";
    home.configure(&format!("[[server]]\nurl = \"{}\"\n[server.oauth]\n{oauth}\n", server.url()));
    let own = ["login", "--server", server.url(), "--flow", "client-credentials", "--client-id", "c"];
    home.loom_in(&[&own[..], &["--client-secret-file", "-"]].concat(), "s\n").ok();
    assert_eq!(requests(&server, "/token").len(), 1);
}

#[test]
fn why_a_registration_failed_is_said() {
    let said = r#"{"error":"invalid_redirect_uri","error_description":"must be \u001b[31mhttps\n"}"#;
    for (answer, says) in [
        (http("400 Bad Request", "", said), "invalid_redirect_uri must be"),
        (http("403 Forbidden", "content-type: text/html\r\n", "<b>no</b>"), "HTTP 403"),
        (http("401 Unauthorized", "", "{}"), "HTTP 401"),
    ] {
        let home = Home::new();
        let answered = answer.clone();
        let server = authorization_server(move |path, _| (path == "/reg").then(|| answered.clone()));
        by_device(&home, &server, &[])
            .fails(1)
            .says("could not register itself")
            .says(says)
            .says("--client-id ID")
            .without("<b>");
    }
}

#[test]
fn a_registration_that_fails_is_tried_once_with_one_grant() {
    let home = Home::new();
    let server = authorization_server_that_reads(|path, _, request| {
        let grants = is_registration(path, request)?["grant_types"].clone();
        let one = grants.as_array().unwrap().len() == 2;
        Some(if one { json(r#"{"client_id":"c"}"#) } else { refusal("invalid_client_metadata") })
    });
    let mut login = Dialogue::start(&home, &["--server", server.url(), "--flow", "browser"]);
    assert_eq!(asked(&mut login)("client_id").as_deref(), Some("c"));
    let asked: Vec<_> = requests(&server, "/reg").iter().map(|request| body(request)["grant_types"].clone()).collect();
    assert_eq!(asked[1], serde_json::json!(["authorization_code", "refresh_token"]), "{asked:?}");
    drop(login);
    // That client is of no use for codes.
    by_device(&home, &server, &[]).ok();
    let asked = requests(&server, "/reg");
    assert_eq!(asked.len(), 4);
    assert_eq!(body(&asked[3])["grant_types"][0], "urn:ietf:params:oauth:grant-type:device_code");
}

#[test]
fn a_login_for_more_than_was_asked_for_is_said_and_shown() {
    let home = Home::new();
    let server = authorization_server(|path, _| match path {
        "/token" => Some(json(&TOKENS.replace("\"expires_in\"", "\"scope\":\"read admin\",\"expires_in\""))),
        _ => None,
    });
    let own = ["--client-id", "c"];
    by_device(&home, &server, &[&own[..], &["--scope", "read"]].concat()).ok().says("more than was asked for: admin");
    let status: Value = serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap();
    assert_eq!(status["accounts"][0]["scopes"], serde_json::json!(["read", "admin"]));
    // Nothing was asked for: the server chose, and nothing is more than that.
    let done = by_device(&home, &server, &own).ok();
    assert!(!done.err.contains("more than"), "{done:?}");
}

#[test]
fn a_token_for_more_than_was_asked_for_is_not_handed_out() {
    let home = Home::new();
    let server = authorization_server_that_reads(|path, _, request| match path {
        "/token" if request.contains("scope=read") => {
            Some(json(r#"{"access_token":"at_wide","token_type":"bearer","scope":"read admin","expires_in":3600}"#))
        }
        _ => None,
    });
    by_device(&home, &server, &["--client-id", "c"]).ok();
    home.loom(&["token", "--scope", "read"]).fails(1).says("more than was asked for: admin").without("at_wide");
    assert_eq!(home.loom(&["token", "--scope", "write"]).ok().out.trim(), "at_first");
    assert_eq!(home.loom(&["token"]).ok().out.trim(), "at_first");
}

#[test]
fn gitea_and_gitlab_below_a_path_are_known_as_what_they_are() {
    let gitea = METADATA.replace("URL/", "URL/forge/login/oauth/").replace("\"URL\"", "\"URL/forge\"");
    let gitea = gitea.replace("oauth/token\"", "oauth/access_token\"");
    let scopes = r#""scopes_supported":["read_repository","write_repository","openid","profile"],"token_endpoint""#;
    let gitlab = METADATA.replace("URL/", "URL/forge/oauth/").replace("\"URL\"", "\"URL/forge\"");
    let gitlab = gitlab.replace("\"token_endpoint\"", scopes);
    for (metadata, client, asks) in [
        (gitea, "a4792ccc-144e-407e-86c9-5e7d8d9c3269", None),
        (gitlab, "mine", Some("read_repository write_repository openid profile")),
    ] {
        let home = Home::new();
        let server = authorization_server(move |path, _| match path {
            "/forge/.well-known/openid-configuration" => Some(json(&metadata)),
            path if path.ends_with("/access_token") || path.ends_with("/token") => Some(json(TOKENS)),
            _ => Some(http("404 Not Found", "", "")),
        });
        // A repository below it finds it as well.
        for place in ["/forge", "/forge/org/project.git"] {
            let url = format!("{}{place}", server.url());
            let own: &[&str] = if client == "mine" { &["--client-id", "mine"] } else { &[] };
            let own = [&["--server", &url, "--flow", "browser"], own].concat();
            let mut login = Dialogue::start(&home, &own);
            let asked = asked(&mut login);
            assert_eq!(asked("client_id").as_deref(), Some(client));
            assert_eq!(asked("scope").as_deref(), asks);
            come_back(&home, &asked);
            login.end().ok();
            let host = server.url().strip_prefix("http://").unwrap();
            let path = format!("{place}/x").trim_start_matches('/').to_owned();
            let given = home.helper("get", format!("protocol=http\nhost={host}\npath={path}\n\n"));
            assert!(given.out.contains("username=oauth2\n"), "{given:?}");
        }
    }
}

#[test]
fn an_answer_that_a_form_brings_is_taken_and_its_address_is_none() {
    let home = Home::new();
    let server = authorization_server(|_, _| None);
    let parameters = "authorization_parameters = { response_mode = \"form_post\" }";
    home.configure(&format!("[[server]]\nurl = \"{}\"\n[server.oauth]\n{parameters}\n", server.url()));
    let own = ["--server", server.url(), "--client-id", "c", "--flow", "browser"];
    let mut login = Dialogue::start(&home, &own);
    let asked = asked(&mut login);
    assert_eq!(asked("response_mode").as_deref(), Some("form_post"));
    let (back, state) = (asked("redirect_uri").unwrap(), asked("state").unwrap());
    let jar = crate::support::Jar::new(&home);
    // What stands in the address did not come with the form, and another kind of body is no form.
    jar.post(&format!("{back}?code=c&state={state}"), &[("code", "c"), ("state", "guessed")]).is(400);
    let fields = format!("code=c&state={state}");
    jar.send(&["-H", "content-type: text/plain", "-d", &fields, &back]).is(400);
    assert_eq!(requests(&server, "/token").len(), 0);
    jar.post(&back, &[("code", "c"), ("state", &state)]).is(200);
    login.end().ok();
}

#[test]
fn device_codes_are_to_be_had_where_only_the_settings_say_so() {
    let home = Home::new();
    let metadata = METADATA.replace("\"device_authorization_endpoint\":\"URL/device\",", "");
    assert!(!metadata.contains("/device"));
    let server = authorization_server(move |path, _| match path {
        "/.well-known/openid-configuration" => Some(json(&metadata)),
        "/codes" => Some(json(DEVICE)),
        _ => None,
    });
    by_device(&home, &server, &["--client-id", "c"]).fails(1).says("does not offer");
    let endpoint = format!("device_authorization_endpoint = \"{}/codes\"", server.url());
    home.configure(&format!("[[server]]\nurl = \"{}\"\n[server.oauth]\n{endpoint}\n", server.url()));
    by_device(&home, &server, &["--client-id", "c"]).ok();
}

#[test]
fn metadata_are_found_where_standards_put_them_and_complete_each_other() {
    let openid = r#"{"issuer":"URL/","token_endpoint":"URL/token","authorization_endpoint":"URL/auth"}"#;
    let oauth = METADATA.replace("\"URL\"", "\"URL/\"");
    let (openid, oauth) = (openid.to_owned(), oauth);
    for (place, at, document) in [
        ("", "/.well-known/oauth-authorization-server", oauth.clone()),
        ("/a/b", "/.well-known/oauth-authorization-server/a/b", oauth.replace("\"URL/\"", "\"URL/a/b\"")),
        ("/a/b", "/.well-known/openid-configuration/a/b", oauth.replace("\"URL/\"", "\"URL/a/b/\"")),
        ("/a/b", "/a/.well-known/oauth-authorization-server", oauth.replace("\"URL/\"", "\"URL/a\"")),
    ] {
        let home = Home::new();
        let openid = openid.clone();
        let server = authorization_server(move |path, _| match path {
            _ if path == at => Some(json(&document)),
            "/.well-known/openid-configuration" if place.is_empty() => Some(json(&openid)),
            path if path.contains("well-known") => Some(http("404 Not Found", "", "")),
            _ => None,
        });
        let url = format!("{}{place}", server.url());
        // Codes and revocation are in the second document.
        home.loom(&["login", "--server", &url, "--flow", "device", "--client-id", "c"]).ok();
        home.loom(&["logout", "--server", &url]).ok();
        assert!(!requests(&server, "/revoke").is_empty(), "{place} {at}");
    }
}

#[test]
fn answers_that_real_servers_give_are_understood() {
    for (from, to) in [
        ("\"expires_in\":3600", "\"expires_in\":\"3600\""),
        ("\"expires_in\":3600", "\"expires_in\":3600,\"scope\":[\"read\",\"write\"]"),
        ("\"expires_in\":3600", "\"expires_in\":3600,\"scope\":\"read,write\""),
        ("\"expires_in\":3600", "\"expires_in\":3600,\"scope\":\" read  write \""),
        ("\"expires_in\":3600", "\"expires_in\":3600,\"scope\":\"read write\",\"error\":\"\",\"id_token\":\"\""),
        ("\"refresh_token\":\"rt_first\"", "\"refresh_token\":\"\",\"scope\":\"read write\""),
        ("\"refresh_token\":\"rt_first\"", "\"refresh_token\":null,\"scope\":\"read write\""),
        ("\"token_type\":\"bearer\"", "\"token_type\":\"BEARER\",\"scope\":\"read write\""),
        ("\"token_type\":\"bearer\",", "\"scope\":\"read write\","),
    ] {
        let home = Home::new();
        let tokens = TOKENS.replace(from, to);
        assert_ne!(tokens, TOKENS);
        let server = authorization_server(move |path, _| (path == "/token").then(|| json(&tokens)));
        by_device(&home, &server, &["--client-id", "c", "--scope", "read", "--scope", "write"]).ok();
        assert_eq!(home.loom(&["token"]).ok().out.trim(), "at_first", "{to}");
        let status: Value = serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap();
        assert_eq!(status["accounts"][0]["scopes"], serde_json::json!(["read", "write"]), "{to}");
    }
}

#[test]
fn a_server_that_forgot_a_client_gives_another() {
    let home = Home::new();
    let known = Arc::new(AtomicUsize::new(0));
    let current = known.clone();
    let server = authorization_server_that_reads(move |path, count, request| match path {
        "/reg" => Some(json(&format!(r#"{{"client_id":"c{count}"}}"#))),
        "/device" if body(request)["client_id"] != format!("c{}", current.load(Ordering::SeqCst)).as_str() => {
            Some(refusal("invalid_client"))
        }
        _ => None,
    });
    by_device(&home, &server, &[]).ok();
    known.store(1, Ordering::SeqCst);
    by_device(&home, &server, &[]).ok();
    by_device(&home, &server, &[]).ok();
    assert_eq!(requests(&server, "/reg").len(), 2);
    let kept = std::fs::read_to_string(home.path().join("state/loom/clients.json")).unwrap();
    assert!(kept.contains("\"c1\""), "{kept}");
    assert!(!kept.contains("\"c0\""), "{kept}");
}
