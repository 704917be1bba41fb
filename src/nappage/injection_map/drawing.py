"""The map as pictures: views of the body, flat charts of its zones, and the map over a photograph.

Views and charts are SVG that stands by itself: its units are millimetres on paper, nothing is loaded from elsewhere.
A view looks from so far away that it is parallel, so its scale bar holds everywhere; what the body hides is not drawn.
A chart is a zone rolled out flat, true to scale from each point to its neighbours.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from textwrap import wrap
from typing import NamedTuple

import cv2
import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path
from scipy.sparse.linalg import eigsh, splu
from scipy.spatial import Delaunay, cKDTree

from ..knowledge import Edition
from ..values import plain
from .atlas import Atlas
from .document import Body, Camera, DangerDrawn, InjectionMap, MappedZone, MapPoint
from .fit import similarity
from .kept import kept
from .mesh import Floats, Ints, Surface
from .render import render

AWAY_MM = 50_000.0  # from here perspective is under 0.5 % over a body's depth
DOTS_PER_MM = 5  # of the shading, on paper
FACING = 0.15  # cosine under which skin is seen too much from the side to place a needle by
NUMBERED = 0.4  # cosine under which points crowd together too much to be numbered on a view
NAMED = 0.34  # of a zone's points must be seen for a view to name it, and half as much of it as of its other side
BEHIND_MM = 1.0  # what lies this far behind what is seen is hidden; and on a coarse picture,
BEHIND_DOTS = 2.0  # as many dots of it

INK, SOFT, DANGER = "#14232c", "#5b6870", "#a83200"
# Okabe and Ito's colours, told apart by colour-blind eyes; vermilion is kept for danger. Each with a dark of its own.
TINTS = (
    ("#56b4e9", "#1c5f8a"), ("#e69f00", "#7d5600"), ("#009e73", "#00563f"),
    ("#cc79a7", "#7a3a5c"), ("#0072b2", "#003f63"), ("#f0e442", "#6d6600"),
)  # fmt: skip

HEAD = frozenset(
    [
        "forehead",
        "glabella",
        "temple",
        "crows-feet",
        "lower-lid",
        "nose",
        "malar",
        "cheek",
        "nasolabial",
        "perioral",
        "chin",
        "jawline",
        "submental",
        "neck",
        "decolletage",
        "scalp-frontal",
        "scalp-vertex",
        "scalp-crown",
        "nape",
    ]
)
HANDS = "dorsal-hands"
# Name → yaw and pitch of the eye, degrees: 0, 0 is in front, positive yaw on the patient's left, positive pitch above.
HEAD_VIEWS = {
    "front": (0, 0), "oblique-right": (-42, 0), "oblique-left": (42, 0), "side-right": (-90, 0), "side-left": (90, 0),
    "below": (0, -42), "top": (0, 78), "back": (180, 8),
}  # fmt: skip
BODY_VIEWS = {"body-front": (0, 0), "body-back": (180, 0), "body-right": (-90, 0), "body-left": (90, 0)}
WIDE_MM, NARROW_MM = (150.0, 190.0), (84.0, 118.0)  # largest width and height on paper
HEAD_MM = 5.0  # above a chart, for words
CHART_MM = 55.0  # the least width of a chart: three fit beside one another
LARGEST_PX = 2000  # of a photograph that is drawn on
SMALL_PX, ENLARGED_PX = 1000, 1400  # a smaller one is cut to the head, and made so large
TO_NECK_MM = 330.0  # from the crown down, with the neck


Picture8 = NDArray[np.uint8]


class Drawing(NamedTuple):
    """An SVG with its words; `width_mm` and `height_mm` are its size on paper. `plain_svg`: of a view, the zones alone,
    without points, numbers and dangers."""

    svg: str
    alt: str
    caption: str
    width_mm: float
    height_mm: float
    plain_svg: str = ""


# --- views ---------------------------------------------------------------------------------------------------------


def views(map: InjectionMap, surface: Surface, atlas: Atlas, edition: Edition) -> dict[str, Drawing]:
    """The views that the map's zones need, each under its name, the front first. `surface` is what the map was laid
    out on, whole."""
    body = _with_eyes(surface, atlas, map.surface.body)
    borders = [(zone, _borders(zone)) for zone in map.zones]
    margins = [(danger, *_margins(danger)) for danger in map.dangers]
    drawn: dict[str, Drawing] = {}
    for name, direction, up, zones in _needed(map):
        shown = _around(body, _middle(zones[0])) if zones[0].zone == HANDS else body
        turn = _turn(direction, up)
        frame = _frame(map, shown, atlas, turn, zones)
        drawn[name] = _view(map, shown, name, turn, frame, borders, margins, edition, legend=not drawn)
    return drawn


def _needed(map: InjectionMap) -> Iterable[tuple[str, Floats, Floats, tuple[MappedZone, ...]]]:
    """Views as name, direction to the eye, up, and the zones that it is framed by. A view is drawn when it is the best
    one for a zone; the front also when it shows anything."""
    upright = np.array([0.0, 1.0, 0.0])
    for candidates, zones in (
        (HEAD_VIEWS, [zone for zone in map.zones if zone.site in HEAD]),
        (BODY_VIEWS, [zone for zone in map.zones if zone.site not in HEAD and zone.zone != HANDS]),
    ):
        eyes = {name: _direction(*angles) for name, angles in candidates.items()}
        shown: dict[str, list[MappedZone]] = {}
        for zone in zones:
            normals = _normals(map, zone)
            score = {name: float(np.maximum(normals @ eye - FACING, 0).mean()) for name, eye in eyes.items()}
            best = max(score, key=lambda name: score[name])
            for name in eyes:
                if name == best or score[name] > 0.25:
                    shown.setdefault(name, []).append(zone)
            shown.setdefault("*", []).append(zone)
            shown.setdefault(f"!{best}", []).append(zone)
        for position, name in enumerate(eyes):
            if f"!{name}" in shown or (position == 0 and name in shown):
                yield name, eyes[name], upright, tuple(shown[name])
    for zone in map.zones:
        if zone.zone == HANDS:
            normal = _normals(map, zone).mean(axis=0)
            up = _middle(zone) * [1, 0, 0] + [0, -400, 0]
            yield f"hand-{zone.side}", normal / np.linalg.norm(normal), up, (zone,)


def _middle(zone: MappedZone) -> Floats:
    """(3,): of its borders, mm."""
    return np.asarray(np.concatenate([np.asarray(ring) for ring in zone.border]).mean(axis=0))


@kept(4)
def _around(body: Surface, centre: Floats, reach_mm: float = 160.0) -> Surface:
    """The body near a place: a hand without the thigh behind it."""
    near = np.linalg.norm(body.corners.mean(axis=1) - centre, axis=1) < reach_mm
    return Surface(body.vertices_mm, body.triangles[near])


def _direction(yaw_deg: float, pitch_deg: float) -> Floats:
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    return np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])


def _normals(map: InjectionMap, zone: MappedZone) -> Floats:
    """(k, 3): the skin's normals at a zone's points."""
    own = [point.normal for point in map.points if point.zone == zone.id]
    if own:
        return np.array(own)
    ring = np.asarray(zone.border[0])
    normal = np.cross(ring, np.roll(ring, -1, axis=0)).sum(axis=0)
    return np.asarray(normal / max(float(np.linalg.norm(normal)), 1e-9))[None]


@kept(8)
def _with_eyes(surface: Surface, atlas: Atlas, body: Body) -> Surface:
    """The body with its eyeballs, which are no skin; carried along with the lids."""
    own = atlas.body(body).vertices_mm
    vertices, triangles = [surface.vertices_mm], [surface.triangles]
    count = len(surface.vertices_mm)
    ball = trimesh.creation.icosphere(subdivisions=4)
    for x, y, z, radius in atlas.eyes(body):
        around = np.linalg.norm(own - [x, y, z], axis=1) < 1.5 * radius
        laid = similarity(own[around], surface.vertices_mm[around], np.ones(int(around.sum())))
        sphere = np.asarray(ball.vertices) * radius + [x, y, z]
        vertices.append(laid.out_of_body(laid.scale * sphere))
        triangles.append(np.asarray(ball.faces, dtype=np.int64) + count)
        count += len(sphere)
    return Surface(np.vstack(vertices), np.vstack(triangles))


def _view(
    map: InjectionMap,
    body: Surface,
    name: str,
    turn: Floats,
    frame: tuple[Floats, Floats],
    borders: Sequence[tuple[MappedZone, list[Floats]]],
    margins: Sequence[tuple[DangerDrawn, list[Floats], list[Floats]]],
    edition: Edition,
    legend: bool,
) -> Drawing:
    low, high = frame
    largest = np.array(WIDE_MM if name.endswith("front") else NARROW_MM)
    paper = float((largest / (high - low)).min())  # mm on paper for one of the body
    camera = _camera(turn, low, high, paper * DOTS_PER_MM)
    sight = _sight(body, camera)
    scene = Scene(map, sight)
    page = _Page(f"view-{name}", (high - low) * paper, edition, map.language)
    page.picture(sight.jpeg)
    spacing = min((zone.spacing.mean_mm for zone in map.zones if zone.spacing), default=6.0) * paper
    size = float(np.clip(0.17 * spacing, 0.3, 0.75))

    def on_paper(px: Sequence[Floats]) -> list[Floats]:
        return [(line + 0.5) / DOTS_PER_MM for line in px]

    barred = [
        (danger, on_paper(_areas(body, camera, rings, each=True)), on_paper(sight.seen_lines(lines)))
        for danger, lines, rings in margins
    ]
    page.dangers(barred)
    seen = [
        (zone, _tint(map, zone), on_paper(_areas(body, camera, rings)), on_paper(sight.seen_lines(rings)))
        for zone, rings in borders
    ]
    page.zones(seen)
    plain = _Page(f"plain-{name}", (high - low) * paper, edition, map.language)
    plain.picture(sight.jpeg)
    plain.zones(seen)
    at, ends = on_paper([scene.points_px, scene.ends_px])
    page.needle(map, at, scene.visible, size)
    page.scale_bar(paper)
    page.sides(turn[0])
    named = [(_short_title(zone), dark, areas) for zone, (_, dark), areas, _ in seen if scene.shows(zone) >= NAMED]
    page.names(named, [area for _, areas, _ in barred for area in areas], at[scene.visible], size)
    page.points(map, at, scene.visible, ends, size, sparse=scene.open_to_view)
    count = int(scene.visible.sum())
    title = page.say(f"view-{name}")
    alt = page.say(
        "view-alt", view=title, seen=str(count), points=str(len(map.points)),
        zones=", ".join(zone.title for zone in map.zones if scene.shows(zone)),
    )  # fmt: skip
    caption = page.say("view-caption", view=title, seen=str(count), points=str(len(map.points)))
    if legend:
        caption = " ".join([f"{caption}.", *_legend(map, page)])
    return Drawing(page.svg(title, alt), alt, caption, page.width, page.height, plain.svg(title, title))


def _turn(direction: Floats, up: Floats) -> Floats:
    """(3, 3): right, down and forwards of an eye that looks against `direction`."""
    forwards = -direction
    down = -(up - (up @ forwards) * forwards)
    down /= np.linalg.norm(down)
    return np.array([np.cross(down, forwards), down, forwards])


def _frame(
    map: InjectionMap, body: Surface, atlas: Atlas, turn: Floats, zones: Sequence[MappedZone]
) -> tuple[Floats, Floats]:
    """Two corners in the plane of the view, mm: the zones with what lies around them, on the head the face with its
    ears too, inside the body's own box."""
    flat = np.vstack([np.asarray(ring) for zone in zones for ring in zone.border]) @ turn[:2].T
    on_head = all(zone.site in HEAD for zone in zones)
    room = 15.0 if on_head else max(0.22 * float((flat.max(axis=0) - flat.min(axis=0)).max()), 22.0)
    low, high = flat.min(axis=0) - room, flat.max(axis=0) + room
    if on_head:
        face = atlas.landmarks_mm(body)
        middle, reach = face.mean(axis=0), np.linalg.norm(face - face.mean(axis=0), axis=1).max()
        face = np.vstack([face, middle + (face - middle) * 1.25 + [0, 0.06 * reach, -0.2 * reach]]) @ turn[:2].T
        low, high = np.minimum(low, face.min(axis=0) - 6), np.maximum(high, face.max(axis=0) + 6)
    all_of_it = body.vertices_mm[_corners_of(body.triangles)] @ turn[:2].T
    return np.maximum(low, all_of_it.min(axis=0) - 8), np.minimum(high, all_of_it.max(axis=0) + 8)


