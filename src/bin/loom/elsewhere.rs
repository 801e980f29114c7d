//! What people know from other tools, and how it is called here.

/// The command that does what this word does in gh, Git Credential Manager, ssh-agent, 1Password or git itself.
pub fn ours(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "setup-git" | "configure" | "install" | "init" => "loom setup git",
        "unconfigure" | "uninstall" => "loom setup git --remove",
        "refresh" | "signin" | "sign-in" | "log-in" | "add" | "ssh-add" | "new" => "loom login",
        "signout" | "sign-out" | "log-out" | "rm" | "delete" | "remove" | "forget" | "revoke" => "loom logout",
        "ls" | "accounts" | "show" | "github" | "azure-repos" | "bitbucket" | "gitlab" | "me" | "who" => "loom status",
        "get" | "read" | "print" | "password" | "secret" | "pat" => "loom token",
        "run" | "with" | "inject" => "loom exec",
        "use" | "account" | "default" => "loom switch",
        "diagnose" | "check" | "fsck" => "loom doctor",
        "log" | "logs" | "history" => "loom audit tail",
        "daemon" | "start" | "stop" | "ssh-agent" => "loom agent",
        "vault" | "keyring" | "keychain" | "store-status" => "loom store",
        "set" | "settings" | "preferences" => "loom config",
        "fill" | "approve" | "reject" | "credential" => "loom credential-helper",
        "web" | "ui" | "server" | "http" => "loom serve",
        "version" => "loom --version",
        "completion" => "loom completions",
        _ => return None,
    })
}
