"""A regimen and a calendar → Course: the dates, each with why it is there and what moved it.

The session gives way: no vaccine, treatment or celebration is ever moved for it. Each session stands on the first
day that every interval and constraint allows. What cannot be dated is a conflict with the nearest way out, never
an exception. Dates that somebody proposes are held against the same rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, PlainSerializer, Tag, WithJsonSchema, model_validator

from .intake import Order, contents_of, find_by_name, normal, region_id
from .intake.concepts import Dictionary
from .intake.read import closure
from .knowledge import Cited, Edition, Position, Protocol, ValueRecord, cited
from .rules import explain
from .values import Document, InputError, add_months

# --- what is asked -----------------------------------------------------------------------------------------------

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST_DAYS, _MOST_ENTRIES = 3660, 1000
_HORIZON_DAYS = 1100  # how far an open day is looked for; past it there is none
_LENGTH = re.compile(r"(\d+)\s*(d|days?|w|wks?|weeks?|mo|months?|m)?", re.I)

PhaseName = Literal["initial", "taper", "maintenance"]


class Length(Document):
    """A length of calendar time. A month is a calendar month, clipped at month ends, never 28 or 30 days."""

    count: int
    unit: Literal["day", "week", "month"]

    def after(self, day: date) -> date:
        """The day this long after `day`."""
        if self.unit == "month":
            return add_months(day, self.count)
        return day + timedelta(days=self.count * (7 if self.unit == "week" else 1))

    def __str__(self) -> str:
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def _length(value: Any) -> Any:
    """7 (days), "7d", "2 weeks", "1 month" → Length."""
    if isinstance(value, Length | dict):
        return value
    text = "" if isinstance(value, bool) else str(value).strip()
    if text.startswith("-"):
        raise ValueError(
            f"'{text}' is negative, and a length of time cannot be; write '7 days', '2 weeks' or '1 month'"
        )
    match = _LENGTH.fullmatch(text)
    if not match:
        raise ValueError(f"'{value}' is not a length of time; write '7 days', '2 weeks' or '1 month'")
    unit = {"w": "week", "m": "month"}.get((match[2] or "d").lower()[0], "day")
    length = Length(count=int(match[1]), unit=unit)  # type: ignore[arg-type]
    if length.count * {"day": 1, "week": 7, "month": 31}[unit] > _LONGEST_DAYS:
        raise ValueError(f"'{value}' is longer than ten years")
    return length


def _day(value: Any) -> Any:
    """A date, a date-time's date, or "YYYY-MM-DD"; never a number read as a moment since 1970."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"'{value}' is not a date; write YYYY-MM-DD") from None
    if not isinstance(value, date):
        raise ValueError(f"'{value}' is not a date; write YYYY-MM-DD")
    if not 1900 <= value.year <= 2200:
        raise ValueError(f"{value.isoformat()} is not a year for a session; write one from 1900 to 2200")
    return value


def _weekday(value: Any) -> Any:
    word = value.strip().casefold() if isinstance(value, str) else ""
    named = [name for name in WEEKDAYS if len(word) >= 2 and (name.startswith(word) or word == f"{name}s")]
    if len(named) != 1:
        raise ValueError(f"'{value}' is not a day of the week; write one of {', '.join(WEEKDAYS)}")
    return named[0]


def _span(value: Any) -> Any:
    """A day, or "2026-08-03/2026-08-21" (also "… to …"), both days included."""
    if isinstance(value, Span | dict):
        return value
    parts = re.split(r"\s*/\s*|\s+to\s+", value.strip()) if isinstance(value, str) else [value]
    if len(parts) > 2:
        raise ValueError(f"'{value}' is not a date or two; write YYYY-MM-DD or YYYY-MM-DD/YYYY-MM-DD")
    return {"first": _day(parts[0]), "last": _day(parts[-1])}


def _open_on(value: Any) -> Any:
    if isinstance(value, str) and value.strip()[:1].isalpha():
        return _weekday(value)
    return _span(value)


def _count(value: Any) -> Any:
    """6, or [4, 6] → (4, 6)."""
    low, high = value if isinstance(value, list | tuple) and len(value) == 2 else (value, value)
    for number in (low, high):
        if isinstance(number, bool) or not isinstance(number, int):
            raise ValueError(f"'{value}' is not a number of sessions; write 6, or [4, 6] for a range")
        if not 1 <= number <= 100:
            raise ValueError(f"{number} is not a number of sessions; write one from 1 to 100")
    if low > high:
        raise ValueError(f"the range [{low}, {high}] is upside down; write the smaller number first")
    return low, high


class Span(Document):
    """Days from `first` to `last`, both included."""

    first: Annotated[date, BeforeValidator(_day)]
    last: Annotated[date, BeforeValidator(_day)]

    @model_validator(mode="after")
    def _whole(self) -> Span:
        if self.last < self.first:
            raise ValueError(f"{self.last} lies before {self.first}; write the earlier day first")
        if (self.last - self.first).days > _LONGEST_DAYS:
            raise ValueError("this is longer than ten years")
        return self

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


_A_DATE = {"type": "string", "format": "date"}
_DATES = {"type": "string", "description": "YYYY-MM-DD, or YYYY-MM-DD/YYYY-MM-DD"}
_WEEKDAY_NAMES = {"type": "string", "enum": list(WEEKDAYS)}
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(_A_DATE)]
Weekday = Annotated[str, BeforeValidator(_weekday), WithJsonSchema(_WEEKDAY_NAMES)]
Time = Annotated[
    Length,
    BeforeValidator(_length),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": _LENGTH.pattern}]}),
]
Days = Annotated[
    Span,
    BeforeValidator(_span),
    PlainSerializer(lambda s: f"{s.first}/{s.last}" if s.last > s.first else str(s.first), return_type=str),
    WithJsonSchema(_DATES),
]
Count = Annotated[
    tuple[int, int],
    BeforeValidator(_count),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}),
]


class OwnPhase(Document):
    """Part of a regimen of one's own: `sessions` at `every` (with `min` and `max`), or `offsets` counted from the
    first session of the course. Bare numbers count `unit`."""

    name: PhaseName = "initial"
    sessions: Count | None = None
    unit: Literal["day", "week", "month"] = "day"
    every: Time | None = None
    min: Time | None = None
    max: Time | None = None
    offsets: Annotated[tuple[Time, ...], Field(max_length=100)] = ()
    review: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_units(cls, data: Any) -> Any:
        unit = data.get("unit") if isinstance(data, dict) else None
        if unit not in ("day", "week", "month"):
            return data

        def with_unit(value: Any) -> Any:
            return f"{value} {unit}" if isinstance(value, int) and not isinstance(value, bool) else value

        out = {**data, **{key: with_unit(data[key]) for key in ("every", "min", "max") if key in data}}
        if isinstance(data.get("offsets"), list | tuple):
            out["offsets"] = [with_unit(value) for value in data["offsets"]]
        return out

    @model_validator(mode="after")
    def _whole(self) -> OwnPhase:
        if isinstance(self, OwnRegimen) and self.phases:
            return self
        if bool(self.every) == bool(self.offsets) and self.sessions != (1, 1):
            raise ValueError("give either 'sessions' with 'every', or 'offsets'")
        if self.offsets and (self.sessions or self.max):
            raise ValueError("'offsets' already say how many sessions and when; leave 'sessions' and 'max' out")
        at = date(2026, 1, 1)  # any day will do: only gross contradictions are meant
        lengths = [(n, length.after(at)) for n in ("min", "every", "max") if (length := getattr(self, n)) is not None]
        for (name, earlier), (later_name, later) in pairwise(lengths):
            if earlier > later:
                raise ValueError(f"'{name}' is longer than '{later_name}'")
        if self.every is not None and self.every.count == 0:
            raise ValueError("'every' is 0; two sessions never stand on one day")
        return self


