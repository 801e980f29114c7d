//! Floor 4: what every front-end does: reach the agent, start it if need be, ask, report.

mod ask;
mod connection;
mod credentials;
mod ending;
mod git_helper;
mod git_login;
mod input;
mod place;
mod report;
mod start;
mod tool_helper;
mod tunnel;
mod watch;

pub use ask::{Client, Held};
pub use credentials::Account;
pub use ending::Ended;
pub use git_helper::run as run_git_helper;
pub use place::Place;
pub use report::{exit_code, helper_exit_code, report, report_through_loom};
pub use start::{agent_program, refuse_directories_of_another};
pub use tool_helper::run as run_tool_helper;
pub use tunnel::Tunnel;
