"""Typst against WeasyPrint on the same plan: our PDF from the sheet, theirs from our page.

Each rendering has a process of its own, for Typst remembers what it has laid out and would be measured idle.
"""

from __future__ import annotations

import io
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 25)
TIMES = 5


def run() -> list[str]:
    """CPU seconds, size and pages of both as lines of a table."""
    ours, ours_seconds, ours_size, ours_pages = _measured("Typst, from the sheet", "typst")
    theirs, theirs_seconds, theirs_size, theirs_pages = _measured("WeasyPrint, from the page", "weasyprint")
    per_page = (theirs_seconds / theirs_pages) / (ours_seconds / ours_pages)
    return [
        f"| | CPU seconds of the first PDF in a process, imports apart; median of {TIMES} | kB | pages |",
        "|---|---|---|---|",
        f"| {ours} | {ours_seconds:.2f} | {ours_size / 1000:.0f} | {ours_pages} |",
        f"| {theirs} | {theirs_seconds:.2f} | {theirs_size / 1000:.0f} | {theirs_pages} |",
        f"| WeasyPrint / Typst | {theirs_seconds / ours_seconds:.1f} | | a page: {per_page:.1f} |",
    ]


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
