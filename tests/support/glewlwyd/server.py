"""Glewlwyd with a database of its own, unpacked somewhere and installed nowhere.

usage: server.py ROOT DIR PORT FIXED_PORT

ROOT is where Debian's packages were unpacked; DIR holds key.pem and public.pem. Its person is alice, with the password
pw. Its clients are `tv` (device codes), `web` (comes back to FIXED_PORT alone) and `machine`, with the secret
`mach:ine+s%` that it takes in the body alone. Others may register, though not for device codes; what registers as a
public client it takes for one that has a secret which nobody knows.
"""

import http.cookiejar
import json
import os
import sqlite3
import sys
import time
import urllib.request
from pathlib import Path

root, directory, port, fixed_port = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
origin = f"http://127.0.0.1:{port}"
modules = root / "usr/lib/glewlwyd"
config = f"""
port = {port}
bind_address = "127.0.0.1"
external_url = "{origin}"
login_url = "login.html"
api_prefix = "api"
static_files_path = "{root}/usr/share/glewlwyd/webapp/"
log_mode = "file"
log_level = "DEBUG"
log_file = "{directory}/glewlwyd.log"
cookie_domain = "127.0.0.1"
cookie_secure = 0
cookie_same_site = "empty"
session_expiration = 3600
session_key = "SESSION"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "{modules}/user"
user_middleware_module_path = "{modules}/user"
client_module_path = "{modules}/client"
user_auth_scheme_module_path = "{modules}/scheme"
plugin_module_path = "{modules}/plugin"
use_secure_connection = false
secure_connection_key_file = "none"
secure_connection_pem_file = "none"
secure_connection_ca_file = "none"
hash_algorithm = "SHA512"
database = {{ type = "sqlite3" path = "{directory}/glewlwyd.db" }};
"""


def configure():
    """What an administrator does, by the API, once it listens."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def post(path, body):
        headers = {"content-type": "application/json"}
        browser.open(urllib.request.Request(f"{origin}/api{path}", json.dumps(body).encode(), headers)).read()

    for _ in range(600):
        try:
            browser.open(f"{origin}/config").read()
            break
        except OSError:
            time.sleep(0.05)
    post("/auth/", {"username": "admin", "password": "password"})
    parameters = {
        "iss": f"{origin}/api/oidc",
        "jwt-type": "rsa",
        "jwt-key-size": "256",
        "key": (directory / "key.pem").read_text(),
        "cert": (directory / "public.pem").read_text(),
        "access-token-duration": 3600,
        "refresh-token-duration": 86400,
        "code-duration": 600,
        "refresh-token-rolling": True,
        "allow-non-oidc": True,
        "auth-type-client-enabled": True,
        "auth-type-code-enabled": True,
        "auth-type-device-enabled": True,
        "auth-type-refresh-enabled": True,
        "pkce-allowed": True,
        "pkce-required": True,
        "introspection-revocation-allowed": True,
        "introspection-revocation-allow-target-client": True,
        "register-client-allowed": True,
        "register-client-auth-scope": [],
        "register-client-credentials-scope": [],
        "device-authorization-expiration": 600,
        "device-authorization-interval": 1,
        "subject-type": "public",
        "oauth-as-iss-id": True,
        "jwks-show": True,
        "name-claim": "mandatory",
    }
    post("/mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "OIDC", "parameters": parameters})
    post("/scope/", {"name": "repo", "display_name": "repo", "description": "repositories", "scheme": {}})
    post("/user/", {"username": "alice", "name": "Alice", "password": "pw", "scope": ["openid", "repo"]})
    tv = {"client_id": "tv", "confidential": False, "authorization_type": ["device_authorization", "refresh_token"]}
    machine = {
        "client_id": "machine",
        "confidential": True,
        "client_secret": "mach:ine+s%",
        "authorization_type": ["client_credentials"],
        "scope": ["repo"],
        "token_endpoint_auth_method": ["client_secret_post"],
    }
    back = [f"http://127.0.0.1:{fixed_port}/back"]
    web = {"client_id": "web", "confidential": False, "authorization_type": ["code", "refresh_token"]}
    for client in [tv, machine, web]:
        post("/client/", {"name": client["client_id"], "redirect_uri": back, "enabled": True, **client})


database = sqlite3.connect(directory / "glewlwyd.db")
database.execute("pragma synchronous = off")
tables = (root / "usr/share/dbconfig-common/data/glewlwyd/install/sqlite3").read_text()
database.executescript(f"begin; {tables} commit;")
database.close()
(directory / "glewlwyd.conf").write_text(config)
if os.fork() == 0:
    configure()
    print("ready", flush=True)
    os._exit(0)
libraries = [str(path) for path in root.glob("usr/lib/*-linux-gnu")]
os.environ["LD_LIBRARY_PATH"] = ":".join(libraries)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.execv(root / "usr/bin/glewlwyd", ["glewlwyd", "-c", str(directory / "glewlwyd.conf")])
