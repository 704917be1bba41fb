"""Skin laid flat, with as little stretch as its curvature allows, and read on a raster of the plane.

As-rigid-as-possible flattening (Liu, Zhang, Xu, Gotsman & Gortler 2008, "A local/global approach to mesh
parameterization"), started from a harmonic map to a circle (Tutte 1963: no face folds over). What was flattened once
is kept on disk; a cache that is missing, broken or not writable costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from .kept import kept
from .mesh import Floats, Ints, Surface

Complexes = NDArray[np.complex128]

VERSION = "1"  # of the method; part of the cache's key
ITERATIONS = 1000
STILL = 1e-4
PIXEL_MM = 0.8
_MOST_HALVINGS = 3
_LEAST_COT, _MOST_COT = 0.02, 20.0  # slivers from cutting would otherwise stiffen or fold the map
_FAN_STIFFNESS = 0.02  # a filled hole is no skin: it only keeps the plane from folding


@dataclass(frozen=True)
class Flattening:
    """One connected piece of skin in the plane.

    `disc` is the piece with its holes filled; its first `skin` faces are skin, the k-th being face `faces[k]` of the
    surface that was flattened. `uv_mm` (n, 2) are the plane's coordinates of `disc`'s vertices: same total area as
    the skin, seen from outside, u along the skin's horizontal.
    """

    disc: Surface
    skin: int
    faces: Ints
    uv_mm: Floats

    @cached_property
    def area_mm2(self) -> float:
        return float(self.disc.areas_mm2[: self.skin].sum())

    @property
    def vertices(self) -> int:
        """How many of `disc`'s vertices, the first ones, are skin."""
        return int(self.disc.triangles[: self.skin].max()) + 1

    @cached_property
    def jacobians(self) -> Floats:
        """(m, 3, 2): mm on the skin for a mm in the plane, for each face of `disc`."""
        corners, flat = self.disc.corners, self.uv_mm[self.disc.triangles]
        edges = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=2)
        a, b = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
        det = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        det = np.where(np.abs(det) < 1e-12, 1e-12, det)
        inverse = np.stack([np.stack([b[:, 1], -b[:, 0]], 1), np.stack([-a[:, 1], a[:, 0]], 1)], 1) / det[:, None, None]
        return np.asarray(edges @ inverse)

    @cached_property
    def stretch(self) -> Floats:
        """(skin, 2): largest and smallest ratio of skin length to flat length in each face of skin."""
        return np.asarray(np.linalg.svd(self.jacobians[: self.skin], compute_uv=False))

    @cached_property
    def fails(self) -> bool:
        """Whether parts far from one another on the skin lie over or beside one another in the plane, or a tenth of
        the piece is stretched or squeezed by a fifth."""
        areas = self.disc.areas_mm2[: self.skin]
        middles = self.uv_mm[self.disc.triangles[: self.skin]].mean(axis=1)
        hidden = self.locate(middles)[0] != np.arange(self.skin)
        strained = (self.stretch[:, 0] > 1.2) | (self.stretch[:, 1] < 0.8)
        if areas[hidden].sum() > 5 or areas[strained].sum() > 0.1 * areas.sum():
            return True
        starts, ends, along = self.along_border(1.0)
        spots = [v[starts] + (v[ends] - v[starts]) * along[:, None] for v in (self.uv_mm, self.disc.vertices_mm)]
        i, j = cKDTree(spots[0]).query_pairs(4 * PIXEL_MM, output_type="ndarray").T
        return bool((np.linalg.norm(spots[1][i] - spots[1][j], axis=1) > 12 * PIXEL_MM).any())

    def along_border(self, step_mm: float) -> tuple[Ints, Ints, Floats]:
        """Spots all along the border, `step_mm` apart at most: the vertices (k,) from which and to which it runs there,
        and the share of the way between (k,)."""
        start = np.concatenate(self.outlines)
        end = np.concatenate([np.roll(ring, -1) for ring in self.outlines])
        lengths = np.linalg.norm(self.uv_mm[end] - self.uv_mm[start], axis=1)
        counts = np.maximum(np.ceil(lengths / step_mm).astype(np.int64), 1)
        which = np.repeat(np.arange(len(start)), counts)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        return start[which], end[which], (nth + 0.5) / counts[which]

    @cached_property
    def outlines(self) -> tuple[Ints, ...]:
        """Rings of vertices around the skin, holes included."""
        return tuple(Surface(self.disc.vertices_mm, self.disc.triangles[: self.skin]).boundary_loops())

    @cached_property
    def _bins(self) -> tuple[Floats, float, tuple[int, int], Ints, Ints]:
        """Which faces' bounding boxes touch each square of the plane, as a compressed list."""
        flat = self.uv_mm[self.disc.triangles]
        low, high = flat.min(axis=1), flat.max(axis=1)
        origin = low.min(axis=0)
        size = max(float(np.median(high - low)) * 1.2, 1e-3)
        first = ((low - origin) / size).astype(np.int64)
        last = ((high - origin) / size).astype(np.int64)
        across, down = (int(n) for n in last.max(axis=0) + 1)
        spans = last - first + 1
        counts = spans[:, 0] * spans[:, 1]
        face = np.repeat(np.arange(len(flat)), counts)
        nth = np.arange(len(face)) - np.repeat(np.cumsum(counts) - counts, counts)
        column = first[face, 0] + nth % spans[face, 0]
        row = first[face, 1] + nth // spans[face, 0]
        square = row * across + column
        order = np.argsort(square, kind="stable")
        starts = np.searchsorted(square[order], np.arange(across * down + 1))
        return origin, size, (across, down), face[order], starts

    def locate(self, uv_mm: Floats) -> tuple[Ints, Floats]:
        """The face of `disc` at each point (k, 2) of the plane, -1 where there is none, and the weights (k, 3)."""
        origin, size, (across, down), members, starts = self._bins
        cell = np.floor((uv_mm - origin) / size).astype(np.int64)
        inside = (cell >= 0).all(axis=1) & (cell[:, 0] < across) & (cell[:, 1] < down)
        square = np.where(inside, cell[:, 1] * across + cell[:, 0], 0)
        counts = np.where(inside, starts[square + 1] - starts[square], 0)
        query = np.repeat(np.arange(len(uv_mm)), counts)
        nth = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
        face = members[starts[square[query]] + nth]
        flat = self.uv_mm[self.disc.triangles]
        a, ab, ac = flat[:, 0], flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
        det = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
        ap = uv_mm[query] - a[face]
        scale = 1.0 / np.where(np.abs(det) < 1e-12, np.inf, det)[face]
        v = (ap[:, 0] * ac[face, 1] - ap[:, 1] * ac[face, 0]) * scale
        w = (ab[face, 0] * ap[:, 1] - ab[face, 1] * ap[:, 0]) * scale
        least = np.minimum(np.minimum(v, w), 1 - v - w)
        hit = np.flatnonzero(least >= -1e-9)
        found = np.full(len(uv_mm), -1, dtype=np.int64)
        weights = np.zeros((len(uv_mm), 3))
        # Where faces overlap (a sliver folded over) the earlier one wins, always the same.
        hit = hit[::-1]
        found[query[hit]] = face[hit]
        weights[query[hit]] = np.clip(np.stack([1 - v[hit] - w[hit], v[hit], w[hit]], axis=1), 0, 1)
        return found, weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)

    def holds(self, face: Ints) -> NDArray[np.bool_]:
        """(k,): which faces of `disc`, as `locate` gives them, are skin."""
        return np.asarray((face >= 0) & (face < self.skin))

    def is_skin(self, uv_mm: Floats) -> NDArray[np.bool_]:
        """(k,): which points of the plane lie on the skin of this piece."""
        return self.holds(self.locate(uv_mm)[0])

    @property
    def raster(self) -> Raster:
        """The flattening read on a square raster of the plane."""
        return _raster(self)


