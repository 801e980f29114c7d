//! Links the unwinder into the programs, where Rust's standard library would have them load it: git starts the helper for
//! every operation, and a library less to find and to map is a tenth of its time.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=packaging/build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let of_target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let is_static = of_target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if of_target("OS") != "linux" || of_target("ENV") != "gnu" || is_static {
        return;
    }
    // Another machine's linker has to be named, or its library would be this one's.
    let linker = std::env::var_os("RUSTC_LINKER");
    let is_cross = std::env::var_os("TARGET") != std::env::var_os("HOST");
    let Some(linker) = linker.or_else(|| (!is_cross).then(|| "cc".into())) else { return };
    let Ok(said) = Command::new(linker).arg("-print-file-name=libgcc_eh.a").output() else { return };
    let library = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    // Whoever does not have it says the name back; then it is loaded as ever.
    if Path::new(&library).is_absolute() && Path::new(&library).is_file() {
        println!("cargo::rustc-link-arg-bins=-Wl,--whole-archive,{library},--no-whole-archive");
    }
}
