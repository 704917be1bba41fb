"""Where the needle goes in one zone: points, lines, threads and fans with a wanted spacing on the skin.

A hexagonal lattice is laid in the flattened zone and relaxed until neighbours stand apart by the spacing as measured
on the skin. Distances within a zone are lengths of straight lines in the flattening, read on the skin; distances to
points of other zones are chords, which are never longer than the way on the skin.

Everything is determined by its arguments: the same zone and wishes give the same points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from .document import Spacing
from .flatten import Flattening, Raster, nearest
from .mesh import Floats, Ints

Mode = Literal["strict", "cover"]

ROW = math.sqrt(0.75)  # distance of the rows of a hexagonal lattice, in spacings
CLOSEST: dict[Mode, float] = {"strict": 0.92, "cover": 0.87}  # no pair nearer than this share of the spacing
COVERED = 0.65  # a spot is covered within this share of the spacing from a point
_STEPS = 90
_ROUNDS = 8
_SPREADS = 14
_BORDER_MM = 0.05  # points stand at least this far inside the border


def no_points() -> Floats:
    """(0, 3)."""
    return np.zeros((0, 3))


@dataclass(frozen=True)
class Laid:
    """Places on a zone's surface, row by row from the top, each row from one end to the other.

    `to_faces`, `to_weights`, `to_mm` are where the tips of threads reach; empty for points.
    """

    faces: Ints  # (k,)
    weights: Floats  # (k, 3)
    positions_mm: Floats  # (k, 3)
    rows: Ints  # (k,): number of the row
    spacing: Spacing | None  # None for fewer than two points, and for places that were named
    to_faces: Ints
    to_weights: Floats
    to_mm: Floats

    def __len__(self) -> int:
        return len(self.faces)


def lattice_count(area_mm2: float, spacing_mm: float) -> float:
    """How many points a hexagonal lattice has on an area."""
    return area_mm2 / (spacing_mm**2 * ROW)


def lay_grid(
    zone: Sequence[Flattening],
    spacing_mm: float,
    *,
    mode: Mode = "strict",
    rows_deg: float | None = None,
    near_mm: Floats | None = None,
) -> Laid:
    """A grid over a zone. `strict`: as many points as stand apart by the spacing, none nearer than 0.9 of it; `cover`:
    points are moved and added near the border until the whole zone is covered, none nearer than 0.85.

    `rows_deg`: direction of the rows, anti-clockwise against the horizontal as seen from outside; None: whichever
    fills the zone best. `near_mm` (k, 3): points already laid in other zones; they keep the same distances, and in
    `cover` count for the cover.
    """
    others = no_points() if near_mm is None else near_mm
    near, parts = others, []
    for piece in zone:
        grid = _Grid.on(piece, spacing_mm, near)
        uv, angle = grid.strict(rows_deg)
        if mode == "cover":
            uv = grid.cover(uv)
        parts.append(_Part.of(piece, uv, angle, spacing_mm * ROW))
        near = np.vstack([near, parts[-1].positions_mm])
    return _laid(parts, spacing_mm, others)


@dataclass(frozen=True)
class _Grid:
    """One piece, the spacing, and the points around it: their positions, and where they would lie in the plane."""

    raster: Raster
    area_mm2: float
    spacing_mm: float
    near_mm: Floats
    near_uv: Floats
    samples: Floats  # (n, 2): spots of the piece, the last of them on its border
    inner: int  # how many are not
    samples_mm: Floats  # (n, 3)

    @staticmethod
    def on(piece: Flattening, spacing_mm: float, near_mm: Floats) -> _Grid:
        raster = piece.raster
        area = float(piece.disc.areas_mm2[: piece.skin].sum())
        samples, inner = _samples(piece, max(spacing_mm / 9, np.sqrt(area / 60_000), 0.25))
        near_mm, near_uv = _beside(raster, near_mm, 2 * spacing_mm)
        return _Grid(raster, area, spacing_mm, near_mm, near_uv, samples, inner, raster.at(samples))

    def strict(self, rows_deg: float | None) -> tuple[Floats, float]:
        """The relaxed lattice, and the angle of its rows in the plane, rad."""
        uv, angle = self._lattice(rows_deg)
        uv = self.relaxed(uv, _STEPS)
        return self.thinned(uv, CLOSEST["strict"]), angle

    def _lattice(self, rows_deg: float | None) -> tuple[Floats, float]:
        """The lattice that leaves the smallest gaps, of some angles and offsets."""
        many = lattice_count(self.area_mm2, self.spacing_mm) > 250
        angles = np.radians([0, 30] if many else [0, 10, 20, 30, 40, 50])
        if rows_deg is not None:
            angles = np.radians([rows_deg])
        shifts = np.arange(3 if many else 4) / (3 if many else 4)
        spots = self.samples[:: max(1, len(self.samples) // 1500)]
        spots_mm = self.raster.at(spots)
        best: tuple[float, Floats, float] | None = None
        for angle in angles:
            for a in shifts:
                for b in shifts:
                    uv = self._apart_from_near(_lattice(self.raster, self.spacing_mm, float(angle), a, b))
                    others = np.vstack([self.raster.at(uv), self.near_mm])
                    if not len(others):
                        continue
                    gap = float(np.percentile(nearest(others, spots_mm)[0], 98))
                    if best is None or gap < best[0] - 1e-6:
                        best = gap, uv, float(angle)
        if best is None or not len(best[1]):
            # Smaller than the spacing: one point in the middle, unless a neighbour's is already there.
            middle = self.samples[[int(self.raster.depth_mm(self.samples).argmax())]]
            return self._apart_from_near(middle), float(angles[0])
        return best[1], best[2]

    def _apart_from_near(self, uv: Floats) -> Floats:
        if not len(self.near_mm) or not len(uv):
            return uv
        distance, _ = nearest(self.near_mm, self.raster.at(uv))
        return np.asarray(uv[distance > 0.7 * self.spacing_mm])

    def relaxed(
        self, uv: Floats, steps: int, *, spacing: float = 1.0, moving: Floats | None = None, drawing: bool = True
    ) -> Floats:
        """Points pushed apart to `spacing` wherever they are nearer, and drawn to their nearest neighbour where that
        is farther. Only the nearest counts, so that on curved skin the lattice parts in fine cracks instead of being
        squeezed; `drawing` False: only pushed. `moving` (k,): 1 for points that may move, else 0."""
        wanted = spacing * self.spacing_mm
        count = len(uv)
        if count + len(self.near_uv) < 2 or not count:
            return uv
        pairs = np.zeros((0, 2), dtype=np.int64)
        for step in range(steps):
            all_uv = np.vstack([uv, self.near_uv])
            if step % 8 == 0:
                pairs = cKDTree(all_uv).query_pairs(1.45 * wanted, output_type="ndarray")
                pairs = pairs[pairs[:, 0] < count]
                if not len(pairs):
                    return uv
            i, j = pairs.T
            lengths = self._lengths(uv, pairs)
            least = np.full(len(all_uv), np.inf)
            np.minimum.at(least, i, lengths)
            np.minimum.at(least, j, lengths)
            error = (lengths - wanted) / np.maximum(lengths, 0.2 * wanted)
            drawn = (j < count) & ((lengths <= least[i] + 1e-9) | (lengths <= least[j] + 1e-9))
            weight = np.where(error < 0, 1.0, 0.5 * (drawn & drawing))
            # A pair shares its correction, unless one of the two stands fast.
            share = np.where(j < count, 0.5, 1.0)
            pull = (weight * error * share)[:, None] * (all_uv[j] - all_uv[i])
            move, load = np.zeros_like(all_uv), np.zeros(len(all_uv))
            active = (weight > 0) & (np.abs(error) > 1e-3)
            np.add.at(move, i, pull)
            np.add.at(move, j, -pull)
            np.add.at(load, i, active)
            np.add.at(load, j, active)
            shift = 1.6 * move[:count] / np.maximum(load[:count], 1)[:, None]
            if moving is not None:
                shift *= moving[:, None]
            uv = self.held_inside(uv + shift)
            if np.abs(shift).max() < 2e-4 * wanted:
                break
        return uv

    def _lengths(self, uv: Floats, pairs: Ints) -> Floats:
        """(k,): on the skin; to points of other zones the chord."""
        i, j = pairs.T
        own = j < len(uv)
        lengths = np.empty(len(pairs))
        lengths[own] = self.raster.lengths_mm(uv[i[own]], uv[j[own]], 2)
        lengths[~own] = np.linalg.norm(self.raster.at(uv[i[~own]]) - self.near_mm[j[~own] - len(uv)], axis=1)
        return lengths

    def held_inside(self, uv: Floats) -> Floats:
        for _ in range(3):
            depth = self.raster.depth_mm(uv)
            out = depth < _BORDER_MM
            if not out.any():
                break
            uv = uv.copy()
            uv[out] += (_BORDER_MM * 1.5 - depth[out])[:, None] * self.raster.inwards(uv[out])
        return uv

    def thinned(self, uv: Floats, closest: float) -> Floats:
        """Without the points that stand nearer than `closest` spacings to another or to one of another zone; the most
        crowded go first."""
        all_uv = np.vstack([uv, self.near_uv])
        pairs = cKDTree(all_uv).query_pairs(1.3 * self.spacing_mm, output_type="ndarray")
        pairs = pairs[pairs[:, 0] < len(uv)]
        lack = closest * self.spacing_mm - self._lengths(uv, pairs)
        pairs, lack = pairs[lack > 0], lack[lack > 0]
        kept = np.ones(len(all_uv), dtype=bool)
        while len(pairs):
            crowd = np.bincount(pairs.ravel(), weights=np.repeat(lack, 2), minlength=len(all_uv))
            kept[int(crowd[: len(uv)].argmax())] = False
            alive = kept[pairs].all(axis=1)
            pairs, lack = pairs[alive], lack[alive]
        return np.asarray(uv[kept[: len(uv)]])

    def cover(self, uv: Floats) -> Floats:
        """Points moved and added, where spots lie too far from any, until the whole piece is covered."""
        most = max(1, int(1.12 * lattice_count(self.area_mm2, self.spacing_mm)))
        while len(uv) > most:
            # The point with the smallest surroundings goes.
            uv = np.delete(uv, np.bincount(self._gaps(uv)[1], minlength=len(uv))[: len(uv)].argmin(), axis=0)
        best, best_fault = uv, self._fault(uv, most)
        for _ in range(_ROUNDS):
            if best_fault <= 0:
                break
            uv = self._with_more(uv, most)
            uv = self.thinned(self._spread(uv), CLOSEST["cover"])
            fault = self._fault(uv, most)
            if fault < best_fault:
                best, best_fault = uv, fault
        return best

    def _gaps(self, uv: Floats, samples_mm: Floats | None = None) -> tuple[Floats, Ints]:
        """(n,), (n,): how far each sample is from the nearest point, by chords, in spacings; and which point that is,
        those of other zones last."""
        centres = np.vstack([self.raster.at(uv), self.near_mm])
        distance, centre = nearest(centres, self.samples_mm if samples_mm is None else samples_mm)
        return distance / self.spacing_mm, centre

    def _fault(self, uv: Floats, most: int) -> float:
        """How far the points are from covering the piece; 0 where they do."""
        gap, _ = self._gaps(uv)
        share = float((gap[: self.inner] <= COVERED - 0.01).mean())
        missing = max(0.0, 0.79 * most - len(uv)) / most
        return max(0.0, 0.96 - share) * 4 + max(0.0, float(gap.max()) - 0.9) + missing

    def _with_more(self, uv: Floats, most: int) -> Floats:
        """With a point in each of the widest gaps, as far as the number allows."""
        gap, _ = self._gaps(uv)
        added: list[Floats] = []
        for sample in np.argsort(-gap, kind="stable"):
            if gap[sample] < 0.75 or len(uv) + len(added) >= most:
                break
            spot = self.samples[sample]
            if all(np.linalg.norm(spot - other) > 1.5 * self.spacing_mm for other in added):
                added.append(spot)
        return self.held_inside(np.vstack([uv, *added])) if added else uv

    def _spread(self, uv: Floats) -> Floats:
        """Points near badly covered spots drawn towards the farthest spots of their own surroundings, but kept
        apart."""
        gap, _ = self._gaps(uv)
        bad = self.samples[gap > COVERED - 0.03]
        if not len(bad):
            return uv
        moving = np.where(nearest(bad, uv)[0] < 2.2 * self.spacing_mm, 1.0, 0.0)
        chosen = np.flatnonzero(nearest(bad, self.samples)[0] < 3.2 * self.spacing_mm)
        spots, spots_mm = self.samples[chosen], self.samples_mm[chosen]
        count = len(uv)
        for _ in range(_SPREADS):
            gap, centre = self._gaps(uv, spots_mm)
            own = centre < count
            weight = gap[own] ** 4
            total = np.bincount(centre[own], weights=weight, minlength=count)
            aim = np.stack(
                [np.bincount(centre[own], weights=weight * spots[own, k], minlength=count) for k in range(2)], axis=1
            )
            has = (total > 0) & (moving > 0)
            step = np.zeros_like(uv)
            step[has] = 0.7 * (aim[has] / total[has, None] - uv[has])
            uv = self.relaxed(self.held_inside(uv + step), 4, spacing=0.9, moving=moving, drawing=False)
        return self.relaxed(uv, 40, spacing=0.885, moving=moving, drawing=False)


def _lattice(raster: Raster, spacing_mm: float, angle: float, a: float, b: float) -> Floats:
    """The lattice's points inside, shifted by `a` and `b` of its two basis vectors."""
    height, width = raster.inside_mm.shape
    half = 0.5 * raster.pixel_mm * np.array([width, height])
    reach = float(np.linalg.norm(half)) + spacing_mm
    along, up = int(reach / spacing_mm) + 1, int(reach / (spacing_mm * ROW)) + 1
    j, i = np.mgrid[-up : up + 1, -along : along + 1]
    x = (i + 0.5 * (j % 2) + a + 0.5 * b).ravel() * spacing_mm
    y = (j + b).ravel() * spacing_mm * ROW
    cos, sin = np.cos(angle), np.sin(angle)
    uv = raster.origin + half + np.stack([x * cos - y * sin, x * sin + y * cos], axis=1)
    return np.asarray(uv[raster.depth_mm(uv) > _BORDER_MM])


