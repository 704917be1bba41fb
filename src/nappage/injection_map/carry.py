"""A map carried to the patient's next visit: the same points of skin on a newly fitted head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..knowledge import Edition
from ..values import InputError
from . import fit as fits
from .atlas import Atlas
from .danger import Danger, near
from .document import DangerDrawn, Fit, InjectionMap, MappedZone, MapPoint, Notice, Place, Vector
from .mesh import Floats, Surface

OF_THE_SKIN = ("atlas", "photograph", "scan")  # what a notice about the surface that was worked on is about
OFF_MM = 1.5  # a fit of the same face may lie off by this much
CHANGED = 0.15  # a distance that has grown or shrunk by more than this share is told

# A zone with its outline and its points on the new skin, measured anew: area, spacing, coverage.
Measure = Callable[[MappedZone, Sequence[MapPoint], Surface], MappedZone]


def carry(
    map: InjectionMap, atlas: Atlas, before: Surface, fit: Fit, edition: Edition, measured: Measure
) -> InjectionMap:
    """The map on the head of `fit`. `before`: the skin that the map was laid out on. Points keep their places on the
    atlas, their volumes and their order; positions, outlines and measures are of the new skin. Notices tell of
    distances to the nearest point that changed by more than 15 %, and of points that came into the margin of a danger
    zone."""
    if map.atlas != atlas.version:
        raise InputError(
            "map",
            f"it was laid out on atlas {map.atlas}, and this is {atlas.version}",
            "Lay it out anew: its points mean other places on this one",
        )
    after = fits.surface(atlas, fit)
    if not all(place.triangle < len(after.triangles) for point in map.points for place in _places(point)):
        raise InputError("map", "a point lies on a triangle that the atlas does not have", "Lay the map out anew")
    points = tuple(_moved(point, after) for point in map.points)
    zones = []
    for zone in map.zones:
        outlined = zone.model_copy(update={"border": tuple(_line(line, before, after) for line in zone.border)})
        zones.append(measured(outlined, [point for point in points if point.zone == zone.id], after))
    dangers = near(atlas, after, edition, map.language)
    entered = {danger.id for danger in map.dangers if danger.entered}
    return map.model_copy(
        update={
            "surface": fits.used(fit),
            "points": points,
            "zones": tuple(zones),
            "dangers": tuple(_redrawn(drawn, dangers, before, after) for drawn in map.dangers),
            "path_mm": map.path_mm * _stretch(map.points, points),
            "notices": (
                # What was said about the earlier skin is no longer so.
                *(notice for notice in map.notices if notice.about not in OF_THE_SKIN),
                *(Notice(kind="warn", about=fit.kind, text=note) for note in fit.notes),
                *_changes(map, points, edition),
                *_inside(points, [danger for danger in dangers if danger.id not in entered], edition, map.language),
            ),
        }
    )


def _places(point: MapPoint) -> list[Place]:
    return [point.place] if point.to is None else [point.place, point.to]


def _moved(point: MapPoint, skin: Surface) -> MapPoint:
    triangles = np.array([place.triangle for place in _places(point)])
    weights = np.array([place.barycentric for place in _places(point)])
    positions = [_vector(row) for row in skin.at(triangles, weights)]
    normal = skin.normals_at(triangles[:1], weights[:1])[0]
    return point.model_copy(
        update={
            "position_mm": positions[0],
            "normal": _vector(normal),
            "to_position_mm": None if point.to is None else positions[1],
        }
    )


def _line(line: Sequence[Vector], before: Surface, after: Surface) -> tuple[Vector, ...]:
    """A line drawn on one skin, on the other: by the nearest places."""
    if not line:
        return ()
    triangles, weights, _ = before.nearest(np.array(line))
    return tuple(_vector(row) for row in after.at(triangles, weights))


def _redrawn(drawn: DangerDrawn, dangers: Sequence[Danger], before: Surface, after: Surface) -> DangerDrawn:
    """A danger zone keeps its millimetres, so its margin is drawn anew; one that the edition no longer has moves
    along."""
    for danger in dangers:
        if danger.id == drawn.id:
            outline = tuple(tuple(_vector(row) for row in line) for line in danger.outline)
            return drawn.model_copy(update={"outline": outline, "margin_mm": danger.margin_mm})
    return drawn.model_copy(update={"outline": tuple(_line(line, before, after) for line in drawn.outline)})


def _stretch(before: Sequence[MapPoint], after: Sequence[MapPoint]) -> float:
    """By how much the way from point to point has grown."""
    was, now = (np.linalg.norm(np.diff(_positions(points), axis=0), axis=1).sum() for points in (before, after))
    return float(now / was) if was > 0 else 1.0


def _changes(map: InjectionMap, points: Sequence[MapPoint], edition: Edition) -> list[Notice]:
    notices = []
    for zone in map.zones:
        was = np.array([point.position_mm for point in map.points if point.zone == zone.id])
        now = np.array([point.position_mm for point in points if point.zone == zone.id])
        if len(was) < 2:
            continue
        nearest = np.asarray(cKDTree(was).query(was, k=2)[1])[:, 1]
        ratio = _lengths(now - now[nearest]) / np.maximum(_lengths(was - was[nearest]), 1e-9)
        changed = np.abs(ratio - 1) > CHANGED
        if changed.any():
            most = ratio[np.abs(np.log(np.maximum(ratio, 1e-9))).argmax()] - 1
            text = edition.say(
                "map.carry-changed", map.language, zone=zone.title, count=str(int(changed.sum())), all=str(len(was)),
                most=f"{100 * most:+.0f}",
            )  # fmt: skip
            notices.append(Notice(kind="warn", about=zone.id, text=text))
    return notices


def _inside(points: Sequence[MapPoint], dangers: Sequence[Danger], edition: Edition, language: str) -> list[Notice]:
    """Margins are millimetres, so that a smaller face brings points into them."""
    triangles = np.array([point.place.triangle for point in points], dtype=np.int64)
    weights = np.array([point.place.barycentric for point in points]).reshape(-1, 3)
    notices: list[Notice] = []
    if not points:
        return notices
    for danger in dangers:
        inside_mm = danger.margin_mm - danger.at(triangles, weights, _positions(points))
        slight = (inside_mm >= 0) & (inside_mm <= OFF_MM)
        deep = inside_mm > OFF_MM
        severe: Literal["ask", "refuse"] = "ask" if danger.may_enter else "refuse"
        kinds: tuple[tuple[NDArray[np.bool_], str, Literal["warn", "ask", "refuse"]], ...] = (
            (slight, "map.carry-danger-slight", "warn"),
            (deep, "map.carry-danger", severe),
        )
        for close, name, kind in kinds:
            if close.any():
                text = edition.say(
                    name, language, danger=danger.title, margin=f"{danger.margin_mm:g}",
                    points=", ".join(
                        f"{point.number} ({max(inside, 0.1):.1f} mm)"
                        for point, here, inside in zip(points, close, inside_mm.tolist(), strict=True)
                        if here
                    ),
                )  # fmt: skip
                notices.append(Notice(kind=kind, about=danger.id, text=text, sources=danger.sources))
    return notices


def _positions(points: Sequence[MapPoint]) -> Floats:
    return np.array([point.position_mm for point in points]).reshape(-1, 3)


def _lengths(rows: Floats) -> Floats:
    return np.asarray(np.linalg.norm(rows, axis=1))


def _vector(row: Floats) -> Vector:
    return float(row[0]), float(row[1]), float(row[2])
