"""What the app stands on: settings that are safe unless told otherwise, the database, the command, headers and logs."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client, RequestFactory, override_settings

from nappage_web.config import headers, logs, sqlite
from nappage_web.config.sqlite.base import _Queue

from .conftest import Run
from .world import World, world

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.sqlite  # nothing here is different on PostgreSQL; test_ground_postgresql.py has what is


def _settings(tmp_path: Path, expression: str, **environment: str) -> Any:
    """What the settings module makes of an environment."""
    program = f"import json; from nappage_web.config import settings as s; print(json.dumps({expression}, default=str))"
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NAPPAGE_", "DJANGO_", "DATABASE_"))}
    env = {**kept, "NAPPAGE_HOME": str(tmp_path / "home"), "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Settings


def test_nothing_set_is_safe(nappage_web: Run, tmp_path: Path) -> None:
    names = "DEBUG ALLOWED_HOSTS SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS DEMO"
    found = _settings(tmp_path, f"{{n: getattr(s, n) for n in '{names}'.split()}}")
    assert found == {
        "DEBUG": False, "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"], "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True, "SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 31536000, "DEMO": False,
    }  # fmt: skip
    warned = nappage_web("django", "check", "--deploy", "--fail-level", "WARNING")
    assert warned.returncode == 0, warned.stderr


def test_the_secret_is_made_once_and_only_its_owner_reads_it(nappage_web: Run, tmp_path: Path) -> None:
    first, second = (_settings(tmp_path, "s.SECRET_KEY") for _ in range(2))
    assert first == second and len(first) >= 50
    assert first != _settings(tmp_path, "s.SECRET_KEY", NAPPAGE_HOME=str(tmp_path / "other"))
    key = tmp_path / "home" / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    key.chmod(0o644)
    told = nappage_web("check")
    assert told.returncode == 1 and "others can read" in told.stderr


def test_secrets_and_databases_stay_out_of_git() -> None:
    for name in ("var/secret-key", "var/nappage.sqlite3", "var/demo/nappage.sqlite3"):
        assert subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT).returncode in (0, 128), name
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    assert not re.search(r"secret-key|\.sqlite3", tracked)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"NAPPAGE_PLAIN_HTTP": "1", "NAPPAGE_HOSTS": "clinic.example"}, "NAPPAGE_PLAIN_HTTP is for localhost only"),
        ({"NAPPAGE_DEMO": "1", "NAPPAGE_HOSTS": "localhost,clinic.example"}, "NAPPAGE_DEMO is for localhost only"),
        ({"DATABASE_URL": "oddbase://x"}, "oddbase"),
        ({"DATABASE_URL": "postgres://nobody@127.0.0.1:1/x"}, "Connection refused"),
    ],
)
def test_a_wrong_setting_is_said_in_a_sentence(nappage_web: Run, environment: dict[str, str], sentence: str) -> None:
    done = nappage_web("check", **environment)
    assert done.returncode == 1 and sentence in done.stderr and "Traceback" not in done.stderr


def test_mail_is_printed_unless_a_server_is_named(tmp_path: Path) -> None:
    assert _settings(tmp_path, "s.EMAIL_BACKEND").endswith("console.EmailBackend")
    words = "[s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_HOST_USER, s.EMAIL_HOST_PASSWORD, s.EMAIL_USE_TLS, s.EMAIL_USE_SSL]"
    found = _settings(tmp_path, words, EMAIL_URL="smtp://a%40b:p%2Fw@mail.example")
    assert found == ["mail.example", 587, "a@b", "p/w", True, False]
    assert _settings(tmp_path, words, EMAIL_URL="smtps://mail.example")[1:] == [465, "", "", False, True]


def test_behind_a_proxy_its_word_counts_and_without_one_it_does_not(tmp_path: Path) -> None:
    names = "[getattr(s, 'SECURE_PROXY_SSL_HEADER', None), getattr(s, 'ALLAUTH_TRUSTED_PROXY_COUNT', 0)]"
    assert _settings(tmp_path, names) == [None, 0]
    assert _settings(tmp_path, names, NAPPAGE_PROXY="1") == [["HTTP_X_FORWARDED_PROTO", "https"], 1]


@override_settings(SECURE_SSL_REDIRECT=True, SESSION_COOKIE_SECURE=True)
def test_without_tls_there_is_only_the_health_of_the_server(db: None) -> None:
    assert Client().get("/accounts/login/").status_code == 301
    assert Client().get("/health").content == b"ok"


# Headers and uploads


def test_every_answer_carries_the_policies(db: None) -> None:
    for address in ("/accounts/login/", "/nothing-here", "/health"):
        got = Client().get(address).headers
        policy = got["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert got["Permissions-Policy"].startswith("camera=(self), ") and "microphone=()" in got["Permissions-Policy"]
        assert got["Referrer-Policy"] == "same-origin" and got["X-Content-Type-Options"] == "nosniff"
        assert got["X-Frame-Options"] == "DENY"


def test_pages_of_signed_in_people_stay_in_no_cache(clinics: World) -> None:
    from nappage_web.clinic.models import Role

    assert clinics.here.client(Role.LEAD).get("/me/").headers["Cache-Control"] == "no-store, private"


def test_no_template_has_script_or_style_that_the_policy_forbids() -> None:
    wrong = []
    for path in sorted((ROOT / "src/nappage_web").rglob("templates/**/*.html")):
        text = path.read_text()
        wrong += [f"{path.name}: {m[0]}" for m in re.finditer(r"\sstyle=|<style|\son[a-z]+=\"|javascript:", text)]
        for tag in re.findall(r"<script(?P<attributes>[^>]*)>", text):
            if "src=" not in tag and "application/json" not in tag:
                wrong.append(f"{path.name}: <script{tag}>")
    assert not wrong


def test_a_request_that_is_too_large_is_refused_unread(db: None) -> None:
    answer = Client().post("/accounts/login/", b"x", "application/octet-stream", CONTENT_LENGTH=40 * 2**20)
    assert answer.status_code == 413 and "larger than 32 MB" in answer.json()["error"]["wrong"]
    assert headers._length(RequestFactory().get("/", CONTENT_LENGTH="a lot")) == 0


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("image/jpeg", True),
        ("application/fhir+json", True),
        ("text/html", False),
        ("image/svg+xml", False),
        ("", False),
    ],
)
def test_only_some_kinds_of_file_are_taken(db: None, kind: str, taken: bool) -> None:
    file = SimpleUploadedFile("a", b"x" * 100, kind)
    assert (Client().post("/accounts/login/", {"file": file}).status_code != 400) is taken


def test_too_many_files_are_refused(db: None) -> None:
    files = {f"file{n}": SimpleUploadedFile("a", b"x", "image/png") for n in range(13)}
    assert Client().post("/accounts/login/", files).status_code == 400


# Logs


def test_logs_tell_where_and_never_what() -> None:
    def fail() -> None:
        try:
            raise ValueError("Key (name)=(Ana Flores) already exists")
        except ValueError as cause:
            raise RuntimeError("Ana Flores, born 1980") from cause

    out = io.StringIO()
    logger, handler = logging.getLogger("nappage-test"), logging.StreamHandler(out)
    handler.setFormatter(logs.Discreet())
    logger.addHandler(handler)
    logger.propagate = False
    try:
        fail()
    except RuntimeError:
        logger.exception("Internal Server Error: %s", "/i/eyJhbGciOiJIUzI1NiIsInR5cCI6Ikp/1")
    said = out.getvalue()
    assert "Ana" not in said and "1980" not in said and "eyJhbGci" not in said
    assert "Internal Server Error: /i/…/1" in said and "builtins.RuntimeError" in said and "builtins.ValueError" in said
    assert f'{__file__}", line' in said and "in fail" in said


def test_every_logger_of_django_goes_through_it(nappage_web: Run) -> None:
    program = (
        "import logging, django; log = logging.getLogger('django.request'); "
        "log.error('Ana %s', 'x', exc_info=(ValueError, ValueError('Flores'), None))"
    )
    done = nappage_web("django", "shell", "-v", "0", "--no-imports", "-c", program)
    assert "django.request: Ana x\nbuiltins.ValueError" in done.stderr and "Flores" not in done.stderr


# SQLite


def test_an_sqlite_that_can_lose_a_database_is_refused() -> None:
    for unsafe in ((3, 40, 1), (3, 51, 2)):
        with pytest.raises(RuntimeError, match="WAL-reset"):
            sqlite.refuse_unsafe(unsafe)
    sqlite.refuse_unsafe((3, 51, 3))


def test_the_database_is_as_a_clinic_needs_it(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        ask = lambda name: cursor.execute(f"PRAGMA {name}").fetchone()[0]  # noqa: E731
        assert [ask("journal_mode"), ask("synchronous"), ask("foreign_keys"), ask("temp_store")] == ["wal", 2, 1, 2]
        assert ask("mmap_size") == 0
        version = cursor.execute("SELECT sqlite_version()").fetchone()[0]
    assert tuple(map(int, version.split("."))) >= sqlite.SAFE
    assert sys.modules["sqlite3"].sqlite_version == version == connection.Database.sqlite_version
    assert not settings.DATABASES["default"].get("ATOMIC_REQUESTS")


def test_reads_need_no_place_in_the_queue(transactional_db: None) -> None:
    from nappage_web.clinic.models import Clinic

    world()
    with transaction.atomic():  # a writer at work
        seen: list[int] = []

        def read() -> None:
            seen.append(Clinic._base_manager.count())
            connection.close()

        reader = threading.Thread(target=read)
        reader.start()
        reader.join(10)
        assert seen == [2]


def test_writers_of_several_processes_wait_in_turn_and_lose_nothing(transactional_db: None, tmp_path: Path) -> None:
    program = """
