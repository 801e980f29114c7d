//! Single sign-on at real OpenID providers: who signs in, with which role, for how long, and whose access tokens count.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Home, Jar, OpenBao, Provider, Seen};

/// A home whose door takes people of this provider.
pub fn door(home: &mut Home, issuer: &str, client: &str) -> String {
    home.set("LOOM_OIDC_ISSUER", issuer);
    home.set("LOOM_OIDC_CLIENT_ID", client);
    home.set("LOOM_OIDC_AUDIENCE", "urn:loom:test");
    home.loom(&["serve", "--listen", "127.0.0.1:0"]).ok().out.trim().to_owned()
}

/// Signs in, and goes on to the page behind.
pub fn sign_in(jar: &Jar<'_>, url: &str, provider: &Provider, user: &str) -> Seen {
    let away = jar.get(&format!("{url}/auth/oidc/login")).is(303);
    let back = provider.redirect_for(away.location(), user);
    jar.get(&back).is(200);
    jar.get(&format!("{url}/")).is(200)
}

pub fn audit(home: &Home, event: &str) -> String {
    home.loom(&["audit", "tail", "-n", "50", "--event", event]).ok().out
}

#[test]
fn people_sign_in_with_the_role_that_their_claims_give_and_out_again() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    let url = door(&mut home, provider.issuer(), "loom-web");
    home.loom_in(&["login", "--with-token", "--server", "https://api.example", "--account", "ci"], "tok_hidden").ok();
    home.loom(&["token", "generate", "of-the-job", "--scopes", "read"]).ok();
    let (admin, viewer) = (Jar::new(&home), Jar::new(&home));
    let home_page = admin.get(&format!("{url}/")).is(303);
    assert_eq!(home_page.location(), "/sign-in");
    let page = sign_in(&admin, &url, &provider, "admin-ada");
    for shown in ["admin-ada", "https://api.example", "of-the-job", "auth.sign_in"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains("tok_hidden"), "no secret on a page");
    assert!(!page.body.contains("loom_"), "no secret on a page");
    let page = sign_in(&viewer, &url, &provider, "viewer-vera");
    assert!(page.body.contains("viewer-vera"), "{}", page.body);
    assert!(page.body.contains("https://api.example"), "{}", page.body);
    assert!(!page.body.contains("of-the-job"), "{}", page.body);
    assert!(!page.body.contains("auth.sign_in"), "{}", page.body);
    let signed_in = audit(&home, "auth.sign_in");
    assert!(signed_in.contains("person=admin-ada"), "{signed_in}");
    assert!(signed_in.contains("person=viewer-vera"), "{signed_in}");
    assert!(signed_in.contains(provider.issuer()), "{signed_in}");
    assert!(signed_in.contains("from=127.0.0.1"), "{signed_in}");

    // The session is the pages' alone, and cookies say so.
    let cookie = admin.cookies();
    let cookie = cookie.lines().find(|line| line.contains("\tloom\t")).unwrap();
    assert!(cookie.starts_with("#HttpOnly_127.0.0.1"), "{cookie}");
    admin.get(&format!("{url}/api/status")).is(401);

    let out = admin.get(&format!("{url}/auth/logout")).is(303);
    assert!(out.location().starts_with(provider.issuer()), "{out:?}");
    assert!(out.location().contains("id_token_hint="), "{out:?}");
    assert_eq!(admin.get(&format!("{url}/")).is(303).location(), "/sign-in");
    assert!(audit(&home, "auth.sign_out").contains("person=admin-ada"));
    // An administrator ends the session of somebody else, at once.
    sign_in(&admin, &url, &provider, "admin-ada");
    let sessions: Value = serde_json::from_str(&home_api(&home, &url, "/api/sessions")).unwrap();
    let vera = sessions.as_array().unwrap().iter().find(|session| session["name"] == "viewer-vera").unwrap();
    assert_eq!(vera["scopes"], json!(["read"]));
    let page = admin.get(&format!("{url}/"));
    let id = vera["id"].as_str().unwrap();
    admin.post(&format!("{url}/sessions/{id}/end"), &[("key", &page.field("key"))]).is(303);
    viewer.get(&format!("{url}/")).is(303);
}

