"""The zones of the atlas: where each lies, and what is left of it beside danger zones and erased spots.

A border is drawn once, on the right side of the female body, through anchors: landmarks of the face or points in
millimetres, snapped to the skin. A *chart* lays it flat (seen from a direction, or unrolled around an axis), and it
becomes a signed field at the atlas's vertices, positive inside. Because the field belongs to the vertices, a zone is
the same piece of skin on every body and every patient. Each zone yields to the areas and zones that stand before it in
`data/zones.yaml`, so neighbours share a border and never overlap.

A border drawn by hand makes the same kind of field: that of a zone whose border was dragged, or of a zone painted
freely, which has a name of its own that is none of the atlas's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ..intake.answers import Spot
from ..knowledge.edition import read_yaml
from ..values import InputError
from .atlas import Atlas
from .document import Side
from .kept import kept
from .mesh import Floats, Ints, Patch, Surface

_OUTSIDE_MM = 30.0  # the field goes no lower; beyond this its value says nothing
_SMALLEST_MM2 = 30.0  # pieces below this are too small to plan in
_ACROSS_MM = 3.0  # a border that reaches this far over the midline lies on both sides
_NEIGHBOUR_MM = 3.0  # skin between two zones counts for the nearer one


class Cutting(Protocol):
    """What takes skin away from a zone: a danger zone, or anything measured the same way."""

    @property
    def id(self) -> str: ...
    @property
    def margin_mm(self) -> float: ...
    @property
    def distance(self) -> Floats: ...  # (n,) mm from its core, at the atlas's vertices


@dataclass(frozen=True)
class Zone:
    """What the file says of one zone."""

    id: str
    midline: bool
    chart: str
    border: tuple[Any, ...]


@dataclass(frozen=True)
class _Drawing:
    charts: dict[str, dict[str, Any]]
    points: dict[str, list[float]]
    areas: dict[str, Zone]  # not zones themselves: lips, eyes, ears, … that zones yield to
    zones: dict[str, Zone]


@lru_cache(maxsize=1)
def _drawing() -> _Drawing:
    data = read_yaml(Path(__file__).with_name("data") / "zones.yaml")
    read = {
        kind: {
            name: Zone(name, spec.get("midline", False), spec["chart"], tuple(spec["border"]))
            for name, spec in data[kind].items()
        }
        for kind in ("areas", "zones")
    }
    return _Drawing(data["charts"], data["points"], read["areas"], read["zones"])


def zone_ids() -> tuple[str, ...]:
    """The zones that are drawn, in the order of the file."""
    return tuple(_drawing().zones)


def zone(zone_id: str) -> Zone:
    """A zone by its id. Raises InputError for one that the atlas does not have."""
    try:
        return _drawing().zones[zone_id]
    except KeyError:
        known = ", ".join(zone_ids())
        raise InputError("order.map.zones", f"the atlas has no zone '{zone_id}'", f"Name one of {known}") from None


def sides(zone_id: str) -> tuple[Side, ...]:
    """The sides a zone is drawn on: midline, or right and left."""
    return ("midline",) if zone(zone_id).midline else ("right", "left")


def _right(numbers: Sequence[float]) -> Floats:
    """(3,): lateral, up, forwards as x, y, z on the right side."""
    return np.array([-numbers[0], *numbers[1:]], dtype=float)


@dataclass(frozen=True)
class _Chart:
    """Skin laid flat. From a direction: `axis` is None and `towards` points at the eye. Around an axis: unrolled at
    `radius_mm`, cut open opposite `towards`."""

    towards: Floats
    across: Floats
    up: Floats
    through: Floats
    radius_mm: float | None
    least: float  # how squarely skin must face the chart, as the cosine

    @staticmethod
    def of(spec: dict[str, Any], points: dict[str, list[float]]) -> _Chart:
        azimuth, elevation = np.radians(spec["from"])
        towards = np.array(
            [-np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
        )
        across = np.array([np.cos(azimuth), 0, np.sin(azimuth)])
        least = float(spec.get("facing", 0.1))
        if "around" not in spec:
            return _Chart(towards, across, np.cross(towards, across), np.zeros(3), None, least)
        below, above = (_right(points[name]) for name in spec["around"])
        up = (above - below) / np.linalg.norm(above - below)
        towards = towards - (towards @ up) * up
        towards /= np.linalg.norm(towards)
        return _Chart(towards, np.cross(up, towards), up, below, float(spec["radius_mm"]), least)

    @staticmethod
    def towards_eye(direction: Floats) -> _Chart:
        """Seen from a direction (3,), upright; from none where there is none."""
        length = float(np.linalg.norm(direction))
        towards = direction / length if length > 0.3 else np.zeros(3)
        upright = np.array([0.0, 1, 0]) if abs(towards[1]) < 0.9 else np.array([0.0, 0, 1])
        across = np.cross(upright, towards)
        across = across / max(float(np.linalg.norm(across)), 1e-9)
        return _Chart(towards, across, np.cross(towards, across), np.zeros(3), None, 0.15)

    def flat(self, positions: Floats) -> Floats:
        """(k, 2): across and up, mm."""
        from_axis = positions - self.through
        if self.radius_mm is None:
            return np.column_stack([from_axis @ self.across, from_axis @ self.up])
        angle = np.arctan2(from_axis @ self.across, from_axis @ self.towards)
        return np.column_stack([self.radius_mm * angle, from_axis @ self.up])

    def facing(self, positions: Floats, normals: Floats) -> Floats:
        """(k,): the cosine between the skin's normal and the direction it is seen from."""
        if self.radius_mm is None:
            return np.asarray(normals @ self.towards)
        radial = positions - self.through
        radial = radial - (radial @ self.up)[:, None] * self.up
        return np.asarray((normals * radial).sum(axis=1) / np.maximum(np.linalg.norm(radial, axis=1), 1e-9))


