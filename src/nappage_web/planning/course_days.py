"""A course on the calendar: which days each session may stand on, and what follows when one is moved. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from nappage.course import Course, plan_course
from nappage.course.calendar import Calendar
from nappage.course.intervals import Intervals
from nappage.course.regimen import choose, find_protocol
from nappage.course.request import Request
from nappage.course.spacing import Spacing
from nappage.course.words import Words
from nappage.knowledge import Edition

from .reading import Reading

_REACH_DAYS = 120  # how far a window without an end is shown


class NotPossible(Exception):
    def __init__(self, sentence: str, way_out: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.way_out = sentence, way_out


@dataclass(frozen=True)
class Window:
    """Days on which a session may stand as those before it stand: from `first` to `last` (None: no end), but for
    `barred` ones. `longest`: the last day of the published interval, where a later one is only noted."""

    session: int
    first: date
    last: date | None
    longest: date | None
    barred: frozenset[date]

    def allows(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last) and day not in self.barred


def windows(request: Request, course: Course, edition: Edition, language: str) -> tuple[Window, ...]:
    """For each session of the course where else it may stand."""
    rules = _rules(request, edition, language)
    slots = rules.slots(course.total)
    days = list(rules.past)
    out = []
    for session in course.sessions:
        if len(days) >= len(slots):
            break
        slot = slots[len(days)]
        floor = rules.floor(slot, days)[0] if days else rules.on
        # The start is only a wish for the first session: moving it is changing it.
        earliest = [day for day, _why in rules.earliest() if days or day != request.start]
        first = max([floor, rules.on, *earliest])
        last = rules.limit(slot, days[-1], first) if days and slot.part.hard else None
        longest = slot.part.most.after(days[-1]) if days and slot.part.most and slot.offset is None else None
        end = last or max(longest or first, session.date) + timedelta(days=_REACH_DAYS)
        span = (first + timedelta(days=n) for n in range(max((end - first).days, 0) + 1))
        barred = frozenset(day for day in span if not rules.calendar.is_open(day))
        out.append(Window(session.number, first, last, longest, barred))
        days.append(session.date)
    return tuple(out)


def moved(reading: Reading, session: int, day: date) -> list[date]:
    """The course's days with one session on another: the others stay where they can, else those after it are planned
    again. Raises NotPossible with the rule's own sentence."""
    course, request = reading.course, reading.request
    if course is None or request is None or not course.sessions:
        raise NotPossible(_("There are no dates to move."), _("Choose a protocol and a first day."))
    request = _pinned(request, course)
    numbers = [s.number for s in course.sessions]
    if session not in numbers:
        raise NotPossible(_("There is no such session."), _("Load the page again."))
    at = numbers.index(session)
    days = [s.date for s in course.sessions]
    if at == 0:
        request = request.model_copy(update={"start": day})
        if day < reading.on:
            raise NotPossible(_("That day has passed."), _("Choose a later one."))
        if reading.earliest is not None and day < reading.earliest:
            raise NotPossible(
                _("The screening defers this patient until {}.").format(date_format(reading.earliest)),
                _("Choose that day or later."),
            )
    kept = [*days[:at], day, *days[at + 1 :]]
    if kept == sorted(set(kept)):
        judged = plan_course(request.model_copy(update={"proposed": tuple(kept)}), reading.edition, reading.language)
        if judged.verdict == "accepted":
            return kept
    upto = [*days[:at], day]
    judged = plan_course(request.model_copy(update={"proposed": tuple(upto)}), reading.edition, reading.language)
    wrong = next((c for c in judged.conflicts), None)
    if wrong is not None:
        raise NotPossible(wrong.what, wrong.way_out)
    rest = len(days) - len(upto)
    if not rest:
        return upto
    again = request.model_copy(update={"given": (*request.given, *upto), "proposed": None, "start": None})
    planned = plan_course(again, reading.edition, reading.language)
    if planned.verdict == "conflict" or not planned.sessions:
        wrong = planned.conflicts[0] if planned.conflicts else None
        raise NotPossible(
            wrong.what if wrong else _("The sessions after it find no day."), wrong.way_out if wrong else ""
        )
    return [*upto, *(s.date for s in planned.sessions[:rest])]


def refusal(reading: Reading, days: Sequence[date], session: int) -> NotPossible | None:
    """Why these days cannot be the course's, the sentence on `session` first; None where they can."""
    if reading.request is None:
        return None
    if list(days) != sorted(set(days)):
        return NotPossible(_("Two sessions would change places."), _("Choose a day between the neighbouring sessions."))
    request = _pinned(reading.request, reading.course)
    request = request.model_copy(update={"proposed": tuple(days), "start": None})
    judged = plan_course(request, reading.edition, reading.language)
    wrong = sorted(judged.conflicts, key=lambda c: c.session != session)
    return NotPossible(wrong[0].what, wrong[0].way_out) if wrong else None


def _pinned(request: Request, course: Course | None) -> Request:
    """The request with its course's regimen named: moving a session never changes to another published one."""
    position = course.regimen.position if course is not None else None
    return request if position is None else request.model_copy(update={"regimen": position})


def start_text(body: Mapping[str, Any], day: date, zone: str) -> str:
    """`order.planned_start` with another day, its clock time and zone kept."""
    said = str((body.get("order") or {}).get("planned_start") or "")
    found = re.match(r"\d{4}-\d{2}-\d{2}[T ](\d{2}:\d{2})(?:\s+(\S+))?", said)
    return f"{day}T{found[1] if found else '10:00'} {(found[2] if found else None) or zone}"


def _rules(request: Request, edition: Edition, language: str) -> Intervals:
    """The rules that plan and check, as `plan_course` makes them."""
    words = Words(edition, language)
    protocol = find_protocol(request, edition)
    regimen = choose(request, protocol, edition, words)
    spacing = Spacing(request, protocol, edition, words)
    calendar = Calendar(request.constraints, spacing.windows(), words)
    return Intervals(request, regimen, spacing.floors(), calendar, words, edition.on)
