/// Has the system end this process after so many seconds: it can do so whatever the process waits for, and it costs
/// less than a thread that looks at the clock.
pub fn end_after(seconds: u32) {
    nix::unistd::alarm::set(seconds);
}

/// Takes it back.
pub fn cancel() {
    nix::unistd::alarm::cancel();
}
