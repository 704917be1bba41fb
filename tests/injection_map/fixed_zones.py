"""Five fixed zones on the atlas, drawn for the tests alone so that they stay what they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np

from nappage.injection_map import atlas as atlas_room
from nappage.injection_map.mesh import Floats, Patch, Surface

Body = Literal["female", "male"]
NAMES = ("cheek", "forehead", "neck", "scalp", "half-face")

# Landmarks of the canonical face.
CHEEK = (116, 117, 118, 119, 100, 142, 203, 206, 216, 212, 214, 192, 213, 147, 123)
FOREHEAD = (
    54,
    103,
    67,
    109,
    10,
    338,
    297,
    332,
    284,
    251,
    301,
    300,
    293,
    334,
    296,
    336,
    9,
    107,
    66,
    105,
    63,
    70,
    71,
    21,
)
OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152)
OVAL += (148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
ORBIT = (226, 247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
NOSE = (
    168,
    193,
    245,
    188,
    174,
    217,
    198,
    129,
    102,
    64,
    98,
    97,
    2,
    326,
    327,
    294,
    331,
    358,
    420,
    437,
    399,
    412,
    465,
    417,
)


def inside_polygon_mm(points: Floats, corners: Floats) -> Floats:
    """(k,): distance of points (k, 2) to a polygon's outline, positive inside."""
    a, b = corners, np.roll(corners, -1, axis=0)
    edge = b - a
    to = points[:, None] - a[None]
    along = np.clip((to * edge).sum(2) / np.maximum((edge * edge).sum(1), 1e-12), 0, 1)
    distance = np.linalg.norm(to - along[:, :, None] * edge, axis=2).min(axis=1)
    above = points[:, None, 1] >= a[None, :, 1]
    spans = above != (points[:, None, 1] >= b[None, :, 1])
    left = edge[:, 0] * to[:, :, 1] - edge[:, 1] * to[:, :, 0] > 0
    crossings = (spans & (left == (edge[:, 1] > 0)[None])).sum(axis=1)
    return np.where(crossings % 2 == 1, distance, -distance)


@cache
def fixed_patch(name: str) -> Patch:
    """The zone as a piece of the atlas; drawn on the female body."""
    atlas = atlas_room.load()
    body = atlas.body("female")
    v = body.vertices_mm
    marks = atlas.landmarks_mm(body)
    front = body.vertex_normals[:, 2] > (-0.25 if name == "half-face" else 0.05)

    def polygon(ids: Sequence[int]) -> Floats:
        return inside_polygon_mm(v[:, :2], marks[list(ids)][:, :2])

    if name == "cheek":
        field = np.where(front, polygon(CHEEK), -5.0)
    elif name == "forehead":
        field = np.where(front, polygon(FOREHEAD), -5.0)
    elif name == "neck":
        chin = marks[152]
        jaw = marks[[172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397]]
        below = np.interp(v[:, 0], jaw[:, 0], jaw[:, 1]) - 14 - v[:, 1]
        field = np.minimum.reduce(
            [below, v[:, 1] - chin[1] + 85, 60 - np.abs(v[:, 0]), v[:, 2] - chin[2] + 110, chin[1] - v[:, 1]]
        )
    elif name == "scalp":
        field = v[:, 1] - marks[10][1] - 25
    else:
        field = np.minimum.reduce(
            [polygon(OVAL) - 2, -polygon(ORBIT) - 2, -polygon(LIPS) - 1, -polygon(NOSE) - 1, -v[:, 0] - 2]
        )
        field = np.where(front, field, -5.0)
    whole = Patch.of(body, (field[body.triangles] > 0).any(axis=1))
    cut = whole.where(whole.field(field, body))
    return cut.only(cut.on(body).pieces() == 0)


def fixed_zone(name: str, body: Body) -> Surface:
    """The zone's skin on a body, mm."""
    return fixed_patch(name).on(atlas_room.load().body(body))
