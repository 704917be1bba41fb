"""The atlas fitted to one patient: its head warped onto landmarks or a scan, and written down compactly.

A fit lives in the body's own frame (x to the patient's left, y up, z forwards; mm): the body of the atlas, scaled to
the face, with the head moved. So a fit is the scale of the body and the positions of the head's vertices; what is not
near the face is the scaled atlas, untouched. A photograph's camera maps this frame to the picture.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from ..values import InputError
from .atlas import Atlas
from .document import Body, Camera, Fit, SurfaceUsed, Vector
from .kept import kept
from .mesh import Floats, Ints, Surface

STEP_MM = 0.01  # what a stored position is rounded to
FEWEST_LANDMARKS = 30
SMOOTHING = 100.0  # of the thin plate, for a landmark of weight 1: sound for landmarks that are off by about 1 mm
UNFADED_MM = 20.0  # a vertex closer than this to a landmark moves with the face,
FADED_MM = 100.0  # one farther than this stays
HELD_MM, HELD_EACH = 15.0, 25  # every so many vertices farther than this from a landmark are held still
FEATURES_MM = 35.0
OUTLIER_MM = 4.0  # a landmark off by this much counts half in the alignment


@dataclass(frozen=True)
class Pose:
    """Where the atlas body lies: a point A of it is at `scale`·`rotation`·A + `translation_mm`."""

    scale: float
    rotation: Floats
    translation_mm: Floats

    def into_body(self, points_mm: Floats) -> Floats:
        """Points (k, 3) in the body's own frame, in the same millimetres."""
        return np.asarray((points_mm - self.translation_mm) @ self.rotation)

    def out_of_body(self, points_mm: Floats) -> Floats:
        """The way back."""
        return np.asarray(points_mm @ self.rotation.T + self.translation_mm)


def similarity(source: Floats, target: Floats, weights: Floats) -> Pose:
    """The weighted least-squares scale, rotation and translation from points (k, 3) to points (k, 3)
    (Umeyama, IEEE Trans. Pattern Anal. Mach. Intell. 13:376, 1991)."""
    share = weights / weights.sum()
    source_mean, target_mean = share @ source, share @ target
    a, b = source - source_mean, target - target_mean
    left, sizes, right = np.linalg.svd((share[:, None] * b).T @ a)
    signs = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    rotation = (left * signs) @ right
    scale = float((sizes * signs).sum() / (share[:, None] * a * a).sum())
    return Pose(scale, rotation, target_mean - scale * rotation @ source_mean)


def pose(atlas: Atlas, body: Body, landmarks_mm: Floats, weights: Floats) -> Pose:
    """How the atlas body lies under landmarks (468, 3) in any frame; `weights` (468,) from 0 (not seen) to 1. Landmarks
    that disagree with the rest count less."""
    used, places = _used(atlas, body, landmarks_mm, weights)
    target, trust = landmarks_mm[used], weights[used]
    robust = trust
    for _ in range(15):
        found = similarity(places, target, robust)
        off = np.linalg.norm(found.out_of_body(found.scale * places) - target, axis=1)
        robust = trust / (1 + (off / OUTLIER_MM) ** 2)
    return found


def fit_landmarks(atlas: Atlas, body: Body, landmarks_mm: Floats, weights: Floats) -> Floats:
    """Base vertices (N, 3), mm, in the frame of the landmarks (468, 3): the atlas body laid under them by `pose`, its
    face drawn onto them by a thin-plate spline, and the movement faded out towards the back of the head, the neck and
    the chest. `weights` (468,): trust from 0 to 1. No triangle is turned over.

    For a Fit, give landmarks in the body's own frame (`pose(...).into_body`)."""
    laid = pose(atlas, body, landmarks_mm, weights)
    used, places = _used(atlas, body, landmarks_mm, weights)
    start, places = laid.scale * atlas.base(body), laid.scale * places
    moved = laid.into_body(landmarks_mm[used]) - places
    head = atlas.head_base
    held = _held(atlas, body, start[head], places)
    warp = RBFInterpolator(
        np.vstack([places, held]), np.vstack([moved, np.zeros_like(held)]), kernel="thin_plate_spline",
        smoothing=np.append(SMOOTHING / weights[used], np.full(len(held), SMOOTHING)),
    )  # fmt: skip
    shift = np.zeros_like(start)
    shift[head] = warp(start[head]) * fading(start[head], places)[:, None]
    return laid.out_of_body(unfolded(atlas, start, shift))


def _held(atlas: Atlas, body: Body, head_mm: Floats, face_mm: Floats) -> Floats:
    """(k, 3): places of the head, away from the landmarks in use, that the spline holds still: beyond the last
    landmark it would go on in the direction of the last movement, for centimetres. Not around eyes, nose and mouth,
    whose landmarks are never used."""
    marks = atlas.landmarks_mm(atlas.body(body))[~atlas.landmark_kept]
    near_features, _ = cKDTree(marks).query(atlas.base(body)[atlas.head_base])
    away, _ = cKDTree(face_mm).query(head_mm)
    return np.asarray(head_mm[(away > HELD_MM) & (near_features > FEATURES_MM)][::HELD_EACH])


def fading(points_mm: Floats, face_mm: Floats) -> Floats:
    """(k,): 1 on the face, falling smoothly to 0 away from the points of the face (j, 3)."""
    away, _ = cKDTree(face_mm).query(points_mm)
    t = np.clip((away - UNFADED_MM) / (FADED_MM - UNFADED_MM), 0, 1)
    return np.asarray(1 - t * t * (3 - 2 * t))


