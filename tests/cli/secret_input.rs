//! Secrets from pipes and files as other programs write them: with a byte-order mark, or as UTF-16.

use crate::support::{Home, Output, run};

fn loom_of(home: &Home, arguments: &[&str], stdin: &[u8]) -> Output {
    run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments), stdin)
}

fn utf16(text: &str, mark: bool, little: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn a_byte_order_mark_belongs_to_no_secret() {
    let home = Home::new();
    let login = ["login", "--with-token", "--server", "https://a.example"];
    for end in ["", "\n", "\r\n"] {
        loom_of(&home, &login, format!("\u{feff}tok_marked{end}").as_bytes()).ok();
        assert_eq!(home.loom(&["token", "--server", "https://a.example"]).ok().out, "tok_marked\n");
    }
    loom_of(&home, &["store", "rekey", "--passphrase"], "\u{feff}correct horse\r\n".as_bytes()).ok();
    home.loom(&["lock"]).ok();
    home.loom_in(&["unlock"], "correct horse").ok();
    home.loom(&["lock"]).ok();
    loom_of(&home, &["unlock"], "\u{feff}correct horse\n".as_bytes()).ok();
    // One that is all there is, is nothing.
    loom_of(&home, &["store", "rekey", "--passphrase"], "\u{feff}\n".as_bytes()).fails(1).says("not empty");
    loom_of(&home, &login, "\u{feff}".as_bytes()).fails(1);
}

#[test]
fn a_secret_in_utf16_is_refused_and_not_kept_as_another() {
    let home = Home::new();
    for (mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
        let login = ["login", "--with-token", "--server", "https://a.example"];
        let said = loom_of(&home, &login, &utf16("tok_wide\r\n", mark, little)).fails(1);
        said.says("UTF-16").says("hint: ").without("tok_wide");
        loom_of(&home, &["store", "rekey", "--passphrase"], &utf16("correct horse", mark, little))
            .fails(1)
            .says("UTF-16");
        let file = home.path().join("client-secret");
        std::fs::write(&file, utf16("secret", mark, little)).unwrap();
        let machine = ["login", "--server", "https://a.example", "--flow", "client-credentials", "--client-id", "c"];
        let with_file = [&machine[..], &["--client-secret-file", file.to_str().unwrap()]].concat();
        loom_of(&home, &with_file, b"").fails(1).says("UTF-16");
    }
    home.loom(&["token", "--server", "https://a.example"]).fails(4);
}
