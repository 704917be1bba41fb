"""What a draft is read as: nothing that cannot be read passes for safe, and nothing the patient said goes away."""

from __future__ import annotations

import copy
import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import Role
from nappage_web.patients import documents
from nappage_web.patients.models import Document
from nappage_web.planning import commands, course_days, desk, starting
from nappage_web.planning import reading as readings
from nappage_web.planning.models import Appointment

from .test_planning_pages import ANSWERS, EXAMPLE, ORDER, answered, known, ordered, put, text
from .world import World, world

ON = date(2026, 11, 25)
EDITION = readings.edition_on(ON)
SAID = {k: v for k, v in EXAMPLE.items() if k != "order"}


def read(said: Any = SAID, **body: Any) -> readings.Reading:
    return readings.read(said, {"order": copy.deepcopy(ORDER), **body}, EDITION, ON, jurisdiction="FR")


# --- merging ---------------------------------------------------------------------------------------------------------


def test_a_clinicians_line_stands_beside_the_patients_and_replaces_none() -> None:
    patient = {"medications": [{"name": "aspirin"}], "context": {"skin_state": ["acne"]}}
    said = readings.merged(
        patient,
        {"medications": [{"name": "warfarin"}, {"name": "aspirin", "dose": "75 mg"}], "context": {"skin_state": []}},
    )
    assert said["medications"] == [{"name": "aspirin", "dose": "75 mg"}, {"name": "warfarin"}]
    assert said["context"]["skin_state"] == ["acne"], "an empty examination takes nothing back"
    assert patient["medications"] == [{"name": "aspirin"}], "the patient's document is not touched"


def test_words_alone_are_lines_of_that_name() -> None:
    said = readings.merged({}, {"medications": ["warfarin"], "context": {"planned_events": ["wedding"]}})
    assert said["medications"] == [{"name": "warfarin"}] and said["context"]["planned_events"] == [{"event": "wedding"}]


def test_what_the_clinician_answers_is_no_longer_open() -> None:
    patient = {"history_complete": True, "not_asked": ["pregnancy", "conditions"]}
    said = readings.merged(patient, {"patient": {"pregnancy": "no"}})
    assert said["not_asked"] == ["conditions"]


# --- what cannot be read ---------------------------------------------------------------------------------------------


def test_a_line_that_cannot_be_read_opens_its_whole_list() -> None:
    reading = read(answers={"conditions": [{"onset": "long ago"}]})
    assert [f.path for f in reading.faults] == ["answers.conditions"]
    assert reading.answers.conditions is None
    assert reading.screening.incomplete and "conditions" in [q.topic for q in reading.screening.open_questions]


def test_a_field_that_cannot_be_read_is_unknown_although_the_history_was_complete() -> None:
    reading = read(answers={"patient": {"pregnancy": "perhaps so"}})
    assert [f.path for f in reading.faults] == ["answers.patient.pregnancy"]
    assert reading.facts["pregnancy"] is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spacing_mm",), "wide"), (("mixture", 0, "volume_ml"), "-3"), (("mixture", 0, "unit"), "spoons"),
        (("planned_start",), "tomorrow"), (("unknown_key",), 1), (("map", "aim"), "both"),
    ],
)  # fmt: skip
def test_an_order_with_a_fault_is_told_at_its_place_and_is_not_ready(path: tuple[Any, ...], value: Any) -> None:
    order = copy.deepcopy(ORDER)
    at: Any = order
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    reading = read(order=order)
    assert len(reading.faults) == 1 and reading.faults[0].path.startswith("order." + str(path[0]))
    assert any("cannot be read" in o.sentence for o in readings.ready_to_sign(reading))


def test_faults_are_numbered_as_the_lines_were_typed() -> None:
    lines = [{}, {"product": "NCTF 135 HA", "volume_ml": "3"}, {"volume_ml": "2"}, {"product": "x", "volume_ml": "y"}]
    reading = read(order={**ORDER, "mixture": lines})
    assert sorted(f.path for f in reading.faults) == ["order.mixture.2", "order.mixture.3.volume_ml"]


@pytest.mark.parametrize("key", ["protocol", "technique", "areas", "regimen"])
def test_a_name_that_nothing_is_called_is_no_traceback(key: str) -> None:
    value: Any = ["nowhere"] if key == "areas" else "nothing"
    reading = read(order={**ORDER, key: value})
    for part in ("screening", "formulation", "map", "course", "choice"):
        getattr(reading, part)
    assert readings.ready_to_sign(reading)


def test_an_empty_draft_is_read_and_never_ready() -> None:
    reading = readings.read({}, {}, EDITION, ON)
    assert reading.screening.incomplete and readings.ready_to_sign(reading)


# --- the same content is read once -----------------------------------------------------------------------------------


def test_the_same_content_gives_the_same_reading_and_no_more_than_so_many_are_kept() -> None:
    assert read() is read()
    assert read() is not read(consultation={"notes": "x"})
    for n in range(readings._KEPT + 5):
        read(consultation={"notes": str(n)})
    assert len(readings._kept) == readings._KEPT


# --- decisions -------------------------------------------------------------------------------------------------------


def test_only_what_the_rules_allow_may_be_decided() -> None:
    warfarin = {"medications": [{"name": "warfarin", "prescribed": True, "current": True}]}
    for answers in (warfarin, {"patient": {"pregnancy": "pregnant"}}, {"context": {"unwell": True}}):
        for finding in read(answers=answers).screening.findings:
            allowed = readings.may_be_decided(finding)
            if finding.severity == "absolute-contraindication":
                assert not allowed
            elif finding.severity == "relative-contraindication":
                assert allowed
            elif finding.severity == "deferral":
                milder = [d for d in finding.dissent if d.says not in ("deferral", "absolute-contraindication")]
                assert allowed == bool(milder)


