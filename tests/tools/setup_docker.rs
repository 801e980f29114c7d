//! `loom setup docker`, and what is the same for every tool: what stands in a file stays, what stood there comes back.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::setup_bench::SetupBench;
use crate::support::{machine_program, run};

const FILE: &str = ".docker/config.json";

/// Of somebody who has used docker for a while: two registries in clear text (`alice:pw-1`, and a token).
const USED: &str = "{\n\t\"auths\": {\n\t\t\"registry.example\": {\n\t\t\t\"auth\": \"YWxpY2U6cHctMQ==\"\n\t\t},\n\t\t\
                    \"other.example:5000\": {\"auth\": \"Ym9iOg==\", \"identitytoken\": \"tok-2\"}\n\t},\n\t\
                    \"HttpHeaders\": { \"X\" : \"<&>\" },\n\t\"credHelpers\": {\"aws.example\": \"ecr-login\"}\n}";

#[test]
fn docker_asks_loom_about_every_registry() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    assert_eq!(bench.read(FILE), "{\n\t\"credsStore\": \"loom\"\n}\n");
}

#[test]
fn a_new_file_is_its_owners_alone() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    assert_eq!(bench.mode(FILE), 0o600);
}

#[test]
fn docker_asks_loom_about_one_registry() {
    let bench = SetupBench::new();
    bench.setup(&["docker", "--server", "registry.example:5000", "--server", "https://other.example"]).ok();
    let expected = "\"registry.example:5000\": \"loom\",\n\t\t\"other.example\": \"loom\"";
    assert_eq!(bench.read(FILE), format!("{{\n\t\"credHelpers\": {{\n\t\t{expected}\n\t}}\n}}\n"));
}

#[test]
fn the_helper_gets_its_name_beside_loom() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    let link = bench.home.path().join("bin/docker-credential-loom").read_link().unwrap();
    assert_eq!(link.to_str(), Some("git-credential-loom"));
}

#[test]
fn what_was_made_goes_again() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    bench.setup(&["docker", "--remove"]).ok();
    let left = [bench.path(".docker"), bench.home.path().join("bin/docker-credential-loom")];
    assert!(left.iter().all(|path| path.symlink_metadata().is_err()), "{left:?}");
}

#[test]
fn what_stood_in_the_file_comes_back_byte_for_byte() {
    let bench = SetupBench::new();
    let servers = ["docker", "--server", "a.example"];
    for text in
        ["{}", "{ }\n", "{\"a\":1}", "{\r\n  \"a\": [ ],\r\n  \"credHelpers\": {}\r\n}\r\n", "{\n\n    \"a\" : 1 }\n\n"]
    {
        bench.comes_back(&["docker"], FILE, text);
        bench.comes_back(&servers, FILE, text);
    }
    bench.comes_back(&["docker", "--force"], FILE, "{\"credsStore\" : \"desktop\" }");
}

#[test]
fn a_second_run_changes_nothing() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    let first = bench.path(FILE).metadata().unwrap().modified().unwrap();
    bench.setup(&["docker"]).ok().says("asks loom already");
    assert_eq!(bench.path(FILE).metadata().unwrap().modified().unwrap(), first);
}

#[test]
fn registries_are_added_and_taken_out_one_by_one() {
    let bench = SetupBench::new();
    bench.write(FILE, "{\"a\": 1}");
    bench.setup(&["docker", "--server", "a.example"]).ok();
    bench.setup(&["docker", "--server", "b.example"]).ok();
    bench.setup(&["docker", "--server", "a.example", "--remove"]).ok();
    assert_eq!(bench.read(FILE), "{\"a\": 1,\"credHelpers\": {\"b.example\": \"loom\"}}");
    bench.setup(&["docker", "--server", "b.example", "--remove"]).ok();
    assert_eq!(bench.read(FILE), "{\"a\": 1}");
}

#[test]
fn what_was_changed_since_stays_and_only_ours_goes() {
    let bench = SetupBench::new();
    bench.write(FILE, "{\"credsStore\": \"pass\"}");
    bench.setup(&["docker", "--force"]).ok();
    bench.write(FILE, &bench.read(FILE).replace('{', "{\"new\": 1, "));
    bench.setup(&["docker", "--remove"]).ok().says("only what loom wrote");
    assert_eq!(bench.read(FILE), "{\"new\": 1, \"credsStore\": \"pass\"}");
}

