"""A regimen and a calendar → Course: the dates, each with why it is there and what moved it.

The session gives way: no vaccine, treatment or celebration is ever moved for it. What cannot be dated is a conflict
with the nearest way out, never an exception. Dates that somebody proposes are held against the same rules.

request → regimen (which phases, and why) · spacing (the edition's least times, events) · calendar (days barred)
→ intervals (the rules of this request) → planner or checker → document.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from ..knowledge import Edition
from .calendar import Calendar
from .checker import Checker
from .document import Adopted, Conflict, Course, Other, Reason, Review, Session, Verdict
from .intervals import Intervals
from .planner import Planner
from .regimen import choose, find_protocol, others, published
from .request import WEEKDAYS, Constraints, Event, Length, OwnPhase, OwnRegimen, Request, Span, Washout
from .spacing import Floor, Spacing
from .words import Words


def plan_course(request: Request, edition: Edition, language: str = "en") -> Course:
    """The course's dates, or the verdict on proposed ones. Proposed dates that the regimen in force refuses, and that
    keep to another published one of the protocol, stand as that one's. Raises InputError on a protocol, regimen or
    number of sessions that this edition does not know."""
    course = _course(request, edition, language)
    if course.verdict != "refused" or request.regimen is not None:
        return course
    for other in course.others:
        followed = _course(request.model_copy(update={"regimen": other.position}), edition, language)
        if followed.verdict == "accepted" and _kept(followed, request, edition):
            words = Words(edition, language)
            said = words("note-follows", regimen=other.words, line=other.line, adopted=course.regimen.words)
            note = Reason(text=said, record=other.record, position=other.position, sources=other.sources)
            return followed.model_copy(update={"notes": (note, *followed.notes)})
    return course


def _kept(course: Course, request: Request, edition: Edition) -> bool:
    """Whether accepted dates keep to their regimen's own intervals at the longer end too, to a day."""
    protocol = find_protocol(request, edition)
    assert protocol is not None
    position = next(p for p in protocol.positions if p.id == course.regimen.position)
    parts = {part.name: part for part in published(position, edition, Words(edition, course.language))}
    for earlier, later in pairwise(course.sessions):
        longest = parts[later.phase].most or parts[later.phase].every
        if longest is not None and later.date > longest.after(earlier.date) + timedelta(days=1):
            return False
    return True


def _course(request: Request, edition: Edition, language: str) -> Course:
    words = Words(edition, language)
    protocol = find_protocol(request, edition)
    regimen = choose(request, protocol, edition, words)
    spacing = Spacing(request, protocol, edition, words)
    calendar = Calendar(request.constraints, spacing.windows(), words)
    rules = Intervals(request, regimen, spacing.floors(), calendar, words, edition.on)
    planner = Planner(rules)
    slots, total = rules.slots(rules.total), rules.total
    planner.note_past(slots)
    notes = [*spacing.notes, *planner.notes]
    sessions: tuple[Session, ...] = ()
    reviews: tuple[Review, ...] = ()
    conflicts = _too_many(spacing, rules)
    verdict: Verdict
    if request.proposed:
        read = Checker(rules).judge(request.proposed)
        total, sessions, conflicts = read.total, read.sessions, (*conflicts, *read.conflicts)
        notes += read.notes
        verdict = "refused" if conflicts else "accepted"
        reviews = () if conflicts else rules.reviews(read.slots, read.days)
    elif conflicts:
        verdict = "conflict"
    else:
        planner.note_total()
        placed, conflict = planner.place(slots)
        sessions = planner.sessions(placed)
        reviews = rules.reviews(slots, [*rules.past, *(p.day for p in placed)])
        conflicts = (conflict,) if conflict else ()
        notes = [*spacing.notes, *planner.notes]
        noted = bool(notes) or any(session.moved for session in sessions)
        verdict = "conflict" if conflicts else "scheduled-with-notes" if noted else "scheduled"
    minimums = _minimums(rules)
    return Course(
        verdict=verdict,
        statement=_statement(verdict, sessions, conflicts, len(notes), words),
        title=regimen.adopted.title,
        language=language,
        edition=edition.fingerprint,
        edition_version=edition.version,
        regimen=regimen.adopted,
        others=others(protocol, regimen.adopted.position, edition, words),
        minimum=minimums[0] if minimums else None,
        other_minimums=minimums[1:],
        total=total,
        given=rules.given,
        sessions=sessions,
        reviews=reviews,
        conflicts=conflicts,
        notes=tuple(dict.fromkeys(notes)),
    )


def _too_many(spacing: Spacing, rules: Intervals) -> tuple[Conflict, ...]:
    """More sessions than a limit allows in all."""
    limit = spacing.most_sessions()
    asked = max(rules.total, len(rules.given) + len(rules.request.proposed or ()))
    if limit is None or asked <= limit[0]:
        return ()
    most, reason = limit
    return (
        Conflict(
            what=rules.words("conflict-most-sessions", asked=str(asked), most=str(most)),
            way_out=rules.words("out-most-sessions", most=rules.words.sessions(most, most)),
            record=reason.record,
            position=reason.position,
            sources=reason.sources,
        ),
    )


def _minimums(rules: Intervals) -> tuple[Reason, ...]:
    """The least times between this course's first sessions, the governing one first."""
    slots = rules.slots(max(rules.total, 2)) if rules.regimen.bounds[1] > 1 else ()
    if len(slots) < 2:
        return ()
    day = rules.request.start or min((*rules.past, *(rules.request.proposed or ())))

    def reach(floor: Floor) -> date:
        return floor.length.after(day)

    return tuple(floor.reason for floor in sorted(rules.floors_of(slots[1]), key=reach, reverse=True))


def _statement(
    verdict: Verdict, sessions: tuple[Session, ...], conflicts: tuple[Conflict, ...], notes: int, words: Words
) -> str:
    if verdict == "refused":
        return words("says-refused", count=str(len({conflict.session for conflict in conflicts})))
    if verdict in ("accepted", "conflict"):
        return words(f"says-{verdict}")
    coming = [session for session in sessions if session.phase != "maintenance"] or list(sessions)
    if not coming:
        return words("says-nothing-left")
    count, first, last = words.sessions(len(coming), len(coming)), coming[0].date, coming[-1].date
    key = "says-scheduled" if len(coming) > 1 else "says-scheduled-one"
    said = words(key, sessions=count, first=words.date(first), last=words.date(last))
    return f"{said} {words('says-with-notes', count=str(notes))}" if notes else said


__all__ = [
    "WEEKDAYS",
    "Adopted",
    "Conflict",
    "Constraints",
    "Course",
    "Event",
    "Length",
    "Other",
    "OwnPhase",
    "OwnRegimen",
    "Reason",
    "Request",
    "Review",
    "Session",
    "Span",
    "Washout",
    "plan_course",
]