#[test]
fn who_approved_a_machine_takes_it_back_in_a_later_session() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    let url = door(&mut home, provider.issuer(), "loom-web");
    let (vera, other) = (Jar::new(&home), Jar::new(&home));
    sign_in(&vera, &url, &provider, "viewer-vera");
    sign_in(&other, &url, &provider, "viewer-victor");
    let approve = |jar: &Jar<'_>, name: &str| {
        let json = ["-H", "content-type: application/json", "-d"];
        let ask = |path: &str, body: Value| {
            let answer = Jar::new(&home).send(&[&json[..], &[&body.to_string(), &format!("{url}{path}")]].concat());
            serde_json::from_str::<Value>(&answer.is(200).body).unwrap()
        };
        let started = ask("/auth/device/start", json!({ "name": name }));
        let code = started["user_code"].as_str().unwrap();
        let page = jar.get(&format!("{url}/device?user_code={code}")).is(200);
        let decision =
            [("key", &*page.field("key")), ("user_code", code), ("decision", "approve"), ("scope-read", "on")];
        jar.post(&format!("{url}/device"), &decision).is(200);
        ask("/auth/device/poll", json!({ "device_code": started["device_code"] }))["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (lost, kept) = (approve(&vera, "lost-laptop"), approve(&other, "kept-laptop"));
    let works = |token: &str| {
        Jar::new(&home).send(&["-H", &format!("Authorization: Bearer {token}"), &format!("{url}/api/status")]).status
    };
    assert_eq!((works(&lost), works(&kept)), (200, 200));

    let again = Jar::new(&home);
    let page = sign_in(&again, &url, &provider, "viewer-vera");
    assert!(page.body.contains("lost-laptop"), "{}", page.body);
    assert!(!page.body.contains("kept-laptop"), "{}", page.body);
    let place = |page: &Seen| {
        let form = page.body.split_once("action=\"/devices/").expect("a form that revokes").1;
        format!("{url}/devices/{}", form.split('"').next().unwrap())
    };
    // Neither with the form of somebody else, nor what somebody else approved.
    let foreign = other.get(&format!("{url}/"));
    other.post(&place(&page), &[("key", &foreign.field("key"))]).is(404);
    again.post(&place(&foreign), &[("key", &page.field("key"))]).is(404);
    again.post(&place(&page), &[("key", &foreign.field("key"))]).is(403);
    assert_eq!((works(&lost), works(&kept)), (200, 200));
    again.post(&place(&page), &[("key", &page.field("key"))]).is(303);
    assert_eq!((works(&lost), works(&kept)), (401, 200));
    assert!(!again.get(&format!("{url}/")).is(200).body.contains("lost-laptop"));
    assert!(audit(&home, "device.end").contains("person=viewer-vera"));
    // Who oversees everything has them among all others.
    let admin = Jar::new(&home);
    assert!(sign_in(&admin, &url, &provider, "admin-ada").body.contains("kept-laptop"));
}

/// What the API answers to somebody who may do everything.
fn home_api(home: &Home, url: &str, path: &str) -> String {
    let made = home.loom(&[
        "exec",
        "--scopes",
        "*",
        "--",
        "sh",
        "-c",
        &format!("curl -s -H \"Authorization: Bearer $LOOM_TOKEN\" {url}{path}"),
    ]);
    made.ok().out
}

#[test]
fn a_sign_in_counts_only_in_the_browser_that_began_it_and_only_once() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    let url = door(&mut home, provider.issuer(), "loom-web");
    let (victim, attacker) = (Jar::new(&home), Jar::new(&home));
    let away = attacker.get(&format!("{url}/auth/oidc/login")).is(303);
    let back = provider.redirect_for(away.location(), "mallory");
    // The attacker's answer in the victim's browser, with and without a sign-in of its own.
    assert_eq!(victim.get(&back).status, 403);
    victim.get(&format!("{url}/auth/oidc/login")).is(303);
    assert_eq!(victim.get(&back).status, 403);
    assert_eq!(victim.get(&format!("{url}/")).is(303).location(), "/sign-in");
    assert_eq!(attacker.get(&back.replace("state=", "state=x")).status, 403, "another state");
    let away = attacker.get(&format!("{url}/auth/oidc/login")).is(303);
    let back = provider.redirect_for(away.location(), "viewer-mallory");
    attacker.get(&back).is(200);
    assert_eq!(attacker.get(&back).status, 403, "a second time");
    assert!(audit(&home, "auth.fail").lines().count() >= 3);
    // It asks as it should: code, PKCE, state, nonce, and comes back here.
    for part in ["response_type=code", "code_challenge_method=S256", "state=", "nonce=", "scope=openid"] {
        assert!(away.location().contains(part), "{part}: {}", away.location());
    }
}

