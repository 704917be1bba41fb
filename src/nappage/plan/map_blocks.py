"""An injection map as blocks: for the clinician its zones, depths, open points, pictures and points; for the patient
where it goes, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..injection_map.document import DangerDrawn, DepthCheck, InjectionMap, LayerChance, MappedZone, MapPoint
from ..injection_map.document import Notice as Told
from ..injection_map.volumes import STEP_ML
from ..knowledge import Cited
from ..values import plain
from .sheet import Block, Column, Entries, Entry, Figure, Line, Paragraph, Said, Table, Tone

if TYPE_CHECKING:
    from ..injection_map.documents import Pictures

Say = Callable[..., str]
Ref = Callable[[Iterable[Cited]], tuple[str, ...]]

_ORDER = ("refuse", "ask", "warn", "note")
_TONES: Mapping[str, Tone] = {"refuse": "stop", "ask": "wait", "warn": "wait", "note": "go"}
_VERDICTS: Mapping[str, Tone] = {"refused": "stop", "ask": "wait", "warn": "wait", "as-aimed": "go"}


def for_clinician(map: InjectionMap, drawn: Pictures | None, say: Say, ref: Ref) -> Iterator[Block]:
    """The zones in a table, how deep the tip comes to lie, what is open, the views, every point, and the charts."""
    yield from summary(map, say, ref)
    yield from _depths(map, say, ref)
    if drawn is not None:
        yield from (Figure(svg=v.svg, alt=v.alt, caption=v.caption, width_mm=v.width_mm) for v in drawn.views.values())
    yield from _dangers(map, say, ref)
    yield _points(map, say)
    if drawn is not None:
        yield from (Figure(svg=c.svg, alt=c.alt, caption=c.caption, width_mm=c.width_mm) for c in drawn.charts.values())


def summary(map: InjectionMap, say: Say, ref: Ref) -> Iterator[Block]:
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
    rows = _remarks(map)
    if rows:
        columns = Column(title=say("map-zone")), Column(title=say("map-cut"), wide=True)
        yield Table(columns=(*columns, Column(title=say("map-gaps"), wide=True)), rows=rows)
    covers = [zone.coverage for zone in map.zones if zone.coverage is not None]
    if covers:
        keys = ref(source for cover in covers for source in cover.sources)
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


def _remarks(map: InjectionMap) -> tuple[tuple[Said, ...], ...]:
    """What cut each zone, and what its coverage leaves out; zones of which the same is said share a row."""
    titles = {danger.id: danger.title for danger in map.dangers}
    alike: dict[tuple[str, str], list[str]] = {}
    for zone in map.zones:
        cut = ", ".join(titles.get(id, id) for id in zone.cut_by)
        gaps = " ".join(zone.coverage.says) if zone.coverage is not None else ""
        if cut or gaps:
            alike.setdefault((cut, gaps), []).append(zone.title)
    return tuple(
        (Said(text="; ".join(names), strong=True), Said(text=cut), Said(text=gaps))
        for (cut, gaps), names in alike.items()
    )


def _told(notice: Told, map: InjectionMap, say: Say, ref: Ref) -> Entry:
    names = {zone.id: zone.title for zone in map.zones} | {danger.id: danger.title for danger in map.dangers}
    return Entry(
        mark=say(f"map-{notice.kind}"),
        tone=_TONES[notice.kind],
        title=names.get(notice.about, notice.about[:1].upper() + notice.about[1:]),
        lines=(Line(label="", text=notice.text, refs=ref(notice.sources)),),
    )


def _depths(map: InjectionMap, say: Say, ref: Ref) -> Iterator[Block]:
    """Where the tip comes to lie, by each published set of thicknesses beside the other; alike zones together."""
    checks: dict[DepthCheck, list[str]] = {}
    for zone in map.zones:
        if zone.points:
            checks.setdefault(zone.depth, []).append(zone.title)
    if checks:
        yield Entries(entries=tuple(_depth(check, titles, say, ref) for check, titles in checks.items()))
        yield Paragraph(text=say("map-depth-note"), quiet=True)


def _depth(check: DepthCheck, titles: list[str], say: Say, ref: Ref) -> Entry:
    tip = say("map-open")
    if check.tip_depth_mm is not None:
        spread = "" if check.tip_sd_mm is None else f" ± {_short(check.tip_sd_mm)}"
        tip = f"{_short(check.tip_depth_mm)}{spread} mm"
    lines = [Line(label=say("map-tip"), text=tip, refs=ref(check.sources))]
    lines += [
        Line(
            label=say("map-chance") if number == 0 else "",
            text=f"{_chance(chance, say)} — {chance.thickness_set}",
            refs=ref(chance.sources),
        )
        for number, chance in enumerate(check.chances)
    ]
    lines += [Line(label="", text=text) for text in check.says]
    if check.suggestion:
        lines.append(Line(label=say("map-suggestion"), text=check.suggestion))
    return Entry(
        mark=say(f"map-verdict-{check.verdict}"),
        tone=_VERDICTS[check.verdict],
        title=f"{say('map-depth')}: {'; '.join(titles)}",
        lines=tuple(lines),
    )


def _chance(chance: LayerChance, say: Say) -> str:
    text = ", ".join(
        f"{say(f'map-layer-{layer}')} {100 * share:.0f} %"
        for layer, share in (("epidermis", chance.epidermis), ("dermis", chance.dermis), ("fat", chance.fat))
        if share >= 0.005
    )
    return text + (f" ({say('map-borrowed', site=chance.borrowed_from)})" if chance.borrowed_from else "")


def _dangers(map: InjectionMap, say: Say, ref: Ref) -> Iterator[Block]:
    if not map.dangers:
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
            for danger in map.dangers
        ),
        note=say("map-danger-note"),
    )


def _why(danger: DangerDrawn, say: Say) -> str:
    parts = [danger.says]
    if not danger.sourced:
        parts.append(say("map-unsourced"))
    if danger.entered:
        parts.append(say("map-entered", reason=danger.entered))
    return " ".join(parts)


def _points(map: InjectionMap, say: Say) -> Table:
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


def for_patient(map: InjectionMap, drawn: Pictures | None, zones: Iterable[str], say: Say) -> Iterator[Block]:
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
