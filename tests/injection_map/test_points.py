"""Single named points: at the distances their records give, the same on both sides, on skin where one injects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from nappage.injection_map import atlas as atlases
from nappage.injection_map import danger, points, zones
from nappage.injection_map.mesh import Floats
from nappage.knowledge import load, pages
from nappage.knowledge.check import check
from nappage.knowledge.schema import Citation, PointSet
from nappage.values import InputError

DAY = date(2026, 11, 25)
EDITION = load(DAY)
ATLAS = atlases.load()
BODIES: tuple[atlases.Body, ...] = ("female", "male")
SETS = tuple(EDITION.point_sets)
FACE = EDITION.point_sets["bio-aesthetic-points"]


def right(body: atlases.Body, set_id: str) -> dict[str, Floats]:
    """Point → (lateral, up, forwards) of the right side, mm."""
    found = points.places(ATLAS, ATLAS.body(body), set_id, "right", EDITION)
    return {point.id: point.position_mm * [-1, 1, 1] for point in found}


def carried(body: atlases.Body, lateral: float, up: float, forwards: float) -> Floats:
    """A spot of the female body on another one, by its place on the atlas: (lateral, up, forwards)."""
    place = ATLAS.body("female").nearest(np.array([[-lateral, up, forwards]]))[:2]
    return ATLAS.body(body).at(*place)[0] * [-1, 1, 1]


def measured(body: atlases.Body) -> dict[tuple[str, str, str], float]:
    """Set, point, measure → mm as drawn, from landmarks that the drawing did not start from."""
    skin = ATLAS.body(body)
    canthus, ala = (ATLAS.landmarks_mm(skin)[number] * [-1, 1, 1] for number in (33, 129))
    # By eye on the female body: the front edge of the tragus, and the lowest outermost spot of the jaw.
    tragus, angle = carried(body, 67, 640, 58), carried(body, 56, 600, 66)
    face, sacral, lumbar = (right(body, name) for name in SETS)
    along = (tragus - ala)[:2] / np.linalg.norm((tragus - ala)[:2])
    across = (face["nasal-base"] - ala)[:2] @ [-along[1], along[0]]
    out = {
        ("zygomatic", "from-outer-canthus"): np.linalg.norm(face["zygomatic"] - canthus),
        ("nasal-base", "from-the-line-ala-to-tragus"): abs(across),
        ("nasal-base", "from-below-the-pupil"): abs(face["nasal-base"][0] + ATLAS.eyes(body)[0, 0]),
        ("tragus", "in-front-of-the-tragus"): face["tragus"][2] - tragus[2],
        ("chin", "from-midline"): face["chin"][0],
        ("mandibular-angle", "above-the-angle"): face["mandibular-angle"][1] - angle[1],
        ("iliac-spine", "from-midline"): sacral["iliac-spine"][0],
        ("below", "below-the-iliac-spine"): sacral["iliac-spine"][1] - sacral["below"][1],
        ("below", "medial-to-the-iliac-spine"): sacral["iliac-spine"][0] - sacral["below"][0],
        **{(name, "from-midline"): position[0] for name, position in lumbar.items()},
    }
    of = {name: set_id for set_id in SETS for name in EDITION.point_sets[set_id].points}
    return {(of[name], name, measure): float(mm) for (name, measure), mm in out.items()}


@pytest.mark.parametrize("body", BODIES)
def test_every_distance_of_a_record_holds(body: atlases.Body) -> None:
    found = measured(body)
    told = {
        (set_id, name, measure): reach
        for set_id, one in EDITION.point_sets.items()
        for name, point in one.points.items()
        for measure, reach in point.lies.items()
    }
    assert set(found) == set(told)
    for key, reach in told.items():
        low, high = (float(mm) for mm in reach.mm)
        assert low - 1 <= found[key] <= high + 1, (key, found[key])


def test_the_levels_follow_one_another() -> None:
    for body in BODIES:
        lumbar, sacral = right(body, "lumbar-levels"), right(body, "sacral-blebs")
        apart = lumbar["l4-l5-midline"][1] - lumbar["l5-s1-midline"][1]
        assert 18 <= apart <= 35, body  # DUNCAN2009: 19 to 21 mm between the lower edges of L4 and L5
        assert sacral["iliac-spine"][1] < lumbar["l5-s1-midline"][1], body  # S2 below L5/S1


def test_the_records_and_the_drawing_have_the_same_points() -> None:
    assert points.set_ids() == SETS
    for set_id, one in EDITION.point_sets.items():
        assert set(right("female", set_id)) == set(one.points), set_id


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("set_id", SETS)
def test_both_sides_mirror_each_other(body: atlases.Body, set_id: str) -> None:
    skin = ATLAS.body(body)
    whole = points.places(ATLAS, skin, set_id, "midline", EDITION)
    assert len({(point.id, point.side) for point in whole}) == len(whole)
    of = {(point.id, point.side): point for point in whole}
    for point in whole:
        np.testing.assert_allclose(
            skin.at(np.array([point.triangle]), point.weights[None])[0], point.position_mm, atol=1e-9
        )
        if point.side == "midline":
            assert abs(point.position_mm[0]) < 0.1
        else:
            other = of[point.id, "left" if point.side == "right" else "right"]
            np.testing.assert_allclose(other.position_mm * [-1, 1, 1], point.position_mm, atol=0.1)
    for side in ("right", "left"):
        one_side = points.places(ATLAS, skin, set_id, side, EDITION)
        assert [(p.id, p.side) for p in one_side] == [(p.id, p.side) for p in whole if p.side in (side, "midline")]


def test_a_published_way_does_not_grow_with_the_body() -> None:
    grown = replace(ATLAS.body("female"), vertices_mm=ATLAS.body("female").vertices_mm * 1.2)
    found = {(p.id, p.side): p.position_mm for p in points.places(ATLAS, grown, "sacral-blebs", "midline", EDITION)}
    for side, sign in (("right", 1), ("left", -1)):
        way = found["below", side] - found["iliac-spine", side]
        np.testing.assert_allclose(way[:2], [sign * 10, -30], atol=0.05)


@pytest.mark.parametrize("body", BODIES)
def test_each_lies_in_a_zone_and_in_no_danger_that_may_not_be_entered(body: atlases.Body) -> None:
    """A zone never holds lips, eyes or nostrils."""
    skin = ATLAS.body(body)
    dangers = danger.near(ATLAS, skin, EDITION)
    shut = {one.id for one in dangers if not one.may_enter}
    fields = [zones.zone_field(ATLAS, name, side) for name in zones.zone_ids() for side in zones.sides(name)]
    for set_id in SETS:
        for point in points.places(ATLAS, skin, set_id, "midline", EDITION):
            corners = ATLAS.triangles[point.triangle]
            assert any(field[corners] @ point.weights > 0 for field in fields), (set_id, point.id, point.side)
            assert not shut & set(points.entered(point, dangers)), (set_id, point.id, point.side)


def test_a_point_in_a_margin_is_told() -> None:
    skin = ATLAS.body("female")
    dangers = danger.near(ATLAS, skin, EDITION)
    point = points.places(ATLAS, skin, "bio-aesthetic-points", "right", EDITION)[0]
    assert points.entered(point, dangers) == ()
    triangle, weights = int(ATLAS.landmark_triangles[0]), ATLAS.landmark_weights[0]
    moved = replace(
        point, triangle=triangle, weights=weights, position_mm=skin.at(np.array([triangle]), weights[None])[0]
    )
    assert points.entered(moved, dangers) == ("lips",)


def test_what_a_point_says() -> None:
    first = points.places(ATLAS, ATLAS.body("female"), "sacral-blebs", "left", EDITION, "fr")[0]
    assert (first.id, first.side, first.title, first.volume_ml, first.sourced) == (
        "iliac-spine", "left", "Épine iliaque postéro-supérieure", 0.1, True,
    )  # fmt: skip
    assert "ISWI2023" in {source.ref for source in first.sources}
    face = points.places(ATLAS, ATLAS.body("female"), "bio-aesthetic-points", "midline", EDITION)
    assert [point.volume_ml for point in face] == [0.2] * 10 and not any(point.sourced for point in face)
    lumbar = points.places(ATLAS, ATLAS.body("female"), "lumbar-levels", "right", EDITION)
    assert {point.volume_ml for point in lumbar} == {None}
    with pytest.raises(InputError, match="No set of points is called 'bap'"):
        points.places(ATLAS, ATLAS.body("female"), "bap", "right", EDITION)


def test_the_records_are_cited_and_can_be_read() -> None:
    for one in EDITION.point_sets.values():
        texts = [one.title, one.says, *(t for point in one.points.values() for t in (point.title, point.found))]
        assert all(set(text) == {"en", "fr"} for text in texts), one.id
        assert all(" safe" not in text["en"].casefold() for text in texts), one.id
    report = check(EDITION, DAY)
    assert not report.faults
    assert {name for name in report.unsourced if name.startswith("point_sets/")} == {
        f"point_sets/bio-aesthetic-points/{name}" for name in FACE.points
    }
    broken = FACE.model_copy(update={"source": (Citation(ref="NOBODY1999"),)})
    edition = replace(EDITION, point_sets={**EDITION.point_sets, FACE.id: broken})
    assert check(edition, DAY).faults == (
        "point set bio-aesthetic-points: cites 'NOBODY1999', which is not in sources",
    )
    page = pages.page(EDITION, "sacral-blebs")
    assert "Volume: 0.1 mL" in page and "0.1 mL at each" in page and "Below the iliac spine: 30 mm" in page
    page = pages.page(EDITION, FACE.id, "fr")
    assert "chin — Menton" in page and "UNSOURCED" in page.partition("chin — Menton")[2]
    assert "8 points  Points of the lower lumbar levels" in pages.listing(EDITION, "point_sets")
    with pytest.raises(InputError, match="Near it: sacral-blebs"):
        pages.page(EDITION, "sacral-bleb")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"volume_source": []}, "a volume needs a source"),
        ({"volume_ml": None}, "a volume needs a source"),
        ({"points": {}}, "at least 1 item"),
        ({"source": []}, "at least 1 item"),
    ],
)
def test_what_may_not_stand(change: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        PointSet.model_validate({**FACE.model_dump(mode="json"), **change})