class OwnRegimen(OwnPhase):
    """One phase written straight out, or several as `phases`."""

    title: str | None = None
    phases: Annotated[tuple[OwnPhase, ...], Field(max_length=20)] = ()
    if_missed: Literal["moves-the-rest", "is-dropped"] = "moves-the-rest"

    @model_validator(mode="after")
    def _consistent(self) -> OwnRegimen:
        if self.phases and (self.every or self.offsets or self.sessions):
            raise ValueError("give either 'phases' or one phase written straight out, not both")
        anchor, last = date(2026, 1, 1), None
        for number, phase in enumerate(self.parts):
            if number and not (phase.every or phase.offsets):
                raise ValueError(f"phase {number + 1} needs 'every' or 'offsets'")
            if phase.name != "maintenance" and not phase.offsets and phase.sessions is None and len(self.parts) > 1:
                raise ValueError(f"phase {number + 1} needs 'sessions'")
            for offset in phase.offsets:
                if last is None and number == 0 and offset.count != 0:
                    raise ValueError("the first offset is 0, the day of the first session; count the others from it")
                if last is not None and offset.after(anchor) <= last:
                    raise ValueError(f"the offset '{offset}' does not lie after the one before it")
                last = offset.after(anchor)
        return self

    @property
    def parts(self) -> tuple[OwnPhase, ...]:
        return self.phases or (self,)


class Event(Document):
    """Something planned that a session must keep away from: a celebration, another procedure, a vaccine."""

    event: str
    date: Day
    area: str | None = None


class Washout(Document):
    """No session before `earliest`."""

    earliest: Day
    reason: str


class Constraints(Document):
    """What the calendar allows. `available`: weekdays or dates on which the patient can come; absent: any."""

    closed_weekdays: tuple[Weekday, ...] = ()
    closed_dates: Annotated[tuple[Days, ...], Field(max_length=_MOST_ENTRIES)] = ()
    available: (
        Annotated[
            tuple[
                Annotated[
                    str | Span,
                    BeforeValidator(_open_on),
                    PlainSerializer(lambda v: v if isinstance(v, str) else f"{v.first}/{v.last}", return_type=str),
                    WithJsonSchema({"anyOf": [_WEEKDAY_NAMES, _DATES]}),
                ],
                ...,
            ],
            Field(max_length=_MOST_ENTRIES),
        ]
        | None
    ) = None
    events: Annotated[tuple[Event, ...], Field(max_length=_MOST_ENTRIES)] = ()
    washouts: Annotated[tuple[Washout, ...], Field(max_length=_MOST_ENTRIES)] = ()


class Request(Document):
    """What `schedule` is asked. `protocol` by id, with `regimen` naming a published one (position id or source key);
    or `regimen` of one's own. `proposed` dates are checked instead of planned."""

    protocol: str | None = None
    regimen: (
        Annotated[
            Annotated[str, Tag("name")] | Annotated[OwnRegimen, Tag("own")],
            Discriminator(lambda value: "name" if isinstance(value, str) else "own"),
        ]
        | None
    ) = None
    sessions: Annotated[int, Field(ge=1, le=100)] | None = None
    start: Day | None = None
    given: Annotated[tuple[Day, ...], Field(max_length=_MOST_ENTRIES)] = ()
    missed: Annotated[tuple[Day, ...], Field(max_length=_MOST_ENTRIES)] = ()
    constraints: Constraints = Constraints()
    proposed: Annotated[tuple[Day, ...], Field(max_length=_MOST_ENTRIES)] | None = None
    indication: str | None = None
    purpose: Literal["cosmetic", "medical"] | None = None
    ingredients: tuple[str, ...] = ()  # what is injected; each may have a spacing of its own
    areas: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Request:
        if self.protocol is None and not isinstance(self.regimen, OwnRegimen):
            raise ValueError("name a 'protocol', or give a 'regimen' of your own")
        if self.start is None and not self.given and not self.proposed:
            raise ValueError("there is no 'start', nothing 'given' and nothing 'proposed' to count from")
        for name, days in (("given", self.given), ("missed", self.missed)):
            twice = sorted({day for day in days if days.count(day) > 1})
            if twice:
                raise ValueError(f"{twice[0]} stands twice in '{name}'; two sessions are never on one day")
        both = sorted(set(self.given) & set(self.missed))
        if both:
            raise ValueError(f"{both[0]} stands in 'given' and in 'missed'; keep the one that is true")
        return self


# --- what is answered --------------------------------------------------------------------------------------------


class Reason(Document):
    """A sentence, and the record and position its figure comes from; neither where it is the request's own."""

    text: str
    record: str | None = None
    position: str | None = None
    sources: tuple[Cited, ...] = ()


class Session(Document):
    """One dated session. `latest`: the last day of its published window, where it has one."""

    number: int
    date: date
    phase: PhaseName
    why: str
    moved: str | None = None
    gap_days: int | None = None  # since the session before it
    latest: Day | None = None
    record: str | None = None
    position: str | None = None
    sources: tuple[Cited, ...] = ()
    moved_by: tuple[Reason, ...] = ()


class Review(Document):
    """Looking at the result before going on; due on the day the next session could be."""

    after_session: int
    before_session: int | None
    due: date | None
    text: str


class Conflict(Document):
    """What cannot be, and the nearest way out. `pair` with `gap_days` where it concerns two dates."""

    what: str
    way_out: str
    session: int | None = None
    nearest: date | None = None
    pair: tuple[date, date] | None = None
    gap_days: int | None = None
    record: str | None = None
    position: str | None = None
    sources: tuple[Cited, ...] = ()


class Adopted(Document):
    """The regimen that the dates follow, and why that one. `protocol` and `position` are None for one's own."""

    protocol: str | None
    position: str | None
    title: str
    words: str
    chosen: Literal["default", "named", "clinic", "own"]
    because: str
    evidence: str | None = None
    grade: str | None = None
    sources: tuple[Cited, ...] = ()


class Other(Document):
    """Another published regimen, in one line."""

    position: str
    line: str
    words: str
    grade: str
    sources: tuple[Cited, ...]


Verdict = Literal["scheduled", "scheduled-with-notes", "accepted", "refused", "conflict"]


