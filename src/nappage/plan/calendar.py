"""A plan's course → iCalendar. Titles are neutral: a calendar is read by more people than its owner.

An event's UID depends on the plan's reference and the session's number, so a new plan moves the old events.
SEQUENCE rises where an event changed; an event that is gone is cancelled, not forgotten.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..knowledge import Edition
from .treatment_plan import TreatmentPlan
from .words import Words

_SPACE = uuid.UUID("5f0c1d1e-6f0a-5b53-9a27-6e617070616e")


def calendar(plan: TreatmentPlan, edition: Edition, previous: bytes | None = None) -> bytes | None:
    """The events of the plan's sessions, given the calendar written before. None when there is no event at all."""
    from icalendar import Calendar

    say = Words(edition, plan.language)
    before = _events_of(previous)
    events = {event["UID"]: event for event in _events(plan, say)}
    for uid, old in before.items():
        new = events.get(uid)
        if new is None:
            events[uid] = _cancelled(old, plan.asked_on)
        elif _content(new) != _content(old):
            new["SEQUENCE"] = int(old.get("SEQUENCE", 0)) + 1
        else:
            events[uid] = old
    if not events:
        return None
    made = Calendar()
    made.add("prodid", "-//nappage//nappage//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    for event in events.values():
        made.add_component(event)
    made.add_missing_timezones()
    text: bytes = made.to_ical()
    return text


def _events(plan: TreatmentPlan, say: Words) -> list[Any]:
    from icalendar import Event

    course = plan.course
    if course is None:
        return []
    order = plan.order
    total = len([s for s in course.sessions if s.phase != "maintenance"])
    events = []
    for session in course.sessions:
        event = Event()
        event.add("uid", f"{uuid.uuid5(_SPACE, f'{plan.reference}/{session.number}')}@nappage")
        event.add("dtstamp", datetime.combine(plan.asked_on, time(), UTC))
        later = session.phase == "maintenance"
        event.add(
            "summary",
            say("calendar-later") if later else say("calendar-title", number=str(session.number), total=str(total)),
        )
        event.add("description", say("calendar-about"))
        event.add("class", "PRIVATE")
        event.add("status", "CONFIRMED" if plan.may_proceed and not plan.to_sign else "TENTATIVE")
        begins = _begins(session.date, order.planned_time, order.time_zone)
        event.add("dtstart", begins)
        minutes = visit_minutes(plan)
        if minutes and isinstance(begins, datetime):
            event.add("duration", timedelta(minutes=minutes))
        event.add("sequence", 0)
        for alarm in _alarms(plan, say, isinstance(begins, datetime)):
            event.add_component(alarm)
        events.append(event)
    return events


def visit_minutes(plan: TreatmentPlan) -> int | None:
    """Length of the visit with the dwell of a cream that the clinic puts on; None when it was not given."""
    if plan.order.visit_minutes is None:
        return None
    dwell = [int(a.dwell_min) for a in plan.order.anaesthetic or () if a.dwell_min and a.applied_by == "clinic"]
    return plan.order.visit_minutes + max(dwell, default=0)


def _begins(day: date, clock: str | None, zone: str | None) -> date | datetime:
    if clock is None or zone is None:
        return day  # a date alone stays a whole day: no hour is invented
    hour, minute = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))


def _alarms(plan: TreatmentPlan, say: Words, timed: bool) -> list[Any]:
    """One alarm a preparation step, counted back from the visit. Of a whole-day event only whole days."""
    from icalendar import Alarm

    steps: dict[timedelta, list[str]] = {}
    for alarm in plan.aftercare.alarms if plan.aftercare else ():
        if timed or alarm.hours_before % 24 == 0:
            steps.setdefault(timedelta(hours=alarm.hours_before), []).append(alarm.text)
    for cream in plan.order.anaesthetic or ():
        if timed and cream.dwell_min and cream.applied_by == "patient":
            steps.setdefault(timedelta(minutes=int(cream.dwell_min)), []).append(say("calendar-cream"))
    made = []
    for before, texts in sorted(steps.items(), reverse=True):
        one = Alarm()
        one.add("action", "DISPLAY")
        one.add("trigger", -before)
        one.add("description", say("calendar-alarm", duration=_length(before, say), step="; ".join(texts)))
        made.append(one)
    return made


def _length(before: timedelta, say: Words) -> str:
    minutes = int(before.total_seconds() // 60)
    for unit, length in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes % length == 0:
            count = minutes // length
            key = f"aftercare.{unit}" if count == 1 else f"aftercare.{unit}s"
            return say.edition.say(key, say.language, count=str(count))
    raise AssertionError("a minute divides every length")


def _events_of(previous: bytes | None) -> dict[str, Any]:
    """The events written before by UID; none when that file is no calendar any more."""
    from icalendar import Calendar

    if not previous:
        return {}
    try:
        return {str(event["UID"]): event for event in Calendar.from_ical(previous).walk("VEVENT")}
    except ValueError:
        return {}


def _content(event: Any) -> bytes:
    """An event without what only tells when it was written."""
    copy = type(event).from_ical(event.to_ical())
    for key in ("DTSTAMP", "SEQUENCE"):
        copy.pop(key, None)
    text: bytes = copy.to_ical()
    return text


def _cancelled(event: Any, day: date) -> Any:
    if event.get("STATUS") == "CANCELLED":
        return event
    event["STATUS"] = "CANCELLED"
    event["SEQUENCE"] = int(event.get("SEQUENCE", 0)) + 1
    event.pop("DTSTAMP", None)
    event.add("dtstamp", datetime.combine(day, time(), UTC))
    return event
