"""Typst against WeasyPrint on the same plan: our PDF from the sheet, theirs from our page."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
ON = date(2026, 11, 25)


def run() -> list[str]:
    """CPU seconds, size and pages of both as lines of a table."""
    import weasyprint

    from nappage.intake import load_answers
    from nappage.knowledge import load
    from nappage.plan import draft
    from nappage.plan.compose import clinician
    from nappage.plan.page import html
    from nappage.plan.pdf import pdf

    edition = load(ON)
    plan = draft(load_answers(str(ROOT / "examples" / "facial-rejuvenation.yaml")), edition, ON)
    sheet = clinician(plan, edition)
    page = html(sheet)
    ours, ours_seconds = _timed(lambda: pdf(sheet))
    theirs, theirs_seconds = _timed(lambda: weasyprint.HTML(string=page).write_pdf(pdf_variant="pdf/ua-1"))
    return [
        "| | CPU seconds, median of 7 | kB | pages |",
        "|---|---|---|---|",
        f"| Typst, from the sheet | {ours_seconds:.2f} | {len(ours) / 1000:.0f} | {_pages(ours)} |",
        f"| WeasyPrint, from the page | {theirs_seconds:.2f} | {len(theirs) / 1000:.0f} | {_pages(theirs)} |",
        f"| WeasyPrint / Typst | {theirs_seconds / ours_seconds:.1f} | | |",
    ]


def _timed(make: Callable[[], bytes]) -> tuple[bytes, float]:
    made, times = make(), []
    for _ in range(7):
        start = time.process_time()
        made = make()
        times.append(time.process_time() - start)
    return made, statistics.median(times)


def _pages(content: bytes) -> int:
    import pypdf

    return len(pypdf.PdfReader(io.BytesIO(content)).pages)
