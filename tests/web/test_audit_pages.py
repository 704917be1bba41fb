"""The clinic's audit: filtered, paged by link, exported, and the chain verified."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from nappage_web.clinic import audit
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.reports import audit_pages

from .conftest import unguarded
from .world import Place, World


def page(place: Place, role: Role = Role.AUDITOR, **asked: Any) -> str:
    answer = place.client(role).get(reverse("audit"), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def exported(place: Place, **asked: Any) -> list[dict[str, str]]:
    answer = place.client(Role.AUDITOR).post(reverse("audit-export"), asked)
    assert answer.streaming and answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def happened(place: Place) -> None:
    """Three patients entered, one looked at by the injector, one refused to the auditor."""
    place.patient("Ana Flores")
    place.patient("Bo Lind")
    third = place.patient("=HYPERLINK()")
    place.client(Role.INJECTOR).get(reverse("patient", args=[third.pk]))


def test_lead_and_auditor_read_it_and_nobody_else(clinics: World) -> None:
    for role in Role:
        client, may = clinics.here.client(role), role in (Role.LEAD, Role.AUDITOR)
        assert client.get(reverse("audit")).status_code == (200 if may else 403), role
        assert client.post(reverse("audit-export")).status_code == (200 if may else 403), role
        assert client.post(reverse("audit-verify")).status_code == (200 if may else 403), role


def test_it_shows_this_clinics_events_newest_first(clinics: World) -> None:
    happened(clinics.here)
    clinics.there.patient("Somebody Else")
    said = page(clinics.here)
    assert said.index("looked at the patient") < said.index("Bo Lind") < said.index("Ana Flores")
    assert "Somebody Else" not in said and "Other Clinic" not in said


def test_who_reads_the_audit_is_in_it(clinics: World) -> None:
    page(clinics.here, Role.LEAD)
    page(clinics.here, Role.LEAD, action="patient.view")
    (event,) = AuditEvent.objects.filter(action="audit.view")
    assert event.actor == clinics.here.actor(Role.LEAD).id and event.subject == str(clinics.here.clinic.pk)


@pytest.mark.parametrize(
    ("asked", "shown", "hidden"),
    [
        ({"person": Role.INJECTOR}, "looked at the patient", "entered the patient"),
        ({"action": "patient.create"}, "entered the patient", "looked at the patient:"),
        ({"patient": "Lind"}, "Bo Lind", "Ana Flores"),
        ({"person": "system"}, "Nothing matches", "entered the patient"),
        ({"refused": "1"}, "Nothing matches", "entered the patient"),
    ],
)
def test_a_filter_leaves_what_was_asked_for(clinics: World, asked: dict[str, Any], shown: str, hidden: str) -> None:
    place = clinics.here
    happened(place)
    if isinstance(asked.get("person"), Role):
        asked = {"person": str(place.staff[asked["person"]].pk)}
    listed = re.sub(r"<select.*?</select>", "", page(place, **asked), flags=re.DOTALL)
    assert shown in listed and hidden not in listed


def test_days_are_the_clinics_and_a_day_that_is_none_is_told(clinics: World) -> None:
    place = clinics.here
    happened(place)
    today = place.clinic.today()
    assert "Ana Flores" in page(place, first=str(today), last=str(today))
    assert "Nothing matches" in page(place, last=str(today - timedelta(days=1)))
    assert "Nothing matches" in page(place, first=str(today + timedelta(days=1)))
    assert "That is not a day" in page(place, first="soon")


def test_another_clinics_patient_is_not_found_by_id(clinics: World) -> None:
    other = clinics.there.patient("Somebody Else")
    assert "Nothing matches" in page(clinics.here, patient=str(other.pk))


def test_pages_follow_one_another_without_a_gap(clinics: World, monkeypatch: pytest.MonkeyPatch) -> None:
    place = clinics.here
    for n in range(7):
        place.patient(f"Patient {n}")
    monkeypatch.setattr(audit_pages, "PER_PAGE", 3)
    seen: list[str] = []
    address: str | None = f"{reverse('audit')}?action=patient.create"
    client = place.client(Role.AUDITOR)
    while address:
        said = client.get(address).content.decode()
        seen += re.findall(r">(Patient \d)</a>", said)
        older = re.search(r'href="(\?[^"]*before=\d+)"', said)
        address = older and reverse("audit") + older.group(1).replace("&amp;", "&")
    assert seen == [f"Patient {n}" for n in reversed(range(7))]


# --- export ------------------------------------------------------------------------------------------------------


def test_the_export_holds_every_event_and_says_that_it_was_made(
    clinics: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = clinics.here
    happened(place)
    clinics.there.patient("Somebody Else")
    monkeypatch.setattr(audit_pages, "_AT_ONCE", 2)
    rows = exported(place)
    kept = AuditEvent.objects.filter(clinic=place.clinic.pk).order_by("-seq")
    assert [row["hash"] for row in rows] == [event.hash for event in kept]
    assert rows[0]["action"] == "audit.export", "the export is an event of its own, and stands in it"
    assert "Somebody Else" not in str(rows)
    assert {row["action"] for row in exported(place, action="patient.create")} == {"patient.create"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert audit_pages._harmless(text) == f"'{text}"
    assert audit_pages._harmless("a=1") == "a=1"


# --- the chain ---------------------------------------------------------------------------------------------------


def test_a_whole_chain_is_verified_and_its_hash_is_found_again(clinics: World) -> None:
    place = clinics.here
    happened(place)
    client = place.client(Role.AUDITOR)
    before = audit.verify()
    said = client.post(reverse("audit-verify")).content.decode()
    assert "The chain holds" in said and before.head in said and f"{before.links} links" in said
    event = AuditEvent.objects.order_by("-seq")[0]
    assert event.action == "audit.verify" and before.head in event.details
    again = client.post(reverse("audit-verify"), {"head": before.head}, headers={"HX-Request": "true"})
    assert "The hash you gave is in it" in again.content.decode() and "<html" not in again.content.decode()
    gone = client.post(reverse("audit-verify"), {"head": "f" * 64}).content.decode()
    assert "does not hold" in gone and "the end was cut" in gone


def test_a_link_that_was_changed_is_found(clinics: World) -> None:
    place = clinics.here
    happened(place)
    second = AuditEvent.objects.order_by("seq")[1]
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("UPDATE clinic_auditevent SET actor_name = 'Nobody' WHERE seq = %s", [second.seq])
    said = place.client(Role.LEAD).post(reverse("audit-verify")).content.decode()
    assert "The chain does not hold" in said and f"link {second.seq} was changed" in said.lower()


def test_the_auditors_day_begins_with_the_chain_and_what_was_refused(clinics: World) -> None:
    place, other = clinics.here, clinics.there
    client = place.client(Role.AUDITOR)
    said = client.get(reverse("today")).content.decode()
    assert "never verified" in said and "not known until it is walked" in said
    assert "Nothing was refused" in said and "Nobody comes today" not in said
    other.client(Role.FRONT_DESK).get(reverse("clinic"))
    place.client(Role.FRONT_DESK).get(reverse("clinic"))
    client.post(reverse("audit-verify"))
    place.patient("Ana Flores")
    said = client.get(reverse("today")).content.decode()
    assert "held when verified" in said and "Auditor of Skin Clinic" in said
    assert re.search(r"Added since</dt><dd class=\"num\">1<", said), "the patient"
    assert "Front desk of Skin Clinic" in said and "Front desk of Other Clinic" not in said
    assert reverse("audit-export") in said and f"{reverse('audit')}?refused=1" in said
    for role in (Role.LEAD, Role.INJECTOR):
        assert "held when verified" not in place.client(role).get(reverse("today")).content.decode(), role


def test_a_broken_chain_is_the_first_thing_the_auditor_sees(clinics: World) -> None:
    clinics.here.patient("Ana Flores")
    with unguarded(), connection.cursor() as cursor:
        cursor.execute("UPDATE clinic_auditevent SET actor_name = 'Somebody' WHERE seq = 1")
    client = clinics.here.client(Role.AUDITOR)
    client.post(reverse("audit-verify"))
    said = client.get(reverse("today")).content.decode()
    assert "does not hold" in said and "was changed after it was written" in said and "held when" not in said