def _signed_distance(points: Floats, polygon: Floats) -> Floats:
    """(k,): distance from points (k, 2) to a closed polygon (e, 2), positive inside."""
    nearest = np.full(len(points), np.inf)
    inside = np.zeros(len(points), dtype=bool)
    for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        edge, offset = end - start, points - start
        along = np.clip(offset @ edge / max(float(edge @ edge), 1e-12), 0, 1)
        nearest = np.minimum(nearest, ((offset - along[:, None] * edge) ** 2).sum(axis=1))
        crosses = (start[1] > points[:, 1]) != (end[1] > points[:, 1])
        rise = edge[1] if edge[1] else 1e-12
        inside ^= crosses & (points[:, 0] < start[0] + (points[:, 1] - start[1]) * edge[0] / rise)
    return np.asarray(np.where(inside, 1, -1) * np.sqrt(nearest))


@lru_cache(maxsize=4)
def _borders(atlas: Atlas) -> dict[str, Floats]:
    """The anchors of every border (e, 3), on the female skin; those of the midline closed by their mirror image. An
    anchor is a landmark's number or a point's name; in a list, an offset in mm follows it: lateral, up, forwards."""
    drawing, skin = _drawing(), atlas.body("female")
    landmarks = atlas.landmarks_mm(skin)
    every = {**drawing.areas, **drawing.zones}
    places = []
    for one in every.values():
        for anchor in one.border:
            name, *offset = anchor if isinstance(anchor, list) else [anchor]
            place = landmarks[name] if isinstance(name, int) else _right(drawing.points[name])
            places.append(place + _right(offset or [0, 0, 0]))
    snapped = skin.at(*skin.nearest(np.array(places))[:2])
    starts = np.cumsum([len(one.border) for one in every.values()])[:-1]
    borders = dict(zip(every, np.split(snapped, starts), strict=True))
    for name, one in every.items():
        if one.midline:
            borders[name] = np.vstack([borders[name], borders[name][::-1] * [-1, 1, 1]])
    return borders


