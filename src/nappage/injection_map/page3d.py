"""An injection map as one HTML file: a picture to turn, linked with the table of its points, nothing loaded from
elsewhere.

Without WebGL, and on paper, a drawing from one side and the whole table remain. `viewer/` holds the script's source.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
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

from ..knowledge import Cited, Edition
from ..values import plain
from .atlas import Atlas
from .document import InjectionMap, LayerChance, MappedZone, MapPoint
from .kept import kept
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
    edition: Edition,
    language: str,
    title: str,
    under: str = "",
) -> str:
    """The whole page as text, to be written as UTF-8; under 1.5 MB for 700 points. `under`: a line below its subtitle.

    `surface` is what the map was laid out on, with the atlas's triangles. The blebs are drawn with soft edges, by the
    spread of their size: where two lie over one another the colours add up as the probabilities do.
    """
    page = _Page(map, surface, atlas, edition, language)
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
        subtitle=page.subtitle() + (f"<br>{escape(under)}" if under else ""),
        notices=page.notices(),
        scale=page.scale_mark(),
        still=page.still(),
        views=page.views(),
        switches=page.switches(),
        legend=page.legend(),
        table=page.table(),
        sources=page.sources(),
        foot=page.foot(),
        **{
            name: escape(page.say(name.replace("_", "-")))
            for name in (
                "skip", "picture", "no_gl", "no_script", "nearer", "farther", "previous", "next", "choose", "find",
                "go", "show", "points", "keys", "keys_how",
            )
        },
    )  # fmt: skip


def whole_skin(surface: Surface, *marks: Ints) -> dict[str, Any]:
    """A whole body as viewer/data.js reads it, its triangles in the atlas's order; with the first `marks` (n,) for
    each vertex in the place of the zones, and any further ones behind them. Marks are 0 to 255."""
    coarse = np.arange(len(surface.triangles) // 4)
    near = np.zeros(len(surface.vertices_mm))
    return _Skin(surface, coarse, near, 1e9, np.zeros(0, dtype=np.int64), 0).packed(*marks)


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
    edition: Edition
    language: str

    def say(self, key: str, **words: str) -> str:
        return self.edition.say(f"map.page-{key}", self.language, **words)

    # What the script reads

    def data(self) -> dict[str, Any]:
        """Everything the picture needs; viewer/data.js reads it."""
        skin = self.skin
        number = {zone.id: i for i, zone in enumerate(self.map.zones)}
        borders = [[_closed(np.array(line)) for line in zone.border if len(line) > 2] for zone in self.map.zones]
        dangers = [[np.array(line) for line in danger.outline if len(line) > 1] for danger in self.map.dangers]
        threads = [
            [
                np.array([point.position_mm, point.to_position_mm])
                for point in self.map.points
                if point.zone == zone.id and point.to_position_mm
            ]
            for zone in self.map.zones
        ]
        groups = _on_skin(self.surface, [*borders, *threads, *dangers, self.path()])
        zones = len(self.map.zones)
        return {
            "words": {key: self.say(key) for key in ("order", "announce", "none", "volume", "syringe")},
            "skin": skin.packed(self.zone_of_vertex),
            "eyes": self.eyes(skin),
            "parts": [
                {"ball": _ball(self.places[skin.part_of_point == part]), "direction": self.direction(part)}
                for part in range(skin.parts)
            ]
            or [{"ball": _ball(self.surface.vertices_mm[self.atlas.head_base]), "direction": [0, 0.04, 1]}],
            "zones": [
                self.zone(zone) | {"border": border, "threads": lines}
                for zone, border, lines in zip(self.map.zones, groups[:zones], groups[zones : 2 * zones], strict=True)
            ],
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
                | ({"to": _flat(np.array(point.to_position_mm), 2)} if point.to_position_mm else {})
                for i, point in enumerate(self.map.points)
            ],
            "path": groups[-1],
            "dangers": [
                {"title": danger.title, "sourced": danger.sourced, "outline": outline, "labels": labels}
                for danger, outline, labels in zip(
                    self.map.dangers, groups[2 * zones : -1], self.danger_labels(dangers), strict=True
                )
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
        seeds = np.unique(self.surface.triangles[triangles]) if len(triangles) else self.atlas.head_base
        ways = _ways_mm(self.surface, self.atlas)
        away = dijkstra(ways, directed=False, indices=seeds, min_only=True, limit=_REACHES_MM[0])
        for reach in _REACHES_MM:
            skin = _Skin.near(self.surface, away, reach, triangles)
            if skin.bytes <= _SKIN_BYTES:
                break
        return skin

    @cached_property
    def zone_of_vertex(self) -> Ints:
        """(n,): 0, or one more than the index of the mapped zone the vertex lies in: from its points outwards until
        the zones' borders; of a zone whose border leaks only the triangles of its points."""
        triangles, shown = self.surface.triangles, self.skin.shown
        out = np.zeros(len(self.surface.vertices_mm), dtype=np.int64)
        borders = [_dense(_closed(np.array(line)), 0.8) for zone in self.map.zones for line in zone.border]
        if not borders:
            return out
        walls = np.zeros(len(shown), dtype=bool)
        walls[self.surface.nearest(np.vstack(borders), candidates=8)[0]] = True
        free = np.flatnonzero(shown & ~walls)
        labels = np.full(len(shown), -1)
        labels[free] = _pieces(triangles[free])
        areas = np.bincount(labels[free], weights=self.surface.areas_mm2[free])
        for i, zone in enumerate(self.map.zones):
            mine = [point.place.triangle for point in self.map.points if point.zone == zone.id]
            wanted = np.unique(labels[mine])
            wanted = wanted[wanted >= 0]
            if areas[wanted].sum() < 110 * zone.area_cm2:
                out[triangles[np.isin(labels, wanted)]] = i + 1
            out[triangles[mine]] = i + 1
        return out

    def zone(self, zone: MappedZone) -> dict[str, Any]:
        mine = np.array([point.zone == zone.id for point in self.map.points], dtype=bool)
        middle = self.normals[mine].mean(axis=0) if mine.any() else np.array([0.0, 0, 1])
        bleb = zone.coverage.bleb_mm if zone.coverage else None
        return {
            "title": zone.title,
            "colour": self.colour[zone.id],
            "shade": self.shade(zone.depth.tip_depth_mm),
            "lines": self.depth_lines(zone),
            # The median diameter, and the standard deviation of its logarithm.
            "bleb": [round(bleb.middle, 3), round(float(np.log(bleb.high / bleb.middle)) / 1.645, 3)] if bleb else None,
            "part": int(self.skin.part_of_point[mine][0]) if mine.any() else 0,
            "ball": _ball(self.places[mine]),
            "direction": _flat(_steered(middle), 3),
        }

    def direction(self, part: int) -> list[float]:
        """From where a part is first seen: the front where that shows it, else from above its skin."""
        middle = self.normals[self.skin.part_of_point == part].mean(axis=0)
        if abs(middle[0]) < 0.3 * np.linalg.norm(middle) and middle[2] > 0.4:
            return [0.0, 0.04, 1.0]
        return _flat(_steered(middle), 3)

    def path(self) -> list[Floats]:
        """The needle's way from point to point, as polylines, broken where it lifts."""
        runs: list[list[Sequence[float]]] = []
        for point in self.map.points:
            if point.lift or not runs:
                runs.append([])
            runs[-1].append(point.position_mm)
            if point.to_position_mm:
                runs[-1].append(point.to_position_mm)
        return [np.array(run) for run in runs if len(run) > 1]

    def danger_labels(self, outlines: Sequence[Sequence[Floats]]) -> list[list[list[list[float]]]]:
        """For each danger the places and normals for its name: one for each outline, save near another one."""
        lines = [line for group in outlines for line in group]
        if not lines:
            return [[] for _ in outlines]
        found = self.surface.nearest(np.array([line.mean(axis=0) for line in lines]))[:2]
        places, normals = iter(self.surface.at(*found)), iter(self.surface.normals_at(*found))
        out: list[list[list[list[float]]]] = []
        for group in outlines:
            out.append([])
            for _, at, normal in zip(group, places, normals, strict=False):
                if all(np.linalg.norm(at - np.array(other)) > 25 for other, _ in out[-1]):
                    out[-1].append([_flat(at, 1), _flat(normal, 2)])
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
        used = self.map.surface
        size = used.scale + (" " + self.say("taken", day=used.taken_on.isoformat()) if used.taken_on else "")
        told = [notice for notice in self.map.notices if notice.text != used.scale]  # the size is told here
        parts = [] if self.map.may_be_signed else [f'<p class="unsigned">{escape(self.say("unsigned"))}</p>']
        if not used.to_scale:
            parts.append(self.notice("warn", self.say("not-to-scale-why", scale=size), self.say("not-to-scale")))
        for kind in ("refuse", "ask", "warn"):
            parts += [self.notice(kind, n.text, sources=n.sources) for n in told if n.kind == kind]
        notes = [self.notice("note", self.say("scale", scale=size))] if used.to_scale else []
        notes += [self.notice("note", n.text, sources=n.sources) for n in told if n.kind == "note"]
        if len(notes) > 2:
            title = f"{escape(self.say('note'))} ({len(notes)})"
            notes = [f"<details><summary>{title}</summary>", *notes, "</details>"]
        if not parts and not notes:
            return ""
        label = escape(self.say("notices"))
        return f'<section class="notices" aria-label="{label}">{"".join(parts + notes)}</section>'

    def notice(self, kind: str, text: str, title: str = "", sources: Iterable[Cited] = ()) -> str:
        title = title or self.say(kind)
        return (
            f'<div class="notice {kind}"><strong>{escape(title)}</strong> <span>{escape(text)}</span>'
            f"{_refs(sources)}</div>"
        )

    def scale_mark(self) -> str:
        if self.map.surface.to_scale:
            return ""
        return f'<p class="scale">{escape(self.say("not-to-scale"))}</p>'

    @cached_property
    def sets(self) -> dict[str, str]:
        """Each set of skin thicknesses in the map → the letter it goes by on this page."""
        names = dict.fromkeys(chance.thickness_set for zone in self.map.zones for chance in zone.depth.chances)
        return {name: chr(ord("A") + i) for i, name in enumerate(names)}

    def depth_lines(self, zone: MappedZone) -> list[tuple[str, str]]:
        """Term and value, for the card of a point of the zone."""
        lines = [(self.say("tip"), self.tip(zone))]
        for chance in zone.depth.chances:
            value = " ".join([self.chance(chance), self.borrowed(chance)]).strip()
            lines.append((self.say("dermis", set=self.sets[chance.thickness_set]), value))
        return lines

    def tip(self, zone: MappedZone) -> str:
        depth = zone.depth
        if depth.tip_depth_mm is None:
            return self.say("depth-open")
        if depth.tip_sd_mm:
            return self.say("tip-sd", tip=_short(depth.tip_depth_mm), sd=_short(depth.tip_sd_mm))
        return self.say("tip-mm", tip=_short(depth.tip_depth_mm))

    def chance(self, chance: LayerChance) -> str:
        """A probability as it may be printed: never 0 or 100 %."""
        return "> 99 %" if chance.dermis > 0.99 else "< 1 %" if chance.dermis < 0.01 else f"{100 * chance.dermis:.0f} %"

    def borrowed(self, chance: LayerChance) -> str:
        """Whose figures stand in where a set has none of this site; empty where it has."""
        if not chance.borrowed_from:
            return ""
        region = self.edition.regions.get(chance.borrowed_from)
        site = self.edition.text(region.title, self.language) if region else chance.borrowed_from
        return self.say("borrowed", site=site)

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
            "coverage": any(zone.coverage for zone in self.map.zones),
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
        sources = _refs(source for _, c in known for source in c.sources)
        return (
            f"<h2>{escape(self.say('coverage'))}</h2><p>{escape(how[:1].upper() + how[1:])}. "
            f"<b>{escape(self.say('coverage-not'))}</b>{sources}</p>{points}<ul class='shares'>{lines}</ul>"
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
                f"<small>{escape(' · '.join(facts))}</small>"
                f"<small>{escape(danger.says)}{_refs(danger.sources)}</small></span></li>"
            )
        return f"<h2>{escape(self.say('dangers'))}</h2><ul class='dangers'>{''.join(items)}</ul>"

    def table(self) -> str:
        """Every point, as rows that a reader of any kind can walk."""
        titles = [
            *(self.say(f"column-{name}") for name in ("number", "zone", "tip")),
            *(self.say("dermis", set=letter) for letter in self.sets.values()),
            *(self.say(f"column-{name}") for name in ("volume", "syringe")),
        ]
        cells = {zone.id: self.zone_cells(zone) for zone in self.map.zones}
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
        chances = [chance for zone in self.map.zones for chance in zone.depth.chances]
        said = [self.say("set", set=letter, name=name) for name, letter in self.sets.items()]
        if any(chance.borrowed_from for chance in chances):
            said.append(self.say("borrowed-note"))
        sources = _refs(source for chance in chances for source in chance.sources)
        note = f"<small>{escape(' '.join(said))}{sources}</small>" if said else ""
        return (
            f'<table id="points"><caption>{escape(self.say("points"))}{note}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )

    def zone_cells(self, zone: MappedZone) -> tuple[str, str]:
        tip = self.say("depth-open") if zone.depth.tip_depth_mm is None else _short(zone.depth.tip_depth_mm)
        by_set = {chance.thickness_set: chance for chance in zone.depth.chances}
        texts = [escape(tip)]
        for chance in (by_set.get(name) for name in self.sets):
            mark = f'<abbr title="{escape(self.borrowed(chance))}">*</abbr>' if chance and chance.borrowed_from else ""
            texts.append((escape(self.chance(chance)) if chance else "–") + mark)
        return escape(zone.title), "".join(f"<td>{text}</td>" for text in texts)

    def sources(self) -> str:
        """Every source that the page names, once."""
        named: list[Cited] = [source for notice in self.map.notices for source in notice.sources]
        for zone in self.map.zones:
            named += [source for chance in zone.depth.chances for source in chance.sources]
            named += zone.coverage.sources if zone.coverage else ()
        named += [source for danger in self.map.dangers for source in danger.sources]
        by_key = {source.ref: source for source in named}
        if not by_key:
            return ""
        lines = []
        for key in sorted(by_key):
            source = by_key[key]
            link = f' <a href="{escape(source.url)}">{escape(source.url)}</a>' if source.url else ""
            lines.append(f"<li><b>{escape(key)}</b> {escape(source.title)}{link}</li>")
        title = escape(self.say("sources"))
        return f"<details><summary>{title}</summary><ul class='sources'>{''.join(lines)}</ul></details>"

    def foot(self) -> str:
        return escape(self.say("foot", software=self.map.software, edition=self.map.edition, atlas=self.map.atlas))

    def still(self) -> str:
        """The map from one side as SVG: what remains without WebGL, and on paper."""
        if not self.map.points:
            return ""
        part = int(np.bincount(self.skin.part_of_point).argmax())
        towards = np.array(self.direction(part))
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
            drawn = "".join(_svg_line(np.array(line) @ across) + "Z" for line in zone.border if len(line) > 2)
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


def _refs(sources: Iterable[Cited]) -> str:
    keys = dict.fromkeys(source.ref for source in sources)
    return f' <span class="ref">[{escape(", ".join(keys))}]</span>' if keys else ""


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

    def packed(self, zone: Ints, *more: Ints) -> dict[str, Any]:
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
        marks = np.concatenate([zone[order], np.round(255 * shown), *(one[order] for one in more)]).astype(np.uint8)
        return {
            "origin": _flat(origin, 4),
            "step": step,
            "count": len(self.coarse),
            "positions": _base64(np.round((positions - np.round(origin, 4)) / step).clip(0, 65535).astype("<u2")),
            "triangles": _base64(_sevens(following - old_numbers)),
            "marks": _base64(marks),
        }


def _on_skin(surface: Surface, groups: Sequence[Sequence[Floats]]) -> list[list[list[float]]]:
    """Groups of polylines laid onto the skin, a little above it so that they are not drawn into it, each as one flat
    list of numbers."""
    lines = [_dense(line, 4.0) for group in groups for line in group]
    if not lines:
        return [[] for _ in groups]
    triangles, weights, _ = surface.nearest(np.vstack(lines), candidates=12)
    laid = surface.at(triangles, weights) + 0.7 * surface.normals_at(triangles, weights)
    parts = iter(np.split(laid, np.cumsum([len(line) for line in lines])[:-1]))
    return [[_flat(next(parts), 1) for _ in group] for group in groups]


def _closed(ring: Floats) -> Floats:
    return ring if np.allclose(ring[0], ring[-1]) else np.vstack([ring, ring[:1]])


def _dense(line: Floats, step_mm: float) -> Floats:
    """The same polyline with no piece longer than a step."""
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
    counts = np.maximum(np.ceil(lengths / step_mm).astype(int), 1)
    start = np.repeat(np.arange(len(lengths)), counts)
    part = np.concatenate([np.arange(count) / count for count in counts]) if len(counts) else np.zeros(0)
    inner = line[start] + part[:, None] * (line[start + 1] - line[start]) if len(counts) else line[:0]
    return np.vstack([inner, line[-1:]])


@kept(4)
def _ways_mm(surface: Surface, atlas: Atlas) -> sparse.csr_array:
    """(n, n): the lengths of the edges, each in one direction."""
    start, end = atlas.edges.T
    lengths = np.linalg.norm(surface.vertices_mm[start] - surface.vertices_mm[end], axis=1)
    count = len(surface.vertices_mm)
    return sparse.csr_array((lengths, (start, end)), shape=(count, count))


def _edge_keys(triangles: Ints, count: int) -> Ints:
    """(3m,): each triangle's edges ab, then all bc, then all ca, each as one number, the same for both neighbours."""
    start, end = triangles.T.ravel(), triangles[:, [1, 2, 0]].T.ravel()
    return np.asarray(np.minimum(start, end) * count + np.maximum(start, end), dtype=np.int64)


def _pieces(triangles: Ints) -> Ints:
    """(m,): the connected piece of each triangle, by shared edges."""
    keys = _edge_keys(triangles, int(triangles.max(initial=0)) + 1)
    order = np.argsort(keys, kind="stable")
    shared = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    owner = order % len(triangles)
    graph = sparse.coo_array((np.ones(len(shared)), (owner[shared], owner[shared + 1])), shape=(len(triangles),) * 2)
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
        return {"centre": [0, 0, 0], "radius": 0}
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
