"""A sheet → PDF/UA-1 by Typst, with the fonts beside this file: no font of the machine is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path

from .sheet import Sheet

_HERE = Path(__file__).parent


def pdf(sheet: Sheet) -> bytes:
    """A tagged PDF. A character that the typeface lacks is written as its number, [U+738B]: never a gap, and never
    no document; the page shows it."""
    import typst  # 80 MB: loaded only when a PDF is asked for

    content = sheet.model_dump_json()
    try:
        return _compiled(content, sheet)
    except typst.TypstError:
        if content.isascii():
            raise
    try:
        return _compiled(_numbered(content, _in_typeface), sheet)
    except typst.TypstError:
        return _compiled(_numbered(content, str.isascii), sheet)


def _compiled(content: str, sheet: Sheet) -> bytes:
    import typst

    # One output and a PDF give bytes, whatever the binding's wide return type allows.
    document: bytes = typst.compile(
        str(_HERE / "plan.typ"),
        root=str(_HERE),
        font_paths=[str(_HERE / "fonts")],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"sheet": content},
        pdf_standards=["ua-1"],
        timestamp=int(datetime.combine(sheet.day, time(), UTC).timestamp()),
    )
    return document


def _numbered(text: str, known: Callable[[str], bool]) -> str:
    return "".join(c if c.isascii() or known(c) else f"[U+{ord(c):04X}]" for c in text)


def _in_typeface(character: str) -> bool:
    """Letters of the scripts that Inter covers, and what is not a letter or picture."""
    if unicodedata.category(character)[0] in "LM":
        return unicodedata.name(character, "").startswith(("LATIN", "GREEK", "CYRILLIC", "COMBINING", "MICRO"))
    return unicodedata.category(character) not in ("So", "Cn", "Co", "Cs")
