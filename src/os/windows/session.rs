/// The variables by which programs find their things, and without which some do not start.
const VARIABLES: [&str; 17] = [
    "ALLUSERSPROFILE",
    "APPDATA",
    "COMPUTERNAME",
    "ComSpec",
    "HOMEDRIVE",
    "HOMEPATH",
    "LANG",
    "LANGUAGE",
    "LOCALAPPDATA",
    "PATH",
    "ProgramData",
    "SystemDrive",
    "SystemRoot",
    "TEMP",
    "TMP",
    "USERNAME",
    "USERPROFILE",
];

/// Whether programs find their things by this variable of the environment, whoever starts them. Capitals do not count.
pub fn is_variable(name: &str) -> bool {
    VARIABLES.iter().any(|known| known.eq_ignore_ascii_case(name))
        || name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("LC_"))
}

/// Whether there is a screen on which this process' programs could show something.
pub fn has_display() -> bool {
    true
}
