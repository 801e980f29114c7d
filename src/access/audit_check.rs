//! Checks the audit log from its oldest file to its newest. What rotation dropped is told from what somebody removed,
//! because each file says how many entries came before it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use super::audit_chain::{Beginning, Head, Link, may_be_cut};
use super::audit_files::{AuditFiles, KEPT, MAX_LINE};
use crate::wire::AuditChain;

impl AuditFiles {
    /// Checks the hashes of the chain through all files that still exist.
    pub(super) fn verify(&self) -> io::Result<AuditChain> {
        let mut check = Check::new(self.name(0));
        let files = self.open()?;
        let oldest = files.first().map(|(number, ..)| *number);
        for (number, file, size) in files {
            check.file(self.name(number), file.take(size))?;
        }
        Ok(check.done(oldest))
    }
}

/// How far a chain was followed, and what was found.
struct Check {
    found: AuditChain,
    head: Option<Head>,
    /// The number of the present file, if the file says it.
    file: Option<u64>,
    /// Bytes after the last line of the chain, which the next line has to cover.
    between: Vec<u8>,
    between_at: Option<String>,
    /// What came before the oldest file.
    before: Before,
}

/// What the oldest file says of those before it.
enum Before {
    /// Nothing was read yet.
    Unread,
    /// There were none: it is the first file of the chain.
    Nothing,
    /// There were this many files with this many entries, not counting those of an older Loom.
    Files(u64, u64),
    /// It does not say: an older Loom wrote it.
    Unknown,
}

impl Check {
    fn new(name: String) -> Check {
        let found = AuditChain { file: name, ..AuditChain::default() };
        Check { found, head: None, file: None, between: Vec::new(), between_at: None, before: Before::Unread }
    }