#[test]
fn access_tokens_of_the_issuer_count_by_their_role_and_id_tokens_do_not() {
    let mut home = Home::new();
    home.set("LOOM_LOG", "trace");
    let Some(provider) = Provider::start(&mut home) else { return };
    let url = door(&mut home, provider.issuer(), "loom-web");
    let jar = Jar::new(&home);
    let ask = |token: &str, path: &str| {
        let file = home.path().join("header");
        std::fs::write(&file, format!("Authorization: Bearer {token}")).unwrap();
        jar.send(&["-H", &format!("@{}", file.display()), &format!("{url}{path}")]).status
    };
    for (user, allowed) in
        [("admin-a", [200, 200, 200]), ("auditor-b", [200, 200, 403]), ("viewer-eve", [200, 403, 403])]
    {
        let (access, id) = tokens(&jar, &provider, user);
        let got = ["/api/status", "/api/audit", "/api/enterprise/tokens"].map(|path| ask(&access, path));
        assert_eq!(got, allowed, "{user}");
        assert_eq!(ask(&id, "/api/status"), 401, "an ID token is no access token");
        // Whatever the role, a server's own secret stays here.
        let said = jar.send(&[
            "-H",
            &format!("Authorization: Bearer {access}"),
            "-H",
            "content-type: application/json",
            "-d",
            "{}",
            &format!("{url}/api/token"),
        ]);
        assert_eq!(said.status, 403, "{said:?}");
    }
    let (access, id) = tokens(&jar, &provider, "viewer-eve");
    assert_eq!([ask(&access, "/api/status"), ask(&id, "/api/status")], [200, 401]);
    std::fs::remove_file(home.path().join("header")).unwrap();
    for shown in [&access, &id] {
        home.assert_nowhere_in_clear(shown);
        home.assert_nowhere_in_clear(shown.rsplit('.').next().unwrap());
    }
    let noted = audit(&home, "auth.ok");
    assert!(noted.contains("person=admin-a"), "{noted}");
    assert!(noted.contains("person=viewer-eve"), "{noted}");
}

/// An access token and an ID token, as a program of the company's would get them.
pub fn tokens(jar: &Jar<'_>, provider: &Provider, user: &str) -> (String, String) {
    let verifier = "0123456789012345678901234567890123456789012";
    let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier));
    let redirect = "http://127.0.0.1:1/callback";
    let mut asked = url::Url::parse(&format!("{}/auth", provider.issuer())).unwrap();
    asked.query_pairs_mut().extend_pairs([
        ("client_id", "loom-cli"),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("redirect_uri", redirect),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("nonce", "n"),
        ("state", "s"),
    ]);
    let back = url::Url::parse(&provider.redirect_for(asked.as_str(), user)).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let answer = jar.send(&[
        "--cacert",
        &provider.ca().display().to_string(),
        "-d",
        &url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "authorization_code"),
                ("client_id", "loom-cli"),
                ("redirect_uri", redirect),
                ("code", &code),
                ("code_verifier", verifier),
            ])
            .finish(),
        &format!("{}/token", provider.issuer()),
    ]);
    let tokens: Value = serde_json::from_str(&answer.is(200).body).unwrap();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (text("access_token"), text("id_token"))
}

fn sha256(text: &str) -> Vec<u8> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut command = Command::new("openssl");
    let mut child =
        command.args(["dgst", "-sha256", "-binary"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let mut digest = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut digest).unwrap();
    child.wait().unwrap();
    digest
}

#[test]
fn of_several_issuers_people_choose_and_each_gives_roles_by_its_own_rules() {
    let mut home = Home::new();
    let (Some(openbao), Some(provider)) = (OpenBao::start(&mut home), Provider::start(&mut home)) else { return };
    home.configure(&format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n\
         [[http.issuer]]\nname = \"Corp\"\nissuer = \"{}\"\nclient_id = \"{}\"\nscopes = [\"openid\", \"profile\"]\n\
         default_role = \"viewer\"\n\
         [[http.issuer]]\nname = \"Guests\"\nissuer = \"{}\"\nclient_id = \"loom-web\"\n\
         roles = {{ claim = \"preferred_username\", mapping = {{ \"ada\" = \"auditor\" }} }}\n",
        openbao.issuer(),
        openbao.client_id(),
        provider.issuer()
    ));
    let url = home.loom(&["serve"]).ok().out.trim().to_owned();
    let (alice, ada) = (Jar::new(&home), Jar::new(&home));
    let page = alice.get(&format!("{url}/sign-in")).is(200).body;
    assert!(page.contains("Corp"), "{page}");
    assert!(page.contains("Guests"), "{page}");
    // The first one where nobody says which.
    let away = alice.get(&format!("{url}/auth/oidc/login")).is(303);
    alice.get(&openbao.redirect_for(away.location())).is(200);
    let issuer: String = url::form_urlencoded::byte_serialize(format!("{}/", provider.issuer()).as_bytes()).collect();
    let away = ada.get(&format!("{url}/auth/oidc/login?issuer={issuer}")).is(303);
    ada.get(&provider.redirect_for(away.location(), "ada")).is(200);
    let sessions: Value = serde_json::from_str(&home_api(&home, &url, "/api/sessions")).unwrap();
    let scopes = |issuer: &str| {
        let mut sessions = sessions.as_array().unwrap().iter();
        let own = sessions.find(|session| session["issuer"] == issuer);
        own.unwrap_or_else(|| panic!("nobody of {issuer}"))["scopes"].clone()
    };
    assert_eq!(scopes(openbao.issuer()), json!(["read"]));
    assert_eq!(scopes(provider.issuer()), json!(["read", "audit"]), "the mapping of the settings");
    // An issuer that nobody named sends nobody anywhere.
    let other = alice.get(&format!("{url}/auth/oidc/login?issuer=https%3A%2F%2Fevil.example%2F"));
    assert!(other.status == 404, "{other:?}");
    assert!(other.header("location").is_none(), "{other:?}");
}
