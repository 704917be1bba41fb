"""What the map editor in the browser shows, as JSON: the map of an order, the zones one can tap, totals and warnings.

Pure, and of the core only. A view that edits a map does three things: change the order, `lay` it, answer `state`.
`static/planning/map-editor.js` reads what stands here, and says there how it is mounted.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np

from nappage.injection_map import Fit, InjectionMap, atlas, fit, lay_out, page3d, zones
from nappage.injection_map.atlas import Atlas, Body
from nappage.injection_map.document import DangerDrawn, MappedZone, MapPoint, Side
from nappage.injection_map.mesh import Floats, Ints, Patch, Surface
from nappage.injection_map.wishes import budget_ml, wishes
from nappage.intake import Order, Spot, ZoneOrder
from nappage.intake.answers import MapOrder
from nappage.knowledge import Cited, Edition
from nappage.values import InputError

_KINDS = ("refuse", "ask", "warn", "note")
_VERDICTS = {"refused": "refuse", "ask": "ask", "warn": "warn"}
_BORDER_SPOTS = 40  # of a zone's border, for dragging it
_OF_THE_MAP = {
    "areas", "technique", "points", "volume_per_point_ml", "spacing_mm", "depth_mm", "inserted_mm", "angle_deg",
    "needle_mm", "syringe_ml", "map",
}  # fmt: skip


def lay(
    order: Order, edition: Edition, *, sex: str | None = None, fit: Fit | None = None, language: str = "en"
) -> tuple[InjectionMap | None, InputError | None]:
    """The map of an order; or no map and what the order still lacks for one. Raises InputError for what is wrong
    rather than missing."""
    try:
        return lay_out(order, edition, sex=sex, fit=fit, language=language), None
    except InputError as error:
        lacks = {
            "order.technique": order.technique is None,
            "order.areas": not order.areas and not order.map.zones,
            "order.spacing_mm": order.spacing_mm is None and order.points is None,
        }
        if lacks.get(error.place):
            return None, error
        raise


def state(
    map: InjectionMap | None,
    order: Order,
    edition: Edition,
    language: str = "en",
    *,
    sex: str | None = None,
    fit: Fit | None = None,
    lacks: InputError | None = None,
    has_skin: str | None = None,
) -> dict[str, Any]:
    """All that the editor shows. `lacks`: what `lay` said is missing. `has_skin`: the key of the skin that the browser
    holds already; skin and zones are sent only where it is another (about 0.8 MB, half of that compressed)."""
    whole = atlas.load()
    body: Body = fit.body if fit is not None else ("male" if sex == "male" else "female")
    if map is not None:
        body, fit = map.surface.body, map.surface.fit
    key = skin_key(body, fit)
    warnings = _warnings(map, edition, language)
    if lacks is not None:
        warnings.insert(0, {"kind": "ask", "about": "", "zones": [], "text": lacks.sentence})
    return {
        "payload": {
            "skin_key": key,
            "skin": None if key == has_skin else _skin(body, fit),
            **(_drawn(map, whole, edition, language) if map is not None else _NOTHING),
        },
        "order": order.model_dump(mode="json", include=_OF_THE_MAP, exclude_defaults=True),
        "zones": None if key == has_skin else zone_list(edition, language),
        "names": {name: _meant(edition, areas=(name,)) for name in order.areas}
        | {one.zone: _meant(edition, zone=one.zone) for one in order.map.zones},
        "techniques": [
            {"id": id, "title": edition.text(one.title, language)}
            for id, one in edition.techniques.items()
            if one.device not in ("electroporation", "pressure")
        ],
        "totals": _totals(map, order),
        "warnings": warnings,
    }


def zone_list(edition: Edition, language: str = "en") -> list[dict[str, Any]]:
    """The zones of the atlas that one can tap: id, title, the group it is listed under, its sides, its number in the
    skin's marks (the left side's is one more), its border as places [triangle, weight, weight] of the right side or
    the midline, and `with`: the zones that an area of the same name lays out."""
    out = []
    for one in zones.zone_ids():
        region = edition.regions[one]
        groups = _above(edition, one)
        group = next((name for name in ("face", "scalp") if name in groups), groups[-1])
        out.append(
            {
                "id": one,
                "title": edition.text(region.title, language),
                "group": edition.text(edition.regions[group].title, language),
                "sides": list(zones.sides(one)),
                "mark": _marks()[one],
                "border": _border(one),
                "with": list(_meant(edition, areas=(one,))),
            }
        )
    return out


def skin_key(body: Body, fit: Fit | None) -> str:
    """By what a skin is known; the same skin has the same key."""
    worn = "" if fit is None else "-" + hashlib.sha256(fit.model_dump_json().encode()).hexdigest()[:16]
    return f"{atlas.VERSION}-{body}{worn}"


def _above(edition: Edition, region: str) -> list[str]:
    """The regions around a region, the nearest first."""
    out = []
    here = edition.regions[region].parent
    while here is not None:
        out.append(here)
        here = edition.regions[here].parent
    return out or [region]


def _meant(edition: Edition, *, areas: tuple[str, ...] = (), zone: str | None = None) -> dict[str, list[Side]]:
    """Zone → the sides that an order's areas, or a zone of its map, mean; empty where none of them is the atlas's."""
    ids = zones.zone_ids()
    sided = frozenset(one for one in ids if len(zones.sides(one)) == 2)
    own = () if zone is None else (ZoneOrder(zone=zone),)
    order = Order(areas=areas, technique="papule", spacing_mm=Decimal(1), map=MapOrder(zones=own))
    try:
        _, found, _ = wishes(order, edition, "en", zones=ids, sided=sided)
    except InputError:
        return {}
    out: dict[str, list[Side]] = {}
    for wish in found:
        if wish.zone in ids:
            out.setdefault(wish.zone, []).append(wish.side)
    return out


# --- the skin ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _marks() -> dict[str, int]:
    """Zone → its number in the skin's marks, from 1: its right side's or its own; the left side's is one more."""
    out, number = {}, 1
    for one in zones.zone_ids():
        out[one] = number
        number += len(zones.sides(one))
    return out


