"""The regimen that a request means, published or one's own, in one shape: its phases, and why this one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ..intake import normal
from ..knowledge import Edition, Position, Protocol, cited
from ..values import InputError
from .document import Adopted, Other, Reason
from .request import Length, OwnPhase, OwnRegimen, PhaseName, Request
from .words import Words


@dataclass(frozen=True)
class Part:
    """A phase. `low` and `high` bound its sessions (None: as many as are wanted, for maintenance). `hard`: its
    longest interval is an order, not a range that was published."""

    name: PhaseName
    low: int | None
    high: int | None
    every: Length | None
    least: Length | None
    most: Length | None
    offsets: tuple[Length, ...]
    review: str | None
    hard: bool


@dataclass(frozen=True)
class Slot:
    """A session's place in the regimen. `offset`: counted from the first session of the course."""

    number: int
    part: Part
    offset: Length | None = None


@dataclass(frozen=True)
class Regimen:
    parts: tuple[Part, ...]
    adopted: Adopted
    if_missed: Literal["moves-the-rest", "is-dropped"]

    @property
    def counted(self) -> tuple[Part, ...]:
        """The phases that make up the course; maintenance comes after it."""
        return tuple(part for part in self.parts if part.name != "maintenance")

    @property
    def bounds(self) -> tuple[int, int]:
        """Fewest and most sessions, maintenance left out."""
        return sum(part.low or 0 for part in self.counted), sum(part.high or 0 for part in self.counted)

    def reason(self, text: str) -> Reason:
        """A sentence whose figure is the regimen's."""
        adopted = self.adopted
        return Reason(text=text, record=adopted.protocol, position=adopted.position, sources=adopted.sources)

    def deal(self, total: int, done: int) -> tuple[Slot, ...]:
        """`total` sessions dealt out over the phases: the lower number of each first, then up to the higher from
        the first phase on, the rest to the last; then the maintenance in sight after `done` sessions."""
        parts = self.counted
        counts = [part.low or 0 for part in parts]
        spare = total - sum(counts)
        for i in reversed(range(len(parts))):
            cut = min(counts[i], max(-spare, 0))
            counts[i], spare = counts[i] - cut, spare + cut
        for i, part in enumerate(parts):
            add = min(max(spare, 0), (part.high or 0) - counts[i]) if spare > 0 else 0
            counts[i], spare = counts[i] + add, spare - add
        if spare > 0:
            if not parts or parts[-1].every is None:
                raise InputError(
                    "sessions",
                    f"{total} were asked for, and this regimen has {total - spare} days",
                    f"Ask for {total - spare} at most, or give a regimen of your own",
                )
            counts[-1] += spare
        dealt = list(zip(parts, counts, strict=True))
        for part in self.parts:
            if part.name == "maintenance":
                dealt.append((part, part.low or max(0, done - total) + 1))
        slots: list[Slot] = []
        for part, count in dealt:
            offsets = part.offsets or (None,) * count
            slots += [Slot(len(slots) + n, part, offset) for n, offset in enumerate(offsets[:count], 1)]
        return tuple(slots)


def length_of(value: Decimal | None, unit: str) -> Length:
    """A record's figure as a length. Raises ValueError on a figure that calendar days cannot hold."""
    if value is None or value % 1 or unit not in ("day", "week", "month"):
        raise ValueError(f"{value} {unit} is not a whole number of days, weeks or months")
    return Length(count=int(value), unit=unit)  # type: ignore[arg-type]


def find_protocol(request: Request, edition: Edition) -> Protocol | None:
    """The protocol asked for; None for a regimen of one's own alone. Raises InputError on an unknown one."""
    if request.protocol is None:
        return None
    found = edition.protocols.get(normal(request.protocol))
    if found is None:
        known = ", ".join(edition.protocols)
        raise InputError("protocol", f"no protocol is called '{request.protocol}'", f"Name one of {known}")
    return found


def choose(request: Request, protocol: Protocol | None, edition: Edition, words: Words) -> Regimen:
    """The regimen to follow and why. Raises InputError on a name that is none, or that fits several."""
    if isinstance(request.regimen, OwnRegimen):
        own = request.regimen
        parts = tuple(_own_part(phase, request) for phase in own.parts)
        adopted = Adopted(
            protocol=None,
            position=None,
            title=own.title or words("own-title"),
            words=in_words(parts, words),
            chosen="own",
            because=words("reason-own"),
        )
        return Regimen(parts, adopted, own.if_missed)
    assert protocol is not None  # a request without a protocol has a regimen of its own
    position = protocol.adopted
    if request.regimen is not None:
        position = _named(protocol, request.regimen, edition, words)
    decision = edition.decisions.get(protocol.id)
    chosen: Literal["default", "named", "clinic"] = "default"
    because = protocol.because
    if position.id != protocol.adopts:
        chosen, because = "named", words("reason-named", adopted=protocol.adopts, because=protocol.because)
    elif decision is not None:
        chosen, because = "clinic", words("reason-clinic", reason=decision.reason)
    parts = published(position, edition, words)
    adopted = Adopted(
        protocol=protocol.id,
        position=position.id,
        title=edition.text(protocol.title, words.language),
        words=in_words(parts, words),
        chosen=chosen,
        because=because,
        evidence=edition.text(protocol.evidence, words.language),
        grade=position.grade,
        sources=cited(edition, position.source),
    )
    return Regimen(parts, adopted, protocol.missed)


