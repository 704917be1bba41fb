"""Skin as surfaces and patches: a cut keeps the area, the places and the topology right."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from nappage.injection_map.mesh import Patch, Surface


def ball(radius_mm: float = 50.0) -> Surface:
    mesh = trimesh.creation.icosphere(4, radius_mm)
    return Surface(np.array(mesh.vertices), np.array(mesh.faces, dtype=np.int64))


@pytest.fixture(scope="module")
def sphere() -> Surface:
    return ball()


@pytest.fixture(scope="module")
def whole(sphere: Surface) -> Patch:
    return Patch.of(sphere, np.ones(len(sphere.triangles), dtype=bool))


def test_a_cap_has_the_area_of_a_cap_and_one_outline(sphere: Surface, whole: Patch) -> None:
    cap = whole.where(whole.field(sphere.vertices_mm[:, 2] - 10.3, sphere)).on(sphere)
    assert cap.areas_mm2.sum() == pytest.approx(2 * np.pi * 50 * (50 - 10.3), rel=0.005)
    assert cap.vertices_mm[:, 2].min() == pytest.approx(10.3, abs=1e-6)
    assert len(cap.boundary_loops()) == 1
    mesh = trimesh.Trimesh(cap.vertices_mm, cap.triangles, process=False)
    assert mesh.euler_number == 1
    assert mesh.is_winding_consistent


def test_a_cut_and_its_complement_share_the_skin(sphere: Surface, whole: Patch) -> None:
    field = np.sin(sphere.vertices_mm[:, 0] / 9) + sphere.vertices_mm[:, 1] / 40
    parts = [whole.where(sign * whole.field(field, sphere)).on(sphere).areas_mm2.sum() for sign in (1, -1)]
    assert sum(parts) == pytest.approx(sphere.areas_mm2.sum(), rel=1e-9)
    assert min(parts) > 1000


def test_two_cuts_make_a_ring_with_two_outlines(sphere: Surface, whole: Patch) -> None:
    upper = whole.where(whole.field(sphere.vertices_mm[:, 2] - 10, sphere))
    ring = upper.where(-upper.field(sphere.vertices_mm[:, 2] - 40, sphere))
    loops = ring.on(sphere).boundary_loops()
    assert len(loops) == 2
    heights = [float(ring.on(sphere).vertices_mm[loop, 2].mean()) for loop in loops]
    assert heights == pytest.approx([10, 40], abs=1e-6)  # the longest first


def test_places_of_a_patch_are_places_of_the_atlas(sphere: Surface, whole: Patch) -> None:
    cut = whole.where(whole.field(sphere.vertices_mm @ [0.3, 0.5, 0.8] - 21.7, sphere))
    on = cut.on(sphere)
    rng = np.random.default_rng(3)
    faces = rng.integers(0, len(cut.faces), 400)
    weights = rng.dirichlet([1, 1, 1], 400)
    triangle, barycentric = cut.place(faces, weights)
    assert np.abs(sphere.at(triangle, barycentric) - on.at(faces, weights)).max() < 1e-9
    assert barycentric.min() > -1e-9


def test_a_patch_lies_on_another_body_too(sphere: Surface, whole: Patch) -> None:
    stretched = Surface(sphere.vertices_mm * [1.0, 1.3, 0.8], sphere.triangles)
    cut = whole.where(whole.field(sphere.vertices_mm[:, 1], sphere))
    assert np.allclose(cut.on(stretched).vertices_mm, cut.on(sphere).vertices_mm * [1.0, 1.3, 0.8])


def test_nearest_agrees_with_an_exhaustive_search(sphere: Surface) -> None:
    points = np.random.default_rng(0).normal(size=(60, 3)) * 60
    triangle, weights, distance = sphere.nearest(points)
    mesh = trimesh.Trimesh(sphere.vertices_mm, sphere.triangles, process=False)
    _, exact, _ = trimesh.proximity.closest_point_naive(mesh, points)
    assert np.abs(exact - distance).max() < 1e-9
    assert np.abs(np.linalg.norm(sphere.at(triangle, weights) - points, axis=1) - distance).max() < 1e-9


def test_pieces_are_numbered_by_size(sphere: Surface, whole: Patch) -> None:
    two = whole.where(np.abs(whole.field(sphere.vertices_mm[:, 2] + 20, sphere)) - 15.0).on(sphere)
    sizes = [float(two.areas_mm2[two.pieces() == piece].sum()) for piece in range(two.pieces().max() + 1)]
    assert len(sizes) == 2
    assert sizes[0] > sizes[1]
