"""Sessions onto days: each on the earliest from which all that follow still fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from .document import Conflict, Reason, Session, sources_of
from .intervals import Intervals
from .regimen import Slot

_LATER_STARTS = 183  # days by which another beginning is looked for
_REASONS_TOLD = 3
# What may give way for a session that finds no day, the least first.
_OPENINGS = {
    "out-available": ("available",),
    "out-weekdays": ("closed_weekdays",),
    "out-open": ("closed_weekdays", "closed_dates"),
    "out-open-available": ("closed_weekdays", "closed_dates", "available"),
}
_OPENINGS_BETWEEN = ("out-available", "out-open")


@dataclass(frozen=True)
class Placed:
    slot: Slot
    day: date
    nominal: date
    movers: tuple[Reason, ...]


@dataclass(frozen=True)
class _Failure:
    """The session that finds no day in its interval: `found` outside it, or None from `at` on."""

    placed: list[Placed]
    slot: Slot
    at: date
    found: Placed | None


class Planner:
    """Plans the sessions to come. `notes` gathers what is unusual without being forbidden."""

    def __init__(self, rules: Intervals) -> None:
        self.rules, self.words, self.calendar = rules, rules.words, rules.calendar
        self.notes: list[Reason] = []

    def place(self, slots: tuple[Slot, ...]) -> tuple[list[Placed], Conflict | None]:
        """The sessions after the past ones; up to the conflict, where there is one. Past the longest of a published
        interval is no conflict: the session moves to the next open day, with a note."""
        beyond: frozenset[int] = frozenset()
        placed, failure = self._place(slots)
        while failure is not None and failure.found is not None and not failure.slot.part.hard:
            beyond |= {failure.slot.number}
            placed, failure = self._place(slots, beyond=beyond)
        if failure is not None:
            return placed, self._conflict(slots, failure)
        start = self._fitting_start(slots, placed[0].day) if beyond and not self.rules.past else None
        if start is not None:
            self._note(self.words("note-start", date=self.words.date(start)))
        days = [*self.rules.past, *(p.day for p in placed)]
        if len(days) < len(slots):
            at, _ = self._put(slots, days, None)
            said = {"number": str(slots[len(days)].number), "date": self.words.date(at)}
            self._note(self.words("note-no-maintenance", **said, reasons=self._joined(self.calendar.between(at, None))))
        return placed, None

    def _place(
        self, slots: tuple[Slot, ...], begin: date | None = None, beyond: frozenset[int] = frozenset()
    ) -> tuple[list[Placed], _Failure | None]:
        """The first session of the course stands where it was asked (`begin`: not before this day); a later one may
        wait within its interval for the one after it. Days only ever move on, so this ends. Sessions
        `beyond` may pass the longest of their interval. Maintenance that finds no day is left out."""
        kept: dict[int, date] = {} if begin is None else {len(self.rules.past): begin}
        placed: list[Placed] = []
        failure: _Failure | None = None
        index = len(self.rules.past)
        while index < len(slots):
            slot = slots[index]
            days = [*self.rules.past, *(p.day for p in placed)]
            at, found = self._put(slots, days, kept.get(index))
            limit = self.rules.limit(slot, days[-1], found.day) if found and days else None
            if found and (limit is None or found.day <= limit or slot.number in beyond):
                placed.append(found)
                index += 1
                continue
            if found is None and slot.part.name == "maintenance":
                break
            if failure is None or slot.number > failure.slot.number:  # one further back was met by waiting
                failure = _Failure(list(placed), slot, at, found)
            movable = len(placed) if self.rules.past else len(placed) - 1
            if found is None or movable < 1 or not (slot.part.hard or self._may_wait(placed[-1], days, beyond)):
                return failure.placed, failure
            # The session before may come later, if that brings this one into its interval.
            before = placed.pop().day
            while self._reach(slot, before) < found.day:
                before += timedelta(days=1)
            index -= 1
            kept[index] = before
        return placed, None

    def _may_wait(self, before: Placed, days: list[date], beyond: frozenset[int]) -> bool:
        """Whether a session has a longest interval to wait within, for a published one after it."""
        if before.slot.number in beyond:
            return False
        return self.rules.limit(before.slot, days[-2], before.day) is not None

    @staticmethod
    def _reach(slot: Slot, previous: date) -> date:
        assert slot.part.most is not None  # asked only of a session that has passed its limit
        return slot.part.most.after(previous)

    def _put(self, slots: tuple[Slot, ...], days: list[date], kept: date | None) -> tuple[date, Placed | None]:
        """The first day looked at, and the session on its first possible day from there."""
        rules, words, slot = self.rules, self.words, slots[len(days)]
        nominal = rules.nominal(slots, days)
        pushes = list(rules.earliest())
        if days:
            floor_day, floor = rules.floor(slot, days)
            text = words.bare("mover-minimum", length=words.length(floor.length) if floor else words.days(1))
            reason = floor.reason.model_copy(update={"text": text}) if floor else Reason(text=text)
            pushes.append((floor_day, reason))
        if kept is not None:
            text = words.bare("mover-next", next=str(slot.number + 1))
            pushes.append((kept, rules.regimen.reason(text)))
        pushes = [(day, reason) for day, reason in pushes if day > nominal]
        at = max([nominal, *(day for day, _ in pushes)])
        day = self.calendar.first_open(at)
        if day is None:
            return at, None
        movers = (*(reason for _, reason in pushes), *self.calendar.between(at, day))
        return at, Placed(slot, day, nominal, movers)

    # --- conflicts ---------------------------------------------------------------------------------------------

    def _conflict(self, slots: tuple[Slot, ...], failure: _Failure) -> Conflict:
        if failure.found is None:
            return self._no_day(failure)
        words, slot, found = self.words, failure.slot, failure.found
        previous = [*self.rules.past, *(p.day for p in failure.placed)][-1]
        gap = (found.day - previous).days
        assert slot.part.most is not None
        out = words("out-later", date=words.date(found.day), gap=words.days(gap))
        start = None if self.rules.past else self._fitting_start(slots, failure.placed[0].day)
        if start is not None:
            out += " " + words("out-start", date=words.date(start))
        own = self.rules.regimen.reason("")
        return Conflict(
            what=words(
                "conflict-beyond",
                number=str(slot.number),
                length=words.length(slot.part.most),
                previous=str(slot.number - 1),
                date=words.date(previous),
                reasons=self._joined(found.movers),
            ),
            way_out=out,
            session=slot.number,
            nearest=found.day,
            pair=(previous, found.day),
            gap_days=gap,
            record=own.record,
            position=own.position,
            sources=sources_of((own, *found.movers)),
        )

    def _no_day(self, failure: _Failure) -> Conflict:
        words, at, own = self.words, failure.at, self.rules.regimen.reason("")
        days = [*self.rules.past, *(p.day for p in failure.placed)]
        limit = self.rules.limit(failure.slot, days[-1], at) if days else None
        reasons = self.calendar.between(at, None)
        key, nearest = self._opening(at)
        if nearest is not None and limit is not None and nearest <= limit and key in _OPENINGS_BETWEEN:
            key = f"{key}-between"
        said = {"date": words.date(nearest or at), "last": words.date(limit) if limit else ""}
        number, reasons_told = str(failure.slot.number), self._joined(reasons)
        return Conflict(
            what=words("conflict-none", number=number, date=words.date(at), reasons=reasons_told),
            way_out=words(key, **said),
            session=failure.slot.number,
            nearest=nearest,
            record=own.record,
            position=own.position,
            sources=sources_of((own, *reasons)),
        )

    def _opening(self, at: date) -> tuple[str, date | None]:
        """The least that must give way for a day to be found from `at` on, and the first day that this opens."""
        for key, lifted in _OPENINGS.items():
            day = self.calendar.without(*lifted).first_open(at)
            if day is not None:
                return key, day
        return "out-none", None

    def _fitting_start(self, slots: tuple[Slot, ...], first: date) -> date | None:
        """The next first day from which everything fits."""
        begin, last = first + timedelta(days=1), first + timedelta(days=_LATER_STARTS)
        while begin <= last:
            placed, failure = self._place(slots, begin)
            if not placed or placed[0].day > last:
                return None
            if failure is None:
                return placed[0].day
            begin = placed[0].day + timedelta(days=1)
        return None

    # --- documents ---------------------------------------------------------------------------------------------

    def sessions(self, placed: list[Placed]) -> tuple[Session, ...]:
        words, out, days = self.words, list[Session](), list(self.rules.past)
        for p in placed:
            moved = None
            if p.day != p.nominal:
                nominal, day = words.date(p.nominal), words.date(p.day)
                moved = words("moved", nominal=nominal, day=day, reasons=self._joined(p.movers))
            out.append(self.rules.session(p.slot, p.day, days, self._why(p, days), moved, p.movers))
            if days and days[-1] not in self.rules.dropped:
                self._note_gap(p.slot, days[-1], p.day)
            if p is placed[0] and p.day < self.rules.on and self.rules.request.start is None:
                self._note(words("note-passed", date=words.date(p.day), number=str(p.slot.number)))
            days.append(p.day)
        return tuple(out)

    def _why(self, placed: Placed, days: list[date]) -> str:
        """Where the day is not in the regimen's own interval, the gap that is and what made it."""
        words, slot, day = self.words, placed.slot, placed.day
        if not days:
            return words("why-first", date=words.date(placed.nominal))
        if slot.offset is not None:
            key, since, interval = "offset", days[0], words.length(slot.offset)
            low = high = slot.offset.after(since)
        else:
            assert slot.part.every is not None
            key, since = "dropped" if days[-1] in self.rules.dropped else "interval", days[-1]
            key = "maintenance" if slot.part.name == "maintenance" else key
            interval = words.interval(slot.part.every, slot.part.most)
            low, high = slot.part.every.after(since), (slot.part.most or slot.part.every).after(since)
        said = {"interval": interval, "previous": str(slot.number - 1), "date": words.date(since)}
        if low <= day <= high:
            return words(f"why-{key}", **said)
        reasons = list(placed.movers)
        if slot.offset is not None and placed.nominal > high:
            text = words.bare("mover-slipped", length=words.days((placed.nominal - high).days))
            reasons.insert(0, Reason(text=text))
        return words(f"why-{key}-moved", **said, gap=words.days((day - since).days), reasons=self._joined(reasons))

    def _note_gap(self, slot: Slot, previous: date, day: date) -> None:
        words, most = self.words, slot.part.most
        said = {"number": str(slot.number), "previous": str(slot.number - 1), "gap": words.days((day - previous).days)}
        if slot.offset is None and most is not None and day > most.after(previous):
            key = "note-beyond-maintenance" if slot.part.name == "maintenance" else "note-beyond"
            excess = words.days((day - most.after(previous)).days)
            self._note(words(key, **said, excess=excess, length=words.length(most)))
        if slot.offset is not None:
            days = [offset.after(previous) for offset in slot.part.offsets]
            closest = min(((later - sooner).days for sooner, later in pairwise(days)), default=0)
            if (day - previous).days < closest:
                self._note(words("note-close-offsets", **said, length=words.days(closest)))

    def note_past(self, slots: tuple[Slot, ...]) -> None:
        """What is to be said of the sessions given and missed."""
        rules, words = self.rules, self.words
        for number, (first, second) in enumerate(pairwise(rules.given), 1):
            day, floor = rules.floor(slots[min(number, len(slots) - 1)], [first])
            if second < day and floor is not None:
                said = {"first": words.date(first), "second": words.date(second)}
                gap, length = words.days((second - first).days), words.length(floor.length)
                text = words("note-given-close", **said, gap=gap, length=length)
                self.notes.append(floor.reason.model_copy(update={"text": text}))
        for day in rules.given:
            if day > rules.on:
                self.notes.append(Reason(text=words("note-given-ahead", date=words.date(day))))
        for day in rules.dropped:
            self._note(words("note-dropped", date=words.date(day)))

    def note_total(self) -> None:
        """What is to be said of the number of sessions."""
        rules, words, asked = self.rules, self.words, self.rules.request.sessions
        low, high = rules.regimen.bounds
        published = words.sessions(low, high)
        if asked is None and low < high:
            self._note(words("note-range", published=published))
        elif asked is not None and not low <= asked <= high:
            self._note(words("note-outside", asked=words.sessions(asked, asked), published=published))
        given, most = len(rules.given), max(rules.total, high)
        if given > most and not any(part.name == "maintenance" for part in rules.regimen.parts):
            self._note(words("note-given-more", given=words.sessions(given, given), total=words.sessions(most, most)))
        elif len(rules.past) >= rules.total > 0:
            self._note(words("note-given-all", total=words.sessions(rules.total, rules.total)))

    def _note(self, text: str) -> None:
        self.notes.append(self.rules.regimen.reason(text))

    def _joined(self, reasons: Iterable[Reason]) -> str:
        """The first reasons, as part of a sentence; all of them stand as data where they count."""
        texts = [reason.text for reason in reasons]
        if len(texts) > _REASONS_TOLD + 1:
            texts[_REASONS_TOLD:] = [self.words.bare("more-reasons", count=str(len(texts) - _REASONS_TOLD))]
        return "; ".join(texts)