@lru_cache(maxsize=1)
def _fields() -> tuple[Ints, Ints]:
    """For each vertex of the atlas the zone's number (0: none), and the distance to the nearest border, 0.1 mm, at most
    255."""
    whole = atlas.load()
    best = np.full(len(whole.mirror), -np.inf)
    owner = np.zeros(len(best), dtype=np.int64)
    for one, number in _marks().items():
        for step, side in enumerate(zones.sides(one)):
            field = zones.zone_field(whole, one, side)
            better = field > best
            owner[better], best[better] = number + step, field[better]
    owner[best <= 0] = 0
    return owner, np.clip(np.round(np.abs(best) * 10), 0, 255).astype(np.int64)


@lru_cache(maxsize=64)
def _border(zone: str) -> list[list[float]]:
    """A zone's outline as drawn, at most 40 places along the longest ring; right side or midline."""
    whole = atlas.load()
    skin = whole.body("female")
    field = zones.zone_field(whole, zone, zones.sides(zone)[0])
    patch = Patch.of(skin, np.asarray((field[skin.triangles] > 0).any(axis=1)))
    patch = patch.where(patch.field(field, skin))
    ring = patch.on(skin).boundary_loops()[0]
    chosen = _thinned(patch.on(skin).vertices_mm[ring], _BORDER_SPOTS)
    places = zip(patch.triangle[ring[chosen]], patch.barycentric[ring[chosen]], strict=True)
    return [[int(t), round(float(w[0]), 4), round(float(w[1]), 4)] for t, w in places]


def _thinned(ring: Floats, most: int) -> Ints:
    """Which places of a closed ring (k, 3) to keep so that they stand about evenly along it."""
    steps = np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1)
    along = np.concatenate([[0], np.cumsum(steps)[:-1]])
    wanted = np.linspace(0, steps.sum(), min(most, len(ring)), endpoint=False)
    return np.unique(np.abs(along[None] - wanted[:, None]).argmin(axis=1))


@lru_cache(maxsize=8)
def _skin(body: Body, worn: Fit | None) -> dict[str, Any]:
    """A body or a patient as viewer/data.js reads it; `marks` holds for each vertex the zone's number, 255 (all is
    shown) and the distance to the border."""
    whole = atlas.load()
    skin = whole.body(body) if worn is None else fit.surface(whole, worn)
    head = skin.vertices_mm[np.unique(whole.triangles[whole.landmark_triangles])]
    return page3d.whole_skin(skin, *_fields()) | {
        "half": len(whole.base_triangles) // 2,
        "eyes": _eyes(whole, body, skin),
        "head": _ball(head, 1.25),
        "body": _ball(skin.vertices_mm, 0.62),
    }


