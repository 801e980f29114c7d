//! What git asks for beside the passwords of http: the passphrase of a client certificate, mail; and what other
//! programs put into `url=`.

use std::process::Command;

use crate::support::{Home, Nginx, gits, run};

const PASSPHRASE: &str = "certificate passphrase";

/// A certificate with a key that this passphrase opens, in one file whose name needs escaping.
fn certificate(home: &Home) -> String {
    let dir = home.path().join("my certificates");
    std::fs::create_dir_all(&dir).unwrap();
    let script = "openssl req -x509 -newkey rsa:2048 -days 2 -subj /CN=me -passout env:P -keyout key.pem -out cert.pem
        cat key.pem >> cert.pem";
    let mut command = Command::new("sh");
    let made = command.args(["-e", "-c", script]).env("P", PASSPHRASE).current_dir(&dir).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    dir.join("cert.pem").to_str().unwrap().to_owned()
}

/// An askpass program that gives this answer and counts in `asked` how often it was asked.
fn askpass(home: &mut Home, answer: &str) {
    let (program, asked) = (home.path().join("askpass"), home.path().join("asked"));
    std::fs::write(&program, format!("#!/bin/sh\necho \"$1\" >> {}\necho '{answer}'\n", asked.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    home.set("GIT_ASKPASS", program);
}

#[test]
fn a_client_certificates_passphrase_is_kept_for_its_file() {
    for git in gits() {
        let mut home = Home::new();
        let Some(nginx) = Nginx::start(&mut home) else { return };
        nginx.repository("app.git", None);
        nginx.accept_basic("alice", "pw");
        home.store("https", nginx.basic.trim_start_matches("https://"), "alice", "pw").ok();
        let file = certificate(&home);
        askpass(&mut home, PASSPHRASE);
        let url = format!("{}/git/app.git", nginx.basic);
        let settings = [format!("http.sslCert={file}"), format!("http.sslKey={file}")];
        let with = ["-c", &settings[0], "-c", &settings[1], "-c", "http.sslCertPasswordProtected=true"];
        let ask = |home: &Home| home.git(&git, &[&with[..], &["ls-remote", &url]].concat());
        for _ in 0..3 {
            ask(&home).ok();
        }
        let asked = std::fs::read_to_string(home.path().join("asked")).unwrap();
        assert_eq!(asked.lines().count(), 1, "{}: {asked}", git.display());
        let status = home.loom(&["status"]).ok().without(PASSPHRASE).out;
        assert!(status.contains("/my%20certificates/cert.pem"), "{status}");
        std::fs::remove_file(home.path().join("askpass")).unwrap();
        home.assert_nowhere_in_clear(PASSPHRASE);
        // One that opens nothing any more is asked for anew, once git says so; a git with GnuTLS does not, so a person
        // has to.
        let changed = format!("protocol=cert\nhost=\npath={file}\nusername=\npassword=another\n\n");
        home.helper("store", changed).ok();
        assert_ne!(ask(&home).code, 0);
        askpass(&mut home, PASSPHRASE);
        if !home.loom(&["status"]).ok().out.contains("refused") {
            let url = format!("cert://{}", file.replace(' ', "%20"));
            home.loom(&["logout", "--server", &url]).ok();
        }
        ask(&home).ok();
        ask(&home).ok();
    }
}

#[test]
fn a_certificates_passphrase_is_given_to_that_protocol_and_file_only() {
    let home = Home::new();
    let question = |path: &str| format!("protocol=cert\nhost=\npath={path}\nusername=\n");
    home.helper("store", question("/home/me/c.pem") + "password=of-cert\n\n").ok();
    let get = |question: String| home.helper("get", question + "\n");
    let answer = "username=\npassword=of-cert\n";
    assert_eq!(get(question("/home/me/c.pem")).ok().out, answer);
    assert_eq!(get("url=cert:///home/me/c.pem\n".into()).ok().out, answer);
    for path in ["/home/me/c.pem/x", "/home/me", "/home/me/../me/c.pem", "/home/me/C.pem", "/home/me//c.pem", "c.pem"] {
        assert_eq!(get(question(path)).ok().out, "", "{path}");
    }
    for protocol in ["https", "http", "smtp", "file", "ssh"] {
        for host in ["home", "localhost", "c.pem"] {
            let asked = get(format!("protocol={protocol}\nhost={host}\npath=/home/me/c.pem\n"));
            assert_eq!(asked.ok().out, "", "{protocol}");
        }
        get(format!("protocol={protocol}\nhost=\npath=/home/me/c.pem\n")).fails(1);
    }
    assert_eq!(get("protocol=cert\nhost=home\npath=me/c.pem\n".into()).ok().out, "");
    for incomplete in ["protocol=cert\nhost=\n", "protocol=cert\nhost=\npath=\n", "protocol=cert\nhost=\npath=/\n"] {
        get(incomplete.into()).fails(1);
    }
    home.helper("erase", question("/home/me/other.pem") + "\n").ok();
    assert_eq!(get(question("/home/me/c.pem")).ok().out, answer, "another file was rejected");
    home.helper("erase", question("/home/me/c.pem") + "password=of-cert\n\n").ok();
    assert_eq!(get(question("/home/me/c.pem")).ok().out, "");
    home.helper("store", question("/home/me/c.pem") + "password=newer\n\n").ok();
    home.loom(&["agent", "restart"]).ok();
    assert!(get(question("/home/me/c.pem")).ok().out.contains("newer"));
    home.loom(&["why", "cert:///home/me/c.pem"]).ok();
    home.loom(&["logout", "--server", "cert:///home/me/c.pem"]).ok();
    assert_eq!(get(question("/home/me/c.pem")).ok().out, "");
}

#[test]
fn a_person_can_keep_a_certificates_passphrase_whatever_they_call_it() {
    let home = Home::new();
    let login = ["login", "--with-token", "--server", "cert:///home/me/c.pem", "--account", "mine"];
    home.loom_in(&login, PASSPHRASE).ok();
    let asked = home.helper("get", "protocol=cert\nhost=\npath=/home/me/c.pem\nusername=\n\n").ok().out;
    assert!(asked.contains(&format!("password={PASSPHRASE}\n")), "{asked}");
}

#[test]
fn mail_is_asked_for_by_protocol_host_and_user() {
    let home = Home::new();
    for git in gits() {
        for (protocol, host) in [("smtp", "mail.example:587"), ("imap", "mail.example"), ("imaps", "mail.example:993")]
        {
            let lines = format!("protocol={protocol}\nhost={host}\nusername=me@mail.example\n");
            let credential = |operation: &str, lines: &str| {
                let mut command = home.command(&git);
                command.args(["-c", "credential.helper=loom", "credential", operation]);
                run(&mut command, lines.as_bytes())
            };
            let password = format!("password=of-{protocol}\n");
            credential("approve", &format!("{lines}{password}")).ok();
            assert!(credential("fill", &lines).ok().out.contains(&password), "{protocol}");
            let other = lines.replace("me@", "you@");
            assert_ne!(credential("fill", &other).code, 0, "{protocol} for another user");
        }
    }
}

#[test]
fn an_encoded_line_break_in_a_url_is_refused_wherever_it_stands() {
    let home = Home::new();
    home.store("https", "good.example", "u", "hunter2-secret").ok();
    for encoded in ["%0a", "%0A", "%0d", "%0D", "%0d%0a", "%00"] {
        for url in [
            format!("https://good.example/x{encoded}host=evil.example"),
            format!("https://good.example/{encoded}"),
            format!("https://good.example/x?y{encoded}"),
            format!("https://good.example{encoded}/"),
            format!("https://u{encoded}@good.example/"),
            format!("https://u:p{encoded}@good.example/"),
            format!("htt{encoded}ps://good.example/"),
            format!("cert:///home/me/c{encoded}.pem"),
        ] {
            for operation in ["get", "store", "erase"] {
                let lines = format!("url={url}\nusername=u\npassword=smuggled\n\n");
                home.helper(operation, lines).fails(1).without("hunter2").without("smuggled");
            }
            let without = home.helper("get", format!("url={url}\n\n"));
            without.fails(1).without("hunter2");
        }
    }
    // Git decodes once: what is left is no line break but three characters of a path.
    let twice = home.helper("get", "url=https://good.example/x%250ahost=evil.example\n\n").ok().out;
    assert!(twice.contains("hunter2-secret"), "{twice}");
    home.loom(&["why", "https://good.example/x%0ay"]).fails(2);
}

#[test]
fn another_helpers_password_is_not_kept_where_the_settings_say_so() {
    let home = Home::new();
    home.configure("[[server]]\nurl = \"https://aws.example\"\nkeep = false\n");
    for git in gits() {
        let approve = |host: &str| {
            let mut command = home.command(&git);
            command.args(["-c", "credential.helper=loom", "credential", "approve"]);
            run(&mut command, format!("protocol=https\nhost={host}\nusername=u\npassword=of-an-hour\n").as_bytes())
                .ok();
        };
        approve("aws.example");
        assert_eq!(home.get("https", "aws.example").ok().out, "");
        approve("other.example");
        assert!(home.get("https", "other.example").ok().out.contains("of-an-hour"));
    }
    let with_path = "protocol=https\nhost=aws.example\npath=repo\nusername=u\npassword=p\n\n";
    home.helper("store", with_path).ok();
    assert_eq!(home.get("https", "aws.example").ok().out, "");
    home.loom_in(&["login", "--with-token", "--server", "aws.example", "--account", "u"], "saved").ok();
    assert!(home.get("https", "aws.example").ok().out.contains("saved"), "what a person saves is kept");
    home.helper("erase", "protocol=https\nhost=aws.example\nusername=u\npassword=saved\n\n").ok();
    assert_eq!(home.get("https", "aws.example").ok().out, "");
    home.store("https", "aws.example", "u", "saved").ok();
    assert!(home.get("https", "aws.example").ok().out.contains("saved"), "an approval of it clears its mark");
    home.configure("[[server]]\nurl = \"https://aws.example\"\nkeep = 'no'\n");
    home.get("https", "aws.example").fails(1).says("config.toml");
}
