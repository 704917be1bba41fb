"""The atlas drawn onto a patient's landmarks, and written down."""

from __future__ import annotations

import base64
from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from nappage.injection_map import fit as fits
from nappage.injection_map.fit import Camera, Fit
from nappage.values import InputError

from .scans import ATLAS, person

ALL = np.ones(468)
TURN = Rotation.from_euler("xyz", [20, -30, 10], degrees=True).as_matrix()
KEPT = ATLAS.landmark_kept


def turned_over(base: np.ndarray, like: np.ndarray) -> int:
    """How many triangles of the head look the other way than in another set of base vertices."""
    moves = np.zeros(len(base), dtype=bool)
    moves[ATLAS.head_base] = True
    triangles = ATLAS.base_triangles[moves[ATLAS.base_triangles].any(axis=1)]
    a, b = (
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        for corners in (base[triangles], like[triangles])
    )
    return int(((a * b).sum(axis=1) < 0).sum())


def written(body: str = "female", **words: object) -> Fit:
    landmarks = person("male", 3).landmarks_mm
    laid = fits.pose(ATLAS, body, landmarks, ALL)
    base = fits.fit_landmarks(ATLAS, body, laid.into_body(landmarks), ALL)
    return fits.record(ATLAS, base, kind="scan", body=body, body_scale=laid.scale, scale="as it is", **words)


def test_pose_is_found_again_and_a_wrong_landmark_hardly_moves_it():
    where = ATLAS.landmarks_mm(ATLAS.body("female")) * 1.07 @ TURN.T + [10, 20, 800]
    where[KEPT.nonzero()[0][:6]] += [0, 0, 60]
    laid = fits.pose(ATLAS, "female", where, ALL)
    assert laid.scale == pytest.approx(1.07, abs=0.001)
    assert laid.rotation == pytest.approx(TURN, abs=0.002)
    assert laid.out_of_body(laid.into_body(where)) == pytest.approx(where)


@pytest.mark.parametrize("seed", range(3))
def test_the_face_lies_on_the_landmarks_and_the_rest_of_the_body_is_left_alone(seed):
    who = person("male", seed)
    landmarks = who.landmarks_mm @ TURN.T + [100, -50, 700]
    base = fits.fit_landmarks(ATLAS, "female", landmarks, ALL)
    off = np.linalg.norm(ATLAS.landmarks_mm(ATLAS.surface(base)) - landmarks, axis=1)[KEPT]
    assert np.median(off) < 0.6 and off.max() < 3
    laid = fits.pose(ATLAS, "female", landmarks, ALL)
    start = laid.scale * ATLAS.base("female")
    moved = np.linalg.norm(laid.into_body(base) - start, axis=1)
    far = np.linalg.norm(start[:, None] - laid.scale * ATLAS.landmarks_mm(ATLAS.body("female"))[KEPT], axis=2).min(
        axis=1
    )
    assert moved[far > fits.FADED_MM].max() < 1e-9
    assert moved[np.setdiff1d(np.arange(len(base)), ATLAS.head_base)].max() < 1e-9
    assert moved[far < 5].max() > 1
    assert turned_over(laid.into_body(base), start) == 0


def test_the_movement_fades_without_a_step():
    landmarks = person("male", 1).landmarks_mm
    laid = fits.pose(ATLAS, "female", landmarks, ALL)
    start = laid.scale * ATLAS.base("female")
    move = laid.into_body(fits.fit_landmarks(ATLAS, "female", landmarks, ALL)) - start
    edges = np.vstack([ATLAS.base_triangles[:, [0, 1]], ATLAS.base_triangles[:, [1, 2]]])
    far = np.linalg.norm(start[:, None] - laid.scale * ATLAS.landmarks_mm(ATLAS.body("female"))[KEPT], axis=2).min(
        axis=1
    )
    edges = edges[(far[edges] > 25).any(axis=1)]
    step = np.linalg.norm(move[edges[:, 0]] - move[edges[:, 1]], axis=1)
    assert (step / np.linalg.norm(start[edges[:, 0]] - start[edges[:, 1]], axis=1)).max() < 0.5


@pytest.mark.parametrize("noise_mm", [3.0, 12.0])
def test_no_triangle_is_turned_over_by_rough_landmarks(noise_mm):
    rough = person("male", 0).landmarks_mm + np.random.default_rng(0).normal(0, noise_mm, (468, 3))
    base = fits.fit_landmarks(ATLAS, "female", rough, ALL)
    laid = fits.pose(ATLAS, "female", rough, ALL)
    assert np.isfinite(base).all()
    assert turned_over(laid.into_body(base), laid.scale * ATLAS.base("female")) == 0


