"""The calendar: neutral, stable UIDs, SEQUENCE, the visit's length, alarms counted back, no invented hour."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from icalendar import Calendar

from nappage.plan import draft
from nappage.plan.calendar import calendar

ON = date(2026, 11, 25)


def events(content: bytes) -> list:
    return Calendar.from_ical(content).walk("VEVENT")


def replanned(answers, edition, **order):
    changed = answers.model_copy(update={"order": answers.order.model_copy(update=order)})
    return draft(changed, edition, ON, reference="facial-rejuvenation")


@pytest.fixture(scope="module")
def first(plan, edition) -> bytes:
    content = calendar(plan, edition)
    assert content is not None
    return content


def test_one_event_a_session_at_local_time_with_its_zone(plan, first) -> None:
    found = events(first)
    assert len(found) == len(plan.course.sessions)
    for event, session in zip(found, plan.course.sessions, strict=True):
        begins = event.decoded("dtstart")
        assert isinstance(begins, datetime)
        assert (begins.date(), f"{begins:%H:%M}") == (session.date, "10:30")
        assert event["DTSTART"].params["TZID"] == "Europe/Paris"
    assert Calendar.from_ical(first).walk("VTIMEZONE")


def test_the_visit_lasts_as_long_as_it_takes_with_the_creams_dwell(first) -> None:
    for event in events(first):
        assert event.decoded("duration") == timedelta(minutes=30 + 60)


def test_titles_and_texts_are_neutral(first, plan) -> None:
    text = first.decode().casefold()
    for word in ("mesotherapy", "nappage of", "nctf", "injection", "papule", "claire", "martin", "needle", "hyaluron"):
        assert word not in text, word
    assert {str(event["CLASS"]) for event in events(first)} == {"PRIVATE"}


def test_alarms_count_back_from_the_visit(first, plan) -> None:
    wanted = {timedelta(hours=-alarm.hours_before) for alarm in plan.aftercare.alarms}
    for event in events(first):
        assert {alarm.decoded("trigger") for alarm in event.walk("VALARM")} == wanted


def test_the_same_plan_gives_the_same_bytes(plan, edition, first) -> None:
    assert calendar(plan, edition) == first
    assert calendar(plan, edition, first) == first


def test_a_moved_course_keeps_uids_and_raises_sequence(answers, edition, first) -> None:
    moved = replanned(answers, edition, planned_start=date(2026, 12, 16))
    content = calendar(moved, edition, first)
    assert content is not None
    before, after = events(first), events(content)
    assert [e["UID"] for e in after] == [e["UID"] for e in before]
    assert {int(e["SEQUENCE"]) for e in before} == {0}
    assert {int(e["SEQUENCE"]) for e in after} == {1}


def test_a_session_that_is_gone_is_cancelled(answers, edition, first) -> None:
    fewer = calendar(replanned(answers, edition, sessions=2), edition, first)
    assert fewer is not None
    gone = [event for event in events(fewer) if event["STATUS"] == "CANCELLED"]
    assert gone and all(int(event["SEQUENCE"]) == 1 for event in gone)
    again = calendar(replanned(answers, edition, sessions=2), edition, fewer)
    assert again == fewer


def test_a_day_alone_stays_a_whole_day(answers, edition) -> None:
    dated = calendar(replanned(answers, edition, planned_time=None, time_zone=None), edition)
    assert dated is not None
    for event in events(dated):
        assert type(event.decoded("dtstart")) is date
        assert "DURATION" not in event
        for alarm in event.walk("VALARM"):
            assert alarm.decoded("trigger") % timedelta(days=1) == timedelta()


def test_no_course_no_calendar(answers, edition) -> None:
    assert calendar(replanned(answers, edition, planned_start=None), edition) is None


def test_a_broken_file_from_before_does_not_stand_in_the_way(plan, edition, first) -> None:
    assert calendar(plan, edition, b"not a calendar") == first
