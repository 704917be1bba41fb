"""What the tests of the app share: a world, a real server, a real browser, and axe."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import translation
from tests.forks import Forks

from .world import World, world

Run = Callable[..., subprocess.CompletedProcess[str]]
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 900)}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is of one database alone is not collected on the other; what asks for none is run once, on SQLite."""
    on_postgresql = os.environ.get("NAPPAGE_TEST_DB") == "postgresql"

    def left_out(item: pytest.Item) -> bool:
        if not on_postgresql:
            return bool(item.get_closest_marker("postgresql"))
        asks = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
        asks |= {mark for mark in ("django_db", "postgresql") if item.get_closest_marker(mark)}
        return not asks or bool(item.get_closest_marker("sqlite"))

    gone = [item for item in items if left_out(item)]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI nothing is skipped: what could not be installed is a failure."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"


@contextmanager
def unguarded() -> Iterator[None]:
    """Without the triggers of append-only tables: for a test database that is emptied after a test."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = DEFAULT")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _, sql in triggers:
            cursor.execute(sql)


@pytest.fixture(scope="session", autouse=True)
def _emptied_after_a_test(django_db_setup: None) -> Iterator[None]:
    """Emptying the database between tests is no act of the app's: the triggers stand aside for it, and Django's own
    permissions, for which the app has no use, are not made again."""
    with pytest.MonkeyPatch.context() as patch:
        operations = type(connection.ops)  # of every connection: a browser's event loop makes Django open another
        empty = operations.execute_sql_flush

        def flush(self: Any, statements: list[str]) -> None:
            with unguarded():
                empty(self, statements)

        patch.setattr(operations, "execute_sql_flush", flush)
        patch.setattr("django.core.management.commands.flush.emit_post_migrate_signal", lambda *args, **kwargs: None)
        yield


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A request in French leaves its thread in French: the next test, which may call a command directly, is not."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each worker has a home, and so a database, of its own."""


def _own(home: Path, environment: dict[str, str]) -> dict[str, str]:
    """No settings but these, and a home of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NAPPAGE_", "DJANGO_", "DATABASE_"))}
    return {**kept, "NAPPAGE_HOME": str(home), **environment}


def _command(forks: Forks, folder: Path) -> Run:
    def run(*words: str, said: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        settings = _own(folder / "home", environment)
        return forks.run("nappage_web.config.cli:main", words, said.encode(), folder, settings)

    return run


@pytest.fixture
def nappage_web(forks: Forks, tmp_path: Path) -> Run:
    """nappage_web("check", NAPPAGE_X="1") runs the command in a home of its own, with no other settings."""
    return _command(forks, tmp_path)


@pytest.fixture
def installed(tmp_path: Path) -> Run:
    """The same from its start, as it was installed."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [Path(sys.executable).with_name("nappage-web"), *words]
        settings = _own(tmp_path / "home", environment)
        return subprocess.run(command, env=settings, capture_output=True, text=True, cwd=tmp_path, timeout=120)

    return run


def found_clinic(run: Run, **environment: str) -> None:
    """With `nappage-web createclinic`."""
    words = ["--clinic", "Skin", "--name", "Léa Roy", "--email", "lea@clinic.example", "--password-stdin"]
    made = run("createclinic", *words, said="a long enough password\n", **environment)
    assert made.returncode == 0 and "lea@clinic.example" in made.stdout, made.stderr


@pytest.fixture(scope="session")
def _founded(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    found_clinic(_command(forks, folder))
    return folder / "home"


@pytest.fixture
def founded(_founded: Path, tmp_path: Path) -> Path:
    """The home of `nappage_web`, with a clinic in it."""
    return Path(shutil.copytree(_founded, tmp_path / "home"))


@pytest.fixture
def clinics(db: None) -> World:
    """Two clinics with their staff."""
    return world()


class Server:
    """A real granian server on a free port of this machine, on the test's database."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.web.settings",
            "NAPPAGE_TEST_DATABASE": str(connection.settings_dict["NAME"]),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]),
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "1", "--blocking-threads", "4", "--log-level", "warning",
            "nappage_web.config.wsgi:application",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, env=self.environment, start_new_session=True)
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=1):
                    return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.05)

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is not None and self.running():
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture(scope="session")
def _server(django_db_setup: None, django_db_blocker: Any) -> Iterator[Server]:
    """One for all tests of a worker: it keeps nothing between requests that is not in the database."""
    with django_db_blocker.unblock():
        server = Server()
    yield server
    server.stop()


@pytest.fixture
def live(transactional_db: None, _server: Server) -> Server:
    """A running server on the test's database, which is empty before and after."""
    if not _server.running():
        _server.start()
    return _server


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """opened(size="tablet", …) → a new page in a context of its own: another person, or another device."""
    contexts = []

    def open_page(size: str = "tablet", **options: Any) -> Any:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(f"script: {error}"))
        page.on("console", lambda told: page.faults.append(told.text) if told.type == "error" else None)
        return page

    yield open_page
    for context in contexts:
        context.close()


@cache
def _axe_script() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def axe(page: Any) -> list[str]:
    """Violations of WCAG 2.2 A and AA on the page as it stands, one line each."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(_axe_script())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    asked = {"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]}
    found = page.evaluate("asked => axe.run(document, asked).then(({ violations }) => violations)", asked)
    return [f"{v['id']} ({v['impact']}): {node['target']} {node['html'][:160]}" for v in found for node in v["nodes"]]


def overflows(page: Any) -> int:
    """How many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
