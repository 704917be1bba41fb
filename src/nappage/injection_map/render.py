"""A small renderer: a picture of a surface that remembers, for each pixel, which triangle is seen there.

It draws a scan for the face finder, which wants a picture, and casts what was found on the picture back onto the skin.
A depth buffer in numpy; back faces are not drawn, so that nobody looks through a hole at the inside of a head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .document import Camera
from .mesh import Floats, Ints, Surface

SKIN = (215, 175, 150)
BACKGROUND = (200, 200, 200)
NEAREST_MM = 1.0  # what is closer to the camera than this, or behind it, is not drawn
AT_ONCE = 2_000_000  # pixels in the boxes of the triangles drawn in one step, which bounds the memory
EDGE_PX = 1e-6  # a pixel this close to an edge is inside


@dataclass(frozen=True)
class Picture:
    """`triangle` (height, width): the triangle seen in each pixel, -1 for none; `image` (height, width, 3): shaded,
    RGB, 8 bits."""

    surface: Surface
    camera: Camera
    triangle: NDArray[np.int32]
    colours: NDArray[np.float64] | None = None

    def cast(self, pixels: Floats) -> tuple[Ints, Floats]:
        """The places seen at pixels (k, 2), (x, y) with (0, 0) in the middle of the first: triangle (k,), -1 for
        none, and weights (k, 3)."""
        pixels = np.atleast_2d(pixels)
        x, y = np.rint(np.where(np.isfinite(pixels), pixels, -1)).astype(np.int64).T
        height, width = self.triangle.shape
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        triangle = np.full(len(pixels), -1, dtype=np.int64)
        triangle[inside] = self.triangle[y[inside], x[inside]]
        weights = np.zeros((len(pixels), 3))
        seen = triangle >= 0
        weights[seen] = self._weights(triangle[seen], pixels[seen])
        return triangle, weights

    def shown(self) -> tuple[Ints, Ints, Ints, Floats]:
        """Every pixel that shows the surface: row, column and triangle (k,) each, and weights (k, 3)."""
        rows, columns = np.nonzero(self.triangle >= 0)
        triangles = self.triangle[rows, columns].astype(np.int64)
        return rows, columns, triangles, self._weights(triangles, np.column_stack([columns, rows]).astype(np.float64))

    @cached_property
    def _projected(self) -> Floats:
        """(3, n): x and y in the picture, and depth."""
        return np.ascontiguousarray(self.camera.project(self.surface.vertices_mm).T)

    def _weights(self, triangles: Ints, pixels: Floats) -> Floats:
        """(k, 3): barycentric weights in space of what is seen at pixels; a pixel just outside is brought back."""
        corners = np.ascontiguousarray(self.surface.triangles[triangles].T)
        x, y, depth = (side[corners] for side in self._projected)
        flat = np.maximum(_barycentric(x, y, pixels) / depth, 0)
        return np.ascontiguousarray((flat / flat.sum(axis=0)).T)

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """Lit from above the camera, the same from left and right, which a face finder would not ignore; smooth."""
        image = np.full((*self.triangle.shape, 3), BACKGROUND, dtype=np.uint8)
        rows, columns, triangles, weights = self.shown()
        normals = self.surface.normals_at(triangles, weights) @ self.camera.turn.T
        light = np.array([0, -0.5, -0.85]) / np.linalg.norm([0.5, 0.85])
        shade = 0.35 + 0.65 * np.maximum(normals @ light, 0)
        colours = np.array(SKIN, dtype=np.float64) if self.colours is None else self.colours[triangles]
        image[rows, columns] = np.clip(shade[:, None] * colours, 0, 255).astype(np.uint8)
        return image


def render(surface: Surface, camera: Camera, colours: NDArray[np.float64] | None = None) -> Picture:
    """`colours` (m, 3): of each triangle, RGB from 0 to 255; skin when there are none."""
    projected = camera.project(surface.vertices_mm)
    with np.errstate(invalid="ignore", over="ignore"):
        x, y, depth = (projected[:, axis][surface.triangles] for axis in range(3))
        turned = _cross_of(x, y) < 0  # y runs down in a picture
        low = [np.maximum(np.ceil(_least(side)), 0) for side in (x, y)]
        high = [
            np.minimum(np.floor(-_least(-side)), size - 1)
            for side, size in ((x, camera.width_px), (y, camera.height_px))
        ]
        drawn = turned & (_least(depth) > NEAREST_MM) & (high[0] >= low[0]) & (high[1] >= low[1])
    chosen = np.flatnonzero(drawn)
    triangle = np.full(camera.height_px * camera.width_px, -1, dtype=np.int32)
    nearest = np.zeros(camera.height_px * camera.width_px)  # 1 / depth, which is linear over the picture
    x, y, close = x[chosen], y[chosen], 1 / depth[chosen]
    whole = _cross_of(x, y)
    across, down = _cross_of(close, y) / whole, _cross_of(x, close) / whole
    first_row, last_row = (side[chosen].astype(np.int64) for side in (low[1], high[1]))
    boxes = np.cumsum((last_row - first_row + 1) * (high[0] - low[0] + 1)[chosen])
    step = boxes // AT_ONCE
    for part in np.split(np.arange(len(chosen)), np.flatnonzero(np.diff(step)) + 1):
        of, row = _spread(first_row[part], last_row[part])
        of = part[of]
        start, end = _span(x[of], y[of], row)
        start, end = np.maximum(np.ceil(start - EDGE_PX), 0), np.minimum(np.floor(end + EDGE_PX), camera.width_px - 1)
        line, column = _spread(start.astype(np.int64), end.astype(np.int64))
        of, row = of[line], row[line]
        closeness = close[of, 0] + across[of] * (column - x[of, 0]) + down[of] * (row - y[of, 0])
        at = row * camera.width_px + column
        np.maximum.at(nearest, at, closeness)
        won = closeness >= nearest[at]
        triangle[at[won]] = chosen[of[won]]
    return Picture(surface, camera, triangle.reshape(camera.height_px, camera.width_px), colours)


def _least(sides: Floats) -> Floats:
    """(k,): the least of three columns (k, 3)."""
    return np.asarray(np.minimum(np.minimum(sides[:, 0], sides[:, 1]), sides[:, 2]))


def _cross_of(first: Floats, second: Floats) -> Floats:
    """(k,): the cross product of the two edges from the first corner, in two coordinates (k, 3)."""
    a, b = (first[:, corner] - first[:, 0] for corner in (1, 2))
    c, d = (second[:, corner] - second[:, 0] for corner in (1, 2))
    return np.asarray(a * d - b * c)


def _spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Every whole number of each range (k,), (k,), both ends in it: whose it is, and the number."""
    counts = np.maximum(last - first + 1, 0)
    whose = np.repeat(np.arange(len(first)), counts)
    return whose, np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts - first, counts)


