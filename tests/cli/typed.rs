//! What a person types where a server is meant, and what they probably meant instead.

use crate::support::{Home, loom_server};

#[test]
fn a_host_or_a_clone_url_behind_the_command_is_the_server() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", &format!("{}/git/team/app.git", server.url())]).ok().says(server.url());
    home.loom_in(&["login", "git.example", "--with-token"], "tok_host").ok().says("https://git.example");
    home.loom_in(&["login", "https://al@page.example/a/b?tab=x#y", "--with-token"], "tok_al").ok();
    for (url, token) in [
        ("git.example", "tok_host\n"),
        ("https://git.example/team/app.git", "tok_host\n"),
        ("page.example/a/b", "tok_al\n"),
        ("al@page.example", "tok_al\n"),
    ] {
        assert_eq!(home.loom(&["token", url]).ok().out, token, "{url}");
        home.loom(&["status", url]).ok().without("tok_");
    }
    home.loom(&["token", "bo@page.example"]).fails(4).says("no account bo").says("hint: the accounts there are: al");
    home.loom(&["status", "other.example"]).fails(4).says("not logged in to https://other.example");
    home.loom(&["why", "git.example/team/app.git"]).ok();
    home.loom(&["logout", "https://git.example/team/app.git", "--local"]).ok();
    home.loom(&["status", "git.example"]).fails(4);
    home.loom(&["status", "page.example"]).ok();
}

#[test]
fn a_server_below_a_path_is_not_taken_for_a_repository() {
    let home = Home::new();
    home.loom_in(&["login", "git.example/gitea", "--with-token"], "tok_path").ok().says("https://git.example/gitea");
    home.loom_in(&["login", "--server", "git.example/a/b", "--with-token"], "tok_exact").ok();
    home.loom(&["status", "--server", "https://git.example/a/b"]).ok();
}

#[test]
fn an_ssh_address_is_said_as_one_with_the_origin_over_https() {
    let home = Home::new();
    for address in
        ["git@git.example:team/app.git", "ssh://git@git.example:2222/team/app.git", "git.example:team/app.git"]
    {
        for command in ["login", "logout", "status", "token", "why", "doctor"] {
            let said = home.loom(&[command, address]).fails(2).says("SSH").says("https://git.example");
            assert!(said.err.contains(&format!("hint: loom {command} https://git.example\n")), "{said:?}");
        }
        home.loom(&["login", "--server", address, "--with-token"])
            .fails(2)
            .says("hint: loom login --server https://git.example --with-token\n");
    }
    assert!(!home.socket().exists());
}

#[test]
fn a_password_in_a_url_is_refused_and_not_repeated() {
    let home = Home::new();
    let said = home.loom(&["login", "https://me:s3cret@git.example/a/b.git"]).fails(2);
    let said = said.says("hint: loom login https://git.example --with-token").without("s3cret");
    assert!(said.err.contains("password"), "{said:?}");
}

#[test]
fn the_names_that_gh_has_mean_the_same() {
    let home = Home::new();
    home.loom_in(&["auth", "login", "git.example", "--with-token"], "tok_gh").ok();
    let status = home.loom(&["status"]).ok().out;
    for same in [&["auth", "status"][..], &["whoami"], &["list"]] {
        assert_eq!(home.loom(same).ok().out, status, "{same:?}");
    }
    assert_eq!(home.loom(&["auth", "token", "git.example"]).ok().out, "tok_gh\n");
    assert!(home.loom(&["auth", "login", "--help"]).ok().out.contains("Log in to a server"));
    home.loom(&["auth", "logout", "git.example", "--local"]).ok();
    home.loom(&["whoami"]).fails(4);
}

#[test]
fn what_is_spelled_almost_right_is_said_and_not_done() {
    let home = Home::new();
    home.loom_in(&["login", "git.example", "--account", "alice", "--with-token"], "tok").ok();
    for (arguments, code, meant) in [
        (&["logni", "git.example"][..], 2, "loom login git.example"),
        (&["status", "--jsno"], 2, "loom status --json"),
        (&["login", "--sever=git.example"], 2, "loom login --server=git.example"),
        (&["login", "--flow", "devise"], 2, "loom login --flow device"),
        (&["token", "lsit"], 2, "loom token list"),
        (&["token", "generate", "x", "--scopes", "raed"], 2, "loom token generate x --scopes read"),
        (&["token", "generate", "x", "--role", "veiwer"], 1, "viewer"),
        (&["config", "get", "default-sever"], 1, "default_server"),
        (&["token", "git.exmaple"], 4, "https://git.example"),
        (&["token", "git.example", "--account", "alcie"], 4, "alice"),
        (&["completions", "basch"], 2, "loom completions bash"),
        (&["setup", "dokcer"], 2, "loom setup docker"),
    ] {
        home.loom(arguments).fails(code).says(&format!("hint: did you mean: {meant}\n"));
    }
    home.loom(&["token", "generate", "nightly", "--scopes", "read"]).ok();
    home.loom(&["token", "revoke", "nigthly"]).fails(1).says("hint: did you mean: nightly\n");
    home.loom(&["asl"]).fails(2).says("hint: loom --help");
}

#[test]
fn a_server_is_named_only_where_it_means_something() {
    let home = Home::new();
    for command in [
        &["lock"][..],
        &["unlock"],
        &["agent", "status"],
        &["store", "status"],
        &["audit", "tail"],
        &["config", "list"],
        &["completions", "bash"],
        &["serve"],
        &["demo"],
    ] {
        let named = [command, &["--server", "git.example"]].concat();
        home.loom(&named).fails(2).says("--server means nothing here");
        let help = home.loom(&[command, &["--help"]].concat()).ok().out;
        assert!(!help.contains("--server"), "{command:?}: {help}");
    }
    assert!(home.loom(&["login", "--help"]).ok().out.contains("--server"));
    home.loom(&["status", "git.example", "--server", "git.example"]).fails(2).says("--server");
}