class Course(Document):
    """`sessions` are those to come (or proposed), numbered after the `given` ones; in a conflict, those before it.
    `total` counts given and coming ones, maintenance left out."""

    verdict: Verdict
    statement: str
    title: str
    language: str
    edition: str
    edition_version: str
    regimen: Adopted
    others: tuple[Other, ...]
    minimum: Reason | None
    other_minimums: tuple[Reason, ...]
    total: int
    given: tuple[date, ...]
    sessions: tuple[Session, ...]
    reviews: tuple[Review, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[Reason, ...]


# --- how it is found ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A phase, published or one's own, in one shape. `hard`: its longest interval is an order, not a range that
    was published."""

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
class _Slot:
    number: int
    part: _Part
    offset: Length | None = None


@dataclass(frozen=True)
class _Window:
    """Days barred by an event: `first` to `last`."""

    first: date
    last: date
    event: Event
    reason: Reason


@dataclass(frozen=True)
class _Floor:
    length: Length
    reason: Reason


@dataclass(frozen=True)
class _Placed:
    slot: _Slot
    day: date
    nominal: date
    movers: tuple[Reason, ...]


def plan_course(request: Request, edition: Edition, language: str = "en") -> Course:
    """The course's dates, or the verdict on proposed ones. Raises InputError on a protocol, regimen or number of
    sessions that this edition does not know."""
    return _Planner(request, edition, language).course()


class _Words:
    """Phrases of data/texts/course.yaml with dates and lengths as people say them."""

    def __init__(self, edition: Edition, language: str) -> None:
        self.edition, self.language = edition, language

    def __call__(self, key: str, **words: str) -> str:
        return self.edition.say(f"course.{key}", self.language, **words)

    def bare(self, key: str, **words: str) -> str:
        """A phrase to stand inside another one."""
        return self(key, **words).removeprefix("[en] ")

    def date(self, day: date) -> str:
        def names(key: str) -> list[str]:
            return self.edition.say(f"aftercare.{key}", self.language).removeprefix("[en] ").split(",")

        weekday, month = names("weekdays")[day.weekday()], names("months-of-year")[day.month - 1]
        return self.bare("date", weekday=weekday, day=str(day.day), month=month, year=str(day.year))

    def weekday(self, number: int) -> str:
        return self.edition.say("aftercare.weekdays", self.language).removeprefix("[en] ").split(",")[number]

    def length(self, length: Length) -> str:
        return self.bare(length.unit if length.count == 1 else f"{length.unit}s", count=str(length.count))

    def days(self, count: int) -> str:
        return self.length(Length(count=count, unit="day"))

    def interval(self, low: Length, high: Length | None) -> str:
        if high is None or high == low:
            return self.length(low)
        if high.unit == low.unit:
            span = self.bare("range", low=str(low.count), high=str(high.count))
            return self.bare(f"{low.unit}s", count=span)
        return self.bare("range-unlike", low=self.length(low), high=self.length(high))

    def sessions(self, low: int, high: int) -> str:
        count = str(low) if low == high else self.bare("range", low=str(low), high=str(high))
        return self.bare("words-session" if high == 1 else "words-sessions", count=count)

    def listed(self, items: Iterable[str]) -> str:
        *first, last = items
        return self.bare("and", first=", ".join(first), last=last) if first else last

    def regimen(self, parts: Iterable[_Part]) -> str:
        out = ""
        for part in parts:
            words = self._part(part)
            out = self.bare("words-then", first=out, last=words) if out else words
        return out

    def _part(self, part: _Part) -> str:
        if part.offsets:
            count = self.sessions(len(part.offsets), len(part.offsets))
            if len(part.offsets) == 1:
                return self.bare("words-single", sessions=count)
            if any(o.unit == "month" for o in part.offsets):
                return self.bare(
                    "words-offsets-long", sessions=count, lengths=self.listed(map(self.length, part.offsets[1:]))
                )
            days = [str(o.count * (7 if o.unit == "week" else 1)) for o in part.offsets]
            return self.bare("words-offsets", sessions=count, days=self.listed(days))
        if part.every is None or part.low is None or part.high is None:
            interval = self.interval(part.every, part.most) if part.every else ""
            return self.bare("words-maintenance", interval=interval)
        interval = self.interval(part.every, part.most)
        if part.name == "maintenance":
            return self.bare(
                "words-maintenance-sessions", sessions=self.sessions(part.low, part.high), interval=interval
            )
        count = self.sessions(part.low, part.high)
        if part.high == 1:
            return self.bare("words-single", sessions=count)
        return self.bare("words-every", sessions=count, interval=interval)


class _Calendar:
    """Which days a session may stand on, and what bars the others."""

    def __init__(self, constraints: Constraints, windows: tuple[_Window, ...], words: _Words) -> None:
        self.constraints, self.windows, self.words = constraints, windows, words
        self.closed_weekdays = frozenset(WEEKDAYS.index(day) for day in constraints.closed_weekdays)
        self.weekdays = frozenset(WEEKDAYS.index(d) for d in constraints.available or () if isinstance(d, str))
        self.spans = tuple(d for d in constraints.available or () if isinstance(d, Span))

    @property
    def never_open(self) -> bool:
        return len(self.closed_weekdays) == 7

    def closed(self, day: date) -> Iterator[Reason]:
        """Why the clinic is closed."""
        words = self.words
        if self.never_open:
            yield Reason(text=words.bare("bar-every-day"))
        elif day.weekday() in self.closed_weekdays:
            yield Reason(text=words.bare("bar-weekday", weekday=words.weekday(day.weekday())))
        for span in self.constraints.closed_dates:
            if day in span and span.first == span.last:
                yield Reason(text=words.bare("bar-closed", date=words.date(day)))
            elif day in span:
                first, last = words.date(span.first), words.date(span.last)
                yield Reason(text=words.bare("bar-closed-span", first=first, last=last))

    def bars(self, day: date) -> Iterator[Reason]:
        """Everything that bars a session on this day."""
        words = self.words
        for washout in self.constraints.washouts:
            if day < washout.earliest:
                text = words.bare("bar-washout", date=words.date(washout.earliest), reason=washout.reason)
                yield Reason(text=text)
        yield from self.closed(day)
        if self.constraints.available is not None and not self._offered(day):
            yield Reason(text=words.bare("bar-available"))
        yield from (window.reason for window in self.windows if window.first <= day <= window.last)

    def _offered(self, day: date) -> bool:
        return day.weekday() in self.weekdays or any(day in span for span in self.spans)

    def is_open(self, day: date) -> bool:
        return next(self.bars(day), None) is None

    def first_open(self, day: date) -> date | None:
        """The first possible day from `day` on; None when there is none for years."""
        if self.never_open:
            return None
        days = (day + timedelta(days=n) for n in range(_HORIZON_DAYS))
        return next((d for d in days if self.is_open(d)), None)

    def first_open_clinic(self, day: date) -> date | None:
        """As `first_open`, for a review: only the clinic's own closures count."""
        if self.never_open:
            return None
        days = (day + timedelta(days=n) for n in range(_HORIZON_DAYS))
        return next((d for d in days if next(self.closed(d), None) is None), None)

    def between(self, first: date, until: date | None) -> tuple[Reason, ...]:
        """What bars the days from `first` to the day before `until`, each reason once."""
        span = min((until - first).days if until else _HORIZON_DAYS, _HORIZON_DAYS)
        found = (reason for n in range(span) for reason in self.bars(first + timedelta(days=n)))
        return tuple({reason.text: reason for reason in found}.values())


class _Planner:
    def __init__(self, request: Request, edition: Edition, language: str) -> None:
        self.request, self.edition, self.words = request, edition, _Words(edition, language)
        self.notes: list[Reason] = []
        self.protocol = self._protocol()
        self.parts, self.adopted, self.if_missed = self._regimen()
        self.given = tuple(sorted(request.given))
        self.missed = tuple(sorted(request.missed))
        dropped = self.missed if self.if_missed == "is-dropped" else ()
        # The days that count as sessions past; one that was missed and is dropped uses up its place.
        self.past = tuple(sorted((*self.given, *dropped)))
        self.floors = tuple(self._spacings())
        self.calendar = _Calendar(request.constraints, tuple(self._windows()), self.words)

    # --- regimen ---------------------------------------------------------------------------------------------

    def _protocol(self) -> Protocol | None:
        name = self.request.protocol
        if name is None:
            return None
        found = self.edition.protocols.get(normal(name))
        if found is None:
            known = ", ".join(self.edition.protocols)
            raise InputError("protocol", f"no protocol is called '{name}'", f"Name one of {known}")
        return found

    def _regimen(self) -> tuple[tuple[_Part, ...], Adopted, str]:
        request, protocol, words = self.request, self.protocol, self.words
        if isinstance(request.regimen, OwnRegimen):
            own = request.regimen
            parts = tuple(self._own_part(phase) for phase in own.parts)
            adopted = Adopted(
                protocol=None, position=None, title=own.title or words("own-title"), words=words.regimen(parts),
                chosen="own", because=words("reason-own"),
            )  # fmt: skip
            return parts, adopted, own.if_missed
        assert protocol is not None  # a request without a protocol has a regimen of its own
        position = protocol.adopted if request.regimen is None else self._named(protocol, request.regimen)
        decision = self.edition.decisions.get(protocol.id)
        chosen: Literal["default", "named", "clinic"] = "default"
        because = protocol.because
        if position.id != protocol.adopts:
            chosen = "named"
            because = words("reason-named", adopted=protocol.adopts, because=protocol.because)
        elif decision is not None:
            chosen, because = "clinic", words("reason-clinic", reason=decision.reason)
        parts = self._published(position)
        adopted = Adopted(
            protocol=protocol.id,
            position=position.id,
            title=self.edition.text(protocol.title, words.language),
            words=words.regimen(parts),
            chosen=chosen,
            because=because,
            evidence=self.edition.text(protocol.evidence, words.language),
            grade=position.grade,
            sources=cited(self.edition, position.source),
        )
        return parts, adopted, protocol.missed

    def _named(self, protocol: Protocol, name: str) -> Position:
        """The published regimen of that id, or the one that a source stands behind (alone, where several cite it)."""
        wanted = normal(name)
        citing = [p for p in protocol.positions if any(normal(c.ref) == wanted for c in p.source)]
        alone = [p for p in citing if len(p.source) == 1]
        by_id = [p for p in protocol.positions if p.id == wanted]
        for found in (by_id, citing, alone):
            if len(found) == 1:
                return found[0]
        known = (f"{p.id} ({self.words.regimen(self._published(p))})" for p in citing or protocol.positions)
        if citing:
            wrong = f"several regimens of '{protocol.id}' are from '{name}'"
        else:
            wrong = f"'{protocol.id}' has no regimen called '{name}'"
        raise InputError("regimen", wrong, f"Name one of {', '.join(known)}")

    def _published(self, position: Position) -> tuple[_Part, ...]:
        parts = []
        for phase in position.phases:
            low, high = phase.sessions if isinstance(phase.sessions, tuple) else (phase.sessions, phase.sessions)
            every = _of(phase.every, phase.unit or "day") if phase.every else None
            parts.append(
                _Part(
                    name=phase.name,
                    low=low,
                    high=high,
                    every=every,
                    least=every,
                    most=_of(phase.at_most, phase.unit or "day") if phase.at_most else None,
                    offsets=tuple(Length(count=day, unit="day") for day in phase.offsets_days),
                    review=self.edition.text(phase.review, self.words.language) if phase.review else None,
                    hard=False,
                )
            )
        return tuple(parts)

    def _own_part(self, phase: OwnPhase) -> _Part:
        low, high = phase.sessions or (None, None)
        if low is None and not phase.offsets and phase.name != "maintenance":
            if self.request.sessions is None:
                raise InputError("regimen", "it does not say how many sessions", "Add 'sessions'")
            low = high = self.request.sessions
        return _Part(
            name=phase.name, low=low, high=high, every=phase.every, least=phase.min or phase.every, most=phase.max,
            offsets=phase.offsets, review=phase.review, hard=True,
        )  # fmt: skip

    def _others(self) -> tuple[Other, ...]:
        if self.protocol is None:
            return ()
        out = []
        for position in self.protocol.positions:
            if position.id == self.adopted.position:
                continue
            words = self.words.regimen(self._published(position))
            said = "; ".join(f"{c.ref}: {c.says}" if c.says else c.ref for c in position.source)
            out.append(
                Other(
                    position=position.id,
                    line=said,
                    words=words,
                    grade=position.grade,
                    sources=cited(self.edition, position.source),
                )
            )
        return tuple(out)

    # --- spacing ---------------------------------------------------------------------------------------------

    @cached_property
    def _row(self) -> dict[str, Any]:
        """What is known of the treatment, as conditions read it."""
        request = self.request
        indication = request.indication or (self.protocol.indications[0] if self.protocol else None)
        if indication is not None:
            indication = find_by_name(self.edition.indications, indication) or normal(indication)
        ingredients = contents_of(self.edition, Order(products=request.ingredients)).ingredients
        regions = [(region_id(self.edition, area), area) for area in request.areas]
        areas = {a for region, area in regions for a in (closure(self.edition, region) if region else {normal(area)})}
        return {
            "indication": indication,
            "purpose": request.purpose,
            "ingredients": ingredients | {normal(i) for i in request.ingredients} if request.ingredients else None,
            "areas": frozenset(areas) or None,
        }

    def _values(self, measures: tuple[str, ...], about: Iterable[str]) -> Iterator[ValueRecord]:
        """The limits on any of `about` that hold, or may hold for all that is known."""
        wanted = frozenset(about)
        for record in self.edition.values.values():
            if record.measure not in measures or record.about not in wanted:
                continue
            if record.when and explain(self.edition.condition(record.when), self._row).answer is False:
                continue
            yield record

    @property
    def _subjects(self) -> set[str]:
        row = self._row
        return {"mesotherapy", row["indication"] or "", *(row["ingredients"] or ()), *(row["areas"] or ())}

    def _spacings(self) -> Iterator[_Floor]:
        for record in self._values(("min-days-between-sessions", "min-months-between-sessions"), self._subjects):
            length = _of(record.adopted.value, record.adopted.unit or "day")
            title = self.edition.text(record.title, self.words.language).removeprefix("[en] ")
            yield _Floor(
                length, self._from(record, self.words("minimum", length=self.words.length(length), title=title))
            )

    def _from(self, record: ValueRecord, text: str) -> Reason:
        adopted = record.adopted
        sources = cited(self.edition, adopted.source)
        return Reason(text=text, record=record.id, position=adopted.id, sources=sources)

    def _regimens_own(self, text: str) -> Reason:
        adopted = self.adopted
        return Reason(text=text, record=adopted.protocol, position=adopted.position, sources=adopted.sources)

    def _floors_of(self, slot: _Slot) -> tuple[_Floor, ...]:
        """Every minimum before this session, the regimen's own included."""
        if slot.part.least is None:
            return self.floors
        key = "minimum-own" if slot.part.hard else "minimum-regimen"
        text = self.words(key, length=self.words.length(slot.part.least))
        return (*self.floors, _Floor(slot.part.least, self._regimens_own(text)))

    def _floor(self, slot: _Slot, previous: date) -> tuple[date, _Floor | None]:
        """The first day that keeps every minimum after `previous`, and the one that governs."""
        governing = max(self._floors_of(slot), key=lambda f: f.length.after(previous), default=None)
        tomorrow = previous + timedelta(days=1)  # never two on one day
        return max(tomorrow, governing.length.after(previous)) if governing else tomorrow, governing

    def _minimums(self) -> tuple[Reason, ...]:
        """All minimums between the sessions of this course, the governing one first."""
        slots = [slot for slot in self._slots(self._total)[1:] if slot.part.name != "maintenance"]
        at = self.request.start or (self.past[-1] if self.past else (self.request.proposed or (self.edition.on,))[0])
        found: dict[str, _Floor] = {}
        for slot in slots[:1]:
            found |= {floor.reason.text: floor for floor in self._floors_of(slot)}
        return tuple(f.reason for f in sorted(found.values(), key=lambda f: f.length.after(at), reverse=True))

    # --- events ----------------------------------------------------------------------------------------------

    def _windows(self) -> Iterator[_Window]:
        for event in self.request.constraints.events:
            yield from self._window(event)

    def _window(self, event: Event) -> Iterator[_Window]:
        words, when = self.words, self.words.date(event.date)
        concepts, guess = self._meaning(event.event)
        if "no-event" in concepts:
            return
        if guess:
            self.notes.append(Reason(text=words("note-guess", event=event.event, read_as=guess)))
        befores = tuple(self._values(("days-before-session",), concepts))
        afters = tuple(self._values(("days-after-session",), concepts))
        if not concepts:
            self.notes.append(Reason(text=words("note-unknown-event", event=event.event, date=when)))
            afters = tuple(self._values(("days-after-session",), ("social-event",)))
        elif self._is_elsewhere(event, concepts):
            area = event.area or ""
            self.notes.append(Reason(text=words("note-elsewhere", event=event.event, date=when, area=area)))
            return
        elif not befores and not afters:
            self.notes.append(Reason(text=words("note-known-no-spacing", event=event.event, date=when)))
            return
        named = event.event
        if befores:
            record = max(befores, key=lambda r: _of(r.adopted.value, r.adopted.unit or "day").after(event.date))
            length = _of(record.adopted.value, record.adopted.unit or "day")
            text = words.bare("bar-after-event", length=words.length(length), event=named, date=when)
            last = length.after(event.date) - timedelta(days=1)
            yield _Window(event.date, last, event, self._from(record, text))
        if afters:
            record = max(afters, key=lambda r: _of(r.adopted.value, r.adopted.unit or "day").after(event.date))
            length = _of(record.adopted.value, record.adopted.unit or "day")
            text = words.bare("bar-before-event", length=words.length(length), event=named, date=when)
            yield _Window(_first_too_near(length, event.date), event.date, event, self._from(record, text))

    def _meaning(self, text: str) -> tuple[frozenset[str], str | None]:
        """The concepts an event's words mean, with their classes; and the name a misspelling was read as."""
        for kind in ("events", "procedures"):
            seen = Dictionary.of(self.edition, kind).recognise(text)
            if seen.concepts:
                return seen.concepts, seen.guess
        about = {r.about for r in self.edition.values.values() if r.measure.endswith("-session")}
        return frozenset({normal(text)}) & about, None

    def _is_elsewhere(self, event: Event, concepts: frozenset[str]) -> bool:
        """A procedure whose area shares no region with the areas treated. What concerns the whole person never is."""
        ours = self._row["areas"]
        region = region_id(self.edition, event.area) if event.area else None
        if not ours or region is None or concepts & _WHOLE_PERSON:
            return False
        return not closure(self.edition, region) & ours

    # --- the sessions asked ------------------------------------------------------------------------------------

    @property
    def _counted(self) -> tuple[_Part, ...]:
        return tuple(part for part in self.parts if part.name != "maintenance")

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """Fewest and most sessions of the regimen, maintenance left out."""
        lows = [len(p.offsets) or p.low or 0 for p in self._counted]
        highs = [len(p.offsets) or p.high or 0 for p in self._counted]
        return sum(lows), sum(highs)

    @property
    def _total(self) -> int:
        return self.request.sessions or self._bounds[0]

    def _slots(self, total: int) -> tuple[_Slot, ...]:
        """`total` sessions dealt out over the phases: the lower number of each first, then up to the higher from
        the first phase on, the rest to the last; then the maintenance in sight."""
        parts = self._counted
        counts = [len(p.offsets) or p.low or 0 for p in parts]
        spare = total - sum(counts)
        for i in reversed(range(len(parts))):
            cut = min(counts[i], max(-spare, 0))
            counts[i], spare = counts[i] - cut, spare + cut
        for i, part in enumerate(parts):
            add = min(max(spare, 0), (len(part.offsets) or part.high or 0) - counts[i])
            counts[i], spare = counts[i] + max(add, 0), spare - max(add, 0)
        if spare > 0:
            if not parts or parts[-1].every is None:
                raise InputError(
                    "sessions", f"{total} were asked for, and this regimen has {total - spare} days",
                    f"Ask for {total - spare} at most, or give a regimen of your own",
                )  # fmt: skip
            counts[-1] += spare
        slots: list[_Slot] = []
        for part, count in zip(parts, counts, strict=True):
            for i in range(count):
                slots.append(_Slot(len(slots) + 1, part, part.offsets[i] if part.offsets else None))
        for part in self.parts:
            if part.name == "maintenance":
                done = max(0, len(self.past) - len(slots))  # maintenance given already
                for i in range(part.low or (len(part.offsets) or done + 1)):
                    slots.append(_Slot(len(slots) + 1, part, part.offsets[i] if part.offsets else None))
        return tuple(slots)

    # --- planning ----------------------------------------------------------------------------------------------

    def course(self) -> Course:
        request, words = self.request, self.words
        self._note_given()
        over = self._over_most()
        if over is not None:
            return self._made("conflict", words("says-conflict"), (), (), (over,))
        if request.proposed:
            return self._checked(request.proposed)
        self._note_total()
        slots = self._slots(self._total)
        placed, conflict = self._place(slots)
        sessions = self._sessions(placed)
        reviews = self._reviews(slots, [*self.past, *(p.day for p in placed)])
        if conflict is not None:
            return self._made("conflict", words("says-conflict"), sessions, reviews, (conflict,))
        if not sessions:
            statement = words("says-nothing-left")
        else:
            coming = [s for s in sessions if s.phase != "maintenance"] or list(sessions)
            statement = words(
                "says-scheduled", sessions=words.sessions(len(coming), len(coming)),
                first=words.date(coming[0].date), last=words.date(coming[-1].date),
            )  # fmt: skip
        noted = bool(self.notes) or any(s.moved for s in sessions)
        if self.notes:
            statement += " " + words("says-with-notes", count=str(len(self.notes)))
        return self._made("scheduled-with-notes" if noted else "scheduled", statement, sessions, reviews, ())

    def _made(
        self, verdict: Verdict, statement: str, sessions: tuple[Session, ...], reviews: tuple[Review, ...],
        conflicts: tuple[Conflict, ...], total: int | None = None,
    ) -> Course:  # fmt: skip
        minimums = self._minimums()
        return Course(
            verdict=verdict,
            statement=statement,
            title=self.adopted.title,
            language=self.words.language,
            edition=self.edition.fingerprint,
            edition_version=self.edition.version,
            regimen=self.adopted,
            others=self._others(),
            minimum=minimums[0] if minimums else None,
            other_minimums=minimums[1:],
            total=total or self._total,
            given=self.given,
            sessions=sessions,
            reviews=reviews,
            conflicts=conflicts,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _note_given(self) -> None:
        words = self.words
        slots = self._slots(self._total)
        for number, (first, second) in enumerate(pairwise(self.given), 1):
            day, floor = self._floor(slots[min(number, len(slots) - 1)], first)
            if second < day and floor is not None:
                text = words(
                    "note-given-close", first=words.date(first), second=words.date(second),
                    gap=words.days((second - first).days), length=words.length(floor.length),
                )  # fmt: skip
                self.notes.append(floor.reason.model_copy(update={"text": text}))
        if self.if_missed == "is-dropped":
            self.notes += [self._regimens_own(words("note-dropped", date=words.date(day))) for day in self.missed]

    def _note_total(self) -> None:
        words, (low, high), asked = self.words, self._bounds, self.request.sessions
        published = words.sessions(low, high)
        if asked is None and low < high:
            self.notes.append(self._regimens_own(words("note-range", published=published)))
        elif asked is not None and not low <= asked <= high:
            text = words("note-outside", asked=words.sessions(asked, asked), published=published)
            self.notes.append(self._regimens_own(text))
        if len(self.past) >= self._total:
            self.notes.append(Reason(text=words("note-given-all", total=words.sessions(self._total, self._total))))

    def _over_most(self) -> Conflict | None:
        """More sessions than a limit allows in all."""
        for record in self._values(("max-sessions",), self._subjects):
            most = int(record.adopted.value or 0)
            asked = max(self._total, len(self.given) + len(self.request.proposed or ()))
            if asked > most:
                reason = self._from(record, "")
                return Conflict(
                    what=self.words("conflict-most-sessions", asked=str(asked), most=str(most)),
                    way_out=self.words("out-most-sessions", most=self.words.sessions(most, most)),
                    record=reason.record,
                    position=reason.position,
                    sources=reason.sources,
                )
        return None

    @property
    def _pending(self) -> date | None:
        """The last missed day that no session has replaced yet."""
        last = self.missed[-1] if self.missed else None
        return None if last is None or (self.past and last <= self.past[-1]) else last

    def _earliest(self) -> Iterator[tuple[date, Reason]]:
        """Days before which no coming session may be, whatever the intervals say."""
        words = self.words
        if self.request.start is not None:
            text = words.bare("mover-start", date=words.date(self.request.start))
            yield self.request.start, Reason(text=text)
        if self._pending is not None:
            text = words.bare("mover-missed", date=words.date(self._pending))
            yield self._pending + timedelta(days=1), Reason(text=text)

    def _nominal(self, slot: _Slot, days: list[date], slipped: int) -> date:
        """The regimen's own day. `slipped`: days by which missed sessions have moved the offsets."""
        if not days:
            return self.request.start or self.edition.on
        if slot.offset is not None:
            return slot.offset.after(days[0]) + timedelta(days=slipped)
        assert slot.part.every is not None
        return slot.part.every.after(days[-1])

    def _slipped(self, slots: tuple[_Slot, ...], days: list[date]) -> int:
        """Days by which the offsets have moved: each missed session moves those after it with its replacement."""
        slipped = 0
        if self.if_missed == "is-dropped":
            return 0
        for slot, before, day in zip(slots[1:], days, days[1:], strict=False):
            if slot.offset is not None and any(before < missed < day for missed in self.missed):
                slipped += max(0, (day - self._nominal(slot, days[:1], slipped)).days)
        return slipped

    def _put(self, slot: _Slot, slots: tuple[_Slot, ...], days: list[date], kept: date | None) -> _Placed | date:
        """A session on its first possible day; or, where there is none, the day from which one was looked for.
        `kept`: not before this day, so that the next session keeps its interval."""
        words = self.words
        nominal = self._nominal(slot, days, self._slipped(slots, days))
        at, movers = nominal, list[Reason]()
        pushes = list(self._earliest())
        if days:
            floor_day, floor = self._floor(slot, days[-1])
            if floor is not None:
                text = words.bare("mover-minimum", length=words.length(floor.length))
                pushes.append((floor_day, floor.reason.model_copy(update={"text": text})))
            at = max(at, days[-1] + timedelta(days=1))
        if kept is not None:
            pushes.append((kept, Reason(text=words.bare("mover-next", next=str(slot.number + 1)))))
        for day, reason in sorted(pushes, key=lambda push: push[0]):
            if day > nominal:
                at = max(at, day)
                movers.append(reason)
        day_open = self.calendar.first_open(at)
        if day_open is None:
            return at
        # Only what still bars the way counts: a push that another one outreaches did not move it.
        movers = [m for m in movers if any(r == m and d > nominal for d, r in pushes)]
        return _Placed(slot, day_open, nominal, (*movers, *self.calendar.between(at, day_open)))

    def _limit(self, slot: _Slot, previous: date, day: date) -> date | None:
        """The last day of this session's interval; None where it has none, or where a missed session or the named
        start has already passed it."""
        if slot.part.most is None or slot.offset is not None:
            return None
        limit = slot.part.most.after(previous)
        if any(previous < missed <= day for missed in self.missed) or (self.request.start or limit) > limit:
            return None
        return limit

    def _place(self, slots: tuple[_Slot, ...], begin: date | None = None) -> tuple[list[_Placed], Conflict | None]:
        """Each session on the earliest day from which all that follow still fit. The first one stands where it was
        asked (`begin`: not before this day); a later one may wait within its interval for the one after it."""
        done = len(self.past)
        kept: dict[int, date] = {} if begin is None else {done: begin}
        placed: list[_Placed] = []
        first_failure: tuple[list[_Placed], _Slot, _Placed | date] | None = None
        index = done
        while index < len(slots):
            slot = slots[index]
            days = [*self.past, *(p.day for p in placed)]
            found = self._put(slot, slots, days, kept.get(index))
            limit = None
            if isinstance(found, _Placed):
                limit = self._limit(slot, days[-1], found.day) if days else None
                if slot.part.name == "maintenance" or limit is None or found.day <= limit:
                    placed.append(found)
                    index += 1
                    continue
            if first_failure is None:
                first_failure = (list(placed), slot, found)
            if limit is None or not isinstance(found, _Placed) or len(placed) < 2 or slot.part.most is None:
                break
            # The session before may come later, if that brings this one into its interval.
            before = placed.pop().day
            while slot.part.most.after(before) < found.day:
                before += timedelta(days=1)
            index -= 1
            kept[index] = before
        else:
            return placed, None
        assert first_failure is not None
        placed, slot, found = first_failure
        return placed, self._conflict(slots, placed, slot, found, search=begin is None)

    def _conflict(
        self, slots: tuple[_Slot, ...], placed: list[_Placed], slot: _Slot, found: _Placed | date, *, search: bool
    ) -> Conflict:
        words, calendar = self.words, self.calendar
        days = [*self.past, *(p.day for p in placed)]
        number = str(slot.number)
        if isinstance(found, date):
            reasons = calendar.between(found, None)
            limit = self._limit(slot, days[-1], found) if days else None
            if calendar.never_open:
                key = "out-weekdays"
            else:
                offer = "available" if self.request.constraints.available is not None else "open"
                key = f"out-{offer}-between" if limit or offer == "open" else "out-available"
                key = key if limit or offer == "available" else "out-open"
            return Conflict(
                what=words(
                    "conflict-none", number=number, date=words.date(found), reasons="; ".join(r.text for r in reasons)
                ),
                way_out=words(key, date=words.date(found), last=words.date(limit) if limit else ""),
                session=slot.number,
                nearest=found,
                sources=_sources(reasons),
            )
        assert slot.part.most is not None
        previous, gap = days[-1], (found.day - days[-1]).days
        movers = [r for r in found.movers if r.text]
        out = words("out-later", date=words.date(found.day), gap=words.days(gap))
        if search and not self.past:
            start = self._fitting_start(slots, placed[0].day if placed else found.day)
            if start is not None:
                out += " " + words("out-start", date=words.date(start))
        return Conflict(
            what=words(
                "conflict-beyond", number=number, length=words.length(slot.part.most), previous=str(slot.number - 1),
                date=words.date(previous), reasons="; ".join(r.text for r in movers),
            ),
            way_out=out,
            session=slot.number,
            nearest=found.day,
            pair=(previous, found.day),
            gap_days=gap,
            record=self.adopted.protocol,
            position=self.adopted.position,
            sources=_sources((self._regimens_own(""), *movers)),
        )  # fmt: skip

    def _fitting_start(self, slots: tuple[_Slot, ...], first: date) -> date | None:
        """The next first day from which everything fits, within half a year."""
        for wait in range(1, 183):
            placed, conflict = self._place(slots, begin=first + timedelta(days=wait))
            if conflict is None:
                return placed[0].day
        return None

    def _sessions(self, placed: list[_Placed]) -> tuple[Session, ...]:
        words, out = self.words, []
        past = list(self.past)
        for p in placed:
            previous = past[-1] if past else None
            out.append(
                self._session(
                    p.slot,
                    p.day,
                    previous,
                    self._why(p.slot, past),
                    moved=words(
                        "moved", nominal=words.date(p.nominal), day=words.date(p.day),
                        reasons="; ".join(r.text for r in p.movers),
                    ) if p.day != p.nominal else None,
                    movers=p.movers,
                )
            )  # fmt: skip
            self._note_gap(p.slot, previous, p.day)
            past.append(p.day)
        return tuple(out)

    def _session(
        self, slot: _Slot, day: date, previous: date | None, why: str, *, moved: str | None = None,
        movers: tuple[Reason, ...] = (),
    ) -> Session:  # fmt: skip
        most = slot.part.most if slot.offset is None else None
        return Session(
            number=slot.number,
            date=day,
            phase=slot.part.name,
            why=why,
            moved=moved,
            gap_days=(day - previous).days if previous else None,
            latest=most.after(previous) if most and previous else None,
            record=self.adopted.protocol,
            position=self.adopted.position,
            sources=_sources((self._regimens_own(""), *movers)),
            moved_by=movers,
        )

    def _why(self, slot: _Slot, past: list[date]) -> str:
        words = self.words
        if not past:
            return words("why-first", date=words.date(self._nominal(slot, past, 0)))
        if slot.offset is not None:
            return words("why-offset", offset=words.length(slot.offset), first=words.date(past[0]))
        assert slot.part.every is not None
        key = "why-dropped" if past[-1] in self.missed else "why-interval"
        key = "why-maintenance" if slot.part.name == "maintenance" else key
        interval = words.interval(slot.part.every, slot.part.most)
        return words(key, interval=interval, previous=str(slot.number - 1), date=words.date(past[-1]))

    def _note_gap(self, slot: _Slot, previous: date | None, day: date) -> None:
        """What is unusual about a gap without being forbidden."""
        words = self.words
        if previous is None:
            return
        said = {"number": str(slot.number), "previous": str(slot.number - 1), "gap": words.days((day - previous).days)}
        most = slot.part.most
        if slot.offset is None and most is not None and day > most.after(previous):
            key = "note-beyond-maintenance" if slot.part.name == "maintenance" else "note-beyond"
            self.notes.append(self._regimens_own(words(key, **said, length=words.length(most))))
        if slot.offset is not None and len(slot.part.offsets) > 1:
            at = date(2026, 1, 1)
            days = [offset.after(at) for offset in slot.part.offsets]
            closest = min((b - a).days for a, b in pairwise(days))
            if (day - previous).days < closest:
                text = words("note-close-offsets", **said, length=words.days(closest))
                self.notes.append(self._regimens_own(text))

    def _reviews(self, slots: tuple[_Slot, ...], days: list[date]) -> tuple[Review, ...]:
        """A review after each phase that asks for one and before all maintenance, from the last session given on."""
        out = []
        for index, (slot, day) in enumerate(zip(slots, days, strict=False)):
            after = slots[index + 1] if index + 1 < len(slots) else None
            if index + 1 < len(self.past):
                continue
            texts = []
            if slot.part.review and slot.part.name != "maintenance" and (not after or after.part is not slot.part):
                texts.append(slot.part.review)
            if after is not None and after.part.name == "maintenance":
                own = after.part.review
                if own or not texts:
                    texts.append(own or self.words("review-maintenance"))
            due = days[index + 1] if index + 1 < len(days) else None
            every = (after.part if after else slot.part).every
            if due is None and every is not None:
                due = self.calendar.first_open_clinic(every.after(day))
            out += [
                Review(after_session=slot.number, before_session=after.number if after else None, due=due, text=text)
                for text in texts
            ]
        return tuple(out)

    # --- checking ----------------------------------------------------------------------------------------------

    def _checked(self, proposed: tuple[date, ...]) -> Course:
        """Proposed dates against the same rules. Where the regimen leaves the number open, the reading that offends
        least is taken."""
        words = self.words
        low, high = self._bounds
        totals = [self._total] if self.request.sessions else range(low, high + 1)
        count = len(self.past) + len(proposed)

        def offence(total: int) -> tuple[int, int, int, int]:
            slots = self._slots(total)
            _, found, notes, _ = self._judge(slots, sorted(proposed))
            return max(0, count - len(slots)), len(found), len(notes), abs(count - total)

        total = min(totals, key=offence)
        sessions, conflicts, notes, reviews = self._judge(self._slots(total), sorted(proposed))
        self.notes += notes
        still = total - len(self.past) - len(proposed)
        if still > 0:
            text = words("note-fewer", proposed=words.sessions(len(proposed), len(proposed)), open=str(still))
            self.notes.append(Reason(text=text))
        if conflicts:
            offending = {c.session for c in conflicts}
            statement = words("says-refused", count=str(len(offending)))
            return self._made("refused", statement, sessions, (), conflicts, total)
        return self._made("accepted", words("says-accepted"), sessions, reviews, (), total)

    def _judge(
        self, slots: tuple[_Slot, ...], proposed: list[date]
    ) -> tuple[tuple[Session, ...], tuple[Conflict, ...], list[Reason], tuple[Review, ...]]:
        words, sessions, conflicts = self.words, list[Session](), list[Conflict]()
        kept_notes, self.notes = self.notes, []
        days = list(self.past)
        for index, day in enumerate(proposed, len(self.past)):
            previous = days[-1] if days else None
            if index >= len(slots):
                total = words.sessions(len(slots), len(slots))
                conflicts.append(
                    Conflict(
                        what=words("refused-extra", date=words.date(day), total=total),
                        way_out=words("out-leave-out", date=words.date(day)),
                        session=index + 1,
                    )
                )
                continue
            slot = slots[index]
            conflicts += self._faults(slot, slots, days, day)
            self._note_proposed(slot, slots, days, day)
            if previous is None:
                why = words("why-proposed-first")
            else:
                gap = words.days((day - previous).days)
                why = words("why-proposed", gap=gap, previous=str(slot.number - 1), date=words.date(previous))
            sessions.append(self._session(slot, day, previous, why))
            days.append(max(day, previous) if previous else day)
        notes, self.notes = self.notes, kept_notes
        return tuple(sessions), tuple(conflicts), notes, self._reviews(slots, days)

    def _faults(self, slot: _Slot, slots: tuple[_Slot, ...], days: list[date], day: date) -> Iterator[Conflict]:
        """Everything that speaks against this session on this day."""
        words = self.words
        previous = days[-1] if days else None
        floor_day, floor = self._floor(slot, previous) if previous else (day, None)
        low = max([floor_day, *(earliest for earliest, _ in self._earliest())])
        limit = self._limit(slot, previous, day) if previous and slot.part.hard else None
        nearest = self._nearest(day, low, limit)
        on = words.date(day)

        def fault(key: str, reason: Reason | None = None, other: date | None = None, **said: str) -> Conflict:
            gap = abs((day - other).days) if other else None
            out = words("out-take", date=words.date(nearest)) if nearest else words("out-none")
            return Conflict(
                what=words(key, date=on, gap=words.days(gap or 0), **said),
                way_out=out,
                session=slot.number,
                nearest=nearest,
                pair=(min(day, other), max(day, other)) if other else None,
                gap_days=gap,
                record=reason.record if reason else None,
                position=reason.position if reason else None,
                sources=reason.sources if reason else (),
            )

        if previous is not None:
            before = words.date(previous)
            if day == previous:
                yield fault("refused-given" if len(days) == len(self.past) else "refused-doubled", other=previous)
            elif day < previous:
                yield fault("refused-before-given", other=previous, previous=before)
            elif day < floor_day and floor is not None:
                yield fault("refused-close", floor.reason, previous, previous=before, length=words.length(floor.length))
            elif limit is not None and slot.part.most is not None and day > limit:
                own = self._regimens_own("")
                yield fault("refused-beyond", own, previous, previous=before, length=words.length(slot.part.most))
        if self.request.start is not None and day < self.request.start:
            yield fault("refused-start", start=words.date(self.request.start))
        if self._pending is not None and day <= self._pending:
            yield fault("refused-missed", missed=words.date(self._pending))
        by_event = {w.reason: w.event for w in self.calendar.windows if w.first <= day <= w.last}
        for reason in self.calendar.bars(day):
            event = by_event.get(reason)
            if event is None:
                yield fault("refused-barred", reason, bar=reason.text)
            else:
                said = {"event": event.event, "bar": reason.text}
                yield fault("refused-event", reason, event.date, **said)

    def _nearest(self, day: date, low: date, limit: date | None) -> date | None:
        """The possible day nearest to `day`, from `low` on (to `limit`)."""
        later = self.calendar.first_open(max(day, low))
        if later is not None and limit is not None and later > limit:
            later = None
        reach = (later - day).days if later else _HORIZON_DAYS
        start = min(day, limit) if limit else day
        for n in range(reach):
            sooner = start - timedelta(days=n)
            if sooner < low:
                break
            if self.calendar.is_open(sooner):
                return sooner
        return later

    def _note_proposed(self, slot: _Slot, slots: tuple[_Slot, ...], days: list[date], day: date) -> None:
        words = self.words
        if not days:
            return
        most = slot.part.most
        refused = slot.part.hard and self._limit(slot, days[-1], day) is not None
        if slot.offset is None and most is not None and day > most.after(days[-1]) and not refused:
            said = {"number": str(slot.number), "previous": str(slot.number - 1)}
            gap, length = words.days((day - days[-1]).days), words.length(most)
            self.notes.append(self._regimens_own(words("note-beyond-proposed", **said, gap=gap, length=length)))
        if slot.offset is not None:
            nominal = self._nominal(slot, days, self._slipped(slots, days))
            if nominal != day:
                said = {"number": str(slot.number), "date": words.date(day), "nominal": words.date(nominal)}
                self.notes.append(self._regimens_own(words("note-off-offset", **said)))


# Events that concern the whole person, wherever they are done.
_WHOLE_PERSON = frozenset(
    {"vaccination", "social-event", "sun-exposure", "heat", "sport", "swimming", "dental-procedure"}
)


def _of(value: Decimal | None, unit: str) -> Length:
    """A record's figure as a length. Raises ValueError on a figure that calendar days cannot hold."""
    if value is None or value % 1 or unit not in ("day", "week", "month"):
        raise ValueError(f"{value} {unit} is not a whole number of days, weeks or months")
    return Length(count=int(value), unit=unit)  # type: ignore[arg-type]


def _first_too_near(length: Length, event: date) -> date:
    """The first day from which `length` reaches past `event`: a session on it would be too near."""
    day = event
    while length.after(day - timedelta(days=1)) > event:
        day -= timedelta(days=1)
    return day


def _sources(reasons: Iterable[Reason]) -> tuple[Cited, ...]:
    return tuple({source.ref: source for reason in reasons for source in reason.sources}.values())
