"""The needle's way: row by row as a hand would go, there and back, and never across skin that is left out.

A hop that would leave the zone, across a hole or a bay of its border, is marked as a lift: the needle does not step
there from the point before. The way is cut into lanes, runs of points in one row without such a hop, and goes from
lane to neighbouring lane, which keeps to one side of a hole until that side is done. Where that is long for its
points, the shortest way found by nearest neighbours and 2-opt (Croes 1958) is taken instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .document import Side
from .flatten import Flattening
from .mesh import Floats, Ints

Bools = NDArray[np.bool_]
# Whether hops between points i (k,) and j (k,) leave the zone.
Blocked = Callable[[Ints, Ints], Bools]

ROWS_MAY_COST = 1.2  # rows are kept unless another way is shorter by this factor
_MOST_FOR_2OPT = 700
_LIFT_MM = 60.0  # what a lift costs when ways are compared
_OUTSIDE_MM = 0.5  # a hop may graze the border by this much


def blocked_in(zone: Sequence[Flattening], positions_mm: Floats) -> Blocked:
    """Which hops between positions (k, 3) on a zone leave it: those whose straight line in the flattening does, and
    all between pieces."""
    piece = np.full(len(positions_mm), -1)
    uv, away = np.zeros((len(positions_mm), 2)), np.full(len(positions_mm), np.inf)
    for number, flattening in enumerate(zone):
        nodes = flattening.raster.nodes
        if not len(nodes) or not len(positions_mm):
            continue
        distance, at = flattening.raster.nearest_nodes(positions_mm)
        nearer = distance < away
        piece[nearer], uv[nearer], away[nearer] = number, nodes[at][nearer], distance[nearer]

    def blocked(i: Ints, j: Ints) -> Bools:
        out = np.asarray(piece[i] != piece[j])
        for number, flattening in enumerate(zone):
            same = np.flatnonzero((piece[i] == number) & (piece[j] == number))
            start, end = uv[i[same]], uv[j[same]]
            longest = float(np.linalg.norm(end - start, axis=1).max(initial=0.0))
            steps = np.linspace(0, 1, max(3, int(longest / 1.5) + 2))[1:-1, None, None]
            spots = start + steps * (end - start)
            depth = flattening.raster.depth_mm(spots.reshape(-1, 2)).reshape(len(steps), -1)
            out[same] = (depth < -_OUTSIDE_MM).any(axis=0)
        return out

    return blocked


def order(positions_mm: Floats, rows: Ints, *, blocked: Blocked) -> tuple[Ints, Bools]:
    """The order in which points are visited (k,), and whether the needle is lifted before each (k,), in that order.

    `positions_mm` (k, 3) stand row by row, each row from one end to the other; `rows` (k,) are their rows' numbers.
    """
    count = len(positions_mm)
    if count < 2:
        return np.arange(count), np.zeros(count, dtype=bool)
    lanes = _lanes(rows, blocked, positions_mm)
    way = _lane_by_lane(lanes, positions_mm, blocked)
    if count <= _MOST_FOR_2OPT:
        shorter = _shortened(positions_mm, blocked, way)
        if _cost(way, positions_mm, blocked) > ROWS_MAY_COST * _cost(shorter, positions_mm, blocked):
            way = shorter
    lifts = np.concatenate([[False], blocked(way[:-1], way[1:])])
    return way, lifts


def length_mm(positions_mm: Floats) -> float:
    """Length of the way through positions (k, 3), as chords."""
    return float(np.linalg.norm(np.diff(positions_mm, axis=0), axis=1).sum())


def sequence(heights_mm: Sequence[float], sides: Sequence[Side]) -> list[int]:
    """In which order zones are visited: the right side and the midline from top to bottom, then the left."""
    return sorted(range(len(sides)), key=lambda k: (sides[k] == "left", -heights_mm[k], k))


def onwards(zones: Sequence[Floats]) -> list[bool]:
    """For ways through zones (k, 3) in the order of visit: which are walked backwards, so that the needle enters each
    at the end that is nearer to where it left the one before."""
    turned: list[bool] = []
    here: Floats | None = None
    for way in zones:
        back = here is not None and len(way) > 1 and _apart(here, way[-1]) < _apart(here, way[0]) - 1e-9
        turned.append(back)
        if len(way):
            here = way[0] if back else way[-1]
    return turned


def _apart(a: Floats, b: Floats) -> float:
    return float(np.linalg.norm(a - b))


def _cost(way: Ints, positions: Floats, blocked: Blocked) -> float:
    return length_mm(positions[way]) + _LIFT_MM * int(blocked(way[:-1], way[1:]).sum())


def _lanes(rows: Ints, blocked: Blocked, positions: Floats) -> list[Ints]:
    """Runs of points in one row with no hop that leaves the zone, none much longer than usual."""
    hops = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    same = rows[1:] == rows[:-1]
    usual = float(np.median(hops[same])) if same.any() else np.inf
    i = np.arange(len(rows) - 1)
    ends = ~same | blocked(i, i + 1) | (hops > 2.5 * usual)
    return [np.asarray(lane) for lane in np.split(np.arange(len(rows)), np.flatnonzero(ends) + 1)]


def _lane_by_lane(lanes: list[Ints], positions: Floats, blocked: Blocked) -> Ints:
    """From the first lane to whichever free end is cheapest to reach, and along it, until all are done. Stragglers of
    one or two points are taken in where they make the way longer by least."""
    usual = np.median([len(lane) for lane in lanes])
    stragglers = [point for lane in lanes if len(lane) <= 2 < usual / 2 for point in lane]
    lanes = [lane for lane in lanes if not len(lane) <= 2 < usual / 2]
    ends = np.array([[lane[0], lane[-1]] for lane in lanes])
    free = np.ones(len(lanes), dtype=bool)
    free[0] = False
    way = [lanes[0]]
    here = int(lanes[0][-1])
    while free.any():
        left = np.flatnonzero(free)
        reach = ends[left].ravel()
        cost = np.linalg.norm(positions[reach] - positions[here], axis=1)
        near = np.argsort(cost, kind="stable")[:12]
        cost[near] += _LIFT_MM * blocked(np.full(len(near), here), reach[near])
        cost[np.setdiff1d(np.arange(len(cost)), near)] += _LIFT_MM
        best = int(cost.argmin())
        lane = lanes[left[best // 2]]
        lane = lane if best % 2 == 0 else lane[::-1]
        free[left[best // 2]] = False
        way.append(lane)
        here = int(lane[-1])
    taken = np.concatenate(way)
    for point in stragglers:
        to = np.linalg.norm(positions[taken] - positions[point], axis=1)
        between = np.linalg.norm(np.diff(positions[taken], axis=0), axis=1)
        longer = np.concatenate([to[:1], to[:-1] + to[1:] - between, to[-1:]])
        taken = np.insert(taken, int(longer.argmin()), point)
    return taken


def _shortened(positions: Floats, blocked: Blocked, first: Ints) -> Ints:
    """A short way by nearest neighbours and 2-opt, from the same first point; blocked hops count as long ones."""
    count = len(positions)
    i, j = np.triu_indices(count, 1)
    distance = np.zeros((count, count))
    hop = np.linalg.norm(positions[i] - positions[j], axis=1)
    near = np.flatnonzero(hop < 3 * np.median(np.sort(_squareform(hop, count), axis=1)[:, 1]))
    cost = hop.copy()
    cost[near] += _LIFT_MM * blocked(i[near], j[near])
    distance[i, j] = distance[j, i] = cost
    way = [int(first[0])]
    free = np.ones(count, dtype=bool)
    free[way[0]] = False
    for _ in range(count - 1):
        then = int(np.where(free, distance[way[-1]], np.inf).argmin())
        free[then] = False
        way.append(then)
    return _two_opt(np.array(way), distance)


def _squareform(hop: Floats, count: int) -> Floats:
    full = np.zeros((count, count))
    i, j = np.triu_indices(count, 1)
    full[i, j] = full[j, i] = hop
    return full


def _two_opt(way: Ints, distance: Floats, sweeps: int = 20) -> Ints:
    """Stretches turned around wherever that shortens an open way; its first point stays."""
    way = way.copy()
    count = len(way)
    for _ in range(sweeps):
        better = False
        for k in range(1, count - 1):
            before, here, ends = way[k - 1], way[k], way[k + 1 :]
            after = way[k + 2 :]
            gain = distance[before, here] - distance[before, ends]
            gain[:-1] += distance[ends[:-1], after] - distance[here, after]
            best = int(gain.argmax())
            if gain[best] > 1e-9:
                way[k : k + best + 2] = way[k : k + best + 2][::-1]
                better = True
        if not better:
            break
    return way