    fn file(&mut self, name: String, bytes: io::Take<File>) -> io::Result<()> {
        let (mut reader, mut line, mut number, mut is_former) = (BufReader::new(bytes), Vec::new(), 0, true);
        loop {
            line.clear();
            reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(());
            }
            number += 1;
            let place = format!("{name}:{number}");
            let whole = line.strip_suffix(b"\n");
            match Link::parse(whole.unwrap_or(&line)) {
                Some(link) => self.link(&link, number == 1, &mut is_former, place),
                None => {
                    if !may_be_cut(whole.unwrap_or(&line)) {
                        self.breaks(place.clone());
                    }
                    self.found.cut += 1;
                    self.between.extend_from_slice(&line);
                    // At its end a log may be cut short; a line break comes only with what follows.
                    self.between_at = whole.map(|_| place);
                }
            }
        }
    }

    fn link(&mut self, link: &Link<'_>, is_first: bool, is_former: &mut bool, place: String) {
        let between = std::mem::take(&mut self.between);
        self.between_at = None;
        let beginning = link.beginning().filter(|_| is_first);
        let (holds, entries) = match (&beginning, link.number()) {
            (Some(beginning), _) => {
                *is_former = false;
                (self.begins(link, beginning, &between), beginning.entries)
            }
            (None, Some(number)) => {
                let holds = self
                    .head
                    .as_ref()
                    .is_some_and(|head| number == head.entries + 1 && link.follows(&head.hash, &between));
                (holds && !*is_former, number)
            }
            // In the former format a cut line was not covered.
            (None, None) => (self.follows_former(link) && *is_former, 0),
        };
        self.head = Some(Head { hash: link.hash.to_owned(), entries });
        match holds {
            false => self.breaks(place),
            true if beginning.is_some() => {}
            true => self.found.entries += 1,
        }
        if self.found.since.is_none() {
            self.found.since = link.entry().map(|entry| entry.time);
        }
    }

    fn begins(&mut self, link: &Link<'_>, beginning: &Beginning, between: &[u8]) -> bool {
        if let Before::Unread = self.before {
            self.before = match (beginning.file, beginning.after.is_empty()) {
                (1, true) => Before::Nothing,
                (file, _) => Before::Files(file.saturating_sub(1), beginning.entries),
            };
        }
        let is_next = self.file.is_none_or(|before| beginning.file == before + 1);
        self.file = Some(beginning.file);
        match &self.head {
            Some(head) => {
                let counts = head.entries == 0 || head.entries == beginning.entries;
                is_next && counts && head.hash == beginning.after && link.follows(&head.hash, between)
            }
            None => link.follows(&beginning.after, between),
        }
    }

    fn follows_former(&mut self, link: &Link<'_>) -> bool {
        match &self.head {
            Some(head) => link.follows(&head.hash, b""),
            None => {
                let is_first = link.follows("", b"");
                self.before = if is_first { Before::Nothing } else { Before::Unknown };
                true
            }
        }
    }

    fn breaks(&mut self, place: String) {
        self.found.broken.get_or_insert(place);
    }

    /// The outcome. `oldest` is the number of the oldest file, which counts the younger ones.
    fn done(mut self, oldest: Option<u32>) -> AuditChain {
        if let Some(place) = self.between_at.take() {
            self.breaks(place);
        }
        let (files, entries) = match self.before {
            Before::Files(files, entries) => (files, entries),
            Before::Unread | Before::Nothing | Before::Unknown => (0, 0),
        };
        let is_complete = matches!(self.before, Before::Unread | Before::Nothing);
        (self.found.dropped_files, self.found.dropped_entries) = (files, entries);
        // Files are dropped only where so many are kept.
        self.found.beginning_missing = !is_complete && oldest.is_some_and(|oldest| oldest < KEPT);
        if self.found.beginning_missing {
            self.found.broken.get_or_insert(format!("{}:1", self.found.file));
        }
        self.found.head = self.head.unwrap_or_default().hash;
        self.found
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use crate::access::audit_log::tests::{entry, log};
    use crate::base::private_file;

    /// As an older Loom wrote it: no first line, and no numbers.
    fn former(accounts: &[&str]) -> String {
        use sha2::{Digest, Sha256};
        let (mut head, mut text) = (String::new(), String::new());
        for account in accounts {
            let line = serde_json::to_string(&entry("token.get", account, 0)).unwrap();
            let hash = Sha256::new().chain_update(&head).chain_update(b"\n").chain_update(&line).finalize();
            head = crate::base::hex(&hash);
            text += &format!("{},\"chain\":\"{head}\"}}\n", line.strip_suffix('}').unwrap());
        }
        text
    }

    /// What can be done to a line without changing what a JSON parser sees, and what can be put beside it.
    fn changes(whole: &str, at: usize) -> Vec<(&'static str, String)> {
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        let with = |line: String| {
            let mut changed: Vec<String> = lines.iter().map(ToString::to_string).collect();
            changed[at] = line;
            changed.concat()
        };
        let line = lines[at];
        let bare = line.trim_end();
        vec![
            ("white space", with(line.replacen(":", ": ", 1))),
            ("order of keys", with(line.replacen("\"uid\":1,\"pid\":2", "\"pid\":2,\"uid\":1", 1))),
            ("spelling of a number", with(line.replacen("\"pid\":2", "\"pid\":2e0", 1))),
            ("spelling of a text", with(line.replacen("/usr/bin/git", "\\u002fusr/bin/git", 1))),
            ("a key twice", with(line.replacen("\"uid\":1", "\"uid\":0,\"uid\":1", 1))),
            ("another field within", with(line.replacen(",\"chain\"", ",\"note\":\"fine\",\"chain\"", 1))),
            ("another field at the end", with(bare.strip_suffix('}').unwrap().to_owned() + ",\"note\":1}\n")),
            ("garbage before", with(format!("garbage\n{line}"))),
            ("an entry without a chain before", with(format!("{{\"time\":\"2026\",\"event\":\"x\"}}\n{line}"))),
            ("half a line before", with(format!("{{\"time\":\"2026-01\n{line}"))),
            ("a blank line before", with(format!("\n{line}"))),
            ("a blank line after", with(format!("{line}\n"))),
            ("half a line after", with(format!("{line}{{\"time\":\"2026-01\n"))),
            ("a carriage return", with(format!("{bare}\r\n"))),
            ("a space at the end", with(format!("{bare} \n"))),
            ("a null byte", with(format!("\0{line}"))),
            ("the line twice", with(format!("{line}{line}"))),
            ("the line gone", with(String::new())),
            ("a letter", with(line.replacen("git", "gut", 1))),
        ]
    }

    #[test]
    fn any_change_of_any_byte_is_noticed_in_the_former_format_too() {
        let (_dir, log) = log();
        let before = former(&["one", "x\n{\"event\":\"forged\"}", "three"]);
        private_file::create(&log.daily.at(0), before.as_bytes()).unwrap();
        for n in 0..3 {
            log.daily
                .append(&[entry("a", &n.to_string(), n), entry("a", "x\n{\"event\":\"forged\"}", n)], false)
                .unwrap();
        }
        let found = log.verify().unwrap();
        assert_eq!((found.entries, found.broken), (9, None), "no line break of a name makes a line");
        for file in [0, 1] {
            let path = log.daily.at(file);
            let whole = std::fs::read_to_string(&path).unwrap();
            for at in 0..whole.lines().count() {
                // In the former format nothing covers what a crash left.
                let may_be = |what: &str| file == 1 && what.starts_with("half a line");
                // Of the last line of all nobody knows whether one followed; in a closed file the next one's first line
                // does.
                let is_last = file == 0 && at + 1 == whole.lines().count();
                for (what, changed) in changes(&whole, at) {
                    if changed == whole || is_last && what == "the line gone" || may_be(what) {
                        continue;
                    }
                    std::fs::write(&path, changed).unwrap();
                    assert!(log.verify().unwrap().broken.is_some(), "{what}, {file}:{at}");
                }
            }
            std::fs::write(&path, whole).unwrap();
        }
        assert_eq!(log.verify().unwrap().broken, None);
    }

    #[test]
    fn what_a_crash_left_is_told_from_what_somebody_put_there() {
        let (dir, log) = log();
        let put = |bytes: &[u8]| {
            let mut file = std::fs::File::options().append(true).open(log.daily.at(0)).unwrap();
            file.write_all(bytes).unwrap();
        };
        log.daily.append(&[entry("a", "before", 0)], false).unwrap();
        put(b"{\"time\":\"2026");
        assert_eq!(log.verify().unwrap().broken, None, "the end of a log may be cut short");
        let successor = crate::access::AuditLog::new(&crate::base::Paths::below(dir.path()));
        successor.daily.append(&[entry("a", "after", 1)], false).unwrap();
        let found = successor.verify().unwrap();
        assert_eq!((found.entries, found.cut, found.broken), (2, 1, None));
        let whole = std::fs::read_to_string(log.daily.at(0)).unwrap();
        std::fs::write(log.daily.at(0), whole.replace("2026\n", "2027\n")).unwrap();
        assert!(successor.verify().unwrap().broken.is_some(), "what was left is covered by what follows");
        std::fs::write(log.daily.at(0), &whole).unwrap();
        for bytes in [&b"hello\n"[..], b"\n", b"{\"time\":\"2026\xff\n", b"{\"time\":\"1\"}\n"] {
            put(bytes);
            successor.daily.append(&[entry("a", "later", 1)], false).unwrap();
            assert!(successor.verify().unwrap().broken.is_some(), "{bytes:?}");
            std::fs::write(log.daily.at(0), &whole).unwrap();
        }
    }

    #[test]
    fn a_log_of_an_older_loom_goes_on_and_may_have_lost_its_beginning() {
        let (_dir, log) = log();
        let text = former(&["one", "two", "three"]);
        let path = log.rights.at(0);
        private_file::create(&path, text.as_bytes()).unwrap();
        assert_eq!(log.rights.verify().unwrap().entries, 3);
        log.rights.append(&[entry("a", "four", 1)], true).unwrap();
        let found = log.rights.verify().unwrap();
        assert_eq!((found.entries, found.broken, found.beginning_missing), (4, None, false));
        std::fs::remove_file(log.rights.at(1)).unwrap();
        assert!(log.rights.verify().unwrap().beginning_missing);
        std::fs::write(&path, text.split_inclusive('\n').skip(1).collect::<String>()).unwrap();
        assert!(log.rights.verify().unwrap().broken.is_some(), "the first line of all was taken out");
    }
}
