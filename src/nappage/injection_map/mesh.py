"""Triangulated skin: surfaces in millimetres, and patches cut out of the atlas.

A `Surface` has positions; a `Patch` has none of its own: each of its vertices is a place on the atlas (triangle and
barycentric weights), so one patch lies on every body, and on every patient the atlas was fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Surface:
    """`vertices_mm` (n, 3) and `triangles` (m, 3), wound counter-clockwise as seen from outside the body."""

    vertices_mm: Floats
    triangles: Ints

    @cached_property
    def corners(self) -> Floats:
        """(m, 3, 3): the three corners of each triangle, mm."""
        return self.vertices_mm[self.triangles]

    @cached_property
    def middles(self) -> Floats:
        """(m, 3): the middle of each triangle, mm."""
        return np.asarray((self.corners[:, 0] + self.corners[:, 1] + self.corners[:, 2]) / 3)

    @cached_property
    def _middles(self) -> cKDTree:
        """The middles of the triangles, to be asked which is nearest."""
        return cKDTree(self.middles)

    @cached_property
    def _crosses(self) -> Floats:
        corners = self.corners
        return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])

    @cached_property
    def areas_mm2(self) -> Floats:
        """(m,): the area of each triangle."""
        return np.asarray(0.5 * np.linalg.norm(self._crosses, axis=1))

    @cached_property
    def triangle_normals(self) -> Floats:
        """(m, 3): unit normals, outwards; zero for a triangle without area."""
        return np.asarray(self._crosses / np.maximum(np.linalg.norm(self._crosses, axis=1, keepdims=True), 1e-12))

    @cached_property
    def vertex_normals(self) -> Floats:
        """(n, 3): unit normals, the area-weighted mean of the triangles around."""
        corners, count = self.triangles.T.ravel(), len(self.vertices_mm)
        total = np.stack([np.bincount(corners, np.tile(cross, 3), count) for cross in self._crosses.T], axis=1)
        return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))

    def within(self, low: Floats, high: Floats) -> Ints:
        """(k,): the vertices in a box."""
        found: Ints = np.arange(len(self.vertices_mm))
        for axis in (1, 0, 2):  # a body is longest from top to bottom
            values = self.vertices_mm[found, axis]
            found = found[(values > low[axis]) & (values < high[axis])]
        return found

    def at(self, triangles: Ints, barycentric: Floats) -> Floats:
        """(k, 3): the positions of places given as triangle (k,) and weights (k, 3), mm."""
        return np.asarray(np.einsum("kc,kcd->kd", barycentric, self.vertices_mm[self.triangles[triangles]]))

    def normals_at(self, triangles: Ints, barycentric: Floats) -> Floats:
        """(k, 3): smooth unit normals at places."""
        mixed = np.einsum("kc,kcd->kd", barycentric, self.vertex_normals[self.triangles[triangles]])
        return np.asarray(mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12))

    def nearest(self, points_mm: Floats, candidates: int = 24) -> tuple[Ints, Floats, Floats]:
        """The nearest places to points (k, 3): triangle (k,), weights (k, 3), distance_mm (k,)."""
        points = np.atleast_2d(points_mm)
        count = min(candidates, len(self.triangles))
        near = np.asarray(self._middles.query(points, k=count)[1]).reshape(len(points), count)
        weights = _nearest_weights(np.repeat(points, count, axis=0), self.corners[near.ravel()])
        found = np.einsum("kc,kcd->kd", weights, self.corners[near.ravel()]).reshape(len(points), count, 3)
        distances = np.linalg.norm(found - points[:, None], axis=2)
        best = distances.argmin(axis=1)
        rows = np.arange(len(points))
        return near[rows, best], weights.reshape(len(points), count, 3)[rows, best], distances[rows, best]

    def boundary_loops(self) -> list[Ints]:
        """The outlines as closed rings of vertex indices, longest first; an outline runs with the skin on its
        left."""
        edges = np.vstack([self.triangles[:, [0, 1]], self.triangles[:, [1, 2]], self.triangles[:, [2, 0]]])
        _, inverse, counts = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
        following: dict[int, list[int]] = {}
        for start, end in edges[counts[inverse.ravel()] == 1]:
            following.setdefault(int(start), []).append(int(end))
        loops: list[Ints] = []
        while following:
            first = here = next(iter(following))
            ring = [first]
            while True:
                then = following[here].pop()
                if not following[here]:
                    del following[here]
                if then == first or then not in following:
                    break
                ring.append(then)
                here = then
            loops.append(np.array(ring))
        lengths = [self._ring_length_mm(ring) for ring in loops]
        return [loops[i] for i in np.argsort(lengths)[::-1]]

    def _ring_length_mm(self, ring: Ints) -> float:
        positions = self.vertices_mm[ring]
        return float(np.linalg.norm(positions - np.roll(positions, -1, axis=0), axis=1).sum())

    def pieces(self) -> Ints:
        """(m,): to which connected piece each triangle belongs, 0 for the largest in area."""
        count = len(self.vertices_mm)
        ends = np.vstack([self.triangles[:, [0, 1]], self.triangles[:, [1, 2]]])
        graph = sparse.coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(count, count))
        of_vertex = connected_components(graph, directed=False)[1]
        labels = np.unique(of_vertex[self.triangles[:, 0]], return_inverse=True)[1].ravel()
        sizes = np.bincount(labels, weights=self.areas_mm2)
        rank = np.empty(len(sizes), dtype=np.int64)
        rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
        return rank[labels]


def _nearest_weights(points: Floats, corners: Floats) -> Floats:
    """(k, 3): barycentric weights of the place in each triangle (k, 3, 3) that is nearest to its point (k, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, points - a
    d00, d01, d11 = (ab * ab).sum(1), (ab * ac).sum(1), (ac * ac).sum(1)
    d20, d21 = (ap * ab).sum(1), (ap * ac).sum(1)
    det = np.maximum(d00 * d11 - d01 * d01, 1e-18)
    v, w = (d11 * d20 - d01 * d21) / det, (d00 * d21 - d01 * d20) / det
    inside = np.stack([1 - v - w, v, w], axis=1)
    # Outside the triangle the nearest place is on an edge: take the best of the three.
    best, best_distance = inside.copy(), np.where((inside >= 0).all(axis=1), 0.0, np.inf)
    for start, end in ((0, 1), (1, 2), (2, 0)):
        edge = corners[:, end] - corners[:, start]
        along = ((points - corners[:, start]) * edge).sum(1) / np.maximum((edge * edge).sum(1), 1e-18)
        along = np.clip(along, 0, 1)
        distance = ((points - corners[:, start] - along[:, None] * edge) ** 2).sum(1)
        better = distance < best_distance
        weights = np.zeros_like(best)
        weights[:, start], weights[:, end] = 1 - along, along
        best[better], best_distance[better] = weights[better], distance[better]
    return best


@dataclass(frozen=True)
class Patch:
    """A piece of the atlas's skin.

    `triangle` (n,) and `barycentric` (n, 3) say where each of its vertices lies on the atlas; `faces` (m, 3) are its
    own triangles, each inside one triangle of the atlas: `home` (m,), with the weights of its corners there,
    `corner_weights` (m, 3, 3).
    """

    triangle: Ints
    barycentric: Floats
    faces: Ints
    home: Ints
    corner_weights: Floats

    @staticmethod
    def of(surface: Surface, chosen: NDArray[np.bool_]) -> Patch:
        """The chosen triangles (m,) of the atlas, whole."""
        home: Ints = np.flatnonzero(chosen).astype(np.int64)
        used, faces = np.unique(surface.triangles[home], return_inverse=True)
        faces = faces.reshape(-1, 3)
        triangle, barycentric = np.zeros(len(used), dtype=np.int64), np.zeros((len(used), 3))
        for corner in range(3):
            triangle[faces[:, corner]] = home
            barycentric[faces[:, corner]] = np.eye(3)[corner]
        weights = np.broadcast_to(np.eye(3), (len(home), 3, 3)).copy()
        return Patch(triangle, barycentric, faces, home, weights)

    def on(self, surface: Surface) -> Surface:
        """This patch as a surface of its own, on a body or a patient."""
        return Surface(surface.at(self.triangle, self.barycentric), self.faces)

    def place(self, faces: Ints, weights: Floats) -> tuple[Ints, Floats]:
        """Places on this patch (its face and weights there) as places on the atlas (triangle, weights)."""
        return self.home[faces], np.einsum("kc,kcd->kd", weights, self.corner_weights[faces])

    def field(self, values: Floats, surface: Surface) -> Floats:
        """(n,): a field given at the atlas's vertices, read at this patch's vertices."""
        return np.asarray(np.einsum("nc,nc->n", self.barycentric, values[surface.triangles[self.triangle]]))

    def where(self, field: Floats) -> Patch:
        """The part where a field given at this patch's vertices (n,) is positive, cut linearly through the faces
        at zero."""
        # A vertex on the border would make faces without area.
        field = np.where(np.abs(field) < 1e-9, -1e-9, field)
        inside = field[self.faces] > 0
        count = inside.sum(axis=1)
        points_t, points_b = [self.triangle], [self.barycentric]
        faces, home, weights = [self.faces[count == 3]], [self.home[count == 3]], [self.corner_weights[count == 3]]
        total = len(self.triangle)
        made: dict[tuple[int, int], int] = {}
        for alone_inside in (True, False):
            rows = np.flatnonzero(count == (1 if alone_inside else 2))
            if not len(rows):
                continue
            # Turn each face so that its odd corner comes first.
            first = (inside[rows] == alone_inside).argmax(axis=1)
            order = (first[:, None] + np.arange(3)) % 3
            face = np.take_along_axis(self.faces[rows], order, axis=1)
            corner = np.take_along_axis(self.corner_weights[rows], order[:, :, None], axis=1)
            value = field[face]
            t1 = value[:, 0] / (value[:, 0] - value[:, 1])
            t2 = value[:, 0] / (value[:, 0] - value[:, 2])
            w1 = corner[:, 0] * (1 - t1)[:, None] + corner[:, 1] * t1[:, None]
            w2 = corner[:, 0] * (1 - t2)[:, None] + corner[:, 2] * t2[:, None]
            new: Ints = np.empty((len(rows), 2), dtype=np.int64)
            extra_t, extra_b = [], []
            for side, weight in enumerate((w1, w2)):
                for row in range(len(rows)):
                    key = (int(min(face[row, 0], face[row, side + 1])), int(max(face[row, 0], face[row, side + 1])))
                    if key not in made:
                        made[key] = total
                        total += 1
                        extra_t.append(self.home[rows[row]])
                        extra_b.append(weight[row])
                    new[row, side] = made[key]
            points_t.append(np.array(extra_t, dtype=np.int64))
            points_b.append(np.array(extra_b).reshape(-1, 3))
            if alone_inside:
                faces.append(np.column_stack([face[:, 0], new]))
                weights.append(np.stack([corner[:, 0], w1, w2], axis=1))
                home.append(self.home[rows])
            else:
                faces.append(np.column_stack([new[:, 0], face[:, 1], face[:, 2]]))
                weights.append(np.stack([w1, corner[:, 1], corner[:, 2]], axis=1))
                faces.append(np.column_stack([new[:, 0], face[:, 2], new[:, 1]]))
                weights.append(np.stack([w1, corner[:, 2], w2], axis=1))
                home += [self.home[rows], self.home[rows]]
        return Patch(
            np.concatenate(points_t), np.concatenate(points_b), np.vstack(faces), np.concatenate(home),
            np.concatenate(weights),
        )._compact()  # fmt: skip

    def only(self, faces: NDArray[np.bool_]) -> Patch:
        """The chosen faces (m,)."""
        return Patch(
            self.triangle, self.barycentric, self.faces[faces], self.home[faces], self.corner_weights[faces]
        )._compact()

    def _compact(self) -> Patch:
        used, faces = np.unique(self.faces, return_inverse=True)
        return Patch(
            self.triangle[used], self.barycentric[used], faces.reshape(-1, 3).astype(np.int64), self.home,
            self.corner_weights,
        )  # fmt: skip
