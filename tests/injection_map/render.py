"""Photographs of heads whose every millimetre is known: MakeHuman heads (CC0, tests/data/heads.npz) with eyes, lips and
brows, taken by a pinhole camera, with printed markers in shot.

Not a portrait painter: enough of a face for the face finder, and geometry that is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import scipy.sparse as sparse
import trimesh

from nappage.injection_map.atlas import loop
from nappage.injection_map.fit import Camera
from nappage.injection_map.mesh import Surface
from nappage.injection_map.render import Picture, render

IRIS_MM, PUPIL_MM = 5.85, 1.8  # radii; the iris is 11.7 mm wide
SKIN, LIP, BROW = np.array([[224, 178, 152], [176, 98, 92], [80, 58, 48]], dtype=float)
WHITE, IRIS, PUPIL = np.array([[240, 240, 240], [92, 74, 56], [18, 18, 18]], dtype=float)
HAIR, WALL = np.array([[60, 48, 42], [200, 204, 208]], dtype=float)
LIGHT = np.array([-0.25, 0.45, 0.85]) / np.linalg.norm([-0.25, 0.45, 0.85])  # from the camera's left, above


@dataclass(frozen=True, eq=False)
class Head:
    """Head and neck, mm: x to the left, y up, z forwards. `lips` (n,) from 0 to 1; `eyes` (2, 4): right, left; centre
    and radius."""

    surface: Surface
    lips: np.ndarray
    eyes: np.ndarray

    @property
    def mouth_mm(self) -> np.ndarray:
        return self.surface.vertices_mm[self.lips > 0.5].mean(axis=0)

    @property
    def chin_mm(self) -> np.ndarray:
        """The most forward point of the chin."""
        v = self.surface.vertices_mm
        below = self.mouth_mm[1] - v[:, 1]
        near = np.flatnonzero((np.abs(v[:, 0]) < 4) & (below > 15) & (below < 50))
        return v[near[v[near, 2].argmax()]]


@dataclass(frozen=True, eq=False)
class Card:
    """A flat picture held in shot: `image` (h, w) grey or (h, w, 3), `width_mm` wide, its middle at `centre_mm`;
    `turn` (3, 3) from the card's axes (right, up, towards the viewer) to the head's."""

    image: np.ndarray
    width_mm: float
    centre_mm: np.ndarray
    turn: np.ndarray = field(default_factory=lambda: np.eye(3))


@dataclass(frozen=True, eq=False)
class Shot:
    """`image` (h, w, 3), RGB; `cast` gives the true places behind pixels."""

    image: np.ndarray
    camera: Camera
    picture: Picture
    head: Head

    def true_mm(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(k, 3) points of skin seen at pixels (k, 2), NaN where none, and (k,) how squarely the skin is seen: 1 from
        straight ahead, 0 on the outline."""
        triangles, weights = self.picture.cast(pixels)
        skin = (triangles >= 0) & (triangles < len(self.head.surface.triangles))
        points, square = np.full((len(pixels), 3), np.nan), np.zeros(len(pixels))
        points[skin] = self.head.surface.at(triangles[skin], weights[skin])
        eye = -self.camera.turn.T @ np.array(self.camera.translation_mm)
        towards = eye - points[skin]
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        square[skin] = (self.head.surface.normals_at(triangles[skin], weights[skin]) * towards).sum(axis=1)
        return points, square


@cache
def _data() -> dict[str, np.ndarray]:
    with np.load(Path(__file__).parents[1] / "data" / "heads.npz") as stored:
        return {name: stored[name] for name in stored.files}


@cache
def _fine() -> tuple[sparse.csr_array, np.ndarray]:
    data = _data()
    operator, triangles = loop(data["triangles"].astype(np.int64), len(data["base_mm"]))
    # At the cut through the neck the weights miss a neighbour.
    return sparse.diags_array(1 / operator.sum(axis=1)) @ operator, triangles


