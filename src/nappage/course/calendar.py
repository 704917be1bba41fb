"""Which days a session may stand on, and what bars the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from .document import Reason
from .request import WEEKDAYS, Constraints, Event, Span
from .words import Words

HORIZON_DAYS = 1100  # how far an open day is looked for; past it there is none


@dataclass(frozen=True)
class Window:
    """Days barred by an event: `first` to `last`."""

    first: date
    last: date
    event: Event
    reason: Reason


class Calendar:
    """Which days a session may stand on, and what bars the others."""

    def __init__(self, constraints: Constraints, windows: tuple[Window, ...], words: Words) -> None:
        self.constraints, self.windows, self.words = constraints, windows, words
        self.closed_weekdays = frozenset(WEEKDAYS.index(day) for day in constraints.closed_weekdays)
        self.weekdays = frozenset(WEEKDAYS.index(d) for d in constraints.available or () if isinstance(d, str))
        self.spans = tuple(d for d in constraints.available or () if isinstance(d, Span))
        self._read: dict[date, tuple[Reason, ...]] = {}

    def without(self, *lifted: str) -> Calendar:
        """The calendar if these constraints were not."""
        kept = {name: value for name, value in self.constraints if name not in lifted}
        return Calendar(Constraints.model_construct(**kept), self.windows, self.words)

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

    def bars(self, day: date, *, events: bool = True) -> Iterator[Reason]:
        """Everything that bars a session on this day."""
        words = self.words
        for washout in self.constraints.washouts:
            if day < washout.earliest:
                text = words.bare("bar-washout", date=words.date(washout.earliest), reason=washout.reason)
                yield Reason(text=text)
        yield from self.closed(day)
        if self.constraints.available is not None and not self._offered(day):
            yield Reason(text=words.bare("bar-available"))
        if events:
            yield from (window.reason for window in self.around(day))

    def around(self, day: date) -> Iterator[Window]:
        """The events too near to this day."""
        return (window for window in self.windows if window.first <= day <= window.last)

    def _offered(self, day: date) -> bool:
        return day.weekday() in self.weekdays or any(day in span for span in self.spans)

    def is_open(self, day: date) -> bool:
        return not self._bars_on(day)

    def _bars_on(self, day: date) -> tuple[Reason, ...]:
        """As `bars`, read once for each day."""
        if day not in self._read:
            self._read[day] = tuple(self.bars(day))
        return self._read[day]

    def first_open(self, day: date) -> date | None:
        """The first possible day from `day` on; None when there is none for years."""
        if self.never_open:
            return None
        day = max((day, *(washout.earliest for washout in self.constraints.washouts)))
        days = (day + timedelta(days=n) for n in range(HORIZON_DAYS))
        return next((d for d in days if self.is_open(d)), None)

    def first_open_clinic(self, day: date) -> date | None:
        """As `first_open`, for a review: only the clinic's own closures count."""
        if self.never_open:
            return None
        days = (day + timedelta(days=n) for n in range(HORIZON_DAYS))
        return next((d for d in days if next(self.closed(d), None) is None), None)

    def between(self, first: date, until: date | None) -> tuple[Reason, ...]:
        """What bars the days from `first` to the day before `until`, each reason once."""
        span = min((until - first).days if until else HORIZON_DAYS, HORIZON_DAYS)
        found = (reason for n in range(span) for reason in self._bars_on(first + timedelta(days=n)))
        return tuple({reason.text: reason for reason in found}.values())