def _corners_of(triangles: Ints) -> Ints:
    """The vertices that triangles use, each once."""
    used = np.zeros(int(triangles.max(initial=-1)) + 1, dtype=bool)
    used[triangles] = True
    return np.flatnonzero(used)


def _camera(turn: Floats, low: Floats, high: Floats, dots_per_mm: float) -> Camera:
    width, height = np.ceil((high - low) * dots_per_mm).astype(int)
    focal = AWAY_MM * dots_per_mm
    move = np.array([-(low + high)[0] / 2, -(low + high)[1] / 2, AWAY_MM])
    return Camera.of(turn, move, (focal, focal), ((width - 1) / 2, (height - 1) / 2), (int(width), int(height)))


def _tint(map: InjectionMap, zone: MappedZone) -> tuple[str, str]:
    names = list(dict.fromkeys(other.zone for other in map.zones))
    return TINTS[names.index(zone.zone) % len(TINTS)]


def _short_title(zone: MappedZone) -> str:
    """Without the side: the edges of a view tell it."""
    return zone.title if zone.side == "midline" else zone.title.rpartition(", ")[0] or zone.title


def _legend(map: InjectionMap, page: _Page) -> list[str]:
    """The marks that this map's views use, in words."""
    used = {
        "danger": any(danger.sourced for danger in map.dangers),
        "unsourced": any(not danger.sourced for danger in map.dangers),
        "thread": any(point.to is not None for point in map.points),
        "syringe": len(map.syringes) > 1,
        "by-hand": any(point.added for point in map.points),
    }
    return [page.say(f"legend-{mark}") for mark, is_used in used.items() if is_used]


