use super::dialect::Dialect;
use super::{bazel, cargo, docker, keyring, npm, terraform, vault};

/// Every dialect, in a row.
const DIALECTS: [&Dialect; 7] = [
    &docker::DIALECT,
    &cargo::DIALECT,
    &keyring::DIALECT,
    &terraform::DIALECT,
    &vault::DIALECT,
    &npm::DIALECT,
    &bazel::DIALECT,
];

/// The dialect of a program's name, without its directory: `docker-credential-loom`, and what follows an `@` belongs to
/// the request. `None` for git's helper, and for any other name.
pub fn dialect_of(program: &str) -> Option<&'static Dialect> {
    let name = program.split('@').next().unwrap_or_default();
    DIALECTS.into_iter().find(|dialect| dialect.program == name)
}

/// The names of all programs that the small program can be started as, besides its own.
pub fn programs() -> impl Iterator<Item = &'static str> {
    DIALECTS.into_iter().map(|dialect| dialect.program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name() {
        assert_eq!(dialect_of("docker-credential-loom").unwrap().program, "docker-credential-loom");
    }

    #[test]
    fn any_other_name_is_gits_helper() {
        for name in ["git-credential-loom", "docker-credential-loom2", "", "docker"] {
            assert!(dialect_of(name).is_none(), "{name}");
        }
    }
}
