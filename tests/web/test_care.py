"""Photographs, consent and signature: what stands in the way is told with the way out, and what is signed stays."""

from __future__ import annotations

import hashlib
import io
import uuid
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.core import mail
from django.db import connection
from PIL import Image as Pillow

from nappage.plan import TreatmentPlan
from nappage.plan.consent import permission
from nappage_web.care import commands, consents, photographs, signing
from nappage_web.care.models import Photograph
from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import AuditEvent, Registration, Role
from nappage_web.clinic.registration import bars
from nappage_web.demo.people import FACE_ORDER, people
from nappage_web.patients import commands as patients
from nappage_web.patients import documents
from nappage_web.patients.models import Document, Draft
from nappage_web.planning import desk as desks

from .world import Place, World

pytestmark = pytest.mark.django_db
STROKES = "M10 20L30 40L50 60L70 20"


def ready(place: Place, *, consented_days_ago: int | None = 2) -> Draft:
    """A draft with nothing in the way but, perhaps, the consent."""
    on = place.clinic.today()
    patient = place.patient("Ana Flores", date(1980, 5, 14), sex="female", email="ana@example.test")
    answers = {**people(1, on)[0].answers, "answered_on": on.isoformat()}
    answers["patient"] = {**answers["patient"], "name": "Ana Flores", "birth_date": "1980-05-14"}
    actor = place.actor(Role.INJECTOR)
    from nappage.intake import Answers

    patients.edit_answers(actor, patient, Answers.model_validate(answers), "test", "e")
    start = on + timedelta(days=7 + (7 - on.weekday()) % 7 if on.weekday() > 4 else 7)
    order = {**FACE_ORDER, "planned_start": f"{start}T10:00 Europe/Paris", "jurisdiction": "FR"}
    draft = place.draft(patient, order=order, consultation={"photographs_skipped": "test"})
    if consented_days_ago is not None:
        desk = desks.at(actor, draft.pk)
        plan = signing.plan_of(desk)
        assert plan is not None
        from nappage.plan.consent import consent

        text = consent(plan, desk.edition, on - timedelta(days=consented_days_ago), row=desk.reading.facts.row)
        sent = {
            "name": "Ana Flores",
            "strokes": STROKES,
            "identity": "known",
            "agreed": [s.id for s in text.statements],
        }
        commands.give_consent(actor, patient, text, sent)
    return draft


def obstacles(place: Place, draft: Draft, role: Role = Role.PRESCRIBER) -> list[str]:
    return [one.sentence for one in signing.prepare(desks.at(place.actor(role), draft.pk)).obstacles]


def basis_of(place: Place, draft: Draft) -> str:
    """What the page of the signature sends back as read."""
    return signing.basis(desks.at(place.actor(Role.PRESCRIBER), draft.pk))


def sign(place: Place, draft: Draft) -> Document:
    desk = desks.at(place.actor(Role.PRESCRIBER), draft.pk)
    return commands.sign_plan(place.actor(Role.PRESCRIBER), desk.draft, signing.prepare(desk, printed=True))


def test_a_plan_is_signed_kept_and_never_changed(clinics: World) -> None:
    draft = ready(clinics.here)
    assert obstacles(clinics.here, draft) == []
    document = sign(clinics.here, draft)
    plan = TreatmentPlan.model_validate_json(document.body)
    assert documents.whole(document) and document.signature["register"] == "Test register"
    assert {p.role for p in plan.practice.practitioners} == {"injector", "prescriber"}
    assert {f.name for f in document.attachments.all()} == {"plan.pdf", "patient.pdf", "map.html", "course.ics"}
    draft.refresh_from_db()
    assert draft.status == Draft.Status.DONE
    client = clinics.here.client(Role.PRESCRIBER)
    assert "Nothing changes it" not in client.get(f"/plans/{document.pk}/").content.decode()
    pdf = client.get(f"/plans/{document.pk}/patient.pdf")
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    page = client.get(f"/plans/{document.pk}/map.html")
    assert "sandbox" in page["Content-Security-Policy"] and "'unsafe-inline'" in page["Content-Security-Policy"]
    with pytest.raises(Refused, match="signed or closed"):
        sign(clinics.here, draft)
    assert AuditEvent.objects.filter(action="plan.sign", outcome="done").count() == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"answers.patient.pregnancy": "yes"}, "pregnan"),
        ({"order.mixture": [{"product": "NCTF 135 HA", "volume_ml": "2"}]}, "changed after the patient consented"),
        ({"order.mixture": None}, ""),
        ({"order.accepted_without_ceiling": None}, ""),
        ({"order.planned_start": None}, ""),
        ({"order.spacing_mm": "ten"}, "ten"),
        ({"consultation.photographs_skipped": None}, "Baseline photographs are missing"),
        ({"answers.context.unwell": "unknown"}, "question"),
    ],
)
def test_each_thing_in_the_way_is_a_sentence_with_a_way_out(clinics: World, spoil, words: str) -> None:
    draft = ready(clinics.here)
    actor = clinics.here.actor(Role.INJECTOR)
    for path, value in spoil.items():
        draft.refresh_from_db()
        patients.edit_draft(actor, draft, uuid.uuid4(), draft.revision, path, value)
    found = signing.prepare(desks.at(clinics.here.actor(Role.PRESCRIBER), draft.pk)).obstacles
    assert found, "nothing stood in the way"
    told = " ".join(f"{one.sentence} {one.way_out}" for one in found)
    assert words.casefold() in told.casefold(), told
    assert all(one.sentence and one.stage for one in found)
    with pytest.raises(Refused):
        sign(clinics.here, draft)
    page = clinics.here.client(Role.PRESCRIBER).get(f"/drafts/{draft.pk}/sign/").content.decode()
    assert "Sign this plan" not in page and "in the way" in page


