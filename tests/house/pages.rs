//! The pages: those that are generated are current, those written by hand are clean.

#[path = "../../src/bin/loom/args.rs"]
#[allow(dead_code, reason = "the program uses all of it, the pages its arguments")]
mod args;
#[path = "../../src/bin/loom/help.rs"]
#[allow(dead_code, reason = "the program uses all of it, the pages its arguments")]
mod help;

#[path = "../../src/bin/loom-agent/args.rs"]
#[allow(dead_code, reason = "the program uses all of it, the pages its arguments")]
mod agent_args;

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use loom_credentials::base::Locale;

use crate::support::find_program;

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(name)
}

/// Compares the page with what it should be; with `LOOM_UPDATE_PAGES=1` writes it instead.
fn is_current(name: &str, wanted: &str) {
    let path = page(name);
    if std::env::var_os("LOOM_UPDATE_PAGES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "man/{name} is old; LOOM_UPDATE_PAGES=1 cargo test pages writes it anew");
}

/// The day of the version that the pages describe.
const RELEASED: &str = "2026-11-21";

/// A whole page from the command's own texts.
fn roff(mut command: Command, sections: &[&str]) -> String {
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone()).source(concat!("loom ", env!("CARGO_PKG_VERSION"))).date(RELEASED);
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    let mut page = String::from_utf8(page).unwrap();
    let mut subcommands = visible(&command).peekable();
    if subcommands.peek().is_some() {
        page += ".SH COMMANDS\n";
    }
    subcommands.for_each(|sub| page += &section(sub, command.get_name()));
    page += &examples(&command, ".SH EXAMPLES\n");
    sections.iter().for_each(|section| page += section);
    page
}

/// A subcommand as a part of its program's page, and its own subcommands after it.
fn section(command: &Command, parent: &str) -> String {
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_about().map(|about| about.to_string()).unwrap_or_default();
    let mut section = format!(".SS {}\n{}.\n", escape(&name), escape(&about));
    // What every command has stands in OPTIONS once. One that can be said alone, too, has options of its own.
    let is_own = |arg: &&clap::Arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "server");
    let own: Vec<&clap::Arg> = command.get_arguments().filter(is_own).collect();
    if visible(command).next().is_none() || !own.is_empty() {
        let usage = command.clone().render_usage().to_string();
        // Of one that has commands of its own the first line is without them.
        let usage = usage.trim_start_matches("Usage: ").lines().next().unwrap_or_default();
        section += &format!(".PP\n.B {}\n", escape(usage));
        for arg in own {
            let values = arg.get_possible_values();
            let values: Vec<&str> = values
                .iter()
                .map(|value| value.get_name())
                .filter(|name| *name != "true" && *name != "false")
                .collect();
            let values = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
            let help = arg.get_help().map(|help| help.to_string()).unwrap_or_default();
            section += &format!(".TP\n.B {}\n{}{}\n", escape(&arg.to_string()), escape(&help), escape(&values));
        }
    }
    section += &examples(command, ".PP\n");
    visible(command).for_each(|sub| section += &self::section(sub, &name));
    section
}

/// What follows a command's help: prose, and indented lines to copy.
fn examples(command: &Command, heading: &str) -> String {
    let text = command.get_after_help().map(|text| text.to_string()).unwrap_or_default();
    let mut lines = text.trim_matches('\n').lines().peekable();
    let Some(first) = lines.peek() else { return String::new() };
    // An example brings its own paragraph.
    let heading = if heading.starts_with(".PP") && first.starts_with("  ") { "" } else { heading };
    let line = |line: &str| match line.strip_prefix("  ") {
        Some(example) => format!(".PP\n.RS 4\n{}\n.RE\n", escape(example)),
        None => format!("{}\n", escape(line)),
    };
    heading.to_owned() + &lines.map(line).collect::<String>()
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}

const EXIT_STATUS: &str = ".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nFailed; standard error says why.\n.TP\n.B 2\nWrong \
usage.\n.TP\n.B 4\nA person has to log in first.\n.TP\n.B 130\nCancelled.\n";

