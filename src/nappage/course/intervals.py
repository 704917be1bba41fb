"""What planning and checking share: the least and the longest between two sessions, and the regimen's own days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from .calendar import Calendar
from .document import Reason, Review, Session, sources_of
from .regimen import Regimen, Slot
from .request import Request
from .spacing import Floor
from .words import Words


class Intervals:
    """The rules of one request. `past`: the days that count as sessions, given ones and those missed and dropped;
    `days` in every method: `past` and the sessions placed since."""

    def __init__(
        self, request: Request, regimen: Regimen, floors: tuple[Floor, ...], calendar: Calendar, words: Words, on: date
    ) -> None:
        self.request, self.regimen, self.calendar, self.words, self.on = request, regimen, calendar, words, on
        self.floors = floors
        self.given = tuple(sorted(request.given))
        self.missed = tuple(sorted(request.missed))
        self.dropped = self.missed if regimen.if_missed == "is-dropped" else ()
        self.past = tuple(sorted((*self.given, *self.dropped)))

    @property
    def total(self) -> int:
        """Sessions planned in all, maintenance left out: as asked, else the fewest of the regimen."""
        return self.request.sessions or self.regimen.bounds[0]

    def slots(self, total: int) -> tuple[Slot, ...]:
        return self.regimen.deal(total, len(self.past))

    # --- least and longest -------------------------------------------------------------------------------------

    def floors_of(self, slot: Slot) -> tuple[Floor, ...]:
        """Every least time before this session, the regimen's own included."""
        least = slot.part.least
        if least is None:
            return self.floors
        key = "minimum-own" if slot.part.hard else "minimum-regimen"
        return (*self.floors, Floor(least, self.regimen.reason(self.words(key, length=self.words.length(least)))))

    def floor(self, slot: Slot, days: list[date]) -> tuple[date, Floor | None]:
        """The first day that keeps every least time after the last session of `days` that took place, and the one
        that governs."""
        tomorrow = days[-1] + timedelta(days=1)  # never two on one day
        real = next((day for day in reversed(days) if day not in self.dropped), None)
        if real is None:
            return tomorrow, None
        governing = max(self.floors_of(slot), key=lambda floor: floor.length.after(real), default=None)
        return (max(tomorrow, governing.length.after(real)) if governing else tomorrow), governing

    def limit(self, slot: Slot, previous: date, day: date) -> date | None:
        """The last day of this session's interval. None where there is none, where a missed session or the named
        start has passed it already, and for maintenance, which is never urgent."""
        if slot.part.most is None or slot.offset is not None or slot.part.name == "maintenance":
            return None
        limit = slot.part.most.after(previous)
        if any(previous < missed <= day for missed in self.missed) or (self.request.start or limit) > limit:
            return None
        return limit

    # --- the regimen's own days --------------------------------------------------------------------------------

    @property
    def pending(self) -> date | None:
        """The last missed day that no session has replaced yet."""
        last = self.missed[-1] if self.missed else None
        return None if last is None or (self.past and last <= self.past[-1]) else last

    def earliest(self) -> Iterator[tuple[date, Reason]]:
        """Days before which no coming session may be, whatever the intervals say."""
        words, start = self.words, self.request.start
        if start is not None:
            yield start, Reason(text=words.bare("mover-start", date=words.date(start)))
        if self.pending is not None:
            reason = Reason(text=words.bare("mover-missed", date=words.date(self.pending)))
            yield self.pending + timedelta(days=1), reason

    def nominal(self, slots: tuple[Slot, ...], days: list[date]) -> date:
        """The regimen's own day for the session after `days`."""
        slot = slots[len(days)]
        if not days:
            return self.request.start or self.on
        if slot.offset is not None:
            return slot.offset.after(days[0]) + timedelta(days=self._slipped(slots, days))
        assert slot.part.every is not None  # a phase has either
        return slot.part.every.after(days[-1])

    def _slipped(self, slots: tuple[Slot, ...], days: list[date]) -> int:
        """Days by which the offsets have moved: each missed session moves those after it with its replacement."""
        slipped = 0
        for slot, (before, day) in zip(slots[1:], pairwise(days), strict=False):
            if slot.offset and not self.dropped and any(before < missed < day for missed in self.missed):
                slipped = max(slipped, (day - slot.offset.after(days[0])).days)
        return slipped

    # --- documents ---------------------------------------------------------------------------------------------

    def session(
        self,
        slot: Slot,
        day: date,
        days: list[date],
        why: str,
        moved: str | None = None,
        movers: tuple[Reason, ...] = (),
    ) -> Session:
        real = [d for d in days if d not in self.dropped]
        most = slot.part.most if slot.offset is None else None
        adopted = self.regimen.adopted
        return Session(
            number=slot.number,
            date=day,
            phase=slot.part.name,
            why=why,
            moved=moved,
            gap_days=(day - real[-1]).days if real and day >= real[-1] else None,
            latest=most.after(days[-1]) if most and days else None,
            record=adopted.protocol,
            position=adopted.position,
            sources=sources_of((self.regimen.reason(""), *movers)),
            moved_by=movers,
        )

    def reviews(self, slots: tuple[Slot, ...], days: list[date]) -> tuple[Review, ...]:
        """A review after each phase that asks for one and before all maintenance, from the last session given on."""
        out = []
        for index, (slot, day) in enumerate(zip(slots, days, strict=False)):
            if index + 1 < len(self.past):
                continue
            after = slots[index + 1] if index + 1 < len(slots) else None
            texts = []
            if slot.part.review and slot.part.name != "maintenance" and (not after or after.part is not slot.part):
                texts.append(slot.part.review)
            if after is not None and after.part.name == "maintenance" and (after.part.review or not texts):
                texts.append(after.part.review or self.words("review-maintenance"))
            every = (after or slot).part.every
            due = days[index + 1] if index + 1 < len(days) else None
            if due is None and every is not None:
                due = self.calendar.first_open_clinic(every.after(day))
            number = after.number if after else None
            source = self.regimen.reason("").model_dump(exclude={"text"})
            out += [
                Review(after_session=slot.number, before_session=number, due=due, text=text, **source) for text in texts
            ]
        return tuple(out)
