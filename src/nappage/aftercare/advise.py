"""A treatment → the sheet: what to do before and after, what is normal, what is not, whom to call.

Each line keeps its length as published, and becomes clock times of *this* session where its time is known.
With a date alone no hour is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..knowledge import Advice, Cited, Edition, Position, cited, said_by
from ..values import Document, plain


class Treatment(Document):
    """What is done to the patient, as the sheet needs it; filled from a plan or from a record.

    `areas` and `ingredients` hold ids with their parents and classes. `time` is local HH:MM in `zone` (IANA)."""

    products: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    technique: str | None = None
    areas: tuple[str, ...] = ()
    start: date
    time: str | None = None
    zone: str | None = None
    combined_with: tuple[str, ...] = ()
    sex: str | None = None
    purpose: str = "cosmetic"
    jurisdiction: str | None = None
    minutes: int | None = None  # length of the visit; what follows counts from its end

    @property
    def begins(self) -> datetime | None:
        """The session's start with its zone, or None when only the day is known."""
        if self.time is None or self.zone is None:
            return None
        hour, minute = map(int, self.time.split(":"))
        return datetime(self.start.year, self.start.month, self.start.day, hour, minute, tzinfo=ZoneInfo(self.zone))

    @property
    def ends(self) -> datetime | None:
        begins = self.begins
        return None if begins is None else _later(begins, timedelta(minutes=self.minutes or 0))

    @property
    def row(self) -> Mapping[str, Any]:
        return {
            "products": self.products,
            "ingredients": self.ingredients,
            "technique": self.technique,
            "areas": self.areas,
            "combined_with": self.combined_with,
            "sex": self.sex,
            "purpose": self.purpose,
            "jurisdiction": self.jurisdiction,
        }


class Line(Document):
    """One line. `hours` is the adopted length; `from_time`/`until_time` ISO 8601 local with offset."""

    id: str
    topic: str
    title: str
    text: str
    hours: float | None = None
    from_time: str | None = None
    until_time: str | None = None
    position: str
    grade: str
    reason: str
    sources: tuple[Cited, ...]
    dissent: tuple[str, ...] = ()
    governed_by: str | None = None  # a stricter line on the same topic holds instead


class Alarm(Document):
    """A preparation step for the calendar: so many hours before the visit."""

    line: str
    hours_before: int
    text: str


class Warning(Document):
    level: str
    lines: tuple[Line, ...]


class Aftercare(Document):
    language: str
    about: tuple[Line, ...]  # what the treatment is and what to expect of it
    before: tuple[Line, ...]
    during: tuple[Line, ...]
    after: tuple[Line, ...]
    normal: tuple[Line, ...]
    warnings: tuple[Warning, ...]
    contact: str
    alarms: tuple[Alarm, ...]


_LEVELS = ("emergency", "same-day-review", "routine-review")


def advise(treatment: Treatment, edition: Edition, language: str = "en") -> Aftercare:
    """The lines of the edition that hold for this treatment. A line whose condition cannot be judged is kept:
    advice too many is safer than advice too few."""
    kept: dict[str, list[Line]] = {phase: [] for phase in ("about", "before", "during", "after", "normal", "warning")}
    levels: dict[str, list[Line]] = {level: [] for level in _LEVELS}
    alarms: list[Alarm] = []
    for advice in sorted(edition.advice.values(), key=lambda line: line.rank):
        if advice.when and edition.reader(advice.when)(treatment.row).answer is False:
            continue
        line = _line(advice, treatment, edition, language)
        kept[advice.phase].append(line)
        if advice.phase == "warning":
            levels[advice.act or "routine-review"].append(line)
        if advice.phase == "before" and line.hours and not advice.prescribed:
            alarms.append(Alarm(line=line.id, hours_before=int(line.hours), text=line.title))
    return Aftercare(
        language=language,
        about=tuple(kept["about"]),
        before=_governed(kept["before"]),
        during=tuple(kept["during"]),
        after=_governed(kept["after"]),
        normal=tuple(kept["normal"]),
        warnings=tuple(Warning(level=level, lines=tuple(lines)) for level, lines in levels.items() if lines),
        contact=edition.say("aftercare.contact", language),
        alarms=tuple(sorted(alarms, key=lambda alarm: -alarm.hours_before)),
    )


