"""The validation page is what the code gives, its failures included."""

from __future__ import annotations

from tests.injection_map.validation import (
    PAGE,
    band_rows,
    depth_rows,
    page,
    pitch_rows,
    practice_rows,
    volume_rows,
    wheal_rows,
)


def test_the_published_page_is_true() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make reference`"


def test_every_number_of_the_study_is_found_again() -> None:
    for rows in (pitch_rows(), volume_rows(), practice_rows(), depth_rows()):
        assert [row[-1] for row in rows] == ["agrees"] * len(rows), rows
    assert [row[-1] for row in band_rows()] == ["agrees", "agrees", ""]


def test_what_fails_is_shown_failing() -> None:
    assert [row[-1] for row in wheal_rows()] == ["pass", "pass", "marginal", "**fail**, +78 %: adults only"]
    text = page()
    assert text.count("**fail**") == 3  # newborns, and two rows of the kinetics that are not shown for that reason
    assert "no concentration, no duration" in text
