use std::process::{Command, Stdio};

use super::super::common::AtLoginError;

/// Runs the service manager's program to its end.
pub(super) fn run(program: &str, arguments: &[&str]) -> Result<(), AtLoginError> {
    let refused = |said: String| AtLoginError::Refused { program: program.to_owned(), said };
    let ran = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let ran = ran.map_err(|error| refused(error.to_string()))?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
    Err(refused(if said.is_empty() { ran.status.to_string() } else { said }))
}