def _line(advice: Advice, treatment: Treatment, edition: Edition, language: str) -> Line:
    adopted = advice.adopted
    hours = _hours(adopted)
    begins, ends = treatment.begins, treatment.ends
    moment: datetime | None = None
    if hours is not None and advice.phase == "before" and begins is not None:
        moment = _later(begins, -timedelta(hours=float(hours)))
    elif hours is not None and advice.phase == "after" and ends is not None:
        moment = _later(ends, timedelta(hours=float(hours)))
    words = {}
    if hours is not None:
        length = _length(hours, edition, language)
        words["from"] = (
            _clock(moment, edition, language)
            if moment
            else edition.say("aftercare.before-session", language, duration=length)
        )
        words["until"] = (
            edition.say("aftercare.until", language, moment=_clock(moment, edition, language), duration=length)
            if moment
            else edition.say("aftercare.until-after-session", language, duration=length)
        )
        words["duration"] = length
    return Line(
        id=advice.id,
        topic=advice.topic,
        title=edition.text(advice.title, language),
        text=edition.text(advice.tell, language, **words),
        hours=None if hours is None else float(hours),
        from_time=moment.isoformat() if moment and advice.phase == "before" else None,
        until_time=moment.isoformat() if moment and advice.phase == "after" else None,
        position=adopted.id,
        grade=adopted.grade,
        reason=advice.because,
        sources=cited(edition, adopted.source),
        dissent=tuple(_dissent(p, edition, language) for p in advice.dissent),
    )


def _governed(lines: list[Line]) -> tuple[Line, ...]:
    """Of several timed lines on one topic the longest governs; the others stay and name it."""
    longest: dict[str, Line] = {}
    for line in lines:
        best = longest.get(line.topic)
        if line.hours is not None and (best is None or best.hours is None or line.hours > best.hours):
            longest[line.topic] = line
    return tuple(
        line.model_copy(update={"governed_by": longest[line.topic].id})
        if line.hours is not None and longest[line.topic].id != line.id
        else line
        for line in lines
    )


def _later(moment: datetime, by: timedelta) -> datetime:
    """`by` of elapsed time later, in the same zone: 48 hours across a clock change are 48 hours."""
    return (moment.astimezone(UTC) + by).astimezone(moment.tzinfo)


def _hours(position: Position) -> Decimal | None:
    if position.value is None:
        return None
    return position.value * {"hour": Decimal(1), "day": Decimal(24), "week": Decimal(168)}[position.unit or "hour"]


def _length(hours: Decimal, edition: Edition, language: str) -> str:
    """A length as people say it: hours up to three days, then days, then weeks, then months."""
    days = hours / 24
    if hours <= 72:
        unit, count = "hour", hours
    elif days < 14 and days == days.to_integral_value():
        unit, count = "day", days
    elif days % 7 == 0 and days <= 84:
        unit, count = "week", days / 7
    else:
        unit, count = "month", (days / Decimal("30.5")).to_integral_value()
    return edition.say(f"aftercare.{unit}" if count == 1 else f"aftercare.{unit}s", language, count=plain(count))


def _clock(moment: datetime, edition: Edition, language: str) -> str:
    days = edition.say("aftercare.weekdays", language).removeprefix("[en] ").split(",")
    months = edition.say("aftercare.months-of-year", language).removeprefix("[en] ").split(",")
    return edition.say(
        "aftercare.moment",
        language,
        weekday=days[moment.weekday()],
        day=str(moment.day),
        month=months[moment.month - 1],
        time=f"{moment:%H:%M}",
    ).removeprefix("[en] ")


def _dissent(position: Position, edition: Edition, language: str) -> str:
    length = _hours(position)
    refs = ", ".join(c.ref for c in position.source)
    said = position.note or (_length(length, edition, language) if length is not None else "")
    return said_by(position.source) or f"{said} ({refs})"
