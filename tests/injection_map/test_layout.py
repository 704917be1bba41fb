"""Layouts judged by exact geodesics: spacing, cover and count on fixed and on random zones, across borders too."""

from __future__ import annotations

import os
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from nappage.injection_map import atlas as atlas_room
from nappage.injection_map import danger, zones
from nappage.injection_map.flatten import Flattening, cache_folder, flatten
from nappage.injection_map.layout import (
    Laid,
    Mode,
    lattice_count,
    lay_count,
    lay_fan,
    lay_grid,
    lay_lines,
    lay_named,
    lay_threads,
    no_points,
)
from nappage.injection_map.mesh import Floats, Ints, Patch, Surface
from nappage.injection_map.path import blocked_in, length_mm, onwards, order, sequence
from nappage.knowledge import load
from nappage.values import InputError

from .fixed_zones import NAMES, Body, fixed_zone
from .geodesics import distances_mm, gaps_mm, marked, to_nearest_mm

CV = {"cheek": 0.01, "forehead": 0.01, "neck": 0.02, "scalp": 0.035, "half-face": 0.04}
CLOSEST = {"strict": 0.9, "cover": 0.85}
JUDGED = 150  # points of a zone from which exact distances are solved; all pairs are held by their chords


@cache
def laid_flat(name: str, body: Body) -> tuple[Flattening, ...]:
    return flatten(fixed_zone(name, body))


@cache
def grid(name: str, body: Body, spacing_mm: float, mode: Mode) -> Laid:
    return lay_grid(laid_flat(name, body), spacing_mm, mode=mode)


def nearest_mm(skin: Surface, laid: Laid, spacing_mm: float, closest: float) -> Floats:
    """Exact distances to the nearest other point, for a sample of the points and for every point that by its chord
    could stand too near."""
    suspects = cKDTree(laid.positions_mm).query_pairs(closest * spacing_mm, output_type="ndarray")
    some = np.random.default_rng(0).permutation(len(laid))[:JUDGED]
    chosen = np.unique(np.concatenate([some, suspects.ravel()]).astype(np.int64))
    return to_nearest_mm(marked(skin, laid.faces, laid.weights), chosen, 2.0 * spacing_mm)


def random_spots(skin: Surface, count: int) -> tuple[Ints, Floats]:
    """Places spread evenly over a surface, by area."""
    rng = np.random.default_rng(1)
    faces = rng.choice(len(skin.triangles), count, p=skin.areas_mm2 / skin.areas_mm2.sum())
    return faces, rng.dirichlet([1.0, 1.0, 1.0], count)


def cover_mm(skin: Surface, laid: Laid, spots: int = 500) -> tuple[Floats, Floats]:
    """Exact distances to the nearest point: from spots spread over the zone, and from all vertices and spots."""
    faces, weights = random_spots(skin, spots)
    on = marked(skin, np.concatenate([laid.faces, faces]), np.vstack([laid.weights, weights]))
    gaps = gaps_mm(on, on.at[: len(laid)])
    return gaps[on.at[len(laid) :]], gaps


# --- grids -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["female", "male"])
@pytest.mark.parametrize("spacing_mm", [3.0, 5.0, 10.0])
@pytest.mark.parametrize("name", NAMES)
def test_strict_spacing_is_exact(name: str, spacing_mm: float, body: Body) -> None:
    skin, laid = fixed_zone(name, body), grid(name, body, spacing_mm, "strict")
    assert len(laid) >= 12
    exact = nearest_mm(skin, laid, spacing_mm, 0.9)
    assert exact.min() >= 0.9 * spacing_mm
    assert exact.std() / exact.mean() <= CV[name]
    assert exact.mean() == pytest.approx(spacing_mm, rel=0.03)


