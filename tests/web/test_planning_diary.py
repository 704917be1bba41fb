"""The course on the calendar and the diary: dates within the rules, no double booking, sessions paid beforehand."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import documents
from nappage_web.patients.models import Document
from nappage_web.planning import commands, desk, diary
from nappage_web.planning.models import Appointment, Closure, Package, Room

from .test_planning_pages import answered, known, ordered, url
from .world import Place, World


def dates(place: Place, draft: Any) -> list[date]:
    draft.refresh_from_db()
    return [s.date for s in desk.Desk(place.actor(Role.INJECTOR), draft).reading.course.sessions]


def opened(place: Place) -> Room:
    return commands.add_room(place.actor(Role.LEAD), name="Room 1")


def morning(place: Place, ahead: int = 3, clock: str = "10:00") -> datetime:
    return commands.moment(place.actor(Role.LEAD), place.clinic.today() + timedelta(days=ahead), clock)


# --- the calendar ----------------------------------------------------------------------------------------------------


def test_a_session_moves_within_its_window_and_the_others_follow(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    before = dates(place, draft)
    client = place.client(Role.INJECTOR)
    answer = client.post(url("plan-move", draft), {"session": 2, "day": str(before[1] + timedelta(days=5))})
    assert answer.status_code == 200 and "draft:followed" in answer.headers["HX-Trigger"]
    after = dates(place, draft)
    assert after[0] == before[0] and after[1] == before[1] + timedelta(days=5)
    assert after[2] >= after[1] + timedelta(days=21), "the session after it keeps its distance"


def test_a_day_too_early_is_refused_with_the_rules_own_sentence(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    before = dates(place, draft)
    answer = place.client(Role.INJECTOR).post(
        url("plan-move", draft), {"session": 2, "day": str(before[0] + timedelta(days=3))}
    )
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "3 days apart" in said and "The nearest possible day" in said
    assert dates(place, draft) == before


def test_the_first_session_takes_its_start_along(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    day = dates(place, draft)[0] + timedelta(days=7)
    assert place.client(Role.INJECTOR).post(url("plan-move", draft), {"session": 1, "day": str(day)}).status_code == 200
    draft.refresh_from_db()
    assert draft.body["order"]["planned_start"] == f"{day}T10:30 Europe/Paris"
    assert dates(place, draft)[0] == day
    plan = desk.Desk(place.actor(Role.INJECTOR), draft).plan()
    assert plan.course.sessions[0].date == day, "the plan to be signed holds the moved dates"


def test_closed_days_are_left_out_of_a_course_and_of_the_diary(clinics: World) -> None:
    place = clinics.here
    lead = place.actor(Role.LEAD)
    draft = ordered(place)
    first, second, *_ = dates(place, draft)
    commands.add_closure(lead, first=second, last=second + timedelta(days=1), title="Inventory")
    assert dates(place, draft)[1] > second + timedelta(days=1)
    commands.add_closure(lead, weekday=first.weekday())
    starts = commands.moment(lead, first, "10:00")
    with pytest.raises(Refused, match="closed"):
        commands.book(lead, draft.patient, staff=place.staff[Role.INJECTOR], room=None, starts=starts, minutes=30)
    for row in Closure.objects.of(lead):
        commands.end_closure(lead, row)
    assert dates(place, draft)[:2] == [first, second]


def test_a_day_that_is_none_is_told(clinics: World) -> None:
    draft = ordered(clinics.here)
    answer = clinics.here.client(Role.INJECTOR).post(url("plan-move", draft), {"session": "2", "day": "soon"})
    assert answer.status_code == 422 and "That is not a day" in answer.content.decode()


# --- the diary -------------------------------------------------------------------------------------------------------


def test_the_course_becomes_appointments_with_the_creams_time(clinics: World) -> None:
    place = clinics.here
    room, draft = opened(place), ordered(place)
    said = {
        "staff": place.staff[Role.INJECTOR].pk,
        "room": room.pk,
        "clock": "10:30",
        "minutes": 30,
        "cream_minutes": 60,
    }
    assert place.client(Role.INJECTOR).post(url("plan-book", draft), said).url == url("plan-review", draft)
    rows = Appointment.objects.of(place.actor(Role.LEAD)).order_by("starts")
    assert [r.starts.astimezone(place.clinic.zone()).date() for r in rows] == dates(place, draft)
    assert {r.starts.astimezone(place.clinic.zone()).strftime("%H:%M") for r in rows} == {"10:30"}
    assert {(r.minutes, r.cream_minutes) for r in rows} == {(30, 60)}
    events = AuditEvent.objects.filter(action="course.book", outcome="done").count()
    assert events == len(rows)
    page = place.client(Role.FRONT_DESK).get(reverse("diary"), {"day": str(dates(place, draft)[0])}).content.decode()
    assert "Claire Martin" in page and "10:30" in page and "08:00–10:30" in page and "12:00–20:00" in page


@pytest.mark.parametrize(
    ("same", "word"), [("staff", "has another appointment"), ("room", "is taken"), ("patient", "has another")]
)
def test_nobody_and_nothing_is_booked_twice(clinics: World, same: str, word: str) -> None:
    place = clinics.here
    actor, room, other = place.actor(Role.FRONT_DESK), opened(place), None
    other = commands.add_room(place.actor(Role.LEAD), name="Room 2")
    ana, ben = known(place, "Ana"), known(place, "Ben")
    injector, prescriber = place.staff[Role.INJECTOR], place.staff[Role.PRESCRIBER]
    commands.book(actor, ana, staff=injector, room=room, starts=morning(place), minutes=30, cream_minutes=60)
    asked = {
        "staff": (ben, injector, other), "room": (ben, prescriber, room), "patient": (ana, prescriber, other),
    }[same]  # fmt: skip
    inside = morning(place, clock="11:29")  # the cream's hour counts
    with pytest.raises(Refused, match=word):
        commands.book(actor, asked[0], staff=asked[1], room=asked[2], starts=inside, minutes=30)
    commands.book(actor, asked[0], staff=asked[1], room=asked[2], starts=morning(place, clock="11:30"), minutes=30)


def test_a_course_that_meets_a_booked_hour_books_nothing(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    day = dates(place, draft)[1]
    starts = commands.moment(place.actor(Role.LEAD), day, "10:30")
    commands.book(
        place.actor(Role.LEAD),
        known(place, "Ben"),
        staff=place.staff[Role.INJECTOR],
        room=None,
        starts=starts,
        minutes=30,
    )
    said = {"staff": place.staff[Role.INJECTOR].pk, "room": "", "clock": "10:30", "minutes": "30", "cream_minutes": "0"}
    answer = place.client(Role.INJECTOR).post(url("plan-book", draft), said, follow=True)
    assert "has another appointment at 10:30" in answer.content.decode()
    assert Appointment.objects.of(place.actor(Role.LEAD)).filter(draft=draft).count() == 0


def booked(place: Place) -> tuple[Any, list[Appointment]]:
    draft = ordered(place)
    commands.book_course(
        place.actor(Role.INJECTOR),
        draft,
        staff=place.staff[Role.INJECTOR],
        room=None,
        clock="10:30",
        minutes=30,
        cream_minutes=0,
    )
    return draft, list(Appointment.objects.of(place.actor(Role.LEAD)).order_by("starts"))


def test_a_session_in_the_diary_moves_within_the_courses_rules(clinics: World) -> None:
    place = clinics.here
    _draft, rows = booked(place)
    client, second = place.client(Role.FRONT_DESK), rows[1]
    day = second.starts.astimezone(place.clinic.zone()).date()
    said = {"what": "move", "staff": second.staff_id, "room": "", "clock": "14:00", "reason": "holiday"}
    there = reverse("appointment", args=[second.pk])
    early = client.post(there, {**said, "day": str(day - timedelta(days=10))})
    assert early.status_code == 422 and "apart" in early.content.decode()
    unsaid = client.post(there, {**said, "day": str(day + timedelta(days=3)), "reason": ""})
    assert unsaid.status_code == 422 and "another day needs a reason" in unsaid.content.decode().casefold()
    close = client.post(there, {**said, "day": str(day + timedelta(days=3))})
    assert close.status_code == 422 and "apart" in close.content.decode(), "the third would come too soon"
    assert client.post(there, {**said, "day": str(day), "reason": ""}).status_code == 302, "an hour may change freely"
    second.refresh_from_db()
    assert second.starts.astimezone(place.clinic.zone()).hour == 14
    last = rows[3]
    day = last.starts.astimezone(place.clinic.zone()).date() + timedelta(days=2)
    moved = client.post(reverse("appointment", args=[last.pk]), {**said, "day": str(day)})
    last.refresh_from_db()
    assert moved.status_code == 302 and last.starts.astimezone(place.clinic.zone()).date() == day


def test_a_cancelled_session_frees_its_hour_and_keeps_its_reason(clinics: World) -> None:
    place = clinics.here
    _draft, rows = booked(place)
    client, first = place.client(Role.FRONT_DESK), rows[0]
    there = reverse("appointment", args=[first.pk])
    assert client.post(there, {"what": "cancel", "reason": ""}).status_code == 422
    assert client.post(there, {"what": "cancel", "reason": "has a cold"}).status_code == 302
    first.refresh_from_db()
    assert (first.status, first.reason) == ("cancelled", "has a cold")
    commands.book(
        place.actor(Role.LEAD), known(place, "Ben"), staff=first.staff, room=None, starts=first.starts, minutes=30
    )
    assert client.post(there, {"what": "cancel", "reason": "again"}).status_code == 422


def test_the_front_desk_books_a_first_visit_from_the_patients_page(clinics: World) -> None:
    place = clinics.here
    patient = place.patient()
    client = place.client(Role.FRONT_DESK)
    way = re.search(
        r'href="([^"]*\?patient=[^"]*)">Book a visit', client.get(reverse("patient", args=[patient.pk])).text
    )
    assert way is not None
    assert patient.name in client.get(way[1]).text
    day = place.clinic.today() + timedelta(days=3)
    sent = {"patient": patient.pk, "day": str(day), "clock": "10:00", "staff": place.staff[Role.INJECTOR].pk}
    assert client.post(reverse("diary-book"), sent).status_code == 302
    made = Appointment.objects.of(place.actor(Role.LEAD)).get(patient=patient)
    assert made.starts == morning(place) and (made.minutes, made.draft) == (30, None)
    answer = client.post(reverse("diary-book"), sent)
    assert answer.status_code == 422 and "another appointment at 10:00" in answer.text


def test_another_clinics_visit_is_not_there(clinics: World) -> None:
    _draft, rows = booked(clinics.there)
    client = clinics.here.client(Role.FRONT_DESK)
    assert client.get(reverse("appointment", args=[rows[0].pk])).status_code == 404
    page = client.get(reverse("diary"), {"day": str(rows[0].starts.date())}).content.decode()
    assert "Claire Martin" not in page


def test_an_hour_that_the_clocks_skip_is_refused_or_read_as_one_moment(clinics: World) -> None:
    actor = clinics.here.actor(Role.LEAD)
    assert commands.moment(actor, date(2026, 10, 24), "10:00").hour == 8  # summer time in Paris
    assert commands.moment(actor, date(2026, 10, 26), "10:00").hour == 9


# --- paid beforehand -------------------------------------------------------------------------------------------------


def test_what_is_left_of_a_package_is_counted_from_sessions_given(clinics: World) -> None:
    place = clinics.here
    patient = known(place)
    actor = place.actor(Role.FRONT_DESK)
    client = place.client(Role.FRONT_DESK)
    there = reverse("packages", args=[patient.pk])
    assert client.post(there, {"title": "Four faces", "sessions": "4", "price": "abc"}).status_code == 422
    assert client.post(there, {"title": "Four faces", "sessions": "4", "price": "480,50"}).status_code == 302
    package = Package.objects.of(actor).get()
    assert package.price == Decimal("480.50")
    visit = commands.book(
        actor,
        patient,
        staff=place.staff[Role.INJECTOR],
        room=None,
        starts=timezone.now() + timedelta(hours=1),
        minutes=30,
    )
    assert diary.counted(actor, patient)[0]["left"] == 4, "a booked visit is not used yet"
    commands.finish_appointment(actor, visit)
    assert diary.counted(actor, patient)[0]["left"] == 3
    assert re.search("1 of 4 used, 3 left", client.get(there).content.decode())


def test_a_visit_that_has_not_come_cannot_be_done(clinics: World) -> None:
    place = clinics.here
    visit = commands.book(
        place.actor(Role.LEAD),
        known(place),
        staff=place.staff[Role.INJECTOR],
        room=None,
        starts=morning(place),
        minutes=30,
    )
    with pytest.raises(Refused, match="not come yet"):
        commands.finish_appointment(place.actor(Role.LEAD), visit)


@pytest.mark.parametrize("name", ["diary", "diary-rooms", "plan-protocols"])
def test_the_diarys_pages_open_empty_and_full(clinics: World, name: str) -> None:
    client = clinics.here.client(Role.LEAD)
    assert client.get(reverse(name)).status_code == 200
    booked(clinics.here)
    opened(clinics.here)
    assert client.get(reverse(name), {"view": "week"}).status_code == 200
    posted = {"what": "days", "first": "2027-08-02", "last": "2027-08-20", "title": "Summer"}
    assert client.post(reverse("diary-rooms"), posted, follow=True).status_code == 200
    assert "Summer" in client.get(reverse("diary-rooms")).content.decode()


def test_everybody_begins_at_today_and_sees_what_is_theirs(clinics: World) -> None:
    place = clinics.here
    draft = answered(place)
    waiting = known(place, "Waiting Patient")
    documents.file(place.actor(Role.INJECTOR), Document.Kind.ANSWERS, waiting, {"history_complete": True})
    soon = morning(place, ahead=0)
    commands.book(place.actor(Role.LEAD), waiting, staff=place.staff[Role.INJECTOR], room=None, starts=soon, minutes=30)
    pages = {role: place.client(role).get("/").content.decode() for role in Role}
    assert draft.patient.name in pages[Role.INJECTOR] and draft.patient.name not in pages[Role.FRONT_DESK]
    assert "Waiting Patient" in pages[Role.FRONT_DESK] and "Waiting Patient" not in pages[Role.AUDITOR]
    assert "Waiting Patient" not in clinics.there.client(Role.LEAD).get("/").content.decode()