def _samples(piece: Flattening, step_mm: float) -> tuple[Floats, int]:
    """Spots of the piece in the plane: a square lattice, then its border; and how many are in the lattice."""
    raster = piece.raster
    height, width = raster.inside_mm.shape
    x = np.arange(0, width * raster.pixel_mm, step_mm)
    y = np.arange(0, height * raster.pixel_mm, step_mm)
    spots = raster.origin + np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    spots = spots[raster.depth_mm(spots) > 0]
    return np.vstack([spots, *(piece.uv_mm[ring] for ring in piece.outlines)]), len(spots)


def _beside(raster: Raster, near_mm: Floats, reach_mm: float) -> tuple[Floats, Floats]:
    """Those of the points (k, 3) within reach of the piece, and where they would lie in its plane: from the nearest
    spot straight on, at their distance."""
    nodes = raster.nodes
    if not len(near_mm) or not len(nodes):
        return no_points(), np.zeros((0, 2))
    distance, at = nearest(raster.at(nodes), near_mm)
    chosen = distance < reach_mm
    near_mm, uv, distance = near_mm[chosen], nodes[at[chosen]], distance[chosen]
    if not len(near_mm):
        return no_points(), np.zeros((0, 2))
    step = raster.pixel_mm
    here = raster.at(uv)
    right, up = np.array([step, 0.0]), np.array([0.0, step])
    tangents = np.stack([raster.at(uv + axis) - raster.at(uv - axis) for axis in (right, up)], axis=2) / (2 * step)
    offset = np.einsum("kab,kb->ka", np.linalg.pinv(tangents), near_mm - here)
    length = np.linalg.norm(offset, axis=1)
    return near_mm, uv + offset * (distance / np.maximum(length, 1e-9))[:, None]