def _ball(points: Floats, factor: float) -> dict[str, Any]:
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.linalg.norm(points - middle, axis=1).max())
    return {"centre": np.round(middle, 1).tolist(), "radius": round(factor * radius, 1)}


def _eyes(whole: Atlas, body: Body, skin: Surface) -> list[dict[str, Any]]:
    """The eyeballs, moved and sized with the skin around them."""
    start = whole.body(body).vertices_mm
    out = []
    for *centre, radius in whole.eyes(body):
        ring = np.linalg.norm(start - np.array(centre), axis=1) < 1.5 * radius
        here, there = start[ring], skin.vertices_mm[ring]
        size = float(np.sqrt(there.var(axis=0).sum() / here.var(axis=0).sum()))
        moved = there.mean(axis=0) + (np.array(centre) - here.mean(axis=0)) * size
        out.append({"centre": np.round(moved, 1).tolist(), "radius": round(radius * size, 2)})
    return out


# --- the map ----------------------------------------------------------------------------------------------------------

_NOTHING: dict[str, Any] = {"points": [], "zones": [], "dangers": [], "path": [], "to_scale": True, "scale": ""}


def _drawn(map: InjectionMap, whole: Atlas, edition: Edition, language: str) -> dict[str, Any]:
    number = {zone.id: i for i, zone in enumerate(map.zones)}
    return {
        "points": [_point(point, number[point.zone]) for point in map.points],
        "zones": [_zone(zone, map, whole, edition, language) for zone in map.zones],
        "dangers": [_danger(danger) for danger in map.dangers],
        "path": _path(map.points),
        "to_scale": map.surface.to_scale,
        "scale": map.surface.scale,
    }


def _point(point: MapPoint, zone: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        "p": point.position_mm,
        "n": point.normal,
        "zone": zone,
        "ml": None if point.volume_ml is None else float(point.volume_ml),
        "syringe": point.syringe,
        "place": [point.place.triangle, *point.place.barycentric],
    }
    if point.added:
        out["added"] = True
    if point.name:
        out["name"] = point.name
    if point.to_position_mm:
        out["to"] = point.to_position_mm
    return out


def _zone(zone: MappedZone, map: InjectionMap, whole: Atlas, edition: Edition, language: str) -> dict[str, Any]:
    cover, depth = zone.coverage, zone.depth
    return {
        "id": zone.id,
        "zone": zone.zone,
        "side": zone.side,
        "title": zone.title,
        "pattern": zone.pattern,
        "points": zone.points,
        "ml": None if zone.volume_ml is None else float(zone.volume_ml),
        "area_cm2": round(zone.area_cm2, 1),
        "spacing_mm": None if zone.spacing is None else [zone.spacing.wanted_mm, zone.spacing.min_mm],
        "coverage": None if cover is None else [cover.share.low, cover.share.middle, cover.share.high],
        # The median diameter, and the standard deviation of its logarithm.
        "bleb": None
        if cover is None
        else [cover.bleb_mm.middle, float(np.log(cover.bleb_mm.high / cover.bleb_mm.middle)) / 1.645],
        "border": [_flat(line) for line in zone.border if len(line) > 2],
        "inside": _inside(zone, whole) if zone.dragged else None,
        "tip_mm": depth.tip_depth_mm,
        "tip_sd_mm": depth.tip_sd_mm,
        "verdict": depth.verdict,
        "chances": [[chance.thickness_set, _percent(chance.dermis)] for chance in depth.chances],
    }


def _percent(share: float) -> str:
    """A probability as it may be printed: never 0 or 100 %."""
    return "> 99 %" if share > 0.99 else "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _inside(zone: MappedZone, whole: Atlas) -> str | None:
    """The atlas's triangles in a zone whose border was dragged: ascending, base64 of 32-bit numbers."""
    border = tuple((place.triangle, place.barycentric) for place in zone.dragged)
    return _inside_of(whole, zone.zone, zone.side, border)