def test_consent_runs_through_its_time_to_think(clinics: World) -> None:
    assert any(
        "has not consented" in one for one in obstacles(clinics.here, ready(clinics.here, consented_days_ago=None))
    )
    today = ready(clinics.there, consented_days_ago=0)
    assert any("time to think runs until" in one for one in obstacles(clinics.there, today))


def test_a_consent_taken_back_stops_the_signature_and_stays_in_the_history(clinics: World) -> None:
    draft = ready(clinics.here)
    actor = clinics.here.actor(Role.FRONT_DESK)
    one = consents.standing(actor, draft.patient, "treatment")
    commands.withdraw_consent(actor, one.document, "changed their mind")
    assert any("has not consented" in said for said in obstacles(clinics.here, draft))
    kept = consents.given(actor, draft.patient)
    assert len(kept) == 1 and kept[0].withdrawn.reason == "changed their mind"
    with pytest.raises(Refused, match="taken back already"):
        commands.withdraw_consent(actor, one.document, "")


def test_only_a_prescriber_signs_and_only_whoever_may(clinics: World) -> None:
    draft = ready(clinics.here)
    assert any("signed by a prescriber" in one for one in obstacles(clinics.here, draft, Role.INJECTOR))
    lapsed = clinics.here.clinic.today() - timedelta(days=1)
    Registration._base_manager.filter(staff=clinics.here.staff[Role.PRESCRIBER]).update(expires=lapsed)
    assert any("The registration of Prescriber" in one for one in obstacles(clinics.here, draft))
    Registration._base_manager.filter(staff=clinics.here.staff[Role.INJECTOR]).update(techniques=["nappage"])
    assert any("trained for" in one for one in obstacles(clinics.here, draft))


def test_the_draft_that_was_read_is_the_one_that_is_signed(clinics: World) -> None:
    draft = ready(clinics.here)
    desk = desks.at(clinics.here.actor(Role.PRESCRIBER), draft.pk)
    prepared = signing.prepare(desk)
    patients.edit_draft(
        clinics.here.actor(Role.INJECTOR), draft, uuid.uuid4(), draft.revision, "consultation.notes", "x"
    )
    with pytest.raises(Refused, match="changed while you were reading"):
        commands.sign_plan(clinics.here.actor(Role.PRESCRIBER), draft, prepared)


def test_signing_asks_again_who_signs(clinics: World) -> None:
    from .world import PASSWORD

    draft = ready(clinics.here)
    client = clinics.here.client(Role.PRESCRIBER)
    wrong = client.post(f"/drafts/{draft.pk}/sign/", {"proof": "nope", "basis": basis_of(clinics.here, draft)})
    assert wrong.status_code == 422 and "Nothing was signed" in wrong.content.decode()
    assert not Document._base_manager.filter(kind="plan").exists()
    done = client.post(f"/drafts/{draft.pk}/sign/", {"proof": PASSWORD, "basis": basis_of(clinics.here, draft)})
    assert done.status_code == 302 and done.url.startswith("/plans/")
    assert AuditEvent.objects.filter(action="session.unlock-failed").count() == 1, "a wrong try is known"


def test_who_signs_is_not_found_by_trying(clinics: World) -> None:
    draft, client = ready(clinics.here), clinics.here.client(Role.PRESCRIBER)
    for number in range(5):
        client.post(f"/drafts/{draft.pk}/sign/", {"proof": f"27182{number}", "basis": basis_of(clinics.here, draft)})
    assert client.get(f"/drafts/{draft.pk}/sign/").url.startswith("/accounts/login/")
    assert not Document._base_manager.filter(kind="plan").exists()


