use crate::base::Locale;
use crate::wire::{Code, Fault};

/// What a person is told about a fault: one line of what went wrong and, where there is one, a line of what to do.
pub fn report(fault: &Fault, locale: Locale) -> String {
    let mut text = format!("loom: {}\n", fault.message(locale));
    if let Some(hint) = fault.hint_text(locale) {
        text += &format!("hint: {hint}\n");
    }
    text
}

/// The exit code that tells a script what a fault asks for.
pub fn exit_code(code: Code) -> u8 {
    match code {
        Code::LoginRequired => 4,
        Code::Cancelled => 130,
        Code::NotFound | Code::Locked | Code::Denied | Code::BadRequest | Code::Unavailable | Code::Internal => 1,
    }
}
