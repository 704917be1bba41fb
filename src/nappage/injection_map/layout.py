"""Where the needle goes in one zone: points, lines, threads and fans with a wanted spacing on the skin.

A hexagonal lattice is laid in the flattened zone and relaxed until neighbours stand apart by the spacing as measured
on the skin. Distances within a zone are lengths of straight lines in the flattening, read on the skin; distances to
points of other zones are chords, which are never longer than the way on the skin.

Everything is determined by its arguments: the same zone and wishes give the same points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from ..values import InputError
from .document import Spacing
from .flatten import Flattening, Raster, nearest
from .kept import kept
from .mesh import Floats, Ints, Surface

Mode = Literal["strict", "cover"]

ROW = math.sqrt(0.75)  # distance of the rows of a hexagonal lattice, in spacings
CLOSEST: dict[Mode, float] = {"strict": 0.92, "cover": 0.87}  # no pair nearer than this share of the spacing
COVERED = 0.65  # a spot is covered within this share of the spacing from a point
BAREST = 0.95  # in cover no spot is farther from a point than this share of the spacing
_STEPS = 90
_IDLE_ROUNDS = 2  # without getting better, after which something else is tried
_SPREADS = 12
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

    def only(self, keep: NDArray[np.bool_]) -> Laid:
        """The chosen places (k,); what they measure is not known any more."""
        tips = keep if len(self.to_faces) else np.zeros(0, dtype=bool)
        return Laid(
            self.faces[keep], self.weights[keep], self.positions_mm[keep], self.rows[keep], None,
            self.to_faces[tips], self.to_weights[tips], self.to_mm[tips],
        )  # fmt: skip

    def joined(self, more: Laid) -> Laid:
        """These places and, after them in rows of their own, more without tips: they end where they begin."""
        threads = len(self.to_faces) > 0
        return Laid(
            np.concatenate([self.faces, more.faces]),
            np.vstack([self.weights, more.weights]),
            np.vstack([self.positions_mm, more.positions_mm]),
            np.concatenate([self.rows, more.rows + int(self.rows.max(initial=-1)) + 1]),
            None,
            np.concatenate([self.to_faces, more.faces]) if threads else self.to_faces,
            np.vstack([self.to_weights, more.weights]) if threads else self.to_weights,
            np.vstack([self.to_mm, more.positions_mm]) if threads else self.to_mm,
        )


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


def lay_count(
    zone: Sequence[Flattening],
    count: int,
    *,
    mode: Mode = "strict",
    rows_deg: float | None = None,
    near_mm: Floats | None = None,
) -> Laid:
    """A grid of exactly `count` points; the spacing follows from the zone's area. Otherwise as `lay_grid`."""
    others = no_points() if near_mm is None else near_mm
    near, parts = others, []
    areas = np.array([piece.area_mm2 for piece in zone])
    wanted = math.sqrt(float(areas.sum()) / (count * ROW))
    for piece, number in zip(zone, in_proportion(count, areas), strict=True):
        if not number:
            continue
        grid = _Grid.on(piece, math.sqrt(piece.area_mm2 / (number * ROW)), near)
        uv, angle, apart = grid.exactly(number, rows_deg)
        wanted = min(wanted, apart * grid.spacing_mm)
        if mode == "cover":
            uv = grid.spread(uv, CLOSEST["cover"] + 0.015)
        parts.append(_Part.of(piece, uv, angle, grid.spacing_mm * ROW))
        near = np.vstack([near, parts[-1].positions_mm])
    return _laid(parts, wanted, others)


def beside(zone: Sequence[Flattening], points_mm: Floats, reach_mm: float) -> Floats:
    """(j, 3): those of the points (k, 3) within reach of a zone."""
    near = np.zeros(len(points_mm), dtype=bool)
    for piece in zone if len(points_mm) else ():
        near |= piece.raster.nearest_nodes(points_mm, reach_mm)[0] < reach_mm
    return points_mm[near]


def in_proportion(count: int, sizes: Floats) -> list[int]:
    """`count` shared out in proportion to sizes; the largest remainders, the earlier first, get what is left."""
    exact = count * sizes / sizes.sum()
    whole = np.floor(exact).astype(int)
    left = np.argsort(whole - exact, kind="stable")[: count - int(whole.sum())]
    whole[left] += 1
    return [int(number) for number in whole]


def lay_lines(
    zone: Sequence[Flattening],
    step_mm: float,
    pitch_mm: float,
    *,
    rows_deg: float | None = None,
    near_mm: Floats | None = None,
) -> Laid:
    """Nappage: parallel lines, `pitch_mm` apart, with a point at every `step_mm` along each; horizontal, or turned by
    `rows_deg` as in `lay_grid`. Points too near to those of other zones are left out."""
    others = no_points() if near_mm is None else near_mm
    near, parts, closest = others, [], min(step_mm, pitch_mm)
    angle = math.radians(rows_deg or 0.0)
    for piece in zone:
        uv = np.vstack([np.zeros((0, 2)), *(run.places(_every(step_mm, run)) for run in _runs(piece, pitch_mm, angle))])
        uv = _Grid.on(piece, closest, near).thinned(uv, CLOSEST["strict"])
        parts.append(_Part.of(piece, uv, angle, pitch_mm))
        near = np.vstack([near, parts[-1].positions_mm])
    return _laid(parts, closest, others)


