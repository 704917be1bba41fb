"""Views and charts: what is seen is drawn, what is hidden is not, lengths are true, and an SVG stands by itself."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from tests.injection_map.fake_map import fake_map

from nappage.injection_map import atlas as atlases
from nappage.injection_map import drawing
from nappage.injection_map import fit as fits
from nappage.injection_map.mesh import Surface
from nappage.injection_map.render import camera_towards
from nappage.knowledge import load

SVG = "{http://www.w3.org/2000/svg}"
ZONES = {"forehead": ("grid", 12.0), "cheek": ("grid", 10.0), "nasolabial": ("threads", 8.0), "chin": ("named", 9.0)}


@pytest.fixture(scope="module")
def edition():
    return load(date(2026, 11, 25))


@pytest.fixture(scope="module")
def made():
    return fake_map(ZONES)


@pytest.fixture(scope="module")
def views(made, edition):
    return drawing.views(*made, atlases.load(), edition)


@pytest.fixture(scope="module")
def charts(made, edition):
    return {zone.id: drawing.chart(made[0], zone.id, edition, blebs=True) for zone in made[0].zones}


def numbers(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def dots(svg: str) -> np.ndarray:
    """(k, 2): the points of a picture; wheals are not filled with ink."""
    root = ElementTree.fromstring(svg)
    inked = [group for group in root.iter(f"{SVG}g") if group.get("fill") == drawing.INK]
    found = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for group in inked for c in group.iter(f"{SVG}circle")]
    return np.array(found)


def test_the_views_that_the_zones_need(views) -> None:
    assert list(views) == ["front", "oblique-right", "oblique-left"]


def test_svg_is_valid_small_described_and_loads_nothing(views, charts) -> None:
    for picture in (*views.values(), *charts.values()):
        root = ElementTree.fromstring(picture.svg)
        assert len(picture.svg) < 250_000
        title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None and title.text and desc is not None and desc.text == picture.alt
        assert root.attrib["aria-labelledby"].split() == [title.get("id"), desc.get("id")]
        assert float(root.attrib["width"].removesuffix("mm")) == picture.width_mm
        links = re.findall(r'href="([^"]{0,22})', picture.svg) + re.findall(r"url\(([^)]*)", picture.svg)
        assert all(link.startswith(("data:image/jpeg", "#")) for link in links)
        assert "<script" not in picture.svg and "<style" not in picture.svg


def test_a_chart_has_every_number_of_its_zone_and_no_other(made, charts) -> None:
    map, _ = made
    for zone in map.zones:
        own = {str(point.number) for point in map.points if point.zone == zone.id}
        shown = {text for text in numbers(charts[zone.id].svg) if text.isdigit()}
        assert shown == own
        assert len(dots(charts[zone.id].svg)) == len(own) == zone.points


def test_words_of_a_view_never_overlap(made, views) -> None:
    for picture in views.values():
        boxes = []
        for element in ElementTree.fromstring(picture.svg).iter(f"{SVG}text"):
            if element.get("paint-order") == "stroke":
                size = 1.75
                x, y, half = float(element.attrib["x"]), float(element.attrib["y"]), 0.31 * size * len(element.text)
                boxes.append((x - half, y - 0.72 * size, x + half, y))
        assert boxes
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_zones_are_named_beside_them_and_no_name_lies_on_a_point(made, views) -> None:
    shown = {name: [] for name in views}
    for name, picture in views.items():
        for group in ElementTree.fromstring(picture.svg).iter(f"{SVG}g"):
            if group.get("font-weight") == "600":
                size = float(group.attrib["font-size"])
                for text in group.iter(f"{SVG}text"):
                    shown[name].append(text.text)
                    x, y = float(text.attrib["x"]), float(text.attrib["y"]) - 0.36 * size
                    off = np.abs(dots(picture.svg) - [x, y]) > [0.25 * size * len(text.text), 0.4 * size]
                    assert off.any(axis=1).all(), (name, text.text)
    assert sorted(shown["front"]) == ["Cheek", "Cheek", "Chin", "Forehead", "Nasolabial", "Nasolabial"]
    assert shown["oblique-right"].count("Cheek") == 1


def test_the_first_view_explains_the_marks_it_uses(made, views) -> None:
    map = made[0]
    first, *others = (picture.caption for picture in views.values())
    assert all(word in first for word in ("Hatched", "Dashed", "Arrow", "Diamond"))
    assert not any("Hatched" in caption for caption in others)
    plainer = map.model_copy(update={"dangers": (), "syringes": map.syringes[:1]})
    said = drawing.views(plainer, made[1], atlases.load(), load(date(2026, 11, 25)))["front"].caption
    assert "Arrow" in said and not any(word in said for word in ("Hatched", "Dashed", "Diamond"))


def test_lengths_on_a_chart_are_those_of_the_skin(made, charts) -> None:
    map, _ = made
    for zone in map.zones:
        own = np.array([point.position_mm for point in map.points if point.zone == zone.id]).reshape(-1, 3)
        if len(own) < 3:
            continue
        words = " ".join(numbers(charts[zone.id].svg))
        scale = re.search(r"Printed ([\d.]+):([\d.]+)", words)
        assert scale
        flat = dots(charts[zone.id].svg) / (float(scale[1]) / float(scale[2]))
        solid = np.linalg.norm(own[:, None] - own[None], axis=2)
        plane = np.linalg.norm(flat[:, None] - flat[None], axis=2)
        near = (solid > 0) & (solid < 1.6 * np.min(solid[solid > 0]))
        assert np.abs(plane[near] / solid[near] - 1).max() < 0.04, zone.id


def test_the_scale_bar_of_a_chart_is_as_long_as_it_says(charts) -> None:
    for picture in charts.values():
        root = ElementTree.fromstring(picture.svg)
        bar = next(p.attrib["d"] for p in root.iter(f"{SVG}path") if "m0 -1h" in p.attrib.get("d", ""))
        said = next(text for text in numbers(picture.svg) if text.endswith(" mm") and text[:2].isdigit())
        scale = re.search(r"Printed ([\d.]+):([\d.]+)", " ".join(numbers(picture.svg)))
        assert scale
        length = float(re.search(r"m0 -1h([\d.]+)", bar)[1])
        assert length == pytest.approx(float(said.split()[0]) * float(scale[1]) / float(scale[2]), rel=0.01)


def test_a_view_is_true_to_its_scale_bar(made, views) -> None:
    """Dots of the forehead, seen nearly square: their distance in the picture's plane, by the bar."""
    map = made[0]
    svg = views["front"].svg
    bar = re.search(r"m0 -1h([\d.]+)m0 -1v2", svg)
    said = next(text for text in numbers(svg) if text.endswith(" mm"))
    assert bar
    paper = float(bar[1]) / float(said.split()[0])
    seen = np.array([p.position_mm for p in map.points])[drawn_in(made, "front")]
    flat = dots(svg)
    assert len(flat) == len(seen)
    wanted = np.linalg.norm(seen[:, None, :2] - seen[None, :, :2], axis=2) * paper
    assert np.abs(np.linalg.norm(flat[:, None] - flat[None], axis=2) - wanted).max() < 0.6


