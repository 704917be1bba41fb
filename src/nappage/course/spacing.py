"""The edition's values on time: least time between sessions, and between a session and what else is planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from ..intake import Order, contents_of, find_by_name, normal, region_id
from ..intake.concepts import Dictionary
from ..intake.read import closure
from ..knowledge import Edition, Protocol, ValueRecord, cited
from .calendar import Window
from .document import Reason
from .regimen import length_of
from .request import Event, Length, Request
from .words import Words

# Events that concern the whole person, wherever they are done.
_WHOLE_PERSON = frozenset(
    {"vaccination", "social-event", "sun-exposure", "heat", "sport", "swimming", "dental-procedure"}
)


@dataclass(frozen=True)
class Floor:
    """A least time between two sessions."""

    length: Length
    reason: Reason


class Spacing:
    """What the edition says of this treatment. `notes` gathers what was read of the events."""

    def __init__(self, request: Request, protocol: Protocol | None, edition: Edition, words: Words) -> None:
        self.request, self.protocol, self.edition, self.words = request, protocol, edition, words
        self.notes: list[Reason] = []

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
        """The limits on any of `about` that hold, or that may hold for all that is known."""
        wanted = frozenset(about)
        for record in self.edition.values.values():
            if record.measure not in measures or record.about not in wanted:
                continue
            if record.when and self.edition.reader(record.when)(self._row).answer is False:
                continue
            yield record

    def _of_treatment(self, *measures: str) -> Iterator[ValueRecord]:
        row = self._row
        about = {"mesotherapy", row["indication"] or "", *(row["ingredients"] or ()), *(row["areas"] or ())}
        return self._values(measures, about)

    def _reason(self, record: ValueRecord, text: str) -> Reason:
        adopted = record.adopted
        return Reason(
            text=text, record=record.id, position=adopted.id, sources=cited(self.edition, adopted.source)
        )  # fmt: skip

    def floors(self) -> tuple[Floor, ...]:
        """Every least time between two sessions of this treatment."""
        out = []
        for record in self._of_treatment("min-days-between-sessions", "min-months-between-sessions"):
            length = _length(record)
            title = self.edition.text(record.title, self.words.language).removeprefix("[en] ")
            text = self.words("minimum", length=self.words.length(length), title=title)
            out.append(Floor(length, self._reason(record, text)))
        return tuple(out)

    def most_sessions(self) -> tuple[int, Reason] | None:
        """The fewest that any limit allows in all, where there is one."""
        limits = [(int(record.adopted.value or 0), record) for record in self._of_treatment("max-sessions")]
        if not limits:
            return None
        most, record = min(limits, key=lambda limit: limit[0])
        return most, self._reason(record, "")

    def windows(self) -> tuple[Window, ...]:
        """The days that the planned events bar."""
        return tuple(window for event in self.request.constraints.events for window in self._around(event))

    def _around(self, event: Event) -> Iterator[Window]:
        words, when = self.words, self.words.date(event.date)
        concepts, guess = self._meaning(event.event)
        if "no-event" in concepts:
            return
        if guess:
            self.notes.append(Reason(text=words("note-guess", event=event.event, read_as=guess)))
        if not concepts:
            self.notes.append(Reason(text=words("note-unknown-event", event=event.event, date=when)))
            concepts = frozenset({"social-event"})
        if self._is_elsewhere(event, concepts):
            area = event.area or ""
            self.notes.append(Reason(text=words("note-elsewhere", event=event.event, date=when, area=area)))
            return
        after = _longest(self._values(("days-before-session",), concepts), event.date)
        before = _longest(self._values(("days-after-session",), concepts), event.date)
        if after is None and before is None:
            self.notes.append(Reason(text=words("note-known-no-spacing", event=event.event, date=when)))
        if after is not None:
            text = words.bare("bar-after-event", length=words.length(_length(after)), event=event.event, date=when)
            last = _length(after).after(event.date) - timedelta(days=1)
            yield Window(event.date, last, event, self._reason(after, text))
        if before is not None:
            text = words.bare("bar-before-event", length=words.length(_length(before)), event=event.event, date=when)
            yield Window(_first_too_near(_length(before), event.date), event.date, event, self._reason(before, text))

    def _meaning(self, text: str) -> tuple[frozenset[str], str | None]:
        """The concepts an event's words mean, with their classes; and the name a misspelling was read as."""
        for kind in ("events", "procedures"):
            seen = Dictionary.of(self.edition, kind).recognise(text)
            if seen.concepts:
                return seen.concepts, seen.guess
        return frozenset(), None

    def _is_elsewhere(self, event: Event, concepts: frozenset[str]) -> bool:
        """A procedure whose area shares no region with the areas treated."""
        ours = self._row["areas"]
        region = region_id(self.edition, event.area) if event.area else None
        if not ours or region is None or concepts & _WHOLE_PERSON:
            return False
        return not closure(self.edition, region) & ours


def _length(record: ValueRecord) -> Length:
    return length_of(record.adopted.value, record.adopted.unit or "day")


def _longest(records: Iterable[ValueRecord], day: date) -> ValueRecord | None:
    """The tightest governs."""
    return max(records, key=lambda record: _length(record).after(day), default=None)


def _first_too_near(length: Length, event: date) -> date:
    """The first day from which `length` reaches past `event`: a session on it would be too near."""
    day = event
    while length.after(day - timedelta(days=1)) > event:
        day -= timedelta(days=1)
    return day
