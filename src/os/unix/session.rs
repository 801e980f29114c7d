use super::machine::is_in_windows;

/// Whether programs find their things by this variable of the environment, whoever starts them: directories, language,
/// display.
pub fn is_variable(name: &str) -> bool {
    match name {
        "HOME" | "USER" | "LOGNAME" | "PATH" | "TMPDIR" | "TZ" | "LANG" | "LANGUAGE" => true,
        "DBUS_SESSION_BUS_ADDRESS" | "DISPLAY" | "WAYLAND_DISPLAY" => true,
        _ => ["XDG_", "LC_"].iter().any(|prefix| name.starts_with(prefix)),
    }
}

/// Whether there is a screen on which this process' programs could show something: in WSL it is Windows'.
pub fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_in_windows()
}