const HELPER_EXIT_STATUS: &str = ".SH EXIT STATUS\n.TP\n.B 0\nDone, also where there is nothing to say.\n.TP\n.B \
1\nFailed or refused; standard error says why.\n.TP\n.B 2\nWrong usage.\n.PP\nWhere the directory that git works in, or \
that of the agent's socket, is on a disk that hangs, the system ends\nthis program after nine seconds (SIGALRM).\n";

const SEE_ALSO: &str = ".SH SEE ALSO\n.BR loom (1),\n.BR git\\-credential\\-loom (1),\n.BR loom\\-agent (1),\n.BR \
loom.toml (5),\n.BR loom\\-git (7),\n.BR loom\\-http (7),\n.BR loom\\-login (7),\n.BR loom\\-protocol (7),\n.BR \
loom\\-store (7),\n.BR loom\\-tokens (7)\n";

#[test]
fn the_page_of_loom_is_current() {
    let command = help::localized(args::command(), Locale::En);
    is_current("loom.1", &roff(command, &[EXIT_STATUS, SEE_ALSO]));
}

#[test]
fn the_page_of_the_agent_is_current() {
    let command = help::localized(agent_args::Args::command(), Locale::En);
    is_current("loom-agent.1", &roff(command, &[SEE_ALSO]));
}

#[test]
fn the_page_of_the_helper_is_current() {
    let operation = |name: &'static str, about: &'static str| {
        Command::new(name).about(about).disable_help_flag(true).disable_version_flag(true)
    };
    let command = Command::new("git-credential-loom")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Answer git's questions for credentials from the loom agent")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .subcommand_value_name("OPERATION")
        .subcommand(operation("get", "Print the user name and password for the server that standard input names"))
        .subcommand(operation("store", "Keep the credential on standard input: the server accepted it"))
        .subcommand(operation(
            "erase",
            "Mark the credential on standard input as refused by the server; without a password, forget it",
        ))
        .subcommand(operation("capability", "Say which extensions of the protocol are spoken"));
    const GIT: &str = ".SH DESCRIPTION\nGit runs this program; see\n.BR gitcredentials (7).\nThe word credential\\-helper may \
stand before the operation, so that\n.B credential.helper = loom credential\\-helper\nworks too.\n.PP\nSet it up with\n.BR \
\"loom setup git\" ,\nwhich writes the absolute path: by its bare name git starts one process more.\n";
    is_current("git-credential-loom.1", &roff(command, &[GIT, HELPER_EXIT_STATUS, SEE_ALSO]));
}

#[test]
fn no_page_has_a_fault_that_mandoc_finds() {
    let Some(mandoc) = find_program("mandoc") else { return };
    let pages: Vec<PathBuf> = std::fs::read_dir(page("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(pages.len() > 5, "{pages:?}");
    for page in pages {
        let done = std::process::Command::new(&mandoc).args(["-Tlint", "-Wwarning"]).arg(page).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(said.is_empty(), "{said}");
    }
}

#[test]
fn the_systemd_units_verify_without_a_word() {
    let Some(analyze) = find_program("systemd-analyze") else { return };
    let dir = tempfile::tempdir().unwrap();
    for unit in ["loom-agent.service", "loom-agent.socket"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd").join(unit);
        // The unit names the installed program; here the one just built stands for it.
        let text =
            std::fs::read_to_string(from).unwrap().replace("/usr/bin/loom-agent", env!("CARGO_BIN_EXE_loom-agent"));
        std::fs::write(dir.path().join(unit), text).unwrap();
    }
    let mut command = std::process::Command::new(analyze);
    command.args(["verify", "--user"]).env("XDG_RUNTIME_DIR", dir.path()).env("HOME", dir.path());
    let done =
        command.args(["loom-agent.service", "loom-agent.socket"].map(|unit| dir.path().join(unit))).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    assert!(said.is_empty(), "{said}");
}
