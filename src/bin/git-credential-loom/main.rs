//! The helper that `git config credential.helper loom` runs.
//!
//! Git starts it for every operation that needs a credential, so nothing happens before `main` that need not: without
//! Rust's start-up code the process makes some twenty system calls less.
//!
//! Three programs: `loom-agent` alone links the runtime, HTTP, TLS and the stores. The helper has no translator and no
//! texts either. What the agent says is already in the reader's language; for the few faults the helper meets alone it
//! runs `loom say` beside it (`client::report`).
#![cfg_attr(unix, no_main)]

#[cfg(target_env = "musl")]
mod arena;

use std::path::Path;

use loom_credentials::client::{helper_exit_code, report_through_loom, run_git_helper, run_tool_helper};
use loom_credentials::tools::dialect_of;

/// Memory for half a millisecond. Musl asks the system for every larger piece and gives it back at once.
#[cfg(target_env = "musl")]
#[global_allocator]
static MEMORY: arena::Arena = arena::Arena::new();

/// # Safety
///
/// Only C's start-up code calls it, with so many words.
#[cfg(unix)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(count: i32, words: *const *const std::ffi::c_char) -> i32 {
    // Not from the standard library, which learns them from glibc only where its own start-up code does not run.
    let word = |at: i32| {
        // SAFETY: C hands `main` so many pointers to strings, each with its NUL, that live as long as the process.
        unsafe { std::ffi::CStr::from_ptr(*words.offset(at as isize)) }
    };
    let args: Vec<String> = (0..count).map(|at| word(at).to_string_lossy().into_owned()).collect();
    run(&args).into()
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    run(&args).into()
}

/// Does what is meant by the name that the program was started under: other tools look for one of their own.
fn run(words: &[String]) -> u8 {
    let (program, args) = words.split_first().map_or(("", words), |(program, args)| (program.as_str(), args));
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let name = name.strip_suffix(std::env::consts::EXE_SUFFIX).unwrap_or(&name);
    if let Some(dialect) = dialect_of(name) {
        return run_tool_helper(dialect, name, args);
    }
    match run_git_helper(args) {
        Ok(()) => 0,
        Err(fault) => {
            report_through_loom(&fault);
            helper_exit_code(fault.code())
        }
    }
}