@dataclass(frozen=True)
class Raster:
    """Position on the skin and depth inside the border at the nodes of a square raster of the plane.

    Reading it needs no search for faces, so thousands of lengths can be measured in a millisecond. Beyond the border
    the skin is continued straight on.
    """

    origin: Floats  # (2,), mm
    pixel_mm: float
    position_mm: Floats  # (3, rows, columns)
    inside_mm: Floats  # (rows, columns): distance to the border, negative outside

    def at(self, uv_mm: Floats) -> Floats:
        """(k, 3): positions on the skin."""
        return self._read(self.position_mm, uv_mm)

    def depth_mm(self, uv_mm: Floats) -> Floats:
        """(k,): distance to the border, mm in the plane; negative outside."""
        return self._read(self.inside_mm, uv_mm)

    def inwards(self, uv_mm: Floats) -> Floats:
        """(k, 2): the direction away from the border, about a unit vector."""
        return self._read(self._slope, uv_mm)

    @cached_property
    def _slope(self) -> Floats:
        up, right = np.gradient(self.inside_mm, self.pixel_mm)
        return np.stack([right, up])

    def lengths_mm(self, start: Floats, end: Floats, pieces: int = 4) -> Floats:
        """(k,): lengths on the skin of straight lines in the plane, from and to (k, 2), as chains of chords."""
        steps = np.linspace(0, 1, pieces + 1)[:, None, None]
        points = start[None] + steps * (end - start)[None]
        on_skin = self.at(points.reshape(-1, 2)).reshape(pieces + 1, -1, 3)
        return np.asarray(np.sqrt(((on_skin[1:] - on_skin[:-1]) ** 2).sum(axis=2)).sum(axis=0))

    def ways_mm(self, start: Floats, end: Floats) -> Floats:
        """(k,): how far it is over the skin between points (k, 2) a few centimetres apart. Where the straight line in
        the plane leaves the piece, there may be a shorter way outside it: the chord, which no way undercuts."""
        pieces = 6
        inner = start[None] + np.linspace(0, 1, pieces + 1)[1:-1, None, None] * (end - start)[None]
        leaves = self.depth_mm(inner.reshape(-1, 2)).reshape(pieces - 1, -1).min(axis=0) < -1.0
        chords = np.linalg.norm(self.at(start) - self.at(end), axis=1)
        return np.where(leaves, chords, self.lengths_mm(start, end, pieces))

    @cached_property
    def nodes(self) -> Floats:
        """(k, 2): the nodes inside."""
        row, column = np.nonzero(self.inside_mm >= 0)
        return np.asarray(self.origin + self.pixel_mm * np.stack([column, row], axis=1))

    def nearest_nodes(self, positions_mm: Floats, within_mm: float = np.inf) -> tuple[Floats, Ints]:
        """(k,), (k,): the distance from each position (k, 3) to the nearest of the nodes inside, and which one that
        is; infinite where none is nearer than `within_mm`."""
        distance, index = self._tree.query(positions_mm, distance_upper_bound=within_mm)
        return np.asarray(distance, dtype=np.float64), np.asarray(index, dtype=np.int64)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.at(self.nodes))

    def _read(self, values: Floats, uv_mm: Floats) -> Floats:
        # Channel by channel, in place: NumPy is slow on rows of two or three.
        rows, columns = self.inside_mm.shape
        i, fx = self._steps(uv_mm, 0, columns)
        k, fy = self._steps(uv_mm, 1, rows)
        k *= columns
        k += i
        flat, gx = values.reshape(-1, rows * columns), 1 - fx
        low, high = flat.take(k, 1), flat.take(k + columns, 1)
        low *= gx
        high *= gx
        k += 1
        beside = flat.take(k, 1)
        beside *= fx
        low += beside
        beside = flat.take(k + columns, 1)
        beside *= fx
        high += beside
        low *= 1 - fy
        high *= fy
        low += high
        return np.ascontiguousarray(low.T) if values.ndim > 2 else np.asarray(low[0])

    def _steps(self, uv_mm: Floats, axis: int, count: int) -> tuple[Ints, Floats]:
        """(k,), (k,): along an axis, the node before each point, and the share of the way from it to the next."""
        steps = uv_mm[:, axis] - self.origin[axis]
        steps /= self.pixel_mm
        np.maximum(steps, 0, out=steps)  # np.clip takes three times as long on a handful of points
        np.minimum(steps, count - 1.000001, out=steps)
        whole = steps.astype(np.int64)
        steps -= whole
        return whole, steps