def test_a_fold_is_evened_out_where_it_is_and_nowhere_else():
    start = ATLAS.base("female")
    shift = np.zeros_like(start)
    middle = ATLAS.base_triangles[ATLAS.landmark_triangles[50] // 4][0]
    shift[middle] = [0, 25, 0]
    assert turned_over(start + shift, start) > 0
    flat = fits.unfolded(ATLAS, start, shift)
    assert turned_over(flat, start) == 0
    moved = np.flatnonzero(np.linalg.norm(flat - start, axis=1) > 0.01)
    assert len(moved) and np.linalg.norm(start[moved] - start[middle], axis=1).max() < 40


def test_a_landmark_without_weight_or_position_is_not_used():
    where = ATLAS.landmarks_mm(ATLAS.body("male"))
    wrong, weights = where.copy(), ALL.copy()
    lost = KEPT.nonzero()[0][::3]
    weights[lost[1:]] = 0
    wrong[lost[1:]] += 50
    wrong[lost[0]] = np.nan
    base = fits.fit_landmarks(ATLAS, "female", wrong, weights)
    off = np.linalg.norm(ATLAS.landmarks_mm(ATLAS.surface(base)) - where, axis=1)
    assert off[KEPT].max() < 4


def test_too_few_landmarks_are_refused():
    weights = np.zeros(468)
    weights[KEPT.nonzero()[0][:20]] = 1
    with pytest.raises(InputError, match="only 20 points of the face were found; a fit needs 30"):
        fits.fit_landmarks(ATLAS, "female", ATLAS.landmarks_mm(ATLAS.body("male")), weights)


def test_writing_down_keeps_a_hundredth_of_a_millimetre():
    landmarks = person("male", 3).landmarks_mm
    laid = fits.pose(ATLAS, "female", landmarks, ALL)
    base = fits.fit_landmarks(ATLAS, "female", laid.into_body(landmarks), ALL)
    again = Fit.model_validate_json(written(taken_on=date(2026, 3, 1)).model_dump_json())
    assert np.abs(fits.surface(ATLAS, again).vertices_mm - ATLAS.subdivide(base)).max() <= 0.01
    assert np.array_equal(fits.surface(ATLAS, again).triangles, ATLAS.triangles)
    assert len(again.model_dump_json()) < 50_000


def test_the_fingerprint_is_of_the_content():
    one = written(taken_on=date(2026, 3, 1))
    assert fits.fingerprint(one) == fits.fingerprint(Fit.model_validate_json(one.model_dump_json()))
    assert len(fits.fingerprint(one)) == 64
    assert fits.fingerprint(one) != fits.fingerprint(written(taken_on=date(2026, 3, 2)))
    assert fits.used(one).fit == (one)


def test_a_fit_of_another_atlas_or_a_changed_one_is_refused():
    one = written()
    with pytest.raises(InputError, match="it was made with atlas 1, and this is"):
        fits.surface(ATLAS, one.model_copy(update={"atlas": "1"}))
    short = base64.b64encode(base64.b64decode(one.head)[:-6]).decode()
    with pytest.raises(InputError, match="The file was changed"):
        fits.surface(ATLAS, one.model_copy(update={"head": short}))
    for head in ("not base64!", base64.b64encode(b"12345").decode()):
        with pytest.raises(ValidationError):
            Fit.model_validate(one.model_dump() | {"head": head})


def test_a_head_that_is_no_head_is_refused():
    with pytest.raises(InputError, match="larger than any head"):
        fits.record(ATLAS, 5 * ATLAS.base("female"), kind="scan", body="female", body_scale=5, scale="wrong")
    with pytest.raises(InputError, match="larger than any head"):
        fits.record(ATLAS, ATLAS.base("female") * np.nan, kind="scan", body="female", body_scale=1, scale="wrong")


def test_a_camera_projects_as_written():
    camera = Camera.of(np.diag([1.0, -1, -1]), [0, 0, 500], (1000, 900), (320, 240), (640, 480))
    assert camera.project(np.array([[0.0, 0, 0], [50, 25, 0], [0, 0, 100]])).tolist() == [
        [320, 240, 500], [420, 195, 500], [320, 240, 400],
    ]  # fmt: skip
