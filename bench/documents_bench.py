"""Typst against WeasyPrint on the same plan: our PDF from the sheet, theirs from our page. And every document of a
plan, its map included, for the first time in a process and again.

Each rendering has a process of its own, for Typst remembers what it has laid out and would be measured idle.
"""

from __future__ import annotations

import io
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 25)
TIMES = 5


def run() -> list[str]:
    """CPU seconds, size and pages of both as lines of a table."""
    ours, ours_seconds, ours_size, ours_pages = _measured("Typst, from the sheet", "typst")
    theirs, theirs_seconds, theirs_size, theirs_pages = _measured("WeasyPrint, from the page", "weasyprint")
    per_page = (theirs_seconds / theirs_pages) / (ours_seconds / ours_pages)
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as pool:
        printed = [pool.submit(print_twice).result() for _ in range(TIMES)]
    first, again = (statistics.median(seconds) for seconds in zip(*printed, strict=True))
    return [
        f"| | CPU seconds of the first PDF in a process, imports apart; median of {TIMES} | kB | pages |",
        "|---|---|---|---|",
        f"| {ours} | {ours_seconds:.2f} | {ours_size / 1000:.0f} | {ours_pages} |",
        f"| {theirs} | {theirs_seconds:.2f} | {theirs_size / 1000:.0f} | {theirs_pages} |",
        f"| WeasyPrint / Typst | {theirs_seconds / ours_seconds:.1f} | | a page: {per_page:.1f} |",
        "",
        f"| every document of a plan with its map, as at a signature; median of {TIMES} | CPU seconds |",
        "|---|---|",
        f"| the first in a process, imports included | {first:.2f} |",
        f"| the same again, after another edit of the plan | {again:.2f} |",
        f"| first / again | {first / again:.1f} |",
    ]


def print_twice() -> tuple[float, float]:
    """Every document of a plan, then of the plan with another spacing, then of the first again: CPU seconds of the
    first and of the last."""
    from nappage.intake import load_answers
    from nappage.knowledge import load
    from nappage.plan import contents, draft

    edition = load(ON)
    answers = load_answers(str(ROOT / "examples" / "facial-rejuvenation.yaml"))
    assert answers.order is not None
    wider = answers.model_copy(update={"order": answers.order.model_copy(update={"spacing_mm": Decimal(12)})})
    plan, other = draft(answers, edition, ON), draft(wider, edition, ON)
    assert plan.map is not None and other.map is not None
    seconds = []
    for one in (plan, other, plan):
        start = time.process_time()
        contents(one, edition)
        seconds.append(time.process_time() - start)
    return seconds[0], seconds[2]


def _measured(name: str, renderer: str) -> tuple[str, float, int, int]:
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as pool:
        measured = [pool.submit(render, renderer).result() for _ in range(TIMES)]
    _, size, pages = measured[0]
    return name, statistics.median(seconds for seconds, _, _ in measured), size, pages


def render(renderer: str) -> tuple[float, int, int]:
    """One PDF: CPU seconds, bytes, pages."""
    import pypdf

    from nappage.intake import load_answers
    from nappage.knowledge import load
    from nappage.plan import draft
    from nappage.plan.compose import clinician
    from nappage.plan.page import html
    from nappage.plan.pdf import pdf

    edition = load(ON)
    plan = draft(load_answers(str(ROOT / "examples" / "facial-rejuvenation.yaml")), edition, ON)
    sheet = clinician(plan, edition)
    if renderer == "typst":
        import typst  # noqa: F401  (imported before the clock starts, like its peer)

        start = time.process_time()
        content = pdf(sheet)
    else:
        import weasyprint

        page = html(sheet)
        start = time.process_time()
        content = weasyprint.HTML(string=page).write_pdf(pdf_variant="pdf/ua-1")
    seconds = time.process_time() - start
    return seconds, len(content), len(pypdf.PdfReader(io.BytesIO(content)).pages)
