"""A map with made-up depths and coverage on the atlas's real zones and dangers, a plain grid on each zone. For what
reads maps: quicker than a layout, and it has one of everything."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np
from scipy.spatial import cKDTree

from nappage.injection_map import atlas as atlases
from nappage.injection_map import zones as rooms
from nappage.injection_map.danger import near
from nappage.injection_map.document import (
    Band,
    Coverage,
    DangerDrawn,
    DepthCheck,
    InjectionMap,
    LayerChance,
    MappedZone,
    MapPoint,
    Notice,
    Place,
    Spacing,
    SurfaceUsed,
    Syringe,
)
from nappage.injection_map.mesh import Floats, Patch, Surface
from nappage.knowledge import Cited, load

# Zone → pattern, spacing in mm.
FACE = {
    "forehead": ("grid", 8.0), "cheek": ("grid", 6.0), "crows-feet": ("lines", 5.0), "nasolabial": ("threads", 8.0),
    "chin": ("named", 9.0),
}  # fmt: skip
SOURCE = Cited(ref="khabir-2020", title="A source", says="It says so.", at="p. 1")


def fake_map(
    zones: dict[str, tuple[str, float]] = FACE, *, body: Literal["female", "male"] = "female", language: str = "en"
) -> tuple[InjectionMap, Surface]:
    """A map on a body, and that body."""
    atlas = atlases.load()
    surface = atlas.body(body)
    around = near(atlas, surface, load(date(2026, 11, 25)), language)
    made: list[MappedZone] = []
    points: list[MapPoint] = []
    for zone, (pattern, spacing) in zones.items():
        for side in rooms.sides(zone):
            patch, cut_by = rooms.patch(atlas, zone, side, surface, around)
            made.append(_zone(surface, patch, zone, side, pattern, spacing, cut_by, points))
    border = np.vstack([np.array(ring) for zone in made for ring in zone.border])
    dangers = tuple(
        DangerDrawn(
            id=d.id, title=d.title, says=d.says, margin_mm=d.margin_mm, sourced=d.sourced, sources=d.sources,
            outline=tuple(tuple(map(tuple, line)) for line in d.outline),
        )
        for d in around
        if d.outline and cKDTree(border).query(np.vstack(d.outline))[0].min() < 25
    )  # fmt: skip
    half = len(points) // 2
    numbered = tuple(
        point.model_copy(update={"number": i + 1, "syringe": 1 if i < half else 2}) for i, point in enumerate(points)
    )
    total = Decimal("0.01") * len(points)
    first = Decimal("0.01") * half
    return (
        InjectionMap(
            software="test", edition="test", language=language, atlas=atlas.version,
            surface=SurfaceUsed(kind="atlas", body=body, to_scale=False, scale="the atlas; not to size"),
            technique="nappage", aim="field", layout="strict", zones=tuple(made), points=numbered, dangers=dangers,
            syringes=(
                Syringe(number=1, volume_ml=first, first_point=1, last_point=half),
                Syringe(number=2, volume_ml=total - first, first_point=half + 1, last_point=len(points)),
            ),
            volume_ml=total, path_mm=1234.0,
            notices=(
                Notice(kind="note", about="surface", text="Drawn on the atlas, not to this patient's size."),
                Notice(kind="ask", about="spacing", text="Which spacing is wanted?", sources=(SOURCE,)),
                Notice(kind="warn", about="cheek-right", text="The tip lies in fat as often as in dermis."),
            ),
        ),
        surface,
    )  # fmt: skip


def _zone(
    surface: Surface, patch: Patch, zone: str, side: str, pattern: str, spacing: float, cut_by: tuple[str, ...],
    points: list[MapPoint],
) -> MappedZone:  # fmt: skip
    skin = patch.on(surface)
    inner = cKDTree(np.vstack([skin.vertices_mm[ring] for ring in skin.boundary_loops()]))
    normal = skin.vertex_normals.mean(axis=0)
    normal /= np.linalg.norm(normal)
    across = np.cross([0, 1, 0] if abs(normal[1]) < 0.9 else [0, 0, -1], normal)
    across /= np.linalg.norm(across)
    up = np.cross(normal, across)
    centre = skin.vertices_mm.mean(axis=0)
    flat = (skin.vertices_mm - centre) @ np.array([across, up]).T
    own: list[MapPoint] = []
    name = zone if side == "midline" else f"{zone}-{side}"
    for row, v in enumerate(np.arange(flat[:, 1].max(), flat[:, 1].min(), -spacing * 0.87)):
        line = np.arange(flat[:, 0].min(), flat[:, 0].max(), spacing) + (spacing / 2 if row % 2 else 0)
        for u in line if row % 2 == 0 else line[::-1]:
            aim = centre + u * across + v * up
            off = np.abs(flat - [u, v]).max(axis=1)
            if off.min() > 3.5 or (pattern == "named" and len(own) == 3):
                continue
            aim = aim + ((skin.vertices_mm[off.argmin()] - centre) @ normal) * normal
            face, weights, away = skin.nearest(aim[None])
            at = skin.at(face, weights)
            if away[0] > 0.6 or inner.query(at[0])[0] < 1.2 or (own and _close(at[0], own, 0.85 * spacing)):
                continue
            extra = {}
            if pattern == "threads":
                to_face, to_weights, _ = skin.nearest(at - 0.7 * spacing * up)
                extra = {
                    "to": _place(*patch.place(to_face, to_weights)),
                    "to_position_mm": tuple(skin.at(to_face, to_weights)[0]),
                }
            if pattern == "named":
                extra = {"name": f"C{len(own) + 1}"}
            own.append(
                MapPoint(
                    number=1, zone=name, place=_place(*patch.place(face, weights)), position_mm=tuple(at[0]),
                    normal=tuple(skin.normals_at(face, weights)[0]), volume_ml=Decimal("0.01"), syringe=1,
                    lift=not own, **extra,
                )
            )  # fmt: skip
    points += own
    return MappedZone(
        id=name, zone=zone, side=side, title=zone.capitalize() + ("" if side == "midline" else f", {side}"),
        site=zone, pattern=pattern, area_cm2=float(skin.areas_mm2.sum() / 100), points=len(own),
        volume_ml=Decimal("0.01") * len(own),
        spacing=Spacing(
            wanted_mm=spacing, min_mm=0.95 * spacing, mean_mm=spacing, cv=0.01, largest_gap_mm=spacing, within_065=0.99
        ),
        depth=DepthCheck(
            site=zone, sex="female", inserted_mm=2.0, angle_deg=45, tip_depth_mm=1.4, tip_sd_mm=0.3, aim="dermis",
            verdict="warn",
            chances=(
                LayerChance(thickness_set="a", epidermis=0.01, dermis=0.8, fat=0.19, skin_mm=1.6, skin_sd_mm=0.3,
                            sources=(SOURCE,)),
                LayerChance(thickness_set="b", epidermis=0.02, dermis=0.6, fat=0.38, skin_mm=1.5, skin_sd_mm=0.3,
                            borrowed_from="malar", sources=(SOURCE,)),
            ),
            says=("In one set the tip lies in fat more often than one time in three.",), suggestion="Insert 1.6 mm.",
        ),
        coverage=Coverage(
            aim="field", share=Band(low=0.3, middle=0.4, high=0.5), overlap=0.02, punctures_per_cm2=7, ml_per_cm2=0.07,
            bleb_mm=Band(low=2.2, middle=2.9, high=3.6), says=("An estimate.",), sources=(SOURCE,),
        ),
        border=tuple(tuple(map(tuple, skin.vertices_mm[ring])) for ring in skin.boundary_loops()),
        cut_by=cut_by,
    )  # fmt: skip


def _close(at: Floats, own: list[MapPoint], least: float) -> bool:
    return bool(np.linalg.norm(np.array([point.position_mm for point in own]) - at, axis=1).min() < least)


def _place(triangle: np.ndarray, weights: Floats) -> Place:
    w = np.maximum(weights[0], 0)
    return Place(triangle=int(triangle[0]), barycentric=tuple(w / w.sum()))
