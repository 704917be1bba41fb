"""Fills a clinic with invented patients, in a process of its own inside the app: `python web_fill.py FROM TO STAFF`.

The patients FROM to TO are written in bulk, each with its search terms and its link in the audit chain, so that the
tables and indexes are those of a clinic that entered them one by one. STAFF injectors are signed in, each with a
patient whose answers are there and whose draft is open. Prints what the bench needs to act as them, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_STARTS = "Bel Cor Dan Es Fer Gar Hal Iv Jor Kes Lan Mar Nor Or Pel Quin Ros Sal Tor Ur Val Wes Yar Zel"
_MIDDLES = "a ade ami ane ari e eli emi eri i ina ova ori ulo una"
_ENDS = "bert card din dou fleur gnac lard lin mont net quet rac rin sac seau tier van ville"
_FIRST = (
    "Ada Alma Anton Basil Bruna Carl Cleo Dario Dina Edda Elio Enzo Flora Gina Hanna Ida Igor Ines Iris Jana Juno Karl "
    "Lara Leon Lina Livia Luka Maja Milo Mona Nadia Nils Nina Olga Otto Paul Petra Rosa Sami Sven Tara Theo Uma Vera"
)
_PREFIXES = ("1 99 00", "2 61 91", "3 53 01", "4 65 71", "5 36 49", "6 39 98")  # kept free for fiction in France


@dataclass(frozen=True)
class Invented:
    first: str
    family: str
    birth_date: date
    sex: str  # female, male
    phone: str


def invented(start: int, end: int) -> Iterator[Invented]:
    """Patient number `start` to `end`: the same for the same number, whoever asks."""
    starts, middles, ends, names = (text.split() for text in (_STARTS, _MIDDLES, _ENDS, _FIRST))
    for number in range(start, end):
        dice = random.Random(number)
        yield Invented(
            first=dice.choice(names),
            family=dice.choice(starts) + dice.choice(middles) + dice.choice(ends),
            birth_date=date(1940, 1, 1) + timedelta(days=dice.randrange(24_000)),
            sex=dice.choice(("female", "male")),
            phone=f"+33 {dice.choice(_PREFIXES)} {dice.randrange(100):02} {dice.randrange(100):02}",
        )


def main(start: int, end: int, staff: int) -> None:
    import os

    os.environ["DJANGO_SETTINGS_MODULE"] = "nappage_web.config.settings"
    import django

    django.setup()
    from django.db import connection

    from nappage_web.clinic.access import staff_actor
    from nappage_web.clinic.models import Clinic, Organisation, Role, Staff, User
    from nappage_web.config.cli import prepare

    prepare()
    clinic = Clinic._base_manager.first() or Clinic._base_manager.create(
        organisation=Organisation.objects.create(name="Bench"), name="Bench clinic", idle_minutes=15
    )
    members = list(Staff._base_manager.filter(clinic=clinic).select_related("user", "clinic"))
    for number in range(len(members), staff):
        user = User.objects.create_user(f"injector{number}@bench.test", None, name=f"Injector {number}")
        members.append(Staff._base_manager.create(clinic=clinic, user=user, roles=[Role.INJECTOR.value]))
    ids = _patients(staff_actor(members[0]), start, end)
    told = [_at_work(one, number) for number, one in enumerate(members)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    answered = [one["patient"] for one in told]
    print(
        json.dumps(
            {"staff": told, "patients": ids[:: max(1, len(ids) // 2000)], "answered": answered, "order": _order()}
        )
    )


def _patients(actor, start: int, end: int, chunk: int = 2000) -> list[str]:  # type: ignore[no-untyped-def]
    from django.db import transaction
    from django.utils import timezone

    from nappage_web.clinic import audit
    from nappage_web.clinic.models import AuditEvent
    from nappage_web.patients import search
    from nappage_web.patients.models import Patient, SearchTerm

    ids: list[str] = []
    for first in range(start, end, chunk):
        with transaction.atomic():
            made = [
                Patient(clinic=actor.clinic, name=f"{p.first} {p.family}", birth_date=p.birth_date, sex=p.sex,
                        phone=p.phone)
                for p in invented(first, min(end, first + chunk))
            ]  # fmt: skip
            Patient.objects.bulk_create(made)
            SearchTerm.objects.bulk_create([row for one in made for row in search.rows(one, [one])], batch_size=5000)
            last = AuditEvent.objects.order_by("-seq").first()
            seq, previous, events = (last.seq, last.hash, []) if last else (0, audit.START, [])
            for one in made:
                seq += 1
                event = AuditEvent(
                    seq=seq, at=timezone.now(), clinic=actor.clinic.pk, actor_kind=actor.kind, actor=actor.id,
                    actor_name=actor.name, action="patient.create", outcome="done", subject_kind="patient",
                    subject=str(one.pk), patient=one.pk, details="{}", previous=previous,
                )  # fmt: skip
                event.hash = previous = audit.hash_of(event)
                events.append(event)
            AuditEvent.objects.bulk_create(events, batch_size=1000)
        ids += [str(one.pk) for one in made]
    return ids


def _order() -> dict[str, object]:
    """The demo's face course, with a map of about 200 points."""
    from nappage_web.demo.people import FACE_ORDER

    return FACE_ORDER | {"areas": ["cheeks", "crow's feet", "lower lids", "jawline"], "spacing_mm": "7"}


def _at_work(member, number: int) -> dict[str, str | int]:  # type: ignore[no-untyped-def]
    """A member of staff signed in past the second factor, with a patient who answered and a draft of a face course."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import transaction

    from nappage.intake import Answers
    from nappage_web.clinic.access import staff_actor
    from nappage_web.demo.people import people
    from nappage_web.patients import commands, documents
    from nappage_web.patients.models import Document

    actor, user = staff_actor(member), member.user
    if not Authenticator.objects.filter(user=user).exists():
        TOTP.activate(user, generate_totp_secret())
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    person = people(20, date(2026, 11, 25))[number % 20]
    with transaction.atomic():
        patient = commands.create_patient(actor, name=person.name, birth_date=person.birth_date, sex=person.sex)
        documents.file(actor, Document.Kind.ANSWERS, patient, Answers.model_validate(person.answers))
        draft = commands.open_draft(actor, patient, body={"order": _order()})
    return {"session": session.session_key, "patient": str(patient.pk), "draft": str(draft.pk),
            "revision": draft.revision}  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
