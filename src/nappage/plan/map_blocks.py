"""An injection map as blocks: for the clinician its zones, depths, open points, pictures and points; for the patient
where it goes, in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..injection_map.document import DangerDrawn, DepthCheck, InjectionMap, LayerChance, MappedZone, MapPoint
from ..injection_map.document import Notice as Told
from ..injection_map.volumes import STEP_ML
from ..knowledge import Cited
from ..values import plain
from .sheet import Block, Column, Entries, Entry, Figure, Line, Paragraph, Said, Table, Tone
from .words import Words

if TYPE_CHECKING:
    from ..injection_map.documents import Pictures
    from ..injection_map.drawing import Drawing

Ref = Callable[[Iterable[Cited]], tuple[str, ...]]

_ORDER = ("refuse", "ask", "warn", "note")
_TONES: Mapping[str, Tone] = {"refuse": "stop", "ask": "wait", "warn": "wait", "note": "go"}
_VERDICTS: Mapping[str, Tone] = {"refused": "stop", "ask": "wait", "warn": "wait", "as-aimed": "go"}

_WIDE_MM, _GAP_MM = 174, 3  # of a printed page, and between drawings


def for_clinician(map: InjectionMap, drawn: Pictures | None, say: Words, ref: Ref) -> Iterator[Block]:
    """The zones in a table, how deep the tip comes to lie, what is open, every point, the views, and the charts."""
    yield from summary(map, say, ref)
    yield from _depths(map, say, ref)
    yield from _dangers(map, say, ref)
    yield _points(map, say)
    if drawn is not None:
        yield from (_figure(view) for view in drawn.views.values())
        yield from (_figure(chart) for chart in _in_rows(drawn.charts.values()))


def _figure(drawing: Drawing) -> Figure:
    return Figure(svg=drawing.svg, alt=drawing.alt, caption=drawing.caption, width_mm=drawing.width_mm)


def _in_rows(drawings: Iterable[Drawing]) -> Iterator[Drawing]:
    """In an order that fills rows of a page's width: the tallest first, each in the first row that has room."""
    rows: list[list[Drawing]] = []
    for drawing in sorted(drawings, key=lambda drawing: -drawing.height_mm):
        for row in rows:
            if sum(other.width_mm + _GAP_MM for other in row) + drawing.width_mm <= _WIDE_MM:
                row.append(drawing)
                break
        else:
            rows.append([drawing])
    return (drawing for row in rows for drawing in row)


def summary(map: InjectionMap, say: Words, ref: Ref) -> Iterator[Block]:
    """What was laid out on which skin, the zones, and what is open."""
    yield Paragraph(
        text=say(
            "map-about",
            points=str(len(map.points)),
            volume=say("not-given") if map.volume_ml is None else say("ml", amount=plain(map.volume_ml)),
            syringes=str(len(map.syringes)),
            path=f"{map.path_mm / 1000:.1f}",
            layout=say(f"map-layout-{map.layout}"),
        )
    )
    yield Paragraph(text=say("map-surface", scale=map.surface.scale.rstrip("."), atlas=map.atlas), quiet=True)
    yield Table(
        columns=(
            Column(title=say("map-zone"), wide=True),
            Column(title=say("map-points"), align="right"),
            Column(title="mL", align="right"),
            Column(title="cm²", align="right"),
            Column(title=say("map-spacing"), align="right"),
            Column(title=say("map-coverage"), align="right"),
            Column(title=say("map-syringes"), align="right"),
        ),
        rows=tuple(_row(map, zone) for zone in map.zones),
        note=say("map-table-note"),
    )
    cut = _cut(map)
    if cut:
        yield Table(columns=(Column(title=say("map-cut")), Column(title=say("map-zone"), wide=True)), rows=cut)
    covers = [(zone, zone.coverage) for zone in map.zones if zone.coverage is not None]
    if covers:
        texts = _ranged([(zone, cover.says) for zone, cover in covers])
        if texts:
            yield Paragraph(text=f"{say('map-gaps')}: {' '.join(texts)}")
        keys = ref(source for _, cover in covers for source in cover.sources)
        yield Paragraph(text=say("map-coverage-note"), refs=keys, quiet=True)
    told = sorted(map.notices, key=lambda notice: _ORDER.index(notice.kind))
    if told:
        yield Entries(entries=tuple(_told(notice, map, say, ref) for notice in told))


