//! The daemon: flags, where it logs, and the order of its start.
//!
//! A mistake ends a request, not the agent. A panic unwinds: what a library does with a server's or a keyring's answer
//! ends the one who asked, and all others go on. Locks that a panic poisoned are taken all the same, since what they
//! guard changes in single steps; a store whose call panicked is opened anew.

mod args;
#[path = "../loom/help.rs"]
mod help;
mod memory;

use std::io::Write;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use args::Args;
use clap::{CommandFactory, FromArgMatches};
use loom_credentials::agent::Agent;
use loom_credentials::base::{IssuerConfig, Locale, Paths, StoreChoice, private_file};
use loom_credentials::listen::{Door, DoorError, serve};
use loom_credentials::msg;
use loom_credentials::os::memory::Unchanging;
use loom_credentials::os::signals::{Order, Orders};
use loom_credentials::os::{background, hardening, service_manager, signals, streams};

/// Tells the launching process that the agent listens.
const READY: &str = "ready";

fn main() -> ExitCode {
    background::close_inherited();
    let line: Vec<_> = std::env::args_os().collect();
    let args = match help::matched(Args::command, &line, Locale::from_environment())
        .and_then(|found| Args::from_arg_matches(&found))
    {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    // There is one thread yet.
    let outcome = if args.foreground { run(args.idle_exit, Unchanging::of_start()) } else { launch(args.idle_exit) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loom-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let shown = std::io::stdout().write_all(error.render().to_string().as_bytes());
        return if shown.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let message = help::usage_error(error);
    let locale = Locale::from_environment();
    eprintln!("loom-agent: {}\nhint: {}", locale.render(&message), locale.render(&msg!("hint-usage-agent")));
    ExitCode::from(2)
}

/// Starts the agent in a session of its own and waits until it listens.
fn launch(idle_exit: Option<Duration>) -> Result<(), String> {
    use std::io::{BufRead, BufReader};
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    background::prepare(&mut command).arg("--foreground").env(READY_VARIABLE, "1").stdout(Stdio::piped());
    if let Some(time) = idle_exit {
        command.arg("--idle-exit").arg(format!("{}s", time.as_secs()));
    }
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    match line.trim_end() {
        READY => Ok(()),
        // It said why on stderr, which is ours too.
        _ => std::process::exit(child.wait().ok().and_then(|status| status.code()).unwrap_or(1)),
    }
}

/// Set for the child by [`launch`]: say when you listen, then let go of the terminal.
const READY_VARIABLE: &str = "LOOM_AGENT_LAUNCHED";

fn run(idle_exit: Option<Duration>, unchanging: Unchanging) -> Result<(), String> {
    let locale = Locale::from_environment();
    let harden = || hardening::keep_to_itself().and_then(|()| hardening::raise_open_files());
    harden().map_err(|error| error.to_string())?;
    let launched = std::env::var_os(READY_VARIABLE).is_some();
    if launched {
        background::leave_session();
    }
    let say = |message| locale.render(&message);
    let paths = Paths::from_environment().map_err(say)?;
    if let Some(dir) = paths.of_another() {
        let message = say(msg!("directory-of-another", path = dir.display()));
        return Err(format!("{message}\nhint: {}", say(msg!("hint-directory-of-another"))));
    }
    let store = match std::env::var("LOOM_STORE").ok().filter(|name| !name.is_empty()) {
        Some(name) => Some(StoreChoice::from_name(&name).ok_or_else(|| say(msg!("unknown-store", name = name)))?),
        None => None,
    };
    log_to(&paths, launched)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Threads that waited for the store are not kept: an idle agent sleeps.
        .thread_keep_alive(Duration::from_secs(1))
        .build()
        .map_err(|error| error.to_string())?;
    let agent = Agent::new(paths.clone(), store, hardening::lock_memory());
    agent.may_give_back(unchanging);
    match IssuerConfig::from_environment() {
        Ok(issuer) => issuer.into_iter().for_each(|issuer| agent.gate.name_issuer(issuer)),
        // Whoever opens the door is told; git is not kept waiting for it.
        Err(message) => tracing::warn!(reason = message.id(), "the issuer of the environment is not used"),
    }
    let served = runtime.block_on(async {
        // First: another agent that finds our lock and nobody listening says so with HUP.
        signals::outlive_hangups().map_err(|error| error.to_string())?;
        let door = match service_manager::listener().map_err(|error| error.to_string())? {
            Some(given) => Door::given(given, &paths),
            None => match Door::open(&paths).await {
                Ok(door) => door,
                Err(DoorError::Taken) if launched => {
                    println!("{READY}");
                    return Ok(());
                }
                Err(error) => {
                    let hint = error.hint().map(|hint| format!("\nhint: {}", say(hint))).unwrap_or_default();
                    return Err(say(error.message()) + &hint);
                }
            },
        };
        let signalled = agent.clone();
        let mut orders = Orders::listen().map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            while orders.next().await == Order::Lock {
                let agent = signalled.clone();
                tokio::spawn(async move { agent.lock_by_itself().await });
            }
            signalled.stopping.ask();
        });
        if launched {
            println!("{READY}");
            streams::let_go_of_output().map_err(|error| error.to_string())?;
        }
        service_manager::say_ready();
        agent.note_start();
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "listening");
        serve(door, agent, idle_exit).await;
        service_manager::say_stopping();
        Ok(())
    });
    // A thread that hangs in a call to a disk is not waited for.
    runtime.shutdown_background();
    served
}

/// Logs where `LOOM_LOG` asks for it: to stderr in the foreground, else to the state directory.
fn log_to(paths: &Paths, launched: bool) -> Result<(), String> {
    let Some(filter) = std::env::var("LOOM_LOG").ok().filter(|filter| !filter.is_empty()) else { return Ok(()) };
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(own_lines(&filter));
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    if launched {
        private_file::private_dir(paths.state_dir()).map_err(|error| error.to_string())?;
        let file = private_file::append(&paths.log_file()).map_err(|error| error.to_string())?;
        logger.with_writer(std::sync::Mutex::new(file)).init();
    } else {
        logger.with_writer(std::io::stderr).init();
    }
    Ok(())
}

/// Only loom's own lines, whatever is asked for: what libraries log can hold headers and bodies.
fn own_lines(filter: &str) -> String {
    let own = |directive: &str| match directive.split_once('=') {
        Some((target, _)) => target.starts_with("loom").then(|| directive.to_owned()),
        None => Some(format!("loom_credentials={directive},loom_agent={directive}")),
    };
    std::iter::once("off".to_owned())
        .chain(filter.split(',').map(str::trim).filter_map(own))
        .collect::<Vec<_>>()
        .join(",")
}
