"""Danger zones on the skin: how far each spot lies from them, and where their margins end.

What they are and why stands in the knowledge (`edition.danger`); where they lie on the atlas in
`data/danger_places.yaml`. They are ranges with a margin: outside of one nothing is promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from ..knowledge import Cited, Edition, cited
from ..knowledge.edition import read_yaml
from .anchors import VIEWS, anchored, on_skin
from .atlas import Atlas
from .mesh import Floats, Ints, Surface

REACH_MM = 40.0  # beyond this a distance is infinite
_STEP_MM = 1.0  # between the samples of a line
_AROUND_MM = 45.0  # on the atlas; a patient's skin may be smaller
_EXTRA_MM = 15.0  # the way along the skin, by the mesh's edges, may be so much more than twice the straight one
_THICK_MM = 40.0  # an area reaches so far in front of its border and behind it, along its view; unless it says


@dataclass(frozen=True, eq=False)
class _Core:
    """A danger zone on the atlas: samples of its line or border on both sides, 1 mm apart on the female body, as
    places; and the piece of the mesh around them."""

    triangles: Ints  # (k,)
    weights: Floats  # (k, 3)
    inside: NDArray[np.bool_]  # (n,): the atlas's vertices in an area
    border: Floats | None  # (e, 3): of an area, on the female body's right side or around its midline
    view: str
    midline: bool
    vertices: Ints  # (p,): the atlas's vertices around it, by way of the skin
    faces: Ints  # (q, 3): the triangles between those, as rows of `vertices`
    edges: Ints  # (r, 2): likewise


@dataclass(frozen=True, eq=False)
class Danger:
    """A danger zone on one body or patient. A vertex is within it where `distance` is `margin_mm` or less."""

    id: str
    title: str
    says: str
    kind: Literal["area", "point", "line"]
    margin_mm: float
    sourced: bool
    may_enter: bool
    sources: tuple[Cited, ...]
    outline: tuple[Floats, ...]  # where the margin ends: lines (k, 3), closed ones with the first point again
    _atlas: Atlas
    _core: _Core
    _exact: Floats  # (p,): `distance` at the core's vertices
    _samples: cKDTree

    @property
    def distance(self) -> Floats:
        """(n,) at the atlas's vertices: mm from the point, the line or the border of the area, negative inside an area,
        inf beyond 40 mm; read linearly across the triangles it is never far below the margin's real border, see
        `_widened`."""
        distance = np.full(len(self._core.inside), np.inf)
        distance[self._core.vertices] = self._exact
        return distance

    def at(self, triangles: Ints, barycentric: Floats, positions_mm: Floats) -> Floats:
        """(k,): exact distances of places (k,), (k, 3) with their positions (k, 3); in an area negative."""
        found = np.asarray(self._samples.query(positions_mm)[0])
        if self._core.border is None:
            return found
        beside = np.flatnonzero(
            self._core.inside[self._atlas.triangles[triangles]].any(axis=1) | (found < _STEP_MM)
        )  # fmt: skip
        drawn = self._atlas.body("female").at(triangles[beside], barycentric[beside])
        if not self._core.midline:
            drawn[:, 0] = -np.abs(drawn[:, 0])
        if len(beside):
            found[beside[_within(drawn, self._core.border, self._core.view)]] *= -1
        return found


def near(atlas: Atlas, surface: Surface, edition: Edition, language: str = "en") -> tuple[Danger, ...]:
    """The danger zones on a body or patient (a surface with the atlas's triangles).

    Distances are straight ones through space: never more than the way along the skin, so that no margin comes out too
    narrow.
    """
    found = []
    for name, core in _cores(atlas).items():
        record = edition.danger[name]
        margin = float(record.margin_mm)
        samples = surface.at(core.triangles, core.weights)
        positions, tree = surface.vertices_mm[core.vertices], cKDTree(samples)
        exact = np.minimum(tree.query(positions, distance_upper_bound=REACH_MM)[0], REACH_MM)
        exact = _widened(np.where(core.inside[core.vertices], -exact, exact), core.edges, positions, tree, margin)
        lines = _level(exact - margin, core.faces, positions)
        found.append(
            Danger(
                id=name,
                title=edition.text(record.title, language),
                says=edition.text(record.says, language),
                kind=record.kind,
                margin_mm=margin,
                sourced=record.sourced,
                may_enter=record.may_enter,
                sources=cited(edition, record.sources),
                # An area also ends where the skin turns into the mouth or the eye's socket; that is not drawn.
                outline=tuple(line for line in lines if np.median(tree.query(line)[0]) < margin + 2),
                _atlas=atlas,
                _core=core,
                _exact=np.where(exact < REACH_MM, exact, np.inf),
                _samples=tree,
            )
        )
    return tuple(found)


def _widened(distance: Floats, edges: Ints, positions: Floats, tree: cKDTree, margin: float) -> Floats:
    """(p,): distances lowered where an edge of the mesh is so long that what is read linearly between its ends lies
    outside the margin, but really is within it: what is cut along the edges then leaves that out, too."""
    first, second = distance[edges[:, 0]], distance[edges[:, 1]]
    low, high = np.minimum(first, second), np.maximum(first, second)
    crossing = np.flatnonzero((high > margin) & (low < margin + 12) & (low > -margin))
    turned = (second < first)[crossing]
    near = np.where(turned, edges[crossing, 1], edges[crossing, 0])
    far = np.where(turned, edges[crossing, 0], edges[crossing, 1])
    lowered = distance.copy()
    for share in (0.5, 0.35, 0.2):  # of the far end
        outside = np.flatnonzero(distance[near] * (1 - share) + distance[far] * share > margin)
        spots = positions[near[outside]] * (1 - share) + positions[far[outside]] * share
        really = tree.query(spots, distance_upper_bound=margin + 1e-6)[0]  # whether it is within, no more
        missed = outside[really <= margin]
        enough = (margin - share * distance[far[missed]]) / (1 - share) - 1e-6
        np.minimum.at(lowered, near[missed], enough)
    return lowered


def _level(field: Floats, faces: Ints, positions: Floats) -> list[Floats]:
    """Where a field (p,) at vertices is zero: lines (k, 3) across the triangles, joined end to end."""
    below = field <= 0
    count = below[faces].sum(axis=1)
    crossed = (count == 1) | (count == 2)
    triangles, count = faces[crossed], count[crossed]
    odd = (below[triangles] == (count == 1)[:, None]).argmax(axis=1)
    turned = np.take_along_axis(triangles, (odd[:, None] + np.arange(3)) % 3, axis=1)
    # Each crossed triangle gives one piece, from its edge 0-1 to its edge 0-2.
    pieces = np.sort(np.stack([turned[:, [0, 1]], turned[:, [0, 2]]], axis=1), axis=2).reshape(-1, 2)
    edges, ends = np.unique(pieces, axis=0, return_inverse=True)
    share = (field[edges[:, 0]] / (field[edges[:, 0]] - field[edges[:, 1]]))[:, None]
    points = positions[edges[:, 0]] * (1 - share) + positions[edges[:, 1]] * share
    neighbours: dict[int, list[int]] = {}
    for a, b in ends.reshape(-1, 2).tolist():
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    open_ends = [point for point, others in neighbours.items() if len(others) == 1]
    lines = []
    for start in [*open_ends, *neighbours]:
        line = [start]
        while neighbours[line[-1]]:
            following = neighbours[line[-1]].pop()
            neighbours[following].remove(line[-1])
            line.append(following)
        if len(line) > 1:
            lines.append(points[line])
    return lines


# ------------------------------------------------------------------------------------------------ on the atlas


def _dense(points: Floats, closed: bool) -> Floats:
    """(k, 3): points along a line of straight pieces (e, 3), about a millimetre apart."""
    following = np.roll(points, -1, axis=0) if closed else points[1:]
    pieces = [
        a + (b - a) * np.linspace(0, 1, max(int(np.ceil(np.linalg.norm(b - a) / _STEP_MM)), 1), endpoint=False)[:, None]
        for a, b in zip(points, following, strict=False)
    ]
    return np.vstack(pieces if closed else [*pieces, points[-1:]])


def _within(points: Floats, border: Floats, view: str) -> NDArray[np.bool_]:
    """(k,): whether points (k, 3) lie within a closed border (e, 3) as seen in a view."""
    a, b = VIEWS[view][0]
    inside = np.zeros(len(points), dtype=np.bool_)
    for start, end in zip(border, np.roll(border, -1, axis=0), strict=True):
        crosses = (start[b] > points[:, b]) != (end[b] > points[:, b])
        rise = end[b] - start[b] or 1e-12
        inside ^= crosses & (points[:, a] < start[a] + (points[:, b] - start[b]) * (end[a] - start[a]) / rise)
    return inside


def _enclosed(skin: Surface, triangles: Ints, border: Floats, view: str, thick_mm: float) -> NDArray[np.bool_]:
    """(n,): the vertices within a closed border (e, 3) that runs through triangles (e,), as seen in a view: those that
    do not face away from it and hang together with the border by way of the skin."""
    _, depth, towards = VIEWS[view]
    low, high = border.min(axis=0), border.max(axis=0)
    low[depth], high[depth] = low[depth] - thick_mm, high[depth] + thick_mm
    chosen = skin.within(low, high)
    chosen = chosen[towards * skin.vertex_normals[chosen, depth] > -0.3]
    enclosed = np.zeros(len(skin.vertices_mm), dtype=np.bool_)
    enclosed[chosen[_within(skin.vertices_mm[chosen], border, view)]] = True
    touched = skin.triangles[enclosed[skin.triangles[:, 1]]]
    edges = np.vstack([touched[:, [0, 1]], touched[:, [1, 2]]])
    edges = edges[enclosed[edges[:, 0]] & enclosed[edges[:, 1]]]
    graph = sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=(len(enclosed), len(enclosed)))
    piece = connected_components(graph, directed=False)[1]
    beside = skin.triangles[triangles].ravel()
    return np.asarray(enclosed & np.isin(piece, piece[beside[enclosed[beside]]]))


@lru_cache(maxsize=2)
def _cores(atlas: Atlas) -> dict[str, _Core]:
    skin = atlas.body("female")
    cores = {}
    for name, drawn in read_yaml(Path(__file__).with_name("data") / "danger_places.yaml").items():
        view, midline, area = drawn["view"], drawn.get("midline", False), drawn.get("area", False)
        spots = skin.at(*on_skin(skin, anchored(atlas, drawn["path"], view), view))
        if area and midline:
            spots = np.vstack([spots, spots[-2:0:-1] * [-1, 1, 1]])
        triangles, weights = on_skin(skin, _dense(spots, area), view)
        inside, border = np.zeros(len(skin.vertices_mm), dtype=np.bool_), None
        if area:
            border = skin.at(triangles, weights)
            inside = _enclosed(skin, triangles, border, view, drawn.get("thick_mm", _THICK_MM))
        if not midline:
            other_triangles, other_weights = atlas.mirror_place(triangles, weights)
            triangles, weights = np.concatenate([triangles, other_triangles]), np.vstack([weights, other_weights])
            inside |= inside[atlas.mirror]
        around = _around(skin, triangles, weights, inside)
        cores[name] = _Core(triangles, weights, inside, border, view, midline, *around)
    return cores


def _around(skin: Surface, triangles: Ints, weights: Floats, inside: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """The vertices around places (k,), (k, 3) or in an area, without those that are close only through the flesh, as
    the inside of a cheek is; and the triangles and edges between them."""
    places = skin.at(triangles, weights)
    boxed = skin.within(places.min(axis=0) - _AROUND_MM, places.max(axis=0) + _AROUND_MM)
    distance = np.full(len(inside), np.inf)
    distance[boxed] = cKDTree(places).query(skin.vertices_mm[boxed], distance_upper_bound=_AROUND_MM)[0]
    close = np.flatnonzero(np.isfinite(distance) | inside)
    row = np.full(len(distance), -1)
    row[close] = np.arange(len(close))
    faces = skin.triangles
    for corner in range(3):
        faces = faces[row[faces[:, corner]] >= 0]
    faces = row[faces]
    start, end, count = faces.ravel(), faces[:, [1, 2, 0]].ravel(), len(close)
    keys: Ints = np.unique(np.minimum(start, end) * count + np.maximum(start, end)).astype(np.int64)
    edges: Ints = np.column_stack([keys // count, keys % count])
    ends = skin.vertices_mm[close][edges]
    lengths = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
    graph = sparse.coo_matrix((lengths, edges.T), shape=(count, count)).tocsr()
    start = np.unique(row[skin.triangles[triangles]])
    way = dijkstra(graph, directed=False, indices=start, min_only=True)
    kept = inside[close] | (way < 2 * distance[close] + _EXTRA_MM)
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    faces, edges = number[faces], number[edges]
    return close[kept], faces[(faces >= 0).all(axis=1)], edges[(edges >= 0).all(axis=1)]