def lay_threads(
    zone: Sequence[Flattening],
    thread_mm: float,
    pitch_mm: float,
    *,
    rows_deg: float | None = None,
    near_mm: Floats | None = None,
) -> Laid:
    """Linear retrograde threads of `thread_mm`, side by side at `pitch_mm` and one behind the other at the same gap:
    the needle enters at a place and reaches `to`. Raises InputError where no thread fits."""
    others = no_points() if near_mm is None else near_mm
    angle, parts, tips = math.radians(rows_deg or 0.0), [], []
    for piece in zone:
        runs = _runs(piece, pitch_mm, angle)
        begin = [_behind(thread_mm, pitch_mm, run) for run in runs]
        entry = np.vstack([np.zeros((0, 2)), *(run.places(at) for run, at in zip(runs, begin, strict=True))])
        tip = np.vstack([np.zeros((0, 2)), *(run.places(at + thread_mm) for run, at in zip(runs, begin, strict=True))])
        if len(others) and len(entry):
            free = [nearest(others, piece.raster.at(uv))[0] > CLOSEST["strict"] * pitch_mm for uv in (entry, tip)]
            entry, tip = entry[free[0] & free[1]], tip[free[0] & free[1]]
        part = _Part.of(piece, entry, angle, pitch_mm)
        parts.append(part)
        at = nearest(entry, part.uv)[1] if len(entry) else np.zeros(0, dtype=np.int64)
        tips.append(_Part.at(piece, tip[at]))
    if not sum(len(part.uv) for part in parts):
        raise InputError(
            "order.map.zones", f"no thread of {thread_mm:g} mm fits into the zone", "Give a shorter thread_mm"
        )
    return _with_tips(_laid(parts, pitch_mm, others), tips)


def lay_fan(zone: Sequence[Flattening], thread_mm: float, pitch_mm: float, *, entry_mm: Floats | None = None) -> Laid:
    """A fan: threads of `thread_mm` from one entry, their tips `pitch_mm` apart, over half a turn at most. The entry is
    the place nearest to `entry_mm` (3,), or the place near the border from which most threads fit. Raises InputError
    where none fits."""
    best: tuple[Flattening, Floats, Floats] | None = None
    pieces = zone
    if entry_mm is not None:
        away = [float(piece.raster.nearest_nodes(entry_mm[None])[0][0]) for piece in zone]
        pieces = [zone[int(np.argmin(away))]]
    for piece in pieces:
        nodes = piece.raster.nodes
        if entry_mm is not None:
            entries = nodes[piece.raster.nearest_nodes(entry_mm[None])[1]]
        else:
            depth = piece.raster.depth_mm(nodes)
            entries = nodes[(depth > 0.8) & (depth < 2.5)]
            entries = entries[:: max(1, len(entries) // 150)]
        for entry in entries:
            tip = _fan(piece.raster, entry, thread_mm, pitch_mm)
            if len(tip) and (best is None or len(tip) > len(best[2])):
                best = piece, entry, tip
    if best is None:
        raise InputError(
            "order.map.zones", f"no thread of {thread_mm:g} mm fits into the zone", "Give a shorter thread_mm"
        )
    piece, entry, tip = best
    part = _Part.at(piece, np.repeat(entry[None], len(tip), axis=0))
    fan = replace(_laid([part], pitch_mm, no_points()), spacing=None)  # one puncture
    return _with_tips(fan, [_Part.at(piece, tip)])


def _fan(raster: Raster, entry: Floats, thread_mm: float, pitch_mm: float) -> Floats:
    """(k, 2): where the tips of the widest unbroken fan from an entry lie."""
    step = min(2 * math.asin(min(1.0, pitch_mm / (2 * thread_mm))), math.pi)
    count = max(1, int(2 * math.pi / step))
    turns = np.arange(count) * step
    ways = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    start = np.repeat(entry[None], count, axis=0)
    reach = np.full(count, float(thread_mm))
    for _ in range(4):
        reach *= thread_mm / np.maximum(raster.lengths_mm(start, start + ways * reach[:, None], 8), 1e-6)
    along = np.linspace(0.1, 1, 10)[:, None, None] * ways * reach[:, None]
    inside = raster.depth_mm((start + along).reshape(-1, 2)).reshape(10, count).min(axis=0) > _BORDER_MM
    longest: list[int] = []
    run: list[int] = []
    for k in range(2 * count):
        run = [*run, k % count] if inside[k % count] and len(run) * step <= math.pi + 1e-9 and len(run) < count else []
        longest = max(longest, run, key=len)
    return np.asarray(start + ways * reach[:, None])[longest]


def lay_named(skin: Surface, positions_mm: Floats) -> Laid:
    """Single points: the places on the zone's skin nearest to the given positions (k, 3), in their order."""
    if len(positions_mm):
        faces, weights, _ = skin.nearest(positions_mm)
    else:
        faces, weights = np.zeros(0, dtype=np.int64), np.zeros((0, 3))
    return Laid(
        faces, weights, skin.at(faces, weights), np.arange(len(faces)), None, np.zeros(0, dtype=np.int64),
        np.zeros((0, 3)), no_points(),
    )  # fmt: skip


@dataclass(frozen=True)
class _Run:
    """A straight stretch of a line inside the piece: dense spots (n, 2), and how far each is along the skin."""

    spots: Floats
    along_mm: Floats

    @property
    def length_mm(self) -> float:
        return float(self.along_mm[-1])

    def places(self, along_mm: Floats) -> Floats:
        """(k, 2): the spots at distances from the start."""
        return np.stack([np.interp(along_mm, self.along_mm, self.spots[:, k]) for k in range(2)], axis=1)


def _runs(piece: Flattening, pitch_mm: float, angle: float) -> list[_Run]:
    """Parallel lines over a piece, cut at its border, the outermost equally far from it on both sides."""
    raster, fine = piece.raster, 0.4
    along = np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]])
    low, high = (piece.uv_mm[: piece.vertices] @ across).min(), (piece.uv_mm[: piece.vertices] @ across).max()
    left, right = (piece.uv_mm @ along).min(), (piece.uv_mm @ along).max()
    lines = max(1, int((high - low) / pitch_mm + 0.5))
    steps = np.arange(left - fine, right + 2 * fine, fine)
    runs = []
    for line in range(lines):
        height = (low + high) / 2 + (line - (lines - 1) / 2) * pitch_mm
        spots = height * across + steps[:, None] * along
        inside = np.concatenate([[False], raster.depth_mm(spots) > _BORDER_MM, [False]])
        turns = np.flatnonzero(inside[1:] != inside[:-1])
        for start, end in zip(turns[::2], turns[1::2], strict=True):
            stretch = spots[start:end]
            lengths = np.linalg.norm(np.diff(raster.at(stretch), axis=0), axis=1)
            runs.append(_Run(stretch, np.concatenate([[0.0], np.cumsum(lengths)])))
    return runs


