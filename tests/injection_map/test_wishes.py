"""Of spacing, volume per point and the syringe's content the third follows; what contradicts is asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from nappage.injection_map.wishes import Wish, volumes, wishes
from nappage.intake import Order
from nappage.knowledge import Edition, load
from nappage.values import InputError

ZONES = ("forehead", "glabella", "crows-feet", "nose", "malar", "cheek", "neck")
SIDED = frozenset({"crows-feet", "malar", "cheek"})


@pytest.fixture(scope="module")
def edition() -> Edition:
    return load(date(2026, 11, 25))


def wished(edition: Edition, **order: Any) -> tuple[tuple[Wish, ...], list[str]]:
    _, found, notices = wishes(Order.model_validate(order), edition, "en", zones=ZONES, sided=SIDED)
    return found, [f"{notice.kind}:{notice.about}" for notice in notices]


@pytest.mark.parametrize(
    ("areas", "ids"),
    [
        (["forehead"], ["forehead"]),
        (["left cheek"], ["malar-left", "cheek-left"]),
        (["cheeks"], ["malar-right", "malar-left", "cheek-right", "cheek-left"]),
        (["nose"], ["nose"]),
        (["neck", "glabella"], ["glabella", "neck"]),  # in the order of the body, not of the words
        (
            ["face"],
            [
                "forehead",
                "glabella",
                "crows-feet-right",
                "crows-feet-left",
                "malar-right",
                "malar-left",
                "cheek-right",
                "cheek-left",
            ],
        ),
    ],
)
def test_areas_become_zones_and_sides(edition: Edition, areas: list[str], ids: list[str]) -> None:
    found, asked = wished(edition, technique="papule", areas=areas, spacing_mm=10)
    assert [wish.id for wish in found] == ids
    assert not asked


def test_one_side_of_a_zone_leaves_the_other_out(edition: Edition) -> None:
    found, _ = wished(
        edition,
        technique="papule",
        areas=["face"],
        spacing_mm=10,
        map={"zones": [{"zone": "crows-feet", "side": "left"}]},
    )
    assert [wish.id for wish in found if wish.zone == "crows-feet"] == ["crows-feet-left"]


def test_an_area_without_a_zone_is_asked_about(edition: Edition) -> None:
    _, asked = wished(edition, technique="papule", areas=["forehead", "ankle"], spacing_mm=10)
    assert asked == ["ask:ankle"]


@pytest.mark.parametrize(
    ("order", "place"),
    [
        ({"areas": ["forehead"]}, "order.technique"),
        ({"technique": "lasagne", "areas": ["forehead"]}, "order.technique"),
        ({"technique": "hyaluron pen", "areas": ["forehead"]}, "order.technique"),
        ({"technique": "papule", "spacing_mm": 5}, "order.areas"),
        ({"technique": "papule", "areas": ["ankle"], "spacing_mm": 5}, "order.areas"),
        ({"technique": "papule", "areas": ["neck"], "map": {"zones": [{"zone": "moon"}]}}, "order.map.zones[0].zone"),
        ({"technique": "linear", "areas": ["cheek"]}, "order.spacing_mm"),
    ],
)
def test_what_cannot_be_laid_out_says_where_and_what_to_do(edition: Edition, order: dict[str, Any], place: str) -> None:
    with pytest.raises(InputError) as error:
        wished(edition, **order)
    assert error.value.place == place


def test_no_spacing_is_asked_and_drawn_with_the_published_one(edition: Edition) -> None:
    found, asked = wished(edition, technique="papule", areas=["forehead"])
    assert asked == ["ask:spacing"]
    assert found[0].spacing_mm == 10


def test_a_number_of_points_decides_the_spacing(edition: Edition) -> None:
    found, asked = wished(edition, technique="papule", areas=["forehead"], points=40)
    assert found[0].spacing_mm is None
    assert not asked


def test_patterns_follow_the_technique(edition: Edition) -> None:
    for technique, pattern in (
        ("papule", "grid"),
        ("nappage", "lines"),
        ("linear", "threads"),
        ("point by point", "grid"),
    ):
        found, _ = wished(edition, technique=technique, areas=["forehead"], spacing_mm=10)
        assert found[0].pattern == pattern


def given(edition: Edition, counts: list[int], **order: Any) -> tuple[list[Decimal | None], list[str]]:
    asked = Order.model_validate({"technique": "papule", "areas": ["forehead", "neck"], "spacing_mm": 10, **order})
    _, found, _ = wishes(asked, edition, "en", zones=ZONES, sided=SIDED)
    laid = [(wish, [None] * count) for wish, count in zip(found, counts, strict=True)]
    parts, notices = volumes(asked, laid, edition, "en")
    return [None if part is None else sum(part, Decimal(0)) for part in parts], [n.about for n in notices]


@pytest.mark.parametrize(
    ("order", "totals", "asked"),
    [
        # spacing + volume per point → the total
        ({"volume_per_point_ml": 0.02}, ["0.8", "1.2"], []),
        # spacing + the syringe → the volume per point
        ({"mixture": [{"product": "x", "volume_ml": 2}]}, ["0.8", "1.2"], []),
        # both, agreeing
        ({"mixture": [{"product": "x", "volume_ml": 2}], "volume_per_point_ml": 0.02}, ["0.8", "1.2"], []),
        # both, contradicting: asked, and drawn with what the syringes hold
        ({"mixture": [{"product": "x", "volume_ml": 3}], "volume_per_point_ml": 0.02}, ["1.2", "1.8"], ["volume"]),
        # neither
        ({}, [None, None], ["volume"]),
        # a mixture with one volume missing is no budget
        ({"mixture": [{"product": "x", "volume_ml": 3}, {"product": "y"}]}, [None, None], ["volume"]),
        # a zone's own total, the rest shares what is left
        (
            {"mixture": [{"product": "x", "volume_ml": 2}], "map": {"zones": [{"zone": "neck", "volume_ml": 1.5}]}},
            ["0.5", "1.5"],
            [],
        ),
        # a zone's own total beyond the syringe: asked, the sum is still the syringe's
        (
            {"mixture": [{"product": "x", "volume_ml": 1}], "map": {"zones": [{"zone": "neck", "volume_ml": 1.5}]}},
            None,
            ["volume"],
        ),
        # by zone only
        (
            {"map": {"zones": [{"zone": "neck", "volume_ml": 1.5}, {"zone": "forehead", "volume_per_point_ml": 0.01}]}},
            ["0.4", "1.5"],
            [],
        ),
    ],
)
def test_the_third_follows_from_two(
    edition: Edition, order: dict[str, Any], totals: list[str | None] | None, asked: list[str]
) -> None:
    found, about = given(edition, [40, 60], **order)
    assert about == asked
    if totals is None:
        assert sum(value for value in found if value is not None) == 1
    else:
        assert found == [None if total is None else Decimal(total) for total in totals]


def test_an_odd_budget_is_shared_to_the_last_step(edition: Edition) -> None:
    found, _ = given(edition, [37, 41], mixture=[{"product": "x", "volume_ml": 2}])
    assert sum(value for value in found if value is not None) == 2


def test_a_point_has_its_own_volume_before_its_zone_s(edition: Edition) -> None:
    asked = Order.model_validate(
        {"technique": "papule", "areas": ["neck"], "spacing_mm": 10, "volume_per_point_ml": 0.02}
    )
    _, found, _ = wishes(asked, edition, "en", zones=ZONES, sided=SIDED)
    parts, notices = volumes(asked, [(found[0], [None, Decimal("0.2"), None])], edition, "en")
    assert parts == ((Decimal("0.02"), Decimal("0.2"), Decimal("0.02")),)
    assert not notices


def test_each_side_has_what_is_ordered_for_it(edition: Edition) -> None:
    lines = [{"zone": "cheek", "side": "right", "volume_ml": 1}, {"zone": "Cheek", "side": "left", "volume_ml": 0.5}]
    asked = Order.model_validate({"technique": "papule", "spacing_mm": 10, "map": {"zones": lines}})
    _, found, _ = wishes(asked, edition, "en", zones=ZONES, sided=SIDED)
    assert [wish.id for wish in found] == ["cheek-right", "cheek-left"]
    parts, _ = volumes(asked, [(wish, [None] * 7) for wish in found], edition, "en")
    assert [sum(part or ()) for part in parts] == [1, Decimal("0.5")]


def test_half_of_a_zone_on_the_midline(edition: Edition) -> None:
    for order in ({"areas": ["left forehead"]}, {"map": {"zones": [{"zone": "forehead", "side": "left"}]}}):
        found, _ = wished(edition, technique="papule", spacing_mm=10, **order)
        assert [wish.id for wish in found] == ["forehead-left"]