def _row(map: InjectionMap, zone: MappedZone) -> tuple[Said, ...]:
    spacing = ""
    if zone.spacing is not None:
        spacing = f"{_short(zone.spacing.wanted_mm)} → {zone.spacing.mean_mm:.1f} ({zone.spacing.min_mm:.1f})"
    cover = ""
    if zone.coverage is not None:
        low, middle, high = (f"{100 * share:.0f}" for share in zone.coverage.share.model_dump().values())
        cover = f"{middle} % ({low}–{high})"
    used = sorted({point.syringe for point in map.points if point.zone == zone.id})
    return (
        Said(text=zone.title, strong=True),
        Said(text=str(zone.points)),
        Said(text="" if zone.volume_ml is None else plain(zone.volume_ml)),
        Said(text=f"{zone.area_cm2:.1f}"),
        Said(text=spacing),
        Said(text=cover),
        Said(text=_span(used)),
    )


def _cut(map: InjectionMap) -> tuple[tuple[Said, ...], ...]:
    """Each danger zone that took skin away, and from which zones."""
    titles = {danger.id: danger.title for danger in map.dangers}
    cut: dict[str, list[MappedZone]] = {}
    for zone in map.zones:
        for id in zone.cut_by:
            cut.setdefault(titles.get(id, id), []).append(zone)
    return tuple((Said(text=title, strong=True), Said(text=_names(zones))) for title, zones in cut.items())


def _names(zones: Iterable[MappedZone]) -> str:
    """Zones by their titles; both sides of one by the name they share."""
    sides: dict[str, list[MappedZone]] = {}
    for zone in zones:
        sides.setdefault(zone.zone, []).append(zone)
    return "; ".join(
        both[0].title.rpartition(", ")[0] or both[0].title if len({zone.side for zone in both}) > 1 else both[0].title
        for both in sides.values()
    )


_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _ranged(said: Collection[tuple[MappedZone, tuple[str, ...]]]) -> list[str]:
    """Sentences of zones, those that differ by their numbers only said once, with the numbers as ranges; with the
    zones where it is not said of all."""
    alike: dict[str, list[tuple[MappedZone, list[str]]]] = {}
    for zone, texts in said:
        for text in texts:
            sentence = _NUMBER.sub("{}", text.replace("{", "{{").replace("}", "}}"))
            alike.setdefault(sentence, []).append((zone, _NUMBER.findall(text)))
    out = []
    for sentence, found in alike.items():
        columns = (sorted(column, key=float) for column in zip(*(numbers for _, numbers in found), strict=True))
        text = sentence.format(*(c[0] if c[0] == c[-1] else f"{c[0]}–{c[-1]}" for c in columns))
        out.append(text if len(found) == len(said) else f"{_names(zone for zone, _ in found)}: {text}")
    return out


def _told(notice: Told, map: InjectionMap, say: Words, ref: Ref) -> Entry:
    return Entry(
        mark=say(f"map-{notice.kind}"),
        tone=_TONES[notice.kind],
        title=_subject(notice.about, map, say),
        lines=(Line(label="", text=notice.text, refs=ref(notice.sources)),),
    )