@pytest.mark.parametrize("body", ["female", "male"])
@pytest.mark.parametrize("spacing_mm", [3.0, 5.0, 10.0])
@pytest.mark.parametrize("name", NAMES)
def test_cover_covers(name: str, spacing_mm: float, body: Body) -> None:
    skin, laid = fixed_zone(name, body), grid(name, body, spacing_mm, "cover")
    assert nearest_mm(skin, laid, spacing_mm, 0.85).min() >= 0.85 * spacing_mm
    spread, all_gaps = cover_mm(skin, laid)
    assert (spread <= 0.65 * spacing_mm).mean() >= 0.95
    assert all_gaps.max() <= 0.95 * spacing_mm
    assert laid.spacing is not None
    assert laid.spacing.largest_gap_mm <= 0.95 * spacing_mm  # found by a closer search, held to exact ways below
    assert len(laid) == pytest.approx(lattice_count(skin.areas_mm2.sum(), spacing_mm), rel=0.12)


@pytest.mark.parametrize("name", NAMES)
def test_the_document_says_what_exact_geodesics_say(name: str) -> None:
    spacing_mm = 10.0
    for mode in ("strict", "cover"):
        laid = grid(name, "male", spacing_mm, mode)
        skin = fixed_zone(name, "male")
        exact = to_nearest_mm(marked(skin, laid.faces, laid.weights), np.arange(len(laid)), 25.0)
        spread, gaps = cover_mm(skin, laid, 2000)
        assert laid.spacing is not None
        # Across a bay of the border the document takes the chord: there the skin outside may be the shorter way.
        chord = cKDTree(laid.positions_mm).query(laid.positions_mm, k=2)[0][:, 1].min()
        assert chord * 0.999 <= laid.spacing.min_mm <= exact.min() * 1.002
        assert laid.spacing.mean_mm == pytest.approx(exact.mean(), rel=0.003)
        assert laid.spacing.cv == pytest.approx(exact.std() / exact.mean(), abs=0.005)
        # Never less than what is found here; the few spots judged need not hit the farthest one.
        assert gaps.max() - 0.05 <= laid.spacing.largest_gap_mm <= gaps.max() + 0.1 * spacing_mm
        assert laid.spacing.within_065 == pytest.approx((spread <= 0.65 * spacing_mm).mean(), abs=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_a_way_measured_in_the_plane_is_the_way_on_the_skin(name: str) -> None:
    skin, flat = fixed_zone(name, "female"), laid_flat(name, "female")
    assert len(flat) == 1
    faces, weights = random_spots(skin, 250)
    exact = distances_mm(marked(skin, faces, weights), np.arange(12), 15.0)
    i, j = np.nonzero(np.isfinite(exact))
    own = np.searchsorted(flat[0].faces, faces)
    uv = np.einsum("kc,kcd->kd", weights, flat[0].uv_mm[flat[0].disc.triangles[own]])
    error = flat[0].raster.ways_mm(uv[i], uv[j]) / exact[i, j] - 1
    far = exact[i, j] > 2.0
    assert far.sum() > 40
    assert np.median(np.abs(error[far])) < 0.002
    assert np.percentile(np.abs(error[far]), 95) < 0.02


def test_the_same_wishes_give_the_same_points() -> None:
    first, then = (lay_grid(flatten(fixed_zone("cheek", "female")), 7.0, mode="cover") for _ in range(2))
    assert np.array_equal(first.positions_mm, then.positions_mm)
    assert np.array_equal(first.rows, then.rows)


@pytest.mark.parametrize("degrees", [0.0, 25.0, -40.0])
def test_rows_run_as_asked_against_the_horizontal(degrees: float) -> None:
    skin = fixed_zone("forehead", "female")
    laid = lay_grid(laid_flat("forehead", "female"), 5.0, rows_deg=degrees)
    same = np.flatnonzero(laid.rows[1:] == laid.rows[:-1])
    hop = laid.positions_mm[same + 1] - laid.positions_mm[same]
    normal = skin.normals_at(laid.faces, laid.weights)[same]
    level = np.cross([0.0, 1.0, 0.0], normal)
    turn = np.degrees(np.arctan2((hop * np.cross(normal, level)).sum(axis=1), (hop * level).sum(axis=1)))
    assert np.median(turn) == pytest.approx(degrees, abs=6)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40, 111])
