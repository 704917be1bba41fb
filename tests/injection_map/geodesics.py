"""Exact distances on the skin (Mitchell, Mount & Papadimitriou, by pygeodesic), from each point only as far as they are
asked for: the judge of every layout, and of our own way of measuring."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pygeodesic.geodesic as pygeodesic
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from nappage.injection_map.mesh import Floats, Ints, Surface


@dataclass(frozen=True)
class Part:
    """A part of a surface that hangs together by edges. (The solver fails on parts that only touch in a corner.)"""

    used: Ints  # (n,): its vertices among the surface's, ascending
    solver: pygeodesic.PyGeodesicAlgorithmExact

    def rows(self, vertices: Ints) -> Ints:
        """(k,): which of its own vertices the surface's are, -1 for none."""
        at = np.minimum(np.searchsorted(self.used, vertices), len(self.used) - 1)
        return np.where(self.used[at] == vertices, at, -1)


@dataclass(frozen=True)
class Marked:
    """A surface with places made into vertices of it: place k is vertex `at[k]`."""

    surface: Surface
    at: Ints

    @property
    def positions_mm(self) -> Floats:
        return self.surface.vertices_mm[self.at]

    @cached_property
    def _parts(self) -> tuple[list[Part], Ints]:
        """The parts, and in which one each vertex is."""
        triangles, count = self.surface.triangles, len(self.surface.vertices_mm)
        edges = np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
        _, number = np.unique(edges[:, 0] * count + edges[:, 1], return_inverse=True)
        face = np.tile(np.arange(len(triangles)), 3)
        faces, total = len(triangles), len(triangles) + int(number.max()) + 1
        graph = sparse.coo_matrix((np.ones(len(face)), (face, faces + number.ravel())), shape=(total, total))
        label = connected_components(graph, directed=False)[1][:faces]
        parts, part_of = [], np.full(count, -1)
        part_of[triangles.ravel()] = np.repeat(label, 3)
        for part in range(int(label.max()) + 1):
            used, local = np.unique(triangles[label == part], return_inverse=True)
            solver = pygeodesic.PyGeodesicAlgorithmExact(
                self.surface.vertices_mm[used], local.reshape(-1, 3).astype(np.int32)
            )
            parts.append(Part(used, solver))
        return parts, part_of

    def ways_mm(self, place: int, others: Ints) -> Floats:
        """(k,): exact distances from a place to others, infinite where no skin leads."""
        parts, part_of = self._parts
        part = parts[part_of[self.at[place]]]
        rows = part.rows(self.at[others])
        found = np.full(len(others), np.inf)
        if (rows >= 0).any():
            source = part.rows(self.at[[place]]).astype(np.int32)
            # It goes on until the last of these is reached, and no further.
            found[rows >= 0] = part.solver.geodesicDistances(source, rows[rows >= 0].astype(np.int32), 0.0)[0]
        return found


def marked(surface: Surface, faces: Ints, weights: Floats) -> Marked:
    """The surface with places (k,), (k, 3) put in as vertices, each face around them cut anew."""
    weights = np.clip(weights, 0, 1)
    weights = weights / weights.sum(axis=1, keepdims=True)
    corner = weights.max(axis=1) > 1 - 1e-6
    at = surface.triangles[faces, weights.argmax(axis=1)]
    inner = np.flatnonzero(~corner)
    at[inner] = len(surface.vertices_mm) + np.arange(len(inner))
    weights, home = np.clip(weights[inner], 1e-4, None), faces[inner]
    weights = weights / weights.sum(axis=1, keepdims=True)
    vertices = np.vstack([surface.vertices_mm, np.einsum("kc,kcd->kd", weights, surface.corners[home])])
    cut, which, counts = np.unique(home, return_inverse=True, return_counts=True)
    kept = np.ones(len(surface.triangles), dtype=bool)
    kept[cut] = False
    alone = counts[which] == 1
    ends, middle = surface.triangles[home[alone]], at[inner[alone]]
    new = [np.column_stack([ends[:, k], ends[:, (k + 1) % 3], middle]) for k in range(3)]
    for number in np.flatnonzero(counts > 1):
        here = np.flatnonzero(which == number)
        ids = np.concatenate([surface.triangles[cut[number]], at[inner[here]]])
        flat = np.vstack([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], weights[here, 1:]])
        simplices = Delaunay(flat).simplices
        ab, ac = flat[simplices[:, 1]] - flat[simplices[:, 0]], flat[simplices[:, 2]] - flat[simplices[:, 0]]
        turn = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
        simplices = np.where((turn > 0)[:, None], simplices, simplices[:, ::-1])
        new.append(ids[simplices[np.abs(turn) > 1e-12]])
    return Marked(Surface(vertices, np.vstack([surface.triangles[kept], *new])), at)


def distances_mm(on: Marked, places: Ints, within_mm: float) -> Floats:
    """(len(places), k): exact distances from the chosen places to all, infinite beyond `within_mm`."""
    found = np.full((len(places), len(on.at)), np.inf)
    tree = cKDTree(on.positions_mm)
    for row, place in enumerate(places):
        near = np.array(tree.query_ball_point(on.positions_mm[place], within_mm), dtype=np.int64)
        near = near[near != place]
        ways = on.ways_mm(int(place), near)
        found[row, near] = np.where(ways <= within_mm, ways, np.inf)
    return found


def to_nearest_mm(on: Marked, places: Ints, within_mm: float) -> Floats:
    """(len(places),): exact distances from the chosen places to the nearest other, infinite beyond `within_mm`."""
    found = np.full(len(places), np.inf)
    tree = cKDTree(on.positions_mm)
    chords = tree.query(on.positions_mm[places], k=2)[0][:, 1]
    for row, (place, reach) in enumerate(zip(places, np.minimum(1.1 * chords, within_mm), strict=True)):
        # No way is shorter than its chord: beyond the way found first no place needs to be asked.
        while found[row] > reach:
            near = np.array(tree.query_ball_point(on.positions_mm[place], reach), dtype=np.int64)
            found[row] = on.ways_mm(int(place), near[near != place]).min(initial=np.inf)
            if reach == within_mm:
                break
            reach = min(found[row], within_mm)
    return np.where(found <= within_mm, found, np.inf)


def gaps_mm(on: Marked, sources: Ints) -> Floats:
    """(n,): exact distance from each vertex of the surface to the nearest of the source vertices, in one run."""
    algorithm = pygeodesic.PyGeodesicAlgorithmExact(on.surface.vertices_mm, on.surface.triangles.astype(np.int32))
    exact, _ = algorithm.geodesicDistances(np.unique(sources).astype(np.int32))
    return np.asarray(exact)
