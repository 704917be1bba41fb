"""A stranger tries each address of the app, with real ids of a clinic's records: signed in nowhere, then as the staff
of another clinic. Nobody learns so much as a name."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from nappage.plan.consent import permission
from nappage_web.care import commands as care
from nappage_web.care.models import Photograph
from nappage_web.clinic.models import Role
from nappage_web.patients import commands as patients
from nappage_web.planning import commands as planning
from nappage_web.planning import desk as desks
from nappage_web.planning.models import Appointment, ClinicProtocol

from ..conftest import Server
from ..permissions import patterns
from ..test_care import STROKES, picture, ready, sign
from ..world import Place, world
from .steps import look, sign_in

pytestmark = pytest.mark.browser
SECRET = re.compile(r"Flores|14 May 1980|1980-05-14|ana@example", re.IGNORECASE)
SLUGS = {
    "kind": "photographs",
    "topic": "medications",
    "name": "plan.pdf",
    "secret": "guessed-and-wrong",
    "uidb36": "1",
    "key": "guessed",
}


def records(place: Place) -> dict[str, list[Any]]:
    """Ids of everything a patient of the clinic has, by the names that addresses give them."""
    draft = ready(place)
    patient = draft.patient
    actor = place.actor(Role.INJECTOR)
    on = place.clinic.today()
    text = permission("photographs", desks.readings.edition_on(on), on, patient=patient.name)
    agreed = [one.id for one in text.statements]
    care.give_consent(actor, patient, text, {"name": "Ana", "strokes": STROKES, "identity": "known", "agreed": agreed})
    photo, _ = care.add_photograph(actor, draft, "front", picture(), keep_because="cannot sit up")
    signed = sign(place, draft)
    open_draft = care.amend_plan(actor, signed)
    link, _ = patients.send_intake_link(place.actor(Role.FRONT_DESK), patient)
    protocol = planning.save_protocol(actor, open_draft, name="House")
    lead = place.actor(Role.LEAD)
    when = planning.moment(lead, on + timedelta(days=3), "10:00")
    visit = planning.book(lead, patient, staff=place.staff[Role.INJECTOR], room=None, starts=when, minutes=30)
    assert isinstance(photo, Photograph) and isinstance(protocol, ClinicProtocol) and isinstance(visit, Appointment)
    from nappage_web.patients.models import Document

    consents = list(Document.objects.of(actor).filter(kind="consent").values_list("pk", flat=True))
    return {
        "patient": [patient.pk], "draft": [open_draft.pk, draft.pk], "plan": [signed.pk], "photo": [photo.pk],
        "consent": consents, "appointment": [visit.pk], "protocol": [protocol.pk], "link": [link.pk],
        "document": [signed.pk], "staff": [one.pk for one in place.staff.values()], "merge": [patient.pk], "pk": [1],
    }  # fmt: skip


def addresses(ids: dict[str, list[Any]]) -> list[str]:
    """Every address of the app, each with each of its records. One whose records are not known here fails the test."""
    filled = []
    for pattern, _ in patterns():
        some = [re.sub(r"[\\^$]", "", pattern)]
        for name in re.findall(r"<(?:\w+:)?(\w+)>", pattern):
            values = ids.get(name) or [SLUGS[name]]
            some = [re.sub(rf"<(?:\w+:)?{name}>", str(value), one) for one in some for value in values]
        filled += [f"/{one}" for one in some]
    return filled


def test_a_stranger_learns_nothing_anywhere(live: Server, opened: Any) -> None:
    both = world()
    ids = records(both.here)
    known = {str(one) for some in ids.values() for one in some if not isinstance(one, int)}
    places = [one for one in addresses(ids) if "logout" not in one and one != "/design/"]  # invented text only
    assert len(places) > 80
    told = []
    strangers = {"nobody": Client()} | {str(role): both.there.client(role) for role in Role}
    for who, client in strangers.items():
        for address in places:
            for ask in (client.get, client.post):
                got = ask(address)
                words = b"".join(got.streaming_content if got.streaming else [got.content]).decode("utf-8", "replace")
                of_a_record = any(one in address for one in known)
                if got.status_code >= 500 or SECRET.search(words) or (of_a_record and got.status_code == 200):
                    told.append(f"{who} {ask.__name__} {address}: {got.status_code}")
                if address == "/unlock" and ask == client.post:
                    break
    assert not told, "\n".join(told[:40])

    page = opened("tablet")
    page.goto(f"{live.url}/patients/{ids['patient'][0]}/")
    assert "/accounts/login/" in page.url
    look(page)
    sign_in(page, live, both.there, Role.LEAD)
    page.goto(f"{live.url}/patients/{ids['patient'][0]}/")
    page.faults.clear()  # the 404 itself
    assert "Flores" not in page.content()
    look(page)
