//! The command line as clap reads it. Help texts are not here but in the `.ftl` files; see `help.rs`.

#[path = "account_args.rs"]
pub mod account;
#[path = "api_args.rs"]
mod api;
#[path = "env_args.rs"]
pub mod env;
#[path = "exec_args.rs"]
pub mod exec;
#[path = "login_args.rs"]
pub mod login;
#[path = "people_args.rs"]
pub mod people;
#[path = "server_args.rs"]
pub mod server;
#[path = "setup_args.rs"]
pub mod setup;
#[path = "store_args.rs"]
mod store;
#[path = "token_args.rs"]
pub mod token;

use std::path::PathBuf;

pub use account::{Logout, Status};
pub use api::Api;
use clap::{ArgAction, Args, Parser, Subcommand};
pub use exec::Exec;
use login::Login;
use loom_credentials::base::{CloneUrl, ServerPattern};
use people::{ConfigAction, RuleAction, Switch};
use server::At;
pub use server::command;
use setup::Setup;
pub use store::StoreAction;
use token::Token;

#[derive(Parser)]
#[command(
    name = "loom",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true
)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Loom {
    #[arg(long, aliases = ["server-url", "hostname"], global = true, value_name = "URL", value_parser = ServerPattern::from_user)]
    pub server: Vec<ServerPattern>,
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Command {
    Login(Login),
    Logout(Logout),
    #[command(visible_aliases = ["list", "whoami"])]
    Status(Status),
    #[command(hide = true, subcommand_required = true, arg_required_else_help = true)]
    Auth {
        #[command(subcommand)]
        action: AuthAction,
    },
    Switch(Switch),
    Token(Token),
    Api(Api),
    Why(Why),
    Exec(Exec),
    Kube(Kube),
    Aws(Aws),
    Goauth(GoAuth),
    Netrc,
    Serve(Serve),
    Lock,
    Unlock(Unlock),
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Agent {
        #[command(subcommand)]
        action: AgentAction,
    },
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Store {
        #[command(subcommand)]
        action: StoreAction,
    },
    Doctor(Doctor),
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Audit {
        #[command(subcommand)]
        action: AuditAction,
    },
    Setup(Setup),
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Rule {
        #[command(subcommand)]
        action: RuleAction,
    },
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    CredentialHelper {
        #[arg(value_name = "OPERATION")]
        operation: String,
    },
    #[command(hide = true)]
    Confined(exec::Confined),
    #[command(hide = true)]
    Ask {
        #[arg(long, value_name = "URL")]
        place: Option<String>,
        #[arg(long, value_name = "URL")]
        page: Option<String>,
    },
    #[command(hide = true)]
    Say {
        fault: String,
    },
    Completions {
        shell: clap_complete::Shell,
    },
    Demo,
}

/// What people who know gh type.
#[derive(Subcommand)]
#[command(defer = true)]
pub enum AuthAction {
    Login(Login),
    Logout(Logout),
    Status(Status),
    Switch(Switch),
    Token(Token),
}

impl From<AuthAction> for Command {
    fn from(action: AuthAction) -> Command {
        match action {
            AuthAction::Login(args) => Command::Login(args),
            AuthAction::Logout(args) => Command::Logout(args),
            AuthAction::Status(args) => Command::Status(args),
            AuthAction::Switch(args) => Command::Switch(args),
            AuthAction::Token(args) => Command::Token(args),
        }
    }
}

#[derive(Args)]
pub struct Json {
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Why {
    #[arg(value_parser = CloneUrl::from_user, required_unless_present_any = ["push", "call"])]
    pub url: Option<CloneUrl>,
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    #[arg(long, value_name = "USER")]
    pub account: Option<String>,
    #[arg(long, num_args = 2, value_names = ["URL", "REF"], conflicts_with_all = ["url", "path", "account", "call"])]
    pub push: Vec<String>,
    #[arg(long, num_args = 2, value_names = ["METHOD", "URL"], conflicts_with_all = ["url", "path", "account"])]
    pub call: Vec<String>,
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub token: Option<String>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Kube {
    #[arg(long, value_name = "USER")]
    pub account: Option<String>,
    #[arg(long, value_name = "AUDIENCE", conflicts_with = "id_token")]
    pub audience: Option<String>,
    #[arg(long)]
    pub id_token: bool,
}

#[derive(Args)]
pub struct Aws {
    #[arg(long, value_name = "KEY-ID")]
    pub account: Option<String>,
}

#[derive(Args)]
pub struct GoAuth {
    pub url: Option<String>,
}

#[derive(Args)]
pub struct Serve {
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    #[arg(long, conflicts_with_all = ["listen", "tls_cert", "tls_key"])]
    pub stop: bool,
}

#[derive(Args)]
pub struct Unlock {
    /// Said by the git helper, never by a person.
    #[arg(long, hide = true)]
    pub for_git: bool,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum AgentAction {
    Start(AtLogin),
    Stop(AtLogin),
    Status(Json),
    Restart,
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Socket {
        #[command(subcommand)]
        action: SocketAction,
    },
}

#[derive(Args)]
pub struct AtLogin {
    #[arg(long, visible_alias = "at-logon")]
    pub at_login: bool,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum SocketAction {
    Add {
        path: PathBuf,
        #[arg(long, value_name = "NAME")]
        token: String,
    },
    List(Json),
    Remove {
        path: PathBuf,
    },
}

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    pub at: At,
    #[arg(long)]
    pub restore: bool,
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum AuditAction {
    Tail(AuditTail),
    Verify(AuditVerify),
}

#[derive(Args)]
pub struct AuditVerify {
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct AuditTail {
    #[arg(long, value_name = "TYPE")]
    pub event: Option<String>,
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub lines: usize,
    #[arg(short, long)]
    pub follow: bool,
    #[arg(long)]
    pub json: bool,
}

/// A duration such as `60s` or `5m`; a plain number means seconds.
fn seconds(text: &str) -> Result<u32, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let parsed: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    u32::try_from(parsed.as_secs()).map_err(|error| error.to_string())
}
