//! The helper that `git config credential.helper loom` runs.
//!
//! Git starts it for every operation that needs a credential, so nothing happens before `main` that need not: without
//! Rust's start-up code the process makes some twenty system calls less.
#![cfg_attr(unix, no_main)]

use loom_credentials::client::{helper_exit_code, report_through_loom, run_git_helper};

#[cfg(unix)]
#[unsafe(no_mangle)]
pub extern "C" fn main(_argc: i32, _argv: *const *const u8) -> i32 {
    run().into()
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    run().into()
}

/// Has the system end this process after so many seconds: it can do so whatever the process waits for, and it costs less
/// than a thread that looks at the clock.
#[cfg(unix)]
fn ends_after(seconds: u32) {
    unsafe extern "C" {
        safe fn alarm(seconds: u32) -> u32;
    }
    alarm(seconds);
}

#[cfg(not(unix))]
fn ends_after(_: u32) {}

fn run() -> u8 {
    let args: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match run_git_helper(&args, ends_after) {
        Ok(()) => 0,
        Err(fault) => {
            report_through_loom(&fault);
            helper_exit_code(fault.code())
        }
    }
}