@dataclass(frozen=True)
class _Part:
    """Points on one piece: in its plane, and on which of its faces."""

    piece: Flattening
    uv: Floats
    face: Ints
    weights: Floats
    rows: Ints

    @staticmethod
    def of(piece: Flattening, uv: Floats, angle: float, row_mm: float) -> _Part:
        """Sorted by rows, from the top."""
        face, weights = piece.locate(uv)
        on_skin = (face >= 0) & (face < piece.skin)
        uv, face, weights = uv[on_skin], face[on_skin], weights[on_skin]
        across = uv[:, 1] * np.cos(angle) - uv[:, 0] * np.sin(angle)
        along = uv[:, 0] * np.cos(angle) + uv[:, 1] * np.sin(angle)
        rows = np.round((across.max(initial=-np.inf) - across) / row_mm).astype(np.int64)
        order = np.lexsort((along, rows))
        return _Part(piece, uv[order], face[order], weights[order], rows[order])

    @property
    def positions_mm(self) -> Floats:
        return self.piece.disc.at(self.face, self.weights)


def _laid(parts: Sequence[_Part], spacing_mm: float, near_mm: Floats) -> Laid:
    rows, first = [], 0
    for part in parts:
        rows.append(first + part.rows)
        first += int(part.rows.max(initial=-1)) + 1
    return Laid(
        faces=np.concatenate([part.piece.faces[part.face] for part in parts]),
        weights=np.vstack([part.weights for part in parts]),
        positions_mm=np.vstack([part.positions_mm for part in parts]),
        rows=np.concatenate(rows),
        spacing=_measured(parts, spacing_mm, near_mm),
        to_faces=np.zeros(0, dtype=np.int64),
        to_weights=np.zeros((0, 3)),
        to_mm=no_points(),
    )