def _field(atlas: Atlas, chart: _Chart, polygon: Floats) -> Floats:
    """(n,): the signed field of a closed polygon (e, 3): mm in the chart, positive inside, on skin that faces the
    chart, in the one connected piece that the border runs around."""
    skin = atlas.body("female")
    flat, outline = chart.flat(skin.vertices_mm), chart.flat(polygon)
    low, high = outline.min(axis=0) - _OUTSIDE_MM, outline.max(axis=0) + _OUTSIDE_MM
    (near,) = np.nonzero(
        (flat[:, 0] > low[0]) & (flat[:, 0] < high[0]) & (flat[:, 1] > low[1]) & (flat[:, 1] < high[1])
    )
    facing = chart.facing(skin.vertices_mm[near], skin.vertex_normals[near]) - chart.least
    field = np.full(len(flat), -_OUTSIDE_MM)
    field[near] = np.maximum(np.minimum(_signed_distance(flat[near], outline), _OUTSIDE_MM * facing), -_OUTSIDE_MM)
    # Skin behind or below faces the same way: only the piece that the border runs around is meant.
    pieces = _pieces(atlas, field)
    return min(pieces, key=lambda piece: _far(skin.vertices_mm[piece > 0], polygon)) if len(pieces) > 1 else pieces[0]


def _far(positions: Floats, polygon: Floats) -> float:
    return float(np.mean(cKDTree(positions).query(polygon)[0]))


def _pieces(atlas: Atlas, field: Floats) -> list[Floats]:
    """The field once for each of its connected positive pieces, largest first, with the others made negative."""
    (inside,) = np.nonzero(field > 0)
    number = np.full(len(field), -1)
    number[inside] = np.arange(len(inside))
    start, end = number[atlas.edges[:, 0]], number[atlas.edges[:, 1]]
    both = (start >= 0) & (end >= 0)
    graph = sparse.coo_array((np.ones(int(both.sum())), (start[both], end[both])), shape=(len(inside), len(inside)))
    count, labels = connected_components(graph, directed=False) if len(inside) else (0, inside)
    if count <= 1:
        return [field]
    pieces = []
    for piece in np.argsort(-np.bincount(labels), kind="stable")[:12]:
        others = inside[labels != piece]
        alone = field.copy()
        alone[others] = -np.maximum(alone[others], 1e-3)
        pieces.append(alone)
    return pieces


def _drawn(atlas: Atlas, one: Zone) -> Floats:
    """(n,): the field of a zone as the file draws it, before it yields; of the right side or across the midline."""
    drawing = _drawing()
    chart = _Chart.of(drawing.charts[one.chart], drawing.points)
    return _field(atlas, chart, _borders(atlas)[one.id])


@lru_cache(maxsize=4)
def _areas(atlas: Atlas) -> Floats:
    """(n,): positive in what is no zone's: lips, eyes, nostrils, ears, …; both sides."""
    fields = [_drawn(atlas, area) for area in _drawing().areas.values()]
    both = np.max(fields, axis=0)
    return np.asarray(np.maximum(both, both[atlas.mirror]))


@lru_cache(maxsize=64)
def _settled(atlas: Atlas, zone_id: str) -> Floats:
    """(n,): a zone's field after it has yielded to all that stands before it; right side or midline."""
    one = zone(zone_id)
    field = np.minimum(_drawn(atlas, one), -_areas(atlas))
    for earlier in zone_ids()[: zone_ids().index(zone_id)]:
        before = _settled(atlas, earlier)
        if ((field > 0) & (before > -_OUTSIDE_MM)).any():
            field = np.minimum(field, -before)
            if not zone(earlier).midline:
                field = np.minimum(field, -before[atlas.mirror])
    return _pieces(atlas, field)[0]