def flatten(surface: Surface, kept_in: Path | None = None) -> tuple[Flattening, ...]:
    """Each connected piece of `surface` in a plane of its own, the largest first. A piece that would lie over itself
    in the plane (skin that runs around a neck), or is stretched too much, is laid out in two halves.

    `kept_in`: the folder in which flattenings are kept; None: nowhere. Pieces of fewer than three faces are left out.
    """
    return tuple(found for faces in _pieces(surface) for found in _laid_flat(surface, faces, kept_in))


def _laid_flat(surface: Surface, faces: Ints, kept_in: Path | None, halvings: int = 0) -> Iterator[Flattening]:
    used, triangles = np.unique(surface.triangles[faces], return_inverse=True)
    disc = _filled(Surface(surface.vertices_mm[used], triangles.reshape(-1, 3).astype(np.int64)))
    flattening = Flattening(disc, len(faces), faces, _kept(disc, len(faces), kept_in))
    if halvings == _MOST_HALVINGS or not flattening.fails:
        yield flattening
        return
    middles = surface.corners[faces].mean(axis=1)
    centre = np.average(middles, axis=0, weights=surface.areas_mm2[faces])
    long_way = np.linalg.svd((middles - centre) * np.sqrt(surface.areas_mm2[faces])[:, None], full_matrices=False)[2][0]
    beyond = (middles - centre) @ long_way > 0
    for half in (faces[beyond], faces[~beyond]):
        part = Surface(surface.vertices_mm, surface.triangles[half])
        for piece in _pieces(part):
            yield from _laid_flat(surface, half[piece], kept_in, halvings + 1)


