"""The card held in shot: four markers of known size, a grey ramp and a ruler, as a PDF to print at 100 %."""

from __future__ import annotations

import json
from pathlib import Path

import cv2

DICTIONARY = cv2.aruco.DICT_4X4_50
MARKER_MM = 20.0  # side of the black square
WIDTH_MM, HEIGHT_MM = 140.0, 60.0
# Middles of the markers from the middle of the card, x to the right and y up, by number: upper left, upper right,
# lower right, lower left.
CENTRES_MM = {40: (-55.0, 15.0), 41: (55.0, 15.0), 42: (55.0, -15.0), 43: (-55.0, -15.0)}
GREYS = (245, 204, 163, 118, 77, 36)  # sRGB
RULER_MM, CHECK_MM = 70, 150

_HERE = Path(__file__).parent
_DAY = 1_700_000_000  # the PDF's date, always the same, so that equal cards are equal files


def pdf() -> bytes:
    """The card with its instructions, A4, tagged; it fits on Letter too. The same bytes each time."""
    import typst  # 80 MB: loaded only when a PDF is asked for

    geometry = {
        "width": WIDTH_MM, "height": HEIGHT_MM, "marker": MARKER_MM, "greys": GREYS, "ruler": RULER_MM,
        "check": CHECK_MM,
        "markers": [{"x": x, "y": y, "cells": _cells(number)} for number, (x, y) in CENTRES_MM.items()],
    }  # fmt: skip
    document: bytes = typst.compile(
        str(_HERE / "card.typ"),
        root=str(_HERE),
        font_paths=[str(_HERE.parent / "plan" / "fonts")],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"card": json.dumps(geometry)},
        pdf_standards=["ua-1"],
        timestamp=_DAY,
    )
    return document


def _cells(number: int) -> list[list[int]]:
    """The marker's 6 × 6 cells from above: 1 for white, the black rim included."""
    picture = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(DICTIONARY), number, 6)
    return [[int(value > 127) for value in row] for row in picture]