def drawn_in(made, name: str) -> np.ndarray:
    """Which points a view must draw, by rays: skin towards the eye, and no other skin before it."""
    map, surface = made
    yaw, pitch = np.radians(drawing.HEAD_VIEWS[name])
    eye = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    places = np.array([p.position_mm for p in map.points])
    facing = np.array([p.normal for p in map.points]) @ eye >= drawing.FACING
    corners = surface.corners[(surface.triangle_normals @ eye > 0) & (surface.corners[:, :, 1].min(axis=1) > 500)]
    out = []
    for place, open_ in zip(places, facing, strict=True):
        a = corners[:, 0]
        ab, ac, ap = corners[:, 1] - a, corners[:, 2] - a, place - a
        h = np.cross(eye, ac)
        det = (ab * h).sum(1)
        det = np.where(np.abs(det) < 1e-12, np.inf, det)
        u = (ap * h).sum(1) / det
        q = np.cross(ap, ab)
        v, t = (q @ eye) / det, (ac * q).sum(1) / det
        out.append(bool(open_) and not ((u >= 0) & (v >= 0) & (u + v <= 1) & (t > 2.5)).any())
    return np.array(out)


@pytest.mark.parametrize("name", ["front", "oblique-right", "oblique-left"])
def test_hidden_points_are_not_drawn(made, views, name: str) -> None:
    expected = drawn_in(made, name)
    count = len(dots(views[name].svg))
    assert not expected.all()
    assert abs(count - expected.sum()) <= 1  # one at the very edge may be judged either way
    assert f"{count} of {len(made[0].points)}" in views[name].caption


def test_an_unsourced_margin_is_dashed(made, views) -> None:
    dashed = {d.title for d in made[0].dangers if not d.sourced}
    found = {}
    for group in ElementTree.fromstring(views["front"].svg).iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None:
            found[title.text] = any(p.get("stroke-dasharray") for p in group.iter(f"{SVG}path"))
    assert found and {title for title, yes in found.items() if yes} == dashed & set(found)
    assert any(found.values()) and not all(found.values())


def test_threads_syringes_and_names_are_marked(made, charts, views) -> None:
    map, _ = made
    with_thread = [zone.id for zone in map.zones if zone.pattern == "threads" and zone.points]
    assert with_thread and all('stroke-width=".3"/><path' in charts[zone].svg for zone in with_thread)
    assert {"C1", "C2", "C3"} <= set(numbers(charts["chin"].svg)) & set(numbers(views["front"].svg))
    change = next(point for point in map.points if point.number == map.syringes[1].first_point)
    assert "syringe 2" in numbers(charts[change.zone].svg)


def test_wheals_are_drawn_at_their_size_only_when_asked_for(made, charts, edition) -> None:
    map, _ = made
    zone = map.zones[0]
    assert zone.coverage is not None
    plain = drawing.chart(map, zone.id, edition, blebs=False).svg
    assert 'fill-opacity=".14"' not in plain
    radius = float(re.search(r'fill-opacity="\.14".*?r="([\d.]+)"', charts[zone.id].svg)[1])
    scale = re.search(r"Printed ([\d.]+):([\d.]+)", charts[zone.id].svg)
    assert scale
    assert radius == pytest.approx(zone.coverage.bleb_mm.middle / 2 * float(scale[1]) / float(scale[2]), abs=0.02)


