"""From an order to a map: zones, points, volumes, syringes, notices; the plan is the map's, and the map the plan's."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from nappage.injection_map import InjectionMap, danger, drawing, lay_out
from nappage.injection_map.atlas import load as load_atlas
from nappage.intake import Order
from nappage.knowledge import Edition, load
from nappage.values import InputError

EDITION: Edition = load(date(2026, 11, 25))
BASE: dict[str, Any] = {"technique": "papule", "spacing_mm": 10, "volume_per_point_ml": 0.02, "depth_mm": 1}


def drawn(sex: str | None = "female", **order: Any) -> InjectionMap:
    asked = {**BASE, **order}
    asked = {key: value for key, value in asked.items() if value is not None}
    return lay_out(Order.model_validate(asked), EDITION, sex=sex)


def about(map: InjectionMap, kind: str = "ask") -> list[str]:
    return [notice.about for notice in map.notices if notice.kind == kind]


@pytest.fixture(scope="module")
def face() -> InjectionMap:
    return drawn(areas=["face"], syringe_ml=1, map={"aim": "field", "layout": "strict"})


def test_points_are_numbered_in_the_order_of_the_needle_zone_by_zone(face: InjectionMap) -> None:
    assert [point.number for point in face.points] == list(range(1, len(face.points) + 1))
    in_turn = list(dict.fromkeys(point.zone for point in face.points))
    assert in_turn == [zone.id for zone in face.zones if zone.points]
    sides = [zone.side for zone in face.zones if zone.side != "midline"]
    assert sides == sorted(sides, reverse=True)  # the whole right side, then the left


def test_the_points_hold_what_the_zones_and_syringes_hold(face: InjectionMap) -> None:
    assert face.volume_ml == sum(point.volume_ml for point in face.points) == sum(zone.volume_ml for zone in face.zones)
    assert face.volume_ml == sum(syringe.volume_ml for syringe in face.syringes)
    assert all(syringe.volume_ml <= 1 for syringe in face.syringes)
    assert [point.syringe for point in face.points] == sorted(point.syringe for point in face.points)


@pytest.mark.parametrize(("sex", "spacing", "layout"), [("female", 5, "cover"), ("male", 7, "strict")])
def test_no_point_lies_in_a_danger_zone(sex: str, spacing: float, layout: str) -> None:
    atlas = load_atlas()
    areas = ["face", "nose", "neck", "decolletage", "knees", "abdomen"]
    map = drawn(sex, areas=areas, spacing_mm=spacing, map={"aim": "field", "layout": layout})
    surface = atlas.body(map.surface.body)
    triangles = np.array([point.place.triangle for point in map.points])
    weights = np.array([point.place.barycentric for point in map.points])
    positions = surface.at(triangles, weights)
    for one in danger.near(atlas, surface, EDITION):
        inside = one.at(triangles, weights, positions) - one.margin_mm
        assert inside.min() > 0, (one.id, float(inside.min()), map.points[int(inside.argmin())].zone)


def test_points_of_neighbouring_zones_keep_their_distance(face: InjectionMap) -> None:
    positions = np.array([point.position_mm for point in face.points])
    pairs = cKDTree(positions).query_pairs(0.9 * 10 - 0.05, output_type="ndarray")
    assert [(face.points[i].zone, face.points[j].zone) for i, j in pairs] == []


def test_a_place_and_its_position_agree(face: InjectionMap) -> None:
    surface = load_atlas().body("female")
    at = surface.at(
        np.array([point.place.triangle for point in face.points]),
        np.array([point.place.barycentric for point in face.points]),
    )
    assert np.abs(at - np.array([point.position_mm for point in face.points])).max() < 0.01


def test_the_map_round_trips_and_is_the_same_twice(face: InjectionMap) -> None:
    assert InjectionMap.model_validate_json(face.model_dump_json()) == face
    assert drawn(areas=["face"], syringe_ml=1, map={"aim": "field", "layout": "strict"}) == face


def test_the_left_cheek_mirrors_the_right_in_area() -> None:
    map = drawn(areas=["cheeks"], map={"aim": "field"})
    areas = {zone.id: zone.area_cm2 for zone in map.zones}
    assert areas["cheek-left"] == pytest.approx(areas["cheek-right"], rel=0.01)


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 120), st.sampled_from(["forehead", "cheeks", "chin", "scalp"]))
@example(120, "forehead")  # one point lay within the raster's border and beside the skin
def test_exactly_the_ordered_number_of_points(count: int, area: str) -> None:
    map = drawn(areas=[area], points=count, spacing_mm=None, map={"aim": "field"})
    assert len(map.points) == count
    assert map.volume_ml == count * Decimal("0.02")


def test_more_points_than_a_map_holds_are_refused_at_once() -> None:
    with pytest.raises(InputError, match=r"about \d+ points.*Give at least"):
        drawn(areas=["face"], spacing_mm=0.1)


@pytest.mark.parametrize(
    ("area", "zones"),
    [
        ("back of the neck", {"nape"}),
        ("back of hands", {"dorsal-hands"}),
        ("left cheek", {"cheek", "malar"}),
        ("the forehead", {"forehead"}),
    ],
)
def test_areas_in_everyday_words(area: str, zones: set[str]) -> None:
    assert {zone.zone for zone in drawn(areas=[area], spacing_mm=20, map={"aim": "field"}).zones} == zones


def test_points_and_spacing_that_contradict_are_asked_about() -> None:
    assert "spacing" in about(drawn(areas=["forehead"], points=20))
    assert "spacing" not in about(drawn(areas=["forehead"], points=20, spacing_mm=None))


def test_what_is_asked_blocks_signing_and_what_is_known_does_not(face: InjectionMap) -> None:
    assert face.may_be_signed
    assert about(drawn(areas=["forehead"])) == ["aim"]
    assert about(drawn(None, areas=["forehead"], map={"aim": "field"})) == ["sex"]
    assert not drawn(areas=["forehead"]).may_be_signed


def test_low_coverage_is_no_fault_where_points_are_the_aim() -> None:
    field, points = (drawn(areas=["forehead"], map={"aim": aim}).zones[0].coverage for aim in ("field", "points"))
    assert field is not None and points is not None
    assert field.share == points.share
    assert field.says != points.says


def test_deep_points_on_the_face_are_refused_and_on_the_thigh_not() -> None:
    assert {zone.depth.verdict for zone in drawn(areas=["cheeks"], depth_mm=6).zones} == {"refused"}
    thigh = drawn(areas=["thighs"], technique="point by point", spacing_mm=20, volume_per_point_ml=0.2, depth_mm=6)
    assert "refused" not in {zone.depth.verdict for zone in thigh.zones}


def test_a_danger_zone_is_entered_only_with_a_reason_and_never_the_eye() -> None:
    shut = drawn(areas=["cheeks"], map={"aim": "field"})
    opened = drawn(areas=["cheeks"], map={"aim": "field", "enter": {"facial-artery": "1 mm deep, Dr A. Example"}})
    assert len(opened.points) > len(shut.points)
    assert about(opened, "warn") == ["facial-artery"]
    assert next(one for one in opened.dangers if one.id == "facial-artery").entered == "1 mm deep, Dr A. Example"
    eye = drawn(areas=["tear trough"], map={"aim": "field", "enter": {"orbit": "please"}})
    assert about(eye, "refuse") == ["orbit"]
    assert "orbit" in eye.zones[0].cut_by
    assert about(drawn(areas=["cheeks"], map={"aim": "field", "enter": {"moon": "why not"}})) == ["moon"]


def test_points_are_erased_and_added_by_hand() -> None:
    before = drawn(areas=["forehead"], mixture=[{"product": "x", "volume_ml": 2}], volume_per_point_ml=None)
    gone = before.points[10]
    spot = {"triangle": gone.place.triangle, "barycentric": gone.place.barycentric, "radius_mm": 2}
    order: dict[str, Any] = {
        "areas": ["forehead"], "mixture": [{"product": "x", "volume_ml": 2}], "volume_per_point_ml": None,
    }  # fmt: skip
    after = drawn(**order, map={"erase": [spot]})
    assert len(after.points) == len(before.points) - 1
    assert after.volume_ml == before.volume_ml == 2  # the syringe's content goes to the points that are left
    assert gone.position_mm not in [point.position_mm for point in after.points]
    back = drawn(**order, map={"erase": [spot], "add": [{key: spot[key] for key in ("triangle", "barycentric")}]})
    assert len(back.points) == len(before.points)
    assert [point.added for point in back.points].count(True) == 1


def test_a_point_added_into_a_danger_zone_or_far_away_is_left_out() -> None:
    atlas = load_atlas()
    lips = next(one for one in danger.near(atlas, atlas.body("female"), EDITION) if one.id == "lips")
    triangle = int(np.argmin(lips.distance[atlas.triangles].max(axis=1)))
    spot = {"triangle": triangle, "barycentric": (0.4, 0.3, 0.3)}
    assert about(drawn(areas=["perioral"], map={"aim": "field", "add": [spot]}), "refuse") == ["add"]
    foot = int(np.argmin(atlas.body("female").corners[:, :, 1].max(axis=1)))
    far = drawn(areas=["neck"], map={"aim": "field", "add": [spot | {"triangle": foot}]})
    assert about(far) == ["add"]
    with pytest.raises(InputError, match="no triangle 999999"):
        drawn(areas=["neck"], map={"add": [{"triangle": 999999, "barycentric": (1, 0, 0)}]})


def test_one_zone_has_its_own_spacing_and_a_dragged_border() -> None:
    coarse = drawn(areas=["forehead"], map={"aim": "field", "zones": [{"zone": "forehead", "spacing_mm": 15}]})
    assert coarse.zones[0].spacing is not None and coarse.zones[0].spacing.wanted_mm == 15
    whole = drawn(areas=["forehead"], map={"aim": "field"})
    some = sorted(whole.points, key=lambda point: point.position_mm[0])
    corner = [
        some[0],
        max(some[:20], key=lambda p: p.position_mm[1]),
        some[-1],
        min(some, key=lambda p: p.position_mm[1]),
    ]
    border = [{"triangle": p.place.triangle, "barycentric": p.place.barycentric} for p in corner]
    dragged = drawn(areas=["forehead"], map={"aim": "field", "zones": [{"zone": "forehead", "border": border}]})
    assert dragged.zones[0].area_cm2 < 0.8 * whole.zones[0].area_cm2
    assert 0 < len(dragged.points) < len(whole.points)


def test_wheals_calibrate_the_coverage_or_stop_it() -> None:
    even = [{"volume_ml": 0.02, "diameter_mm": d} for d in (6.8, 7, 7, 7.2, 7.1, 6.9)]
    wild = [{"volume_ml": 0.02, "diameter_mm": d} for d in (2, 4, 7, 12, 3, 10)]

    def with_wheals(wheals: list[dict[str, float]]) -> InjectionMap:
        measured = {"by": "Dr A. Example", "measured_on": "2026-10-01", "wheals": wheals}
        return drawn(areas=["forehead"], map={"aim": "field", "wheals": measured})

    published, own = drawn(areas=["forehead"], map={"aim": "field"}), with_wheals(even)
    assert published.zones[0].coverage is not None and own.zones[0].coverage is not None
    assert own.zones[0].coverage.share.middle > published.zones[0].coverage.share.middle
    assert "Dr A. Example" in (own.zones[0].coverage.calibrated_by or "")
    assert with_wheals(wild).zones[0].coverage is None
    assert about(with_wheals(wild), "warn") == ["wheals"]


@pytest.mark.parametrize("pattern", ["lines", "threads", "fan"])
def test_other_patterns_lie_in_their_zone(pattern: str) -> None:
    zone = {"zone": "cheek", "side": "left", "pattern": pattern, "spacing_mm": 6, "thread_mm": 10}
    map = drawn(areas=[], map={"aim": "field", "zones": [zone]})
    assert {point.zone for point in map.points} == {"cheek-left"}
    assert (pattern == "lines") == all(point.to is None for point in map.points)
    if pattern != "lines":
        ends = np.array([point.to_position_mm for point in map.points])
        starts = np.array([point.position_mm for point in map.points])
        assert np.linalg.norm(ends - starts, axis=1) == pytest.approx(10, abs=1.5)


def test_a_map_with_too_small_a_zone_says_so() -> None:
    map = drawn(areas=["tear trough"], spacing_mm=60, technique="point by point", map={"aim": "points"})
    assert len(map.points) <= 2


@pytest.mark.parametrize(
    "order", [{"spacing_mm": None, "volume_per_point_ml": 0.02}, {"spacing_mm": 6, "volume_per_point_ml": None}]
)
def test_a_wanted_coverage_settles_what_the_order_leaves_open(order: dict[str, Any]) -> None:
    map = drawn(areas=["forehead"], **order, map={"aim": "field", "covered": 0.8})
    assert map.may_be_signed
    zone = map.zones[0]
    assert zone.coverage is not None
    # The zone has an edge, along which blebs are missing on one side.
    assert zone.coverage.share.middle == pytest.approx(0.8, abs=0.06)


def test_a_wanted_coverage_beside_spacing_and_volume_is_asked_about() -> None:
    assert about(drawn(areas=["forehead"], map={"aim": "field", "covered": 0.8})) == ["covered"]


def test_a_set_of_named_points_by_itself_and_beside_a_grid() -> None:
    alone = drawn(
        spacing_mm=None,
        volume_per_point_ml=None,
        map={"aim": "points", "point_sets": [{"set": "bio-aesthetic-points"}]},
    )
    assert len(alone.points) == 10
    assert all(point.name for point in alone.points)
    assert alone.volume_ml == 10 * Decimal("0.2")
    assert {zone.pattern for zone in alone.zones} == {"named"}
    assert about(alone, "warn") == ["bio-aesthetic-points"]  # how they are measured out has no source
    left = {"set": "bio-aesthetic-points", "side": "left"}
    beside = drawn(areas=["left cheek"], map={"aim": "field", "point_sets": [left]})
    assert sum(point.name is not None for point in beside.points) == 5
    assert all(point.position_mm[0] > 0 for point in beside.points)
    with pytest.raises(InputError, match="moon"):
        drawn(areas=["cheeks"], map={"point_sets": [{"set": "moon"}]})


def test_named_points_keep_their_volume_and_the_grid_its_distance() -> None:
    sets = [{"set": "bio-aesthetic-points", "side": "left"}]
    both = drawn(areas=["left cheek"], spacing_mm=8, map={"aim": "field", "point_sets": sets})
    named = [point for point in both.points if point.name]
    grid = np.array([point.position_mm for point in both.points if not point.name])
    assert {point.volume_ml for point in named} == {Decimal("0.2")}
    nearest = cKDTree(grid).query([point.position_mm for point in named])[0]
    assert nearest.min() > 0.85 * 8


def test_named_points_that_a_dragged_border_leaves_outside_are_refused() -> None:
    whole = drawn(areas=["left cheek"], map={"aim": "field"})
    cheek = [point for point in whole.points if point.zone == "cheek-left"]
    corner = sorted(cheek, key=lambda p: p.position_mm[1])[:5]
    middle = np.mean([p.position_mm for p in corner], axis=0)
    corner.sort(key=lambda p: np.arctan2(*(np.array(p.position_mm) - middle)[:2]))  # once around
    border = [{"triangle": p.place.triangle, "barycentric": p.place.barycentric} for p in corner]
    line = {"zone": "cheek", "side": "left", "border": border}
    map = drawn(
        areas=[], map={"aim": "field", "zones": [line], "point_sets": [{"set": "bio-aesthetic-points", "side": "left"}]}
    )
    where = {point.name for point in map.points if point.name}
    assert len(where) < 5
    assert "named" in about(map, "refuse")


def test_a_point_added_by_hand_has_its_own_volume() -> None:
    before = drawn(areas=["forehead"])
    spot = {"triangle": before.points[3].place.triangle, "barycentric": before.points[3].place.barycentric}
    map = drawn(areas=["forehead"], map={"aim": "field", "add": [spot | {"volume_ml": 0.05}]})
    assert [point.volume_ml for point in map.points if point.added] == [Decimal("0.05")]
    assert map.volume_ml == len(before.points) * Decimal("0.02") + Decimal("0.05")


def test_a_refused_depth_blocks_signing() -> None:
    deep = drawn(areas=["cheeks"], depth_mm=6, map={"aim": "field"})
    assert not deep.may_be_signed
    assert deep.open


def test_erasing_from_a_number_of_points_is_no_reason_to_refuse() -> None:
    before = drawn(areas=["forehead"], points=60, spacing_mm=None, map={"aim": "field"})
    gone = [{"triangle": p.place.triangle, "barycentric": p.place.barycentric} for p in before.points[:25]]
    after = drawn(areas=["forehead"], points=60, spacing_mm=None, map={"aim": "field", "erase": gone})
    assert len(after.points) == 35
    assert not about(after, "refuse")


def test_each_side_has_its_own_number_of_points() -> None:
    lines = [{"zone": "cheek", "side": "right", "points": 20}, {"zone": "cheek", "side": "left", "points": 8}]
    map = drawn(areas=[], spacing_mm=None, map={"aim": "field", "zones": lines})
    assert {zone.id: zone.points for zone in map.zones} == {"cheek-right": 20, "cheek-left": 8}


def test_the_left_half_of_the_forehead() -> None:
    map = drawn(areas=["left forehead"], map={"aim": "field"})
    assert {zone.id for zone in map.zones} == {"forehead-left"}
    assert all(point.position_mm[0] > -1 for point in map.points)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_danger_zone_is_not_entered_without_a_reason(reason: str) -> None:
    with pytest.raises(ValueError, match="enter"):
        drawn(areas=["cheeks"], map={"enter": {"facial-artery": reason}})


@pytest.mark.parametrize("diameters", [(7, 7, 7, 7, 7, 7), (9, 9, 9, 5, 5, 5)])
def test_wheals_that_do_not_grow_with_the_volume_give_no_coverage(diameters: tuple[float, ...]) -> None:
    wheals = [{"volume_ml": v, "diameter_mm": d} for v, d in zip((0.02,) * 3 + (0.05,) * 3, diameters, strict=True)]
    measured = {"by": "Dr A. Example", "measured_on": "2026-10-01", "wheals": wheals}
    map = drawn(areas=["forehead"], spacing_mm=None, map={"aim": "field", "covered": 0.8, "wheals": measured})
    assert map.zones[0].coverage is None
    assert "wheals" in about(map, "warn")
    assert "covered" in about(map)


@pytest.mark.parametrize(("each", "kind"), [(0.05, None), (0.09, "warn"), (1, "ask")])
def test_more_than_the_technique_is_published_with_is_said(each: float, kind: str | None) -> None:
    map = drawn(areas=["forehead"], volume_per_point_ml=each, map={"aim": "field"})
    assert [notice.kind for notice in map.notices if notice.about == "volume"] == ([kind] if kind else [])


def test_a_drop_for_a_whole_face_is_asked_about() -> None:
    little = [{"product": "x", "volume_ml": 0.01}]
    map = drawn(areas=["face"], volume_per_point_ml=None, mixture=little, map={"aim": "field"})
    assert map.volume_ml == Decimal("0.01")
    assert "volume" in about(map)


def test_calves_are_no_thighs() -> None:
    assert about(drawn(areas=["forehead", "calves", "eyelids"], map={"aim": "field"})) == ["calves", "eyelids"]


def test_threads_that_fit_into_some_zones_only() -> None:
    map = drawn(areas=["face"], technique="linear", spacing_mm=8, volume_per_point_ml=0.05, map={"aim": "field"})
    assert map.points
    empty = [zone.id for zone in map.zones if not zone.points]
    assert set(empty) <= set(about(map))


def test_everything_erased_is_no_map_to_sign() -> None:
    first = drawn(areas=["chin"]).points[0]
    spot = {"triangle": first.place.triangle, "barycentric": first.place.barycentric, "radius_mm": 200}
    assert "points" in about(drawn(areas=["chin"], map={"aim": "field", "erase": [spot]}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["points"][0].update(volume_ml=9), "volume"),
        (lambda m: m["points"][1].update(number=1), "numbers"),
        (lambda m: m["points"][0].update(zone="banana"), "banana"),
        (lambda m: m["zones"][0].update(points=1), "number of points"),
    ],
)
def test_a_map_that_does_not_add_up_is_not_read(change: Any, said: str, face: InjectionMap) -> None:
    broken = face.model_dump(mode="json")
    change(broken)
    with pytest.raises(ValueError, match=said):
        InjectionMap.model_validate(broken)


@pytest.mark.parametrize("spacing", [5, 8])
def test_no_step_of_the_needle_crosses_a_danger_zone(spacing: float) -> None:
    map = drawn("male", areas=["face", "nose"], spacing_mm=spacing, map={"aim": "field"})
    atlas = load_atlas()
    dangers = danger.near(atlas, atlas.body("male"), EDITION)
    steps = [(a, b) for a, b in itertools.pairwise(map.points) if not b.lift and a.zone == b.zone]
    assert len(steps) > 0.7 * len(map.points)
    for a, b in steps:
        way = np.linspace(a.position_mm, b.position_mm, 9)[1:-1]
        places = np.full(len(way), a.place.triangle), np.full((len(way), 3), 1 / 3)
        for one in dangers:
            assert np.abs(one.at(*places, way)).min() > one.margin_mm - 0.3, (a.number, b.number, one.id)


def test_a_chart_is_hardly_larger_than_its_zone(face: InjectionMap) -> None:
    for name in ("chin", "cheek-left", "forehead"):
        flat = drawing.flattened(face, next(zone for zone in face.zones if zone.id == name))
        across = np.ptp(np.vstack([*flat.border, flat.points]), axis=0)
        chart = drawing.chart(face, name, EDITION)
        # At 1:1 to 2:1, with a frame, the legend below and room for words above.
        assert chart.height_mm < 3 * (across[1] + 14) + 60, name