def test_as_many_points_as_were_asked_for(count: int) -> None:
    for mode in ("strict", "cover"):
        laid = lay_count(laid_flat("half-face", "female"), count, mode=mode)
        assert len(laid) == count
        if count >= 12:
            exact = nearest_mm(fixed_zone("half-face", "female"), laid, 5.0 if count > 40 else 10.0, 0.85)
            assert laid.spacing is not None
            assert exact.min() >= 0.85 * laid.spacing.wanted_mm


def test_a_zone_smaller_than_the_spacing_has_one_point_in_its_middle() -> None:
    flat = laid_flat("cheek", "female")
    for mode in ("strict", "cover"):
        laid = lay_grid(flat, 200.0, mode=mode)
        assert len(laid) == 1
        assert laid.spacing is None
    assert flat[0].raster.depth_mm(np.zeros((1, 2)))[0] > 0


# --- neighbours and pieces -------------------------------------------------------------------------------------------

FACE = (
    "forehead",
    "glabella",
    "temple",
    "crows-feet",
    "lower-lid",
    "malar",
    "cheek",
    "nasolabial",
    "perioral",
    "chin",
    "jawline",
)


@pytest.mark.parametrize("mode", ["strict", "cover"])
def test_no_pair_across_borders_is_too_near(mode: Mode) -> None:
    atlas = atlas_room.load()
    body = atlas.body("female")
    spacing_mm, near = 10.0, no_points()
    for zone in FACE:
        for side in zones.sides(zone):
            patch, _ = zones.patch(atlas, zone, side, body, ())
            near = np.vstack(
                [near, lay_grid(flatten(patch.on(body)), spacing_mm, mode=mode, near_mm=near).positions_mm]
            )
    assert len(near) > 180
    head = (body.vertices_mm[body.triangles, 1] > near[:, 1].min() - 20).all(axis=1)
    used, triangles = np.unique(body.triangles[head], return_inverse=True)
    skin = Surface(body.vertices_mm[used], triangles.reshape(-1, 3))
    faces, weights, away = skin.nearest(near)
    assert away.max() < 1e-6
    everyone = Laid(faces, weights, near, np.zeros(len(near), dtype=np.int64), None, faces[:0], weights[:0], near[:0])
    assert nearest_mm(skin, everyone, spacing_mm, CLOSEST[mode]).min() >= CLOSEST[mode] * spacing_mm


def test_neighbours_points_count_for_the_cover() -> None:
    """Two halves of one zone: the second, laid beside the first, needs fewer points than alone, and both cover."""
    skin = fixed_zone("forehead", "female")
    right = skin.corners.mean(axis=1)[:, 0] < 0
    halves = [Surface(skin.vertices_mm, skin.triangles[chosen]) for chosen in (right, ~right)]
    first = lay_grid(flatten(halves[0]), 10.0, mode="cover")
    second = lay_grid(flatten(halves[1]), 10.0, mode="cover", near_mm=first.positions_mm)
    faces = np.concatenate([np.flatnonzero(right)[first.faces], np.flatnonzero(~right)[second.faces]])
    both = Laid(
        faces, np.vstack([first.weights, second.weights]), np.vstack([first.positions_mm, second.positions_mm]),
        np.zeros(len(faces), dtype=np.int64), None, faces[:0], first.weights[:0], no_points(),
    )  # fmt: skip
    assert nearest_mm(skin, both, 10.0, 0.85).min() >= 8.5
    spread, gaps = cover_mm(skin, both)
    assert (spread <= 6.5).mean() >= 0.95
    assert gaps.max() <= 9.5


def test_pieces_keep_their_distance() -> None:
    skin = fixed_zone("neck", "female")
    strip = np.abs(skin.corners.mean(axis=1)[:, 0]) > 3.0
    two = Surface(skin.vertices_mm, skin.triangles[strip])
    flat = flatten(two)
    assert len(flat) == 2
    laid = lay_grid(flat, 12.0)
    exact = nearest_mm(skin, _moved(laid, np.flatnonzero(strip)), 12.0, 0.9)
    assert exact.min() >= 0.9 * 12
    assert set(np.sign(laid.positions_mm[:, 0])) == {-1.0, 1.0}