def _measured(parts: Sequence[_Part], spacing_mm: float, near_mm: Floats) -> Spacing | None:
    """The spacing on the skin: between points by the local straightest way, between pieces by chords."""
    positions = np.vstack([part.positions_mm for part in parts])
    if len(positions) < 2:
        return None
    closest, gaps, covered, spots = [], [0.0], 0, 0
    for part in parts:
        raster, count = part.piece.raster, len(part.uv)
        if count > 1:
            near = np.asarray(cKDTree(part.uv).query(part.uv, k=min(count, 7))[1])[:, 1:]
            start = np.repeat(part.uv, near.shape[1], axis=0)
            lengths = raster.lengths_mm(start, part.uv[near.ravel()], 6).reshape(count, -1).min(axis=1)
        else:
            lengths = np.full(count, np.inf)
        elsewhere = np.vstack([other.positions_mm for other in parts if other is not part] or [no_points()])
        if len(elsewhere) and count:
            lengths = np.minimum(lengths, nearest(elsewhere, part.positions_mm)[0])
        closest.append(lengths)
        samples, inner = _samples(
            part.piece, max(spacing_mm / 9, np.sqrt(part.piece.disc.areas_mm2.sum() / 60_000), 0.25)
        )
        on_skin = raster.at(samples)
        centres = np.vstack([part.positions_mm, elsewhere, near_mm])
        distance, at = nearest(centres, on_skin)
        # A chord is short of the way on the skin; where it matters, measure the way.
        far = np.flatnonzero((distance > 0.6 * spacing_mm) & (at < count))
        distance[far] = raster.lengths_mm(samples[far], part.uv[at[far]])
        gaps.append(float(distance.max()))
        covered += int((distance[:inner] <= COVERED * spacing_mm).sum())
        spots += inner
    every = np.concatenate(closest)
    return Spacing(
        wanted_mm=spacing_mm,
        min_mm=float(every.min()),
        mean_mm=float(every.mean()),
        cv=float(every.std() / every.mean()),
        largest_gap_mm=max(gaps),
        within_065=covered / max(spots, 1),
    )
