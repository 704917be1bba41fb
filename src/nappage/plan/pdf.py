"""A sheet → PDF/UA-1 by Typst, with the fonts beside this file: no font of the machine is read."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

from .sheet import Sheet

_HERE = Path(__file__).parent


def pdf(sheet: Sheet) -> bytes:
    """A tagged PDF. Raises typst.TypstError where a glyph is missing: better no document than a gap in one."""
    import typst  # 80 MB: loaded only when a PDF is asked for

    # One output and a PDF give bytes, whatever the binding's wide return type allows.
    document: bytes = typst.compile(
        str(_HERE / "plan.typ"),
        root=str(_HERE),
        font_paths=[str(_HERE / "fonts")],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"sheet": sheet.model_dump_json()},
        pdf_standards=["ua-1"],
        timestamp=int(datetime.combine(sheet.day, time(), UTC).timestamp()),
    )
    return document
