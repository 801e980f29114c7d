//! The settings by command: rules, single settings, the editor. What a person wrote stays as they wrote it.

use std::os::unix::fs::PermissionsExt;

use crate::support::Home;

fn settings(home: &Home) -> String {
    std::fs::read_to_string(home.path().join("config/loom/config.toml")).unwrap_or_default()
}

#[test]
fn rules_are_added_listed_and_removed_and_decide_what_git_gets() {
    let home = Home::new();
    for account in ["private", "work"] {
        let arguments = ["login", "git.example", "--account", account, "--with-token"];
        home.loom_in(&arguments, &format!("tok_{account}")).ok();
    }
    home.configure("# mine\nlanguage = 'en' # yes\n");
    home.loom(&["rule", "add", "--match", "git.example/acme/*", "--user", "work"]).ok().says("rule 1");
    home.loom(&["rule", "add", "--directory", "jobs", "--user", "work"]).ok().says("rule 2");
    let why = home.loom(&["why", "https://git.example/acme/app.git", "--path", "acme/app.git"]);
    assert!(why.out.contains("work"), "{why:?}");
    let listed = home.loom(&["rule", "list"]).ok().out;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("1  https://git.example/acme"), "{listed}");
    assert!(lines[1].contains(&home.path().join("jobs").display().to_string()), "{listed}");
    let json: serde_json::Value = serde_json::from_str(&home.loom(&["rule", "list", "--json"]).ok().out).unwrap();
    let first = serde_json::json!({"n": 1, "match": "https://git.example/acme", "directory": null, "user": "work"});
    assert_eq!(json[0], first);
    home.loom(&["rule", "remove", "3"]).fails(1).says("no rule 3").says("loom rule list");
    home.loom(&["rule", "remove", "0"]).fails(1);
    home.loom(&["rule", "remove", "1"]).ok();
    home.loom(&["rule", "remove", "1"]).ok();
    assert_eq!(settings(&home), "# mine\nlanguage = 'en' # yes\n");
    assert_eq!(home.loom(&["rule", "list"]).ok().out, "");
    for wrong in [&["rule", "add", "--user", "x"][..], &["rule", "add", "--match", "git.example"]] {
        home.loom(wrong).fails(2);
    }
    home.loom(&["rule", "add", "--match", "git@git.example:a/b.git", "--user", "x"]).fails(1).says("SSH");
    assert_eq!(settings(&home), "# mine\nlanguage = 'en' # yes\n");
}

#[test]
fn a_setting_is_taken_out_and_the_rest_of_the_file_stays() {
    let home = Home::new();
    home.configure("# mine\nstore = 'file' # here\nlanguage = 'en'\n");
    home.loom(&["config", "unset", "store"]).ok();
    assert_eq!(home.loom(&["config", "unset", "store"]).code, 1);
    home.loom(&["config", "unset", "langauge"]).fails(1).says("hint: did you mean: language");
    assert!(settings(&home).contains("language = 'en'\n"), "{}", settings(&home));
    assert!(!settings(&home).contains("store"), "{}", settings(&home));
    let path = home.loom(&["config", "path"]).ok().out;
    assert_eq!(path.trim(), home.path().join("config/loom/config.toml").display().to_string());
    assert_eq!(home.loom(&["config", "list", "--json"]).ok().out.trim(), r#"{"language":"en"}"#);
}

#[test]
fn what_an_editor_leaves_counts_only_if_it_makes_sense() {
    let mut home = Home::new();
    let editor = home.path().join("editor");
    let edits = |text: &str| {
        std::fs::write(&editor, format!("#!/bin/sh\nprintf '%b' \"{text}\" > \"$2\"\n")).unwrap();
        std::fs::set_permissions(&editor, PermissionsExt::from_mode(0o700)).unwrap();
    };
    home.set("EDITOR", format!("{} --wait", editor.display()));
    edits("language = 'es'\\n");
    home.loom(&["config", "edit"]).ok().says("config.toml");
    assert_eq!(settings(&home), "language = 'es'\n");
    edits("language = 'en'\\nlanguge = 'x'\\n");
    let said = home.loom(&["config", "edit"]).fails(1).says("2").says("config-");
    assert_eq!(settings(&home), "language = 'es'\n");
    let left = said.err.split_whitespace().find(|word| word.contains("config-")).unwrap();
    assert!(std::fs::read_to_string(left.trim_end_matches([';', ','])).unwrap().contains("languge"), "{said:?}");
    home.set("EDITOR", "false");
    home.loom(&["config", "edit"]).fails(1).says("false");
    home.set("EDITOR", "/no/such/editor");
    home.loom(&["config", "edit"]).fails(1).says("/no/such/editor");
    assert_eq!(settings(&home), "language = 'es'\n");
}

#[test]
fn what_changed_while_the_editor_was_open_is_not_lost() {
    let mut home = Home::new();
    let dir = home.path().join("an editor");
    std::fs::create_dir(&dir).unwrap();
    let editor = dir.join("vi");
    let script = "#!/bin/sh\nloom config set language es 2>/dev/null\nprintf 'idle_exit = \"1h\"\\n' > \"$2\"\n";
    std::fs::write(&editor, script).unwrap();
    std::fs::set_permissions(&editor, PermissionsExt::from_mode(0o700)).unwrap();
    home.set("EDITOR", format!("'{}' -x", editor.display()));
    let said = home.loom(&["config", "edit"]).fails(1).says("config-");
    assert!(settings(&home).contains("es") && !settings(&home).contains("idle"), "{said:?}");
}
