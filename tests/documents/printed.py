"""A PDF to read words in."""

from __future__ import annotations

import pymupdf


def printed(content: bytes) -> pymupdf.Document:
    """Without what patterns fill: a reader would draw each line of the hatching over danger zones, for seconds."""
    document = pymupdf.open(stream=content)
    for number in range(1, document.xref_length()):
        if document.xref_get_key(number, "PatternType") == ("int", "1"):
            document.update_stream(number, b" ")
    return document