def test_a_deferral_past_the_first_session_stands_in_the_way_with_the_day() -> None:
    medicine = {"name": "isotretinoin", "route": "oral", "stopped": "2026-11-01", "current": False}
    reading = read(answers={"medications": [medicine]})
    assert reading.screening.verdict == "defer" and reading.earliest is not None
    assert reading.course is not None and reading.course.sessions[0].date >= reading.earliest, "it waits by itself"
    too_soon = read(answers={"medications": [medicine]}, schedule={"proposed": ["2026-12-09"]})
    found = [o for o in readings.ready_to_sign(too_soon) if o.sentence.startswith("Not yet")]
    assert found and reading.earliest.isoformat() in found[0].way_out


# --- dates -----------------------------------------------------------------------------------------------------------


def test_a_window_allows_what_the_checker_allows_and_nothing_else() -> None:
    reading = read()
    course, request = reading.course, reading.request
    assert course is not None and request is not None
    days = [s.date for s in course.sessions]
    window = course_days.windows(request, course, EDITION, "en")[1]
    for n in range(-5, 12):
        day = window.first + timedelta(days=n)
        refused = course_days.refusal(reading, [days[0], day], 2)
        assert window.allows(day) == (refused is None), day


def test_moving_never_leaves_a_course_that_the_rules_refuse() -> None:
    reading = read()
    days = [s.date for s in reading.course.sessions]  # type: ignore[union-attr]
    for session in (1, 2, 3):
        for ahead in (1, 4, 9):
            try:
                after = course_days.moved(reading, session, days[session - 1] + timedelta(days=ahead))
            except course_days.NotPossible as refused:
                assert refused.sentence
                continue
            again = read(schedule={"proposed": [d.isoformat() for d in after]})
            assert again.course.verdict == "accepted", (session, ahead, after)  # type: ignore[union-attr]


# --- starting from something -----------------------------------------------------------------------------------------


def test_the_next_open_day_minds_weekdays_and_holidays() -> None:
    closed = {"closed_weekdays": ["saturday", "sunday"], "closed_dates": ["2026-11-30/2026-12-02"]}
    assert starting.next_open(date(2026, 11, 28), closed) == date(2026, 12, 3)


def test_what_is_kept_as_a_protocol_holds_nothing_of_the_patient() -> None:
    body = {"order": {**ORDER, "map": {"aim": "field", "erase": [1], "enter": {"x": "because"}}}, "answers": ANSWERS}
    kept = starting.kept_for_protocol(body)
    assert set(kept) == {"order"} and kept["order"]["map"] == {"aim": "field"}
    assert not {"planned_start", "accepted_without_ceiling"} & set(kept["order"])


def test_equal_numbers_are_no_difference() -> None:
    assert starting.differences({"a": "10", "b": [1]}, {"a": 10.0, "b": [1]}) == ()
    assert [d.path for d in starting.differences({"a": {"b": 1}}, {"a": {"b": 2}})] == ["a.b"]


def test_a_plan_starts_from_the_last_one_and_shows_what_is_different(clinics: World) -> None:
    place = clinics.here
    first = ordered(place)
    plan = desk.Desk(place.actor(Role.PRESCRIBER), first).plan()
    documents.file(place.actor(Role.PRESCRIBER), Document.Kind.PLAN, first.patient, plan)
    from nappage_web.patients.commands import leave_draft, open_draft

    page = reverse("patient", args=[first.patient_id])
    client = place.client(Role.INJECTOR)
    assert "Begin the next plan" not in client.get(page).content.decode(), "while a draft is open"
    leave_draft(place.actor(Role.INJECTOR), first)
    assert "Begin the next plan" in client.get(page).content.decode()
    assert "Begin the next plan" not in place.client(Role.FRONT_DESK).get(page).content.decode()
    second = open_draft(place.actor(Role.INJECTOR), first.patient)
    commands.start_from_last(place.actor(Role.INJECTOR), second)
    second.refresh_from_db()
    assert second.body["order"]["areas"] == ORDER["areas"] and "accepted_without_ceiling" not in second.body["order"]
    put(place, second, "order.spacing_mm", "8")
    said = text(place.client(Role.INJECTOR), "plan-whole", second)
    assert "Compared with the plan of" in said and "Spacing, mm 10 8" in said


# --- two at once ------------------------------------------------------------------------------------------------------


def test_one_hour_asked_for_by_eight_at_once_is_given_once(transactional_db: None) -> None:
    place = world().here
    patients = [known(place, f"Patient {n}") for n in range(8)]
    actor = place.actor(Role.LEAD)
    starts = commands.moment(actor, place.clinic.today() + timedelta(days=3), "10:00")
    refused, faults = [], []

    def book(patient: Any) -> None:
        try:
            commands.book(actor, patient, staff=place.staff[Role.INJECTOR], room=None, starts=starts, minutes=30)
        except Refused as said:
            refused.append(said)
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=book, args=[one]) for one in patients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert Appointment.objects.of(actor).count() == 1 and len(refused) == 7


def test_a_draft_of_the_clinician_alone_is_read_with_the_patients_identity(clinics: World) -> None:
    draft = answered(clinics.here)
    reading = desk.Desk(clinics.here.actor(Role.INJECTOR), draft).reading
    assert reading.answers.patient.name == "Claire Martin" and reading.facts["sex"] == "female"