import django, os, sys
django.setup()
from django.db import connection, transaction
for n in range(40):
    with transaction.atomic():
        with connection.cursor() as c:
            (value,) = c.execute("SELECT value FROM turns").fetchone()
            with transaction.atomic():
                c.execute("UPDATE turns SET value = %s", [value + 1])
"""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE turns (value integer)")
        cursor.execute("INSERT INTO turns VALUES (0)")
    try:
        name = str(connection.settings_dict["NAME"])
        env = {**os.environ, "NAPPAGE_TEST_DATABASE": name, "DJANGO_SETTINGS_MODULE": "tests.web.settings"}
        env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *sys.path])
        writers = [subprocess.Popen([sys.executable, "-c", program], env=env) for _ in range(3)]
        assert [writer.wait(120) for writer in writers] == [0, 0, 0]
        with connection.cursor() as cursor:
            assert cursor.execute("SELECT value FROM turns").fetchone()[0] == 120
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE turns")


def test_a_transaction_that_fails_or_a_connection_that_closes_leaves_the_queue(transactional_db: None) -> None:
    def free() -> bool:
        taken: list[bool] = []

        def other() -> None:
            with transaction.atomic():
                taken.append(True)
            connection.close()

        thread = threading.Thread(target=other, daemon=True)
        thread.start()
        thread.join(5)
        return bool(taken)

    with pytest.raises(ValueError, match="on purpose"), transaction.atomic():
        with pytest.raises(ValueError, match="inner"), transaction.atomic():
            raise ValueError("inner")
        assert connection._queue._held
        raise ValueError("on purpose")
    assert not connection._queue._held and free()

    def leave_open() -> None:
        transaction.atomic().__enter__()
        connection.close()

    thread = threading.Thread(target=leave_open)
    thread.start()
    thread.join()
    assert free()


def test_a_fork_neither_holds_nor_frees_its_parents_place(tmp_path: Path) -> None:
    path = str(tmp_path / "queue")
    mine = _Queue()
    mine.enter(path)
    child = os.fork()
    if child == 0:  # pragma: no cover
        mine.leave()  # must not free the parent's
        os._exit(0)
    os.waitpid(child, 0)
    probe = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    taken = lambda: subprocess.run([sys.executable, "-c", probe, path], capture_output=True).returncode != 0  # noqa: E731
    assert taken()
    mine.leave()
    assert not taken()
    mine.close()


# The command


def test_a_clinic_is_made_backed_up_and_restored(nappage_web: Run, founded: Path, tmp_path: Path) -> None:
    file, elsewhere = tmp_path / "backup.tar.gz", {"NAPPAGE_HOME": str(tmp_path / "elsewhere")}
    backed = nappage_web("backup", str(file))
    assert backed.returncode == 0 and stat.S_IMODE(file.stat().st_mode) == 0o600, backed.stderr
    assert nappage_web("restore", str(file), **elsewhere).returncode == 0
    checked = nappage_web("check", "--audit", **elsewhere)
    assert checked.returncode == 0 and "audit: 1 links" in checked.stdout and "nothing is wrong" in checked.stdout
    head = re.search(r"the last (\w{64})", checked.stdout)[1]  # type: ignore[index]
    assert len(head) == 64
    gone = nappage_web("check", "--audit", "--head", "f" * 64, **elsewhere)
    assert gone.returncode == 1 and "the end was cut" in gone.stderr
    key = tmp_path / "elsewhere" / "secret-key"
    assert key.read_text() == (tmp_path / "home" / "secret-key").read_text()
    assert stat.S_IMODE(key.stat().st_mode) == stat.S_IMODE(Path(key.parent, "nappage.sqlite3").stat().st_mode) == 0o600
    again = nappage_web("restore", str(file), **elsewhere)
    assert again.returncode == 1 and "a database is here already" in again.stderr


def test_nothing_is_restored_beside_what_another_database_left(nappage_web: Run, founded: Path, tmp_path: Path) -> None:
    """SQLite would play that log into it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "nappage.sqlite3-wal").write_bytes(b"x")
    nappage_web("backup", str(tmp_path / "b"))
    said = nappage_web("restore", str(tmp_path / "b"), NAPPAGE_HOME=str(elsewhere))
    assert said.returncode == 1 and "left by a database that is gone" in said.stderr
    assert not (elsewhere / "nappage.sqlite3").exists()


