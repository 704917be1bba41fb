"""The printed card: its markers, grey ramp and ruler lie where the code believes them to be."""

from __future__ import annotations

import cv2
import numpy as np
import pymupdf
import pytest
from pypdf import PdfReader

from nappage.injection_map import card

DPI = 300


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> pymupdf.Document:
    path = tmp_path_factory.mktemp("card") / "card.pdf"
    path.write_bytes(card.pdf())
    return pymupdf.open(path)


@pytest.fixture(scope="module")
def page(document: pymupdf.Document) -> np.ndarray:
    """Grey, 300 dpi."""
    pixels = document[0].get_pixmap(dpi=DPI, colorspace="gray")
    return np.frombuffer(pixels.samples, dtype=np.uint8).reshape(pixels.height, pixels.stride)[:, : pixels.width]


@pytest.fixture(scope="module")
def found_mm(page: np.ndarray) -> dict[int, np.ndarray]:
    """The markers' corners on the paper, from its upper left."""
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    finder = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(card.DICTIONARY), settings)
    corners, numbers, _ = finder.detectMarkers(page)
    return {int(n): (c.reshape(4, 2) + 0.5) * 25.4 / DPI for n, c in zip(numbers.ravel(), corners, strict=True)}


def test_the_markers_are_20_mm_squares_at_their_places(found_mm):
    assert set(found_mm) == set(card.CENTRES_MM)
    middle = np.mean([corners.mean(axis=0) for corners in found_mm.values()], axis=0)
    for number, (x, y) in card.CENTRES_MM.items():
        corners = found_mm[number]
        sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
        assert sides == pytest.approx(np.full(4, card.MARKER_MM), abs=0.06)
        assert corners.mean(axis=0) - middle == pytest.approx([x, -y], abs=0.05)
        assert corners[1][0] > corners[0][0], "the first corner is the upper left: the marker stands upright"


def test_the_markers_have_a_white_rim_of_a_cell(page, found_mm):
    cell = card.MARKER_MM / 6 * DPI / 25.4
    for corners in found_mm.values():
        low, high = corners.min(axis=0) * DPI / 25.4, corners.max(axis=0) * DPI / 25.4
        rim = page[int(low[1] - cell) : int(high[1] + cell), int(low[0] - cell) : int(high[0] + cell)].copy()
        rim[int(cell) - 3 : -int(cell) + 3, int(cell) - 3 : -int(cell) + 3] = 255
        assert rim.min() == 255


def test_the_check_line_and_the_ruler_have_their_lengths(page):
    def longest_dark_run_mm(row: np.ndarray) -> float:
        dark = np.flatnonzero(row < 128)
        runs = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)
        return max(len(run) for run in runs) * 25.4 / DPI if len(dark) else 0.0

    assert max(longest_dark_run_mm(row) for row in page) == pytest.approx(card.CHECK_MM, abs=0.3)
    ruler = page[:, page.shape[1] // 2 - int(36 * DPI / 25.4) : page.shape[1] // 2 + int(36 * DPI / 25.4)]
    ticks = max(
        (np.flatnonzero(np.diff((row < 128).astype(int)) == 1) for row in ruler[int(60 * DPI / 25.4) :]), key=len
    )
    assert len(ticks) == card.RULER_MM + 1
    assert (ticks[-1] - ticks[0]) * 25.4 / DPI == pytest.approx(card.RULER_MM, abs=0.15)


def test_the_greys_are_those_that_are_known(page, found_mm):
    middle = np.mean([corners.mean(axis=0) for corners in found_mm.values()], axis=0)
    step = 72 / len(card.GREYS)
    for number, grey in enumerate(card.GREYS):
        x, y = middle[0] - 36 + (number + 0.5) * step, middle[1] - 12
        assert abs(int(page[int(y * DPI / 25.4), int(x * DPI / 25.4)]) - grey) <= 1


def test_the_page_is_tagged_says_how_to_print_it_and_is_the_same_each_time(document):
    text = " ".join(document[0].get_text().split())
    for words in ("100 %", "150 mm", "below the chin", "millimetre"):
        assert words in text
    assert len(document) == 1
    # Everything within what A4 and Letter share.
    assert document[0].rect.width == pytest.approx(210 / 25.4 * 72, abs=0.1)
    assert max(block[3] for block in document[0].get_text("blocks")) < (279.4 - 15) / 25.4 * 72
    root = PdfReader(document.name).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert card.pdf() == card.pdf()
