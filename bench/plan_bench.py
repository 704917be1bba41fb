"""One whole plan without PDF, warm; and the cold start of `nappage plan` beside importing its libraries alone."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "facial-rejuvenation.yaml"
ON = date(2026, 11, 25)
LIBRARIES = (
    "from pydantic import BaseModel; import yaml, typst, icalendar, zoneinfo; from rapidfuzz import fuzz; "
    "from rich.console import Console; from rich.table import Table; from rich.panel import Panel"
)


def run() -> list[str]:
    """The two figures as lines of a table."""
    warm = _warm_ms()
    libraries = _cold_seconds([sys.executable, "-c", LIBRARIES])
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "nappage", "plan", str(EXAMPLE), "--on", str(ON), "--out", folder]
        plan = _cold_seconds(command)
        as_json = _cold_seconds([*command, "--json"])
        screen = _cold_seconds([sys.executable, "-m", "nappage", "screen", str(EXAMPLE), "--on", str(ON)])
    return [
        "| what | figure | aim |",
        "|---|---|---|",
        f"| one full plan without PDF, warm, median of 50 | {warm:.1f} ms | 20 ms or less |",
        f"| cold `nappage plan` with all documents, CPU | {plan:.2f} s | |",
        f"| importing its libraries alone, CPU | {libraries:.2f} s | |",
        f"| ratio | {plan / libraries:.2f} | 1.5 or less |",
        f"| cold `nappage plan --json`, no documents, to the same | {as_json / libraries:.2f} | |",
        f"| cold `nappage screen` to the same | {screen / libraries:.2f} | |",
    ]


def _warm_ms() -> float:
    from nappage.intake import load_answers
    from nappage.knowledge import load
    from nappage.plan import draft

    answers, edition = load_answers(str(EXAMPLE)), load(ON)
    times = []
    for _ in range(50):
        start = time.process_time()
        draft(answers, edition, ON)
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


def _cold_seconds(command: list[str]) -> float:
    """Median CPU seconds of a fresh process, of nine. What Python and nappage keep of what they have read (bytecode,
    the knowledge) may be kept, as in any installation that has run once."""
    times = []
    env = {**os.environ, "COLUMNS": "100"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(9):
        before = _children()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=env)
        times.append(_children() - before)
    return statistics.median(times)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