#[test]
fn another_helper_stays_unless_it_is_said_to_go() {
    let bench = SetupBench::new();
    bench.write(FILE, "{\"credsStore\": \"desktop\"}");
    bench.setup(&["docker"]).fails(1).says("docker-credential-desktop").says("--force");
    assert_eq!(bench.read(FILE), "{\"credsStore\": \"desktop\"}");
    assert!(!bench.home.path().join("bin/docker-credential-loom").exists());
    bench.setup(&["docker", "--force"]).ok();
    bench.setup(&["docker"]).ok().says("asks loom already");
    bench.write(FILE, &bench.read(FILE).replace("}", ", \"credHelpers\": {\"a.example\": \"pass\"}}"));
    bench.setup(&["docker", "--server", "a.example"]).fails(1).says("docker-credential-pass");
}

#[test]
fn a_broken_file_stays_as_it_is() {
    let bench = SetupBench::new();
    for text in ["{\"a\": 1", "[]", "{\"a\": 1} x", "\u{feff}{}"] {
        bench.write(FILE, text);
        bench.setup(&["docker"]).fails(1).says("config.json");
        assert_eq!(bench.read(FILE), text);
    }
}

#[test]
fn a_linked_file_is_written_where_it_lies() {
    let bench = SetupBench::new();
    bench.write("dotfiles/docker.json", "{}");
    std::fs::create_dir(bench.path(".docker")).unwrap();
    symlink("../dotfiles/docker.json", bench.path(FILE)).unwrap();
    bench.setup(&["docker"]).ok();
    assert!(bench.path(FILE).read_link().is_ok());
    assert!(bench.read("dotfiles/docker.json").contains("loom"));
}

#[test]
fn the_file_keeps_its_mode() {
    let bench = SetupBench::new();
    for mode in [0o600, 0o640, 0o444] {
        bench.write(FILE, "{}");
        std::fs::set_permissions(bench.path(FILE), PermissionsExt::from_mode(mode)).unwrap();
        bench.setup(&["docker"]).ok();
        assert_eq!(bench.mode(FILE), mode);
        std::fs::remove_file(bench.path(FILE)).unwrap();
    }
}

#[test]
fn a_file_with_two_names_is_left_alone() {
    let bench = SetupBench::new();
    bench.write(FILE, "{}");
    std::fs::hard_link(bench.path(FILE), bench.path("other.json")).unwrap();
    bench.setup(&["docker"]).fails(1).says("hard link");
    assert_eq!(bench.read(FILE), "{}");
}

#[test]
fn another_program_of_the_helpers_name_stays() {
    let bench = SetupBench::new();
    let program = bench.home.path().join("bin/docker-credential-loom");
    std::fs::write(&program, "mine").unwrap();
    bench.setup(&["docker"]).fails(1).says("another program");
    assert_eq!(std::fs::read_to_string(&program).unwrap(), "mine");
}

#[test]
fn a_name_of_the_helper_that_was_there_before_stays() {
    let bench = SetupBench::new();
    let link = bench.home.path().join("bin/docker-credential-loom");
    symlink("git-credential-loom", &link).unwrap();
    bench.setup(&["docker"]).ok();
    bench.setup(&["docker", "--remove"]).ok();
    assert!(link.exists());
}

#[test]
fn nothing_is_shown_but_what_changes() {
    let bench = SetupBench::new();
    bench.write(FILE, "{\n\t\"credsStore\": \"pass\",\n\t\"HttpHeaders\": {\"X\": \"tok-3\"}\n}");
    let said = bench.setup(&["docker", "--force"]).ok().without("tok-3").out;
    assert!(said.ends_with("- \"credsStore\": \"pass\"\n+ \"credsStore\": \"loom\"\n"), "{said}");
    bench.setup(&["docker", "--server", "a.example"]).ok().without("tok-3");
}

#[test]
fn what_lay_in_clear_text_is_in_loom_and_nowhere_else() {
    let bench = SetupBench::new();
    bench.write(FILE, USED);
    bench.setup(&["docker"]).ok().without("cHctMQ").without("tok-2").says("in loom now");
    for secret in ["YWxpY2U6cHctMQ", "pw-1", "tok-2"] {
        bench.home.assert_nowhere_in_clear(secret);
    }
    let get = |server: &str| run(bench.tool("docker-credential-loom").arg("get"), server.as_bytes()).ok().out;
    assert!(get("registry.example").contains("\"Username\":\"alice\",\"Secret\":\"pw-1\""));
    assert!(get("other.example:5000").contains("\"Username\":\"<token>\",\"Secret\":\"tok-2\""));
}

