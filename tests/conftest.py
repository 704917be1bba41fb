"""What all tests share: a core for each worker, one process to fork the commands from, one Playwright, since a second
one cannot be started beside it, and one browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .forks import Forks, forks

# One core for each worker: libraries that spread over all of them would only wait for one another. Read when a library
# is loaded, by the workers and by the servers they start.
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "POLARS_MAX_THREADS"):
    os.environ.setdefault(threads, "1")


@pytest.fixture(scope="session", name="forks")
def _forks() -> Iterator[Forks]:
    with forks() as loaded:
        yield loaded


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """Playwright's own loop then runs in this thread for good; Django is told that this is meant."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as running:
        yield running


# Debian's Chromium; the one without windows is much the same and takes less.
BROWSER = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
# Pages are drawn by the processor, and put together by it; smooth edges in 3D for the pictures in docs/ only.
DRAWING = ["--disable-gpu-compositing", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
if not os.environ.get("NAPPAGE_SHOTS"):
    DRAWING.append("--webgl-antialiasing-mode=none")


@pytest.fixture(scope="session")
def launch(playwright: Any) -> Callable[..., Any]:
    """launch("--flag") → a browser. Where Chromium cannot be installed the test fails, and says what to install."""
    assert BROWSER, "chromium is not installed: on Debian, apt-get install chromium-headless-shell"
    return lambda *flags: playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", *flags])


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Any]) -> Iterator[Any]:
    launched = launch(*DRAWING)
    yield launched
    launched.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever looks at a page is marked as such."""
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
