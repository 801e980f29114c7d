"""django-oauth-toolkit as a login server: a whole Django in one process, that keeps everything in memory.

usage: server.py DIR PORT FIXED_PORT

DIR holds key.pem. Its person is alice, with the password pw. Its applications are `machine` (with the secret
`mach:ine+s%`), `tv` (device codes) and `fixed` (comes back to FIXED_PORT alone); others may register.
"""

import sys
from pathlib import Path
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

directory, port, fixed_port = sys.argv[1:]
origin = f"http://127.0.0.1:{port}"
apps = ["auth", "contenttypes", "sessions"]
settings.configure(
    SECRET_KEY="serves nobody but this test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in apps), "oauth2_provider"],
    # Tables are made at once, without the history of how they came to be.
    MIGRATION_MODULES={app: None for app in [*apps, "oauth2_provider"]},
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).parent],
            "APP_DIRS": True,
        }
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    LOGIN_URL="/login/",
    USE_TZ=True,
    DEBUG_PROPAGATE_EXCEPTIONS=True,
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": (Path(directory) / "key.pem").read_text(),
        "SCOPES": {"openid": "who you are", "read": "reading", "write": "writing"},
        "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
        "ALLOWED_SCHEMES": ["https", "http"],
        "DEVICE_FLOW_INTERVAL": 1,
        "OAUTH_DEVICE_VERIFICATION_URI": f"{origin}/device/",
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402

urlpatterns = [
    path("", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("login/", LoginView.as_view(template_name="login.html")),
]

call_command("migrate", run_syncdb=True, verbosity=0)
alice = User.objects.create_user("alice", password="pw")
device_code = "urn:ietf:params:oauth:grant-type:device_code"
for name, kind, grant, extra in [
    ("machine", "confidential", "client-credentials", {"client_secret": "mach:ine+s%"}),
    ("tv", "public", device_code, {}),
    ("fixed", "public", "authorization-code", {"algorithm": "RS256", "redirect_uris": f"http://127.0.0.1:{fixed_port}/back"}),
]:
    Application.objects.create(
        client_id=name, name=name, user=alice, client_type=kind, authorization_grant_type=grant, **extra
    )
server = make_server("127.0.0.1", int(port), get_wsgi_application())
print("ready", flush=True)
server.serve_forever()
