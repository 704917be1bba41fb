"""Every choice between sources that disagree, for the clinician who signs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal, get_args

from ..values import Document
from .coverage import Piece, coverage
from .edition import Edition, Record
from .library import KINDS, Library, in_words, says, spelt
from .schema import LEVELS, SEVERITIES, Advice, Citation, Position, Rule, TriageRule, ValueRecord

_ABOVE = ("guideline", "label", "regulation", "regulator-warning")
_LEAFLET = ("clinic-leaflet", "seed-article")
_HARM = ("case-report", "outbreak-report", "pharmacovigilance", "regulator-warning")

Case = Literal[
    "label or guideline over a stricter leaflet",
    "other ground over a stricter leaflet",
    "leaflet over a milder label or guideline",
]
CASES: tuple[Case, ...] = get_args(Case)


class Choice(Document):
    """One record whose sources disagree. `stricter` and `milder` are the positions that can be told to be so; of the
    others neither can be said. `harm` are the cited reports of harm. `dossiers`: whose records it carries."""

    kind: str
    id: str
    title: str
    in_force: Position
    against: tuple[Position, ...]
    stricter: tuple[str, ...]
    milder: tuple[str, ...]
    because: str
    case: Case | None
    harm: tuple[str, ...]
    dossiers: tuple[str, ...]
    records: tuple[str, ...]
    review_by: date


def choices(edition: Edition) -> tuple[Choice, ...]:
    """Every record with more than one position, by kind and id."""
    library = Library(edition)
    origins = {piece.id: piece.origin for piece in coverage(edition)}
    return tuple(
        _choice(edition, library, kind, record, origins)
        for kind in ("rules", "values", "protocols", "advice", "triage")
        for record in getattr(edition, kind).values()
        if record.dissent
    )


def _choice(edition: Edition, library: Library, kind: str, record: Record, origins: Mapping[str, str]) -> Choice:
    adopted = record.adopted
    order = {p.id: _order(record, p, adopted) for p in record.dissent}
    stricter = tuple(p for p in record.dissent if (order[p.id] or 0) > 0)
    milder = tuple(p for p in record.dissent if (order[p.id] or 0) < 0)
    case: Case | None = None
    if adopted.grade not in _LEAFLET and any(p.grade in _LEAFLET for p in stricter):
        case = CASES[0] if _above(edition, adopted) else CASES[1]
    elif adopted.grade in _LEAFLET and any(_above(edition, p) for p in milder):
        case = CASES[2]
    origin = {origins.get(dossier) for dossier in record.records}
    return Choice(
        kind=kind,
        id=record.id,
        title=library.say(record.title),
        in_force=adopted,
        against=record.dissent,
        stricter=tuple(p.id for p in stricter),
        milder=tuple(p.id for p in milder),
        because=record.because,
        case=case,
        harm=tuple(dict.fromkeys(c.ref for p in record.positions for c in p.source if _of_harm(edition, p, c))),
        dossiers=tuple(name for name in ("safety", "protocols") if name in origin),
        records=record.records,
        review_by=record.review_by,
    )


def _above(edition: Edition, position: Position) -> bool:
    """Whether a label, a guideline or a regulator stands behind a position, by its grade or by a source's kind."""
    kinds = {source.kind for c in position.source if (source := edition.sources.get(c.ref))}
    return position.grade in _ABOVE or not kinds.isdisjoint(_ABOVE)


def _of_harm(edition: Edition, position: Position, citation: Citation) -> bool:
    """Whether a source reports harm that happened. A source of no stated kind has its position's grade."""
    source = edition.sources.get(citation.ref)
    return ((source.kind if source else None) or position.grade) in _HARM


def _order(record: Record, one: Position, other: Position) -> int | None:
    """Above 0 where `one` is stricter than `other`, below where milder; None where neither can be told."""
    match record:
        case Rule():
            first, second = (SEVERITIES.index(p.says) if p.says in SEVERITIES else 9 for p in (one, other))
            if first != second:
                return second - first
            if one.wait and other.wait and (one.wait.since, one.wait.after) == (other.wait.since, other.wait.after):
                lengths = [(p.months or 0) * 30 + (p.days or 0) for p in (one.wait, other.wait)]
                return lengths[0] - lengths[1] if all(lengths) and lengths[0] != lengths[1] else None
            return None
        case TriageRule():
            gravity = [LEVELS.index(p.level) for p in (one, other) if p.level]
            return (gravity[1] - gravity[0] or None) if len(gravity) == 2 else None
        case ValueRecord() | Advice():
            if one.value is None or other.value is None or one.unit != other.unit or one.value == other.value:
                return None
            ceiling = isinstance(record, ValueRecord) and record.measure.startswith("max-")
            return (1 if one.value > other.value else -1) * (-1 if ceiling else 1)
    return None


# --- as Markdown, for docs/reference ------------------------------------------------------------------------------


