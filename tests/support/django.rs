use url::Url;

use super::nginx::free_port;
use super::scripted::{Scripted, installed};
use super::{Home, Jar, provider};

/// django-oauth-toolkit: what its OpenID metadata leave out stands in those of RFC 8414, no metadata name the endpoint
/// for device codes, an application has one grant type, and a redirect URI is just what was registered.
pub struct Django {
    server: Scripted,
    /// The port to which the application `fixed` comes back.
    pub fixed_port: u16,
}

impl Django {
    /// `None` where it is not installed.
    pub fn start(home: &Home) -> Option<Django> {
        provider::installed(&installed("django"))?;
        let fixed_port = free_port();
        let server = Scripted::start(home, "django", None, &[&fixed_port.to_string()])?;
        Some(Django { server, fixed_port })
    }

    pub fn url(&self) -> &str {
        &self.server.origin
    }

    /// The person signs in, agrees, and is sent back; what the waiting program then shows.
    pub fn approve_browser(&self, home: &Home, authorization_url: &str) -> String {
        let jar = self.signed_in(home);
        let page = jar.get(authorization_url).is(200);
        let names = ["redirect_uri", "scope", "client_id", "state", "response_type", "nonce", "code_challenge"];
        let method = ("code_challenge_method", "S256");
        let has = |name: &&str| page.body.contains(&format!("name=\"{name}\""));
        let fields: Vec<_> = names.into_iter().filter(has).map(|name| (name, page.field(name))).collect();
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([method, ("allow", "Authorize")]);
        let action = Url::parse(authorization_url).unwrap().join("/authorize/").unwrap();
        let sent = jar.post(action.as_str(), &fields).is(302);
        jar.get(sent.location()).is(200).body
    }

    /// The person types the code and agrees.
    pub fn approve_device(&self, home: &Home, url: &str, code: &str) {
        let jar = self.signed_in(home);
        let typed = jar.post(url, &[("user_code", code)]).is(302);
        let confirm = Url::parse(url).unwrap().join(typed.location()).unwrap();
        jar.post(confirm.as_str(), &[("action", "accept")]).is(302);
    }

    fn signed_in<'a>(&self, home: &'a Home) -> Jar<'a> {
        let jar = Jar::new(home);
        let url = format!("{}/login/?next=/", self.url());
        let key = jar.get(&url).is(200).field("csrfmiddlewaretoken");
        jar.post(&url, &[("username", "alice"), ("password", "pw"), ("csrfmiddlewaretoken", &key)]).is(302);
        jar
    }
}
