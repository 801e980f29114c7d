use url::Url;

use super::nginx::free_port;
use super::scripted::{Scripted, installed};
use super::{Home, Jar, Seen, provider};

/// Glewlwyd: it names the device grant otherwise than RFC 8628 where clients register, answers by a form's POST if it
/// is asked to, names itself in the answer (in a form with one `%` too many), wants PKCE, revokes for nobody without a
/// secret, and takes the secret of a client as that client says.
pub struct Glewlwyd {
    server: Scripted,
    /// The port to which the client `web` comes back.
    pub fixed_port: u16,
}

impl Glewlwyd {
    /// `None` where it is not installed.
    pub fn start(home: &Home) -> Option<Glewlwyd> {
        let root = installed("glewlwyd");
        provider::installed(&root)?;
        let fixed_port = free_port();
        let server = Scripted::start(home, "glewlwyd", Some(&root), &[&fixed_port.to_string()])?;
        Some(Glewlwyd { server, fixed_port })
    }

    /// Its issuer lies below a path.
    pub fn issuer(&self) -> String {
        format!("{}/api/oidc", self.server.origin)
    }

    /// The person signs in, grants these scopes to whoever sent them, and is sent back; what the waiting program then
    /// shows.
    pub fn approve_browser(&self, home: &Home, authorization_url: &str, scopes: &str) -> String {
        let client = query(authorization_url, "client_id");
        let jar = self.signed_in(home, &client, scopes);
        let seen = jar.get(&format!("{authorization_url}&g_continue="));
        match seen.status {
            // A page that sends its form by itself (OAuth 2.0 Form Post Response Mode).
            200 => {
                let redirect = query(authorization_url, "redirect_uri");
                let fields = ["code", "state", "iss"].map(|name| (name, seen.field(name)));
                let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
                jar.post(&redirect, &fields).is(200).body
            }
            _ => jar.get(seen.is(302).location()).is(200).body,
        }
    }

    /// The person signs in and grants these scopes to the client whose code it is.
    pub fn approve_device(&self, home: &Home, url: &str, code: &str, client: &str, scopes: &str) -> Seen {
        self.signed_in(home, client, scopes).get(&format!("{url}?code={code}&g_continue=")).is(302)
    }

    fn signed_in<'a>(&self, home: &'a Home, client: &str, scopes: &str) -> Jar<'a> {
        let jar = Jar::new(home);
        let json = |method: &str, path: &str, body: String| {
            let url = format!("{}/api{path}", self.server.origin);
            jar.send(&["-X", method, "-H", "content-type: application/json", "-d", &body, &url]).is(200);
        };
        json("POST", "/auth/", r#"{"username":"alice","password":"pw"}"#.to_owned());
        json("PUT", &format!("/auth/grant/{client}"), format!(r#"{{"scope":"{scopes}"}}"#));
        jar
    }
}

fn query(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
}
