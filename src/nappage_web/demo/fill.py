"""Fills an empty installation with the demo: through the app's own commands, as the people of the clinic would."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from nappage.plan.consent import consent, permission

from ..care import commands as care
from ..care import signing
from ..clinic import founding
from ..clinic.access import SYSTEM_ACTOR, Actor, patient_actor, staff_actor, system_actor
from ..clinic.commands import SYSTEM, command, note
from ..clinic.models import Clinic, Registration, Role, Staff, User
from ..patients import commands as patients
from ..patients import documents
from ..patients.models import Document, Draft, Link, Patient
from ..planning import desk as desks
from ..planning.models import Appointment, Room
from .people import FACE_ORDER, Person, people

PASSWORD = "nappage demo 2026"
_STAFF = (
    ("lead@demo.test", "Dr Hélène Aubert", (Role.LEAD, Role.PRESCRIBER), ("RPPS", "10000000001")),
    ("prescriber@demo.test", "Dr Karim Benali", (Role.PRESCRIBER, Role.INJECTOR), ("RPPS", "10000000002")),
    ("injector@demo.test", "Nora Lindqvist", (Role.INJECTOR,), ("ADELI", "750000003")),
    ("injector2@demo.test", "Pablo Serrano", (Role.INJECTOR,), ("ADELI", "750000004")),
    ("desk@demo.test", "Lucie Marchand", (Role.FRONT_DESK,), None),
    ("auditor@demo.test", "Theo Visser", (Role.AUDITOR,), None),
)
# How far the patients have come: so many of each.
_NEW, _INVITED, _ANSWERED, _DRAFTED, _CONSENTED, _SIGNED = 5, 5, 14, 9, 4, 3
_DRAWN = "M40 120L80 60L110 130L150 50L190 120L240 70L300 110L360 60"


def fill() -> list[str]:
    """Lines that say how to sign in. Does nothing where a clinic is there already."""
    if not Clinic.objects.exists():
        print("inventing a clinic with six of staff and forty patients (once, about a minute)...", flush=True)
        _found()
    said = [f"  {email:24} {name} ({', '.join(str(role.label).lower() for role in roles)})"
            for email, name, roles, _entry in _STAFF]  # fmt: skip
    return ["", "Sign in with any of these; the password of all is:  " + PASSWORD, *said]


def _found() -> None:
    email, name, _roles, _entry = _STAFF[0]
    clinic = founding.found_clinic(
        SYSTEM_ACTOR, organisation="Demo Practice", clinic="Atelier Peau (demo)", jurisdiction="FR", language="en",
        time_zone="Europe/Paris", name=name, email=email, password=PASSWORD,
    )  # fmt: skip
    staff_clinic(SYSTEM_ACTOR, clinic)
    team = {one.user.email: staff_actor(one) for one in Staff.objects.filter(clinic=clinic).select_related("user")}
    desk, injector, prescriber = (team[f"{who}@demo.test"] for who in ("desk", "injector", "prescriber"))
    on = clinic.today()
    stages = itertools.chain(*(
        itertools.repeat(stage, count)
        for stage, count in (
            ("new", _NEW), ("invited", _INVITED), ("signed", _SIGNED), ("consented", _CONSENTED),
            ("drafted", _DRAFTED), ("answered", _ANSWERED),
        )
    ))  # fmt: skip
    rooms = list(Room.objects.of(desk))
    slots = _slots(on)
    for person, stage in zip(_ordered(people(40, on)), stages, strict=True):
        patient = patients.create_patient(
            desk, name=person.name, birth_date=person.birth_date, sex=person.sex, phone=person.phone,
            email=person.email, language=person.language,
        )  # fmt: skip
        if stage == "new":
            continue
        patients.send_intake_link(desk, patient)
        if stage == "invited":
            continue
        answer(SYSTEM_ACTOR, patient, person.answers)
        if stage == "answered":
            continue
        start = next(slots)
        draft = _drafted(injector, patient, person, start)
        if stage == "drafted":
            continue
        _consented(injector, draft, on - timedelta(days=2))
        if stage == "signed":
            _signed(prescriber, draft)
        book(SYSTEM_ACTOR, draft, injector.member, rooms[0], start)
    for patient in Patient.objects.of(desk).order_by("created")[:3]:
        book_first(SYSTEM_ACTOR, patient, prescriber.member, rooms[-1], on)


def _ordered(found: tuple[Person, ...]) -> list[Person]:
    """Those whose plan can be signed stand where signed plans are made; everybody else keeps their order."""
    plain = [one for one in found if not any(one.answers[key] for key in ("conditions", "medications", "allergies"))
             and one.sex == "female" and one.answers["concerns"] == ["fine lines"]
             and one.answers["patient"].get("pregnancy") == "no" and not one.answers["patient"].get("breastfeeding")
             and not one.answers["procedures"]]  # fmt: skip
    others = [one for one in found if one not in plain]
    first = _NEW + _INVITED
    ready = _SIGNED + _CONSENTED
    if len(plain) < ready:
        ready = len(plain)
    return [*others[:first], *plain[:ready], *others[first:], *plain[ready:]]


def _slots(on: date) -> Iterator[datetime]:
    """First sessions from the next week on, on working days, an hour apart."""
    day = on + timedelta(days=7)
    while True:
        if day.weekday() < 5:
            for hour in (9, 10, 11, 14, 15, 16):
                yield datetime.combine(day, time(hour, 0))
        day += timedelta(days=1)


@command("demo.staff", {SYSTEM})
def staff_clinic(actor: Actor, clinic: Clinic) -> None:
    """The people of the demo, their registrations, and two rooms."""
    clinic.phone, clinic.emergency_phone = "+33 1 99 00 10 10", "+33 6 39 98 10 10"
    clinic.address, clinic.email = "1 rue de la Fiction, 75000 Paris", "clinic@demo.test"
    clinic.save()
    for email, name, roles, entry in _STAFF:
        user = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD, name=name)
        staff, _new = Staff.objects.of(system_actor(clinic)).get_or_create(user=user, clinic=clinic)
        staff.roles = [role.value for role in roles]
        staff.save()
        if entry is not None:
            Registration.objects.create(
                clinic=clinic, staff=staff, register=entry[0], number=entry[1],
                expires=clinic.today() + timedelta(days=400), prescriber=Role.PRESCRIBER in roles,
                insurer="Mutuelle de démonstration", indemnity_expires=clinic.today() + timedelta(days=200),
                techniques=["*"], areas=["*"],
            )  # fmt: skip
    for name in ("Room 1", "Room 2"):
        Room.objects.create(clinic=clinic, name=name)
    note(clinic)


@command("demo.answer", {SYSTEM})
def answer(actor: Actor, patient: Patient, answers: dict[str, Any]) -> Document:
    """Answers as if the patient had sent them by their link."""
    link = Link.objects.of(system_actor(patient.clinic)).filter(patient=patient).first()
    through = patient_actor(patient, str(link.pk) if link else "demo")
    made = documents.file(through, Document.Kind.ANSWERS, patient, answers, language=patient.language)
    here = system_actor(patient.clinic)
    Draft.objects.of(here).filter(patient=patient, kind=Draft.Kind.INTAKE).update(status=Draft.Status.DONE)
    note(made, patient=patient)
    return made


def _drafted(actor: Actor, patient: Patient, person: Person, start: datetime) -> Draft:
    order = {**FACE_ORDER, "planned_start": f"{start:%Y-%m-%dT%H:%M} Europe/Paris", "jurisdiction": "FR"}
    body = {
        "consultation": {"concerns": person.answers["concerns"], "goals": person.answers["goals"],
                         "photographs_skipped": "Invented patient of the demo"},
        "order": order,
    }  # fmt: skip
    return patients.open_draft(actor, patient, body=body)


def _consented(actor: Actor, draft: Draft, on: date) -> None:
    """Both consents, read and signed some days ago, so that the time to think is over."""
    desk = desks.at(actor, draft.pk)
    plan = signing.plan_of(desk)
    if plan is None:
        return
    sent = {"name": draft.patient.name, "strokes": _DRAWN, "identity": "photo-id"}
    text = consent(plan, desk.edition, on, row=desk.reading.facts.row)
    care.give_consent(actor, draft.patient, text, {**sent, "agreed": [s.id for s in text.statements]})
    picture = permission("photographs", desk.edition, on, patient=draft.patient.name, language=draft.patient.language)
    care.give_consent(actor, draft.patient, picture, {**sent, "agreed": [s.id for s in picture.statements]})


def _signed(actor: Actor, draft: Draft) -> None:
    desk = desks.at(actor, draft.pk)
    prepared = signing.prepare(desk, printed=True)
    if not prepared.obstacles:
        care.sign_plan(actor, desk.draft, prepared)


@command("demo.book", {SYSTEM})
def book(actor: Actor, draft: Draft, staff: Staff, room: Room, start: datetime) -> None:
    """The first session in the diary."""
    plan = Document.objects.of(system_actor(draft.clinic)).filter(
        patient=draft.patient, kind=Document.Kind.PLAN
    ).first()  # fmt: skip
    made = Appointment.objects.create(
        clinic=draft.clinic, patient=draft.patient, staff=staff, room=room, plan=plan, draft=draft, session=1,
        starts=timezone.make_aware(start, draft.clinic.zone()), minutes=30,
    )  # fmt: skip
    note(made, patient=draft.patient_id)


@command("demo.book-first", {SYSTEM})
def book_first(actor: Actor, patient: Patient, staff: Staff, room: Room, on: date) -> None:
    """A first consultation today, so that the day is not empty."""
    hour = 9 + int(uuid.UUID(str(patient.pk)).int % 8)
    at = datetime.combine(on, time(hour, 30))
    while Appointment.objects.of(system_actor(patient.clinic)).filter(
        staff=staff, starts=timezone.make_aware(at, patient.clinic.zone())
    ).exists():  # fmt: skip
        at += timedelta(minutes=45)
    made = Appointment.objects.create(
        clinic=patient.clinic, patient=patient, staff=staff, room=room, minutes=40,
        starts=timezone.make_aware(at, patient.clinic.zone()),
    )  # fmt: skip
    note(made, patient=patient)
