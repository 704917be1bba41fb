"""Spots drawn by hand on the atlas, and the skin they mean.

A spot is written down once, for the right side of the female body: `[landmark, a, b]`, with a and b in mm in a view
(front and back: lateral, up; side: forwards, up), or `{mm: [lateral, up, forwards]}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .atlas import Atlas
from .mesh import Floats, Ints, Surface

_SEARCH_MM = 25.0  # how far off the skin a spot may be drawn

# The axes held when a spot is placed in a view, the one along which it moves until it lies on the skin, and the sign of
# that one towards the eye; of the right side.
VIEWS = {"front": ((0, 1), 2, 1), "back": ((0, 1), 2, -1), "side": ((2, 1), 0, -1)}


def anchored(atlas: Atlas, spots: Sequence[Any], view: str) -> Floats:
    """(e, 3): where spots lie, right side of the female body, mm; not yet on the skin."""
    landmarks = atlas.landmarks_mm(atlas.body("female"))
    held = VIEWS[view][0]
    places = []
    for spot in spots:
        if isinstance(spot, Mapping):
            lateral, up, forwards = spot["mm"]
            places.append(np.array([-lateral, up, forwards], dtype=np.float64))
            continue
        number, *offset = spot
        place = landmarks[number].copy()
        for axis, by in zip(held, offset, strict=True):
            place[axis] += -by if axis == 0 else by
        places.append(place)
    return np.array(places)


def on_skin(skin: Surface, points: Floats, view: str) -> tuple[Ints, Floats]:
    """Places (k,), (k, 3) on the foremost skin that look the same in the view as the points (k, 3) do. At the edge of
    what is seen, the nearest skin."""
    held, moved, towards = VIEWS[view]
    search = np.full(3, _SEARCH_MM / 2)
    search[moved] = _SEARCH_MM
    middles = (skin.corners[:, 0] + skin.corners[:, 1] + skin.corners[:, 2]) / 3
    close = (middles > points.min(axis=0) - search) & (middles < points.max(axis=0) + search)
    close[:, 0] &= close[:, 1] & close[:, 2] & (towards * skin.triangle_normals[:, moved] > 0)
    rows = np.flatnonzero(close[:, 0]).astype(np.int64)
    corners = skin.corners[rows]
    first, second, third = (corners[:, corner][:, held] for corner in range(3))
    (x1, y1), (x2, y2) = (second - first).T, (third - first).T
    x, y = np.moveaxis(points[:, None][..., held] - first, 2, 0)
    turn = x1 * y2 - y1 * x2
    weights = np.stack([np.zeros_like(x), (x * y2 - y * x2) / turn, (x1 * y - y1 * x) / turn], axis=2)
    weights[..., 0] = 1 - weights[..., 1] - weights[..., 2]
    height = towards * np.einsum("kmc,mc->km", weights, corners[:, :, moved])
    height[(weights < -1e-9).any(axis=2)] = -np.inf
    best = height.argmax(axis=1)
    found = rows[best], weights[np.arange(len(points)), best]
    missed = np.flatnonzero(np.isneginf(height.max(axis=1)))
    if len(missed):
        near, near_weights, _ = Surface(skin.vertices_mm, skin.triangles[rows]).nearest(points[missed])
        found[0][missed], found[1][missed] = rows[near], near_weights
    return found
