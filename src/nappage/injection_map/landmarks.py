"""Faces in a picture: 468 points of the skin and both irises, by OpenCV from the graphs in `data/models`.

Three graphs of MediaPipe (Apache-2.0): a detector for faces that fill a good part of the picture (BlazeFace, short
range), the face mesh and the iris. The mediapipe package itself is not used: its newest releases send usage data.
Positions are pixels, x to the right and y down, with (0, 0) in the middle of the first pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from .mesh import Floats

Image = NDArray[np.uint8]  # (height, width, 3), RGB

# Landmarks by number. "Right" is the patient's right, which a photograph shows on the left.
OUTER_EYES = (33, 263)  # right, left
INNER_EYES = (133, 362)
MOUTH_CORNERS = (61, 291)
INNER_LIPS = (13, 14)  # upper, lower, in the middle

FOUND = 0.5  # a detection below this score is no face
SAME_FACE = 0.3  # boxes that overlap by more than this share are one face
MESH_PX, IRIS_PX, DETECTOR_PX = 192, 64, 128
MESH_MARGIN, IRIS_MARGIN = 1.5, 2.3  # side of the crop ÷ size of the face, ÷ width of the eye
TILE = 0.6  # side of the tiles that are searched when the whole picture shows no face, as a share of it


@dataclass(frozen=True, eq=False)
class Face:
    """`points` (468, 3): x, y, and a depth on the same scale that grows away from the camera, from an origin of its
    own; a guess of the graph. `irises` (2, 5, 2), right then left: the middle, then four points of the rim; NaN where
    they were not asked for. `presence` from 0 to 1: how sure the mesh is that this is a face."""

    points: Floats
    presence: float
    score: float  # the detector's
    irises: Floats

    @property
    def middle_px(self) -> Floats:
        """(2,): of all points."""
        return np.asarray(self.points[:, :2].mean(axis=0))

    def distance_px(self, pair: tuple[int, int]) -> float:
        """Between two landmarks, in the picture's plane."""
        first, second = self.points[list(pair), :2]
        return float(np.linalg.norm(first - second))


@dataclass(frozen=True, eq=False)
class _Box:
    low: Floats  # (2,): upper left corner
    size: Floats  # (2,)
    eyes: Floats  # (2, 2): right, left
    score: float


@dataclass(frozen=True)
class _Square:
    """A square piece of the picture, turned by `angle`; positions here have (0, 0) at the picture's corner."""

    centre: tuple[float, float]
    side: float
    angle: float

    def into_picture(self, size_px: int) -> Floats:
        """(2, 3): from positions in the crop of that size to the picture."""
        step = self.side / size_px
        cos, sin = math.cos(self.angle) * step, math.sin(self.angle) * step
        half = size_px / 2
        x, y = self.centre
        return np.array([[cos, -sin, x - cos * half + sin * half], [sin, cos, y - sin * half - cos * half]])


def find(image: Image, small: bool = True, irises: bool = True) -> tuple[Face, ...]:
    """The faces of a picture, the largest first. Where the whole picture shows none and `small` ones are wanted, parts
    of it are searched, since the detector overlooks faces that are small in it. The `irises` take half of the time."""
    height, width = image.shape[:2]
    boxes = _detect(image)
    if not boxes and small:
        side = round(TILE * max(height, width))
        parts = [
            _detect(image[top : top + side, left : left + side], (left, top))
            for top in sorted({0, max(0, (height - side) // 2), max(0, height - side)})
            for left in sorted({0, max(0, (width - side) // 2), max(0, width - side)})
        ]
        boxes = _without_doubles([box for part in parts for box in part])
    faces: list[Face] = []
    for face in sorted((_mesh(image, box, irises) for box in boxes), key=lambda face: -face.distance_px(OUTER_EYES)):
        # Two tiles may have shown the same face.
        if all(np.linalg.norm(face.middle_px - other.middle_px) > other.distance_px(OUTER_EYES) for other in faces):
            faces.append(face)
    return tuple(faces)


@lru_cache(maxsize=3)
def _graph(name: str) -> cv2.dnn.Net:
    with resources.as_file(resources.files(__package__) / "data" / "models" / f"{name}.tflite") as path:
        # OpenCV 5 has a second engine, and it returns one of several outputs only; OpenCV 4 has no choice to make.
        engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)
        return cv2.dnn.readNetFromTFLite(str(path), *([] if engine is None else [engine]))


_RUNNING = Lock()  # a graph holds its input between two calls


def _run(name: str, image: Floats, outputs: Sequence[str]) -> list[Floats]:
    """The named outputs for an image (h, w, 3), flattened."""
    with _RUNNING:
        graph = _graph(name)
        graph.setInput(np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32))
        return [np.asarray(value, dtype=np.float64).ravel() for value in graph.forward(list(outputs))]


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -80, 80))))


