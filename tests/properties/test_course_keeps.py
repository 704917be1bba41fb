"""Random regimens under random constraints: what every course must keep, whatever is asked.

The checks below are written anew from the request, not through the code that plans.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nappage.course import WEEKDAYS, Course, Request, plan_course
from nappage.knowledge import load
from nappage.values import add_months

EDITION = load(date(2026, 11, 25))
FIRST = date(2024, 1, 1)
DONE = ("scheduled", "scheduled-with-notes")
# Before and after an event, in days, as the records under data/values have them.
EVENTS = {"vaccination": (14, 21), "social-event": (14, 0), "laser": (14, 42), "dental-procedure": (14, 14)}

days = st.integers(0, 420).map(lambda n: FIRST + timedelta(days=n))
short = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def intervals(draw: st.DrawFn) -> dict[str, Any]:
    """A count with an interval, often with a longest one."""
    unit = draw(st.sampled_from(["day", "week", "month"]))
    every = draw(st.integers(*{"day": (1, 40), "week": (1, 6), "month": (1, 3)}[unit]))
    out: dict[str, Any] = {"sessions": draw(st.integers(1, 7)), "every": every, "unit": unit}
    if draw(st.booleans()):
        out["min"] = draw(st.integers(1, every))
    if draw(st.booleans()):
        out["max"] = every + draw(st.integers(0, 10))
    return out


@st.composite
def offsets(draw: st.DrawFn) -> dict[str, Any]:
    gaps = draw(st.lists(st.integers(1, 35), max_size=6))
    return {"offsets": [sum(gaps[:n]) for n in range(len(gaps) + 1)]}


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A request with a regimen of one's own or a published one, under constraints that can often be met."""
    constraints: dict[str, Any] = {
        "closed_weekdays": draw(st.lists(st.sampled_from(WEEKDAYS), max_size=4, unique=True)),
        "closed_dates": draw(st.lists(days.map(str), max_size=12)),
    }
    if draw(st.integers(0, 3)) == 0:
        constraints["available"] = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True))
    happenings = draw(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), days), max_size=3))
    constraints["events"] = [{"event": name, "date": str(day)} for name, day in happenings]
    if draw(st.integers(0, 3)) == 0:
        constraints["washouts"] = [{"earliest": str(draw(days)), "reason": "healing"}]
    out: dict[str, Any] = {"start": str(draw(days)), "constraints": constraints}
    if draw(st.booleans()):
        out["regimen"] = draw(st.one_of(intervals(), offsets()))
    else:
        out["protocol"] = draw(st.sampled_from(sorted(EDITION.protocols)))
        positions = [position.id for position in EDITION.protocols[out["protocol"]].positions]
        out["regimen"] = draw(st.sampled_from(positions))
    if draw(st.integers(0, 3)) == 0:
        out["purpose"] = "medical"
    if "regimen" in out and isinstance(out["regimen"], str) and draw(st.booleans()):
        out["ingredients"] = draw(st.sampled_from([["tranexamic-acid"], ["deoxycholic-acid"], ["dutasteride"]]))
    return out


def planned(asked: dict[str, Any]) -> Course:
    return plan_course(Request.model_validate(asked), EDITION)


def barred(asked: dict[str, Any], day: date) -> bool:
    """Whether the request itself forbids the day."""
    constraints = asked["constraints"]
    if WEEKDAYS[day.weekday()] in constraints["closed_weekdays"] or str(day) in constraints["closed_dates"]:
        return True
    if "available" in constraints and WEEKDAYS[day.weekday()] not in constraints["available"]:
        return True
    if any(str(day) < washout["earliest"] for washout in constraints.get("washouts", ())):
        return True
    for event in constraints["events"]:
        before, after = EVENTS[event["event"]]
        gap = (day - date.fromisoformat(event["date"])).days
        if -before < gap <= 0 or 0 <= gap < after:
            return True
    return str(day) < asked["start"]


def least(asked: dict[str, Any], previous: date) -> date:
    """The first day that keeps the known minimums after `previous`."""
    regimen = asked["regimen"]
    unit = regimen.get("unit", "day") if isinstance(regimen, dict) else "day"
    own = regimen.get("min", regimen.get("every", 1)) if isinstance(regimen, dict) else 1
    found = [
        add_months(previous, own) if unit == "month" else previous + timedelta(days=own * (7 if unit == "week" else 1))
    ]
    pain = asked.get("protocol") == "musculoskeletal-pain"
    if not pain and asked.get("purpose") != "medical":
        found.append(previous + timedelta(days=7))
    for ingredient in asked.get("ingredients", ()):
        if ingredient == "deoxycholic-acid":
            found.append(add_months(previous, 1))
        else:
            found.append(previous + timedelta(days={"tranexamic-acid": 14, "dutasteride": 7}[ingredient]))
    return max(found)