def test_a_restore_that_ended_midway_is_done_again(nappage_web: Run, founded: Path, tmp_path: Path) -> None:
    """No database stands there without the key to its secrets."""
    nappage_web("backup", str(tmp_path / "b"))
    elsewhere = {"NAPPAGE_HOME": str(tmp_path / "elsewhere")}
    in_the_way = tmp_path / "elsewhere" / ".secret-key.part"
    in_the_way.mkdir(parents=True)
    assert nappage_web("restore", str(tmp_path / "b"), **elsewhere).returncode != 0
    in_the_way.rmdir()
    done = nappage_web("restore", str(tmp_path / "b"), **elsewhere)
    assert done.returncode == 0, done.stderr
    key = tmp_path / "elsewhere" / "secret-key"
    assert key.read_text() == (tmp_path / "home" / "secret-key").read_text()


def test_a_guard_that_is_gone_is_found(nappage_web: Run, founded: Path, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "home" / "nappage.sqlite3")
    database.execute("DROP TRIGGER patients_document_no_update")
    database.commit()
    database.close()
    said = nappage_web("check")
    assert said.returncode == 1 and "patients_document_no_update" in said.stderr


@pytest.mark.parametrize("address", ["/accounts/login/?next=%00", "/i/%00/", "/health?a=1&b=%00"])
def test_a_nul_is_refused_everywhere(db: None, address: str) -> None:
    assert Client().get(address).status_code == 400
    assert Client().post("/accounts/login/", {"login": "a\0b"}).status_code == 400