def zone_field(atlas: Atlas, zone_id: str, side: Side, border: Sequence[Spot] | None = None) -> Floats:
    """(n,): a field at the atlas's vertices, positive inside the zone; near its border about the distance to it in mm.

    The right or left half of a midline zone may be asked for, too. A `border` drawn by hand replaces the atlas's, or
    makes a zone that the atlas does not have: it keeps out of lips, eyes and the like, but does not yield to other
    zones. One drawn on the other side than is asked for is mirrored. Raises InputError.
    """
    if border is not None and zone_id not in _drawing().zones:
        return _painted(atlas, zone_id, side, border)
    one = zone(zone_id)
    field: Floats = _settled(atlas, zone_id) if border is None else _by_hand(atlas, one.id, border, one)
    if one.midline:
        x = atlas.body("female").vertices_mm[:, 0]
        return {"midline": field, "right": np.minimum(field, -x), "left": np.minimum(field, x)}[side]
    if side == "midline":
        raise InputError("order.map.zones", f"Zone '{zone_id}' has two sides", "Say right or left")
    return field if side == "right" else field[atlas.mirror]


def drawn_side(atlas: Atlas, border: Sequence[Spot]) -> Side:
    """On which side a border drawn by hand lies; midline where it reaches across. Raises InputError."""
    x = spots_mm(atlas, atlas.body("female"), border)[:, 0]
    return "right" if x.max(initial=0) < _ACROSS_MM else "left" if x.min(initial=0) > -_ACROSS_MM else "midline"


def _painted(atlas: Atlas, name: str, side: Side, border: Sequence[Spot]) -> Floats:
    field, drawn = _by_hand(atlas, name, border), drawn_side(atlas, border)
    if drawn == "midline":
        x = atlas.body("female").vertices_mm[:, 0]
        return np.asarray({"midline": field, "right": np.minimum(field, -x), "left": np.minimum(field, x)}[side])
    return field if side in (drawn, "midline") else np.asarray(field[atlas.mirror])


@kept(64)  # both sides of a zone have the same one
def _by_hand(atlas: Atlas, name: str, border: Sequence[Spot], one: Zone | None = None) -> Floats:
    """(n,): the field within a border drawn by hand, where it was drawn; that of a zone with two sides on the right."""
    if len(border) < 3:
        raise InputError("order.map.zones", f"the border of '{name}' has {len(border)} places", "Give at least three")
    places = spots_mm(atlas, atlas.body("female"), border)
    if len(np.unique(places.round(3), axis=0)) < 3:
        raise InputError("order.map.zones", f"the border of '{name}' encloses no skin", "Draw it once around")
    polygon, chart, turned = _charted(atlas, border, one)
    if chart is None:
        raise InputError(
            "order.map.zones", f"the border of '{name}' runs too far around the body", "Draw it in two parts"
        )
    if len(crossings(chart.flat(polygon))):
        raise InputError(
            "order.map.zones", f"the border of '{name}' crosses itself", "Draw it once around, without a loop"
        )  # fmt: skip
    field = np.minimum(_field(atlas, chart, polygon), -_areas(atlas))
    if not (field > 0).any():
        raise InputError("order.map.zones", f"the border of '{name}' encloses no skin", "Draw it once around")
    return field[atlas.mirror] if turned and one is None else field


def _charted(atlas: Atlas, border: Sequence[Spot], one: Zone | None) -> tuple[Floats, _Chart | None, bool]:
    """The corners of a border drawn by hand (e, 3), a chart in which they lie, and whether they were mirrored: charts
    are drawn for the right side, so a border on the left is, but for that of a zone on the midline."""
    skin = atlas.body("female")
    polygon = spots_mm(atlas, skin, border)
    normals = skin.normals_at(np.array([s.triangle for s in border]), np.array([s.barycentric for s in border]))
    apart = np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1) > 1e-3
    polygon, normals = polygon[apart], normals[apart]
    turned = bool(polygon[:, 0].mean() > 0) and not (one is not None and one.midline)
    if turned:
        polygon, normals = polygon * [-1, 1, 1], normals * [-1, 1, 1]
    return polygon, _chart(polygon, normals, one), turned


