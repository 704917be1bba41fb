"""Zones drawn by hand: painted freely or dragged, wherever the hand goes."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nappage.injection_map import InjectionMap, border_of, danger, drawing, lay_out, planning, zones
from nappage.injection_map import atlas as atlases
from nappage.injection_map import fit as fits
from nappage.intake import Order, Spot
from nappage.knowledge import load
from nappage.values import InputError

EDITION = load(date(2026, 11, 25))
ATLAS = atlases.load()
SKIN = ATLAS.body("female")
NOSE = ATLAS.landmarks_mm(SKIN)[4]


def at(place: Any) -> dict[str, Any]:
    """The skin nearest to a place (3,), as a spot."""
    triangles, weights, _ = SKIN.nearest(np.array(place, dtype=float))
    return {"triangle": int(triangles[0]), "barycentric": [float(w) for w in weights[0] / weights[0].sum()]}


def on_face(x: float, y: float, radius_mm: float, count: int = 8) -> list[dict[str, Any]]:
    """A ring as seen from the front, x and y mm beside the tip of the nose."""
    turns = np.arange(count) * 2 * np.pi / count
    return [at(NOSE + np.array([x + radius_mm * np.cos(a), y + radius_mm * np.sin(a), -10])) for a in turns]


def limb(x: float, y: float, z: float, radius_mm: float) -> list[dict[str, Any]]:
    return [at([x + radius_mm * np.cos(a), y + radius_mm * np.sin(a), z]) for a in np.arange(8) * np.pi / 4]


def laid(*lines: dict[str, Any], **order: Any) -> InjectionMap:
    base = {"technique": "papule", "spacing_mm": 5, "volume_per_point_ml": 0.02, "depth_mm": 1}
    return lay_out(
        Order.model_validate(base | order | {"map": {"aim": "field", "zones": lines}}), EDITION, sex="female"
    )


def about(map: InjectionMap, kind: str) -> list[str]:
    return [notice.about for notice in map.notices if notice.kind == kind]


def test_a_painted_zone_has_a_name_of_its_own_and_lies_where_it_was_drawn() -> None:
    map = laid({"zone": "Painted zone 1", "border": on_face(-38, 0, 14)})
    (zone,) = map.zones
    assert (zone.id, zone.zone, zone.title) == ("painted-zone-1-right", "Painted zone 1", "Painted zone 1, right")
    assert zone.points == len(map.points) > 8
    middle = np.mean([point.position_mm for point in map.points], axis=0)
    assert np.linalg.norm(middle[:2] - (NOSE[:2] - [38, 0])) < 8
    # Close to the ring's area, less what the danger zones take.
    assert {"facial-artery", "infraorbital-foramen"} & set(zone.cut_by)
    assert 1 < zone.area_cm2 < 8


@pytest.mark.parametrize(
    ("x", "asked", "side"), [(-38, None, "right"), (38, None, "left"), (38, "right", "right"), (0, None, "midline")]
)
def test_the_side_is_the_drawn_one_unless_the_other_is_asked_for(x: float, asked: str | None, side: str) -> None:
    line = {"zone": "here", "border": on_face(x, 55, 12)} | ({"side": asked} if asked else {})
    map = laid(line)
    assert [zone.side for zone in map.zones] == [side]
    xs = [point.position_mm[0] for point in map.points]
    assert {"right": max(xs) < 0, "left": min(xs) > 0, "midline": min(xs) < 0 < max(xs)}[side]


def test_half_of_a_zone_painted_across_the_midline() -> None:
    whole, half = (laid({"zone": "here", "border": on_face(0, 55, 14), "side": side}) for side in ("both", "left"))
    assert all(point.position_mm[0] > -0.5 for point in half.points)
    assert half.zones[0].area_cm2 == pytest.approx(whole.zones[0].area_cm2 / 2, rel=0.1)


def test_the_tightest_of_the_regions_it_lies_on_governs_the_depth() -> None:
    border = on_face(-38, 0, 16)
    both = laid({"zone": "here", "border": border}, depth_mm=0.9)
    (zone,) = both.zones
    patch, _ = zones.patch(ATLAS, "here", "right", SKIN, [], [Spot.model_validate(spot) for spot in border])
    under = zones.lies_on(ATLAS, patch, SKIN)
    assert {"cheek", "malar"} <= set(under)
    checks = [laid({"zone": name, "side": "right"}, depth_mm=0.9).zones[0].depth for name in under if name]
    least = min(checks, key=lambda check: min(chance.dermis for chance in check.chances))
    assert zone.depth.site == zone.site == least.site
    assert zone.depth.chances == least.chances
    assert about(both, "note") == ["atlas", "here-right"]
    only = laid({"zone": "here", "border": on_face(0, 78, 8)})
    assert only.zones[0].site == "forehead" and about(only, "note") == ["atlas"]


def test_too_deep_on_any_of_its_regions_is_refused_on_the_whole() -> None:
    jaw = np.mean([point.position_mm for point in laid({"zone": "jawline", "side": "right"}).points], axis=0)
    neck = np.mean([point.position_mm for point in laid({"zone": "neck"}).points], axis=0)
    steps = [jaw, (jaw + neck) / 2, (jaw + 2 * neck) / 3]
    middle = np.mean(steps, axis=0)
    ring = [at(middle + np.array([25 * np.cos(a), 30 * np.sin(a), 10])) for a in np.arange(10) * np.pi / 5]
    (zone,) = laid({"zone": "here", "border": ring}, depth_mm=5).zones
    assert zone.depth.verdict == "refused"


def test_skin_of_which_nothing_is_known_is_asked_about() -> None:
    calf = limb(-134, -550, 80, 25)
    nameless, named = laid({"zone": "here", "border": calf}), laid({"zone": "calves", "border": calf})
    assert nameless.zones[0].site == "" and nameless.zones[0].depth.verdict == "ask"
    assert not nameless.may_be_signed
    assert named.zones[0].site == "lower-legs"


def test_a_name_does_not_lend_its_skin_to_another_place() -> None:
    map = laid({"zone": "calves", "border": on_face(-50, -3, 6)})
    assert map.zones[0].site == "malar"


def test_no_point_of_a_painted_zone_lies_in_a_danger_zone() -> None:
    map = laid({"zone": "half a face", "border": on_face(-35, 10, 42, 20)}, spacing_mm=4)
    triangles = np.array([point.place.triangle for point in map.points])
    weights = np.array([point.place.barycentric for point in map.points])
    assert len(map.points) > 100
    for one in danger.near(ATLAS, SKIN, EDITION):
        assert (one.at(triangles, weights, SKIN.at(triangles, weights)) > one.margin_mm).all(), one.id
    eye = laid({"zone": "eye lid", "border": on_face(-32, 33, 9)})
    assert about(eye, "warn") == ["eye-lid-right"] and not eye.points and not eye.may_be_signed


def test_a_region_that_the_areas_do_not_name_is_asked_about() -> None:
    line = {"zone": "here", "border": on_face(-38, 0, 16)}
    out = {"pattern": "named"}
    cheeks = laid(line, {"zone": "cheek"} | out, {"zone": "malar"} | out, areas=["cheeks"])
    assert [zone.id for zone in cheeks.zones if zone.points] == ["here-right"]
    asked = about(cheeks, "ask")
    assert asked == ["here-right"]
    assert "Lower lid" in next(notice.text for notice in cheeks.notices if notice.kind == "ask")
    assert "here-right" not in about(laid(line, areas=["face"]), "ask")


def test_a_border_dragged_onto_another_zone_takes_that_skin_s_depth() -> None:
    border = on_face(-34, 16, 12)
    map = laid({"zone": "cheek", "side": "right", "border": border}, areas=["right cheek"])
    cheek = next(zone for zone in map.zones if zone.id == "cheek-right")
    assert cheek.site == "lower-lid" and about(map, "ask") == ["cheek-right"]


moves = st.tuples(st.integers(0, 15), st.floats(-90, 90), st.floats(-90, 90), st.floats(-60, 30))


bordered = given(
    st.sampled_from(["cheek", "forehead", "crows-feet", "neck", "scalp-crown", "my own"]), st.lists(moves, max_size=3)
)


@settings(max_examples=15, deadline=None, derandomize=True)
@bordered
def test_a_vertex_may_be_dragged_anywhere(zone: str, dragged: list[tuple[int, float, float, float]]) -> None:
    there_is_a_map_or_a_sentence(zone, dragged)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@bordered
def test_many_vertices_dragged_anywhere(zone: str, dragged: list[tuple[int, float, float, float]]) -> None:
    there_is_a_map_or_a_sentence(zone, dragged)


def there_is_a_map_or_a_sentence(zone: str, dragged: list[tuple[int, float, float, float]]) -> None:
    start = on_face(-40, 0, 15, 16) if zone == "my own" else [spot.model_dump() for spot in outline(zone)]
    for index, x, y, z in dragged:
        spot = Spot.model_validate(start[index % len(start)])
        here = SKIN.at(np.array([spot.triangle]), np.array([spot.barycentric]))[0]
        start[index % len(start)] = at(here + np.array([x, y, z]))
    try:
        map = laid({"zone": zone, "border": start}, spacing_mm=9)
    except InputError as error:
        assert error.place.startswith("order.map.zones") and error.remedy
        return
    for drawn in map.zones:
        assert drawn.area_cm2 > 0.29
        assert drawn.depth.site == drawn.site


def outline(zone: str) -> tuple[Spot, ...]:
    """A zone's own outline as a border, of the right side or the midline."""
    field = zones.zone_field(ATLAS, zone, zones.sides(zone)[0])
    patch = zones.Patch.of(SKIN, np.asarray((field[SKIN.triangles] > 0).any(axis=1)))
    patch = patch.where(patch.field(field, SKIN))
    ring = patch.on(SKIN).boundary_loops()[0]
    return border_of(
        [Spot(triangle=int(patch.triangle[i]), barycentric=tuple(patch.barycentric[i].tolist())) for i in ring]
    )