def cache_folder(atlas_version: str) -> Path:
    """Where a user's flattenings are kept; nothing is created."""
    base = os.environ.get("XDG_CACHE_HOME") or ""
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "nappage" / atlas_version


def _pieces(surface: Surface) -> Iterator[Ints]:
    """The faces of each piece that hangs together by edges (pieces that touch in a corner are two), largest first."""
    corners = surface.triangles
    edges = np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    face = np.tile(np.arange(len(corners)), 3)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    same = (edges[order][1:] == edges[order][:-1]).all(axis=1)
    left, right = face[order][:-1][same], face[order][1:][same]
    count = len(corners)
    graph = sparse.coo_matrix((np.ones(len(left)), (left, right)), shape=(count, count))
    label = sparse.csgraph.connected_components(graph, directed=False)[1]
    sizes = np.bincount(label, weights=surface.areas_mm2)
    for piece in np.argsort(-sizes, kind="stable"):
        faces = np.flatnonzero(label == piece)
        if len(faces) >= 3:
            yield faces


def nearest(points: Floats, queries: Floats) -> tuple[Floats, Ints]:
    """(k,), (k,): the distance from each query to the nearest of the points, and which one that is."""
    distance, index = cKDTree(points).query(queries)
    return np.asarray(distance, dtype=np.float64), np.asarray(index, dtype=np.int64)


def _filled(piece: Surface) -> Surface:
    """The piece with a fan over every outline but the longest."""
    vertices, triangles = [piece.vertices_mm], [piece.triangles]
    centre = len(piece.vertices_mm)
    for ring in piece.boundary_loops()[1:]:
        vertices.append(piece.vertices_mm[ring].mean(axis=0, keepdims=True))
        triangles.append(np.column_stack([np.roll(ring, -1), ring, np.full(len(ring), centre)]))
        centre += 1
    if len(vertices) == 1:
        return piece
    return Surface(np.vstack(vertices), np.vstack(triangles))


def _kept(disc: Surface, skin: int, folder: Path | None) -> Floats:
    """The plane's coordinates, from the cache where it has them."""
    if folder is None:
        return _flat(disc, skin)
    digest = hashlib.sha256(VERSION.encode())
    for part in (disc.vertices_mm, disc.triangles):
        digest.update(np.ascontiguousarray(part).tobytes())
    path = folder / f"{digest.hexdigest()[:32]}.npy"
    try:
        kept = np.load(path, allow_pickle=False)
        if kept.shape == (len(disc.vertices_mm), 2) and kept.dtype == np.float64 and np.isfinite(kept).all():
            return np.asarray(kept)
    except (OSError, ValueError, EOFError):
        pass
    uv = _flat(disc, skin)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.save(file, uv)
        os.replace(temporary, path)  # whoever reads at this moment reads the whole of it
    except OSError:
        pass
    return uv


