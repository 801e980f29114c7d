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