#[test]
fn what_was_taken_over_does_not_come_back_in_clear_text() {
    let bench = SetupBench::new();
    bench.write(FILE, USED);
    bench.setup(&["docker"]).ok();
    bench.setup(&["docker", "--remove"]).ok();
    let (first, second) =
        ("{\n\t\t\t\"auth\": \"YWxpY2U6cHctMQ==\"\n\t\t}", "{\"auth\": \"Ym9iOg==\", \"identitytoken\": \"tok-2\"}");
    assert_eq!(bench.read(FILE), USED.replace(first, "{}").replace(second, "{}"));
}

#[test]
fn only_what_the_named_registry_has_is_taken_over() {
    let bench = SetupBench::new();
    bench.write(FILE, USED);
    bench.setup(&["docker", "--server", "registry.example"]).ok();
    let file = bench.read(FILE);
    assert!(file.contains("tok-2") && !file.contains("YWxpY2U6cHctMQ"), "{file}");
}

#[test]
fn without_an_agent_the_clear_text_stays_and_it_is_said() {
    let mut bench = SetupBench::new();
    bench.home.set("LOOM_AUTOSTART", "0");
    bench.write(FILE, USED);
    bench.setup(&["docker"]).ok().says("stays in clear text").says("loom setup docker");
    assert!(bench.read(FILE).contains("YWxpY2U6cHctMQ==\""));
    assert!(bench.read(FILE).contains("\"credsStore\": \"loom\""));
    bench.setup(&["docker", "--remove"]).ok();
    assert_eq!(bench.read(FILE), USED);
}

#[test]
fn a_locked_agent_takes_nothing_over() {
    let bench = SetupBench::new();
    bench.write(FILE, USED);
    bench.home.loom(&["lock"]).ok();
    bench.setup(&["docker"]).ok().says("stays in clear text");
    assert!(bench.read(FILE).contains("tok-2"));
}

#[test]
fn the_record_holds_no_secret_that_stays_in_the_file() {
    let mut bench = SetupBench::new();
    bench.home.set("LOOM_AUTOSTART", "0");
    bench.write(FILE, &USED.replace(['\n', '\t'], ""));
    bench.setup(&["docker"]).ok();
    let record = std::fs::read_to_string(bench.home.path().join("state/loom/setup.json")).unwrap();
    assert!(!record.contains("YWxpY2U6cHctMQ") && !record.contains("tok-2"), "{record}");
}

#[test]
fn two_at_once_leave_the_file_whole() {
    let bench = SetupBench::new();
    bench.write(FILE, "{\"a\": 1}");
    std::thread::scope(|scope| {
        for server in ["a.example", "b.example", "c.example", "d.example"] {
            let bench = &bench;
            scope.spawn(move || bench.setup(&["docker", "--server", server]).ok());
        }
    });
    let file: serde_json::Value = serde_json::from_str(&bench.read(FILE)).unwrap();
    assert_eq!(file["credHelpers"].as_object().unwrap().len(), 4);
    bench.setup(&["docker", "--remove"]).ok();
    assert_eq!(bench.read(FILE), "{\"a\": 1}");
}

#[test]
fn the_overview_says_where_clear_text_lies_and_never_what() {
    let bench = SetupBench::new();
    bench.write(FILE, USED);
    let said = bench.setup(&[]).ok().without("YWxpY2U6cHctMQ").without("tok-2").out;
    assert!(said.contains("registry.example, ") || said.contains("other.example:5000, "), "{said}");
    let said: serde_json::Value = serde_json::from_str(&bench.setup(&["--list", "--json"]).ok().out).unwrap();
    let docker = said.as_array().unwrap().iter().find(|tool| tool["tool"] == "docker").unwrap();
    assert_eq!(docker["uses"], serde_json::json!(["docker-credential-ecr-login"]));
}