@pytest.mark.parametrize("zone", ["cheek", "forehead", "malar", "chin", "abdomen", "thighs"])
def test_a_zone_s_own_outline_as_a_border_is_the_zone(zone: str) -> None:
    whole = laid({"zone": zone}, spacing_mm=20)
    again = laid({"zone": zone, "border": [spot.model_dump() for spot in outline(zone)]}, spacing_mm=20)
    assert [one.area_cm2 for one in again.zones] == pytest.approx([one.area_cm2 for one in whole.zones], rel=0.06)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"zone": "x", "border": on_face(-38, 0, 14)[:2]}, "at least three"),
        ({"zone": "x", "border": [on_face(-38, 0, 14)[0]] * 5}, "encloses no skin"),
        ({"zone": "cheek", "border": [on_face(-38, 0, 14)[i] for i in (0, 4, 1, 5)]}, "crosses itself"),
        ({"zone": "x", "border": [on_face(-38, 0, 14)[i] for i in (0, 4, 1, 5)]}, "crosses itself"),
        ({"zone": "!?", "border": on_face(-38, 0, 14)}, "no name"),
        ({"zone": "x" * 61, "border": on_face(-38, 0, 14)}, "no name"),
        ({"zone": "chekk"}, "no zone of the atlas.*painted"),
        ({"zone": "ankle belt", "border": [at([-134 + 60 * np.cos(a), -650, 40 + 60 * np.sin(a)])
                                           for a in np.arange(10) * np.pi / 5]}, "too far around"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_zone_is_told_in_a_sentence(line: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        laid(line)


def test_two_zones_of_one_name() -> None:
    one, other = ({"border": on_face(x, 0, 12)} for x in (-36, -46))
    for name in ("a", "A", "a!"):
        with pytest.raises(InputError, match="two zones are called") as error:
            laid({"zone": "a"} | one, {"zone": name} | other)
        assert error.value.place in ("order.map.zones[0].zone", "order.map.zones[1].zone")
    map = laid({"zone": "a", "side": "right"} | one, {"zone": "a", "side": "left"} | one)
    assert [zone.id for zone in map.zones] == ["a-right", "a-left"]
    assert map.zones[0].area_cm2 == pytest.approx(map.zones[1].area_cm2, rel=0.01)


def test_a_painted_zone_is_carried_to_another_visit() -> None:
    map = laid({"zone": "here", "border": on_face(-38, 0, 14)}, {"zone": "chin"})
    later = fits.record(
        ATLAS, ATLAS.base("female") * 1.04, kind="scan", body="female", body_scale=1.04, scale="a test"
    )  # fmt: skip
    there = planning.carried(map, EDITION, later)
    assert [point.place for point in there.points] == [point.place for point in map.points]
    here, moved = (next(zone for zone in one.zones if zone.zone == "here") for one in (map, there))
    assert moved.area_cm2 > 1.04 * here.area_cm2
    assert moved.dragged == here.dragged


def test_it_is_drawn_with_the_head() -> None:
    map = laid({"zone": "here", "border": on_face(-38, 0, 14)})
    assert {"front"} <= set(drawing.views(map, SKIN, ATLAS, EDITION))
    assert "here" in drawing.chart(map, "here-right", EDITION).svg


# --- strokes ----------------------------------------------------------------------------------------------------------


def stroke(turns: float, count: int, shake_mm: float = 0.4, radius_mm: float = 15) -> list[Spot]:
    rng = np.random.default_rng(count)
    ways = np.linspace(0, 2 * np.pi * turns, count)
    reach = radius_mm + rng.normal(size=count) * shake_mm
    places = NOSE + np.stack([-38 + reach * np.cos(ways), -2 + reach * np.sin(ways), np.full(count, -10)], axis=1)
    triangles, weights, _ = SKIN.nearest(places)
    return [
        Spot(triangle=int(t), barycentric=tuple((w / w.sum()).tolist()))
        for t, w in zip(triangles, weights, strict=True)
    ]


@pytest.mark.parametrize(("turns", "count"), [(1, 12), (1, 400), (0.85, 200), (1.15, 200), (2.1, 700)])
def test_a_stroke_becomes_a_border_that_can_be_ordered(turns: float, count: int) -> None:
    drawn = stroke(turns, count)
    border = border_of(drawn)
    assert 6 <= len(border) <= 40
    assert {(spot.triangle, spot.barycentric) for spot in border} <= {(s.triangle, s.barycentric) for s in drawn}
    patch, smooth = (zones.patch(ATLAS, "here", "right", SKIN, [], one)[0] for one in (border, stroke(1.0, 60, 0)[1:]))
    assert patch.on(SKIN).areas_mm2.sum() == pytest.approx(smooth.on(SKIN).areas_mm2.sum(), rel=0.12)
    assert border_of(border) == border


def test_a_loop_at_the_end_of_a_stroke_goes() -> None:
    ring, loop = stroke(1.0, 80, 0), stroke(1, 20, 0, 3)
    border = border_of([*ring, *loop])
    patch, _ = zones.patch(ATLAS, "here", "right", SKIN, [], border)
    alone, _ = zones.patch(ATLAS, "here", "right", SKIN, [], border_of(ring))
    assert patch.on(SKIN).areas_mm2.sum() == pytest.approx(alone.on(SKIN).areas_mm2.sum(), rel=0.1)


@pytest.mark.parametrize("drawn", [[], stroke(1, 2), stroke(1, 40, 0, 1), stroke(0.02, 20, 0)])
def test_a_stroke_that_encloses_nothing_is_told(drawn: list[Spot]) -> None:
    with pytest.raises(InputError, match="too little skin"):
        border_of(drawn)