def test_an_amendment_is_a_new_version_that_shows_its_difference(clinics: World) -> None:
    first = sign(clinics.here, ready(clinics.here))
    draft = commands.amend_plan(clinics.here.actor(Role.INJECTOR), first)
    assert draft.body["order"]["spacing_mm"] == "10" and draft.based_on == first
    with pytest.raises(Refused, match="Another draft"):
        commands.amend_plan(clinics.here.actor(Role.INJECTOR), first)
    patients.edit_draft(
        clinics.here.actor(Role.INJECTOR), draft, uuid.uuid4(), draft.revision, "order.spacing_mm", "12"
    )
    page = clinics.here.client(Role.PRESCRIBER).get(f"/drafts/{draft.pk}/sign/").content.decode()
    assert "What this amendment changes" in page and "Spacing, mm" in page
    assert "changed after the patient consented" in page
    assert documents.whole(Document._base_manager.get(pk=first.pk))


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"name": ""}, "name"),
        ({"agreed": ["read"]}, "agreed"),
        ({"strokes": ""}, "strokes"),
        ({"strokes": "<script>alert(1)</script> and more"}, "strokes"),
        ({"identity": "no idea"}, "identity"),
    ],
)
def test_a_consent_is_whole_or_not_signed(clinics: World, sent, place: str) -> None:
    from nappage.values import InputError

    patient = clinics.here.patient()
    on = clinics.here.clinic.today()
    text = permission("photographs", desks.readings.edition_on(on), on, patient=patient.name)
    whole = {"name": "Ana", "strokes": STROKES, "identity": "known", "agreed": [s.id for s in text.statements]}
    with pytest.raises(InputError) as error:
        commands.give_consent(clinics.here.actor(Role.FRONT_DESK), patient, text, {**whole, **sent})
    assert error.value.place == place
    assert not Document._base_manager.filter(kind="consent").exists()


def picture(**how: object) -> bytes:
    noise = np.random.default_rng(1).integers(60, 200, (1200, 1000, 3)).astype(np.uint8)
    exif = Pillow.Exif()
    exif[0x010F] = "SecretMaker"
    file = io.BytesIO()
    Pillow.fromarray(noise).save(file, "JPEG", quality=60, exif=exif)
    return file.getvalue()


def allowed(place: Place, draft: Draft) -> None:
    on = place.clinic.today()
    text = permission("photographs", desks.readings.edition_on(on), on, patient=draft.patient.name)
    sent = {"name": "Ana", "strokes": STROKES, "identity": "known", "agreed": [s.id for s in text.statements]}
    commands.give_consent(place.actor(Role.INJECTOR), draft.patient, text, sent)


def test_no_photograph_without_its_consent(clinics: World) -> None:
    draft = ready(clinics.here)
    with pytest.raises(Refused, match="not consented to photographs"):
        commands.add_photograph(clinics.here.actor(Role.INJECTOR), draft, "body", picture())


def test_a_photograph_is_graded_stripped_hashed_and_each_look_noted(clinics: World) -> None:
    draft = ready(clinics.here)
    allowed(clinics.here, draft)
    actor, client = clinics.here.actor(Role.INJECTOR), clinics.here.client(Role.INJECTOR)
    kept, grade = commands.add_photograph(actor, draft, "front", picture())
    assert kept is None and grade.verdict == "retake" and not Photograph._base_manager.exists()
    kept, _ = commands.add_photograph(actor, draft, "front", picture(), keep_because="patient cannot sit up")
    assert kept.quality["kept_because"] and b"SecretMaker" not in bytes(kept.content)
    assert kept.sha256 == hashlib.sha256(bytes(kept.content)).hexdigest()
    seen = client.get(f"/photographs/{kept.pk}")
    assert seen["Content-Type"] == "image/jpeg" and "no-store" in seen["Cache-Control"]
    assert AuditEvent.objects.filter(action="photograph.view", subject=str(kept.pk)).count() == 1
    assert clinics.there.client(Role.INJECTOR).get(f"/photographs/{kept.pk}").status_code == 404


@pytest.mark.parametrize(("areas", "views"), [
    (["cheeks"], photographs.FACE), (["scalp"], ("scalp",)), (["abdomen"], ("body",)), ([], photographs.FACE),
    (["cheeks", "hands"], (*photographs.FACE, "body")),
])  # fmt: skip
def test_the_views_are_those_of_the_areas(areas, views) -> None:
    assert set(photographs.wanted(Draft(body={"order": {"areas": areas}}))) == set(views)