def _every(step_mm: float, run: _Run) -> Floats:
    """(k,): distances along a run, `step_mm` apart and equally far from both its ends."""
    count = int(run.length_mm / step_mm + 1e-9)
    return np.asarray(run.length_mm / 2 + (np.arange(count + 1) - count / 2) * step_mm, dtype=np.float64)


def _behind(thread_mm: float, gap_mm: float, run: _Run) -> Floats:
    """(k,): where threads one behind the other start on a run."""
    count = int((run.length_mm + gap_mm + 1e-9) / (thread_mm + gap_mm))
    rest = run.length_mm - count * thread_mm - (count - 1) * gap_mm
    return np.asarray(rest / 2 + np.arange(count) * (thread_mm + gap_mm), dtype=np.float64)


@dataclass(frozen=True)
class _Grid:
    """One piece, the spacing, and the points around it: their positions, and where they would lie in the plane."""

    piece: Flattening
    raster: Raster
    area_mm2: float
    spacing_mm: float
    near_mm: Floats
    near_uv: Floats
    samples: Floats  # (n, 2): spots of the piece, the last of them on its border
    inner: int  # how many are not
    step_mm: float  # how far apart they are
    samples_mm: Floats  # (n, 3)

    @staticmethod
    def on(piece: Flattening, spacing_mm: float, near_mm: Floats) -> _Grid:
        raster = piece.raster
        area = piece.area_mm2
        samples, inner = _samples(piece, spacing_mm)
        near_mm, near_uv = _beside(raster, near_mm, 2 * spacing_mm)
        return _Grid(
            piece,
            raster,
            area,
            spacing_mm,
            near_mm,
            near_uv,
            samples,
            inner,
            _step_mm(piece, spacing_mm),
            raster.at(samples),
        )

    def strict(self, rows_deg: float | None) -> tuple[Floats, float]:
        """The relaxed lattice, and the angle of its rows in the plane, rad."""
        uv, angle = self._best(self._lattices(rows_deg))
        uv = self.thinned(self.relaxed(uv, _STEPS), CLOSEST["strict"])
        # Where the relaxed lattice left room for a whole point, there is one.
        more = self._with_more(uv, len(self.samples), 0.99)
        if len(more) > len(uv):
            uv = self.thinned(self.relaxed(more, _STEPS // 2), CLOSEST["strict"])
        return self._closed_up(uv), angle

    def _closed_up(self, uv: Floats) -> Floats:
        """With points that stand alone, behind a corner of the border, moved to the nearest spot that is one spacing
        from another."""
        if len(uv) < 3:
            return uv
        for lone in np.flatnonzero(_to_nearest(self.raster, uv, self.raster.at(uv)) > 1.15 * self.spacing_mm):
            gap, _ = self._gaps(np.delete(uv, lone, axis=0))
            spots = self.samples[: self.inner][(gap[: self.inner] > 1.0) & (gap[: self.inner] < 1.06)]
            if len(spots):
                away, at = nearest(spots, uv[[lone]])
                if away[0] < 2 * self.spacing_mm:
                    uv = uv.copy()
                    uv[lone] = spots[at[0]]
        return uv

    def exactly(self, count: int, rows_deg: float | None) -> tuple[Floats, float, float]:
        """`count` points, the angle of their rows, and the share of the spacing by which they stand apart."""
        fits = [
            (abs(len(uv) - count), abs(share - 1), uv, angle)
            for share in np.linspace(0.92, 1.08, 9)
            for uv, angle in self._lattices(rows_deg, float(share))
        ]
        fits.sort(key=lambda fit: fit[:2])
        close = [fit for fit in fits if fit[0] == fits[0][0]][:24]
        uv, angle = self._best((uv, angle) for _, _, uv, angle in close)
        while len(uv) > count:
            uv = self._without_the_tightest(uv)
        while len(uv) < count:
            gap = self._gaps(uv)[0] if len(uv) + len(self.near_mm) else self.raster.depth_mm(self.samples)
            uv = self.held_inside(np.vstack([uv, self.samples[int(gap.argmax())]]))
        apart = 1.08
        while count > 1:
            apart -= 0.03
            uv = self.relaxed(uv, _STEPS, spacing=apart)
            if apart < 0.5 or len(self.thinned(uv, 0.97 * apart)) == count:
                break
        # The raster reads the border to a fraction of its pixel; whether there is skin, the piece itself knows.
        out, inner = ~self.piece.is_skin(uv), self.samples[: self.inner]
        inner = inner[self.piece.is_skin(inner)]
        uv[out] = inner[nearest(inner, uv[out])[1]]
        return uv, angle, apart

    def _lattices(self, rows_deg: float | None, spacing: float = 1.0) -> Iterator[tuple[Floats, float]]:
        """Lattices over the piece with some angles and offsets, each with its angle in the plane, rad."""
        many = lattice_count(self.area_mm2, self.spacing_mm) > 250
        angles = np.radians(([0, 30] if many else [0, 10, 20, 30, 40, 50]) if rows_deg is None else [rows_deg])
        for angle in angles:
            for several in _lattices(self.raster, spacing * self.spacing_mm, float(angle)):
                apart = self._apart_from_near(np.concatenate(several))
                ends = np.cumsum([len(uv) for uv in several])[:-1]
                for uv, keep in zip(several, np.split(apart, ends), strict=True):
                    yield uv[keep], float(angle)

    def _best(self, lattices: Iterable[tuple[Floats, float]]) -> tuple[Floats, float]:
        """The lattice that leaves the smallest gaps. On a piece too small for any: one point in its middle."""
        chosen = slice(None, None, max(1, len(self.samples) // 500))
        spots = self.samples[chosen]
        beside = nearest(self.near_mm, self.samples_mm[chosen])[0] if len(self.near_mm) else np.inf
        best: tuple[float, Floats, float] | None = None
        last = 0.0
        for uv, last in lattices:
            if not len(uv):
                continue
            gaps = np.minimum(_to_any(uv, spots), beside)
            late = int(0.98 * (len(gaps) - 1))
            gap = float(np.partition(gaps, late)[late])
            if best is None or gap < best[0] - 1e-6:
                best = gap, uv, last
        if best is None:
            middle = self.samples[[int(self.raster.depth_mm(self.samples).argmax())]]
            return middle[self._apart_from_near(middle)], last
        return best[1], best[2]

    def _apart_from_near(self, uv: Floats) -> NDArray[np.bool_]:
        """(k,): which points are not too near to those of other zones to begin with."""
        if not len(self.near_mm) or not len(uv):
            return np.ones(len(uv), dtype=bool)
        reach = 0.7 * self.spacing_mm
        return np.asarray(self._near.query(self.raster.at(uv), distance_upper_bound=2 * reach)[0] > reach)

    @cached_property
    def _near(self) -> cKDTree:
        return cKDTree(self.near_mm)

    def relaxed(
        self, uv: Floats, steps: int, *, spacing: float = 1.0, moving: Floats | None = None, drawing: bool = True
    ) -> Floats:
        """Points pushed apart to `spacing` wherever they are nearer, and drawn to their nearest neighbour where that
        is farther. Only the nearest counts, so that on curved skin the lattice parts in fine cracks instead of being
        squeezed; `drawing` False: only pushed. `moving` (k,): 1 for points that may move, else 0."""
        wanted = spacing * self.spacing_mm
        count, rest = len(uv), np.zeros(len(self.near_uv))
        total = count + len(rest)
        if total < 2 or not count:
            return uv
        for step in range(steps):
            if step % 8 == 0:
                pairs = self._pairs(uv, 1.45 * wanted)
                if moving is not None:
                    pairs = pairs[(moving[pairs[:, 0]] > 0) | (np.append(moving, rest)[pairs[:, 1]] > 0)]
                if not len(pairs):
                    return uv
                i, j = np.ascontiguousarray(pairs.T)
                both, free = np.concatenate([i, j]), j < count
                # A pair shares its correction, unless one of the two stands fast.
                share = np.where(free, 0.5, 1.0)
            lengths = self._lengths(uv, i, j)
            least = np.full(total, np.inf)
            np.minimum.at(least, both, np.concatenate([lengths, lengths]))
            error = (lengths - wanted) / np.maximum(lengths, 0.2 * wanted)
            if drawing:
                drawn = free & ((lengths <= least[i] + 1e-9) | (lengths <= least[j] + 1e-9))
                weight = np.where(error < 0, 1.0, 0.5 * drawn)
            else:
                weight = np.where(error < 0, 1.0, 0.0)
            active = (weight > 0) & (np.abs(error) > 1e-3)
            if not active.any():
                break
            load = np.maximum(np.bincount(both, np.concatenate([active, active]), total)[:count], 1)
            strength = weight * error * share
            all_uv = np.vstack([uv, self.near_uv]) if len(rest) else uv
            shift = np.empty_like(uv)
            for axis in range(2):
                at = all_uv[:, axis]
                pull = strength * (at[j] - at[i])
                shift[:, axis] = 1.6 * np.bincount(both, np.concatenate([pull, -pull]), total)[:count] / load
            # Between points that cannot give way, a step would overshoot further each time.
            most = np.minimum(1.0, 0.3 * wanted / np.maximum(_norms(shift), 1e-9))
            shift *= most[:, None]
            if moving is not None:
                shift *= moving[:, None]
            uv = self.held_inside(uv + shift)
            if np.abs(shift).max() < 2e-4 * wanted:
                break
        return uv

    def _pairs(self, uv: Floats, within_mm: float) -> Ints:
        """(k, 2): pairs of points within reach of one another, points out of reach with their nearest, and points with
        those of other zones, which are numbered after them."""
        tree = cKDTree(uv)
        own = tree.query_pairs(within_mm, output_type="ndarray")
        distance, other = (np.asarray(found)[:, 1] for found in tree.query(uv, k=2))
        alone = np.flatnonzero((distance > within_mm) & np.isfinite(distance))
        own = np.vstack([own, np.stack([alone, other[alone]], axis=1)])
        if not len(self.near_mm):
            return own
        across = cKDTree(self.raster.at(uv)).query_ball_tree(self._near, within_mm)
        return np.vstack([own, *([[i, len(uv) + j] for j in js] for i, js in enumerate(across) if js)]).astype(np.int64)

    def _lengths(self, uv: Floats, i: Ints, j: Ints) -> Floats:
        """(k,): on the skin, between points numbered as in `_pairs` and in its order; to points of other zones the
        chord."""
        own = int((j < len(uv)).sum())
        start = uv[i[:own]]
        way = uv[j[:own]] - start
        # As `lengths_mm` in two pieces, but read all at once: a layout spends most of its time here.
        spots = self.raster.at(np.concatenate([uv, start + 0.5 * way, start + way]))
        here, middle, there = spots[: len(uv)], spots[len(uv) : len(uv) + own], spots[len(uv) + own :]
        lengths = _norms(middle - here[i[:own]]) + _norms(there - middle)
        if own == len(i):
            return lengths
        return np.concatenate([lengths, _norms(here[i[own:]] - self.near_mm[j[own:] - len(uv)])])

    def held_inside(self, uv: Floats) -> Floats:
        out, moved = np.arange(len(uv)), uv.copy()
        for _ in range(3):
            depth = self.raster.depth_mm(moved[out])
            low = depth < _BORDER_MM
            if not low.any():
                break
            out, depth = out[low], depth[low]
            moved[out] += (_BORDER_MM * 1.5 - depth)[:, None] * self.raster.inwards(moved[out])
        return moved

    def thinned(self, uv: Floats, closest: float) -> Floats:
        """Without the points that stand nearer than `closest` spacings to another or to one of another zone; the most
        crowded go first."""
        reach = closest * self.spacing_mm
        everyone = np.vstack([self.raster.at(uv), self.near_mm])
        pairs = cKDTree(everyone).query_pairs(reach, output_type="ndarray")  # no way is shorter than its chord
        pairs = pairs[pairs[:, 0] < len(uv)]
        i, j = pairs.T
        lengths = np.linalg.norm(everyone[i] - everyone[j], axis=1)
        own = j < len(uv)
        # In a fold or where the plane is strained the straight line is not the shortest way.
        lengths[own] = np.minimum(self.raster.ways_mm(uv[i[own]], uv[j[own]]), 1.03 * lengths[own])
        lack = reach - lengths
        pairs, lack = pairs[lack > 0], lack[lack > 0]
        total = len(uv) + len(self.near_mm)
        kept = np.ones(total, dtype=bool)
        while len(pairs):
            crowd = np.bincount(pairs.ravel(), weights=np.repeat(lack, 2), minlength=total)
            kept[int(crowd[: len(uv)].argmax())] = False
            alive = kept[pairs].all(axis=1)
            pairs, lack = pairs[alive], lack[alive]
        return np.asarray(uv[kept[: len(uv)]])

    def cover(self, uv: Floats) -> Floats:
        """Points moved and added, where spots lie too far from any, until the whole piece is covered: as far apart as
        that allows, and with more points than the area calls for only where it must be."""
        most = max(1, int(1.12 * lattice_count(self.area_mm2, self.spacing_mm)))
        while len(uv) > most:
            uv = self._without_the_tightest(uv)
        best, best_fault = uv, self._fault(uv, most)
        for allowed, apart in ((most, 0.92), (most, 0.89), (most * 5 // 4 + 1, CLOSEST["cover"])):
            uv, idle = best, 0
            while idle < _IDLE_ROUNDS:
                if best_fault <= 0:
                    return best
                more = self._with_more(uv, allowed, 0.75)
                if len(more) == len(uv) > 3:
                    more = self._with_more(self._without_the_tightest(uv), allowed, 0.75)
                uv = self.thinned(self.spread(more, apart + 0.015), apart)
                fault = self._fault(uv, most)
                idle = idle + 1 if fault > 0.8 * best_fault else 0
                if fault < best_fault:
                    best, best_fault = uv, fault
        return best

    def _without_the_tightest(self, uv: Floats) -> Floats:
        """Without the point that has the smallest surroundings."""
        share = np.bincount(self._gaps(uv)[1], minlength=len(uv))[: len(uv)]
        return np.delete(uv, int(share.argmin()), axis=0)

    @kept(4)  # of one set of points it is asked several times, one after another
    def _gaps(self, uv: Floats) -> tuple[Floats, Ints]:
        """(n,), (n,): how far each sample is from the nearest point, by chords, in spacings; and which point that is,
        those of other zones last."""
        return self._away(uv, self.samples_mm)

    def _away(self, uv: Floats, spots_mm: Floats) -> tuple[Floats, Ints]:
        centres = np.vstack([self.raster.at(uv), self.near_mm])
        distance, centre = nearest(centres, spots_mm)
        return distance / self.spacing_mm, centre

    def _fault(self, uv: Floats, most: int) -> float:
        """How far the points are from covering the piece; 0 where they do."""
        gap, _ = self._gaps(uv)
        share = float((gap[: self.inner] <= COVERED - 0.01).sum()) / max(self.inner, 1)
        missing, excess = max(0.0, 0.79 * most - len(uv)) / most, max(0, len(uv) - most) / most
        closer = self.raster.at(_closer(self.raster, self.samples, gap, self.step_mm))
        widest = max(float(gap.max()), float(self._away(uv, closer)[0].max(initial=0.0)))
        return max(0.0, 0.96 - share) * 4 + max(0.0, widest - BAREST + 0.02) + missing + 0.3 * excess

    def _with_more(self, uv: Floats, most: int, widest: float) -> Floats:
        """With a point in each gap wider than `widest`, the widest first, as far as the number allows."""
        if not len(uv) + len(self.near_mm):
            return uv
        gap, _ = self._gaps(uv)
        wide = np.flatnonzero(gap >= widest)
        spots = self.samples[wide[np.argsort(-gap[wide], kind="stable")]]
        added: list[Floats] = []
        while len(spots) and len(uv) + len(added) < most:
            added.append(spots[0])
            spots = spots[_norms(spots - spots[0]) > 1.2 * self.spacing_mm]
        return self.held_inside(np.vstack([uv, *added])) if added else uv

    def spread(self, uv: Floats, apart: float) -> Floats:
        """Points near badly covered spots drawn towards the farthest spots of their own surroundings, but kept `apart`
        spacings from one another."""
        gap, _ = self._gaps(uv)
        bad = self.samples[gap > COVERED - 0.03]
        if not len(bad):
            return uv
        away = nearest(bad, uv)[0] / self.spacing_mm
        local = np.flatnonzero(away < 4.5)
        here, moving, count = uv[local], np.where(away[local] < 2.2, 1.0, 0.0), len(local)
        chosen = np.flatnonzero(nearest(bad, self.samples)[0] < 3.2 * self.spacing_mm)
        chosen = chosen[:: 1 + len(chosen) // 8000]
        spots, spots_mm = self.samples[chosen], self.samples_mm[chosen]
        rows, candidates = np.arange(len(spots)), np.zeros((len(spots), 0), dtype=np.int64)
        for turn in range(_SPREADS):
            centres = np.vstack([self.raster.at(here), self.near_mm])
            if turn % 4 == 0:
                found = cKDTree(centres).query(spots_mm, k=min(4, len(centres)))[1]
                candidates = np.asarray(found).reshape(len(spots), -1)
            x, y, z = (centres[:, k][candidates] - spots_mm[:, k, None] for k in range(3))
            distance = np.sqrt(x * x + y * y + z * z)
            best = distance.argmin(axis=1)
            weight = (distance[rows, best] / self.spacing_mm) ** 4
            centre = candidates[rows, best]
            total = np.bincount(centre, weights=weight, minlength=count)[:count]
            aim = np.stack(
                [np.bincount(centre, weights=weight * spots[:, k], minlength=count)[:count] for k in range(2)], axis=1
            )
            has = (total > 0) & (moving > 0)
            step = np.zeros_like(here)
            step[has] = 0.7 * (aim[has] / total[has, None] - here[has])
            here = self.relaxed(self.held_inside(here + step), 4, spacing=apart, moving=moving, drawing=False)
        uv = uv.copy()
        uv[local] = self.relaxed(here, 40, spacing=apart, moving=moving, drawing=False)
        return uv


def _norms(rows: Floats) -> Floats:
    """(k,): as np.linalg.norm, which takes several times as long for a hundred rows of two or three."""
    squares = rows * rows
    total = squares[:, 0] + squares[:, 1]
    return np.asarray(np.sqrt(total if rows.shape[1] == 2 else total + squares[:, 2]))


def _to_any(points: Floats, queries: Floats) -> Floats:
    """(k,): the distance from each query to the nearest of the points."""
    if len(points) > 100:
        return nearest(points, queries)[0]
    return np.asarray(cdist(points, queries).min(axis=0))


def _lattices(raster: Raster, spacing_mm: float, angle: float) -> Iterator[list[Floats]]:
    """The points inside of nine lattices, shifted by thirds of their two basis vectors; several at a time."""
    height, width = raster.inside_mm.shape
    half = 0.5 * raster.pixel_mm * np.array([width, height])
    reach = float(np.linalg.norm(half)) + spacing_mm
    along, up = int(reach / spacing_mm) + 1, int(reach / (spacing_mm * ROW)) + 1
    j, i = np.mgrid[-up : up + 1, -along : along + 1]
    cos, sin = np.cos(angle), np.sin(angle)
    shifts = [(a / 3, b / 3) for a in range(3) for b in range(3)]
    together = max(1, 50_000 // i.size)  # what is read at once must not fill the memory
    for first in range(0, len(shifts), together):
        a, b = np.array(shifts[first : first + together]).T[:, :, None, None]
        x = (i + 0.5 * (j % 2) + a + 0.5 * b) * spacing_mm
        y = (j + b) * spacing_mm * ROW
        uv = raster.origin + half + np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)
        inside = (raster.depth_mm(uv.reshape(-1, 2)) > _BORDER_MM).reshape(uv.shape[:-1])
        yield [one[within] for one, within in zip(uv, inside, strict=True)]


def _step_mm(piece: Flattening, spacing_mm: float) -> float:
    """How far apart spots are looked at: a ninth of the spacing, but 400 to 60,000 of them."""
    most, fewest = math.sqrt(piece.area_mm2 / 400), math.sqrt(piece.area_mm2 / 60_000)
    return max(min(spacing_mm / 9, most), fewest)


@kept(200_000, lambda spots: len(spots[0]))
def _samples(piece: Flattening, spacing_mm: float) -> tuple[Floats, int]:
    """Spots of the piece in the plane: a square lattice, then its border; and how many are in the lattice."""
    raster, step_mm = piece.raster, _step_mm(piece, spacing_mm)
    height, width = raster.inside_mm.shape
    x = np.arange(0, width * raster.pixel_mm, step_mm)
    y = np.arange(0, height * raster.pixel_mm, step_mm)
    spots = raster.origin + np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    spots = spots[raster.depth_mm(spots) > 0]
    start, end, share = piece.along_border(step_mm)
    border = piece.uv_mm[start] + (piece.uv_mm[end] - piece.uv_mm[start]) * share[:, None]
    return np.vstack([spots, piece.uv_mm[np.unique(start)], border]), len(spots)


def _closer(raster: Raster, samples: Floats, distance: Floats, step_mm: float) -> Floats:
    """(k, 2): spots close around the samples with the greatest distance: the farthest lies between samples."""
    far = np.flatnonzero(distance >= np.partition(distance, -min(40, len(distance)))[-min(40, len(distance))])
    widest = samples[far[np.argsort(-distance[far], kind="stable")[:40]]]
    fine = np.linspace(-1, 1, 7) * step_mm
    spots = (widest[:, None] + np.stack(np.meshgrid(fine, fine), axis=-1).reshape(-1, 2)).reshape(-1, 2)
    return np.asarray(spots[raster.depth_mm(spots) > 0])


def _beside(raster: Raster, near_mm: Floats, reach_mm: float) -> tuple[Floats, Floats]:
    """Those of the points (k, 3) within reach of the piece, and where they would lie in its plane: from the nearest
    spot straight on, at their distance."""
    nodes = raster.nodes
    if not len(near_mm) or not len(nodes):
        return no_points(), np.zeros((0, 2))
    distance, at = raster.nearest_nodes(near_mm)
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
        on_skin = piece.holds(face)
        uv, face, weights = uv[on_skin], face[on_skin], weights[on_skin]
        across = uv[:, 1] * np.cos(angle) - uv[:, 0] * np.sin(angle)
        along = uv[:, 0] * np.cos(angle) + uv[:, 1] * np.sin(angle)
        rows = np.round((across.max(initial=-np.inf) - across) / row_mm).astype(np.int64)
        order = np.lexsort((along, rows))
        return _Part(piece, uv[order], face[order], weights[order], rows[order])

    @staticmethod
    def at(piece: Flattening, uv: Floats) -> _Part:
        """In the given order, all in one row."""
        face, weights = piece.locate(uv)
        return _Part(piece, uv, face, weights, np.zeros(len(uv), dtype=np.int64))

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


def _with_tips(laid: Laid, tips: Sequence[_Part]) -> Laid:
    return replace(
        laid,
        to_faces=np.concatenate([tip.piece.faces[tip.face] for tip in tips]),
        to_weights=np.vstack([tip.weights for tip in tips]),
        to_mm=np.vstack([tip.positions_mm for tip in tips]),
    )


def _to_nearest(raster: Raster, uv: Floats, positions_mm: Floats) -> Floats:
    """(k,): from each point to the nearest other. Candidates: the nearest in the plane, and the nearest in space."""
    found = np.full(len(uv), np.inf)
    for coordinates in (uv, positions_mm):
        near = np.asarray(cKDTree(coordinates).query(coordinates, k=min(len(uv), 6))[1])[:, 1:]
        start = np.repeat(uv, near.shape[1], axis=0)
        ways = raster.ways_mm(start, uv[near.ravel()]).reshape(near.shape)
        found = np.minimum(found, ways.min(axis=1))
    return found


def _measured(parts: Sequence[_Part], spacing_mm: float, near_mm: Floats) -> Spacing | None:
    """The spacing on the skin: between points by the local straightest way, between pieces by chords."""
    positions = np.vstack([part.positions_mm for part in parts])
    if len(positions) < 2:
        return None
    closest, gaps, covered, spots = [], [0.0], 0, 0
    for part in parts:
        raster, count = part.piece.raster, len(part.uv)
        if count > 1:
            lengths = _to_nearest(raster, part.uv, part.positions_mm)
        else:
            lengths = np.full(count, np.inf)
        elsewhere = np.vstack([other.positions_mm for other in parts if other is not part] or [no_points()])
        if len(elsewhere) and count:
            lengths = np.minimum(lengths, nearest(elsewhere, part.positions_mm)[0])
        closest.append(lengths)
        samples, inner = _samples(part.piece, spacing_mm)
        centres = np.vstack([part.positions_mm, elsewhere, near_mm])
        distance = _ways_to(part, centres, samples, 0.6 * spacing_mm)
        closer = _closer(raster, samples, distance, _step_mm(part.piece, spacing_mm))
        gaps += [float(distance.max()), float(_ways_to(part, centres, closer, 0.6 * spacing_mm).max(initial=0.0))]
        covered += int((distance[:inner] <= COVERED * spacing_mm).sum())
        spots += inner
    every = np.concatenate(closest)
    return Spacing(
        wanted_mm=spacing_mm,
        min_mm=float(every.min()),
        mean_mm=float(every.mean()),
        cv=float(every.std() / max(every.mean(), 1e-9)),
        largest_gap_mm=max(gaps),
        within_065=covered / max(spots, 1),
    )


def _ways_to(part: _Part, centres: Floats, spots: Floats, exact_beyond_mm: float) -> Floats:
    """(k,): from spots (k, 2) of a piece to the nearest of the centres, of which the piece's own points come first. A
    chord is short of the way on the skin; where it is long enough to matter the way is measured."""
    raster = part.piece.raster
    distance, at = nearest(centres, raster.at(spots))
    far = np.flatnonzero((distance > exact_beyond_mm) & (at < len(part.uv)))
    distance[far] = raster.lengths_mm(spots[far], part.uv[at[far]])
    return distance


def measured(
    zone: Sequence[Flattening], faces: Ints, weights: Floats, spacing_mm: float, near_mm: Floats | None = None
) -> Spacing | None:
    """The spacing of any places on a zone's surface (faces (k,), weights (k, 3)); None for fewer than two."""
    parts = []
    for piece in zone:
        at = {int(face): number for number, face in enumerate(piece.faces)}
        here = np.array([i for i, face in enumerate(faces) if int(face) in at], dtype=np.int64)
        inner = np.array([at[int(faces[i])] for i in here], dtype=np.int64)
        uv = np.einsum("kc,kcd->kd", weights[here], piece.uv_mm[piece.disc.triangles[inner]])
        parts.append(_Part(piece, uv, inner, weights[here], np.zeros(len(here), dtype=np.int64)))
    return _measured(parts, spacing_mm, no_points() if near_mm is None else near_mm)
