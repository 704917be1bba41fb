"""The app's settings for tests: a home of its own, plain HTTP on localhost, SQLite or, with NAPPAGE_TEST_DB=postgresql,
a cluster that tests/web/postgresql.py starts."""

import atexit
import os
import shutil
import tempfile

_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
if "NAPPAGE_TEST_HOME" not in os.environ:  # the run itself, not one of its workers or servers
    os.environ["NAPPAGE_TEST_HOME"] = tempfile.mkdtemp(prefix="nappage-test-")
    atexit.register(shutil.rmtree, os.environ["NAPPAGE_TEST_HOME"], ignore_errors=True)
_home = os.environ["NAPPAGE_TEST_HOME"]
os.environ["NAPPAGE_HOME"] = os.path.join(_home, _worker)
os.environ["NAPPAGE_PLAIN_HTTP"] = "1"
os.environ.pop("NAPPAGE_DEMO", None)
if os.environ.get("NAPPAGE_TEST_DB") == "postgresql":
    from . import postgresql

    os.environ["DATABASE_URL"] = postgresql.url(_worker)
else:
    os.environ.pop("DATABASE_URL", None)

from nappage_web.config.settings import *  # noqa: E402, F403

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; the real one is tested by name
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True

if os.environ.get("NAPPAGE_TEST_DATABASE"):  # a server that a test started uses the test's own database
    DATABASES["default"]["NAME"] = os.environ["NAPPAGE_TEST_DATABASE"]  # noqa: F405