def test_french(edition) -> None:
    map, surface = fake_map({"chin": ("grid", 8.0)}, language="fr")
    views = drawing.views(map, surface, atlases.load(), edition)
    assert "droite du patient" in numbers(views["front"].svg)
    assert "De face" in views["front"].caption


def test_what_encloses_nothing_seen_is_not_filled(made) -> None:
    """The filled skin of a zone lies within its border: its area in the picture is that of the border's polygon."""
    map, surface = made
    forehead = map.zones[0]
    middle = np.array(forehead.border[0]).mean(axis=0)
    sight = drawing.Sight.of(surface, camera_towards(middle, 50_000, 220, 440))
    filled = sight.filled(drawing._borders(forehead))
    area = sum(abs(drawing._area(polygon)) for polygon in filled)
    ring = sight.camera.project(np.array(forehead.border[0]))[:, :2]
    assert area == pytest.approx(abs(drawing._area(ring)), rel=0.03)
    assert isinstance(surface, Surface)


def test_over_a_photograph_points_stand_where_the_camera_sees_them(made) -> None:
    map, surface = made
    atlas = atlases.load()
    camera = camera_towards(atlas.landmarks_mm(surface).mean(axis=0), 600, 300, 1200, yaw_deg=20)
    fit = fits.record(
        atlas, atlas.base("female"), kind="photograph", body="female", body_scale=1, scale="rendered", camera=camera
    )
    worn = map.surface.model_copy(update={"kind": "photograph", "fit": fit})
    grey = np.full((1200, 1200, 3), 150, dtype=np.uint8)
    png = drawing.over_photograph(grey, map.model_copy(update={"surface": worn}), fits.surface(atlas, fit))
    assert png.startswith(b"\x89PNG")
    named = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[1200:]
    assert named.shape[0] > 20 and named.shape[1] == 1200  # the names stand under the picture, with their colours
    tint = np.array(drawing._rgb(drawing._tint(map, map.zones[0])[0]))[::-1]
    assert (named == tint).all(axis=2).sum() > 50
    drawn = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR).max(axis=2)
    places = np.array([p.position_mm for p in map.points])
    x, y = np.rint(camera.project(places)[:, :2]).astype(int).T
    eye = -np.array(camera.translation_mm) @ camera.turn
    facing = ((eye - places) * np.array([p.normal for p in map.points])).sum(axis=1) > 0
    dark = drawn[y, x] < 90
    assert dark[facing].mean() > 0.8 and not dark[~facing].any() and (~facing).sum() > 3


def test_a_small_photograph_is_cut_to_the_head_and_enlarged(made) -> None:
    atlas = atlases.load()
    surface = made[1]
    camera = camera_towards(atlas.landmarks_mm(surface).mean(axis=0), 900, 600, 500)
    shown, (left, top, right, bottom) = drawing.overlaid(camera, surface)
    assert max(shown.width_px, shown.height_px) == drawing.ENLARGED_PX
    assert 0 <= left < right <= 500 and 0 <= top < bottom <= 500 and right - left < 340
    # A place is seen at the same spot of both pictures.
    places = atlas.landmarks_mm(surface)
    scale = shown.width_px / (right - left)
    wanted = (camera.project(places)[:, :2] + 0.5 - [left, top]) * scale - 0.5
    assert np.abs(shown.project(places)[:, :2] - wanted).max() < 2
    large = camera_towards(places.mean(axis=0), 900, 300, 1200)
    assert drawing.overlaid(large, surface) == (large, (0, 0, 1200, 1200))


def test_a_map_from_the_atlas_lies_on_no_photograph(made) -> None:
    with pytest.raises(ValueError, match="photograph"):
        drawing.over_photograph(np.zeros((10, 10, 3), dtype=np.uint8), *made)


def test_slivers_at_a_sharp_corner_do_not_spill_colour(made) -> None:
    """A border cut out of triangles has edges of micrometres that point anywhere."""
    map, surface = made
    zone = next(zone for zone in map.zones if zone.id == "cheek-right")
    middle = np.array(zone.border[0]).mean(axis=0)
    sight = drawing.Sight.of(surface, camera_towards(middle, 50_000, 160, 480, yaw_deg=-45))
    rough = []
    for x, y, z in zone.border[0]:
        rough += [(x, y, z), (x - 0.002, y + 0.003, z), (x + 0.001, y - 0.002, z + 0.001)]
    spoilt = zone.model_copy(update={"border": (tuple(rough), *zone.border[1:])})
    whole = sum(abs(drawing._area(polygon)) for polygon in sight.filled(drawing._borders(zone)))
    found = sum(abs(drawing._area(polygon)) for polygon in sight.filled(drawing._borders(spoilt)))
    assert found == pytest.approx(whole, rel=0.02)