def _subject(about: str, map: InjectionMap, say: Words) -> str:
    """What a notice is about, by its title: a zone, a danger, a set of points, or a part of the order."""
    drawn = {zone.id: zone.title for zone in map.zones} | {danger.id: danger.title for danger in map.dangers}
    if about in drawn:
        return drawn[about]
    edition, language = say.edition, say.language
    for kind in (edition.danger, edition.regions, edition.point_sets):
        if about in kind:
            return edition.text(kind[about].title, language)
    zone, _, side = about.rpartition("-")
    if zone in edition.regions and side in ("left", "right"):
        return edition.say(f"map.lay-side-{side}", language, zone=edition.text(edition.regions[zone].title, language))
    if f"plan.map-on-{about}" in edition.texts:
        return say(f"map-on-{about}")
    return about[:1].upper() + about[1:]


def _depths(map: InjectionMap, say: Words, ref: Ref) -> Iterator[Block]:
    """Where the tip comes to lie, by each published set of thicknesses beside the other, in a table for the zones
    that have the same sets; then what is to be said of it, zones of one verdict and suggestion together."""
    sets: dict[tuple[str, ...], list[MappedZone]] = {}
    told: dict[tuple[str, str], list[MappedZone]] = {}
    for zone in map.zones:
        if zone.points:
            sets.setdefault(tuple(chance.thickness_set for chance in zone.depth.chances), []).append(zone)
            if zone.depth.says or zone.depth.suggestion:
                told.setdefault((zone.depth.verdict, zone.depth.suggestion or ""), []).append(zone)
    for names, zones in sets.items():
        yield Table(
            columns=(
                Column(title=say("map-depth-by")),
                Column(title=say("map-tip")),
                *(Column(title=say("map-tip-in", by=name), wide=True) for name in names),
                Column(title=say("map-verdict")),
            ),
            rows=tuple(_depth_rows(zones, say, ref)),
        )
    if sets:
        yield Paragraph(text=say("map-depth-note"), quiet=True)
    if told:
        yield Entries(entries=tuple(_depth_told(verdict, way, zones, say) for (verdict, way), zones in told.items()))


def _depth_rows(zones: list[MappedZone], say: Words, ref: Ref) -> Iterator[tuple[Said, ...]]:
    alike: dict[tuple[Said, ...], list[MappedZone]] = {}
    for zone in zones:
        check = zone.depth
        cells = (
            Said(text=_tip(check, say), refs=ref(check.sources)),
            *(Said(text=_chance(chance, say), refs=ref(chance.sources)) for chance in check.chances),
            Said(text=say(f"map-verdict-{check.verdict}"), strong=check.verdict != "as-aimed"),
        )
        alike.setdefault(cells, []).append(zone)
    for cells, same in alike.items():
        yield Said(text=_names(same), strong=True), *cells


def _tip(check: DepthCheck, say: Words) -> str:
    if check.tip_depth_mm is None:
        return say("map-open")
    spread = "" if check.tip_sd_mm is None else f" ± {_short(check.tip_sd_mm)}"
    return f"{_short(check.tip_depth_mm)}{spread} mm"


def _depth_told(verdict: str, suggestion: str, zones: list[MappedZone], say: Words) -> Entry:
    lines = [Line(label="", text=text) for text in _ranged([(zone, zone.depth.says) for zone in zones])]
    if suggestion:
        lines.append(Line(label=say("map-suggestion"), text=suggestion))
    return Entry(
        mark=say(f"map-verdict-{verdict}"),
        tone=_VERDICTS[verdict],
        title=f"{say('map-depth')}: {_names(zones)}",
        lines=tuple(lines),
    )


def _chance(chance: LayerChance, say: Words) -> str:
    text = ", ".join(
        f"{say(f'map-layer-{layer}')} {100 * share:.0f} %"
        for layer, share in (("epidermis", chance.epidermis), ("dermis", chance.dermis), ("fat", chance.fat))
        if share >= 0.005
    )
    return text + (f" ({say('map-borrowed', site=chance.borrowed_from)})" if chance.borrowed_from else "")


