"""The atlas: two bodies of one triangulation, symmetric, in millimetres, with the face's landmarks on them."""

import hashlib

import numpy as np
import pytest
from scipy.spatial import cKDTree

from nappage.injection_map import atlas as atlases
from nappage.injection_map.mesh import Surface

# A map names the version it was laid out on: data that changed needs a new version.
CONTENTS = {"2026.11-1": "2a4d0be96f6820deb0d116f0f8b996d3"}


@pytest.fixture(scope="module")
def atlas() -> atlases.Atlas:
    return atlases.load()


def contents(atlas: atlases.Atlas) -> str:
    digest = hashlib.sha256()
    arrays = [
        *(atlas.bases[body] for body in ("female", "male")), atlas.base_triangles, atlas.base_mirror, atlas.head_base,
        atlas.landmark_triangles, atlas.landmark_weights, atlas.landmark_kept, atlas.canonical_mm,
        atlas.canonical_triangles, *(atlas.eye_balls[body] for body in ("female", "male")),
    ]  # fmt: skip
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


def test_the_version_names_the_contents(atlas):
    assert contents(atlas) == CONTENTS[atlas.version]


@pytest.mark.parametrize(("body", "height"), [("female", (1550, 1700)), ("male", (1680, 1800))])
def test_bodies_are_adults_in_millimetres(atlas, body, height):
    surface = atlas.body(body)
    low, high = surface.vertices_mm.min(axis=0), surface.vertices_mm.max(axis=0)
    assert height[0] < (high - low)[1] < height[1]
    # A closed skin wound outwards has a positive volume: 45 to 85 litres of an adult.
    litres = np.einsum("ij,ij->", surface.corners[:, 0], np.cross(surface.corners[:, 1], surface.corners[:, 2])) / 6e6
    assert 45 < litres < 85
    nose = atlas.landmarks_mm(surface)[1]
    assert nose[2] > atlas.eyes(body)[0, 2], "the face looks forwards"
    assert atlas.eyes(body)[0, 0] < 0 < atlas.eyes(body)[1, 0], "the right eye first, at negative x"


def test_the_skin_is_closed_and_shared(atlas):
    female, male = atlas.body("female"), atlas.body("male")
    assert female.triangles is male.triangles
    assert not female.boundary_loops()
    assert len(female.triangles) == 4 * len(atlas.base_triangles)
    assert set(female.pieces()) == {0}


def test_left_mirrors_right(atlas):
    for body in ("female", "male"):
        surface = atlas.body(body)
        assert np.allclose(surface.vertices_mm[atlas.mirror], surface.vertices_mm * [-1, 1, 1], atol=1e-3)
    rng = np.random.default_rng(7)
    triangles = rng.integers(len(atlas.triangles), size=50)
    weights = rng.dirichlet(np.ones(3), size=50)
    places = surface.at(triangles, weights)
    assert np.allclose(surface.at(*atlas.mirror_place(triangles, weights)), places * [-1, 1, 1], atol=1e-3)
    again = atlas.mirror_place(*atlas.mirror_place(triangles, weights))
    assert (again[0] == triangles).all() and np.allclose(again[1], weights)


def test_subdivision_is_linear_and_keeps_a_plane_flat(atlas):
    base = atlas.base("female")
    moved = atlas.subdivide(2 * base + [1, 2, 3])
    assert np.allclose(moved, 2 * atlas.subdivide(base) + [1, 2, 3])
    assert np.allclose(atlas.subdivide(base * [1, 1, 0])[:, 2], 0)
    # The limit of a Loop sphere lies within it: an octahedron's midpoints go to 3/8 + 3/8 of the edge's ends.
    octahedron = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=float)
    triangles = np.array([[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]])
    operator, fine = atlases.loop(triangles, 6)
    points = operator @ octahedron
    assert points.shape == (18, 3) and fine.shape == (32, 3)
    assert np.allclose(np.linalg.norm(points[6:], axis=1), np.sqrt(2) * 3 / 8)
    assert (np.einsum("ij,ij->i", Surface(points, fine).triangle_normals, points[fine].mean(axis=1)) > 0).all()


def test_landmarks_lie_where_the_face_has_them(atlas):
    points = atlas.landmarks_mm(atlas.body("female"))
    right_eye = atlas.eyes("female")[0]
    # Eye corners: 33 and 263 outer, 133 and 362 inner; 1 tip of the nose, 152 chin, 61 and 291 mouth, 10 forehead.
    assert 75 < np.linalg.norm(points[33] - points[263]) < 95
    assert 26 < np.linalg.norm(points[133] - points[362]) < 40
    assert points[33, 0] < right_eye[0] < points[133, 0] < 0
    assert points[10, 1] > right_eye[1] > points[1, 1] > points[61, 1] > points[152, 1]
    assert abs(points[[1, 10, 152]][:, 0]).max() < 0.5
    assert abs(points[61] - points[291] * [-1, 1, 1]).max() < 1e-2


def test_landmarks_are_symmetric_and_on_outer_skin(atlas):
    points = atlas.landmarks_mm(atlas.body("female"))
    gaps, other = cKDTree(atlas.canonical_mm).query(atlas.canonical_mm * [-1, 1, 1])
    paired = gaps < 0.2
    assert paired.sum() > 440
    assert abs(points[other] * [-1, 1, 1] - points)[paired].max() < 0.05
    assert (atlas.landmark_kept[other] == atlas.landmark_kept)[paired].all()
    assert 200 < atlas.landmark_kept.sum() < 400
    # Nothing of the head lies in front of a kept landmark along its own normal (mouth, nostril or socket would).
    surface = atlas.body("female")
    normals = surface.normals_at(*atlas.landmarks)
    facing = np.einsum("ij,ij->i", normals, Surface(atlas.canonical_mm, atlas.canonical_triangles).vertex_normals)
    assert (facing[atlas.landmark_kept] > 0.3).all()


def test_the_head_holds_the_face_and_no_hand(atlas):
    base = atlas.base("male")[atlas.head_base]
    assert set(atlas.base_mirror[atlas.head_base]) == set(atlas.head_base)
    assert base[:, 1].min() > atlas.base("male")[:, 1].max() - 480
    assert 3000 < len(base) < 8000
