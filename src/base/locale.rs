use std::sync::{Mutex, OnceLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

use super::{Message, lock};

/// A language that loom speaks. Git's keys, JSON and exit codes are never translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English, which is used where no other language is asked for.
    #[default]
    En,
    /// Spanish.
    Es,
    /// Arabic.
    Ar,
}

impl Locale {
    /// Every language that loom speaks.
    pub const ALL: [Locale; 3] = [Locale::En, Locale::Es, Locale::Ar];

    /// The language that this process is to speak: `LOOM_LANGUAGE`, else the system's (`LC_ALL`, `LC_MESSAGES`,
    /// `LANG`), else English.
    pub fn from_environment() -> Locale {
        let system = || sys_locale::get_locales().find_map(|tag| Locale::from_tag(&tag));
        Locale::named().or_else(system).unwrap_or_default()
    }

    /// The language of `LOOM_LANGUAGE`, which a person chose for loom alone. `None` if it is not set or loom does not
    /// speak it.
    pub fn named() -> Option<Locale> {
        std::env::var("LOOM_LANGUAGE").ok().and_then(|tag| Locale::from_tag(&tag))
    }

    /// The language of a tag such as `es-MX` or `ar_EG.UTF-8`. `None` if loom does not speak it.
    pub fn from_tag(tag: &str) -> Option<Locale> {
        let language = tag.split(['-', '_', '.']).next().unwrap_or_default().to_ascii_lowercase();
        Locale::ALL.into_iter().find(|locale| locale.tag() == language)
    }

    /// Whether the language's script runs from right to left.
    pub fn is_right_to_left(self) -> bool {
        self == Locale::Ar
    }

    /// The language's two letters (ISO 639-1).
    pub fn tag(self) -> &'static str {
        match self {
            Locale::En => "en",
            Locale::Es => "es",
            Locale::Ar => "ar",
        }
    }

    /// The message's sentence in this language. An id without a text is returned itself; a test makes sure that every
    /// id has one.
    pub fn render(self, message: &Message) -> String {
        self.directed(self.format(message))
    }

    fn format(self, message: &Message) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in message.args() {
            // Numbers must be numbers to Fluent, or plural rules do not see them.
            match value.parse::<u32>() {
                Ok(number) if number.to_string() == value => args.set(name.to_owned(), number),
                _ => args.set(name.to_owned(), value.to_owned()),
            }
        }
        if let Some(reason) = message.reason() {
            args.set("reason", self.format(reason));
        }
        self.format_with(&mut lock(self.texts()), message.id(), &args)
    }

    fn format_with(self, texts: &mut Texts, id: &str, args: &FluentArgs<'_>) -> String {
        if !texts.has_message(id) {
            let Some(text) = self.text(id) else { return id.to_owned() };
            // Errors in a text are found by a test; what parsed is used.
            texts.add_resource_overriding(FluentResource::try_new(text.to_owned()).unwrap_or_else(|(text, _)| text));
        }
        let Some(pattern) = texts.get_message(id).and_then(|found| found.value()) else { return id.to_owned() };
        texts.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned()
    }

    /// The text with this id, as it stands in the file: to parse all of them would take longer than most commands do,
    /// and the memory of all of them for as long as the process lives.
    fn text(self, id: &str) -> Option<&'static str> {
        let source = self.source();
        let at = memmem::find(source.as_bytes(), format!("\n{id} =").as_bytes())? + 1;
        let text = &source[at..];
        // Its further lines are indented; the next text, and a comment, begin at the margin.
        let is_margin = |at: &usize| !text[at + 1..].starts_with([' ', '\n', '}']);
        let end = text.match_indices('\n').map(|(at, _)| at).find(is_margin);
        Some(&text[..end.unwrap_or(text.len())])
    }

    fn source(self) -> &'static str {
        match self {
            Locale::En => include_str!("locale/en.ftl"),
            Locale::Es => include_str!("locale/es.ftl"),
            Locale::Ar => include_str!("locale/ar.ftl"),
        }
    }

    /// Marks right-to-left text as such (Unicode UAX #9), so that a line that begins with `loom:` or ends with a
    /// URL still reads in order. What is left-to-right stays free of marks: people copy it.
    fn directed(self, text: String) -> String {
        match self {
            Locale::En | Locale::Es => text,
            // An isolate ends with its line.
            Locale::Ar => text
                .split('\n')
                .map(|line| format!("{RIGHT_TO_LEFT_ISOLATE}{line}{POP_ISOLATE}"))
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    /// The texts that were asked for so far.
    fn texts(self) -> &'static Mutex<Texts> {
        static TEXTS: [OnceLock<Mutex<Texts>>; 3] = [const { OnceLock::new() }; 3];
        TEXTS[self as usize].get_or_init(|| Mutex::new(self.no_texts(std::env::consts::OS)))
    }

    /// None yet, for a reader on this system: what a person can do about something differs, and each text that names
    /// a program or a place says it for each.
    fn no_texts(self, system: &'static str) -> Texts {
        let language = LanguageIdentifier::from_bytes(self.tag().as_bytes()).unwrap_or_default();
        let mut texts = FluentBundle::new_concurrent(vec![language]);
        // Arguments inside Arabic sentences are isolated; elsewhere the marks would only be copied along.
        texts.set_use_isolating(self == Locale::Ar);
        // There is no second one of this name.
        let _ = texts.add_function("SYSTEM", move |_, _| FluentValue::from(system));
        texts
    }
}

type Texts = FluentBundle<FluentResource>;

const RIGHT_TO_LEFT_ISOLATE: char = '\u{2067}';
const POP_ISOLATE: char = '\u{2069}';

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_text_parses_by_itself_to_what_it_is_among_all() {
        let entries = |text: &str| -> Vec<String> {
            let parsed = FluentResource::try_new(text.to_owned()).unwrap();
            parsed.entries().map(|entry| format!("{entry:?}")).collect()
        };
        for locale in Locale::ALL {
            let all: HashSet<String> = entries(locale.source()).into_iter().collect();
            let ids: Vec<&str> = ids(locale).collect();
            assert!(ids.len() > 500);
            for id in ids {
                let alone = entries(locale.text(id).unwrap());
                assert!(alone.len() == 1, "{} {id}: {alone:?}", locale.tag());
                assert!(all.contains(&alone[0]), "{} {id}: {alone:?}", locale.tag());
            }
        }
    }

    #[test]
    fn nobody_on_windows_is_told_of_programs_and_places_of_unix() {
        let of_unix = ["chmod", "ls -l", " mv ", " rm ", "sudo", "kill ", "systemctl", "systemd", "ssh", "XDG_"];
        for locale in Locale::ALL {
            let mut texts = locale.no_texts("windows");
            for id in ids(locale) {
                let text = locale.format_with(&mut texts, id, &FluentArgs::new());
                let named = of_unix.iter().find(|word| text.contains(**word));
                assert!(named.is_none(), "{} {id}: {text}", locale.tag());
            }
        }
    }

    fn ids(locale: Locale) -> impl Iterator<Item = &'static str> {
        let at_margin = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
        locale.source().lines().filter(at_margin).map(|line| line.split(' ').next().unwrap())
    }

    #[test]
    fn a_text_that_is_not_there_is_its_id() {
        let strange = ["", "no-such-text", "waiting = W", "waiting\nserver-in-trouble", "## Logging"];
        for id in strange {
            assert_eq!(Locale::En.render(&Message::new(id.to_owned())), id);
        }
    }
}
