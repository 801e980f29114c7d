//! What the agent's memory holds once a secret is gone: nothing of it, in no encoding.

use std::os::unix::fs::FileExt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};

use crate::support::authorization_server::{TOKENS, authorization_server, json};
use crate::support::{Home, as_root, every, loom_server, wait_until};

/// How often one of these texts stands in the memory of a process; `None` where we may not look, as nobody should.
fn found(pid: i32, texts: &[Vec<u8>]) -> Option<Vec<String>> {
    as_root("only root looks into an agent's memory")?;
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let mut found = Vec::new();
    for map in maps.lines().filter(|map| map.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (from, to) = map.split(' ').next()?.split_once('-')?;
        let (from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        let mut bytes = vec![0; (to - from) as usize];
        if memory.read_at(&mut bytes, from).is_err() {
            continue;
        }
        for text in texts {
            let hits = memchr::memmem::find_iter(&bytes, text).count();
            if hits > 0 {
                found.push(format!("{hits} times {:?} in {map}", String::from_utf8_lossy(text)));
            }
        }
    }
    Some(found)
}

/// A secret as it may stand in memory: as it is, in base64, in hex, and as in a URL.
fn encodings(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    // Without the ends, which depend on what stands beside it.
    let base64 = |text: String| text.as_bytes()[4..text.len() - 4].to_vec();
    vec![secret.into(), base64(STANDARD.encode(secret)), base64(URL_SAFE_NO_PAD.encode(secret)), hex.into(), url.into()]
}

/// The key that the sealed file wants at this moment and, where a passphrase opens it, what Argon2 makes of that; each
/// as it is and in base64.
fn keys_in_use(home: &Home, passphrase: Option<&str>) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(home.key()).unwrap();
    let bytes = |text: &str| STANDARD.decode(text.trim_end()).unwrap();
    let keys = match passphrase {
        None => vec![bytes(&text)],
        Some(passphrase) => {
            let locked: serde_json::Value = serde_json::from_str(&text).unwrap();
            let number = |name: &str| locked[name].as_u64().unwrap() as u32;
            let text = |value: &serde_json::Value| bytes(value.as_str().unwrap());
            let params = argon2::Params::new(number("memory"), number("passes"), number("lanes"), Some(32)).unwrap();
            let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
            let mut made = vec![0; 32];
            argon2.hash_password_into(passphrase.as_bytes(), &text(&locked["salt"]), &mut made).unwrap();
            let nonce: [u8; 24] = text(&locked["key"]["nonce"]).try_into().unwrap();
            let sealed = Payload { msg: &text(&locked["key"]["text"]), aad: b"loom store key" };
            let key = XChaCha20Poly1305::new_from_slice(&made).unwrap().decrypt(&nonce.into(), sealed).unwrap();
            vec![key, made]
        }
    };
    let base64 = keys.iter().map(|key| STANDARD.encode(key).as_bytes()[..40].to_vec());
    base64.chain(keys.iter().cloned()).collect()
}

/// Waits until none of these is in the agent's memory. Threads that worked on the store, and their stacks, go a second
/// later.
fn wait_until_gone(pid: i32, texts: &[Vec<u8>]) {
    wait_until("no copy is left", || {
        let after = found(pid, texts).unwrap();
        after.is_empty() || {
            eprintln!("{after:#?}");
            false
        }
    });
}

