use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::site::Site;

/// In the configuration of a site: what comes without a header that it accepts is refused with this challenge.
pub fn guarded(challenge: &str) -> String {
    format!(
        "if (!-f \"DIR/accepted/$http_authorization\") {{ add_header WWW-Authenticate '{challenge}' always; return 401; }}"
    )
}

/// The header of a user and their password.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

impl Site {
    /// From now on what comes with exactly this header is let in, and nothing else.
    pub fn accept_only(&self, header: &str) {
        let dir = self.dir.join("accepted");
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join(header), "").unwrap();
    }

    /// Serves a file below `served`.
    pub fn serve(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.dir.join("served").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}
