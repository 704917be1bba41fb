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
_BOX_MM = 1e-6  # around the box of a triangle, for what rounding takes off it

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
    rows = np.flatnonzero(towards * skin.triangle_normals[:, moved] > 0).astype(np.int64)
    for axis, (low, high) in enumerate(zip(points.min(axis=0) - search, points.max(axis=0) + search, strict=True)):
        middles = skin.middles[rows, axis]
        rows = rows[(middles > low) & (middles < high)]
    corners = skin.corners[rows]
    flat = corners[:, :, held]
    # Only a triangle that has a point in the box around it can hold it.
    low, high = flat.min(axis=1) - _BOX_MM, flat.max(axis=1) + _BOX_MM
    x, y = points[:, None, held[0]], points[:, None, held[1]]
    point, row = np.nonzero((x > low[:, 0]) & (x < high[:, 0]) & (y > low[:, 1]) & (y < high[:, 1]))
    first, second, third = (flat[row, corner] for corner in range(3))
    (x1, y1), (x2, y2) = (second - first).T, (third - first).T
    x, y = (points[point][:, held] - first).T
    turn = x1 * y2 - y1 * x2
    weights = np.stack([np.zeros_like(x), (x * y2 - y * x2) / turn, (x1 * y - y1 * x) / turn], axis=1)
    weights[:, 0] = 1 - weights[:, 1] - weights[:, 2]
    inside = (weights >= -1e-9).all(axis=1)
    point, row, weights = point[inside], row[inside], weights[inside]
    height = towards * np.einsum("kc,kc->k", weights, corners[row, :, moved])
    foremost = np.lexsort((-height, point))
    seen, at = np.unique(point[foremost], return_index=True)
    triangles, places = np.zeros(len(points), dtype=np.int64), np.zeros((len(points), 3))
    triangles[seen], places[seen] = rows[row[foremost[at]]], weights[foremost[at]]
    missed = np.setdiff1d(np.arange(len(points)), seen)
    if len(missed):
        near, near_weights, _ = Surface(skin.vertices_mm, skin.triangles[rows]).nearest(points[missed])
        triangles[missed], places[missed] = rows[near], near_weights
    return triangles, places