def _chart(polygon: Floats, normals: Floats, one: Zone | None) -> _Chart | None:
    """The chart in which a border drawn by hand on the right side lies: that of its zone, or as seen from the direction
    in which its own skin faces, or any of the file's. None where its skin faces all of them too little."""
    drawing = _drawing()
    charts = {name: _Chart.of(spec, drawing.points) for name, spec in drawing.charts.items()}
    for chart in ([charts[one.chart]] if one else []) + [_Chart.towards_eye(normals.mean(axis=0)), *charts.values()]:
        if (chart.facing(polygon, normals) <= chart.least).any():
            continue
        flat = chart.flat(polygon)
        steps, flat_steps = (np.linalg.norm(p - np.roll(p, 1, axis=0), axis=1) for p in (polygon, flat))
        if (flat_steps <= 3 * steps + 10).all():  # or it runs over the seam of a chart that is unrolled
            return chart
    return None


def crossings(polygon: Floats) -> Ints:
    """(k, 2): which edges of a closed polygon (e, 2) cross; edge i runs from corner i to the next."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    i, j = np.triu_indices(len(polygon), 2)
    beside = (i == 0) & (j == len(polygon) - 1)
    i, j = i[~beside], j[~beside]

    def turn(a: Floats, b: Floats, c: Floats) -> Floats:
        return np.asarray((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))

    apart = turn(start[i], end[i], start[j]) * turn(start[i], end[i], end[j])
    back = turn(start[j], end[j], start[i]) * turn(start[j], end[j], end[i])
    crossed = (apart < 0) & (back < 0)
    return np.column_stack([i[crossed], j[crossed]])


def border_of(atlas: Atlas, stroke: Sequence[Spot], most: int = 40) -> tuple[Spot, ...]:
    """A stroke of the hand, closed, as a border that can be ordered: without loops, and simplified to `most` of its own
    places at most. Raises InputError for one that encloses next to nothing or runs around the body."""
    skin = atlas.body("female")
    positions = spots_mm(atlas, skin, stroke)
    kept = np.flatnonzero(np.linalg.norm(positions - np.roll(positions, 1, axis=0), axis=1) > 1e-3)
    wide_mm, area_mm2 = 0.3, 0.0
    while len(kept) >= 3:
        kept = _simplified(positions, kept, wide_mm)
        polygon, chart, _ = _charted(atlas, [stroke[int(i)] for i in kept], None)
        if chart is None:
            raise InputError("stroke", "it runs too far around the body", "Draw it in two parts")
        flat = chart.flat(polygon)
        whole = _without_loops(flat)
        area_mm2 = abs(_area(flat[whole]))
        if len(whole) == len(kept) <= most:
            break
        wide_mm *= 1.25 if len(whole) == len(kept) else 1.0
        kept = kept[whole]
    if len(kept) < 3 or area_mm2 < _SMALLEST_MM2:
        raise InputError("stroke", "it encloses too little skin", "Draw a larger ring")
    return tuple(Spot(triangle=s.triangle, barycentric=s.barycentric) for s in (stroke[int(i)] for i in kept))


def _area(polygon: Floats) -> float:
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _without_loops(flat: Floats) -> Ints:
    """The corners of a closed polygon that are left when of two loops that cross the smaller goes, again and again."""
    kept = np.arange(len(flat))
    while len(crossed := crossings(flat[kept])):
        i, j = crossed[0]
        inner, outer = kept[i + 1 : j + 1], np.concatenate([kept[: i + 1], kept[j + 1 :]])
        kept = inner if abs(_area(flat[inner])) > abs(_area(flat[outer])) else outer
    return kept


def _simplified(positions: Floats, kept: Ints, wide_mm: float) -> Ints:
    """Those of the corners `kept` of a closed ring from which it strays by no more than `wide_mm` (Douglas & Peucker
    1973)."""
    far = int(np.linalg.norm(positions[kept] - positions[kept[0]], axis=1).argmax())
    stays = np.zeros(len(kept) + 1, dtype=bool)
    stays[[0, far]] = True
    ring = positions[np.append(kept, kept[0])]
    open_ends = [(0, far), (far, len(kept))]
    while open_ends:
        first, last = open_ends.pop()
        if last - first < 2:
            continue
        way, between = ring[last] - ring[first], ring[first + 1 : last] - ring[first]
        along = np.clip(between @ way / max(float(way @ way), 1e-12), 0, 1)
        away = np.linalg.norm(between - along[:, None] * way, axis=1)
        most = int(away.argmax())
        if away[most] > wide_mm:
            middle = first + 1 + most
            stays[middle] = True
            open_ends += [(first, middle), (middle, last)]
    return kept[stays[:-1]]


def lies_on(atlas: Atlas, patch: Patch, surface: Surface) -> dict[str | None, float]:
    """On which zones of the atlas a patch lies and with how many mm² on each, the largest first; None: on none. Slivers
    do not count."""
    skin = patch.on(surface)
    triangles, weights = patch.place(np.arange(len(patch.faces)), np.full((len(patch.faces), 3), 1 / 3))
    corners = surface.triangles[triangles]
    best, owner = np.full(len(triangles), -_NEIGHBOUR_MM), np.full(len(triangles), -1)
    for number, name in enumerate(zone_ids()):
        for there in (corners,) if zone(name).midline else (corners, atlas.mirror[corners]):
            depth = np.einsum("kc,kc->k", weights, _settled(atlas, name)[there])
            deeper = depth > best
            best[deeper], owner[deeper] = depth[deeper], number
    areas = np.bincount(owner + 1, weights=skin.areas_mm2, minlength=len(zone_ids()) + 1)
    enough = min(_SMALLEST_MM2, 0.02 * float(areas.sum()))
    names: list[str | None] = [None, *zone_ids()]
    return {names[k]: float(areas[k]) for k in np.argsort(-areas, kind="stable") if areas[k] > 0 and areas[k] >= enough}


def spots_mm(atlas: Atlas, surface: Surface, spots: Sequence[Spot]) -> Floats:
    """(k, 3): where spots lie on a body or a patient. Raises InputError for one that the atlas does not have."""
    for spot in spots:
        if spot.triangle >= len(atlas.triangles):
            raise InputError(
                "order.map.zones",
                f"The atlas has no triangle {spot.triangle}",
                f"Take the place from a map of atlas {atlas.version}",
            )
    triangles: Ints = np.array([spot.triangle for spot in spots], dtype=np.int64)
    return surface.at(triangles, np.array([spot.barycentric for spot in spots], dtype=float).reshape(-1, 3))


def patch(
    atlas: Atlas,
    zone_id: str,
    side: Side,
    surface: Surface,
    dangers: Sequence[Cutting],
    border: Sequence[Spot] | None = None,
) -> tuple[Patch, tuple[str, ...]]:
    """What is left of a zone on a body or patient (a surface with the atlas's triangles) beside danger zones, and
    the ids of the danger zones that took something. Pieces of 0.3 cm² or more; it may be empty.
    """
    field = zone_field(atlas, zone_id, side, border)
    left = Patch.of(surface, np.asarray((field[surface.triangles] > 0).any(axis=1)))
    left = left.where(left.field(field, surface))
    cut_by = []
    for danger in dangers:
        distance = danger.distance[surface.triangles[left.triangle]]
        outside = np.einsum("nc,nc->n", left.barycentric, np.minimum(distance - danger.margin_mm, 1e6))
        if (outside <= 0).any():
            left = left.where(outside)
            cut_by.append(danger.id)
    return _without_crumbs(left, surface), tuple(cut_by)


def _without_crumbs(left: Patch, surface: Surface) -> Patch:
    if not len(left.faces):
        return left
    skin = left.on(surface)
    piece = skin.pieces()
    kept: NDArray[np.bool_] = np.bincount(piece, weights=skin.areas_mm2) >= _SMALLEST_MM2
    return left.only(kept[piece])
