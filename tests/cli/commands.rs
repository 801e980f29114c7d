use crate::support::{Home, run};

#[test]
fn help_teaches_in_three_languages() {
    for (language, word) in [("en", "Usage:"), ("es", "Uso:"), ("ar", "loom")] {
        let mut home = Home::new();
        home.set("LC_ALL", format!("{language}_XX.UTF-8"));
        for command in [&["--help"][..], &["login", "--help"], &["help", "token"], &["setup", "git", "--help"]] {
            let said = home.loom(command).ok().out;
            assert!(said.contains(word), "{language}: {said}");
            for untranslated in ["cmd-", "arg-", "help-"] {
                assert!(!said.contains(untranslated), "{language}: {said}");
            }
            assert!(language == "en" || !said.contains("Print help"), "{language}: {said}");
        }
    }
}

#[test]
fn errors_are_said_in_the_persons_language() {
    let mut home = Home::new();
    home.set("LC_ALL", "es_MX.UTF-8");
    let said = home.loom(&["token", "--server", "https://a.example"]).fails(4);
    assert!(!said.err.contains("not logged in"), "{said:?}");
    home.configure("language = 'en'\n");
    home.loom(&["token", "--server", "https://a.example"]).fails(4).says("not logged in");
    home.set("LOOM_LANGUAGE", "ar");
    let said = home.loom(&["token", "--server", "https://a.example"]).fails(4);
    assert!(said.err.contains('\u{2067}'), "{said:?}");
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    let home = Home::new();
    for (arguments, said) in [
        (&["frobnicate"][..], "frobnicate"),
        (&["login", "--wat"], "--wat"),
        (&["login", "--server"], "--server"),
        (&["login", "--server", "http://a b"], "not a server"),
        (&["exec", "--env", "X"], "COMMAND"),
        (&["exec", "--env", "9X", "--", "true"], "9X"),
        (&["login", "--flow", "magic"], "magic"),
        (&["logout", "--all", "--account", "x"], "--account"),
        (&["token", "--min-validity", "soon"], "soon"),
    ] {
        home.loom(arguments).fails(2).says(said).says("hint: ");
    }
    assert_eq!(home.loom(&[]).code, 2);
    assert_eq!(home.loom(&["agent"]).code, 2);
    assert!(home.loom(&["--version"]).ok().out.starts_with("loom 0."));
    assert!(!home.socket().exists());
}

#[test]
fn the_server_comes_from_flag_environment_or_config_in_this_order() {
    let mut home = Home::new();
    home.loom(&["token"]).fails(1).says("no default server");
    for name in ["flag", "env", "config"] {
        let server = format!("https://{name}.example");
        home.loom_in(&["login", "--with-token", "--server", &server], &format!("tok_{name}")).ok();
    }
    home.loom(&["config", "set-default-server", "config.example"]).ok();
    assert_eq!(home.loom(&["token"]).ok().out, "tok_config\n");
    home.set("LOOM_SERVER_URL", "https://env.example");
    assert_eq!(home.loom(&["token"]).ok().out, "tok_env\n");
    assert_eq!(home.loom(&["token", "--server", "flag.example"]).ok().out, "tok_flag\n");
    home.set("LOOM_SERVER_URL", "https://a b");
    home.loom(&["token"]).fails(2).says("LOOM_SERVER_URL");
}

#[test]
fn a_script_gets_the_token_alone_or_as_json() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_script").ok();
    let done = home.loom(&["token", "--server", "https://a.example", "--min-validity", "60s"]).ok();
    assert_eq!((done.out.as_str(), done.err.as_str()), ("tok_script\n", ""));
    let json: serde_json::Value = serde_json::from_str(&home.loom(&["token", "--json"]).ok().out).unwrap();
    let wanted = serde_json::json!({"server": "https://a.example", "account": "oauth2", "username": "oauth2", "token": "tok_script", "expires_at": null, "scopes": []});
    assert_eq!(json, wanted);
}