def conflicts_markdown(edition: Edition) -> str:
    """docs/reference/conflicts.md."""
    found, library = choices(edition), Library(edition)
    lines = [
        "# Choices for the clinician who signs them",
        "",
        "Every record whose sources disagree: the position in force, the others, and why. Made by `make reference`",
        "from the records; `make docs` makes the same list as a page. Whether and when a person may be treated follows",
        "the safety dossier, how and how often the dossier of protocols; where a clinic's leaflet is stricter than a",
        "label or a guideline, the latter is in force unless harm is documented. *Stricter* and *milder* stand only",
        "where it can be told from the positions themselves. *Reports of harm* are cited case and outbreak reports,",
        "safety databases and regulators' warnings; none cited does not mean that none exists. What sources say is",
        "repeated here, not advised: a prescribed medicine is changed by its prescriber only.",
        "",
        f"| kind | choices | {' | '.join(CASES)} |",
        f"|---|---:|{'---:|' * len(CASES)}",
    ]
    for kind in ("rules", "values", "protocols", "advice", "triage"):
        of = [c for c in found if c.kind == kind]
        counts = " | ".join(str(sum(c.case == case for c in of)) for case in CASES)
        lines.append(f"| {KINDS[kind][1]} | {len(of)} | {counts} |")
    lines.append("")
    for case in CASES:
        lines += _named(case.capitalize(), [c for c in found if c.case == case])
    for kind in ("rules", "values", "protocols", "advice", "triage"):
        of = [c for c in found if c.kind == kind]
        if of:
            lines += [f"## {KINDS[kind][1]}", ""]
            for choice in of:
                lines += [*_entry(library, choice), ""]
    lines += ["## Shown side by side", "", *_side_by_side(edition)]
    return "\n".join(lines).rstrip() + "\n"


def _side_by_side(edition: Edition) -> Iterator[str]:
    """Conflicts of the dossier that no choice settles: their sources stand beside each other in what carries them."""
    yield "Questions on which the sources disagree and nothing is chosen, since no rule or limit hangs on them."
    yield ""
    chosen = {name for choice in choices(edition) for name in choice.records}
    for piece in coverage(edition):
        if piece.id.startswith("conflict/") and piece.id not in chosen:
            yield f"- **{piece.says}** {', '.join(f'`{carrier}`' for carrier in piece.carried_by)} ({piece.id})"


def _named(title: str, of: list[Choice]) -> list[str]:
    return [f"**{title}**: {', '.join(f'[{c.id}](#{c.kind}-{c.id})' for c in of) or 'none'}.", ""]


def _entry(library: Library, choice: Choice) -> Iterator[str]:
    yield f'### <a id="{choice.kind}-{choice.id}"></a>{choice.title}'
    yield ""
    yield f"- **In force** {_position(library, choice.in_force)}"
    for position in choice.against:
        way = " *stricter*" if position.id in choice.stricter else " *milder*" if position.id in choice.milder else ""
        yield f"- **Against**{way} {_position(library, position)}"
    yield f"- **Because** {choice.because}"
    dossier = " and ".join(choice.dossiers) or "none"
    records = f" ({', '.join(choice.records)})" if choice.records else ""
    yield (
        f"- Case: {choice.case or 'none of the three above'}. Reports of harm cited: "
        f"{', '.join(choice.harm) or 'none'}. Dossier: {dossier}{records}. Record: `{choice.id}`"
    )
    yield "- Signed: ☐ as it is ☐ otherwise ____________ name ____________ date ________"


def _position(library: Library, position: Position) -> str:
    when = library.when(position.when)
    where = f" where {in_words(when.outline)}" if when else ""
    cited = "; ".join(f"{c.ref}{f': {c.says}' if c.says else ''}" for c in position.source)
    note = f" {position.note}" if position.note else ""
    return f"`{position.id}`: {says(position)}{where} ({spelt(position.grade)}).{note} [{cited}]"


def left_out_markdown(edition: Edition) -> str:
    """docs/reference/left-out.md."""
    pieces = coverage(edition)
    lines = [
        "# Left out, and why",
        "",
        "The two dossiers and the five articles this project was founded on, piece by piece: what is not carried by",
        "any record, and the reason. Made by `make reference`; `nappage knowledge coverage` prints what carries the",
        "others, and `make docs` makes the whole list as a page. What was said is repeated here, not advised.",
        "",
        "| origin | pieces | carried | left out | missing |",
        "|---|---:|---:|---:|---:|",
    ]
    for origin, title in ORIGINS.items():
        of = [p for p in pieces if p.origin == origin]
        counts = [sum(fate(p) == word for p in of) for word in ("carried", "left out", "missing")]
        lines.append(f"| {title} | {len(of)} | {' | '.join(map(str, counts))} |")
    for origin, title in ORIGINS.items():
        of = [p for p in pieces if p.origin == origin and fate(p) == "left out"]
        lines += ["", f"## {title}", ""]
        lines += [f"- **{p.id}** {' '.join(p.says.split())} *{' '.join((p.left_out or '').split())}*" for p in of]
        lines += ["Nothing is left out."] if not of else []
    return "\n".join(lines) + "\n"


ORIGINS = {"safety": "Safety dossier", "protocols": "Dossier of protocols", "articles": "Articles"}


def fate(piece: Piece) -> Literal["carried", "left out", "missing"]:
    """What became of a piece."""
    return "missing" if piece.missing else "carried" if piece.carried_by else "left out"