@lru_cache(maxsize=64)
def _inside_of(
    whole: Atlas, zone: str, side: Side, border: Sequence[tuple[int, tuple[float, float, float]]]
) -> str | None:
    spots = [Spot(triangle=triangle, barycentric=weights) for triangle, weights in border]
    try:
        field = zones.zone_field(whole, zone, side, spots)
    except InputError:
        return None
    found = np.flatnonzero((field[whole.triangles] > 0).all(axis=1))
    return base64.b64encode(found.astype("<u4").tobytes()).decode()


def _danger(danger: DangerDrawn) -> dict[str, Any]:
    return {
        "id": danger.id,
        "title": danger.title,
        "says": danger.says,
        "margin_mm": danger.margin_mm,
        "sourced": danger.sourced,
        "entered": danger.entered,
        "outline": [_flat(line) for line in danger.outline if len(line) > 1],
        "sources": _sources(danger.sources),
    }


def _path(points: Iterable[MapPoint]) -> list[list[float]]:
    """The needle's way as polylines, broken where it lifts."""
    runs: list[list[float]] = []
    for point in points:
        if point.lift or not runs:
            runs.append([])
        runs[-1] += [*point.position_mm, *(point.to_position_mm or ())]
    return [run for run in runs if len(run) > 3]


def _flat(line: Iterable[Sequence[float]]) -> list[float]:
    return [round(value, 1) for place in line for value in place]


# --- what is said of it -----------------------------------------------------------------------------------------------


def _totals(map: InjectionMap | None, order: Order) -> dict[str, Any]:
    """Sums of the map. `coverage`: the zones' shares weighted by their areas, low, middle, high; the ends are added as
    if all zones erred together, which is the widest they can be."""
    held = budget_ml(order)
    covers = [(zone.area_cm2, zone.coverage.share) for zone in map.zones if zone.coverage] if map is not None else []
    area = sum(part for part, _ in covers)
    return {
        "points": 0 if map is None else len(map.points),
        "ml": None if map is None or map.volume_ml is None else float(map.volume_ml),
        "held_ml": None if held is None else float(held),
        "syringes": 0 if map is None else len(map.syringes),
        "area_cm2": 0.0 if map is None else round(sum(zone.area_cm2 for zone in map.zones if zone.points), 1),
        "coverage": [sum(a * getattr(share, at) for a, share in covers) / area for at in ("low", "middle", "high")]
        if area
        else None,
        "aim": order.map.aim,
        "may_be_signed": map is not None and map.may_be_signed,
    }


def _warnings(map: InjectionMap | None, edition: Edition, language: str) -> list[dict[str, Any]]:
    """Notices and depths, the gravest first; zones of which the same is said stand together."""
    if map is None:
        return []
    title = {zone.id: zone.title for zone in map.zones} | {danger.id: danger.title for danger in map.dangers}
    out: list[dict[str, Any]] = [
        {
            "kind": notice.kind,
            "about": title.get(notice.about) or _region(notice.about, edition, language),
            "zones": [notice.about] if any(zone.id == notice.about for zone in map.zones) else [],
            "text": notice.text,
            "sources": _sources(notice.sources),
        }
        for notice in map.notices
    ]
    alike: dict[tuple[str, ...], list[MappedZone]] = {}
    for zone in map.zones:
        if zone.points and zone.depth.verdict in _VERDICTS:
            alike.setdefault((zone.depth.verdict, *zone.depth.says, zone.depth.suggestion or ""), []).append(zone)
    for (verdict, *_), same in alike.items():
        depth = same[0].depth
        sources = [*depth.sources, *(source for chance in depth.chances for source in chance.sources)]
        out.append(
            {
                "kind": _VERDICTS[verdict],
                "about": "depth",
                "zones": [zone.id for zone in same],
                "text": " ".join(depth.says),
                "suggestion": depth.suggestion,
                "sources": _sources(sources),
            }
        )
    return sorted(out, key=lambda one: _KINDS.index(one["kind"]))


def _region(about: str, edition: Edition, language: str) -> str:
    region = edition.regions.get(about)
    return edition.text(region.title, language) if region else about


def _sources(sources: Iterable[Cited]) -> list[dict[str, str | None]]:
    """Each source once."""
    return [{"ref": ref, "title": s.title, "url": s.url} for ref, s in {s.ref: s for s in sources}.items()]


def dumps(state: dict[str, Any]) -> str:
    """As JSON that may stand in a script element, too."""
    return json.dumps(state, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
