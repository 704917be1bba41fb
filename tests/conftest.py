"""What all tests share: a core for each worker, and one Playwright, since a second one cannot be started beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

# One core for each worker: libraries that spread over all of them would only wait for one another. Read when a library
# is loaded, by the workers and by the servers they start.
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "POLARS_MAX_THREADS"):
    os.environ.setdefault(threads, "1")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """Playwright's own loop then runs in this thread for good; Django is told that this is meant."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever looks at a page is marked as such."""
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
