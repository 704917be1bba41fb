"""Proposed dates against the rules that plan: accepted, or each fault with the pair, the gap and the nearest day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from .calendar import HORIZON_DAYS
from .document import Conflict, Reason, Session
from .intervals import Intervals
from .regimen import Slot


@dataclass(frozen=True)
class Judgement:
    total: int
    sessions: tuple[Session, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[Reason, ...]
    slots: tuple[Slot, ...]
    days: list[date]


class Checker:
    def __init__(self, rules: Intervals) -> None:
        self.rules, self.words, self.calendar = rules, rules.words, rules.calendar

    def judge(self, proposed: tuple[date, ...]) -> Judgement:
        """Where the regimen leaves the number of sessions open, the reading that offends least is taken."""
        rules = self.rules
        low, high = rules.regimen.bounds
        totals = [rules.total] if rules.request.sessions else range(low, high + 1)
        count = len(rules.past) + len(proposed)

        def offence(read: Judgement) -> tuple[int, int, int, int]:
            extra = max(0, count - len(read.slots))
            return extra, len(read.conflicts), len(read.notes), abs(count - read.total)

        return min((self._judge(total, sorted(proposed)) for total in totals), key=offence)

    def _judge(self, total: int, proposed: list[date]) -> Judgement:
        rules, words = self.rules, self.words
        slots = rules.slots(total)
        sessions, conflicts, notes = list[Session](), list[Conflict](), list[Reason]()
        days = list(rules.past)
        for day in proposed:
            if len(days) >= len(slots):
                conflicts.append(self._extra(day, len(slots)))
                continue
            slot = slots[len(days)]
            conflicts += self._faults(slot, days, day)
            notes += self._notes(slots, days, day)
            why = words("why-proposed-first")
            if days:
                gap, date_before = words.days(abs((day - days[-1]).days)), words.date(days[-1])
                key = "why-proposed-before" if day < days[-1] else "why-proposed"
                why = words(key, gap=gap, previous=str(slot.number - 1), date=date_before)
            sessions.append(rules.session(slot, day, days, why))
            days.append(max([day, *days[-1:]]))
        still = total - len(rules.past) - len(proposed)
        if still > 0:
            text = words("note-fewer", proposed=words.sessions(len(proposed), len(proposed)), open=str(still))
            notes.append(rules.regimen.reason(text))
        return Judgement(total, tuple(sessions), tuple(conflicts), tuple(notes), slots, days)

    def _extra(self, day: date, most: int) -> Conflict:
        words, own = self.words, self.rules.regimen.reason("")
        return Conflict(
            what=words("refused-extra", date=words.date(day), total=words.sessions(most, most)),
            way_out=words("out-leave-out", date=words.date(day)),
            session=most + 1,
            record=own.record,
            position=own.position,
            sources=own.sources,
        )

    def _faults(self, slot: Slot, days: list[date], day: date) -> Iterator[Conflict]:
        """Everything that speaks against this session on this day."""
        rules, words = self.rules, self.words
        previous = days[-1] if days else None
        floor_day, floor = rules.floor(slot, days) if days else (day, None)
        low = max([floor_day, *(earliest for earliest, _ in rules.earliest())])
        limit = rules.limit(slot, previous, day) if previous and slot.part.hard else None
        nearest = self._nearest(day, low, limit)

        def fault(key: str, reason: Reason | None = None, other: date | None = None, **said: str) -> Conflict:
            gap = abs((day - other).days) if other else None
            return Conflict(
                what=words(key, date=words.date(day), gap=words.days(gap or 0), **said),
                way_out=words("out-take", date=words.date(nearest)) if nearest else words("out-none"),
                session=slot.number,
                nearest=nearest,
                pair=(min(day, other), max(day, other)) if other else None,
                gap_days=gap,
                record=reason.record if reason else None,
                position=reason.position if reason else None,
                sources=reason.sources if reason else (),
            )

        real = next((d for d in reversed(days) if d not in rules.dropped), None)
        if previous is not None:
            before = words.date(previous)
            if day <= previous and previous in rules.dropped:
                yield fault("refused-missed", missed=before)
            elif day == previous:
                yield fault("refused-given" if len(days) == len(rules.past) else "refused-doubled", other=previous)
            elif day < previous:
                yield fault("refused-before-given", other=previous, previous=before)
            elif day < floor_day and floor is not None and real is not None:
                length = words.length(floor.length)
                yield fault("refused-close", floor.reason, real, previous=words.date(real), length=length)
            elif limit is not None and slot.part.most is not None and day > limit:
                length = words.length(slot.part.most)
                yield fault("refused-beyond", rules.regimen.reason(""), previous, previous=before, length=length)
        if rules.request.start is not None and day < rules.request.start:
            yield fault("refused-start", start=words.date(rules.request.start))
        if rules.pending is not None and day <= rules.pending:
            yield fault("refused-missed", missed=words.date(rules.pending))
        for reason in self.calendar.bars(day, events=False):
            yield fault("refused-barred", reason, bar=reason.text)
        for window in self.calendar.around(day):
            said = {"event": window.event.event, "bar": window.reason.text}
            yield fault("refused-event", window.reason, window.event.date, **said)

    def _nearest(self, day: date, low: date, limit: date | None) -> date | None:
        """The possible day nearest to `day`, from `low` on (to `limit`)."""
        later = self.calendar.first_open(max(day, low))
        if later is not None and limit is not None and later > limit:
            later = None
        reach = (later - day).days if later else HORIZON_DAYS
        last = min(day, limit) if limit else day
        sooner = (last - timedelta(days=n) for n in range(reach) if last - timedelta(days=n) >= low)
        return next((d for d in sooner if self.calendar.is_open(d)), later)

    def _notes(self, slots: tuple[Slot, ...], days: list[date], day: date) -> Iterator[Reason]:
        """What is unusual about this session without being forbidden."""
        rules, words, slot = self.rules, self.words, slots[len(days)]
        if not days:
            return
        said = {"number": str(slot.number), "previous": str(slot.number - 1)}
        most = slot.part.most
        refused = slot.part.hard and rules.limit(slot, days[-1], day) is not None
        if slot.offset is None and most is not None and day > most.after(days[-1]) and not refused:
            gap, excess = words.days((day - days[-1]).days), words.days((day - most.after(days[-1])).days)
            text = words("note-beyond-proposed", **said, gap=gap, excess=excess, length=words.length(most))
            yield rules.regimen.reason(text)
        nominal = rules.nominal(slots, days)
        if slot.offset is not None and nominal != day:
            yield rules.regimen.reason(
                words("note-off-offset", number=said["number"], date=words.date(day), nominal=words.date(nominal))
            )