def test_a_backup_under_writes_is_whole(nappage_web: Run, founded: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        database = sqlite3.connect(tmp_path / "home" / "nappage.sqlite3", isolation_level=None, timeout=20)
        n = 0
        while not stop.is_set():
            n += 1
            database.execute("BEGIN IMMEDIATE")
            for half in ("a", "b"):
                database.execute("INSERT INTO clinic_organisation (id, name, created) VALUES (?, ?, '2026-01-01')",
                                 [f"{n:031}{half}", "x"])  # fmt: skip
            database.execute("COMMIT")
        database.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        time.sleep(0.2)
        assert nappage_web("backup", str(tmp_path / "b")).returncode == 0
    finally:
        stop.set()
        writer.join()
    with tarfile.open(tmp_path / "b") as tar:
        content = tar.extractfile("database")
        assert content is not None
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "database").write_bytes(content.read())
    copy = sqlite3.connect(tmp_path / "out" / "database")
    assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    rows = copy.execute("SELECT count(*) FROM clinic_organisation WHERE name = 'x'").fetchone()[0]
    assert rows > 0 and rows % 2 == 0, "a transaction is there whole or not at all"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["createclinic", "--clinic", "X"], "--name: it is missing"),
        (["createclinic", "--clinic", "X", "--name", "N", "--email", "no", "--password-stdin"], "e-mail: 'no' is no"),
        (["createclinic", "--clinic", "X", "--name", "N", "--email", "a@b.example", "--password-stdin"], "password: "),
        (["backup", "{tmp}/b"], "there is no clinic in"),
        (["backup", "{tmp}/no/b"], "there is no such folder"),
        (["restore", "{tmp}/nothing"], "there is no such file"),
        (["restore", __file__], "it is no backup of ours"),
        (["serve", "--certificate", "x.pem"], "Give both"),
        (["serve", "--certificate", "x.pem", "--key", "y.pem"], "x.pem: there is no such file"),
        (["check"], "waiting"),
    ],
)
def test_what_is_wrong_is_a_sentence_with_a_way_out(
    nappage_web: Run, tmp_path: Path, words: list[str], sentence: str
) -> None:
    done = nappage_web(*(word.format(tmp=tmp_path) if "{tmp}" in word else word for word in words), said="short\n")
    assert done.returncode == 1 and sentence in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_without_tls_only_this_machine_is_served(nappage_web: Run) -> None:
    done = nappage_web("serve", "--host", "0.0.0.0", NAPPAGE_PLAIN_HTTP="1")
    assert done.returncode == 1 and "only this machine" in done.stderr


def test_a_port_that_is_taken_is_said(installed: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = installed("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1 and "Choose another with --port" in done.stderr
    assert "Every page demands TLS" in done.stderr


def test_static_files_are_collected_under_names_of_their_content(nappage_web: Run, tmp_path: Path) -> None:
    """With imports between our modules rewritten, so that a page never mixes two versions."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nappage_web("serve", "--port", str(taken.getsockname()[1]))
    folder = tmp_path / "home" / "static"
    names = json.loads((folder / "staticfiles.json").read_text())["paths"]
    app = (folder / names["design/app.js"]).read_text()
    assert f'"./{Path(names["design/lock.js"]).name}"' in app and '"./lock.js"' not in app
    assert (folder / (names["design/app.css"] + ".gz")).is_file()