def head(seed: int, strength: float = 0.2, shapes: int = 30) -> Head:
    """A person: one mixture of ancestries, a sex, an age, and some shape targets with weights up to ± `strength`."""
    data, rng = _data(), np.random.default_rng(seed)
    macros = int(data["macros"])
    weight = dict.fromkeys(data["names"], 0.0)
    sex, age = rng.choice(["female", "male"]), 0.7 * rng.random()
    for people, share in zip(("african", "asian", "caucasian"), rng.dirichlet([1, 1, 1]), strict=True):
        weight[f"{people}-{sex}-young"] = share * (1 - age)
        weight[f"{people}-{sex}-old"] = share * age
    weight[f"universal-{sex}-young-averagemuscle-averageweight"] = 1 - age
    weight[f"universal-{sex}-old-averagemuscle-averageweight"] = age
    for name in rng.choice(data["names"][macros:], shapes, replace=False):
        weight[str(name)] = rng.uniform(-strength, strength)
    chosen = np.array([weight[str(name)] for name in data["names"]])
    coarse = data["base_mm"] + np.tensordot(chosen, data["moves"] * float(data["step_mm"]), axes=1)
    operator, triangles = _fine()
    balls = coarse[data["eyes"]]
    centres = balls.mean(axis=1)
    radii = np.linalg.norm(balls - centres[:, None], axis=2).mean(axis=1)
    return Head(
        Surface(operator @ coarse, triangles), operator @ (data["lips"] / 255.0), np.column_stack([centres, radii])
    )