def _flat(disc: Surface, skin: int) -> Floats:
    """(n, 2): the vertices of a disc in the plane; its first `skin` faces are skin, the rest fill holes.

    The plane is complex. Each face wants to be its own shape, turned: `fit` finds the turns from the plane's
    coordinates, and its adjoint, with the Laplacian, the coordinates from the turns.
    """
    start, end, count = disc.triangles, np.roll(disc.triangles, -1, axis=1), len(disc.vertices_mm)
    stiffness = np.where(np.arange(len(start)) < skin, 1.0, _FAN_STIFFNESS)
    own = _own_planes(disc)
    ahead, behind = np.roll(own, -1, axis=1), np.roll(own, 1, axis=1)
    from_apex, to_apex = own - behind, np.conj(ahead - behind)
    cot = np.real(from_apex * to_apex) / np.maximum(np.abs(np.imag(from_apex * to_apex)), 1e-12)
    weight = 0.5 * stiffness[:, None] * np.clip(cot, _LEAST_COT, _MOST_COT)
    sides = (weight * np.conj(ahead - own)).ravel()
    face, i, j, w = np.repeat(np.arange(len(start)), 3), start.ravel(), end.ravel(), weight.ravel()
    fit = sparse.coo_array(
        (np.r_[sides, -sides], (np.r_[face, face], np.r_[j, i])), shape=(len(start), count)
    ).tocsr()  # fmt: skip
    adjoint = fit.conj().T.tocsr()
    laplacian = sparse.coo_array(
        (np.r_[w, w, -w, -w], (np.r_[i, j, i, j], np.r_[i, j, j, i])), shape=(count, count)
    ).tocsr()  # fmt: skip

    flat = _in_a_circle(disc, laplacian)
    solve = _solver(laplacian[1:][:, 1:])
    turned: Complexes = np.zeros(len(start), dtype=np.complex128)
    share = stiffness * disc.areas_mm2
    share /= share.sum()
    for _ in range(ITERATIONS):
        turns: Complexes = np.asarray(fit @ flat)
        turns = turns / np.maximum(np.abs(turns), 1e-12)
        flat[1:] = solve(np.asarray(adjoint @ turns)[1:])
        flat[0] = 0
        # Turning as a whole is no change: what counts is how far the turns have spread since the iteration before.
        if 1 - abs(np.vdot(turned, share * turns)) < 0.5 * STILL**2:
            break
        turned = turns
    return _upright(disc, skin, flat)


def _own_planes(disc: Surface) -> Complexes:
    """(m, 3): each face in a plane of its own: corner 0 at zero, corner 1 on the real axis, corner 2 above it."""
    corners = disc.corners
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    length = np.maximum(np.linalg.norm(ab, axis=1), 1e-9)
    height = np.maximum(2 * disc.areas_mm2 / length, 1e-9)
    return np.stack([np.zeros(len(length)), length, (ab * ac).sum(axis=1) / length + 1j * height], axis=1)


def _in_a_circle(disc: Surface, laplacian: sparse.csr_array) -> Complexes:
    """(n,): the outline on a circle, by its lengths, and the rest in balance."""
    outer = disc.boundary_loops()[0]
    sides = np.linalg.norm(disc.vertices_mm[np.roll(outer, -1)] - disc.vertices_mm[outer], axis=1)
    angle = 2 * np.pi * (np.cumsum(sides) - sides) / sides.sum()
    flat = np.zeros(len(disc.vertices_mm), dtype=np.complex128)
    flat[outer] = np.sqrt(disc.areas_mm2.sum() / np.pi) * np.exp(1j * angle)
    inner = np.setdiff1d(np.arange(len(flat)), outer)
    if len(inner):
        flat[inner] = _solver(laplacian[inner][:, inner])(-np.asarray(laplacian[inner][:, outer] @ flat[outer]))
    return flat


def _solver(matrix: sparse.csr_array) -> Callable[[Complexes], Complexes]:
    """Solves a symmetric real system for complex right sides, factored once."""
    factors = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})

    def solve(right: Complexes) -> Complexes:
        both = factors.solve(np.stack([right.real, right.imag], axis=1))
        return np.asarray(both[:, 0] + 1j * both[:, 1])

    return solve