def _span(x: Floats, y: Floats, row: Ints) -> tuple[Floats, Floats]:
    """(k,), (k,): from where to where triangles with corners (k, 3) cross rows (k,)."""
    start, end = np.full(len(row), np.inf), np.full(len(row), -np.inf)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        rise = y[:, other] - y[:, one]
        level = rise == 0
        share = (row - y[:, one]) / np.where(level, 1, rise)
        meets = np.where(level, row == y[:, one], (share >= 0) & (share <= 1))
        at = x[:, one] + share * (x[:, other] - x[:, one])
        start = np.where(meets, np.minimum(start, at), start)
        end = np.where(meets, np.maximum(end, at), end)
    return start, end


def camera_towards(
    centre_mm: Floats, distance_mm: float, field_mm: float, size_px: int, yaw_deg: float = 0, pitch_deg: float = 0
) -> Camera:
    """A square camera that looks at a point from in front (along -z); `field_mm` is what the picture is wide at that
    distance. Positive yaw walks to the patient's left, positive pitch rises."""
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    around = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    above = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn = np.diag([1.0, -1.0, -1.0]) @ above @ around
    focal = distance_mm * size_px / field_mm
    middle = (size_px - 1) / 2
    return Camera.of(
        turn, -turn @ np.asarray(centre_mm) + [0, 0, distance_mm], (focal, focal), (middle, middle), (size_px, size_px)
    )


def _barycentric(x: Floats, y: Floats, points: Floats) -> Floats:
    """(3, k): weights in the plane of points (k, 2) in triangles with corners at x and y (3, k)."""
    x, y = x - points[:, 0], y - points[:, 1]
    parts = np.empty_like(x)
    for corner in range(3):
        one, other = (corner + 1) % 3, (corner + 2) % 3
        parts[corner] = x[one] * y[other] - x[other] * y[one]
    whole = parts[0] + parts[1] + parts[2]
    return np.asarray(parts / np.where(np.abs(whole) < 1e-12, 1e-12, whole))
