//! `loom demo`: the whole journey, with the real programs, in a home that is thrown away.

mod git_backend;
mod home;
mod server;

use std::sync::Arc;

use loom_credentials::base::Message;
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};

use crate::{Context, term};
use home::Home;
use server::{Loom, Serving};

pub fn run(context: &Context) -> Result<u8, Fault> {
    let home = Home::new(context.locale).map_err(|error| not_set_up(&error))?;
    let loom = Arc::new(Loom::new(home.repositories()));
    let answering = loom.clone();
    let server =
        Serving::start(move |request, url| answering.answer(request, url)).map_err(|error| not_set_up(&error))?;
    home.run_quietly("git", &["init", "--quiet", "seed"])?;
    home.run_quietly("git", &["-C", "seed", "commit", "--quiet", "--allow-empty", "--message", "Start"])?;
    home.run_quietly("git", &["clone", "--quiet", "--bare", "seed", "served/team/app.git"])?;
    home.run_quietly("git", &["-C", "served/team/app.git", "config", "http.receivepack", "true"])?;
    let url = server.url();
    let repository = format!("{url}/git/team/app.git");
    let chapter = |message: Message| {
        term::line("");
        term::say(context.locale, &message);
    };

    chapter(msg!("demo-login"));
    home.show("loom", &["login", "--server", url, "--no-browser"])?;
    chapter(msg!("demo-setup"));
    home.show("loom", &["setup", "git"])?;
    chapter(msg!("demo-clone"));
    home.show("git", &["clone", "--quiet", &repository, "app"])?;
    home.show("git", &["-C", "app", "commit", "--quiet", "--allow-empty", "--message", "First"])?;
    home.show("git", &["-C", "app", "push", "--quiet", "origin", "HEAD:main"])?;
    chapter(msg!("demo-status"));
    home.show("loom", &["status"])?;
    chapter(msg!("demo-logout"));
    home.show("loom", &["logout", "--server", url])?;
    if !loom.tokens().is_empty() {
        return Err(reason::Command::DemoNotRevoked.into());
    }
    chapter(msg!("demo-refused"));
    home.show_failing("git", &["clone", "--quiet", &repository, "again"])?;
    chapter(msg!("demo-done"));
    Ok(0)
}

fn not_set_up(error: &std::io::Error) -> Fault {
    reason::Command::DemoNotSetUp { error: error.to_string() }.into()
}