#[test]
fn status_has_the_documented_shape() {
    let home = Home::new();
    let empty = home.loom(&["status", "--json"]);
    assert_eq!(empty.code, 4);
    let json: serde_json::Value = serde_json::from_str(&empty.out).unwrap();
    assert_eq!((json["accounts"].as_array().unwrap().len(), &json["default_server"]), (0, &serde_json::Value::Null));
    assert_eq!(json["agent"]["running"], true);
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok").ok();
    let json: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    let account = &json["accounts"][0];
    for (field, value) in [
        ("server", serde_json::json!("https://a.example")),
        ("account", serde_json::json!("oauth2")),
        ("kind", serde_json::json!("token")),
        ("stored_in", serde_json::json!("file")),
        ("expires_at", serde_json::Value::Null),
        ("scopes", serde_json::json!([])),
        ("default", serde_json::json!(true)),
    ] {
        assert_eq!(account[field], value, "{field}");
    }
    home.loom(&["status", "--server", "https://a.example"]).ok().without("tok\n");
    home.loom(&["status", "--server", "https://b.example"]).fails(4);
}

#[test]
fn exec_gives_the_token_in_one_variable_and_passes_on_the_exit_code() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_exec").ok();
    let script = "printf %s \"$API_TOKEN\"; env | grep -c tok_exec >&2; exit 7";
    let done = home.loom(&["exec", "--env", "API_TOKEN", "--", "sh", "-c", script]);
    assert_eq!((done.code, done.out.as_str(), done.err.trim()), (7, "tok_exec", "1"));
    home.loom(&["exec", "--env", "X", "--", "/no/such/program"]).fails(1).says("/no/such/program");
    home.loom(&["exec", "--server", "https://b.example", "--env", "X", "--", "true"]).fails(4);
}

#[test]
fn settings_are_read_and_written_and_a_broken_file_is_reported() {
    let home = Home::new();
    assert_eq!(home.loom(&["config", "get", "store"]).code, 1);
    home.loom(&["config", "set", "store", "file"]).ok();
    assert_eq!(home.loom(&["config", "get", "store"]).ok().out, "file\n");
    assert_eq!(home.loom(&["config", "list"]).ok().out, "store = file\n");
    home.loom(&["config", "set", "store", "floppy"]).fails(1).says("floppy");
    home.loom(&["config", "set", "stroe", "file"]).fails(1).says("stroe").says("hint: did you mean: store");
    home.loom(&["config", "set", "colour", "red"]).fails(1).says("colour").says("default_server");
    home.configure("store = file\n");
    home.loom(&["status"]).fails(1).says("config.toml").says("line 1");
    home.loom(&["config", "list"]).fails(1).says("line 1");
}

#[test]
fn completions_know_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(home.loom(&["completions", shell]).ok().out.contains("logout"), "{shell}");
    }
}

#[test]
fn without_a_home_every_program_says_so() {
    let home = Home::new();
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    command.args(["token"]).env_clear().env("LOOM_AGENT_SOCK", "relative/path");
    let done = run(&mut command, b"");
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.err.contains("absolute"), "{done:?}");
}

#[test]
fn a_linked_settings_file_stays_a_link_and_what_it_leads_to_is_written() {
    let home = Home::new();
    let dotfiles = home.path().join("dotfiles");
    std::fs::create_dir(&dotfiles).unwrap();
    std::fs::write(dotfiles.join("loom.toml"), "# mine\nlanguage = \"en\"\n").unwrap();
    home.configure("");
    let link = home.path().join("config/loom/config.toml");
    for target in [dotfiles.join("loom.toml"), "../../dotfiles/loom.toml".into(), "../../dotfiles/new.toml".into()] {
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        home.loom(&["config", "set", "store", "file"]).ok();
        assert_eq!(std::fs::read_link(&link).unwrap(), target);
        assert_eq!(home.loom(&["config", "get", "store"]).ok().out.trim(), "file");
    }
    let text = std::fs::read_to_string(dotfiles.join("loom.toml")).unwrap();
    assert!(text.contains("# mine"), "{text}");
    assert!(text.contains("store = \"file\""), "{text}");
    assert!(dotfiles.join("new.toml").exists());
    assert_eq!(std::fs::read_dir(&dotfiles).unwrap().count(), 2, "nothing else is left there");
}
