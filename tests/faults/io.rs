//! A disk that fails: each system call on a file ends with an error, once.

use crate::faults::bench::{Bench, Scenario, Seen, stop, strays};
use crate::faults::scenarios;
use crate::support::injection::{self, Call};
use crate::support::{every, say, wait_until};

/// Calls that write, or put what was written in place.
const WRITES: [&str; 10] =
    ["openat", "write", "pwrite", "fsync", "fdatasync", "rename", "link", "unlink", "mkdir", "ftruncate"];

/// Lets each call on a file fail, and looks at what the caller was told and at what is kept.
fn fail_everywhere(scenario: Scenario) {
    fail_at_every(5, scenario);
}

/// The same; at every so many-th call in a short run.
pub fn fail_at_every(nth: usize, scenario: Scenario) {
    let Some((bench, home, calls)) = Bench::recorded(scenario) else { return };
    let placed = calls.iter().rposition(|call| call.puts_in_place("credentials.json")).unwrap();
    let is_one = |call: &Call| {
        call.is_point(&home) && call.is_in(home.path()) && WRITES.iter().any(|name| call.name.starts_with(name))
    };
    let points = calls.iter().enumerate().filter(|(_, call)| is_one(call));
    let points: Vec<_> = points.flat_map(|point| ["EIO", "ENOSPC"].map(|error| (point, error))).collect();
    let (mut tried, mut hit, mut refused) = (0, 0, 0);
    for ((at, call), error) in points.iter().step_by(every(nth)) {
        tried += 1;
        let Some(seen) = fail(&bench, call, error, *at < placed) else { continue };
        hit += 1;
        refused += usize::from(!seen.acknowledged);
    }
    assert!(hit * 2 >= tried, "only {hit} of {tried} calls were hit");
    say(format_args!(
        "I/O errors while {}: {hit} of {} points; {refused} said to the caller, {} got over; lost 0; next writes \
         blocked 0",
        bench.scenario.name,
        points.len(),
        hit - refused
    ));
}

/// How the operation went; nothing if the fault hit something else.
fn fail(bench: &Bench, call: &Call, error: &str, before_placed: bool) -> Option<Seen> {
    let home = bench.home();
    let mut agent = bench.agent(&home);
    let injection = injection::inject(&home, &agent, call, &format!("error={error}"));
    let done = std::thread::scope(|scope| {
        let operation = scope.spawn(|| bench.operate(&home));
        // If a wake-up was hit, the agent sleeps until somebody knocks.
        wait_until("the operation ends", || home.is_listening() && operation.is_finished());
        operation.join().unwrap()
    });
    let until = injection.until_hit(&home)?;
    let is_placed = |line: &str| {
        line.contains("/credentials.json\") = 0")
            || line.contains("fdatasync(") && line.contains("/credentials.json>) = 0")
    };
    let placed = until.lines().any(is_placed);
    let seen = Seen { acknowledged: done.code == 0, changed: bench.changed(&home) };
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        if !seen.acknowledged {
            // One line, whatever was shown on the way to it.
            assert_eq!(done.code, 1, "{done:?}");
            assert_eq!(done.err.lines().filter(|line| line.starts_with("loom: ")).count(), 1, "{done:?}");
            assert!(!before_placed || placed || !seen.changed, "it failed, and what is kept is another");
        }
        assert!(agent.0.try_wait().unwrap().is_none(), "the agent ended");
        assert_eq!(strays(&home), 0);
        home.store("https", "after.example", "u", "pw_after").ok();
        assert_eq!(scenarios::password(&home, "after.example").as_deref(), Some("pw_after"));
        stop(&home, agent);
        // What was said to be done is on the disk, not only in that agent's memory.
        let _agent = home.agent(&[]);
        bench.check(&home, seen);
        assert_eq!(scenarios::password(&home, "after.example").as_deref(), Some("pw_after"));
    }));
    if let Err(broken) = outcome {
        say(format_args!("after {error} of {} while {} ({seen:?})", call.shown, bench.scenario.name));
        std::panic::resume_unwind(broken);
    }
    Some(seen)
}

#[test]
fn a_failing_disk_while_a_password_is_stored_is_said_and_loses_nothing() {
    fail_everywhere(scenarios::NEW);
}

#[test]
fn a_failing_disk_while_a_password_is_replaced_keeps_the_old_one() {
    fail_everywhere(scenarios::REPLACE);
}

#[test]
fn a_failing_disk_while_the_file_is_written_anew_loses_nothing() {
    fail_everywhere(scenarios::ANEW);
}

#[test]
fn a_failing_disk_while_a_password_is_erased_is_said() {
    fail_everywhere(scenarios::ERASE);
}

#[test]
fn a_failing_disk_at_the_first_password_leaves_nothing_in_the_way() {
    fail_everywhere(scenarios::FIRST);
}

#[test]
fn a_failing_disk_during_a_login_is_said_or_got_over() {
    fail_everywhere(scenarios::LOGIN);
}

#[test]
fn a_failing_disk_while_loom_registers_and_logs_in_is_said_or_got_over() {
    fail_everywhere(scenarios::REGISTERED_LOGIN);
}

#[test]
fn a_failing_disk_while_a_token_is_renewed_does_not_end_the_login() {
    fail_everywhere(scenarios::REFRESH);
}

#[test]
fn a_failing_disk_during_a_logout_is_said_and_the_login_stays() {
    fail_everywhere(scenarios::LOGOUT);
}

#[test]
fn a_failing_disk_while_an_older_file_is_taken_over_loses_nothing() {
    fail_everywhere(scenarios::TAKE_OVER);
}

#[test]
fn a_failing_disk_while_the_key_changes_leaves_one_that_opens_the_file() {
    fail_everywhere(scenarios::REKEY);
}
