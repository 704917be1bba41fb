"""What `schedule` is asked: a regimen, a start, what was given and missed, constraints, proposed dates."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Discriminator, Field, PlainSerializer, Tag, WithJsonSchema, model_validator

from ..intake.answers import Given
from ..values import Document, add_months

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST_DAYS, _MOST_ENTRIES = 3660, 1000
_LENGTH = re.compile(r"(\d+)\s*(d|days?|w|wks?|weeks?|mo|months?|m)?", re.I)
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?P<offset>Z|[+-]\d{2}:?\d{2})?)?"
    r"(?:\s*\[?(?P<zone>[A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)*)\]?)?"
)
_UNITS = ("day", "week", "month")

PhaseName = Literal["initial", "taper", "maintenance"]


class Length(Document):
    """A length of calendar time. A month is a calendar month, clipped at month ends, never 28 or 30 days."""

    count: Annotated[int, Field(ge=0, le=_LONGEST_DAYS)]
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
    """A date, or the date of a local time: "YYYY-MM-DD", "YYYY-MM-DDTHH:MM Europe/Paris", a datetime; never a number
    read as a moment since 1970."""
    if isinstance(value, datetime):
        value = value.isoformat()
    if isinstance(value, str):
        value = _day_of_text(value.strip())
    if not isinstance(value, date):
        raise ValueError(f"'{value}' is not a date; write YYYY-MM-DD")
    if not 1900 <= value.year <= 2200:
        raise ValueError(f"{value.isoformat()} is not a year for a session; write one from 1900 to 2200")
    return value


def _day_of_text(text: str) -> date:
    match = _MOMENT.fullmatch(text)
    if match and match["offset"]:
        # The day of a moment elsewhere is not always the clinic's day.
        raise ValueError(
            f"'{text}' has an offset; write the day, or local time and zone: 2026-03-20T10:30 Europe/Paris"
        )
    try:
        day = date.fromisoformat(match["day"] if match else text)
    except ValueError:
        raise ValueError(f"'{text}' is not a date; write YYYY-MM-DD") from None
    if match and match["clock"]:
        try:
            time.fromisoformat(match["clock"])
        except ValueError:
            raise ValueError(f"'{text}': a day has no {match['clock']}; write 00:00 to 23:59") from None
    if match and match["zone"]:
        try:
            ZoneInfo(match["zone"])
        except (ValueError, OSError, KeyError):
            raise ValueError(f"'{match['zone']}' is not an IANA time zone; write one like Europe/Paris") from None
    return day


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


def _unit(value: Any) -> Any:
    """The unit that "week", "weeks" or "Weeks" names."""
    word = value.strip().casefold().removesuffix("s") if isinstance(value, str) else value
    if word not in _UNITS:
        raise ValueError(f"'{value}' is not a unit of time; write day, week or month")
    return word


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


_A_DAY = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}",
    "description": "YYYY-MM-DD; a local clock time and an IANA zone may follow: 2026-03-20T10:30 Europe/Paris",
}
_DATES = {"type": "string", "description": "YYYY-MM-DD, or YYYY-MM-DD/YYYY-MM-DD"}
_WEEKDAY_NAMES = {"type": "string", "enum": list(WEEKDAYS)}
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(_A_DAY)]
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
Unit = Annotated[
    Literal["day", "week", "month"],
    BeforeValidator(_unit),
    WithJsonSchema({"type": "string", "enum": [*_UNITS, *(f"{unit}s" for unit in _UNITS)]}),
]
Count = Annotated[
    tuple[int, int],
    BeforeValidator(_count),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}),
]


class OwnPhase(Given):
    """Part of a regimen of one's own: `sessions` at `every` (with `min` and `max`), or `offsets` counted from the
    first session of the course. Bare numbers count `unit`."""

    name: PhaseName = "initial"
    sessions: Count | None = None
    unit: Unit = "day"
    every: Time | None = None
    min: Time | None = None
    max: Time | None = None
    offsets: Annotated[tuple[Time, ...], Field(max_length=100)] = ()
    review: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_units(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("unit") is None:
            return data
        unit = _unit(data["unit"])

        def with_unit(value: Any) -> Any:
            bare = str(value).strip().isdigit() and not isinstance(value, bool)
            return f"{value} {unit}" if bare else value

        out = {**data, **{key: with_unit(data[key]) for key in ("every", "min", "max") if key in data}}
        if isinstance(data.get("phases"), list | tuple):  # the unit of the whole is that of each phase
            out["phases"] = [{"unit": unit, **p} if isinstance(p, dict) else p for p in data["phases"]]
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
        if self.phases and (self.every or self.offsets or self.sessions or self.min or self.max or self.review):
            raise ValueError("give either 'phases' or one phase written straight out, not both")
        names = [phase.name for phase in self.parts]
        if "maintenance" in names and set(names[names.index("maintenance") :]) != {"maintenance"}:
            raise ValueError("maintenance comes after the other phases; write it last")
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


class Event(Given):
    """Something planned that a session must keep away from: a celebration, another procedure, a vaccine."""

    event: str
    date: Day
    area: str | None = None


class Washout(Given):
    """No session before `earliest`."""

    earliest: Day
    reason: str


class Constraints(Given):
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


class Request(Given):
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
        if self.protocol is not None and isinstance(self.regimen, OwnRegimen):
            raise ValueError(
                f"the protocol '{self.protocol}' has regimens, and 'regimen' is one of your own; give one of the two "
                "(beside your own, 'indication' says what is treated)"
            )
        if self.start is None and not self.given and not self.proposed:
            raise ValueError("there is no 'start', nothing 'given' and nothing 'proposed' to count from")
        if self.proposed == ():
            raise ValueError("'proposed' is empty; name the dates to check, or leave it out to have them planned")
        for name, days in (("given", self.given), ("missed", self.missed)):
            twice = sorted({day for day in days if days.count(day) > 1})
            if twice:
                raise ValueError(f"{twice[0]} stands twice in '{name}'; two sessions are never on one day")
        both = sorted(set(self.given) & set(self.missed))
        if both:
            raise ValueError(f"{both[0]} stands in 'given' and in 'missed'; keep the one that is true")
        return self
