use std::path::PathBuf;

use super::{Home, run, unique};

/// A browser without a screen: curl, with cookies of its own, that follows nothing by itself.
pub struct Jar<'a> {
    home: &'a Home,
    cookies: PathBuf,
}

/// What it was shown.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    /// With lower-case names, each on a line.
    pub head: String,
    pub body: String,
}

impl<'a> Jar<'a> {
    pub fn new(home: &'a Home) -> Jar<'a> {
        Jar { home, cookies: home.path().join(format!("cookies-{}", unique())) }
    }

    pub fn get(&self, url: &str) -> Seen {
        self.send(&[url])
    }

    /// Sends a form of the page that this origin showed.
    pub fn post(&self, url: &str, fields: &[(&str, &str)]) -> Seen {
        let origin = url::Url::parse(url).unwrap().origin().ascii_serialization();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(&["-H", &format!("Origin: {origin}"), "-d", &body, url])
    }

    pub fn send(&self, arguments: &[&str]) -> Seen {
        let mut command = self.home.command("curl");
        command.args(["-s", "-S", "-i", "--max-time", "30", "-c"]).arg(&self.cookies).arg("-b").arg(&self.cookies);
        let done = run(command.args(arguments), b"").ok().out;
        let (head, body) = done.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {done:?}"));
        let (first, lines) = head.split_once("\r\n").unwrap();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let line = |line: &str| match line.split_once(':') {
            Some((name, value)) => format!("{}:{value}\n", name.to_lowercase()),
            None => format!("{line}\n"),
        };
        Seen { status, head: lines.split("\r\n").map(line).collect(), body: body.to_owned() }
    }

    /// The cookies, one a line, as curl writes them down.
    pub fn cookies(&self) -> String {
        std::fs::read_to_string(&self.cookies).unwrap_or_default()
    }
}

impl Seen {
    #[track_caller]
    pub fn is(self, status: u16) -> Seen {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let begin = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&*begin))
    }

    /// Where it sends the browser.
    #[track_caller]
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("it sends nobody anywhere: {self:?}"))
    }

    /// The value of a hidden field of its forms.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let at = self.body.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field {name}: {self:?}"));
        let value = self.body[at..].split_once("value=\"").unwrap().1;
        value.split('"').next().unwrap().to_owned()
    }
}
