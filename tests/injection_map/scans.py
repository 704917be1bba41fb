"""Scans whose every millimetre is known: heads of the atlas's bodies, bent into other people, whole or as a scanner at
the front sees them. Fitting another body to them must find the landmarks again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import trimesh
from scipy.spatial import cKDTree

from nappage.injection_map import atlas as atlases
from nappage.injection_map import fit as fits
from nappage.injection_map.document import Fit
from nappage.injection_map.mesh import Surface
from nappage.injection_map.render import camera_towards, render

ATLAS = atlases.load()


@dataclass(frozen=True, eq=False)
class Person:
    """`whole`: body and head, on the atlas's triangles, mm. `eyes` (2, 4): centre and radius."""

    whole: Surface
    eyes: np.ndarray

    @property
    def landmarks_mm(self) -> np.ndarray:
        return ATLAS.landmarks_mm(self.whole)


@cache
def person(body: str, seed: int, bend_mm: float = 4.0) -> Person:
    """A body of the atlas, its head bent smoothly in six places, up to about `bend_mm`."""
    rng = np.random.default_rng(seed)
    base = ATLAS.base(body)
    centres = rng.uniform(-1, 1, (6, 3)) * [70, 110, 80] + ATLAS.landmarks_mm(ATLAS.body(body)).mean(axis=0)
    moves = rng.normal(0, bend_mm, (6, 3)) * [0.5, 1, 1]

    def bent(points: np.ndarray) -> np.ndarray:
        away = ((points[:, None] - centres) ** 2).sum(axis=2)
        return points + np.exp(-away / (2 * 45.0**2)) @ moves

    eyes = ATLAS.eyes(body).copy()
    eyes[:, :3] = bent(eyes[:, :3])
    return Person(ATLAS.surface(bent(base)), eyes)


def head_scan(who: Person, below_crown_mm: float = 330) -> Surface:
    """Head and neck, with the eyeballs as pieces of their own."""
    height = who.whole.vertices_mm[:, 1]
    kept = (height[who.whole.triangles] > height.max() - below_crown_mm).all(axis=1)
    return joined(Surface(who.whole.vertices_mm, who.whole.triangles[kept]), *(_ball(eye) for eye in who.eyes))


def front_scan(
    who: Person, step_mm: float = 0.8, noise_mm: float = 0.0, seed: int = 0, below_crown_mm: float = 330
) -> Surface:
    """What a depth camera in front sees, as one skin: open at the back, the eyes grown together with the lids."""
    size = round(300 / step_mm)
    camera = camera_towards(who.landmarks_mm.mean(axis=0), 450, 300, size)
    picture = render(head_scan(who, below_crown_mm), camera)
    rows, columns, triangles, weights = picture.shown()
    points = picture.surface.at(triangles, weights)
    points += np.random.default_rng(seed).normal(0, noise_mm, len(points))[:, None] * [0, 0, 1] if noise_mm else 0
    number = np.full(picture.triangle.shape, -1)
    number[rows, columns] = np.arange(len(points))
    a, b, c, d = (corner.ravel() for corner in (number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]))
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    faces = faces[(faces >= 0).all(axis=1)]
    depth = points[faces][:, :, 2]
    return Surface(points, faces[np.ptp(depth, axis=1) < 4])


def placed(
    scan: Surface, turn: np.ndarray, mm_per_unit: float = 1.0, shift_mm: tuple[float, ...] = (40, -70, 15)
) -> Surface:
    return Surface((scan.vertices_mm @ turn.T + shift_mm) / mm_per_unit, scan.triangles)


def without(scan: Surface, *holes: tuple[np.ndarray, float]) -> Surface:
    """The scan with round holes: centre and radius, mm."""
    middles = scan.corners.mean(axis=1)
    lost = np.any([np.linalg.norm(middles - centre, axis=1) < radius for centre, radius in holes], axis=0)
    return Surface(scan.vertices_mm, scan.triangles[~lost])


@dataclass(frozen=True)
class Errors:
    """Millimetres: `landmarks` of the kept landmarks; `surface` from the fitted face to the true skin."""

    landmarks: np.ndarray
    surface: np.ndarray


def errors(fit: Fit, who: Person) -> Errors:
    """The fit laid over the truth without scaling it, by the face's skin: the fit has a frame of its own."""
    fitted = fits.surface(ATLAS, fit)
    face = _face()
    source, places = fitted.vertices_mm[face], fitted.vertices_mm[face]
    kept = ATLAS.landmark_kept
    turn, shift = _rigid(ATLAS.landmarks_mm(fitted)[kept], who.landmarks_mm[kept])
    for _ in range(12):
        places = source @ turn.T + shift
        triangles, weights, _ = who.whole.nearest(places, candidates=8)
        step = _towards_planes(places, who.whole.at(triangles, weights), who.whole.triangle_normals[triangles])
        turn, shift = step[0] @ turn, step[0] @ shift + step[1]
    places = source @ turn.T + shift
    marks = ATLAS.landmarks_mm(fitted)[kept] @ turn.T + shift
    return Errors(np.linalg.norm(marks - who.landmarks_mm[kept], axis=1), who.whole.nearest(places, candidates=8)[2])


@cache
def _face() -> np.ndarray:
    """Every fifth fine vertex within 8 mm of a kept landmark."""
    body = ATLAS.body("female")
    away, _ = cKDTree(ATLAS.landmarks_mm(body)[ATLAS.landmark_kept]).query(body.vertices_mm)
    return np.flatnonzero(away < 8)[::5]


def _rigid(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    turn = fits.similarity(source, target, np.ones(len(source))).rotation
    return turn, target.mean(axis=0) - turn @ source.mean(axis=0)


def _towards_planes(points: np.ndarray, targets: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The small rotation and shift that bring points into planes."""
    system = np.column_stack([np.cross(points, normals), normals])
    found = np.linalg.lstsq(system, ((targets - points) * normals).sum(axis=1), rcond=None)[0]
    x, y, z = found[:3]
    left, _, right = np.linalg.svd(np.array([[1, -z, y], [z, 1, -x], [-y, x, 1]]))
    return left @ right, found[3:]


def _ball(eye: np.ndarray) -> Surface:
    ball = trimesh.creation.icosphere(3, eye[3])
    return Surface(np.asarray(ball.vertices) + eye[:3], np.asarray(ball.faces, dtype=np.int64))


def joined(*parts: Surface) -> Surface:
    """Several meshes as one file would hold them."""
    starts = np.cumsum([0] + [len(part.vertices_mm) for part in parts])
    return Surface(
        np.vstack([part.vertices_mm for part in parts]),
        np.vstack([part.triangles + start for part, start in zip(parts, starts, strict=False)]),
    )