#[test]
fn the_overview_says_who_asks_loom() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    let said: serde_json::Value = serde_json::from_str(&bench.setup(&["--json"]).ok().out).unwrap();
    let docker = said.as_array().unwrap().iter().find(|tool| tool["tool"] == "docker").unwrap();
    assert_eq!(docker["loom"], true);
}

#[test]
fn dockers_own_program_asks_loom_once_it_is_set_up() {
    if machine_program("docker").is_none() {
        return;
    }
    let bench = SetupBench::new();
    bench.write(FILE, USED);
    bench.setup(&["docker"]).ok();
    run(bench.tool("docker").args(["logout", "registry.example"]), b"").ok();
    assert_eq!(run(bench.tool("docker-credential-loom").arg("get"), b"registry.example").code, 1);
}

#[test]
fn dockers_hub_is_named_as_docker_looks_for_it() {
    let bench = SetupBench::new();
    let hub = ["docker", "io"].join(".");
    let index = format!("https://index.{hub}/v1/");
    bench.write(FILE, &format!("{{\"auths\": {{\"{index}\": {{\"auth\": \"YWxpY2U6cHctMQ==\"}}}}}}"));
    bench.setup(&["docker", "--server", &hub]).ok().says("in loom now");
    let file = format!("{{\"auths\": {{\"{index}\": {{}}}},\"credHelpers\": {{\"{index}\": \"loom\"}}}}");
    assert_eq!(bench.read(FILE), file);
    let get = || run(bench.tool("docker-credential-loom").arg("get"), index.as_bytes());
    assert!(get().ok().out.contains("pw-1"));
    if machine_program("docker").is_some() {
        run(bench.tool("docker").arg("logout"), b"").ok();
        assert_eq!(get().code, 1);
    }
}

#[test]
fn clear_text_does_not_replace_what_loom_has_for_it() {
    let bench = SetupBench::new();
    bench.write(FILE, USED);
    bench.setup(&["docker"]).ok();
    let older = USED.replace("YWxpY2U6cHctMQ==", "YWxpY2U6cHctMA==");
    bench.write(FILE, &older);
    bench.setup(&["docker", "--force"]).ok().says("has another one");
    assert!(bench.read(FILE).contains("YWxpY2U6cHctMA==") && !bench.read(FILE).contains("tok-2"));
    let said = run(bench.tool("docker-credential-loom").arg("get"), b"registry.example").ok().out;
    assert!(said.contains("\"pw-1\""), "{said}");
}

#[test]
fn a_record_that_nobody_can_read_is_not_written_anew() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    let record = bench.home.path().join("state/loom/setup.json");
    std::fs::write(&record, "[{").unwrap();
    bench.setup(&["podman"]).fails(1).says("setup.json");
    bench.setup(&["docker", "--remove"]).fails(1).says("setup.json");
    assert_eq!(std::fs::read_to_string(&record).unwrap(), "[{");
    assert!(bench.read(FILE).contains("loom"));
}

#[test]
fn what_stands_between_two_changes_is_neither_shown_nor_remembered() {
    let bench = SetupBench::new();
    let text = "{\"credsStore\":\"pass\",\"HttpHeaders\":{\"X\":\"tok-3\"},\"credHelpers\":{\"a.example\":\"pass\"}}";
    bench.write(FILE, text);
    bench.setup(&["docker", "--force"]).ok().without("tok-3");
    bench.setup(&["docker", "--server", "a.example", "--force"]).ok().without("tok-3");
    let record = std::fs::read_to_string(bench.home.path().join("state/loom/setup.json")).unwrap();
    assert!(!record.contains("tok-3"), "{record}");
    bench.setup(&["docker", "--remove"]).ok().without("tok-3");
    assert_eq!(bench.read(FILE), text);
}

#[test]
fn what_got_another_helper_since_keeps_it_when_another_registry_goes() {
    let bench = SetupBench::new();
    bench.setup(&["docker", "--server", "a.example", "--server", "b.example", "--server", "c.example"]).ok();
    bench.write(FILE, &bench.read(FILE).replace("\"b.example\": \"loom\"", "\"b.example\": \"pass\""));
    bench.setup(&["docker", "--server", "a.example", "--remove"]).ok();
    let file: serde_json::Value = serde_json::from_str(&bench.read(FILE)).unwrap();
    assert_eq!(file["credHelpers"], serde_json::json!({"b.example": "pass", "c.example": "loom"}));
}