def _moved(laid: Laid, faces: Ints) -> Laid:
    return Laid(
        faces[laid.faces], laid.weights, laid.positions_mm, laid.rows, None, laid.to_faces, laid.to_weights, laid.to_mm
    )  # fmt: skip


def test_skin_that_runs_around_is_laid_out_in_halves_and_nothing_is_lost() -> None:
    atlas = atlas_room.load()
    body = atlas.body("female")
    skin = zones.patch(atlas, "neck", "midline", body, ())[0].on(body)
    flat = flatten(skin)
    assert len(flat) > 1
    assert sorted(np.concatenate([piece.faces for piece in flat])) == list(range(len(skin.triangles)))
    assert not any(piece.fails for piece in flat)
    laid = lay_grid(flat, 10.0)
    assert nearest_mm(skin, laid, 10.0, 0.9).min() >= 9.0


# --- lines, threads, fans, named points ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cheek", "neck", "half-face"])
def test_nappage_lines_keep_step_and_pitch(name: str) -> None:
    skin, laid = fixed_zone(name, "female"), lay_lines(laid_flat(name, "female"), 2.0, 4.0, rows_deg=20.0)
    exact = distances_mm(marked(skin, laid.faces, laid.weights), np.arange(0, len(laid), len(laid) // 40), 6.0)
    assert exact.min() >= 0.9 * 2.0
    assert np.median(exact.min(axis=1)) == pytest.approx(2.0, rel=0.01)
    across = np.where(laid.rows[None, :] == laid.rows[:: len(laid) // 40, None], np.inf, exact).min(axis=1)
    across = across[np.isfinite(across)]
    assert np.median(across) == pytest.approx(4.0, rel=0.06)
    assert across.min() > 0.8 * 4.0


def test_threads_are_as_long_as_asked_and_stay_inside() -> None:
    skin, flat = fixed_zone("cheek", "male"), laid_flat("cheek", "male")
    laid = lay_threads(flat, 15.0, 6.0)
    assert len(laid) >= 5
    both = marked(skin, np.concatenate([laid.faces, laid.to_faces]), np.vstack([laid.weights, laid.to_weights]))
    exact = distances_mm(both, np.arange(len(laid)), 20.0)
    assert np.diag(exact[:, len(laid) :]) == pytest.approx(np.full(len(laid), 15.0), rel=0.01)
    assert skin.at(laid.to_faces, laid.to_weights) == pytest.approx(laid.to_mm, abs=1e-9)
    ends = np.vstack([laid.positions_mm, laid.to_mm])
    assert lay_threads(flat, 15.0, 6.0, near_mm=ends[:1]).positions_mm.shape[0] < len(laid)
    with pytest.raises(InputError, match="no thread of 300 mm fits"):
        lay_threads(flat, 300.0, 6.0)


def test_a_fan_has_one_entry_and_its_tips_stand_apart() -> None:
    skin, flat = fixed_zone("cheek", "male"), laid_flat("cheek", "male")
    laid = lay_fan(flat, 18.0, 6.0)
    assert len(laid) >= 4
    assert np.ptp(laid.positions_mm, axis=0).max() < 1e-9
    assert laid.spacing is None
    tips = marked(skin, np.concatenate([laid.faces[:1], laid.to_faces]), np.vstack([laid.weights[:1], laid.to_weights]))
    exact = distances_mm(tips, np.arange(len(laid) + 1), 30.0)
    assert exact[0, 1:] == pytest.approx(np.full(len(laid), 18.0), rel=0.02)
    assert np.diag(exact[1:, 1:], 1) == pytest.approx(np.full(len(laid) - 1, 6.0), rel=0.06)
    entry = flat[0].raster.at(np.zeros((1, 2)))[0]
    chosen = lay_fan(flat, 10.0, 5.0, entry_mm=entry)
    assert np.linalg.norm(chosen.positions_mm[0] - entry) < 1.0
    with pytest.raises(InputError, match="no thread of 300 mm fits"):
        lay_fan(flat, 300.0, 6.0)


def test_named_points_are_put_onto_the_zone_in_their_order() -> None:
    skin = fixed_zone("cheek", "female")
    wanted = skin.vertices_mm[[40, 7, 90]]
    laid = lay_named(skin, wanted + skin.vertex_normals[[40, 7, 90]] * 2.0)
    assert np.abs(laid.positions_mm - wanted).max() < 1.2
    assert len(lay_named(skin, no_points())) == 0


# --- flattening and its cache ----------------------------------------------------------------------------------------


def cylinder(radius_mm: float) -> Surface:
    angle, height = np.meshgrid(np.linspace(-1.2, 1.2, 40), np.linspace(-30, 30, 30))
    vertices = np.stack([radius_mm * np.sin(angle), height, radius_mm * np.cos(angle)], axis=-1).reshape(-1, 3)
    at = np.arange(29 * 40).reshape(29, 40)[:, :-1].ravel()
    faces = np.vstack([np.stack([at, at + 1, at + 41], 1), np.stack([at, at + 41, at + 40], 1)])
    return Surface(vertices, faces)


def test_a_developable_surface_is_laid_flat_without_stretch() -> None:
    (flat,) = flatten(cylinder(45.0))
    assert np.abs(flat.stretch - 1).max() < 2e-3
    assert np.ptp(flat.uv_mm, axis=0) == pytest.approx([2.4 * 45, 60], rel=2e-3)
    assert flat.jacobians[:, :, 0] @ [0, 1, 0] == pytest.approx(np.zeros(len(flat.faces)), abs=5e-3)  # u is level
    assert (flat.jacobians[:, :, 1] @ [0, 1, 0]).min() > 0.99  # and v points up


def test_a_hole_is_no_skin() -> None:
    mesh = trimesh.creation.icosphere(4, 60.0)
    middle = mesh.triangles_center
    ring = (middle[:, 2] > 20) & (np.linalg.norm(middle[:, :2] - [10, 5], axis=1) > 12)
    (flat,) = flatten(Surface(np.array(mesh.vertices), np.array(mesh.faces[ring], dtype=np.int64)))
    assert len(flat.outlines) == 2
    assert flat.skin == ring.sum() < len(flat.disc.triangles)
    laid = lay_grid([flat], 5.0, mode="cover")
    away = np.linalg.norm(laid.positions_mm[:, :2] - [10, 5], axis=1)
    rim = np.linalg.norm(flat.disc.vertices_mm[flat.outlines[1], :2] - [10, 5], axis=1)
    assert rim.min() - 0.1 < away.min() < rim.max() + 2.5  # up to the hole, not into it


def test_a_flattening_is_kept_and_a_bad_cache_is_no_error(tmp_path: Path) -> None:
    skin = fixed_zone("cheek", "female")
    folder = tmp_path / "cache"
    fresh = flatten(skin, folder)[0].uv_mm
    (kept,) = folder.iterdir()
    written = kept.read_bytes()
    np.save(kept, fresh + 1.0)
    assert np.array_equal(flatten(skin, folder)[0].uv_mm, fresh + 1.0)  # it is read
    for broken in (b"", written[:100], b"\x93NUMPY nonsense"):
        kept.write_bytes(broken)
        assert np.array_equal(flatten(skin, folder)[0].uv_mm, fresh)
        assert kept.read_bytes() == written
    np.save(kept, np.full_like(fresh, np.nan))
    assert np.array_equal(flatten(skin, folder)[0].uv_mm, fresh)
    (tmp_path / "file").write_text("no folder")
    assert np.array_equal(flatten(skin, tmp_path / "file" / "below")[0].uv_mm, fresh)
    moved = Surface(skin.vertices_mm * 1.01, skin.triangles)
    assert not np.array_equal(flatten(moved, folder)[0].uv_mm, fresh)  # another skin, another key


def test_the_cache_lies_in_the_users_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("2026.1") == tmp_path / "nappage" / "2026.1"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the specification: to be ignored
    assert cache_folder("2026.1") == Path(os.path.expanduser("~")) / ".cache" / "nappage" / "2026.1"


# --- random zones ----------------------------------------------------------------------------------------------------


@cache
def dangers(body: Body) -> tuple[danger.Danger, ...]:
    atlas = atlas_room.load()
    return tuple(danger.near(atlas, atlas.body(body), load(date(2026, 11, 25))))


@cache
def whole_zone(zone: str) -> Patch:
    atlas = atlas_room.load()
    return zones.patch(atlas, zone, zones.sides(zone)[-1], atlas.body("female"), dangers("female"))[0]


def random_zone(seed: int) -> tuple[Patch, Surface, float]:
    """A part of one of the atlas's zones on a random body, and a spacing that puts 12 to 150 points on it."""
    rng = np.random.default_rng(seed)
    atlas = atlas_room.load()
    # Not the nose: skin inside a nostril hangs on it by a bridge far narrower than the spacing, and a point is alone.
    patch = whole_zone(str(rng.choice([zone for zone in zones.zone_ids() if zone != "nose"])))
    mix = rng.random()
    base = (1 - mix) * atlas.base("female") + mix * atlas.base("male")
    body = atlas.surface(base * rng.uniform(0.9, 1.1, 3))
    skin = patch.on(body)
    around = skin.vertices_mm - skin.vertices_mm[rng.integers(len(skin.vertices_mm))]
    size = np.sqrt(skin.areas_mm2.sum())
    fields = (
        rng.uniform(0.5, 1.2) * size - np.linalg.norm(around, axis=1),
        np.linalg.norm(around, axis=1) - rng.uniform(0.05, 0.3) * size,
        around @ rng.normal(size=3) + rng.uniform(0, 0.3) * size,
    )
    cut = patch.where(fields[rng.integers(3)])
    cut = cut.only(cut.on(body).pieces() == 0)
    area = cut.on(body).areas_mm2.sum()
    return cut, body, float(np.sqrt(area / (rng.uniform(14, 150) * np.sqrt(0.75))))


@pytest.mark.parametrize("body", ["female", "male"])
def test_no_point_lies_in_a_danger_zone(body: Body) -> None:
    atlas = atlas_room.load()
    surface = atlas.body(body)
    cut, points = 0, 0
    for zone in ("cheek", "temple", "nose", "lower-lid", "perioral", "neck"):
        patch, cut_by = zones.patch(atlas, zone, zones.sides(zone)[0], surface, dangers(body))
        laid = lay_grid(flatten(patch.on(surface)), 5.0, mode="cover")
        triangles, weights = patch.place(laid.faces, laid.weights)
        points, cut = points + len(laid), cut + len(cut_by)
        for one in dangers(body):
            read = (weights * one.distance[surface.triangles[triangles]]).sum(axis=1)
            assert (read > one.margin_mm).all()
            # The border is drawn linearly across triangles; where those are coarse it lies up to half a mm off.
            assert (one.at(triangles, weights, laid.positions_mm) > one.margin_mm - 0.6).all()
    assert points > 150
    assert cut > 8


def on_the_body(patch: Patch, body: Surface, laid: Laid, spacing_mm: float) -> Floats:
    """Exact distances to the nearest other point over all of the body's skin, that outside the zone too."""
    triangles, weights = patch.place(laid.faces, laid.weights)
    around = cKDTree(laid.positions_mm).query(body.vertices_mm)[0] < 4 * spacing_mm + 15
    chosen = around[body.triangles].any(axis=1)
    used, local = np.unique(body.triangles[chosen], return_inverse=True)
    skin = Surface(body.vertices_mm[used], local.reshape(-1, 3))
    places = (np.cumsum(chosen) - 1)[triangles]
    exact = to_nearest_mm(marked(skin, places, weights), np.arange(len(laid)), 2.5 * spacing_mm)
    return exact[np.isfinite(exact)]


def holds_on_a_random_zone(seed: int) -> None:
    patch, body, spacing_mm = random_zone(seed)
    flat = flatten(patch.on(body))
    strict = lay_grid(flat, spacing_mm)
    exact = on_the_body(patch, body, strict, spacing_mm)
    assert exact.min(initial=np.inf) >= 0.9 * spacing_mm  # a zone that holds one point has no distance
    if len(strict) >= 12:
        assert exact.std() / exact.mean() <= 0.05
    cover = lay_grid(flat, spacing_mm, mode="cover")
    assert on_the_body(patch, body, cover, spacing_mm).min(initial=np.inf) >= 0.85 * spacing_mm
    # Ragged ends narrower than the spacing may stay bare: how much is covered is held on the fixed zones.
    assert cover.spacing is None or cover.spacing.within_065 >= 0.8


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000))
def test_random_zones(seed: int) -> None:
    holds_on_a_random_zone(seed)


@pytest.mark.long
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1))
def test_many_random_zones(seed: int) -> None:
    holds_on_a_random_zone(seed)