def others(protocol: Protocol | None, taken: str | None, edition: Edition, words: Words) -> tuple[Other, ...]:
    """The published regimens not followed."""
    if protocol is None:
        return ()
    return tuple(
        Other(
            record=protocol.id,
            position=position.id,
            line="; ".join(f"{c.ref}: {c.says}" if c.says else c.ref for c in position.source),
            words=in_words(published(position, edition, words), words),
            grade=position.grade,
            sources=cited(edition, position.source),
        )
        for position in protocol.positions
        if position.id != taken
    )


def _named(protocol: Protocol, name: str, edition: Edition, words: Words) -> Position:
    """The published regimen of that id, or of that source; of several, the one it alone stands behind."""
    wanted = normal(name)
    by_id = [p for p in protocol.positions if p.id == wanted]
    citing = [p for p in protocol.positions if any(normal(c.ref) == wanted for c in p.source)]
    alone = [p for p in citing if len(p.source) == 1]
    for found in (by_id, citing, alone):
        if len(found) == 1:
            return found[0]
    known = (f"{p.id} ({in_words(published(p, edition, words), words)})" for p in citing or protocol.positions)
    if citing:
        wrong = f"several regimens of '{protocol.id}' are from '{name}'"
    else:
        wrong = f"'{protocol.id}' has no regimen called '{name}'"
    raise InputError("regimen", wrong, f"Name one of {', '.join(known)}")


def published(position: Position, edition: Edition, words: Words) -> tuple[Part, ...]:
    """A record's phases. Their interval is also the least that may lie between two sessions."""
    parts = []
    for phase in position.phases:
        low, high = phase.sessions if isinstance(phase.sessions, tuple) else (phase.sessions, phase.sessions)
        every = length_of(phase.every, phase.unit or "day") if phase.every else None
        offsets = tuple(Length(count=day, unit="day") for day in phase.offsets_days)
        parts.append(
            Part(
                name=phase.name,
                low=len(offsets) or low,
                high=len(offsets) or high,
                every=every,
                least=every,
                most=length_of(phase.at_most, phase.unit or "day") if phase.at_most else None,
                offsets=offsets,
                review=edition.text(phase.review, words.language) if phase.review else None,
                hard=False,
            )
        )
    return tuple(parts)


def _own_part(phase: OwnPhase, request: Request) -> Part:
    low, high = phase.sessions or (len(phase.offsets) or None, len(phase.offsets) or None)
    if low is None and phase.name != "maintenance":
        if request.sessions is None:
            raise InputError("regimen", "it does not say how many sessions", "Add 'sessions'")
        low = high = request.sessions
    return Part(
        name=phase.name,
        low=low,
        high=high,
        every=phase.every,
        least=phase.min or phase.every,
        most=phase.max,
        offsets=phase.offsets,
        review=phase.review,
        hard=True,
    )


def in_words(parts: Iterable[Part], words: Words) -> str:
    """A regimen in one line: "3 sessions, 3–4 weeks apart; then maintenance after 3–5 months"."""
    out = ""
    for part in parts:
        said = _part_in_words(part, words)
        out = words.bare("words-then", first=out, last=said) if out else said
    return out


def _part_in_words(part: Part, words: Words) -> str:
    interval = words.interval(part.every, part.most) if part.every else ""
    if part.low is None or part.high is None:
        return words.bare("words-maintenance", interval=interval)
    count = words.sessions(part.low, part.high)
    if part.high == 1 and part.name != "maintenance":
        return count
    if part.offsets and any(offset.unit == "month" for offset in part.offsets):
        lengths = words.listed(words.length(offset) for offset in part.offsets[1:])
        return words.bare("words-offsets-long", sessions=count, lengths=lengths)
    if part.offsets:
        days = words.listed(str(offset.count * (7 if offset.unit == "week" else 1)) for offset in part.offsets)
        return words.bare("words-offsets", sessions=count, days=days)
    key = "words-maintenance-sessions" if part.name == "maintenance" else "words-every"
    return words.bare(key, sessions=count, interval=interval)