@lru_cache(maxsize=1)
def _anchors() -> Floats:
    """(896, 2): the middles of the detector's cells: 16 × 16 with two anchors each, 8 × 8 with six."""
    rows = []
    for cells, each in ((16, 2), (8, 6)):
        middle = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(middle, middle, indexing="ij")
        rows.append(np.repeat(np.column_stack([x.ravel(), y.ravel()]), each, axis=0))
    return np.vstack(rows)


def _detect(image: Image, origin: tuple[int, int] = (0, 0)) -> list[_Box]:
    """Boxes of faces; `origin`: where this piece begins in the picture, x and y."""
    height, width = image.shape[:2]
    side = max(height, width)
    scale = DETECTOR_PX / side
    small = cv2.resize(
        image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    low = ((DETECTOR_PX - small.shape[1]) // 2, (DETECTOR_PX - small.shape[0]) // 2)
    square = np.zeros((DETECTOR_PX, DETECTOR_PX, 3))
    square[low[1] : low[1] + small.shape[0], low[0] : low[0] + small.shape[1]] = small
    values, logits = _run("face_detection_short_range", square / 127.5 - 1, ["regressors", "classificators"])
    scores = _logistic(logits)
    chosen = np.flatnonzero(scores > FOUND)
    rows = values.reshape(-1, 16)[chosen]
    middles = _anchors()[chosen] * DETECTOR_PX
    shrunk = np.array([small.shape[1] / width, small.shape[0] / height])

    def back(position: Floats) -> Floats:
        return np.asarray((position - low) / shrunk + origin)

    boxes = [
        _Box(
            low=back(row[:2] + middle - row[2:4] / 2),
            size=row[2:4] / shrunk,
            eyes=back(row[4:8].reshape(2, 2) + middle),
            score=float(score),
        )
        for row, middle, score in zip(rows, middles, scores[chosen], strict=True)
    ]
    return _without_doubles(boxes)


def _without_doubles(boxes: list[_Box]) -> list[_Box]:
    """One box for each face: the mean of those that overlap, weighted by their scores."""
    left = sorted(boxes, key=lambda box: -box.score)
    kept = []
    while left:
        same = [box for box in left if box is left[0] or _overlap(left[0], box) > SAME_FACE]
        weights = np.array([box.score for box in same]) / sum(box.score for box in same)
        low, size, eyes = (
            np.tensordot(weights, np.stack([getattr(box, name) for box in same]), axes=1)
            for name in ("low", "size", "eyes")
        )
        kept.append(_Box(low, size, eyes, left[0].score))
        left = [box for box in left if not any(box is other for other in same)]
    return kept


def _overlap(first: _Box, second: _Box) -> float:
    """Intersection ÷ union."""
    low = np.maximum(first.low, second.low)
    high = np.minimum(first.low + first.size, second.low + second.size)
    both = float(np.prod(np.maximum(high - low, 0)))
    either = float(np.prod(first.size) + np.prod(second.size)) - both
    return both / either if either > 0 else 0.0


def _mesh(image: Image, box: _Box, irises: bool) -> Face:
    right, left = box.eyes
    square = _Square(
        tuple(box.low + box.size / 2), float(box.size.max()) * MESH_MARGIN, math.atan2(*(left - right)[::-1])
    )
    points, _ = _mesh_in(image, square)
    # Once more in a square laid around the points themselves, which is steadier than the detector's box.
    angle = _roll(points)
    upright = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    flat = points[:, :2] @ upright.T
    low, high = flat.min(axis=0), flat.max(axis=0)
    square = _Square(tuple(upright.T @ ((low + high) / 2)), float((high - low).max()) * MESH_MARGIN, angle)
    points, presence = _mesh_in(image, square)
    rims = [_iris(image, points, right_eye) if irises else np.full((5, 2), np.nan) for right_eye in (True, False)]
    half = np.array([0.5, 0.5, 0.0])  # from the picture's corner to the middle of its first pixel
    return Face(points - half, presence, box.score, np.stack(rims) - half[:2])


def _roll(points: Floats) -> float:
    """The angle of the line through the eyes, which is 0 in an upright picture."""
    x, y = (points[OUTER_EYES[1]] - points[OUTER_EYES[0]])[:2]
    return math.atan2(y, x)


def _mesh_in(image: Image, square: _Square) -> tuple[Floats, float]:
    outputs = _run("face_landmark", _crop(image, square, MESH_PX) / 255.0, ["conv2d_21", "conv2d_31"])
    points = outputs[0].reshape(468, 3)
    flat = np.column_stack([points[:, :2], np.ones(468)]) @ square.into_picture(MESH_PX).T
    return np.column_stack([flat, points[:, 2] * square.side / MESH_PX]), float(_logistic(outputs[1])[0])


def _iris(image: Image, points: Floats, right_eye: bool) -> Floats:
    """(5, 2). The graph knows one eye; the other is shown to it in a mirror."""
    corners = points[[pair[0 if right_eye else 1] for pair in (OUTER_EYES, INNER_EYES)], :2]
    width = float(np.linalg.norm(corners[0] - corners[1]))
    square = _Square(tuple(corners.mean(axis=0)), max(width, 1.0) * IRIS_MARGIN, _roll(points))
    crop = _crop(image, square, IRIS_PX) / 255.0
    (values,) = _run("iris_landmark", crop if right_eye else crop[:, ::-1], ["output_iris"])
    rim = values.reshape(5, 3)[:, :2]
    if not right_eye:
        rim = np.column_stack([IRIS_PX - rim[:, 0], rim[:, 1]])
    return np.asarray(np.column_stack([rim, np.ones(5)]) @ square.into_picture(IRIS_PX).T)


def _crop(image: Image, square: _Square, size_px: int) -> Floats:
    """(size, size, 3), from 0 to 255. A piece much larger than the crop is first shrunk by areas: bare sampling would
    make the points tremble."""
    into = square.into_picture(size_px)
    height, width = image.shape[:2]
    corners = np.array([[0, 0, 1], [size_px, 0, 1], [0, size_px, 1], [size_px, size_px, 1]]) @ into.T
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - 2, 0, [width - 1, height - 1])
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 2, low + 1, [width, height])
    piece = image[low[1] : high[1], low[0] : high[0]]
    into = into - np.array([[0, 0, low[0]], [0, 0, low[1]]])
    if square.side > 2 * size_px:
        shrink = 1.5 * size_px / square.side
        shape = [max(1, round(length * shrink)) for length in (piece.shape[1], piece.shape[0])]
        into = into * np.array([[shape[0] / piece.shape[1]], [shape[1] / piece.shape[0]]])
        piece = np.asarray(cv2.resize(piece, (shape[0], shape[1]), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    # OpenCV counts from the middle of the first pixel on both sides.
    middle = into.copy()
    middle[:, 2] += into[:, :2] @ [0.5, 0.5] - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(piece, middle, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.float64)
