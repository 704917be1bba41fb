"""Single named points on the skin: those of a published set, on any body or patient.

What they are and how they are found stands in the knowledge (`edition.point_sets`); where they lie on the atlas in
`data/point_places.yaml`. A point in a danger zone's margin is told, not moved: whether it is left out is decided by
whoever plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..knowledge import Cited, Edition, cited
from ..knowledge.edition import read_yaml
from ..values import InputError
from .anchors import anchored, on_skin
from .atlas import Atlas
from .danger import Danger
from .document import Side
from .mesh import Floats, Ints, Surface


@dataclass(frozen=True, eq=False)
class NamedPoint:
    """A point of a set on one body or patient; `triangle` and `weights` (3,) are its place on the atlas."""

    id: str  # its name in the set
    side: Side
    title: str
    found: str  # how it is found, in words
    volume_ml: float | None  # as published
    sourced: bool
    sources: tuple[Cited, ...]
    triangle: int
    weights: Floats
    position_mm: Floats  # (3,)


def set_ids() -> tuple[str, ...]:
    """The sets that are drawn, in the order of the file."""
    return tuple(_file())


def places(
    atlas: Atlas, surface: Surface, set_id: str, side: Side, edition: Edition, language: str = "en"
) -> list[NamedPoint]:
    """The points of a set on a body or patient (a surface with the atlas's triangles): those of one side with those of
    the midline, or with `side` midline all of them, right before left. Raises InputError for a set that is none."""
    if set_id not in edition.point_sets:
        known = ", ".join(edition.point_sets)
        raise InputError("order.map.point_sets", f"No set of points is called '{set_id}'", f"Name one of {known}")
    points = edition.point_sets[set_id]
    found = []
    for name, drawn in _on_atlas(atlas)[set_id].items():
        point = points.points[name]
        sides: tuple[Side, ...] = ("right", "left") if side == "midline" else (side,)
        for one in ("midline",) if drawn.midline else sides:
            place = _place(atlas, surface, drawn, one)
            found.append(
                NamedPoint(
                    id=name,
                    side=one,
                    title=edition.text(point.title, language),
                    found=edition.text(point.found, language),
                    volume_ml=None if points.volume_ml is None else float(points.volume_ml),
                    sourced=point.sourced,
                    sources=cited(edition, point.sources),
                    triangle=int(place[0][0]),
                    weights=place[1][0],
                    position_mm=surface.at(*place)[0],
                )
            )
    return found


def entered(point: NamedPoint, dangers: Sequence[Danger]) -> tuple[str, ...]:
    """The ids of the danger zones of the same body in whose margin a point lies."""
    place = np.array([point.triangle]), point.weights[None]
    return tuple(d.id for d in dangers if d.at(*place, point.position_mm[None])[0] <= d.margin_mm)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Where the file draws a point: a place on the atlas, and the way from there on the body itself."""

    triangles: Ints  # (1,), on the right or the midline
    weights: Floats  # (1, 3)
    view: str
    then: tuple[float, float]  # lateral, up, mm
    midline: bool


def _place(atlas: Atlas, surface: Surface, drawn: _Drawn, side: Side) -> tuple[Ints, Floats]:
    """The place (1,), (1, 3) of a point. A published distance counts on the body itself: it does not grow with it."""
    left = side == "left"
    place = (drawn.triangles, drawn.weights)
    start = atlas.mirror_place(*place) if left else place
    lateral, up = drawn.then
    if not lateral and not up:
        return start
    way = np.array([lateral if left else -lateral, up, 0])
    return on_skin(surface, surface.at(*start) + way, drawn.view)


@lru_cache(maxsize=1)
def _file() -> dict[str, dict[str, dict[str, Any]]]:
    sets: dict[str, dict[str, dict[str, Any]]] = read_yaml(Path(__file__).with_name("data") / "point_places.yaml")
    return sets


@lru_cache(maxsize=2)
def _on_atlas(atlas: Atlas) -> dict[str, dict[str, _Drawn]]:
    skin = atlas.body("female")
    found: dict[str, dict[str, _Drawn]] = {}
    for set_id, points in _file().items():
        for name, spec in points.items():
            view, (lateral, up) = spec["view"], spec.get("then", (0, 0))
            place = on_skin(skin, anchored(atlas, [spec["spot"]], view), view)
            found.setdefault(set_id, {})[name] = _Drawn(*place, view, (lateral, up), spec.get("midline", False))
    return found
