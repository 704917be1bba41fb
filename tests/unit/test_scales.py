"""Scales: their published vectors, their bounds, and what is never guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from nappage.cli import main
from nappage.knowledge import load
from nappage.scales import change, filled, items_of, missing, score
from nappage.values import InputError

EDITION = load(date(2026, 11, 25))
COMPUTED = [scale.id for scale in EDITION.scales.values() if scale.computed]
VECTORS = [(scale.id, vector) for scale in EDITION.scales.values() for vector in scale.vectors]
FACE = ("forehead", "left_malar", "right_malar", "chin")


@pytest.mark.parametrize(("scale", "vector"), VECTORS, ids=[f"{s}-{n}" for n, (s, _) in enumerate(VECTORS)])
def test_each_vector_gives_its_score(scale: str, vector: dict) -> None:
    assert score(scale, vector["items"], EDITION).value == Decimal(str(vector["score"]))


def test_each_computed_scale_has_a_vector_and_no_other_has_one() -> None:
    assert {scale for scale, _ in VECTORS} == set(COMPUTED)


@pytest.mark.parametrize(
    ("percent", "points"),
    [
        (0, 0),
        (0.1, 1),
        (9.9, 1),
        (10, 2),
        (29.9, 2),
        (30, 3),
        (49, 3),
        (50, 4),
        (69, 4),
        (70, 5),
        (89, 5),
        (90, 6),
        (100, 6),
    ],
)
def test_the_area_of_melasma_by_its_per_cent(percent: float, points: int) -> None:
    items = {name: {"area": 0, "darkness": 0} for name in FACE}
    items["chin"] = {"area_percent": percent, "darkness": 1}
    assert score("mmasi", items, EDITION).value == Decimal(points) / 10


@pytest.mark.parametrize(
    ("scale", "items", "wrong"),
    [
        ("wsrs", {}, "'grade' is missing"),
        ("wsrs", {"grade": 0}, "'grade' is 0"),
        ("wsrs", {"grade": 6}, "'grade' is 6"),
        ("wsrs", {"grade": 2.5}, "'grade' is 2.5"),
        ("wsrs", {"grade": 2, "side": "left"}, "'side' is no item"),
        ("wsrs", {"grade": "mild"}, "no number"),
        ("dlqi", {"items": [1] * 9}, "not complete"),
        ("dlqi", {"items": [4] + [1] * 9}, "'item 1' is 4"),
        ("pain", {"mm": 101}, "'mm' is 101"),
        ("hair", {"count": 100}, "'field_cm2' is missing"),
        ("hair", {"count": 100, "field_cm2": 0}, "'field_cm2' is 0"),
        ("hair", {"count": 100, "terminal": 50, "vellus": 40, "field_cm2": 1}, "not the hairs counted"),
        ("masi", {"forehead": {"area": 1, "darkness": 1}}, "'homogeneity' is missing"),
        ("masi", {"forehead": 3}, "no items"),
        ("phototype", {"burns": "always", "tans": "easily"}, "burns as type I does and tans as type IV"),
        ("msi", {}, "not computed"),
        ("beauty", {}, "no such scale"),
    ],
)
def test_what_cannot_be_scored_says_what_is_wrong(scale: str, items: dict, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        score(scale, items, EDITION)


def test_a_score_stands_with_its_bounds_label_and_sources() -> None:
    found = score("wsrs", {"grade": 4}, EDITION)
    assert (found.low, found.high, found.better) == (1, 5, "lower")
    assert found.label is not None and found.label.startswith("severe")
    assert {source.ref for source in found.sources} >= {"WSRS04"}


@pytest.mark.parametrize("scale", ["masi", "mmasi", "dlqi", "hexsel", "pain"])
def test_the_items_listed_are_those_scored(scale: str) -> None:
    """All at their highest give the scale's highest; without any one of them there is no score."""
    found = EDITION.scales[scale]
    listed = items_of(found, {})

    def given(without: str | None = None) -> dict:
        out: dict = {}
        for item in listed:
            *way, last = item.name.split(".")
            at = out
            for step in way:
                at = at.setdefault(step, {})
            at[last] = None if item.name == without else str(item.high)
        return out

    assert score(scale, given(), EDITION).value == found.high and missing(found, given()) == ()
    for item in listed:
        assert missing(found, given(item.name)) == (item.name,)
        with pytest.raises(InputError, match="is missing"):
            score(scale, given(item.name), EDITION)


def test_hairs_are_counted_together_or_by_kind() -> None:
    hair = EDITION.scales["hair"]
    assert missing(hair, {"field_cm2": 1}) == ("count",)
    assert missing(hair, {"field_cm2": 1, "terminal": 3}) == ("count", "vellus")
    assert missing(hair, {"field_cm2": 1, "terminal": 3, "vellus": 2}) == ()


def test_items_given_in_another_form_are_asked_in_that_form() -> None:
    named = [item.name for item in items_of(EDITION.scales["mmasi"], {"chin": {"area_percent": 12}})]
    assert "chin.area_percent" in named and "chin.area" not in named and "forehead.area" in named
    assert items_of(EDITION.scales["dlqi"], {"items": [1] * 10}) == ()


def test_an_item_taken_back_is_nothing_given() -> None:
    assert not filled({"chin": {}, "forehead": {"area": None}}) and filled({"chin": {"area": 0}})


def test_hairs_and_their_kinds() -> None:
    found = score("hair", {"count": 180, "terminal": 120, "vellus": 60, "anagen": 135, "field_cm2": 0.903}, EDITION)
    assert found.value == Decimal("199.3")
    assert found.details == {"terminal_to_vellus": Decimal("2.00"), "anagen_percent": Decimal("75.0")}


@pytest.mark.parametrize(
    ("before", "after", "better", "important"),
    [
        (70, 47, True, True),
        (70, 48, True, False),
        (40, 26, True, True),
        (40, 62, False, False),
        (40, 63, False, True),
        (0, 10, False, False),
    ],
)
def test_a_change_of_pain_and_whether_it_matters(before: int, after: int, better: bool, important: bool) -> None:
    found = change(score("pain", {"mm": before}, EDITION), score("pain", {"mm": after}, EDITION))
    # 40 → 62 mm is 22 mm, and 55 %: more than the 34 % that matter.
    expected = important or (before == 40 and after == 62)
    assert (found.better, found.important) == (better, expected)


def test_where_no_source_says_what_matters_nothing_is_said() -> None:
    found = change(score("wsrs", {"grade": 4}, EDITION), score("wsrs", {"grade": 3}, EDITION))
    assert (found.difference, found.better, found.important) == (-1, True, None)
    with pytest.raises(InputError, match="two scales"):
        change(score("wsrs", {"grade": 4}, EDITION), score("lemperle", {"grade": 3}, EDITION))


def test_the_example_is_added_up_and_compared(capsys) -> None:
    example = Path(__file__).parents[2] / "examples" / "scores.yaml"
    assert main(["score", str(example), "--on", "2026-11-25"]) == 0
    said = capsys.readouterr().out
    assert "after   Modified MASI (mMASI): 2.5, of 0 to 24" in said
    assert "change  pain: -27 (-43.5 %), better; an important change" in said
