//! The environment in which a command is started, and what of it another `loom exec` set. Rights only get narrower, so
//! nothing that leads to the relay of the outer one, or shows its token, is left to what the inner one runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::process::Command;

/// What the agent's tokens begin with.
const TOKEN: &str = "loom_";

/// What the outer one sets that holds neither its token nor its address.
const WITHOUT_A_SIGN: [&str; 3] = ["LOOM_GRANTS", "GH_CONFIG_DIR", "GH_HOST"];

const COUNT: &str = "GIT_CONFIG_COUNT";

/// All variables of this process.
pub struct Outside(BTreeMap<OsString, OsString>);

impl Outside {
    pub fn of_process() -> Outside {
        std::env::vars_os().collect()
    }

    /// The variable as it was found.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The names of what another `loom exec` set.
    pub fn of_outer(&self) -> BTreeSet<String> {
        let is_told = self.get("LOOM_PROXY").is_some();
        let by_name = WITHOUT_A_SIGN.iter().filter(|name| is_told && self.get(name).is_some());
        let by_value = self.0.iter().filter(|(_, value)| self.is_of_outer(value));
        let by_value = by_value.filter_map(|(name, _)| name.to_str().map(str::to_owned));
        by_name.map(|name| (*name).to_owned()).chain(by_value).collect()
    }

    /// Git's settings in variables, without those of another `loom exec`.
    pub fn git_settings(&self) -> Vec<(OsString, OsString)> {
        let count = self.get(COUNT).and_then(|count| count.to_str()?.trim().parse::<usize>().ok()).unwrap_or(0);
        let count = count.min(self.0.len());
        let pair = |at: usize| {
            let of = |kind: &str| self.get(&format!("GIT_CONFIG_{kind}_{at}")).map(OsStr::to_owned);
            Some((of("KEY")?, of("VALUE")?))
        };
        let is_own = |(key, value): &(OsString, OsString)| !self.is_of_outer(key) && !self.is_of_outer(value);
        (0..count).filter_map(pair).filter(is_own).collect()
    }

    /// Takes away from a command what another `loom exec` set.
    pub fn without_outer(&self, command: &mut Command) {
        let gone = self.of_outer();
        if gone.is_empty() {
            return;
        }
        for name in &gone {
            command.env_remove(name);
        }
        command.envs(as_variables(&self.git_settings()));
    }

    /// Whether this leads to another relay, or shows what counts there.
    fn is_of_outer(&self, text: &OsStr) -> bool {
        let token = self.get("LOOM_TOKEN").filter(|token| has(token, TOKEN.as_ref()) && token.len() > TOKEN.len());
        let signs = [token, self.get("LOOM_PROXY").filter(|proxy| !proxy.is_empty())];
        signs.into_iter().flatten().any(|sign| has(text, sign))
    }
}

/// The variables by which git is told these settings.
pub fn as_variables(settings: &[(OsString, OsString)]) -> Vec<(String, OsString)> {
    let each = settings.iter().enumerate().flat_map(|(at, (key, value))| {
        let named = |kind: &str, text: &OsString| (format!("GIT_CONFIG_{kind}_{at}"), text.clone());
        [named("KEY", key), named("VALUE", value)]
    });
    std::iter::once((COUNT.to_owned(), settings.len().to_string().into())).chain(each).collect()
}

fn has(text: &OsStr, part: &OsStr) -> bool {
    let (text, part) = (text.as_encoded_bytes(), part.as_encoded_bytes());
    text.windows(part.len()).any(|found| found == part)
}

impl FromIterator<(OsString, OsString)> for Outside {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Outside {
        Outside(variables.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_the_outer_token_or_leads_to_its_relay_is_known() {
        let outside: Outside = [
            ("LOOM_TOKEN", "loom_outer"),
            ("LOOM_PROXY", "http://127.0.0.1:9"),
            ("LOOM_GRANTS", "push https://git.example/org/app *"),
            ("GH_CONFIG_DIR", "/there/x"),
            ("OPENAI_BASE_URL", "http://127.0.0.1:9/api.openai.com/v1"),
            ("COPY", "Bearer loom_outer"),
            ("HOME", "/home/me"),
            ("GIT_CONFIG_COUNT", "3"),
            ("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:9/git.example/org/app.insteadOf"),
            ("GIT_CONFIG_VALUE_0", "https://git.example/org/app"),
            ("GIT_CONFIG_KEY_1", "user.name"),
            ("GIT_CONFIG_VALUE_1", "me"),
            ("GIT_CONFIG_KEY_2", "http.extraHeader"),
            ("GIT_CONFIG_VALUE_2", "Authorization: Bearer loom_outer"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into_iter()
        .collect();
        let gone = outside.of_outer();
        for name in ["LOOM_TOKEN", "LOOM_PROXY", "LOOM_GRANTS", "GH_CONFIG_DIR", "OPENAI_BASE_URL", "COPY"] {
            assert!(gone.contains(name), "{name}");
        }
        assert!(!gone.contains("HOME"));
        assert_eq!(outside.git_settings(), [("user.name".into(), "me".into())]);
    }

    #[test]
    fn without_another_exec_everything_stays() {
        let outside: Outside = [("GH_HOST", "git.corp.example"), ("LOOM_TOKEN", "")]
            .map(|(n, v)| (n.into(), v.into()))
            .into_iter()
            .collect();
        assert!(outside.of_outer().is_empty());
    }
}