def test_the_sheet_goes_by_mail_with_a_neutral_subject(clinics: World) -> None:
    document = sign(clinics.here, ready(clinics.here))
    commands.mail_plan(clinics.here.actor(Role.FRONT_DESK), document)
    letter = mail.outbox[0]
    assert letter.to == ["ana@example.test"] and {name for name, *_ in letter.attachments} == {
        "patient.pdf",
        "course.ics",
        "consent.pdf",
    }
    assert "mesotherapy" not in f"{letter.subject} {letter.body}".casefold()


def test_a_mail_server_that_does_not_answer_holds_up_nobody_and_is_known(clinics: World, monkeypatch: Any) -> None:
    document = sign(clinics.here, ready(clinics.here))
    document.patient.email = "ana@example.test"
    document.patient.save()
    held = []

    def slow(self: Any, *args: Any) -> int:
        held.append(connection.savepoint_ids[:])
        raise OSError("no answer")

    outside = connection.savepoint_ids[:]
    monkeypatch.setattr("django.core.mail.EmailMessage.send", slow)
    with pytest.raises(Refused, match="does not answer"):
        commands.mail_plan(clinics.here.actor(Role.FRONT_DESK), document)
    assert held == [outside], "sent outside of any transaction of ours"
    told = AuditEvent.objects.filter(action__startswith="plan.mail").order_by("seq").values_list("action", flat=True)
    assert list(told) == ["plan.mail", "plan.mail-failed"]


def test_the_calendar_is_private_neutral_and_ends(clinics: World) -> None:
    document = sign(clinics.here, ready(clinics.here))
    actor = clinics.here.actor(Role.FRONT_DESK)
    from django.test import Client

    first = commands.calendar_link(actor, document.patient)
    feed = Client().get(f"/c/{first}.ics")
    text = feed.content.decode()
    assert feed["Content-Type"].startswith("text/calendar") and "BEGIN:VEVENT" in text
    assert "Flores" not in text and "mesotherapy" not in text.casefold()
    commands.calendar_link(actor, document.patient)
    assert "BEGIN:VEVENT" not in Client().get(f"/c/{first}.ics").content.decode()
    assert Client().get("/c/guess.ics").status_code == 404


@pytest.mark.parametrize(("change", "stands"), [
    ({}, True), ({"expires": -1}, False), ({"indemnity_expires": -1}, False), ({"indemnity_expires": None}, False),
    ({"techniques": ["papule"]}, True), ({"techniques": ["nappage"]}, False), ({"areas": ["scalp"]}, False),
    ({"areas": ["face"]}, True), ({"areas": []}, False), ({"number": " "}, False), ({"register": ""}, False),
])  # fmt: skip
def test_who_may_sign(clinics: World, change, stands: bool) -> None:
    entry = Registration._base_manager.get(staff=clinics.here.staff[Role.PRESCRIBER])
    on = clinics.here.clinic.today()
    for name, value in change.items():
        setattr(entry, name, on + timedelta(days=value) if isinstance(value, int) else value)
    said = bars(entry, "Léa Roy", on, ["papule"], ["cheek"], desks.readings.edition_on(on))
    assert (said == ()) == stands, said
    assert all("Léa Roy" in bar.sentence and bar.way_out for bar in said)
    assert bars(None, "Léa Roy", on, [], [], desks.readings.edition_on(on))


def test_who_injects_is_chosen_and_stands_on_the_plan(clinics: World) -> None:
    """By itself it is who worked on the draft and injects; the choice on the page is kept in the draft."""
    draft = ready(clinics.here)
    prescriber, injector = clinics.here.actor(Role.PRESCRIBER), clinics.here.staff[Role.INJECTOR]
    assert signing.injector_of(prescriber, draft) == injector
    chosen = str(clinics.here.staff[Role.PRESCRIBER].pk)
    patients.edit_draft(prescriber, draft, uuid.uuid4(), draft.revision, "consultation.injector", chosen)
    draft.refresh_from_db()
    assert signing.injector_of(prescriber, draft) == clinics.here.staff[Role.PRESCRIBER]
    page = clinics.here.client(Role.PRESCRIBER).get(f"/drafts/{draft.pk}/sign/").content.decode()
    assert 'data-path="consultation.injector"' in page and f'value="{chosen}" selected' in page
    for nobody in (clinics.there.staff[Role.INJECTOR], clinics.here.staff[Role.FRONT_DESK]):
        draft.refresh_from_db()
        patients.edit_draft(prescriber, draft, uuid.uuid4(), draft.revision, "consultation.injector", str(nobody.pk))
        draft.refresh_from_db()
        assert any("Nobody is named to inject" in one for one in obstacles(clinics.here, draft)), nobody