# --- the needle's path -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("spacing_mm", [5.0, 10.0])
def test_the_path_visits_every_point_once_and_is_short(name: str, spacing_mm: float) -> None:
    laid, flat = grid(name, "female", spacing_mm, "strict"), laid_flat(name, "female")
    blocked = blocked_in(flat, laid.positions_mm)
    way, lifts = order(laid.positions_mm, laid.rows, blocked=blocked)
    assert sorted(way) == list(range(len(laid)))
    assert length_mm(laid.positions_mm[way]) <= 1.2 * (len(laid) - 1) * spacing_mm
    assert not lifts[0]
    assert lifts.sum() <= 4
    assert np.array_equal(lifts[1:], blocked(way[:-1], way[1:]))


def test_rows_of_a_convex_zone_are_walked_there_and_back() -> None:
    (flat,) = flatten(cylinder(60.0))
    laid = lay_grid([flat], 8.0, rows_deg=0.0)
    way, lifts = order(laid.positions_mm, laid.rows, blocked=blocked_in([flat], laid.positions_mm))
    assert not lifts.any()
    assert (np.diff(laid.rows[way]) >= 0).all()
    assert laid.positions_mm[way[0], 1] > laid.positions_mm[way[-1], 1]  # from the top
    left_to_right = [np.sign(np.diff(laid.positions_mm[way[laid.rows[way] == row], 0]).mean()) for row in range(3)]
    assert left_to_right == [1, -1, 1]


