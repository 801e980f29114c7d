use std::path::{MAIN_SEPARATOR, PathBuf};

/// The paths as they are typed behind a command that takes several: in a shell of Unix, or in Windows' PowerShell,
/// where no path has a quotation mark.
pub fn typed_words(paths: &[PathBuf]) -> String {
    let is_unix = MAIN_SEPARATOR == '/';
    let word = |path: &PathBuf| {
        let path = path.to_string_lossy();
        if is_unix { shell_word(&path) } else { format!("\"{path}\"") }
    };
    paths.iter().map(word).collect::<Vec<_>>().join(if is_unix { " " } else { "," })
}

/// The path as one word for a POSIX shell, with special characters escaped by `\`. It still begins with `/`.
pub fn shell_word(path: &str) -> String {
    let mut word = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%')) {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_path_survives_the_shell() {
        assert_eq!(shell_word("/opt/loom/bin/git-credential-loom"), "/opt/loom/bin/git-credential-loom");
        assert_eq!(shell_word("/home/a b/it's/x"), "/home/a\\ b/it\\'s/x");
    }
}