def marker(number: int, size_mm: float, centre_mm: np.ndarray, turn: np.ndarray | None = None) -> Card:
    """One ArUco marker of the 4 × 4 dictionary with a white rim a quarter as wide."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    black = cv2.aruco.generateImageMarker(dictionary, number, 480)
    image = cv2.copyMakeBorder(black, 120, 120, 120, 120, cv2.BORDER_CONSTANT, value=255)
    return Card(image, 1.5 * size_mm, np.asarray(centre_mm), np.eye(3) if turn is None else turn)


def turned(yaw_deg: float = 0, pitch_deg: float = 0, roll_deg: float = 0) -> np.ndarray:
    """(3, 3): turned to the left by yaw, then up by pitch, then over to the left shoulder by roll."""
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return about_z @ about_x @ about_y


def under_chin(person: Head, number: int = 7, size_mm: float = 20, seed: int = 0) -> Card:
    """A marker held below the chin, about as far forward as the chin, tilted a little: nobody holds it exactly."""
    rng = np.random.default_rng(seed)
    centre = np.add(person.chin_mm, [rng.uniform(-8, 8), -(15 + size_mm), rng.uniform(-6, 6)])
    return marker(number, size_mm, centre, turned(*rng.uniform(-10, 10, 2)))


def take(
    person: Head,
    cards: Sequence[Card] = (),
    *,
    turn: np.ndarray | None = None,
    distance_mm: float = 700,
    focal_px: float = 1920,
    size_px: tuple[int, int] = (800, 1000),
    beard: float = 0,
    seed: int = 0,
) -> Shot:
    """A photograph of a head turned by `turn`; the camera is straight in front. Cards turn with the head."""
    turn = np.eye(3) if turn is None else turn
    middle = np.add(person.eyes[:, :3].mean(axis=0), [0, -45, 0])
    facing = np.diag([1.0, -1.0, -1.0]) @ turn  # a camera's y runs down and its z away
    width, height = size_px
    camera = Camera.of(
        facing,
        [0, 0, distance_mm] - facing @ middle,
        (focal_px, focal_px),
        ((width - 1) / 2, (height - 1) / 2),
        size_px,
    )
    ball = trimesh.creation.icosphere(4, 1.0)
    vertices, triangles, count = [person.surface.vertices_mm], [person.surface.triangles], len(person.lips)
    for eye in person.eyes:
        vertices.append(eye[:3] + eye[3] * ball.vertices)
        triangles.append(ball.faces + count)
        count += len(ball.vertices)
    picture = render(Surface(np.vstack(vertices), np.vstack(triangles).astype(np.int64)), camera)
    rng = np.random.default_rng(seed)
    image = np.tile(WALL, (height, width, 1))
    rows, columns, seen, weights = picture.shown()
    image[rows, columns] = _shaded(person, picture, seen, weights, facing, beard, rng)
    image = cv2.GaussianBlur(image, (0, 0), 0.7)
    for card in cards:
        _paste(image, card, camera)
    image = cv2.GaussianBlur(image, (0, 0), 0.5) + rng.normal(0, 2, image.shape)
    return Shot(np.clip(image, 0, 255).astype(np.uint8), camera, picture, person)


def _shaded(
    person: Head,
    picture: Picture,
    seen: np.ndarray,
    weights: np.ndarray,
    facing: np.ndarray,
    beard: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """(k, 3): the colours of places on the head."""
    surface = picture.surface
    points, normals = surface.at(seen, weights), surface.normals_at(seen, weights)
    colour = np.tile(SKIN, (len(seen), 1))

    def paint(rgb: np.ndarray, share: np.ndarray) -> None:
        there = np.flatnonzero(share > 0)
        share = np.minimum(share[there], 1)[:, None]
        colour[there] = (1 - share) * colour[there] + share * rgb

    lips = np.append(person.lips, np.zeros(len(surface.vertices_mm) - len(person.lips)))
    corners = surface.triangles[seen]
    lip = (weights * lips[corners]).sum(axis=1)
    mouth = person.mouth_mm
    from_mouth = points - mouth
    if beard:
        # From the moustache down to the throat, and back to the ears.
        limits = ((14 + 0.002 * from_mouth[:, 0] ** 2 - from_mouth[:, 1]) / 6, (from_mouth[:, 1] + 75) / 10)
        there = np.prod([np.clip(share, 0, 1) for share in (*limits, (55 + from_mouth[:, 2]) / 8)], axis=0)
        paint(HAIR, beard * there * rng.uniform(0.5, 1.2, len(seen)))
    paint(LIP, 1.5 * lip)
    for side, eye in zip((-1, 1), person.eyes, strict=True):
        out, up = side * (points[:, 0] - eye[0]), points[:, 1] - eye[1]
        brow = 21 - 0.009 * (out - 6) ** 2
        paint(BROW, 0.9 * np.clip(3.2 - np.abs(up - brow), 0, 1) * (np.abs(out - 3) < 22) * (points[:, 2] > eye[2]))
    for number, eye in enumerate(person.eyes):
        first = len(person.lips) + number * (len(surface.vertices_mm) - len(person.lips)) // 2
        ball = np.flatnonzero(corners[:, 0] >= first)
        from_axis = np.hypot(*(points[ball] - eye[:3])[:, :2].T)
        white = np.ones((len(ball), 1)) * WHITE
        for radius, rgb in ((IRIS_MM, IRIS), (PUPIL_MM, PUPIL)):
            share = np.clip((radius - from_axis) / 0.3 + 0.5, 0, 1)[:, None]
            white = (1 - share) * white + share * rgb
        colour[ball] = white
    # The light stands by the camera, so it comes from another side when the head is turned.
    light = facing.T @ (np.array([1, -1, -1]) * LIGHT)
    return colour * (0.4 + 0.6 * np.clip(normals @ light, 0, None))[:, None]


def _paste(image: np.ndarray, card: Card, camera: Camera) -> None:
    """Draw a card over the picture, antialiased."""
    height, width = card.image.shape[:2]
    half = np.array([1, height / width]) * card.width_mm / 2
    corners = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * half
    seen = camera.project(np.column_stack([corners, np.zeros(4)]) @ card.turn.T + card.centre_mm)[:, :2]
    low = np.floor(seen.min(axis=0)).astype(int) - 2
    size = np.ceil(seen.max(axis=0)).astype(int) + 3 - low
    fine = 4
    at = (seen - low + 0.5) * fine - 0.5
    edges = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    into = cv2.getPerspectiveTransform(edges.astype(np.float32), at.astype(np.float32))
    colours = np.dstack([card.image] * 3) if card.image.ndim == 2 else card.image
    big = (int(size[0]) * fine, int(size[1]) * fine)
    layers = [
        cv2.resize(cv2.warpPerspective(layer, into, big), tuple(size.tolist()), interpolation=cv2.INTER_AREA)
        for layer in (colours.astype(np.float64), np.ones(card.image.shape[:2]))
    ]
    high = np.minimum(low + size, image.shape[1::-1])
    start = np.maximum(low, 0)
    if (high <= start).any():
        return
    cut = slice(start[1] - low[1], high[1] - low[1]), slice(start[0] - low[0], high[0] - low[0])
    target = image[start[1] : high[1], start[0] : high[0]]
    cover = layers[1][cut][..., None]
    target[:] = (1 - cover) * target + 0.9 * layers[0][cut] + 8 * cover
