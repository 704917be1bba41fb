"""One edit of an injection map of about 200 points: laid out again in a process that has laid it out before.

Four areas of the face on both sides, as the facial example orders them. Every edit is a new one, on each zone in turn;
the clock runs over `lay_out` and the document as JSON. A cold map is that of a process in which nothing is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from nappage.injection_map import InjectionMap, atlas, border_of, kept, lay_out, zones
from nappage.intake import Order, Spot, load_answers
from nappage.knowledge import load

EXAMPLE = Path(__file__).parents[1] / "examples" / "facial-rejuvenation.yaml"
ON = date(2026, 11, 25)
SPACING_MM = 7.0  # at which the example has about 200 points
TIMES = 6  # each kind of edit on each zone
AIM_MS = 300

Line = dict[str, Any]


def run() -> list[str]:
    """CPU milliseconds of each kind of edit, and its ratio to a cold map, as lines of a table."""
    order = load_answers(str(EXAMPLE)).order
    assert order is not None
    start = order.model_dump() | {"spacing_mm": SPACING_MM}
    rng = np.random.default_rng(1)
    first, _, size = laid(start)
    cold = []
    for _ in range(5):
        kept.forget()
        cold.append(laid(start)[1])
    whole = float(np.median(cold))
    names = list(dict.fromkeys(zone.zone for zone in first.zones))
    lines = [
        f"| one edit; {len(first.points)} points, {len(first.zones)} zones, {size / 1000:.0f} kB of JSON | edits "
        f"| median, CPU ms | p95 (at most {AIM_MS}) | most | median / cold |",
        "|---|---|---|---|---|---|",
    ]
    edits: dict[str, Callable[[str], Line]] = {
        "spacing of a zone": lambda zone: {"spacing_mm": round(rng.uniform(6, 8), 2)},
        "depth": lambda zone: {"depth_mm": round(rng.uniform(0.5, 1.9), 2)},
        "volume per point": lambda zone: {"volume_per_point_ml": round(rng.uniform(0.01, 0.03), 4)},
        "border, one vertex dragged": lambda zone: {"border": dragged(zone, rng)},
        "a spot erased": lambda zone: {"erase": [spot(first, zone, rng)]},
        "a zone left out": lambda zone: {"out": True},
    }
    every = []
    for name, edit in edits.items():
        times = [laid(edited(start, names, zone, edit(zone)))[1] for zone in names for _ in range(TIMES)]
        every += times
        lines.append(row(name, times, whole))
    lines.append(row("**all**", every, whole))
    lines.append(f"| the whole map, cold (flattenings kept on disk) | {len(cold)} | {whole:.0f} | | | 1 |")
    return lines


def row(name: str, times: list[float], cold: float) -> str:
    middle = float(np.median(times))
    late = float(np.quantile(times, 0.95))
    return f"| {name} | {len(times)} | {middle:.0f} | {late:.0f} | {max(times):.0f} | {middle / cold:.2f} |"


def laid(order: dict[str, Any]) -> tuple[InjectionMap, float, int]:
    """The map, the CPU milliseconds it took with its JSON, and the JSON's bytes."""
    asked = Order.model_validate(order)
    start = time.process_time()
    found = lay_out(asked, load(ON), sex="female")
    size = len(found.model_dump_json())
    return found, 1000 * (time.process_time() - start), size


def edited(start: dict[str, Any], names: list[str], zone: str, change: Line) -> dict[str, Any]:
    """The order with one change to one zone."""
    change = dict(change)
    wished = start["map"] | {"erase": change.pop("erase", [])}
    if change.pop("out", False):
        others = [{"zone": one} for one in names if one != zone]
        return start | {"areas": (), "map": wished | {"zones": others}}
    return start | {"map": wished | {"zones": [{"zone": zone, **change}] if change else []}}


def dragged(zone: str, rng: np.random.Generator) -> list[Line]:
    """A zone's own outline, one of its corners pulled a few millimetres towards the middle."""
    whole = atlas.load()
    skin = whole.body("female")
    patch, _ = zones.patch(whole, zone, zones.sides(zone)[0], skin, [])
    ring = patch.on(skin).boundary_loops()[0]
    outline = border_of(
        [Spot(triangle=int(patch.triangle[i]), barycentric=tuple(patch.barycentric[i].tolist())) for i in ring]
    )
    corners = skin.at(np.array([s.triangle for s in outline]), np.array([s.barycentric for s in outline]))
    moved = int(rng.integers(len(corners)))
    inwards = corners.mean(axis=0) - corners[moved]
    corners[moved] += rng.uniform(1, 4) * inwards / np.linalg.norm(inwards)
    triangles, weights, _ = skin.nearest(corners)
    return [
        {"triangle": int(triangle), "barycentric": [float(w) for w in weight / weight.sum()]}
        for triangle, weight in zip(triangles, weights, strict=True)
    ]


def spot(map: InjectionMap, zone: str, rng: np.random.Generator) -> Line:
    """The place of one of a zone's points."""
    mine = [point for point in map.points if point.zone.startswith(zone)]
    place = mine[int(rng.integers(len(mine)))].place
    return {"triangle": place.triangle, "barycentric": place.barycentric}
