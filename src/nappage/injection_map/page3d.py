"""An injection map as one HTML file: a picture to turn, linked with the table of its points, nothing loaded from
elsewhere.

Without WebGL, and on paper, a drawing from one side and the whole table remain. `viewer/` holds the script's source.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import cv2
import numpy as np
import scipy.sparse as sparse
from scipy.sparse.csgraph import connected_components, dijkstra

from ..knowledge import Edition
from ..values import plain
from .atlas import Atlas
from .document import InjectionMap, LayerChance, MappedZone, MapPoint
from .mesh import Floats, Ints, Surface

_VIEWER = Path(__file__).with_name("viewer")
_COLOURS = (
    "#0b66b0", "#c2410c", "#0f7f58", "#8b3fb5", "#946a00", "#c2185b", "#3f51b5", "#5a7420", "#007b86", "#94502a",
    "#6a55c8", "#4a6572",
)  # fmt: skip
_SHALLOW_TO_DEEP = ((240, 186, 40), (46, 150, 110), (43, 92, 158), (70, 35, 107))
_OPEN = "#7d878d"
_REACHES_MM = (400.0, 300.0, 200.0, 130.0)
_SKIN_BYTES = 520_000
_VIEWS = ("front", "oblique-right", "oblique-left", "side-right", "side-left", "top", "back")
_LAYERS = ("zones", "numbers", "depth", "coverage", "path", "dangers", "threads")


def page(
    map: InjectionMap,
    surface: Surface,
    *,
    atlas: Atlas,
    coverage: Mapping[str, Floats] | None = None,
    edition: Edition,
    language: str,
    title: str,
) -> str:
    """The whole page as text, to be written as UTF-8; under 1.5 MB for 700 points.

    `surface` is what the map was laid out on, with the atlas's triangles. `coverage` gives for a mapped zone (its id)
    the probability (n,) that skin at each vertex of the atlas lies under a bleb, NaN outside the zone; without it the
    blebs are drawn as discs only.
    """
    page = _Page(map, surface, atlas, coverage or {}, edition, language)
    script = (_VIEWER / "viewer.min.js").read_text("utf-8")
    style = (_VIEWER / "style.css").read_text("utf-8") + page.colours()
    return Template((_VIEWER / "page.html").read_text("utf-8")).substitute(
        language=escape(language),
        title=escape(title),
        csp=f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; base-uri 'none'; "
        "form-action 'none'",
        style=style,
        script=script,
        data=json.dumps(page.data(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        subtitle=page.subtitle(),
        notices=page.notices(),
        scale=page.scale_mark(),
        still=page.still(),
        views=page.views(),
        switches=page.switches(),
        legend=page.legend(),
        table=page.table(),
        foot=page.foot(),
        **{
            name: escape(page.say(name.replace("_", "-")))
            for name in (
                "skip", "picture", "no_gl", "no_script", "nearer", "farther", "previous", "next", "choose", "find",
                "go", "show", "points", "keys", "keys_how",
            )
        },
    )  # fmt: skip


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _base64(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _short(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def _flat(values: Floats, digits: int) -> list[float]:
    return [float(v) for v in np.round(values, digits).ravel() + 0.0]


@dataclass(frozen=True)
class _Page:
    map: InjectionMap
    surface: Surface
    atlas: Atlas
    coverage: Mapping[str, Floats]
    edition: Edition
    language: str

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"map.page-{key}", self.language, **words)

    # What the script reads

    def data(self) -> dict[str, Any]:
        """Everything the picture needs; viewer/data.js reads it."""
        skin = self.skin
        number = {zone.id: i for i, zone in enumerate(self.map.zones)}
        on_skin = _Lifted(self.surface)
        return {
            "words": {key: self.say(key) for key in ("order", "announce", "none", "volume", "syringe")},
            "skin": skin.packed(self.zone_of_vertex, self.cover_of_vertex),
            "eyes": self.eyes(skin),
            "parts": [
                {"ball": _ball(self.places[skin.part_of_point == part]), "direction": self.direction(part)}
                for part in range(skin.parts)
            ],
            "zones": [self.zone(zone, on_skin) for zone in self.map.zones],
            "points": [
                {
                    "p": _flat(self.places[i], 2),
                    "n": _flat(self.normals[i], 3),
                    "zone": number[point.zone],
                    "volume": self.volume(point.volume_ml),
                    "syringe": point.syringe,
                    "notes": self.point_notes(point),
                }
                | ({"name": point.name} if point.name else {})
                for i, point in enumerate(self.map.points)
            ],
            "path": [_flat(line, 1) for line in self.path(on_skin)],
            "threads": [
                [
                    _flat(on_skin.along(np.array([point.position_mm, point.to_position_mm])), 1)
                    for point in self.map.points
                    if point.zone == zone.id and point.to_position_mm
                ]
                for zone in self.map.zones
            ],
            "dangers": [
                {
                    "title": danger.title,
                    "sourced": danger.sourced,
                    "outline": [_flat(on_skin.along(np.array(line)), 1) for line in danger.outline if len(line) > 1],
                    "labels": self.danger_labels([np.array(line) for line in danger.outline if len(line)]),
                }
                for danger in self.map.dangers
            ],
        }

    @cached_property
    def places(self) -> Floats:
        return np.array([point.position_mm for point in self.map.points], dtype=np.float64).reshape(-1, 3)

    @cached_property
    def normals(self) -> Floats:
        return np.array([point.normal for point in self.map.points], dtype=np.float64).reshape(-1, 3)

    @cached_property
    def skin(self) -> _Skin:
        """The part of the body that is shown: as far from the points as the page's size allows."""
        triangles = np.array([point.place.triangle for point in self.map.points], dtype=np.int64)
        seeds = np.unique(self.surface.triangles[triangles]) if len(triangles) else np.arange(1)
        away = _distance_mm(self.surface, seeds, _REACHES_MM[0])
        for reach in _REACHES_MM:
            skin = _Skin.near(self.surface, away, reach, triangles)
            if skin.bytes <= _SKIN_BYTES:
                break
        return skin

    @cached_property
    def zone_of_vertex(self) -> Ints:
        """(n,): 0, or one more than the index of the mapped zone the vertex lies in."""
        out = np.zeros(len(self.surface.vertices_mm), dtype=np.int64)
        for i, zone in enumerate(self.map.zones):
            inside = np.array([p.place.triangle for p in self.map.points if p.zone == zone.id], dtype=np.int64)
            out[self.surface.triangles[self.filled(zone, inside)]] = i + 1
        return out

    def filled(self, zone: MappedZone, inside: Ints) -> Ints:
        """The triangles of a mapped zone: from its points outwards until its border. None where the border leaks."""
        shown = self.skin.shown
        walls = np.zeros(len(shown), dtype=bool)
        for line in zone.border:
            walls[self.surface.nearest(_dense(np.array(line), 0.8), candidates=8)[0]] = True
        free = np.flatnonzero(shown & ~walls)
        labels = np.full(len(shown), -1)
        labels[free] = _pieces(self.surface.triangles[free])
        wanted = np.unique(labels[inside])
        found = np.flatnonzero(np.isin(labels, wanted[wanted >= 0]))
        leaks = self.surface.areas_mm2[found].sum() > 130 * zone.area_cm2 + 200
        return found[:0] if leaks else found

    @cached_property
    def cover_of_vertex(self) -> Floats | None:
        """(n,): the greatest probability of lying under a bleb of any zone, or None where none was given."""
        if not self.coverage:
            return None
        greatest: Floats = np.nan_to_num(np.vstack(list(self.coverage.values()))).max(axis=0)
        return greatest

    def zone(self, zone: MappedZone, on_skin: _Lifted) -> dict[str, Any]:
        mine = np.array([point.zone == zone.id for point in self.map.points], dtype=bool)
        centre = self.normals[mine].mean(axis=0) if mine.any() else np.array([0.0, 0, 1])
        return {
            "title": zone.title,
            "colour": self.colour[zone.id],
            "shade": self.shade(zone.depth.tip_depth_mm),
            "lines": self.depth_lines(zone),
            "bleb": round(zone.coverage.bleb_mm.middle, 2) if zone.coverage else 0,
            "border": [_flat(on_skin.along(np.array(line)), 1) for line in zone.border if len(line) > 1],
            "part": int(self.skin.part_of_point[mine][0]) if mine.any() else 0,
            "ball": _ball(self.places[mine]),
            "direction": _flat(_steered(centre), 3),
        }

    def direction(self, part: int) -> list[float]:
        """From where a part is first seen: the front where that shows it, else from above its skin."""
        middle = self.normals[self.skin.part_of_point == part].mean(axis=0)
        if abs(middle[0]) < 0.3 * np.linalg.norm(middle) and middle[2] > 0.4:
            return [0.0, 0.04, 1.0]
        return _flat(_steered(middle), 3)

    def path(self, on_skin: _Lifted) -> list[Floats]:
        """The needle's way from point to point, as polylines on the skin, broken where it lifts."""
        runs: list[list[Sequence[float]]] = []
        for point in self.map.points:
            if point.lift or not runs:
                runs.append([])
            runs[-1].append(point.position_mm)
            if point.to_position_mm:
                runs[-1].append(point.to_position_mm)
        return [on_skin.along(np.array(run)) for run in runs if len(run) > 1]

    def danger_labels(self, outlines: Sequence[Floats]) -> list[list[list[float]]]:
        """One place and normal for the name of each outline, those near one already named left out."""
        out: list[list[list[float]]] = []
        for line in sorted(outlines, key=len, reverse=True):
            triangle, weights, _ = self.surface.nearest(line.mean(axis=0)[None])
            at = self.surface.at(triangle, weights)[0]
            if all(np.linalg.norm(at - np.array(other[0])) > 25 for other in out):
                out.append([_flat(at, 1), _flat(self.surface.normals_at(triangle, weights)[0], 2)])
        return out

    def eyes(self, skin: _Skin) -> list[dict[str, Any]]:
        """The eyeballs where the head is shown; on a fitted patient moved and sized with the skin around them."""
        body = self.atlas.body(self.map.surface.body).vertices_mm
        out = []
        for *centre, radius in self.atlas.eyes(self.map.surface.body):
            ring = np.linalg.norm(body - np.array(centre), axis=1) < 1.5 * radius
            if not skin.has_vertex[ring].any():
                continue
            here, there = body[ring], self.surface.vertices_mm[ring]
            size = float(np.sqrt(there.var(axis=0).sum() / here.var(axis=0).sum()))
            moved = there.mean(axis=0) + (np.array(centre) - here.mean(axis=0)) * size
            out.append({"centre": _flat(moved, 1), "radius": round(radius * size, 2)})
        return out

    # Colours

    @cached_property
    def colour(self) -> dict[str, str]:
        """Mapped zone → its colour, the same on both sides."""
        kinds = list(dict.fromkeys(zone.zone for zone in self.map.zones))
        return {zone.id: _COLOURS[kinds.index(zone.zone) % len(_COLOURS)] for zone in self.map.zones}

    @cached_property
    def depths(self) -> list[float]:
        found = {zone.depth.tip_depth_mm for zone in self.map.zones}
        return sorted(depth for depth in found if depth is not None)

    def shade(self, depth: float | None) -> str:
        """A tip depth's colour, from the shallowest of this map to the deepest."""
        if depth is None:
            return _OPEN
        low, high = self.depths[0], self.depths[-1]
        at = 0.5 if high - low < 1e-6 else (depth - low) / (high - low)
        stops = np.linspace(0, 1, len(_SHALLOW_TO_DEEP))
        parts = [round(float(np.interp(at, stops, [c[i] for c in _SHALLOW_TO_DEEP]))) for i in range(3)]
        return "#{:02x}{:02x}{:02x}".format(*parts)

    def colours(self) -> str:
        """Style rules for this map's colours: style attributes would need a laxer content policy."""
        zones = [f".z{i}{{--mark:{self.colour[zone.id]}}}" for i, zone in enumerate(self.map.zones)]
        depths = [f".d{i}{{--mark:{self.shade(depth)}}}" for i, depth in enumerate(self.depths)]
        return "\n" + "".join([*zones, *depths, f".open{{--mark:{_OPEN}}}"]) + "\n"

    # Words

    def subtitle(self) -> str:
        known = self.edition.techniques.get(self.map.technique)
        technique = self.edition.text(known.title, self.language) if known else self.map.technique
        return escape(
            self.say(
                "subtitle",
                technique=technique,
                points=str(len(self.map.points)),
                volume=self.number(self.map.volume_ml),
                syringes=str(len(self.map.syringes)),
                path=_short(self.map.path_mm / 1000, 1),
            )
        )

    def number(self, volume_ml: Decimal | None) -> str:
        return "?" if volume_ml is None else plain(volume_ml)

    def volume(self, volume_ml: Decimal | None) -> str:
        return self.say("depth-open") if volume_ml is None else self.say("ml", volume=plain(volume_ml))

    def notices(self) -> str:
        """What is open first, then warnings; notes are folded away where there are more than two."""
        lines = []
        used = self.map.surface
        size = used.scale + (" " + self.say("taken", day=used.taken_on.isoformat()) if used.taken_on else "")
        if not used.to_scale:
            why = self.say("not-to-scale-why", scale=size)
            lines.append(_notice("warn", self.say("not-to-scale"), why))
        if not self.map.may_be_signed:
            lines.insert(0, f'<p class="unsigned">{escape(self.say("unsigned"))}</p>')
        order = ("refuse", "ask", "warn", "note")
        told = [
            _notice(n.kind, self.say(n.kind), n.text) for kind in order[:3] for n in self.map.notices if n.kind == kind
        ]
        notes = [n.text for n in self.map.notices if n.kind == "note"]
        if used.to_scale:
            notes.insert(0, self.say("scale", scale=size))
        folded = "".join(_notice("note", self.say("note"), text) for text in notes)
        if len(notes) > 2:
            folded = f"<details><summary>{escape(self.say('note'))} ({len(notes)})</summary>{folded}</details>"
        body = "".join([*lines, *told, folded])
        return f'<section class="notices" aria-label="{escape(self.say("notices"))}">{body}</section>' if body else ""

    def scale_mark(self) -> str:
        if self.map.surface.to_scale:
            return ""
        return f'<p class="scale">{escape(self.say("not-to-scale"))}</p>'

    def depth_lines(self, zone: MappedZone) -> list[tuple[str, str]]:
        """Term and value, for the card of a point of the zone."""
        chances = zone.depth.chances
        return [
            (self.say("tip"), self.tip(zone)),
            *((self.say("dermis", set=chance.thickness_set), self.chance(chance)) for chance in chances),
        ]

    def tip(self, zone: MappedZone) -> str:
        depth = zone.depth
        if depth.tip_depth_mm is None:
            return self.say("depth-open")
        if depth.tip_sd_mm:
            return self.say("tip-sd", tip=_short(depth.tip_depth_mm), sd=_short(depth.tip_sd_mm))
        return self.say("tip-mm", tip=_short(depth.tip_depth_mm))

    def chance(self, chance: LayerChance) -> str:
        """A probability as it may be printed: never 0 or 100 %."""
        text = "> 99 %" if chance.dermis > 0.99 else "< 1 %" if chance.dermis < 0.01 else f"{100 * chance.dermis:.0f} %"
        return self.say("borrowed", chance=text, site=chance.borrowed_from) if chance.borrowed_from else text

    def point_notes(self, point: MapPoint) -> list[str]:
        notes = []
        if point.number in {syringe.first_point for syringe in self.map.syringes[1:]}:
            notes.append(self.say("change"))
        if point.lift and point.number > 1:
            notes.append(self.say("lift"))
        if point.added:
            notes.append(self.say("added"))
        if point.to_position_mm:
            length = float(np.linalg.norm(np.subtract(point.to_position_mm, point.position_mm)))
            notes.append(self.say("thread", length=_short(length, 0)))
        return notes

    # HTML

    def views(self) -> str:
        return "".join(
            f'<button type="button" data-view="{view}">{escape(self.say(f"view-{view}"))}</button>' for view in _VIEWS
        )

    def switches(self) -> str:
        there = {
            "depth": len(self.depths) > 0,
            "coverage": any(zone.coverage for zone in self.map.zones) or bool(self.coverage),
            "path": len(self.map.points) > 1,
            "dangers": bool(self.map.dangers),
            "threads": any(point.to for point in self.map.points),
        }
        on = {"zones", "numbers", "dangers", "threads"}
        return "".join(
            f'<label class="switch"><input type="checkbox" data-layer="{layer}"{" checked" if layer in on else ""}>'
            f"<span>{escape(self.say(f'layer-{layer}'))}</span></label>"
            for layer in _LAYERS
            if there.get(layer, True)
        )

    def legend(self) -> str:
        zones = "".join(
            f'<li><button type="button" data-zone="{i}" class="z{i}"><i class="dot"></i>'
            f"<span><b>{escape(zone.title)}</b><small>{escape(self.zone_line(zone))}</small></span></button></li>"
            for i, zone in enumerate(self.map.zones)
        )
        parts = [f"<h2>{escape(self.say('zones'))}</h2><ul class='zones'>{zones}</ul>"]
        depths = "".join(
            f'<li class="d{i}"><i class="dot"></i>{escape(self.say("tip-mm", tip=_short(depth)))}</li>'
            for i, depth in enumerate(self.depths)
        )
        if any(zone.depth.tip_depth_mm is None for zone in self.map.zones):
            depths += f'<li class="open"><i class="dot"></i>{escape(self.say("depth-open"))}</li>'
        parts.append(f"<h2>{escape(self.say('depths'))}</h2><ul class='depths'>{depths}</ul>")
        parts += [self.coverage_legend(), self.danger_legend()]
        return "".join(f"<section>{part}</section>" for part in parts if part)

    def zone_line(self, zone: MappedZone) -> str:
        return self.say(
            "zone-line", points=str(zone.points), volume=self.number(zone.volume_ml), area=_short(zone.area_cm2, 1)
        )

    def coverage_legend(self) -> str:
        known = [(zone, zone.coverage) for zone in self.map.zones if zone.coverage]
        if not known:
            return ""
        makers = list(dict.fromkeys(c.calibrated_by for _, c in known))
        how = "; ".join(self.say("coverage-own", who=who) if who else self.say("coverage-law") for who in makers)
        lines = "".join(
            "<li>{}</li>".format(
                escape(
                    self.say(
                        "coverage-line",
                        zone=zone.title,
                        low=_short(100 * c.share.low, 0),
                        middle=_short(100 * c.share.middle, 0),
                        high=_short(100 * c.share.high, 0),
                    )
                )
            )
            for zone, c in known
        )
        points = f"<p>{escape(self.say('coverage-points'))}</p>" if self.map.aim == "points" else ""
        return (
            f"<h2>{escape(self.say('coverage'))}</h2><p>{escape(how[:1].upper() + how[1:])}. "
            f"<b>{escape(self.say('coverage-not'))}</b></p>{points}<ul class='shares'>{lines}</ul>"
        )

    def danger_legend(self) -> str:
        if not self.map.dangers:
            return ""
        items = []
        for danger in self.map.dangers:
            facts = [self.say("danger-margin", margin=_short(danger.margin_mm, 1))]
            if not danger.sourced:
                facts.append(self.say("danger-unsourced"))
            if danger.entered:
                facts.append(self.say("danger-entered", reason=danger.entered))
            kind = "line" if danger.sourced else "line dashed"
            items.append(
                f'<li><i class="{kind}"></i><span><b>{escape(danger.title)}</b>'
                f"<small>{escape(' · '.join(facts))}</small><small>{escape(danger.says)}</small></span></li>"
            )
        return f"<h2>{escape(self.say('dangers'))}</h2><ul class='dangers'>{''.join(items)}</ul>"

    def table(self) -> str:
        """Every point, as rows that a reader of any kind can walk."""
        sets = list(dict.fromkeys(c.thickness_set for zone in self.map.zones for c in zone.depth.chances))
        titles = [
            *(self.say(f"column-{name}") for name in ("number", "zone", "tip")),
            *(self.say("column-dermis", set=name) for name in sets),
            *(self.say(f"column-{name}") for name in ("volume", "syringe")),
        ]
        cells = {zone.id: self.zone_cells(zone, sets) for zone in self.map.zones}
        number = {zone.id: i for i, zone in enumerate(self.map.zones)}
        rows = []
        for point in self.map.points:
            first, rest = cells[point.zone]
            name = f"{escape(point.name)} · " if point.name else ""
            notes = "".join(f"<small>{escape(note)}</small>" for note in self.point_notes(point))
            rows.append(
                f'<tr data-point="{point.number}"><th scope="row"><i class="dot z{number[point.zone]}"></i>'
                f'<button type="button">{point.number}</button></th>'
                f"<td>{name}{first}{notes}</td>{rest}<td>{self.number(point.volume_ml)}</td><td>{point.syringe}</td></tr>"
            )
        heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in titles)
        return (
            f'<table id="points"><caption>{escape(self.say("points"))}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )

    def zone_cells(self, zone: MappedZone, sets: Iterable[str]) -> tuple[str, str]:
        by_set = {chance.thickness_set: self.chance(chance) for chance in zone.depth.chances}
        tip = self.say("depth-open") if zone.depth.tip_depth_mm is None else _short(zone.depth.tip_depth_mm)
        rest = "".join(f"<td>{escape(text)}</td>" for text in (tip, *(by_set.get(name, "–") for name in sets)))
        return escape(zone.title), rest

    def foot(self) -> str:
        return escape(self.say("foot", software=self.map.software, edition=self.map.edition, atlas=self.map.atlas))

    def still(self) -> str:
        """The map from one side as SVG: what remains without WebGL, and on paper."""
        part = int(np.bincount(self.skin.part_of_point).argmax()) if len(self.places) else 0
        towards = np.array(self.direction(part) if len(self.places) else [0.0, 0, 1])
        towards /= np.linalg.norm(towards)
        right = np.cross([0.0, 1, 0], towards)
        right /= np.linalg.norm(right)
        across = np.stack([right, -np.cross(towards, right)], axis=1)  # mm → right and down in the picture
        here = self.skin.part_of_point == part
        seen = here & (self.normals @ towards > 0.1)
        flat = self.places @ across
        box = np.array([flat[here].min(axis=0) - 40, flat[here].max(axis=0) + 40])
        out = [
            f'<path class="skin" d="{_outline(self.surface.corners[self.skin.shown] @ across, box)}"/>',
        ]
        numbers = {zone.id: i for i, zone in enumerate(self.map.zones)}
        for zone in self.map.zones:
            lines = [np.array(line) for line in zone.border]
            drawn = "".join(_svg_line(line @ across) for line in lines if len(line) > 2)
            out.append(f'<path class="border z{numbers[zone.id]}" d="{drawn}"/>')
        for i in np.flatnonzero(seen):
            x, y = flat[i]
            out.append(f'<circle class="z{numbers[self.map.points[i].zone]}" cx="{x:.1f}" cy="{y:.1f}" r="1.1"/>')
        named: list[Floats] = []
        for i in sorted(np.flatnonzero(seen), key=lambda i: ((i + 1) % 10 != 0, (i + 1) % 5 != 0, i)):
            x, y = flat[i]
            if all(abs(x - a) > 6.5 or abs(y - b) > 3.4 for a, b in named):
                named.append(flat[i])
                out.append(f'<text x="{x:.1f}" y="{y - 1.7:.1f}">{self.map.points[i].number}</text>')
        (left, top), (width, height) = box[0], box[1] - box[0]
        return (
            f'<svg viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}" role="img" '
            f'aria-label="{escape(self.say("still"))}">{"".join(out)}</svg>'
        )


def _notice(kind: str, label: str, text: str) -> str:
    return f'<div class="notice {kind}"><strong>{escape(label)}</strong> <span>{escape(text)}</span></div>'


@dataclass(frozen=True)
class _Skin:
    """The shown part of a body. The page carries coarse triangles and rebuilds the fine ones, four for each."""

    surface: Surface
    coarse: Ints  # which of the coarse triangles are shown
    away_mm: Floats
    reach_mm: float
    part_of_point: Ints
    parts: int

    @staticmethod
    def near(surface: Surface, away_mm: Floats, reach_mm: float, points: Ints) -> _Skin:
        """All skin nearer than `reach_mm` to the points, along the skin."""
        close = (away_mm[surface.triangles] < reach_mm).any(axis=1).reshape(-1, 4).any(axis=1)
        coarse: Ints = np.flatnonzero(close).astype(np.int64)
        labels = np.full(len(surface.triangles), -1)
        fine = np.repeat(close, 4)
        labels[fine] = _pieces(surface.triangles[fine])
        _, part = np.unique(labels[points], return_inverse=True)
        return _Skin(surface, coarse, away_mm, reach_mm, part.ravel(), int(part.max(initial=-1)) + 1)

    @cached_property
    def shown(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(m,): which fine triangles are shown."""
        out = np.zeros(len(self.surface.triangles) // 4, dtype=bool)
        out[self.coarse] = True
        return np.repeat(out, 4)

    @cached_property
    def has_vertex(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        out = np.zeros(len(self.surface.vertices_mm), dtype=bool)
        out[self.surface.triangles[self.shown]] = True
        return out

    @property
    def bytes(self) -> int:
        """About what it takes on the page."""
        return 12 * int(self.has_vertex.sum()) + 6 * len(self.coarse)

    def packed(self, zone: Ints, cover: Floats | None) -> dict[str, Any]:
        """Vertices in the order of first use, old ones first and then those on the edges: the script numbers the
        latter alike (see viewer/data.js)."""
        corner = self.surface.triangles.reshape(-1, 4, 3)[self.coarse]
        old, old_numbers = _first_use(corner[:, :3, 0].ravel())
        new, _ = _first_use(corner[:, 3, [2, 0, 1]].ravel())  # on the edges ab, bc, ca
        order = np.concatenate([old, new])
        positions = self.surface.vertices_mm[order]
        origin = positions.min(axis=0)
        step = float((positions.max(axis=0) - origin).max()) / 65535
        following = np.concatenate([[0], np.maximum.accumulate(old_numbers)[:-1] + 1])
        shown = np.clip((self.reach_mm - self.away_mm[order]) / min(90.0, self.reach_mm / 3), 0, 1)
        marks = np.concatenate([zone[order], np.round(255 * shown)]).astype(np.uint8)
        out = {
            "origin": _flat(origin, 4),
            "step": step,
            "count": len(self.coarse),
            "positions": _base64(np.round((positions - np.round(origin, 4)) / step).clip(0, 65535).astype("<u2")),
            "triangles": _base64(_sevens(following - old_numbers)),
            "marks": _base64(marks),
        }
        return out if cover is None else out | {"cover": _base64(np.round(255 * cover[order]).astype(np.uint8))}


@dataclass(frozen=True)
class _Lifted:
    """Lines laid onto the skin, a little above it so that they are not drawn into it."""

    surface: Surface

    def along(self, line: Floats) -> Floats:
        dense = _dense(line, 4.0)
        triangles, weights, _ = self.surface.nearest(dense, candidates=12)
        return self.surface.at(triangles, weights) + 0.7 * self.surface.normals_at(triangles, weights)


def _dense(line: Floats, step_mm: float) -> Floats:
    """The same polyline with no piece longer than a step."""
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
    counts = np.maximum(np.ceil(lengths / step_mm).astype(int), 1)
    start = np.repeat(np.arange(len(lengths)), counts)
    part = np.concatenate([np.arange(count) / count for count in counts]) if len(counts) else np.zeros(0)
    inner = line[start] + part[:, None] * (line[start + 1] - line[start]) if len(counts) else line[:0]
    return np.vstack([inner, line[-1:]])


def _distance_mm(surface: Surface, seeds: Ints, limit_mm: float) -> Floats:
    """(n,): the way along edges from the nearest seed vertex; infinite beyond the limit."""
    triangles = surface.triangles
    edges = np.unique(np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), 1), axis=0)
    lengths = np.linalg.norm(surface.vertices_mm[edges[:, 0]] - surface.vertices_mm[edges[:, 1]], axis=1)
    count = len(surface.vertices_mm)
    graph = sparse.csr_array((lengths, (edges[:, 0], edges[:, 1])), shape=(count, count))
    return np.asarray(dijkstra(graph, directed=False, indices=seeds, min_only=True, limit=limit_mm))


def _pieces(triangles: Ints) -> Ints:
    """(m,): the connected piece of each triangle, by shared edges."""
    edges = np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    owner = np.tile(np.arange(len(triangles)), 3)
    _, shared = np.unique(edges, axis=0, return_inverse=True)
    order = np.argsort(shared.ravel(), kind="stable")
    pairs = shared.ravel()[order][1:] == shared.ravel()[order][:-1]
    a, b = owner[order][:-1][pairs], owner[order][1:][pairs]
    graph = sparse.coo_array((np.ones(len(a)), (a, b)), shape=(len(triangles),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _first_use(values: Ints) -> tuple[Ints, Ints]:
    """The different values in the order of their first use, and each value's number in it."""
    found, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    number = np.empty(len(found), dtype=np.int64)
    number[order] = np.arange(len(found))
    return found[order], number[inverse.ravel()]


def _sevens(values: Ints) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Whole numbers as groups of seven bits, lowest first, the eighth bit set on all but a number's last."""
    groups = [(values >> shift) & 127 for shift in (0, 7, 14)]
    kept = np.stack([values >= 0, values >= 1 << 7, values >= 1 << 14], axis=1)
    more = np.column_stack([kept[:, 1:], np.zeros(len(values), dtype=bool)])
    return np.asarray((np.stack(groups, axis=1) + 128 * more)[kept], dtype=np.uint8)


def _ball(points: Floats) -> dict[str, Any]:
    """A ball around points, wide enough to see where on the body they lie."""
    if not len(points):
        return {"centre": [0, 0, 0], "radius": 200}
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    return {"centre": _flat(centre, 1), "radius": round(1.06 * radius + 16, 1)}


def _steered(direction: Floats) -> Floats:
    """A unit direction, held off the poles, where up is lost."""
    unit = direction / max(float(np.linalg.norm(direction)), 1e-9)
    unit[1] = np.clip(unit[1], -0.9, 0.9)
    return np.asarray(unit / max(float(np.linalg.norm(unit)), 1e-9))


def _svg_line(points: Floats) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _outline(triangles: Floats, box: Floats) -> str:
    """The outline of projected triangles (k, 3, 2) inside a box, as an SVG path."""
    scale = 3.0
    size = np.ceil((box[1] - box[0]) * scale).astype(int)
    near = triangles[((triangles.max(axis=1) > box[0]) & (triangles.min(axis=1) < box[1])).all(axis=1)]
    mask = np.zeros((int(size[1]), int(size[0])), dtype=np.uint8)
    for triangle in np.round((near - box[0]) * scale).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, 255)
    rings, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rings = [cv2.approxPolyDP(ring, 1.2, True)[:, 0] for ring in rings if len(ring) > 20]
    return "".join(_svg_line(ring / scale + box[0]) + "Z" for ring in rings)
