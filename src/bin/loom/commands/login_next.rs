//! What comes after a login: git and other tools that do not ask loom yet, said once, in one line.

use loom_credentials::msg;
use loom_credentials::wire::LoginReply;

use crate::git_program::{configuration, is_loom};
use crate::{Context, setup, term};

/// Offers to set up git, and what else is here, after a person's first login.
pub fn offer(reply: &LoginReply, context: &Context) {
    if !reply.became_default || !term::is_interactive() {
        return;
    }
    let asks_loom =
        configuration().map(|all| all.helpers(&reply.server, None).asked.iter().any(|helper| is_loom(helper)));
    let others: Vec<String> = setup::unserved().iter().map(|tool| format!("loom setup {tool}")).collect();
    match (asks_loom, others.is_empty()) {
        (Ok(false), true) => term::say(context.locale, &msg!("next-git")),
        (Ok(false), false) => term::say(context.locale, &msg!("next-git-and", tools = others.join(", "))),
        (Ok(true) | Err(_), false) => term::say(context.locale, &msg!("next-tools", tools = others.join(", "))),
        (Ok(true) | Err(_), true) => {}
    }
}