def test_no_step_leads_across_the_eye() -> None:
    laid, flat = grid("half-face", "female", 5.0, "strict"), laid_flat("half-face", "female")
    skin = fixed_zone("half-face", "female")
    way, lifts = order(laid.positions_mm, laid.rows, blocked=blocked_in(flat, laid.positions_mm))
    hops = np.stack([laid.positions_mm[way[:-1]], laid.positions_mm[way[1:]]], axis=1)[~lifts[1:]]
    rim = skin.vertices_mm[skin.boundary_loops()[1]]
    eye = rim.mean(axis=0)
    nearest = np.linalg.norm((rim - eye)[:, :2], axis=1).min()
    for share in np.linspace(0, 1, 9):
        spots = hops[:, 0] * (1 - share) + hops[:, 1] * share
        assert np.linalg.norm((spots - eye)[:, :2], axis=1).min() > nearest - 1.0  # a hop may graze the rim
    there = np.argsort(np.linalg.norm(laid.positions_mm - eye, axis=1))[:12]
    beyond = blocked_in(flat, laid.positions_mm)(np.repeat(there, 12), np.tile(there, 12))
    assert beyond.any()  # across the eye it is blocked


def test_zones_from_top_to_bottom_one_side_then_the_other() -> None:
    sides = ["left", "right", "midline", "left", "midline"]
    heights = [700.0, 690.0, 720.0, 640.0, 580.0]
    assert sequence(heights, sides) == [2, 1, 4, 0, 3]  # type: ignore[arg-type]


def test_a_zone_is_entered_at_the_nearer_end() -> None:
    first = np.array([[0.0, 0, 0], [10, 0, 0]])
    second = np.array([[40.0, 0, 0], [15, 0, 0]])
    assert onwards([first, second, no_points(), second]) == [False, True, False, False]