def _dangers(map: InjectionMap, say: Words, ref: Ref) -> Iterator[Block]:
    """Those that touch this map, with their margin and its source; the others are hatched on the drawings and named."""
    reached = {id for zone in map.zones for id in zone.cut_by}
    near = [danger for danger in map.dangers if danger.id in reached or danger.entered]
    others = "; ".join(danger.title for danger in map.dangers if danger not in near)
    note = " ".join(
        part for part in (say("map-danger-note"), say("map-danger-others", names=others) if others else "") if part
    )
    if not near:
        if map.dangers:
            yield Paragraph(text=note, quiet=True)
        return
    yield Table(
        long=True,
        columns=(
            Column(title=say("map-danger")),
            Column(title=say("map-margin"), align="right"),
            Column(title=say("map-why"), wide=True),
        ),
        rows=tuple(
            (
                Said(text=danger.title, strong=True),
                Said(text=f"{_short(danger.margin_mm)} mm"),
                Said(text=_why(danger, say), refs=ref(danger.sources)),
            )
            for danger in near
        ),
        note=note,
    )


def _why(danger: DangerDrawn, say: Words) -> str:
    parts = [danger.says]
    if not danger.sourced:
        parts.append(say("map-unsourced"))
    if danger.entered:
        parts.append(say("map-entered", reason=danger.entered))
    return " ".join(parts)


def _points(map: InjectionMap, say: Words) -> Table:
    """Every point by its number; neighbours in the needle's order that are alike share a row."""
    zones = {zone.id: zone for zone in map.zones}

    rows = []
    for points in _runs(map.points):
        first, last = points[0], points[-1]
        zone = zones[first.zone]
        depth = zone.depth.tip_depth_mm
        marks = [first.name or "", say("map-added") if first.added else ""]
        rows.append(
            (
                Said(text=str(first.number) if first is last else f"{first.number}–{last.number}", strong=True),
                Said(text=", ".join(part for part in (zone.title, *marks) if part)),
                Said(text=say("map-open") if depth is None else _short(depth)),
                Said(text=_volumes(points)),
                Said(text=str(first.syringe)),
            )
        )
    return Table(
        long=True,
        columns=(
            Column(title=say("map-numbers")),
            Column(title=say("map-zone"), wide=True),
            Column(title=say("map-tip-mm"), align="right"),
            Column(title=say("map-each"), align="right"),
            Column(title=say("map-syringe"), align="right"),
        ),
        rows=tuple(rows),
    )


def _runs(points: Iterable[MapPoint]) -> Iterator[list[MapPoint]]:
    """Neighbours in the needle's order that are alike; volumes may differ by what rounding shared out."""
    run: list[MapPoint] = []
    for point in points:
        if run and not _alike(point, run):
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _alike(point: MapPoint, run: list[MapPoint]) -> bool:
    first = run[0]
    if any(getattr(point, name) != getattr(first, name) for name in ("zone", "syringe", "added", "name")):
        return False
    if point.volume_ml is None or first.volume_ml is None:
        return point.volume_ml == first.volume_ml
    volumes = [other.volume_ml for other in (*run, point) if other.volume_ml is not None]
    return max(volumes) - min(volumes) <= STEP_ML


def _volumes(points: list[MapPoint]) -> str:
    volumes = sorted({point.volume_ml for point in points if point.volume_ml is not None})
    return "–".join(plain(volume) for volume in dict.fromkeys((*volumes[:1], *volumes[-1:])))


def for_patient(map: InjectionMap, drawn: Pictures | None, zones: Iterable[str], say: Words) -> Iterator[Block]:
    """Where it goes: the zones by their plain names, and the first view without numbers."""
    names = ", ".join(dict.fromkeys(zones))
    yield Paragraph(text=say("patient-map-says", zones=names, count=str(len(map.points))))
    for view in list(drawn.views.values())[:1] if drawn is not None else ():
        yield Figure(
            svg=view.plain_svg, alt=say("patient-map-alt", zones=names), caption=say("patient-map-caption"),
            width_mm=min(view.width_mm, 60),
        )  # fmt: skip


def _short(value: float) -> str:
    """Two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _span(numbers: list[int]) -> str:
    """Consecutive numbers as a span."""
    if not numbers:
        return ""
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
