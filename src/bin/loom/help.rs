//! Puts the help texts into clap's command, in the reader's language, and says usage errors as loom says errors.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command, Error};
use loom_credentials::base::{Locale, Message, ServerUrlError};
use loom_credentials::msg;

/// Reads a command line. Texts are put in only where they are shown: to find them takes longer than most commands do.
pub fn matched(command: impl Fn() -> Command, line: &[OsString], locale: Locale) -> Result<ArgMatches, Error> {
    command().try_get_matches_from(line).or_else(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            localized(command(), locale).try_get_matches_from(line)
        }
        _ => Err(error),
    })
}

/// The command with its texts. The id of a command's text is `cmd-` and its path, `cmd-agent-start`; that of an
/// option's is `arg-` and its name, or `arg-`, the command's path and its name where one command means something else.
pub fn localized(mut command: Command, locale: Locale) -> Command {
    // What a command takes is put together only where that command is typed, or now.
    command.build();
    let template = format!("{{about}}\n\n{} {{usage}}\n\n{{all-args}}\n{{after-help}}", plain(locale, "help-usage"));
    let id = format!("cmd-{}", command.get_name());
    localize(command.term_width(100), locale, "", &id, &template)
}

/// What is wrong with the command line, and what to do: a message and a hint.
pub fn usage_error(error: &Error) -> Message {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let (what, value) = (context(ContextKind::InvalidArg), context(ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::UnknownArgument => msg!("usage-unknown", what = what),
        ErrorKind::InvalidSubcommand => msg!("usage-unknown", what = context(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingRequiredArgument => msg!("usage-missing", what = what),
        ErrorKind::InvalidValue if value.is_empty() => msg!("usage-no-value", what = what),
        ErrorKind::ValueValidation if bad_server(error).is_some() => {
            msg!("bad-server", server = value).because(bad_server(error).unwrap_or_else(|| msg!("url-malformed")))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => msg!("usage-value", what = what, value = value),
        ErrorKind::ArgumentConflict => msg!("usage-conflict", what = what, other = context(ContextKind::PriorArg)),
        _ => msg!("usage-other"),
    }
}

fn bad_server(error: &Error) -> Option<Message> {
    use std::error::Error as _;
    error.source()?.downcast_ref::<ServerUrlError>().map(ServerUrlError::message)
}

fn localize(command: Command, locale: Locale, path: &str, id: &str, template: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let mut command = command
        .about(plain(locale, id))
        .after_help(more(locale, id))
        .help_template(template.to_owned())
        .subcommand_help_heading(plain(locale, "help-commands"))
        .mut_args(|arg| localize_arg(arg, locale, path));
    for name in names {
        // `loom auth login` is `loom login`.
        let sub = if matches!(path, "" | "auth") { name.clone() } else { format!("{path}-{name}") };
        let id = format!("cmd-{sub}");
        command = command.mut_subcommand(name, |command| localize(command, locale, &sub, &id, template));
    }
    command
}

fn localize_arg(arg: Arg, locale: Locale, path: &str) -> Arg {
    let name = arg.get_id().as_str().replace('_', "-");
    let heading = if arg.is_positional() { "help-arguments" } else { "help-options" };
    let own = text(locale, &format!("arg-{path}-{name}"));
    let help = own.unwrap_or_else(|| plain(locale, &format!("arg-{name}")));
    let arg = arg.help(help).help_heading(plain(locale, heading));
    if arg.get_action().takes_values() { arg.hide_possible_values(true).hide_default_value(true) } else { arg }
}

/// The example that follows a command's help, where it has one.
fn more(locale: Locale, id: &str) -> String {
    text(locale, &format!("{id}-more")).map(|text| format!("\n{text}")).unwrap_or_default()
}

fn plain(locale: Locale, id: &str) -> String {
    text(locale, id).unwrap_or_else(|| id.to_owned())
}

fn text(locale: Locale, id: &str) -> Option<String> {
    let text = locale.render(&Message::new(id.to_owned()));
    (!text.contains(id)).then_some(text)
}