def _upright(disc: Surface, skin: int, flat: Complexes) -> Floats:
    """Scaled to the skin's area and turned so that u runs along the horizontal of the skin, as seen from outside."""
    shape = flat[disc.triangles[:skin]]
    area = 0.5 * np.imag(np.conj(shape[:, 1] - shape[:, 0]) * (shape[:, 2] - shape[:, 0]))
    flat = flat * np.sqrt(disc.areas_mm2[:skin].sum() / max(area.sum(), 1e-9))
    uv = np.stack([flat.real, flat.imag], axis=1)
    normals, weight = disc.triangle_normals[:skin], disc.areas_mm2[:skin]
    to_plane = np.linalg.pinv(Flattening(disc, skin, np.arange(skin), uv).jacobians[:skin])
    for axis in (
        np.cross([0.0, 1.0, 0.0], normals),  # to the right of whoever looks at the skin; none on the crown
        np.array([1.0, 0.0, 0.0]) - normals[:, :1] * normals,
    ):
        level = (weight[:, None] * (to_plane @ axis[:, :, None])[:, :, 0]).sum(axis=0)
        if np.linalg.norm(level) > 0.3 * weight.sum():
            break
    direction = level / max(float(np.linalg.norm(level)), 1e-12)
    turned = uv @ np.array([[direction[0], -direction[1]], [direction[1], direction[0]]])
    return np.asarray(turned - (turned.min(axis=0) + turned.max(axis=0)) / 2)


@kept(1_000_000, lambda raster: raster.inside_mm.size)  # at most about 150 MB
def _raster(flattening: Flattening) -> Raster:
    uv, margin = flattening.uv_mm, 5
    pixel = float(np.clip(np.sqrt(flattening.area_mm2 / 6000), 0.3, PIXEL_MM))  # small zones have the sharper folds
    origin = uv.min(axis=0) - margin * pixel
    columns, rows = (int(n) for n in np.ceil((uv.max(axis=0) - origin) / pixel).astype(int) + margin + 1)
    row, column = np.divmod(np.arange(rows * columns), columns)
    nodes = origin + pixel * np.stack([column, row], axis=1)
    face, weights = flattening.locate(nodes)
    known = (face >= 0).reshape(rows, columns)
    jacobians = flattening.jacobians[np.maximum(face, 0)].reshape(rows, columns, 6) * known[:, :, None]
    # Beyond the border: from the nearest node on the skin straight on, with the skin's stretch there, smoothed.
    row, column = np.asarray(distance_transform_edt(~known, return_distances=False, return_indices=True))
    smooth = np.stack([gaussian_filter(jacobians[:, :, k], 2.0) for k in range(6)], axis=2)
    smooth /= np.maximum(gaussian_filter(known.astype(np.float64), 2.0), 1e-9)[:, :, None]
    source = (row * columns + column).ravel()
    position = flattening.disc.at(np.maximum(face, 0), weights)[source]
    onwards = nodes - nodes[source]
    position = position + np.einsum("kab,kb->ka", smooth.reshape(-1, 3, 2)[source], onwards)
    return Raster(
        origin,
        pixel,
        np.ascontiguousarray(position.T).reshape(3, rows, columns),
        _depth(flattening, nodes, face).reshape(rows, columns),
    )


def _depth(flattening: Flattening, nodes: Floats, face: Ints) -> Floats:
    """(k,): distance of the nodes, which lie in `face`, to the skin's border; positive inside."""
    starts, ends, share = flattening.along_border(0.4)
    start, edge = flattening.uv_mm[starts], flattening.uv_mm[ends] - flattening.uv_mm[starts]
    near = np.asarray(cKDTree(start + edge * share[:, None]).query(nodes, k=3)[1])
    distance = np.full(len(nodes), np.inf)
    for k in range(near.shape[1]):
        a, along = start[near[:, k]], edge[near[:, k]]
        t = ((nodes - a) * along).sum(axis=1) / np.maximum((along * along).sum(axis=1), 1e-12)
        distance = np.minimum(distance, np.linalg.norm(nodes - a - np.clip(t, 0, 1)[:, None] * along, axis=1))
    return np.where(flattening.holds(face), distance, -distance)
