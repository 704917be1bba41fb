"""The knowledge as a clinician reads it: what is believed, why, and who disagrees. Plain text, no colour."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Iterator, Mapping

from ..values import Document, InputError, plain
from .edition import Edition, Record, fingerprint_of
from .schema import Advice, Citation, Danger, PointSet, Position, Protocol, Reach, Rule, ValueRecord

KINDS = ("rules", "values", "protocols", "advice", "danger", "point_sets")


def _of_kind(edition: Edition, kind: str) -> Mapping[str, Record | Danger | PointSet]:
    found: Mapping[str, Record | Danger | PointSet] = getattr(edition, kind)
    return found


def listing(edition: Edition, kind: str | None, language: str = "en") -> str:
    """One line a record: id, what its adopted position says, title. Raises InputError on a kind that is none."""
    if kind is not None and kind not in KINDS:
        raise InputError(f"'{kind}'", "this is not a kind of record", f"Write one of {', '.join(KINDS)}")
    lines = [f"edition {edition.version}, fingerprint {edition.fingerprint}"]
    for name in (kind,) if kind else KINDS:
        records = _of_kind(edition, name)
        lines += ["", f"{name} ({len(records)})"]
        width = max((len(record_id) for record_id in records), default=0)
        for record in records.values():
            title = edition.text(record.title, language)
            if isinstance(record, Danger):
                lines.append(f"  {record.id:<{width}}  {_margin(record)}  {title}")
                continue
            if isinstance(record, PointSet):
                lines.append(f"  {record.id:<{width}}  {len(record.points)} points  {title}")
                continue
            others = f" · {len(record.dissent)} other" if record.dissent else ""
            lines.append(f"  {record.id:<{width}}  {_short(record.adopted)}{others}  {title}")
    return "\n".join(lines)


def page(edition: Edition, record_id: str, language: str = "en") -> str:
    """One record in full. Raises InputError, with near names, when there is none."""
    record = find(edition, record_id)
    if isinstance(record, Danger):
        return _danger(edition, record, language)
    if isinstance(record, PointSet):
        return _point_set(edition, record, language)
    lines = [f"{record.id} — {edition.text(record.title, language)}", ""]
    if isinstance(record, Rule):
        lines += [
            *_wrapped("To do: ", edition.text(record.do, language)),
            *_wrapped("To tell the patient: ", edition.text(record.tell, language)),
        ]
        if record.checklist:
            lines.append("Checked at every session; not a finding about the patient.")
    elif isinstance(record, ValueRecord):
        lines.append(f"Limits {record.about}: {record.measure.replace('-', ' ')}")
        if record.when:
            lines.append(f"Where: {' '.join(record.when.split())}")
    elif isinstance(record, Protocol):
        lines.append(f"For: {', '.join(record.indications)}")
        lines += _wrapped("Evidence: ", edition.text(record.evidence, language))
    elif isinstance(record, Advice):
        lines += _wrapped(f"Sheet ({record.phase}): ", edition.text(record.tell, language))
        if record.when:
            lines.append(f"Where: {' '.join(record.when.split())}")
    lines += ["", f"In force: {_sentence(record.adopted)}", *_cited(edition, record.adopted.source)]
    lines += _wrapped("Because: ", record.because)
    if record.dissent:
        lines += ["", "Sources that say otherwise:"]
        for position in record.dissent:
            lines.append(f"  {position.id}: {_sentence(position)}")
            lines += [f"  {line}" for line in _cited(edition, position.source)]
    decision = edition.decisions.get(record.id)
    if decision:
        lines += ["", f"The clinic's decision: {decision.adopts}, {decision.decided_by}, {decision.decided_on}"]
        lines += _wrapped("  ", decision.reason)
    lines += ["", f"Dossier records: {', '.join(record.records) or 'none'}", f"Review due: {record.review_by}"]
    lines.append(f"Fingerprint for a policy's 'saw': {fingerprint_of(record)}")
    return "\n".join(lines)


def _danger(edition: Edition, danger: Danger, language: str) -> str:
    """A danger zone of the injection map in full."""
    lines = [f"{danger.id} — {edition.text(danger.title, language)}", ""]
    lines += [*_wrapped("", edition.text(danger.says, language)), ""]
    may = "may be entered for a reason that the clinician gives" if danger.may_enter else "may not be entered"
    lines.append(f"Drawn as {'an' if danger.kind == 'area' else 'a'} {danger.kind} with {_margin(danger)}; {may}.")
    if danger.depth_mm:
        lines.append(f"Depth: {plain(danger.depth_mm[0])} to {plain(danger.depth_mm[1])} mm below the skin.")
    for measure, reach in danger.lies.items():
        lines += [_reach(measure, reach), *_cited(edition, reach.source)]
    if danger.source:
        lines += ["Where it lies:", *_cited(edition, danger.source)]
    lines += _wrapped("Margin because: ", edition.text(danger.margin_because, language))
    lines += [*_cited(edition, danger.margin_source), ""]
    lines.append(f"Dossier records: {', '.join(danger.records) or 'none'}")
    return "\n".join(lines)


def _point_set(edition: Edition, points: PointSet, language: str) -> str:
    """A set of single points in full."""
    lines = [f"{points.id} — {edition.text(points.title, language)}", ""]
    lines += [*_wrapped("", edition.text(points.says, language)), *_cited(edition, points.source)]
    if points.volume_ml is not None:
        lines += ["", f"Volume: {plain(points.volume_ml)} mL at each point", *_cited(edition, points.volume_source)]
    for name, point in points.points.items():
        unsourced = "" if point.sourced else " (unsourced)"
        lines += ["", f"{name} — {edition.text(point.title, language)}{unsourced}"]
        lines += [*_wrapped("", edition.text(point.found, language)), *_cited(edition, point.source)]
        for measure, reach in point.lies.items():
            lines += [_reach(measure, reach), *_cited(edition, reach.source)]
    return "\n".join(lines)


def _reach(measure: str, reach: Reach) -> str:
    low, high = (plain(mm) for mm in reach.mm)
    return f"{measure.replace('-', ' ').capitalize()}: {low if low == high else f'{low} to {high}'} mm"


def _margin(danger: Danger) -> str:
    return f"a margin of {plain(danger.margin_mm)} mm{'' if danger.sourced else ', unsourced'}"


def find(edition: Edition, record_id: str | None) -> Record | Danger | PointSet:
    """A record, a danger zone or a set of points by id. Raises InputError with the nearest ids."""
    named = record_id or ""
    record = edition.record(named) or edition.danger.get(named) or edition.point_sets.get(named)
    if record is None:
        known = [*(r.id for r in edition.records()), *edition.danger, *edition.point_sets]
        near = [i for i in known if record_id and record_id in i][:5]
        near = near or difflib.get_close_matches(record_id or "", known, 5, 0.4)
        hint = f"Near it: {', '.join(near)}" if near else "See nappage knowledge list"
        raise InputError(f"'{record_id or ''}'", "no record is called so", hint)
    return record


def sources(edition: Edition) -> str:
    """Every source: key, how much of it was read, title, and how many positions stand on it."""
    used: dict[str, int] = {}
    for record in edition.records():
        for position in record.positions:
            for citation in position.source:
                used[citation.ref] = used.get(citation.ref, 0) + 1
    for danger in edition.danger.values():
        for citation in danger.sources:
            used[citation.ref] = used.get(citation.ref, 0) + 1
    for points in edition.point_sets.values():
        for citation in points.sources:
            used[citation.ref] = used.get(citation.ref, 0) + 1
    width = max(len(key) for key in edition.sources)
    return "\n".join(
        f"{key:<{width}}  {used.get(key, 0):>3} positions  {source.seen:<21}  "
        f"{source.title}{f' ({source.year})' if source.year else ''}"
        for key, source in sorted(edition.sources.items())
    )


def conflicts(edition: Edition, language: str = "en") -> str:
    """The records whose sources disagree: the position in force, then the others."""
    lines: list[str] = []
    for record in edition.records():
        if not record.dissent:
            continue
        lines += [f"{record.id} — {edition.text(record.title, language)}"]
        lines.append(f"  in force  {_sentence(record.adopted)} [{_refs(record.adopted)}]")
        lines += [f"  against   {_sentence(position)} [{_refs(position)}]" for position in record.dissent]
    return "\n".join(lines) or "No record has more than one position."


class Conflict(Document):
    """A record whose sources disagree, as data."""

    record: str
    in_force: Position
    against: tuple[Position, ...]


def conflicting(edition: Edition) -> Iterator[Conflict]:
    for record in edition.records():
        if record.dissent:
            yield Conflict(record=record.id, in_force=record.adopted, against=record.dissent)


def _short(position: Position) -> str:
    if position.says is not None:
        return position.says
    if position.value is not None:
        return f"{plain(position.value)} {position.unit or ''}".strip()
    return position.id


def _sentence(position: Position) -> str:
    said = _short(position)
    if position.when:
        said += f" where {' '.join(position.when.split())}"
    if position.note:
        said += f" ({position.note})"
    return f"{said} [{position.grade}]"


def _refs(position: Position) -> str:
    return ", ".join(citation.ref for citation in position.source)


def _cited(edition: Edition, citations: Iterable[Citation]) -> Iterator[str]:
    for citation in citations:
        source = edition.sources[citation.ref]
        says = f": {citation.says}" if citation.says else ""
        year = f", {source.year}" if source.year else ""
        yield from _wrapped(
            f"  {citation.ref}{says}. ", f"{source.title}{year} ({source.seen.replace('-', ' ')})", "    "
        )


def _wrapped(head: str, text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(f"{head}{text}", 110, subsequent_indent=indent, break_on_hyphens=False)