#[test]
fn nothing_secret_is_left_in_memory_after_a_lock() {
    let home = Home::new();
    let passphrase = "correct/horse+battery=staple";
    let issuer = authorization_server(|path, _| match path {
        "/token" => Some(json(&TOKENS.replace("at_first", "at_of_locked").replace("rt_first", "rt_of_locked"))),
        _ => None,
    });
    home.loom(&["login", "--server", issuer.url(), "--client-id", "c", "--flow", "device"]).ok();
    home.store("https", "git.example", "u", "hunter2/with+odd=characters&more").ok();
    let key = STANDARD.decode(std::fs::read_to_string(home.key()).unwrap().trim_end()).unwrap();
    let secrets = ["hunter2/with+odd=characters&more", "at_of_locked", "rt_of_locked", passphrase];
    let all: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| encodings(secret)).chain([key]).collect();
    let used = || {
        home.get("https", "git.example").ok();
        home.loom(&["token", "--server", issuer.url(), "--min-validity", "2h"]).ok();
    };
    used();
    let pid = home.agent_pid();
    let Some(before) = found(pid, &all) else { return };
    assert!(before.len() >= 3, "the scan finds what is there: {before:?}");
    home.loom(&["lock"]).ok();
    wait_until_gone(pid, &all);
    home.loom(&["unlock"]).ok();
    home.loom_in(&["store", "rekey", "--passphrase"], passphrase).ok();
    for _ in 0..2 {
        used();
        home.loom(&["lock"]).ok();
        wait_until_gone(pid, &all);
        home.loom_in(&["unlock"], passphrase).ok();
    }
    assert_eq!(home.agent_pid(), pid, "it is the same agent");
    println!("memory scan: {} copies before, 0 after each of 3 locks", before.len());
}

#[test]
fn neither_key_nor_what_opens_it_is_left_in_memory_after_a_lock() {
    let home = Home::new();
    home.store("https", "git.example", "u", "hunter2").ok();
    let pid = home.agent_pid();
    let rounds = 40 / every(8);
    for round in 0..rounds {
        // Each round has a key of its own: one that lies open, then one that a passphrase opens, twice.
        let passphrase = (round % 4 >= 2).then_some("correct/horse+battery=staple");
        match (passphrase, round % 4) {
            (Some(passphrase), _) => home.loom_in(&["store", "rekey", "--passphrase"], passphrase).ok(),
            (None, 0) => home.loom(&["store", "rekey", "--no-passphrase"]).ok(),
            (None, _) => home.loom(&["store", "rekey"]).ok(),
        };
        let keys = keys_in_use(&home, passphrase);
        for begins_anew in [false, true] {
            home.store("https", "git.example", "u", &format!("pw_{round}_{begins_anew}")).ok();
            home.get("https", "git.example").ok();
            let Some(before) = found(pid, &keys) else { return };
            assert!(passphrase.is_none() || !before.is_empty(), "the scan finds what is there");
            home.loom(&["lock"]).ok();
            wait_until_gone(pid, &keys);
            home.loom_in(&["unlock"], passphrase.unwrap_or_default()).ok();
        }
    }
    assert_eq!(home.agent_pid(), pid, "it is the same agent");
    println!("memory scan: 0 copies of the key in use after {} locks", rounds * 2);
}

#[test]
fn nothing_of_a_secret_is_left_in_memory_after_a_logout() {
    let home = Home::new();
    let secrets =
        ["hunter2/with+odd=characters&more", "tok_given_0123456789", "at_first_of_oauth", "rt_first_of_oauth"];
    let issuer = authorization_server(|path, _| match path {
        "/token" => {
            Some(json(&TOKENS.replace("at_first", "at_first_of_oauth").replace("rt_first", "rt_first_of_oauth")))
        }
        _ => None,
    });
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let of_loom = server.tokens().first().cloned().unwrap();
    home.loom(&["login", "--server", issuer.url(), "--client-id", "c", "--flow", "device"]).ok();
    home.loom_in(&["login", "--with-token", "--server", server.url(), "--account", "ci"], secrets[1]).ok();
    home.store("https", "git.example", "u", secrets[0]).ok();
    let used = || {
        home.get("https", "git.example").ok();
        home.loom(&["token", "--server", server.url(), "--account", "ci"]).ok();
        home.loom(&["token", "--server", issuer.url(), "--min-validity", "2h"]).ok();
        home.loom(&["token", "--server", server.url()]).ok();
        home.loom(&["status"]).ok();
    };
    used();
    let pid = home.agent_pid();
    let mut all: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| encodings(secret)).collect();
    all.extend(encodings(&of_loom));
    let Some(before) = found(pid, &all) else { return };
    assert!(before.len() >= 4, "the scan finds what is there: {before:?}");
    home.loom(&["logout", "--all"]).ok();
    wait_until_gone(pid, &all);
    assert_eq!(home.agent_pid(), pid, "it is the same agent");
    println!("memory scan: {} copies before, 0 after, 4 encodings of 5 secrets", before.len());
}