@dataclass(frozen=True, eq=False)
class Sight:
    """What an eye sees of a body, whatever lies on it; pixels with (0, 0) in the middle of the first. `depth` (height,
    width): how far away what is seen lies, mm; infinite for nothing. `shaded` (height, width): the body in light greys,
    its outlines dark, on white."""

    camera: Camera
    depth: Floats
    shaded: NDArray[np.uint8]
    # Every second pixel of every second row that shows the body: row and column counted so, and position, mm.
    _sampled: tuple[Ints, Ints, Floats]
    # The corners of the triangles that are seen, to be asked which is nearest, and the normals there.
    _skin: tuple[cKDTree, Floats]

    @classmethod
    def of(cls, body: Surface, camera: Camera) -> Sight:
        picture = render(body, camera)
        rows, columns, triangles, weights = picture.shown()
        positions = body.at(triangles, weights)
        depth = np.full(picture.triangle.shape, np.inf)
        depth[rows, columns] = camera.project(positions)[:, 2]
        shown = np.full(picture.triangle.shape, 255.0, dtype=np.float32)
        shown[rows, columns] = _greys(body.normals_at(triangles, weights), camera.turn)
        every = (rows % 2 == 0) & (columns % 2 == 0)
        seen = np.zeros(len(body.triangles) + 1, dtype=bool)
        seen[picture.triangle] = True
        corners = _corners_of(body.triangles[seen[:-1]])
        return cls(
            camera, depth, _outlined(shown, depth), (rows[every] // 2, columns[every] // 2, positions[every]),
            (cKDTree(body.vertices_mm[corners]), body.vertex_normals[corners]),
        )  # fmt: skip

    @cached_property
    def jpeg(self) -> bytes:
        """`shaded` as a file."""
        quality = [cv2.IMWRITE_JPEG_QUALITY, 82, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        done, jpeg = cv2.imencode(".jpg", self.shaded, quality)
        assert done
        return jpeg.tobytes()

    def sees(self, positions: Floats, normals: Floats | None = None) -> NDArray[np.bool_]:
        """(k,): whether places are in the picture, before everything else, and not seen too much from the side."""
        pixels = self.camera.project(positions)
        height, width = self.depth.shape
        x, y = np.rint(pixels[:, :2]).astype(np.int64).T
        inside = (x >= 1) & (x < width - 1) & (y >= 1) & (y < height - 1)
        x, y = np.clip(x, 1, width - 2), np.clip(y, 1, height - 2)
        around = np.stack([self.depth[y + dy, x + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)])
        around[np.isinf(around)] = -np.inf
        allowed = BEHIND_MM + BEHIND_DOTS * pixels[:, 2] / self.camera.fx
        seen = inside & (around.max(axis=0) >= pixels[:, 2] - allowed)
        if normals is not None:
            seen &= self.facing(positions, normals) >= FACING
        return np.asarray(seen)

    def facing(self, positions: Floats, normals: Floats) -> Floats:
        """(k,): cosines between the skin's normals and the way to the eye."""
        eye = -np.array(self.camera.translation_mm) @ self.camera.turn
        towards = eye - positions
        return np.asarray((normals * towards).sum(axis=1) / np.linalg.norm(towards, axis=1))

    def seen_lines(self, lines: Iterable[Floats]) -> list[Floats]:
        """The seen parts of lines (k, 3), px."""
        found: list[Floats] = []
        for line in lines:
            seen = self.sees(line)
            flat = self.camera.project(line)[:, :2]
            cuts = np.flatnonzero(np.diff(seen.astype(np.int8))) + 1
            parts = [part for part in np.split(np.arange(len(line)), cuts) if len(part) > 2 and seen[part[0]]]
            found += [_simple(flat[part]) for part in parts]
        return found

    def filled(self, outlines: Sequence[Floats], *, each: bool = False) -> list[Floats]:
        """The seen skin inside closed lines (k, 3) as polygons, px. The lines run with the skin on their left; with
        `each` they may run either way, and what any of them encloses is inside."""
        mask = np.zeros([(side + 1) // 2 for side in self.depth.shape], dtype=np.uint8)
        for group in [[line] for line in outlines] if each else [outlines]:
            if any(self.sees(line).any() for line in group):
                mask |= self._filled(group, turn_round=each)
        if not mask.any():
            return []
        mask = np.asarray(cv2.medianBlur(cv2.resize(mask, None, fx=2, fy=2), 5), dtype=np.uint8)
        found, _ = cv2.findContours(np.asarray(mask > 127, dtype=np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        polygons = [np.asarray(cv2.approxPolyDP(ring, 0.7, True)[:, 0], dtype=np.float64) for ring in found]
        return [polygon for polygon in polygons if len(polygon) > 2 and abs(_area(polygon)) > 16]

    def _filled(self, outlines: Sequence[Floats], *, turn_round: bool) -> NDArray[np.uint8]:
        """255 inside closed lines, for every second pixel. Far from the lines the nearest one tells little: only
        what hangs together with skin beside them counts."""
        rows, columns, positions = self._sampled
        mask = np.zeros([(side + 1) // 2 for side in self.depth.shape], dtype=np.uint8)
        border = np.vstack(outlines)
        low, high = border.min(axis=0), border.max(axis=0)
        room = 3 + 0.25 * float(np.linalg.norm(high - low))  # skin bulges out of the box of its border
        near = np.arange(len(positions))
        for axis in (1, 0, 2):  # a body is longest from top to bottom
            along = positions[near, axis]
            near = near[(along > low[axis] - room) & (along < high[axis] + room)]
        if not len(near):
            return mask
        inside, away = _inside(outlines, positions[near], self._skin, turn_round)
        near, away = near[inside], away[inside]
        mask[rows[near], columns[near]] = 255
        count, parts = cv2.connectedComponents(mask, connectivity=8)
        beside = away < 1 + 2 * BEHIND_DOTS * self.camera.translation_mm[2] / self.camera.fx
        kept = np.zeros(count, dtype=bool)
        kept[parts[rows[near[beside]], columns[near[beside]]]] = True
        kept[0] = False
        return np.asarray(np.where(kept[parts], 255, 0), dtype=np.uint8)


def _greys(normals: Floats, turn: Floats) -> Floats:
    """(k,): how light skin is drawn, 0 to 255, by its normals."""
    light = np.array([-0.35, -0.55, -0.76])
    lit = np.clip(normals @ (light / np.linalg.norm(light) @ turn), 0, 1)
    rim = np.clip(-normals @ turn[2], 0, 1)  # 1 where skin faces the eye
    return np.asarray(168 + 52 * lit + 34 * rim**0.7)


def _outlined(grey: NDArray[np.float32], depth: Floats) -> NDArray[np.uint8]:
    """Greys (height, width) with a dark line where what is seen ends before what lies behind."""
    far = np.asarray(np.where(np.isinf(depth), AWAY_MM + 1e4, depth), dtype=np.float32)
    step = np.maximum(
        cv2.morphologyEx(far, cv2.MORPH_CLOSE, np.ones((3, 3))) - far, cv2.dilate(far, np.ones((3, 3))) - far
    )
    line = cv2.GaussianBlur(np.clip((step - 2.0) / 3.0, 0, 1), (0, 0), 0.8)
    return np.asarray(np.clip(grey * (1 - 0.62 * line), 0, 255), dtype=np.uint8)


# A signature prints the same body from the same sides again, and danger zones lie on it as they did: both are kept.


@kept(3_000_000, lambda sight: sight.depth.size)  # about 20 bytes a pixel; the head from all sides has under 2 million
def _sight(body: Surface, camera: Camera) -> Sight:
    return Sight.of(body, camera)


@kept(512)
def _areas(body: Surface, camera: Camera, outlines: Sequence[Floats], *, each: bool = False) -> list[Floats]:
    return _sight(body, camera).filled(outlines, each=each)


@dataclass(frozen=True)
class Scene:
    """A map as an eye sees it on a body."""

    map: InjectionMap
    sight: Sight

    @cached_property
    def _places(self) -> tuple[Floats, Floats]:
        return (
            np.array([point.position_mm for point in self.map.points]).reshape(-1, 3),
            np.array([point.normal for point in self.map.points]).reshape(-1, 3),
        )

    @cached_property
    def visible(self) -> NDArray[np.bool_]:
        """(points,): which of the map's points are seen."""
        return self.sight.sees(*self._places)

    @cached_property
    def open_to_view(self) -> NDArray[np.bool_]:
        """(points,): which of them are seen so well that a number finds room."""
        return np.asarray(self.visible & (self.sight.facing(*self._places) >= NUMBERED))

    @cached_property
    def points_px(self) -> Floats:
        """(points, 2)."""
        return self.sight.camera.project(self._places[0])[:, :2]

    @cached_property
    def ends_px(self) -> Floats:
        """(points, 2): where a thread ends; not a number for a point."""
        ends = np.array([point.to_position_mm or (np.nan,) * 3 for point in self.map.points]).reshape(-1, 3)
        return self.sight.camera.project(ends)[:, :2]

    def shows(self, zone: MappedZone) -> float:
        """The share of the zone's points that is seen."""
        own = [seen for point, seen in zip(self.map.points, self.visible, strict=True) if point.zone == zone.id]
        return float(np.mean(own)) if own else 0.0


def _borders(zone: MappedZone, step_mm: float = 1.0) -> list[Floats]:
    """A zone's outlines as closed lines (k, 3)."""
    rings = [np.asarray(ring, dtype=np.float64) for ring in zone.border]
    return [_dense(np.vstack([ring, ring[:1]]), step_mm) for ring in rings if len(ring) > 2]


def _margins(danger: DangerDrawn, step_mm: float = 1.0) -> tuple[list[Floats], list[Floats]]:
    """A danger's outlines as lines (k, 3), and those of them that are closed."""
    lines = [_dense(np.asarray(line, dtype=np.float64), step_mm) for line in danger.outline if len(line) > 1]
    return lines, [line for line in lines if len(line) > 3 and np.linalg.norm(line[0] - line[-1]) < 0.01]


def _dense(line: Floats, step_mm: float) -> Floats:
    """A line with corners at most `step_mm` apart."""
    ways = np.diff(line, axis=0)
    counts = np.maximum(np.ceil(np.linalg.norm(ways, axis=1) / step_mm).astype(int), 1)
    share = np.concatenate([np.arange(count) / count for count in counts])[:, None]
    return np.vstack([np.repeat(line[:-1], counts, axis=0) + share * np.repeat(ways, counts, axis=0), line[-1:]])


def _even(line: Floats, step_mm: float) -> Floats:
    """A closed line as a ring with corners evenly about `step_mm` apart: the least edges of a border that was cut
    point anywhere."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, along[-1], max(4, int(along[-1] / step_mm)), endpoint=False)
    return np.column_stack([np.interp(at, along, line[:, axis]) for axis in range(line.shape[1])])


def _simple(line: Floats) -> Floats:
    """A line (k, 2) in pixels with no more corners than are seen."""
    return np.asarray(cv2.approxPolyDP(line.astype(np.float32), 0.35, False)[:, 0], dtype=np.float64)


def _area(polygon: Floats) -> float:
    x, y = polygon.T
    return float(0.5 * (x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


def _inside(
    outlines: Sequence[Floats], positions: Floats, skin: tuple[cKDTree, Floats], turn_round: bool
) -> tuple[NDArray[np.bool_], Floats]:
    """(k,): whether places on skin lie to the left of the nearest of closed lines (j, 3), that is inside; and how far
    that is, mm. `skin`: some places and the normals there."""
    places, lefts = [], []
    for line in outlines:
        ring = _even(line, 0.8)
        upwards = skin[1][skin[0].query(ring)[1]]
        if turn_round:
            middle = ring - ring.mean(axis=0)
            if np.cross(middle, np.roll(middle, -1, axis=0)).sum(axis=0) @ upwards.mean(axis=0) < 0:
                ring, upwards = ring[::-1], upwards[::-1]
        # Beyond a sharp corner the sides disagree on what is left of them: the mean of both decides.
        after = np.cross(upwards, np.roll(ring, -1, axis=0) - ring)
        before = np.cross(upwards, ring - np.roll(ring, 1, axis=0))
        unit = [v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), 1e-9) for v in (before, after)]
        places.append(ring)
        lefts.append(unit[0] + unit[1])
    at, left = np.vstack(places), np.vstack(lefts)
    away, nearest = (np.asarray(found) for found in cKDTree(at).query(positions))
    ways = (positions - at[nearest]) * left[nearest]
    return np.asarray(ways[:, 0] + ways[:, 1] + ways[:, 2] > 0), away


# --- over a photograph ---------------------------------------------------------------------------------------------


def over_photograph(photograph: Picture8, map: InjectionMap, surface: Surface) -> bytes:
    """A PNG: zones, danger margins and points on the photograph (height, width, 3; RGB) that the map's skin was fitted
    to; what is hidden in it is left out. Raises ValueError where the map was not laid out on a photograph."""
    camera = None if map.surface.fit is None else map.surface.fit.camera
    if camera is None:
        raise ValueError("the map was not laid out on a photograph")
    camera, (left, top, right, bottom) = overlaid(camera, surface)
    size = camera.width_px, camera.height_px
    piece = photograph[top:bottom, left:right]
    ways = cv2.INTER_AREA if size[0] < piece.shape[1] else cv2.INTER_CUBIC
    picture: Picture8 = np.array(cv2.resize(piece, size, interpolation=ways), dtype=np.uint8)
    scene = Scene(map, Sight.of(surface, camera))
    dot = size[0] / 1000  # one thousandth of the width
    for zone in map.zones:
        tint, dark = (_rgb(colour) for colour in _tint(map, zone))
        borders = _borders(zone)
        mask = np.zeros(picture.shape[:2], dtype=np.uint8)
        cv2.fillPoly(mask, [_fixed(line) for line in scene.sight.filled(borders)], 255, cv2.LINE_AA, 4)
        tinted = mask > 0
        skin = picture[tinted]
        picture[tinted] = skin + 0.25 / 255 * mask[tinted, None] * (np.array(tint) - skin)
        _lines(picture, scene.sight.seen_lines(borders), dark, 1.2 * dot)
    for danger in map.dangers:
        lines = scene.sight.seen_lines(_margins(danger)[0])
        _lines(picture, lines if danger.sourced else _dashes(lines, 9 * dot), _rgb(DANGER), 1.2 * dot)
    shown = [index for index, seen in enumerate(scene.visible) if seen]
    for index in shown:
        if map.points[index].to is not None:
            _lines(picture, [np.array([scene.points_px[index], scene.ends_px[index]])], _rgb(INK), 1.8 * dot)
    for radius, colour in ((3.4 * dot, (255, 255, 255)), (2.3 * dot, _rgb(INK))):
        for x, y in _fixed(scene.points_px[shown]).tolist():
            cv2.circle(picture, (x, y), round(16 * radius), colour, -1, cv2.LINE_AA, 4)
    written = Image.fromarray(picture)
    draw = ImageDraw.Draw(written)
    text_px = max(9.0, 14 * dot)
    font = ImageFont.load_default(text_px)
    placer = _Placer(scene.points_px[shown], 3 * dot, [], (0, 0, *size))
    wanted = [index for index in shown if scene.open_to_view[index]]
    for index, place in _numbers(map, scene.points_px, wanted, placer, text_px, len(shown)):
        number = str(map.points[index].number)
        draw.text(place, number, _rgb(INK), font, "mm", stroke_width=2, stroke_fill="white")
    written = _with_names(written, map, [zone for zone in map.zones if scene.shows(zone)], font, round(1.5 * text_px))
    done, png = cv2.imencode(".png", np.asarray(written)[..., ::-1])
    assert done
    return png.tobytes()


def overlaid(camera: Camera, surface: Surface) -> tuple[Camera, tuple[int, int, int, int]]:
    """The camera of `over_photograph`'s picture, and the piece of the photograph that it shows: left, top, right and
    bottom, px. A photograph that is small is cut to the head and enlarged, so that numbers can be read."""
    width, height = camera.width_px, camera.height_px
    left, top, right, bottom = 0, 0, width, height
    if max(width, height) < SMALL_PX:
        heights = surface.vertices_mm[:, 1]
        x, y = camera.project(surface.vertices_mm[heights > heights.max() - TO_NECK_MM])[:, :2].T
        left, right = (int(np.clip(edge, 0, width)) for edge in (np.floor(x.min()), np.ceil(x.max())))
        top, bottom = (int(np.clip(edge, 0, height)) for edge in (np.floor(y.min()), np.ceil(y.max())))
        if right - left < 2 or bottom - top < 2:
            left, top, right, bottom = 0, 0, width, height
    longest = max(right - left, bottom - top)
    scale = ENLARGED_PX / longest if max(width, height) < SMALL_PX else min(1.0, LARGEST_PX / longest)
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    cut = camera.model_copy(
        update={
            "cx": camera.cx - left, "cy": camera.cy - top, "width_px": right - left, "height_px": bottom - top,
        }
    )  # fmt: skip
    return _resized(cut, size), (left, top, right, bottom)


def _with_names(
    picture: Image.Image,
    map: InjectionMap,
    zones: Sequence[MappedZone],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    line_px: int,
) -> Image.Image:
    """The picture with the zones' names under it, each beside its colour; the picture's pixels stay where they are."""
    names = dict.fromkeys((_short_title(zone), *_tint(map, zone)) for zone in zones)
    places, x, y = [], line_px // 2, 0
    for title, _, _ in names:
        wide = round(font.getlength(title)) + 2 * line_px
        if x + wide > picture.width and x > line_px:
            x, y = line_px // 2, y + line_px
        places.append((x, y))
        x += wide
    out = Image.new("RGB", (picture.width, picture.height + (y + 2 * line_px if places else 0)), "white")
    out.paste(picture)
    draw = ImageDraw.Draw(out)
    for (title, tint, dark), (x, y) in zip(names, places, strict=True):
        middle, half = picture.height + y + line_px, round(0.3 * line_px)
        draw.rectangle((x, middle - half, x + 2 * half, middle + half), tint, dark, max(1, line_px // 12))
        draw.text((x + line_px, middle), title, _rgb(INK), font, "lm")
    return out


def _resized(camera: Camera, size: tuple[int, int]) -> Camera:
    """The camera of the same picture at another size."""
    x, y = size[0] / camera.width_px, size[1] / camera.height_px
    return camera.model_copy(
        update={
            "fx": camera.fx * x, "fy": camera.fy * y, "cx": (camera.cx + 0.5) * x - 0.5,
            "cy": (camera.cy + 0.5) * y - 0.5, "width_px": size[0], "height_px": size[1],
        }
    )  # fmt: skip


def _fixed(line: Floats) -> NDArray[np.int32]:
    """Pixels in sixteenths, for OpenCV."""
    return np.rint(16 * line).astype(np.int32)


def _lines(picture: Picture8, lines: Sequence[Floats], colour: tuple[int, int, int], width: float) -> None:
    cv2.polylines(picture, [_fixed(line) for line in lines], False, colour, max(1, round(width)), cv2.LINE_AA, 4)


def _dashes(lines: Sequence[Floats], length: float) -> list[Floats]:
    """Lines cut into dashes, px."""
    out = []
    for line in lines:
        dense = _dense(line, length)
        out += [dense[i : i + 2] for i in range(0, len(dense) - 1, 2)]
    return out


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


# --- charts --------------------------------------------------------------------------------------------------------


def chart(map: InjectionMap, zone_id: str, edition: Edition, *, blebs: bool | None = None) -> Drawing:
    """One zone rolled out flat, every point with its number. `blebs` draws under each point the median wheal, true to
    size; None: where the aim is a field."""
    zone = next(zone for zone in map.zones if zone.id == zone_id)
    flat = flattened(map, zone)
    low = np.vstack([*flat.border, flat.points]).min(axis=0) - 7
    high = np.vstack([*flat.border, flat.points]).max(axis=0) + 7
    spacing = zone.spacing.mean_mm if zone.spacing else 8.0
    wanted = next((s for s in (1.0, 1.5, 2.0, 3.0) if 0.42 * spacing * s >= 1.75), 3.0)
    largest = float(min(170 / (high - low)[0], 205 / (high - low)[1]))
    paper = wanted if wanted <= largest else np.floor(largest * 20) / 20
    page = _Page(f"chart-{zone.id}", (high - low) * paper + [0, HEAD_MM], edition, map.language)

    def on_paper(xy: Floats) -> Floats:
        return np.asarray((xy - low) * paper + [0, HEAD_MM])

    border = [on_paper(ring) for ring in flat.border]
    size = float(np.clip(0.12 * spacing * paper, 0.4, 0.9))
    page.dangers(
        (
            (danger, [on_paper(ring) for ring in rings], [on_paper(ring) for ring in rings])
            for danger, rings in flat.dangers
        ),
        top=HEAD_MM,
    )
    page.zones([(zone, _tint(map, zone), border, border)])
    own = np.array([point.zone == zone.id for point in map.points], dtype=bool)
    at, ends = np.full((len(own), 2), np.nan), np.full((len(own), 2), np.nan)
    at[own], ends[own] = on_paper(flat.points), on_paper(flat.ends)
    if zone.coverage is not None and (map.aim == "field" if blebs is None else blebs):
        page.blebs(at[own], zone.coverage.bleb_mm.middle * paper / 2)
    page.needle(map, at, own, size)
    page.points(map, at, own, ends, size, text_mm=float(np.clip(0.42 * spacing * paper, 1.3, 2.3)))
    legend = [page.say("chart-points", count=str(zone.points), area=f"{zone.area_cm2:.1f}"), *_doses(map, zone, page)]
    title = page.say("chart-title", zone=zone.title)
    scale = f"{plain_float(paper)}:1" if paper >= 1 else f"1:{plain_float(1 / paper)}"
    stretch = page.say("chart-scale", scale=scale), page.say("chart-true", off=f"{100 * flat.off:.1f}")
    page.compass(zone, flat.inwards)
    page.below([*legend, *stretch], paper)
    alt = page.say("chart-alt", zone=zone.title, legend=". ".join(legend))
    caption = page.say("chart-caption", zone=zone.title, scale=scale)
    return Drawing(page.svg(title, alt), alt, caption, page.width, page.height)


def plain_float(value: float) -> str:
    """Two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _doses(map: InjectionMap, zone: MappedZone, page: _Page) -> list[str]:
    """Depth and volume in words."""
    depth, lines = zone.depth, []
    if depth.tip_depth_mm is not None:
        lines.append(page.say("tip-depth", depth=plain_float(depth.tip_depth_mm)))
    if depth.inserted_mm is not None and depth.angle_deg is not None:
        lines.append(page.say("inserted", inserted=plain_float(depth.inserted_mm), angle=plain_float(depth.angle_deg)))
    volumes = sorted({p.volume_ml for p in map.points if p.zone == zone.id and p.volume_ml is not None})
    if volumes:
        span = plain(volumes[0]) if len(volumes) == 1 else f"{plain(volumes[0])}–{plain(volumes[-1])}"
        lines.append(page.say("each-volume", volume=span))
    return lines


@dataclass(frozen=True)
class Flat:
    """A zone in the plane, mm, y downwards: outlines, points (k, 2), thread ends (k, 2; not a number for a point), the
    danger outlines near it. `off` is the error that 95 of 100 distances between neighbours stay under, as a share;
    `inwards` the direction of the midline on the chart, where the zone has a side."""

    border: list[Floats]
    points: Floats
    ends: Floats
    dangers: list[tuple[DangerDrawn, list[Floats]]]
    off: float
    inwards: Floats | None


ITERATIONS = 200  # of laying flat, at most; fewer once no
SETTLED_MM = 1e-3  # place moves this much
NEAR_MM = 12.0  # a danger's outline this close to a zone is on its chart,
FAR_MM = 45.0  # and as much of it as is closer than this


def flattened(map: InjectionMap, zone: MappedZone) -> Flat:
    """A zone with its points rolled out flat, upright as seen from outside: seen along its mean normal first, then
    laid out so that neighbours are as far apart as on the skin (stress majorisation; de Leeuw 1977)."""
    own = [point for point in map.points if point.zone == zone.id]
    points = np.array([point.position_mm for point in own]).reshape(-1, 3)
    has_end = np.array([point.to_position_mm is not None for point in own], dtype=bool)
    ends = np.array([point.to_position_mm for point in own if point.to_position_mm]).reshape(-1, 3)
    parts = [points, ends, *_borders(zone, 2.5)]
    whole = np.vstack(parts)
    normal = _normals(map, zone).mean(axis=0)
    normal /= np.linalg.norm(normal)
    up = np.array([0.0, 1.0, 0.0]) if abs(normal[1]) < 0.9 else np.array([0.0, 0.0, -1.0])
    turn = _turn(normal, up)
    spacing = zone.spacing.mean_mm if zone.spacing else 0.0
    flat = _unrolled(whole, whole @ turn[:2].T, max(12.0, 2.2 * spacing))
    pieces = np.split(flat, np.cumsum([len(part) for part in parts])[:-1])
    all_ends = np.full((len(own), 2), np.nan)
    all_ends[has_end] = pieces[1]
    # What lies beside the zone moves with what of the zone is nearest.
    skin = cKDTree(whole)
    moved = flat - whole @ turn[:2].T
    dangers = []
    for danger in map.dangers:
        lines = []
        for line in _margins(danger, 2.0)[1]:
            away, nearest = (np.asarray(near) for near in skin.query(line, k=range(1, min(6, len(whole)) + 1)))
            close = away[:, 0] < FAR_MM
            if away.min() < NEAR_MM and close.sum() > 2:
                share = 1 / (away[close] + 1) ** 2
                share /= share.sum(axis=1, keepdims=True)
                lines.append(line[close] @ turn[:2].T + (share[..., None] * moved[nearest[close]]).sum(axis=1))
        if lines:
            dangers.append((danger, lines))
    inwards = None
    if zone.side != "midline":
        across = np.array([1.0 if zone.side == "right" else -1.0, 0.0, 0.0])
        inwards = turn[:2] @ across
        inwards = inwards / max(float(np.linalg.norm(inwards)), 1e-9)
    return Flat(pieces[2:], pieces[0], all_ends, dangers, _off(points, pieces[0]), inwards)


@kept(64)
def _unrolled(whole: Floats, seen: Floats, reach_mm: float) -> Floats:
    """Positions (k, 2) that keep the distances of `whole` (k, 3) between neighbours at most `reach_mm` apart, turned
    like `seen` (k, 2)."""
    solid, first, back = np.unique(np.round(whole, 2), axis=0, return_index=True, return_inverse=True)
    plane = seen[first]
    i, j = cKDTree(solid).query_pairs(reach_mm, output_type="ndarray").T
    count, length = len(solid), np.linalg.norm(solid[i] - solid[j], axis=1)
    ways = shortest_path(coo_array((length, (i, j)), (count, count)).tocsr(), directed=False)
    if count < 4 or np.isinf(ways).any():
        return seen
    # What bends round is folded when it is only looked at, and ways along a grid are zigzag: the better start wins.
    tries = [_kept(solid, start, reach_mm) for start in (plane - plane.mean(axis=0), _scaled(ways))]
    near = length < np.quantile(length, 0.5)
    i, j, length = i[near], j[near], length[near]
    stress = [float(np.mean((np.linalg.norm(x[i] - x[j], axis=1) / length - 1) ** 2)) for x in tries]
    return _turned_onto(tries[int(np.argmin(stress))], plane)[back.ravel()]


def _kept(solid: Floats, start: Floats, reach_mm: float) -> Floats:
    """`start` (k, 2) moved until what is next to each other there is as far apart as in `solid` (k, 3)."""
    mesh = Delaunay(start).simplices
    pairs = np.unique(np.sort(np.vstack([mesh[:, [0, 1]], mesh[:, [1, 2]], mesh[:, [2, 0]]]), axis=1), axis=0)
    length = np.linalg.norm(solid[pairs[:, 0]] - solid[pairs[:, 1]], axis=1)
    i, j = pairs[length < reach_mm].T  # a long chord is shorter than its way on the skin
    length = length[length < reach_mm]
    weight, count = 1 / length**2, len(solid)
    degree = np.bincount(np.concatenate([i, j]), np.concatenate([weight, weight]), minlength=count) + 1e-7
    rows, columns = np.concatenate([i, j, np.arange(count)]), np.concatenate([j, i, np.arange(count)])
    solver = splu(coo_array((np.concatenate([-weight, -weight, degree]), (rows, columns))).tocsc())
    pair, one = np.arange(len(i)), np.ones(len(i))
    ends = coo_array((np.concatenate([one, -one]), (np.tile(pair, 2), np.concatenate([i, j]))), (len(i), count)).tocsr()
    gather = ends.T.tocsr()
    x = start
    for turn in range(ITERATIONS):
        before, apart = x, ends @ x
        pull = apart * (weight * length / np.maximum(np.hypot(apart[:, 0], apart[:, 1]), 1e-9))[:, None]
        x = np.asarray(solver.solve(gather @ pull + 1e-7 * x))
        if turn % 10 == 9 and np.abs(x - before).max() < SETTLED_MM:
            break
    return x


def _scaled(ways: Floats) -> Floats:
    """Classical scaling (Torgerson 1952): positions (k, 2) from all distances (k, k)."""
    squared = ways**2
    mean = squared.mean(axis=0)
    inner = -0.5 * (squared - mean - mean[:, None] + mean.mean())
    values, vectors = eigsh(inner, k=2, v0=np.ones(len(ways)))
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _turned_onto(x: Floats, plane: Floats) -> Floats:
    """`x` (k, 2) turned, or turned over, to lie on `plane` (k, 2) as well as it can."""
    centre = plane.mean(axis=0)
    left, _, right = np.linalg.svd((plane - centre).T @ (x - x.mean(axis=0)))
    return np.asarray((x - x.mean(axis=0)) @ (left @ right).T + centre)


def _off(solid: Floats, flat: Floats) -> float:
    """How far distances between neighbours (k, 3) are off in the plane (k, 2): the share that 95 of 100 stay under."""
    if len(solid) < 2:
        return 0.0
    nearest = float(np.median(np.asarray(cKDTree(solid).query(solid, k=2)[0])[:, 1]))
    i, j = cKDTree(solid).query_pairs(1.5 * nearest, output_type="ndarray").T
    length = np.linalg.norm(solid[i] - solid[j], axis=1)
    return float(np.quantile(np.abs(np.linalg.norm(flat[i] - flat[j], axis=1) / length - 1), 0.95))


# --- one SVG -------------------------------------------------------------------------------------------------------


class _Page:
    """An SVG being written; lengths in millimetres on paper."""

    def __init__(self, name: str, size_mm: Floats, edition: Edition, language: str) -> None:
        self.name, self.edition, self.language = name, edition, language
        self.width, self.height = round(float(size_mm[0]), 2), round(float(size_mm[1]), 2)
        self.inner = self.height  # without the legend
        self.clip = ""
        self.parts: list[str] = []
        self.taken: list[tuple[float, float, float, float]] = []  # boxes of words

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"map.{key}", self.language, **words)

    def svg(self, title: str, alt: str) -> str:
        name = escape(self.name)
        hatch = (
            f'<pattern id="{name}-hatch" width="1.3" height="1.3" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><path d="M0 0V1.3" stroke="{DANGER}" stroke-width=".45"/></pattern>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
            f'width="{self.width:g}mm" height="{self.height:g}mm" role="img" '
            f'aria-labelledby="{name}-title {name}-desc" font-family="Inter, Helvetica, Arial, sans-serif">'
            f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(alt)}</desc>'
            f"<defs>{hatch}{self.clip}</defs>{''.join(self.parts)}</svg>"
        )

    def picture(self, jpeg: bytes) -> None:
        data = base64.b64encode(jpeg).decode()
        self.parts.append(
            f'<image width="{self.width:g}" height="{self.height:g}" preserveAspectRatio="none" '
            f'href="data:image/jpeg;base64,{data}"/>'
        )

    def zones(self, zones: Iterable[tuple[MappedZone, tuple[str, str], Sequence[Floats], Sequence[Floats]]]) -> None:
        for zone, (tint, dark), areas, lines in zones:
            if not lines and not areas:
                continue
            self.parts.append(
                f'<g id="{escape(self.name)}-{escape(zone.id)}">'
                f'<path d="{_path(areas, True)}" fill="{tint}" fill-opacity=".3" fill-rule="evenodd"/>'
                f'<path d="{_path(lines, False)}" fill="none" stroke="{dark}" stroke-width=".3" '
                f'stroke-linejoin="round"/></g>'
            )

    def dangers(
        self, dangers: Iterable[tuple[DangerDrawn, Sequence[Floats], Sequence[Floats]]], top: float = 0
    ) -> None:
        """Hatched margins, cut off at the frame under `top`; dashed where no source gives the margin."""
        self.clip = (
            f'<clipPath id="{escape(self.name)}-clip"><rect y="{top:g}" width="{self.width:g}" '
            f'height="{self.height - top:g}"/></clipPath>'
        )
        self.parts.append(f'<g clip-path="url(#{escape(self.name)}-clip)">')
        for danger, areas, lines in dangers:
            if not lines and not areas:
                continue
            dashes = "" if danger.sourced else ' stroke-dasharray="1.2 .8"'
            self.parts.append(
                f"<g><title>{escape(danger.title)}</title>"
                f'<path d="{_path(areas, True)}" fill="url(#{escape(self.name)}-hatch)" fill-opacity=".55" '
                f'fill-rule="evenodd"/><path d="{_path(lines, False)}" fill="none" stroke="{DANGER}" '
                f'stroke-width=".28"{dashes}/></g>'
            )
        self.parts.append("</g>")

    def blebs(self, at: Floats, radius: float) -> None:
        discs = "".join(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}"/>' for x, y in at)
        self.parts.append(f'<g fill="#0072b2" fill-opacity=".14" stroke="#0072b2" stroke-width=".1">{discs}</g>')

    def needle(self, map: InjectionMap, at: Floats, drawn: NDArray[np.bool_], size: float) -> None:
        """The way of the needle: thin from point to point, dashed where it lifts."""
        steps: list[Floats] = []
        lifts: list[Floats] = []
        for index in range(1, len(map.points)):
            if drawn[index - 1] and drawn[index]:
                (lifts if map.points[index].lift else steps).append(at[index - 1 : index + 1])
        joined: list[Floats] = []
        for step in steps:
            if joined and np.array_equal(joined[-1][-1], step[0]):
                joined[-1] = np.vstack([joined[-1], step[1]])
            else:
                joined.append(step)
        self.parts.append(
            f'<g fill="none" stroke="{SOFT}"><path d="{_path(joined, False)}" stroke-width=".14"/>'
            f'<path d="{_path(lifts, False)}" stroke-width=".14" stroke-dasharray=".7 .9"/></g>'
        )

    def points(
        self,
        map: InjectionMap,
        at: Floats,
        drawn: NDArray[np.bool_],
        ends: Floats,
        size: float,
        *,
        sparse: NDArray[np.bool_] | None = None,
        text_mm: float = 1.75,
    ) -> None:
        """The points, and numbers: at all of them, or at as many of the `sparse` ones as can be read."""
        shown = [index for index in range(len(map.points)) if drawn[index]]
        dots = []
        for index in shown:
            point, (x, y) = map.points[index], at[index]
            if np.isfinite(ends[index]).all():
                dots.append(_arrow(at[index], ends[index], size))
            dots.append(f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{size:.2f}"{_mark(point)}/>')
        self.parts.append(f'<g fill="{INK}" stroke="#fff" stroke-width=".12">{"".join(dots)}</g>')
        first_of = {syringe.first_point: syringe.number for syringe in map.syringes if syringe.number > 1}
        words: list[tuple[int, str, bool]] = []
        for index in shown:
            if map.points[index].number in first_of:
                text = self.say("syringe-mark", number=str(first_of[map.points[index].number]))
                words.append((index, text, True))
        words += [(index, map.points[index].name or "", True) for index in shown if map.points[index].name]
        dense = at[shown]
        placer = _Placer(dense, size, self.taken, (0, 0, self.width, self.inner))
        out = []
        for index in shown:
            if map.points[index].number in first_of:
                x, y = at[index]
                out.append(
                    f'<rect x="{x - 1.9 * size:.2f}" y="{y - 1.9 * size:.2f}" width="{3.8 * size:.2f}" '
                    f'height="{3.8 * size:.2f}" transform="rotate(45 {x:.2f} {y:.2f})" fill="none" stroke="{INK}" '
                    f'stroke-width=".3"/>'
                )
        out += [self._word(placer, at[index], text, text_mm, strong) or "" for index, text, strong in words]
        numbered: Sequence[str | None]
        if sparse is not None:
            wanted = [i for i in shown if sparse[i]]
            numbered = [
                self._text(place, str(map.points[i].number), text_mm, False)
                for i, place in _numbers(map, at, wanted, placer, text_mm, len(shown))
            ]
        else:
            numbered = [self._word(placer, at[i], str(map.points[i].number), text_mm, False, must=True) for i in shown]
        out += [text or "" for text in numbered]
        self.parts.append(
            f'<g fill="{INK}" stroke-linejoin="round" text-anchor="middle" font-size="{text_mm:.2f}">{"".join(out)}</g>'
        )

    def names(
        self,
        zones: Sequence[tuple[str, str, Sequence[Floats]]],
        barred: Sequence[Floats],
        dots: Floats,
        size: float,
        text_mm: float = 2.2,
    ) -> None:
        """The zones' names beside them, in their dark colours, where they cover as little as possible; with a line to
        the zone where that is not next to it. Their places are kept free of other words."""
        cover = np.zeros((round(self.height / CELL_MM) + 1, round(self.width / CELL_MM) + 1), dtype=np.float32)
        for area in barred:
            cv2.fillPoly(cover, [np.rint(area / CELL_MM).astype(np.int32)], 0.08)
        for _, _, areas in zones:
            cv2.fillPoly(cover, [np.rint(area / CELL_MM).astype(np.int32) for area in areas], 1.0)
        for x, y in np.rint(dots / CELL_MM).astype(int).tolist():
            cv2.circle(cover, (x, y), int(np.ceil((size + 0.3) / CELL_MM)), 40.0, -1)
        for low_x, low_y, high_x, high_y in self.taken:
            cv2.rectangle(cover, _cell(low_x, low_y), _cell(high_x, high_y), 1e4, -1)
        out = []
        largest: dict[str, float] = {}
        for title, dark, areas in sorted(zones, key=lambda zone: -sum(abs(_area(area)) for area in zone[2])):
            seen = sum(abs(_area(area)) for area in areas)
            if not seen or seen < 0.5 * largest.setdefault(title, seen):
                continue
            area = max(areas, key=lambda one: abs(_area(one)))
            half = np.array([0.29 * text_mm * len(title) + 0.3, 0.55 * text_mm])
            edge = _even(np.vstack([area, area[:1]]), 1.5)
            away = edge - (edge.min(axis=0) + edge.max(axis=0)) / 2
            away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
            gaps = np.array([0.4, 2, 4, 7, 11, 16, 24])
            at = edge + away * (gaps[:, None, None] + half * np.abs(away))
            at, gap = at.reshape(-1, 2), np.repeat(gaps, len(edge))
            inside = ((at - half > 0.5) & (at + half < [self.width - 0.5, self.inner - 0.5])).all(axis=1)
            if not inside.any():
                continue
            ways = np.tile(edge, (len(gaps), 1))[inside]
            at, gap = at[inside], gap[inside]
            line = ways + np.linspace(0, 1, 24)[:, None, None] * (np.clip(ways, at - half, at + half) - ways)
            column, row = np.rint(line / CELL_MM).astype(int).T
            crossed = (cover[row.clip(0, len(cover) - 1), column.clip(0, cover.shape[1] - 1)] >= 40).sum(axis=1)
            cost = _sums(cover, at - half, at + half) * CELL_MM**2 + 1.2 * gap + 6 * crossed
            best = int(np.argmin(cost))
            (x, y), box = at[best], (*(at[best] - half).tolist(), *(at[best] + half).tolist())
            self.taken.append(box)
            cv2.rectangle(cover, _cell(box[0], box[1]), _cell(box[2], box[3]), 1e4, -1)
            if gap[best] > 1:
                ends = np.array([np.clip(ways[best], at[best] - half, at[best] + half), ways[best]])
                out.append(f'<path d="{_path([ends], False)}" fill="none" stroke="{dark}" stroke-width=".2"/>')
            out.append(
                f'<text x="{x:.2f}" y="{y + 0.36 * text_mm:.2f}" fill="{dark}" stroke="#fff" stroke-width=".5" '
                f'stroke-opacity=".85" paint-order="stroke" stroke-linejoin="round">{escape(title)}</text>'
            )
        self.parts.append(f'<g text-anchor="middle" font-size="{text_mm:g}" font-weight="600">{"".join(out)}</g>')

    def _word(
        self, placer: _Placer, at: Floats, text: str, size: float, strong: bool, must: bool = False
    ) -> str | None:
        placed = placer.place(at, text, size, must)
        if placed is None:
            return None
        return self._text(placed, text, size, strong)

    def _text(self, at: tuple[float, float], text: str, size: float, strong: bool) -> str:
        x, y = at
        weight = ' font-weight="700"' if strong else ""
        return (
            f'<text x="{x:.2f}" y="{y + 0.36 * size:.2f}" stroke="#fff" stroke-width="{0.28 * size:.2f}" '
            f'stroke-opacity=".85" paint-order="stroke"{weight}>{escape(text)}</text>'
        )

    def scale_bar(self, paper: float) -> None:
        """A bar of a round length at the lower left edge."""
        length = next((mm for mm in (10, 20, 50, 100) if mm * paper >= 9), 100)
        x, y = 2.5, self.inner - 2.5
        self.taken.append((x, y - 3.5, x + max(length * paper, 8.0), y + 1.2))
        self.parts.append(
            f'<g stroke="{INK}" stroke-width=".35" fill="none"><path d="M{x} {y - 1:.2f}v2m0 -1h{length * paper:.2f}'
            f'm0 -1v2"/></g><text x="{x + length * paper / 2:.2f}" y="{y - 1.5:.2f}" font-size="2" fill="{INK}" '
            f'text-anchor="middle">{length} mm</text>'
        )

    def sides(self, right: Floats) -> None:
        """Which side of the patient is at which edge."""
        if abs(right[0]) < 0.5:
            return
        left_edge, right_edge = ("right", "left") if right[0] > 0 else ("left", "right")
        for x, anchor, side in ((2.0, "start", left_edge), (self.width - 2.0, "end", right_edge)):
            self.taken.append((x, 1.9, x + 17, 4.8) if anchor == "start" else (x - 17, 1.9, x, 4.8))
            self.parts.append(
                f'<text x="{x:g}" y="4" font-size="2.1" fill="{SOFT}" text-anchor="{anchor}">'
                f"{escape(self.say(f'edge-{side}'))}</text>"
            )

    def compass(self, zone: MappedZone, inwards: Floats | None) -> None:
        """On a chart: which way the midline is, or the patient's sides."""
        if inwards is None:
            if zone.side == "midline":
                self.sides(np.array([1.0, 0, 0]) if zone.site not in ("nape", "back", "lower-back") else -np.eye(3)[0])
            return
        if abs(inwards[0]) < 0.2:
            return
        at_right = inwards[0] > 0
        x, anchor = (self.width - 1.0, "end") if at_right else (1.0, "start")
        word = self.say("midline")
        text = f"{word} →" if at_right else f"← {word}"
        self.parts.append(
            f'<text x="{x:g}" y="3" font-size="2.1" fill="{SOFT}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def below(self, lines: Sequence[str], paper: float) -> None:
        """The scale bar and a legend under the drawing."""
        self.width = max(self.width, CHART_MM)
        letters = int(self.width / 1.24)
        lines = [
            part
            for line in lines
            for part in wrap(line.replace(" %", "\N{NO-BREAK SPACE}%"), letters, break_long_words=False)
        ]
        self.inner += 5
        self.scale_bar(paper)
        y = self.inner + 2.6
        for line in lines:
            self.parts.append(f'<text x="2.5" y="{y:.2f}" font-size="2.3" fill="{INK}">{escape(line)}</text>')
            y += 3.4
        self.height = round(y, 2)


def _numbers(
    map: InjectionMap, at: Floats, wanted: Sequence[int], placer: _Placer, size: float, points: int
) -> list[tuple[int, tuple[float, float]]]:
    """Points with places for their numbers: all, or every fifth, tenth, twentieth or fiftieth, whatever keeps clear
    of one another and of points."""
    best: list[tuple[int, tuple[float, float]]] = []
    for step in (1, 5, 10, 20, 50):
        trial = placer.copy()
        chosen = [i for i in wanted if map.points[i].number % step == 0 or map.points[i].number == 1]
        covered, best = 0, []
        for i in chosen:
            place = trial.place(at[i], str(map.points[i].number), size, False)
            covered += trial.last_covered
            if place is not None:
                best.append((i, place))
        if len(chosen) - len(best) <= 0.03 * len(chosen) and covered <= 0.08 * points:
            break
    return best


class _Placer:
    """Finds room for words beside points."""

    def __init__(
        self, dots: Floats, size: float, taken: list[tuple[float, float, float, float]], frame: Sequence[float]
    ) -> None:
        self.dots, self.size, self.frame = dots, size, frame
        self.taken = list(taken)
        self.last_covered = 0

    def copy(self) -> _Placer:
        return _Placer(self.dots, self.size, self.taken, self.frame)

    def place(self, at: Floats, text: str, size: float, must: bool) -> tuple[float, float] | None:
        """The middle of a free place for `text`, the one that covers fewest points; None where words would touch."""
        half_w, half_h = 0.31 * size * len(text) + 0.1, 0.38 * size
        best, best_cost = None, np.inf
        near = self.dots[(np.abs(self.dots - at) < [2 * half_w + 4, 2 * half_h + 4]).all(axis=1)]
        gap = self.size + 0.15
        for far in (0.0, 0.6):
            for rank, (dx, dy) in enumerate(
                ((0, 1), (0, -1), (1, 0), (-1, 0), (0.8, 0.8), (-0.8, 0.8), (0.8, -0.8), (-0.8, -0.8))
            ):
                x = at[0] + dx * (half_w + gap + far)
                y = at[1] + dy * (half_h + gap + far)
                box = (x - half_w, y - half_h, x + half_w, y + half_h)
                if box[0] < self.frame[0] or box[1] < self.frame[1] or box[2] > self.frame[2] or box[3] > self.frame[3]:
                    continue
                touches = sum(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in self.taken)
                if touches and not must:
                    continue
                off = np.maximum(np.abs(near - [x, y]) - [half_w, half_h], 0)
                covered = int(((off**2).sum(axis=1) < (0.8 * self.size) ** 2).sum())
                cost = 100 * touches + 10 * covered + rank * 0.1 + far
                if cost < best_cost:
                    best, best_cost, best_box, best_covered = (x, y), cost, box, covered
        if best is None:
            self.last_covered = 0
            return None
        self.taken.append(best_box)
        self.last_covered = best_covered
        return best


CELL_MM = 0.25  # of the raster on which names find room


def _cell(x: float, y: float) -> tuple[int, int]:
    return round(x / CELL_MM), round(y / CELL_MM)


def _sums(cover: NDArray[np.float32], low: Floats, high: Floats) -> Floats:
    """(k,): the sums of a raster over boxes (k, 2), (k, 2), mm."""
    whole = cv2.integral(cover, sdepth=cv2.CV_64F)
    limit = np.array(cover.shape[::-1])
    (x0, y0), (x1, y1) = (np.clip(np.rint(side / CELL_MM).astype(int), 0, limit).T for side in (low, high))
    return np.asarray(whole[y1, x1] - whole[y0, x1] - whole[y1, x0] + whole[y0, x0])


def _path(lines: Iterable[Floats], closed: bool) -> str:
    """Lines as SVG path data, to a hundredth of a millimetre."""
    out = []
    for line in lines:
        out.append("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in line) + ("Z" if closed else ""))
    return "".join(out)


def _mark(point: MapPoint) -> str:
    """A point that was set by hand is hollow."""
    return f' fill="#fff" stroke="{INK}" stroke-width=".25"' if point.added else ""


def _arrow(start: Floats, end: Floats, size: float) -> str:
    """A thread: from the needle's entry to where its tip turns back."""
    way = end - start
    length = float(np.linalg.norm(way))
    if length < 1e-6:
        return ""
    way = way / length
    across, head = np.array([-way[1], way[0]]), max(2.2 * size, 1.0)
    base = end - head * way
    tip = _path([np.array([end, base + 0.45 * head * across, base - 0.45 * head * across])], True)
    shaft = _path([np.array([start, base])], False)
    return f'<path d="{shaft}" fill="none" stroke="{INK}" stroke-width=".3"/><path d="{tip}"/>'