@given(requests())
@short
def test_no_session_stands_where_it_may_not(asked: dict[str, Any]) -> None:
    stood = [session.date for session in planned(asked).sessions]
    assert not [day for day in stood if barred(asked, day)]
    assert len(set(stood)) == len(stood) and stood == sorted(stood)
    assert all(day >= least(asked, previous) for previous, day in pairwise(stood))


@given(requests(), st.integers(1, 12))
@short
def test_the_total_is_what_was_asked(asked: dict[str, Any], sessions: int) -> None:
    regimen = asked["regimen"]
    if isinstance(regimen, dict):
        expected = len(regimen.get("offsets", ())) or regimen["sessions"]
    else:
        phases = next(p for p in EDITION.protocols[asked["protocol"]].positions if p.id == regimen).phases
        if not any(phase.offsets_days for phase in phases):
            asked = asked | {"sessions": sessions}
        expected = asked.get("sessions") or sum(len(phase.offsets_days) for phase in phases)
    course = planned(asked)
    assert course.total == expected
    if course.verdict in DONE:
        assert len([s for s in course.sessions if s.phase != "maintenance"]) == expected
    else:
        assert course.conflicts and len(course.sessions) < expected + 1


@given(requests())
@short
def test_an_own_longest_interval_is_kept_or_it_is_a_conflict(asked: dict[str, Any]) -> None:
    assume(isinstance(asked["regimen"], dict) and "max" in asked["regimen"])
    course = planned(asked)
    most, unit = asked["regimen"]["max"], asked["regimen"]["unit"]
    for before, after in pairwise(course.sessions):
        if unit == "month":
            assert after.date <= add_months(before.date, most)
        else:
            assert (after.date - before.date).days <= most * (7 if unit == "week" else 1)


@given(requests())
@short
def test_a_courses_own_days_are_accepted(asked: dict[str, Any]) -> None:
    course = planned(asked)
    assume(course.verdict in DONE)
    checked = planned(asked | {"proposed": [str(session.date) for session in course.sessions]})
    assert checked.verdict == "accepted", checked.conflicts


def exceeds(course: Course) -> bool:
    """Whether a session stands past the last day of its published window."""
    return any(s.latest and s.date > s.latest for s in course.sessions if s.phase != "maintenance")


@given(requests())
@short
def test_a_published_longest_interval_is_never_a_conflict(asked: dict[str, Any]) -> None:
    assume(isinstance(asked["regimen"], str))
    course = planned(asked)
    for conflict in course.conflicts:
        assert conflict.pair is None and ("No day can be found" in conflict.what or "may be given" in conflict.what)
    noted = [note for note in course.notes if " more than the regimen's " in note.text]
    assert course.verdict not in DONE or bool(noted) == exceeds(course)


@given(requests(), st.data())
@short
def test_one_more_closed_day_makes_no_session_earlier(asked: dict[str, Any], data: st.DataObject) -> None:
    open_course = planned(asked)
    assume(open_course.sessions)
    target = data.draw(st.sampled_from([session.date for session in open_course.sessions]))
    closed = str(target + timedelta(days=data.draw(st.integers(-2, 2))))
    constraints = asked["constraints"] | {"closed_dates": [*asked["constraints"]["closed_dates"], closed]}
    course = planned(asked | {"constraints": constraints})
    # Where a published interval cannot be kept, waiting for it is of no use and ends, which may bring a day forward.
    if open_course.verdict in DONE and course.verdict in DONE and not (exceeds(open_course) or exceeds(course)):
        pairs = zip(open_course.sessions, course.sessions, strict=True)
        assert all(later.date >= sooner.date for sooner, later in pairs)
    assert not (open_course.verdict == "conflict" and course.verdict in DONE)