def unfolded(atlas: Atlas, start: Floats, shift: Floats) -> Floats:
    """`start` + `shift` (N, 3), with the shift evened out around triangles of the head that it would turn over, and, as
    a last resort, taken back."""
    triangles = _head_triangles(atlas)
    before = _crosses(start[triangles])
    triangles, before = triangles[before.any(axis=1)], before[before.any(axis=1)]

    def turned(candidate: Floats) -> Ints:
        after = _crosses((start + candidate)[triangles])
        return np.flatnonzero((before * after).sum(axis=1) <= 0)

    shift = shift.copy()
    for step in range(40):
        wrong = turned(shift)
        if not len(wrong):
            return np.asarray(start + shift)
        around = np.unique(triangles[wrong])
        for _ in range(1 + step // 8):  # a stubborn fold is evened out over a wider ring
            around = np.unique(triangles[np.isin(triangles, around).any(axis=1)])
        near = triangles[np.isin(triangles, around).any(axis=1)]
        total, count = np.zeros_like(shift), np.zeros(len(shift))
        mean = shift[near].mean(axis=1)
        for corner in range(3):
            np.add.at(total, near[:, corner], mean)
            np.add.at(count, near[:, corner], 1)
        around = np.intersect1d(around, atlas.head_base)
        shift[around] = total[around] / count[around, None]
    while len(turned(shift)):
        shift *= 0.8
    return np.asarray(start + shift)


def record(
    atlas: Atlas,
    base_mm: Floats,
    *,
    kind: Literal["photograph", "scan"],
    body: Body,
    body_scale: float,
    scale: str,
    mm_per_unit: float | None = None,
    camera: Camera | None = None,
    taken_on: date | None = None,
    notes: tuple[str, ...] = (),
) -> Fit:
    """Base vertices (N, 3) in the body's own frame as a document; only the head's are kept, to 0.01 mm."""
    head = base_mm[atlas.head_base]
    origin = np.round((head.min(axis=0) + head.max(axis=0)) / 2, 2)
    steps = np.rint((head - origin) / STEP_MM)
    if not np.isfinite(steps).all() or np.abs(steps).max() > np.iinfo(np.int16).max:
        raise InputError("fit", "the fitted head is larger than any head", "Check the scale and the landmarks")
    return Fit(
        kind=kind, body=body, atlas=atlas.version, scale=scale, mm_per_unit=mm_per_unit, body_scale=body_scale,
        origin_mm=_vector(origin), head=base64.b64encode(steps.astype("<i2").tobytes()).decode(), camera=camera,
        taken_on=taken_on, notes=notes,
    )  # fmt: skip


@kept(16)
def surface(atlas: Atlas, fit: Fit) -> Surface:
    """The fitted patient, in the body's own frame: the atlas's topology, so that places and patches carry over."""
    if fit.atlas != atlas.version:
        raise InputError(
            "fit",
            f"it was made with atlas {fit.atlas}, and this is {atlas.version}",
            "Fit the photograph or the scan again",
        )
    steps = np.frombuffer(base64.b64decode(fit.head), dtype="<i2").reshape(-1, 3)
    if len(steps) != len(atlas.head_base):
        raise InputError(
            "fit",
            f"its head has {len(steps)} vertices, the atlas's {len(atlas.head_base)}",
            "The file was changed: fit the photograph or the scan again",
        )
    base = fit.body_scale * atlas.base(fit.body)
    base[atlas.head_base] = np.array(fit.origin_mm) + STEP_MM * steps
    return Surface(atlas.subdivide(base), atlas.body(fit.body).triangles)


def fingerprint(fit: Fit) -> str:
    """SHA-256 over the content, in hexadecimal."""
    return hashlib.sha256(fit.model_dump_json().encode()).hexdigest()


def used(fit: Fit) -> SurfaceUsed:
    """What a map laid out on this fit says of its surface."""
    return SurfaceUsed(
        kind=fit.kind, body=fit.body, to_scale=True, scale=fit.scale, taken_on=fit.taken_on,
        fit=fit,
    )  # fmt: skip


def _used(atlas: Atlas, body: Body, landmarks_mm: Floats, weights: Floats) -> tuple[Ints, Floats]:
    """The landmarks that are trusted by the atlas and given, and their places on the body (k, 3), mm."""
    given = atlas.landmark_kept & (weights > 0) & np.isfinite(landmarks_mm).all(axis=1)
    used: Ints = np.flatnonzero(given).astype(np.int64)
    if len(used) < FEWEST_LANDMARKS:
        raise InputError(
            "face",
            f"only {len(used)} points of the face were found; a fit needs {FEWEST_LANDMARKS}",
            "Take it again from the front, with the whole face in sight",
        )
    triangles, barycentric = atlas.landmarks
    return used, atlas.body(body).at(triangles[used], barycentric[used])


def _head_triangles(atlas: Atlas) -> Ints:
    """(m, 3): the base triangles that a fit can move."""
    moves = np.zeros(int(atlas.base_triangles.max()) + 1, dtype=bool)
    moves[atlas.head_base] = True
    return np.asarray(atlas.base_triangles[moves[atlas.base_triangles].any(axis=1)])


def _crosses(corners: Floats) -> Floats:
    return np.asarray(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))


def _vector(values: Any) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])
