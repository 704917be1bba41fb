"""Exact distances on the skin (Mitchell, Mount & Papadimitriou, by pygeodesic), solved on small pieces around each
point: the judge of every layout, and of our own way of measuring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pygeodesic.geodesic as pygeodesic
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from nappage.injection_map.mesh import Floats, Ints, Surface


@dataclass(frozen=True)
class Marked:
    """A surface with places made into vertices of it: place k is vertex `at[k]`."""

    surface: Surface
    at: Ints


def marked(surface: Surface, faces: Ints, weights: Floats) -> Marked:
    """The surface with places (k,), (k, 3) put in as vertices, each face around them cut anew."""
    vertices = list(surface.vertices_mm)
    kept = np.ones(len(surface.triangles), dtype=bool)
    at = np.zeros(len(faces), dtype=np.int64)
    new: list[list[int]] = []
    corner_places = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for face in np.unique(faces):
        corners = surface.triangles[face]
        ids, flat = list(corners), list(corner_places)
        for k in np.flatnonzero(faces == face):
            weight = np.clip(weights[k], 0, 1)
            weight = weight / weight.sum()
            top = int(weight.argmax())
            if weight[top] > 1 - 1e-6:
                at[k] = corners[top]
                continue
            weight = np.clip(weight, 1e-4, None)
            weight = weight / weight.sum()
            at[k] = len(vertices)
            vertices.append(weight @ surface.vertices_mm[corners])
            ids.append(at[k])
            flat.append(weight[1:])
        if len(ids) == 3:
            continue
        kept[face] = False
        for simplex in Delaunay(np.array(flat)).simplices:
            a, b, c = np.array(flat)[simplex]
            turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            if abs(turn) > 1e-12:
                new.append([ids[i] for i in (simplex if turn > 0 else simplex[::-1])])
    triangles = np.vstack([surface.triangles[kept], np.array(new, dtype=np.int64).reshape(-1, 3)])
    return Marked(Surface(np.array(vertices), triangles), at)


def distances_mm(on: Marked, places: Ints, within_mm: float) -> Floats:
    """(len(places), k): exact distances from the chosen places to all, infinite beyond `within_mm`."""
    vertices, triangles = on.surface.vertices_mm, on.surface.triangles
    tree = cKDTree(vertices)
    # Faces may be larger than the reach: take every face with a corner near enough that a path could enter it.
    reach = within_mm * 1.02 + float(np.percentile(np.linalg.norm(
        vertices[triangles[:, 0]] - vertices[triangles[:, 1]], axis=1), 99.5))  # fmt: skip
    found = np.full((len(places), len(on.at)), np.inf)
    for row, place in enumerate(places):
        near = np.zeros(len(vertices), dtype=bool)
        near[tree.query_ball_point(vertices[on.at[place]], reach)] = True
        part = triangles[near[triangles].any(axis=1)]
        used, local = _connected(part, int(on.at[place]), len(vertices))
        source = int(np.searchsorted(used, on.at[place]))
        exact, _ = pygeodesic.PyGeodesicAlgorithmExact(vertices[used], local).geodesicDistances(
            np.array([source], dtype=np.int32)
        )
        where = np.searchsorted(used, on.at)
        known = (where < len(used)) & (used[np.minimum(where, len(used) - 1)] == on.at)
        values = np.where(known, exact[np.where(known, where, 0)], np.inf)
        found[row] = np.where(values <= within_mm, values, np.inf)
        found[row, place] = np.inf
    return found


def _connected(triangles: Ints, vertex: int, count: int) -> tuple[Ints, NDArray[np.int32]]:
    """The part that hangs together by edges with a vertex: its vertices and its faces among them. (The solver fails on
    parts that only touch in a corner.)"""
    edges = np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    _, number = np.unique(edges[:, 0] * count + edges[:, 1], return_inverse=True)
    face = np.tile(np.arange(len(triangles)), 3)
    faces, total = len(triangles), len(triangles) + int(number.max()) + 1
    graph = sparse.coo_matrix((np.ones(len(face)), (face, faces + number.ravel())), shape=(total, total))
    label = connected_components(graph, directed=False)[1][:faces]
    mine = triangles[label == label[np.flatnonzero((triangles == vertex).any(axis=1))[0]]]
    used, local = np.unique(mine, return_inverse=True)
    return used, local.reshape(-1, 3).astype(np.int32)


def gaps_mm(on: Marked, sources: Ints) -> Floats:
    """(n,): exact distance from each vertex of the surface to the nearest of the source vertices, in one run."""
    algorithm = pygeodesic.PyGeodesicAlgorithmExact(on.surface.vertices_mm, on.surface.triangles.astype(np.int32))
    exact, _ = algorithm.geodesicDistances(np.unique(sources).astype(np.int32))
    return np.asarray(exact)