@given(requests(), st.lists(days.map(str), min_size=1, max_size=6))
@short
def test_a_day_that_may_not_be_is_never_accepted(asked: dict[str, Any], proposed: list[str]) -> None:
    checked = planned(asked | {"proposed": proposed})
    stood = sorted(date.fromisoformat(day) for day in proposed)
    offends = any(barred(asked, day) for day in stood) or any(
        day < least(asked, previous) for previous, day in pairwise(stood)
    )
    assert checked.verdict == "refused" if offends else checked.verdict in ("accepted", "refused")
    assert (checked.verdict == "refused") == bool(checked.conflicts)
    for conflict in checked.conflicts:
        assert conflict.what and conflict.way_out
        if conflict.pair is not None:
            assert conflict.gap_days == (conflict.pair[1] - conflict.pair[0]).days >= 0


@given(requests(), st.lists(days, min_size=1, max_size=4, unique=True), st.lists(days, max_size=2, unique=True))
@short
def test_given_sessions_count_and_those_to_come_follow_them(
    asked: dict[str, Any], past: list[date], missed: list[date]
) -> None:
    missed = [day for day in missed if day not in past]
    asked = {k: v for k, v in asked.items() if k != "start"} | {"given": past, "missed": missed}
    course = planned(asked)
    coming = [session.date for session in course.sessions]
    last = max(past)
    assert all(day > last for day in coming) and course.given == tuple(sorted(past))
    if coming:
        assert coming[0] >= least(asked, last)
        assert all(day < coming[0] for day in missed)
        assert course.sessions[0].number == len(past) + 1
    if course.verdict in DONE:
        assert len(past) + len([s for s in course.sessions if s.phase != "maintenance"]) >= course.total


@st.composite
def tight(draw: st.DrawFn) -> dict[str, Any]:
    """Few sessions, a short range for each interval and many closed days: often only just possible, or not."""
    every = draw(st.integers(2, 6))
    closed = draw(st.sets(st.integers(0, 30), min_size=4, max_size=20))
    return {
        "start": str(FIRST),
        "purpose": "medical",
        "regimen": {"sessions": draw(st.integers(2, 5)), "every": every, "max": every + draw(st.integers(0, 4))},
        "constraints": {"closed_dates": [str(FIRST + timedelta(days=n)) for n in closed], "closed_weekdays": []},
    }


def earliest(asked: dict[str, Any]) -> list[date] | None:
    """The earliest days that fit, found by trying all; the first session stands on the first open day."""
    regimen, closed = asked["regimen"], asked["constraints"]["closed_dates"]

    def after(stood: list[date]) -> list[date] | None:
        if len(stood) == regimen["sessions"]:
            return stood
        for gap in range(regimen["every"], regimen["max"] + 1):
            day = stood[-1] + timedelta(days=gap)
            if str(day) not in closed and (found := after([*stood, day])):
                return found
        return None

    day = FIRST
    while str(day) in closed:
        day += timedelta(days=1)
    return after([day])


@given(tight())
@short
def test_the_earliest_days_that_fit_are_found_and_only_the_impossible_is_a_conflict(asked: dict[str, Any]) -> None:
    course, expected = planned(asked), earliest(asked)
    if expected is None:
        (conflict,) = course.conflicts
        assert course.verdict == "conflict" and conflict.pair and conflict.nearest and conflict.way_out
        assert (conflict.pair[1] - conflict.pair[0]).days == conflict.gap_days > asked["regimen"]["max"]
    else:
        assert course.verdict in DONE and [session.date for session in course.sessions] == expected


def test_the_checks_can_fail() -> None:
    """Planted: a day that the request forbids, and a gap too short, are seen by the checks above."""
    asked = {"start": "2024-03-04", "regimen": {"sessions": 2, "every": 14}, "constraints": {
        "closed_weekdays": ["sunday"], "closed_dates": ["2024-03-19"],
        "events": [{"event": "laser", "date": "2024-06-03"}],
    }}  # fmt: skip
    forbidden = ["2024-03-03", "2024-03-10", "2024-03-19", "2024-05-21", "2024-07-14"]
    allowed = ["2024-03-04", "2024-03-18", "2024-05-20", "2024-07-15"]
    assert [barred(asked, date.fromisoformat(day)) for day in forbidden] == [True] * 5
    assert [barred(asked, date.fromisoformat(day)) for day in allowed] == [False] * 4
    assert least(asked, date(2024, 3, 4)) == date(2024, 3, 18)


@pytest.mark.long
@given(requests())
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_courses_own_days_are_accepted_in_full(asked: dict[str, Any]) -> None:
    course = planned(asked)
    assert not [s.date for s in course.sessions if barred(asked, s.date)]
    if course.verdict in DONE:
        assert planned(asked | {"proposed": [str(s.date) for s in course.sessions]}).verdict == "accepted"
