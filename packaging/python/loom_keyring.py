"""The backend of Python's package keyring that asks loom.

It runs the program `keyring` that loom brings, with the URL and never a secret in its arguments, and keeps nothing.
Where loom has nothing, or is not there, there is nothing: whoever asks goes on without.
"""

import subprocess

from keyring import backend, credentials, errors

# `loom setup keyring` writes the absolute path here: in a PATH the first program of this name may be the package's own.
PROGRAM = "keyring"


class LoomKeyring(backend.KeyringBackend):
    priority = 9

    def _run(self, args, given=""):
        try:
            done = subprocess.run(
                [PROGRAM, *args],
                input=given,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                check=False,
            )
        except (OSError, UnicodeError, ValueError):
            return None
        return done.stdout if done.returncode == 0 else None

    def get_password(self, service, username):
        if not service or not username:
            return None
        said = self._run(["get", "--", service, username])
        return said[:-1] if said else None

    def get_credential(self, service, username):
        if not service:
            return None
        said = self._run(["get", "--mode", "creds", "--", service, *([username] if username else [])])
        lines = said.split("\n") if said else []
        return credentials.SimpleCredential(lines[0], lines[1]) if len(lines) == 3 else None

    def set_password(self, service, username, password):
        if "\n" in password or "\r" in password or self._run(["set", "--", service, username], password + "\n") is None:
            raise errors.PasswordSetError("loom keeps passwords of URLs and hosts only")

    def delete_password(self, service, username):
        if self._run(["del", "--", service, username]) is None:
            raise errors.PasswordDeleteError("loom has no such password")
