"""The zones on the atlas: where they lie, that they do not overlap, and what is left beside danger zones."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from nappage import knowledge
from nappage.injection_map import atlas as atlases
from nappage.injection_map import danger, zones
from nappage.intake.answers import Spot
from nappage.values import InputError

# Plausible areas on an adult, cm², one side or across the midline. Ranges are ours: wide, to catch a zone that slipped.
AREAS = {
    "forehead": (45, 95), "glabella": (4, 12), "temple": (10, 35), "crows-feet": (3, 12), "lower-lid": (3, 9),
    "nose": (10, 28), "malar": (4, 16), "cheek": (15, 50), "nasolabial": (2, 8), "perioral": (7, 22), "chin": (7, 22),
    "jawline": (8, 32), "submental": (12, 60), "neck": (120, 380), "decolletage": (180, 480), "dorsal-hands": (25, 80),
    "scalp-frontal": (50, 130), "scalp-vertex": (40, 120), "scalp-crown": (50, 150), "abdomen": (400, 900),
    "flanks": (120, 400), "thighs": (450, 1100), "buttocks": (140, 400), "knees": (60, 200), "upper-arms": (80, 300),
    "back": (400, 1100), "lower-back": (180, 550), "nape": (100, 320), "shoulder": (120, 350),
}  # fmt: skip
FACE = ("forehead", "glabella", "temple", "crows-feet", "lower-lid", "nose", "malar", "cheek", "nasolabial", "perioral",
        "chin", "jawline")  # fmt: skip


@dataclass(frozen=True)
class Buffer:
    id: str
    margin_mm: float
    distance: np.ndarray


@pytest.fixture(scope="module")
def atlas() -> atlases.Atlas:
    return atlases.load()


@pytest.fixture(scope="module")
def fields(atlas) -> dict[tuple[str, str], np.ndarray]:
    return {(one, side): zones.zone_field(atlas, one, side) for one in zones.zone_ids() for side in zones.sides(one)}


def ball(surface, centre, margin_mm) -> Buffer:
    return Buffer("ball", margin_mm, np.linalg.norm(surface.vertices_mm - centre, axis=1))


@pytest.fixture(scope="module")
def edition() -> knowledge.Edition:
    return knowledge.load(date(2026, 11, 25))


def test_zones_are_regions_of_the_knowledge(edition):
    assert set(zones.zone_ids()) == set(AREAS)
    assert set(AREAS) <= set(edition.regions)


def test_known_dangers_leave_every_zone_a_few_pieces(atlas, edition):
    surface = atlas.body("female")
    dangers = danger.near(atlas, surface, edition)
    for one in zones.zone_ids():
        left, _ = zones.patch(atlas, one, zones.sides(one)[0], surface, dangers)
        pieces = left.on(surface).pieces()
        assert len(left.faces) and pieces.max() < 4, one
        for found in dangers:
            reach = left.field(np.minimum(found.distance, 1e6), surface)
            assert (reach > found.margin_mm - 0.5).all(), (one, found.id)


@pytest.mark.parametrize("body", ["female", "male"])
def test_areas_are_plausible_and_each_zone_is_one_piece(atlas, body):
    surface = atlas.body(body)
    for one, (low, high) in AREAS.items():
        patch, cut_by = zones.patch(atlas, one, zones.sides(one)[0], surface, [])
        skin = patch.on(surface)
        assert low < skin.areas_mm2.sum() / 100 < high, one
        assert skin.pieces().max() == 0, one
        assert cut_by == ()


def test_a_place_is_in_one_zone_at_most(atlas, fields):
    # The sum of positive corners bounds every place in a triangle: fields that are linear there cannot both be
    # positive unless their sum is, so look at random places of all triangles that touch a zone.
    rng = np.random.default_rng(11)
    stack = np.array(list(fields.values()))
    touched = np.flatnonzero((stack > 0).any(axis=0)[atlas.triangles].any(axis=1))
    for _ in range(4):
        weights = rng.dirichlet(np.ones(3), size=len(touched))
        value = np.einsum("ztc,tc->zt", stack[:, atlas.triangles[touched]], weights)
        assert ((value > 0).sum(axis=0) <= 1).all()


def test_left_mirrors_right_and_midline_zones_are_symmetric(atlas, fields):
    for (one, side), field in fields.items():
        other = fields[one, {"right": "left", "left": "right", "midline": "midline"}[side]]
        inside, mirrored = field > 0.05, other[atlas.mirror] > 0.05
        assert (inside != mirrored).sum() <= 0.02 * inside.sum() + 2, one
        x = atlas.body("female").vertices_mm[field > 0, 0]
        if side != "midline":
            assert (x < 0.5).all() if side == "right" else (x > -0.5).all(), one


def test_face_zones_lie_on_the_face(atlas, fields):
    surface = atlas.body("female")
    landmarks = atlas.landmarks_mm(surface)
    low, high = landmarks[152, 1] - 12, landmarks[10, 1] + 35
    ears = abs(landmarks[234, 2]) - 20
    for one in FACE:
        spots = surface.vertices_mm[fields[one, zones.sides(one)[0]] > 0]
        assert low < spots[:, 1].min() and spots[:, 1].max() < high and spots[:, 2].min() > ears, one


# Landmarks of the canonical face that must lie in a zone, and some that lie in none: lips and the eye's opening.
@pytest.mark.parametrize(
    ("landmark", "home"),
    [(151, "forehead"), (9, "glabella"), (4, "nose"), (230, "lower-lid"), (35, "crows-feet"), (117, "malar"),
     (101, "malar"), (205, "cheek"), (187, "cheek"), (164, "perioral"), (199, "chin"), (135, "jawline"), (21, "temple"),
     (13, None), (14, None), (0, None), (159, None), (145, None)],
)  # fmt: skip
def test_landmarks_lie_in_their_zones(atlas, fields, landmark, home):
    triangle, weights = (part[landmark] for part in atlas.landmarks)
    inside = [one for (one, side), field in fields.items() if field[atlas.triangles[triangle]] @ weights > -0.6]
    if home is None:
        inside = [one for (one, _), field in fields.items() if field[atlas.triangles[triangle]] @ weights > 0.5]
        assert inside == []
    else:
        assert home in inside


def test_neighbours_touch(atlas, fields):
    for one, other in [("forehead", "glabella"), ("forehead", "temple"), ("glabella", "nose"), ("malar", "cheek"),
                       ("lower-lid", "malar"), ("crows-feet", "temple"), ("chin", "jawline"), ("cheek", "jawline"),
                       ("perioral", "chin"), ("forehead", "scalp-frontal"), ("scalp-frontal", "scalp-vertex"),
                       ("scalp-vertex", "scalp-crown"), ("neck", "decolletage"), ("submental", "chin"),
                       ("abdomen", "flanks"), ("back", "nape"), ("shoulder", "upper-arms")]:  # fmt: skip
        first, second = fields[one, zones.sides(one)[0]], fields[other, zones.sides(other)[0]]
        both = (first[atlas.triangles] > 0).any(axis=1) & (second[atlas.triangles] > 0).any(axis=1)
        assert both.sum() >= 3, (one, other)


def test_a_danger_buffer_is_cut_out_and_named(atlas):
    surface = atlas.body("female")
    whole, _ = zones.patch(atlas, "cheek", "right", surface, [])
    middle = atlas.landmarks_mm(surface)[207]
    middle = surface.vertices_mm[np.linalg.norm(surface.vertices_mm - middle, axis=1).argmin()]
    far = ball(surface, np.array([0, -800, 0]), 5)
    left, cut_by = zones.patch(atlas, "cheek", "right", surface, [far, ball(surface, middle, 6)])
    assert cut_by == ("ball",)
    lost = (whole.on(surface).areas_mm2.sum() - left.on(surface).areas_mm2.sum()) / (np.pi * 36)
    assert 0.9 < lost < 1.1
    assert np.linalg.norm(left.on(surface).vertices_mm - middle, axis=1).min() > 5.6
    assert len(left.on(surface).boundary_loops()) == len(whole.on(surface).boundary_loops()) + 1


def test_crumbs_are_left_out_and_all_may_be_gone(atlas):
    surface = atlas.body("female")
    nothing, cut_by = zones.patch(atlas, "glabella", "midline", surface, [ball(surface, np.zeros(3), 2000)])
    assert len(nothing.faces) == 0 and cut_by == ("ball",)
    corner = atlas.landmarks_mm(surface)[9] + [0, 40, 0]
    field = zones.zone_field(atlas, "glabella", "midline")
    kept = surface.vertices_mm[field > 0]
    reach = np.sort(np.linalg.norm(kept - corner, axis=1))[-3]
    crumb, _ = zones.patch(atlas, "glabella", "midline", surface, [ball(surface, corner, reach)])
    assert len(crumb.faces) == 0


def square(atlas, centre, half_mm):
    """Spots at the corners of a square on the female face."""
    surface = atlas.body("female")
    corners = centre + half_mm * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    triangles, weights, _ = surface.nearest(corners)
    return tuple(
        Spot(triangle=int(t), barycentric=tuple(float(x) for x in w)) for t, w in zip(triangles, weights, strict=True)
    )


def test_a_dragged_border_replaces_the_drawn_one_on_either_side(atlas):
    surface = atlas.body("female")
    centre = atlas.landmarks_mm(surface)[50]
    right = square(atlas, centre, 8)
    patch, _ = zones.patch(atlas, "cheek", "right", surface, [], border=right)
    assert 200 < patch.on(surface).areas_mm2.sum() < 450
    assert np.linalg.norm(patch.on(surface).vertices_mm.mean(axis=0) - centre) < 4
    mirrored, _ = zones.patch(atlas, "cheek", "left", surface, [], border=right)
    assert np.allclose(mirrored.on(surface).areas_mm2.sum(), patch.on(surface).areas_mm2.sum(), rtol=1e-3)
    left = square(atlas, centre * [-1, 1, 1], 8)
    again, _ = zones.patch(atlas, "cheek", "left", surface, [], border=left)
    assert np.allclose(again.on(surface).areas_mm2.sum(), patch.on(surface).areas_mm2.sum(), rtol=0.02)


def test_a_dragged_border_keeps_out_of_the_lips(atlas):
    surface = atlas.body("female")
    field = zones.zone_field(atlas, "perioral", "midline", square(atlas, atlas.landmarks_mm(surface)[13], 15))
    triangles, weights = (part[[0, 17]] for part in atlas.landmarks)
    assert (np.einsum("kc,kc->k", field[atlas.triangles[triangles]], weights) < 0.5).all()
    assert (field > 0).any()


def test_half_of_a_midline_zone(atlas, fields):
    half = zones.zone_field(atlas, "forehead", "right") > 0
    assert (atlas.body("female").vertices_mm[half, 0] < 0).all()
    assert 0.4 < half.sum() / (fields["forehead", "midline"] > 0).sum() < 0.55


def test_what_cannot_be_used_says_why(atlas):
    spot = Spot(triangle=3, barycentric=(1, 0, 0))
    with pytest.raises(InputError, match="no zone 'elbow'"):
        zones.zone_field(atlas, "elbow", "right")
    with pytest.raises(InputError, match="has two sides"):
        zones.zone_field(atlas, "cheek", "midline")
    with pytest.raises(InputError, match="at least three"):
        zones.zone_field(atlas, "cheek", "right", [spot, spot])
    with pytest.raises(InputError, match="encloses no skin"):
        zones.zone_field(atlas, "cheek", "right", [spot, spot, spot])
    with pytest.raises(InputError, match="no triangle 999999"):
        zones.zone_field(atlas, "cheek", "right", [spot, spot, Spot(triangle=999999, barycentric=(1, 0, 0))])
