use loom_credentials::base::printable;
use loom_credentials::msg;
use loom_credentials::wire::Fault;

use crate::{Context, secret_input, term};

/// For the helper of other tools, which has no texts: asks the person at the terminal for a token, and prints it to
/// the helper. `place` is what the token is for, and `page` where the tool says that it is found.
pub fn run(place: Option<&str>, page: Option<&str>, context: &Context) -> Result<u8, Fault> {
    // Of several places a person has a token each: which one is asked for they could not tell else.
    if let Some(place) = place {
        term::say(context.locale, &msg!("token-for", server = printable(place)));
    }
    if let Some(page) = page.filter(|page| page.starts_with("https://") || page.starts_with("http://")) {
        term::say(context.locale, &msg!("token-page"));
        term::url(&printable(page));
    }
    let secret = secret_input::typed(&msg!("token-prompt"), context)?;
    term::data_line(secret.expose());
    Ok(0)
}
