//! How the programs are linked on Linux.
//!
//! Git starts the helper for every operation, and two thirds of what such a start took was the loader's: the helper is
//! linked statically, where the C library's archives are installed, and so is `loom`, which scripts start as often. The
//! agent stays dynamic, for it resolves host names, which a static glibc cannot do by itself; only the unwinder is
//! linked into it.
//!
//! They are linked not to any address: what they do is over in a millisecond, in safe code but for the helper's start.
//! With musl the helper gets an allocator that only hands out (`git-credential-loom/arena.rs`). What is compiled for
//! size and what for speed stands in `Cargo.toml`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What programs and people call.
const FRONT_ENDS: [&str; 2] = ["git-credential-loom", "loom"];

/// What Rust's standard library asks for, by the names that the linker looks for, and the archives that have it.
const STATIC: [(&str, &[&str]); 7] = [
    // The C library asks the unwinder and the compiler's arithmetic, and they ask it.
    ("libc.so", &["libc.a", "libgcc_eh.a", "libgcc.a"]),
    ("libgcc_s.so", &["libgcc_eh.a", "libgcc.a", "libc.a"]),
    ("libm.so", &["libm.a"]),
    // Part of the C library since 2.34, and empty since.
    ("libpthread.so", &["libpthread.a"]),
    ("libdl.so", &["libdl.a"]),
    ("librt.so", &["librt.a"]),
    ("libutil.so", &["libutil.a"]),
];

fn main() {
    println!("cargo::rerun-if-changed=packaging/build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let of_target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let is_static = of_target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if of_target("OS") != "linux" || of_target("ENV") != "gnu" || is_static {
        return;
    }
    // Another machine's linker has to be named, or its libraries would be this one's.
    let linker = env::var("RUSTC_LINKER").ok();
    let is_cross = env::var_os("TARGET") != env::var_os("HOST");
    let Some(linker) = linker.or_else(|| (!is_cross).then(|| "cc".into())) else { return };
    let find = |name: &str| find(&linker, name);
    let static_libraries = static_libraries(&find);
    if let Some(unwinder) = find("libgcc_eh.a") {
        let dynamic: &[&str] = if static_libraries.is_some() { &["loom-agent"] } else { &["loom", "loom-agent"] };
        for program in dynamic {
            println!("cargo::rustc-link-arg-bin={program}=-Wl,--whole-archive,{unwinder},--no-whole-archive");
        }
    }
    let Some(dir) = static_libraries else { return };
    for program in FRONT_ENDS {
        // Not where any address may be: that costs a twentieth, and what guards is gone again after a millisecond.
        for argument in ["-static".to_owned(), "-no-pie".to_owned(), format!("-L{}", dir.display())] {
            println!("cargo::rustc-link-arg-bin={program}={argument}");
        }
    }
}

/// A directory in which the names of the shared libraries stand for the static ones: the compiler asks for shared ones by
/// name, and the linker takes what it finds first. Nothing where one is not installed: then they stay dynamic.
fn static_libraries(find: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let dir = PathBuf::from(env::var_os("OUT_DIR")?).join("static");
    fs::create_dir_all(&dir).ok()?;
    for (name, archives) in STATIC {
        let archives = archives.iter().map(|archive| find(archive)).collect::<Option<Vec<String>>>()?;
        fs::write(dir.join(name), format!("GROUP ( {} )\n", archives.join(" "))).ok()?;
    }
    Some(dir)
}

/// Where the linker has this library. Whoever does not have it says the name back.
fn find(linker: &str, library: &str) -> Option<String> {
    let said = Command::new(linker).arg(format!("-print-file-name={library}")).output().ok()?;
    let path = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    (Path::new(&path).is_absolute() && Path::new(&path).is_file()).then_some(path)
}
