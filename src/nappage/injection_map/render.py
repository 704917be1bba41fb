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
AT_ONCE = 2_000_000  # pixels tested in one step, which bounds the memory


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

    @cached_property
    def _projected(self) -> Floats:
        return self.camera.project(self.surface.vertices_mm)

    def _weights(self, triangles: Ints, pixels: Floats) -> Floats:
        """(k, 3): barycentric weights in space of what is seen at pixels; a pixel just outside is brought back."""
        corners = self._projected[self.surface.triangles[triangles]]
        flat = _barycentric(corners[..., :2], pixels) / corners[..., 2]
        flat = np.maximum(flat, 0)
        return np.asarray(flat / flat.sum(axis=1, keepdims=True))

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """Lit from above the camera, the same from left and right, which a face finder would not ignore; smooth."""
        image = np.full((*self.triangle.shape, 3), BACKGROUND, dtype=np.uint8)
        rows, columns = np.nonzero(self.triangle >= 0)
        triangles = self.triangle[rows, columns].astype(np.int64)
        weights = self._weights(triangles, np.column_stack([columns, rows]).astype(np.float64))
        normals = self.surface.normals_at(triangles, weights) @ self.camera.turn.T
        light = np.array([0, -0.5, -0.85]) / np.linalg.norm([0.5, 0.85])
        shade = 0.35 + 0.65 * np.maximum(normals @ light, 0)
        colours = np.array(SKIN, dtype=np.float64) if self.colours is None else self.colours[triangles]
        image[rows, columns] = np.clip(shade[:, None] * colours, 0, 255).astype(np.uint8)
        return image


def render(surface: Surface, camera: Camera, colours: NDArray[np.float64] | None = None) -> Picture:
    """`colours` (m, 3): of each triangle, RGB from 0 to 255; skin when there are none."""
    projected = camera.project(surface.vertices_mm)
    corners = projected[surface.triangles]
    flat, depth = corners[..., :2], corners[..., 2]
    with np.errstate(invalid="ignore", over="ignore"):
        turned = _cross(flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]) < 0  # y runs down in a picture
        low = np.ceil(flat.min(axis=1))
        high = np.floor(flat.max(axis=1))
        low, high = np.maximum(low, 0), np.minimum(high, [camera.width_px - 1, camera.height_px - 1])
        drawn = turned & (depth.min(axis=1) > NEAREST_MM) & (high >= low).all(axis=1)
    chosen = np.flatnonzero(drawn)
    low, side = low[chosen].astype(np.int64), (high - low)[chosen].max(axis=1).astype(np.int64) + 1
    triangle = np.full(camera.height_px * camera.width_px, -1, dtype=np.int32)
    nearest = np.zeros(camera.height_px * camera.width_px)  # 1 / depth, which is linear over the picture
    # Triangles of like size are tested together, each against a square of pixels.
    bucket = np.ceil(np.log2(side)).astype(np.int64)
    for size in np.unique(bucket):
        square = 2 ** int(size)
        offsets = np.stack(np.meshgrid(np.arange(square), np.arange(square)), axis=-1).reshape(-1, 2)
        members = np.flatnonzero(bucket == size)
        for part in np.array_split(members, max(1, len(members) * len(offsets) // AT_ONCE)):
            pixels = low[part][:, None] + offsets
            mine = chosen[part]
            weights = _barycentric(flat[mine][:, None], pixels)
            kept = (weights >= -1e-9).all(axis=2)
            kept &= (pixels[..., 0] < camera.width_px) & (pixels[..., 1] < camera.height_px)
            which, _ = np.nonzero(kept)
            closeness = (weights / depth[mine][:, None]).sum(axis=2)[kept]
            at = (pixels[..., 1] * camera.width_px + pixels[..., 0])[kept]
            np.maximum.at(nearest, at, closeness)
            won = closeness >= nearest[at]
            triangle[at[won]] = mine[which[won]]
    return Picture(surface, camera, triangle.reshape(camera.height_px, camera.width_px), colours)


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


def _cross(first: Floats, second: Floats) -> Floats:
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])


def _barycentric(corners: Floats, points: Floats | Ints) -> Floats:
    """(…, 3): weights in the plane of points (…, 2) in triangles (…, 3, 2)."""
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    whole = _cross(b - a, c - a)
    whole = np.where(np.abs(whole) < 1e-12, 1e-12, whole)
    second, third = _cross(points - a, c - a) / whole, _cross(b - a, points - a) / whole
    return np.stack([1 - second - third, second, third], axis=-1)
