"""Patients: found by any part, entered once, merged without loss, their answers changed with a reason."""

from __future__ import annotations

import json
import re
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nappage.intake import Answers
from nappage.values import InputError
from nappage_web.clinic.commands import Refused
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import commands, documents, search
from nappage_web.patients.models import Document, Link, Merge, Patient
from nappage_web.portal.links import Opened

from .world import World

pytestmark = pytest.mark.django_db
SAMPLES = sorted((Path(__file__).parents[1] / "data").rglob("*.json"))


def found(clinics: World, text: str) -> list[str]:
    return [one.name for one in search.find(clinics.here.actor(Role.FRONT_DESK), text)]


@pytest.mark.parametrize(
    "typed",
    ["zéphir", "ZEPHIR", "zeph", "elo zep", "zephir elodie", "14/05/1980", "14.5.80", "1980-05", "14 may 1980",
     "14 mai 1980", "may 1980", "0199001234", "1234", "99 00 12", "+33 1 99 00 12 34", "zep 1980", "elodie@"],
)  # fmt: skip
def test_a_patient_is_found_by_any_part(clinics: World, typed: str) -> None:
    clinics.here.patient("Élodie Zéphir", date(1980, 5, 14), phone="+33 1 99 00 12 34", email="elodie@example.test")
    clinics.here.patient("Ana Flores", date(1979, 2, 1), phone="+33 1 99 00 77 88")
    clinics.there.patient("Élodie Zéphir", date(1980, 5, 14), phone="+33 1 99 00 12 34", email="elodie@example.test")
    assert found(clinics, typed) == ["Élodie Zéphir"]


@pytest.mark.parametrize("typed", ["xyz", "zephir ana", "15/05/1980", "99999999", "zephir 1981"])
def test_who_does_not_match_is_not_found(clinics: World, typed: str) -> None:
    clinics.here.patient("Élodie Zéphir", date(1980, 5, 14), phone="+33 1 99 00 12 34")
    clinics.here.patient("Ana Flores", date(1979, 2, 1))
    assert found(clinics, typed) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(categories=["Lu", "Ll"]), min_size=2, max_size=8), min_size=1, max_size=3))
def test_every_beginning_of_every_word_finds_its_patient(clinics: World, words: list[str]) -> None:
    patient = clinics.here.patient(" ".join(words))
    for word in words:
        typed = search.folded(word)
        if re.fullmatch(r"[^\W_]+", typed):
            actor = clinics.here.actor(Role.FRONT_DESK)
            assert patient in search.find(actor, typed[: max(2, len(typed) // 2)], most=200)


def test_the_page_shows_who_was_found_and_a_way_on(clinics: World) -> None:
    clinics.here.patient("Ana Flores")
    desk = clinics.here.client(Role.FRONT_DESK)
    assert "Ana Flores" in desk.get("/patients/?q=flo").content.decode()
    nobody = desk.get("/patients/?q=zzz", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="found").content.decode()
    assert "Nobody matches" in nobody and "/patients/new?name=zzz" in nobody and "<html" not in nobody
    assert "/patients/new" not in clinics.here.client(Role.AUDITOR).get("/patients/").content.decode()


def test_a_double_is_shown_before_it_is_entered(clinics: World) -> None:
    clinics.here.patient("Ana Flores", date(1980, 5, 14))
    desk = clinics.here.client(Role.FRONT_DESK)
    typed = {"name": "Anna Flores", "birth_date": "1980-05-14", "language": "en"}
    first = desk.post("/patients/new", typed)
    assert first.status_code == 422 and "somebody you have already" in first.content.decode()
    assert Patient.objects.of(clinics.here.actor(Role.LEAD)).count() == 1
    assert desk.post("/patients/new", {**typed, "all-the-same": "on"}).status_code == 302
    assert Patient.objects.of(clinics.here.actor(Role.LEAD)).count() == 2


@pytest.mark.parametrize(("field", "value"), [("birth_date", "2999-01-01"), ("birth_date", ""), ("name", "  ")])
def test_bad_input_is_told_at_its_field(clinics: World, field: str, value: str) -> None:
    typed = {"name": "A B", "birth_date": "1980-05-14", "language": "en", field: value}
    page = clinics.here.client(Role.FRONT_DESK).post("/patients/new", typed)
    assert page.status_code == 422 and f'id="{field}-error"' in page.content.decode()


def test_a_merge_keeps_both_histories_and_can_be_taken_back(clinics: World) -> None:
    keep = clinics.here.patient("Ana Flores", phone="")
    other = clinics.here.patient("Anna Flores", phone="+33 1 99 00 55 66")
    desk, lead = clinics.here.actor(Role.FRONT_DESK), clinics.here.actor(Role.LEAD)
    clinician = clinics.here.actor(Role.INJECTOR)
    commands.edit_answers(clinician, other, Answers(allergies=()), "asked by phone", "e")
    with pytest.raises(InputError):
        commands.merge(desk, keep, other, "")
    merged = commands.merge(desk, keep, other, "same passport")
    keep.refresh_from_db()
    assert keep.phone == "+33 1 99 00 55 66" and {keep, other} == set(keep.everyone())
    page = clinics.here.client(Role.INJECTOR).get(f"/patients/{keep.pk}/answers/").content.decode()
    assert "asked by phone" in page, "the duplicate's answers are the patient's"
    assert clinics.here.client(Role.INJECTOR).get(f"/patients/{other.pk}/").url == f"/patients/{keep.pk}/"
    assert found(clinics, "anna") == ["Ana Flores"], "and is found by both names"
    with pytest.raises(Refused):
        commands.merge(desk, keep, other, "again")
    commands.unmerge(lead, Merge.objects.of(lead).get(pk=merged.pk))
    assert sorted(found(clinics, "flores")) == ["Ana Flores", "Anna Flores"]
    keep.refresh_from_db()
    assert keep.phone == ""


def test_a_merge_that_was_kept_the_older_way_is_taken_back_whole(clinics: World) -> None:
    desk, lead = clinics.here.actor(Role.FRONT_DESK), clinics.here.actor(Role.LEAD)
    keep, other = clinics.here.patient("Ana Flores", sex=""), clinics.here.patient("Anna Flores", sex="male")
    merged = commands.merge(desk, keep, other, "same passport")
    Merge.objects.of(lead).filter(pk=merged.pk).update(before={"filled": {"sex": "male"}, "answers": None})
    commands.unmerge(lead, Merge.objects.of(lead).get(pk=merged.pk))
    keep.refresh_from_db()
    assert keep.sex == ""


def test_two_who_merge_at_once_in_both_directions_make_no_circle(clinics: World) -> None:
    desk = clinics.here.actor(Role.FRONT_DESK)
    ana, anna = clinics.here.patient("Ana Flores"), clinics.here.patient("Anna Flores")
    read_before = [Patient.objects.of(desk).get(pk=one.pk) for one in (anna, ana)]
    commands.merge(desk, ana, anna, "same passport")
    with pytest.raises(Refused):
        commands.merge(desk, *read_before, "same passport")
    assert Patient.objects.of(desk).get(pk=anna.pk).kept() == ana


def test_what_is_right_where_two_rows_differ_is_chosen_and_undone(clinics: World) -> None:
    keep = clinics.here.patient("Ana Flores", date(1980, 5, 14), phone="", language="en", sex="female")
    other = clinics.here.patient("Ana Flores-Diaz", date(1980, 4, 15), phone="+33 199005566", language="fr", sex="")
    client = clinics.here.client(Role.FRONT_DESK)
    url = f"/patients/{keep.pk}/merge"
    page = client.get(f"{url}?with={other.pk}").content.decode()
    for words in ("14 May 1980", "15 April 1980", "Français", "female", "not said", "Ana Flores-Diaz"):
        assert words in page, words
    assert re.search(rf'name="own-phone" value="{other.pk}" checked', page), "what says nothing is not offered first"
    sent = {"with": other.pk, "keep": keep.pk, "own-name": other.pk, "own-birth_date": other.pk, "own-phone": keep.pk,
            "own-language": keep.pk, "own-sex": keep.pk}  # fmt: skip
    again = client.post(url, {**sent, "reason": ""})
    assert again.status_code == 422
    assert re.search(rf'name="own-name" value="{other.pk}" checked', again.content.decode()), "the choice stays"
    assert client.post(url, {**sent, "reason": "same passport"}).status_code == 302
    own = ("name", "birth_date", "phone", "language", "sex")
    keep.refresh_from_db()
    assert [getattr(keep, key) for key in own] == ["Ana Flores-Diaz", date(1980, 4, 15), "", "en", "female"]
    told = clinics.here.client(Role.AUDITOR).get(f"/patients/{keep.pk}/timeline/").content.decode()
    assert "before: Name: Ana Flores, Birth date: 14 May 1980" in told and told.count("merged a duplicate") == 2
    merged = Merge.objects.of(clinics.here.actor(Role.LEAD)).get()
    clinics.here.client(Role.LEAD).post(f"/merges/{merged.pk}/undo")
    keep.refresh_from_db()
    assert [getattr(keep, key) for key in own] == ["Ana Flores", date(1980, 5, 14), "", "en", "female"]
    assert found(clinics, "diaz") == ["Ana Flores-Diaz"]


def test_answers_that_cannot_be_screened_are_said_to_be_so(clinics: World) -> None:
    patient = clinics.here.patient()
    told = Answers.model_validate({"answered": {"a-question-of-another-edition": True}})
    commands.edit_answers(clinics.here.actor(Role.INJECTOR), patient, told, "from elsewhere", "e")
    for url in (f"/patients/{patient.pk}/", f"/patients/{patient.pk}/answers/"):
        page = clinics.here.client(Role.INJECTOR).get(url)
        assert page.status_code == 200 and "cannot be screened" in page.content.decode()


def test_what_a_duplicate_had_said_is_not_lost_by_merging(clinics: World) -> None:
    """The older answers name a blood thinner, the newer ones close the list without it."""
    keep, other = clinics.here.patient("Ana Flores"), clinics.here.patient("Anna Flores", date(1980, 4, 15))
    desk, clinician = clinics.here.actor(Role.FRONT_DESK), clinics.here.actor(Role.INJECTOR)
    older = Answers.model_validate({"medications": [{"name": "warfarin"}], "patient": {"sex": "male"}})
    commands.edit_answers(clinician, other, older, "told in March", "e")
    newer = Answers.model_validate({"medications": [], "patient": {"sex": "female"}})
    commands.edit_answers(clinician, keep, newer, "told in June", "e")
    merged = commands.merge(desk, keep, other, "same passport")
    newest = documents.latest(clinician, keep, Document.Kind.ANSWERS)
    joined = Answers.model_validate_json(newest.body)
    assert joined.medications == () and joined.record and joined.record.medications[0].name == "warfarin"
    answers = clinics.here.client(Role.INJECTOR).get(f"/patients/{keep.pk}/answers/").content.decode()
    assert "stands in a record" in answers and "facts=" not in answers
    page = clinics.here.client(Role.INJECTOR).get(f"/patients/{keep.pk}/").content.decode()
    assert "warfarin" in page.casefold() or "anticoagulant" in page.casefold()
    again = Opened(Link(patient=keep, clinic=keep.clinic))
    assert again.known.record == joined.record, "the next intake starts with it too"
    commands.unmerge(clinics.here.actor(Role.LEAD), merged)
    apart = Answers.model_validate_json(documents.latest(clinician, keep, Document.Kind.ANSWERS).body)
    assert apart.record is None and apart.medications == ()


def test_a_row_with_a_plan_under_way_is_not_merged_away(clinics: World) -> None:
    keep, other = clinics.here.patient("Ana Flores"), clinics.here.patient("Anna Flores")
    clinics.here.draft(other)
    with pytest.raises(Refused, match="under way"):
        commands.merge(clinics.here.actor(Role.FRONT_DESK), keep, other, "same passport")
    commands.merge(clinics.here.actor(Role.FRONT_DESK), other, keep, "same passport")


def test_what_was_corrected_after_a_merge_outlives_its_undoing(clinics: World) -> None:
    keep = clinics.here.patient("Ana Flores", phone="")
    other = clinics.here.patient("Anna Flores", phone="+33 1 99 00 55 66", email="anna@example.test")
    desk = clinics.here.actor(Role.FRONT_DESK)
    merged = commands.merge(desk, keep, other, "same passport")
    keep.refresh_from_db()
    commands.change_patient(desk, keep, name="Ana Flores Diaz", phone="+33 1 99 00 11 22")
    commands.unmerge(clinics.here.actor(Role.LEAD), Merge.objects.of(desk).get(pk=merged.pk))
    keep.refresh_from_db()
    assert (keep.name, keep.phone, keep.email) == ("Ana Flores Diaz", "+33 1 99 00 11 22", "")


def test_a_merged_row_is_corrected_as_the_patient_it_became(clinics: World) -> None:
    keep, other = clinics.here.patient("Ana Flores"), clinics.here.patient("Anna Flores")
    commands.merge(clinics.here.actor(Role.FRONT_DESK), keep, other, "same passport")
    typed = {"name": "Ana Diaz", "birth_date": "1980-05-14", "language": "en"}
    url = clinics.here.client(Role.FRONT_DESK).post(f"/patients/{other.pk}/edit", typed).url
    assert url == f"/patients/{keep.pk}/" and found(clinics, "diaz") == ["Ana Diaz"]
    future = {**typed, "birth_date": "2999-01-01"}
    page = clinics.here.client(Role.FRONT_DESK).post(f"/patients/{keep.pk}/edit", future)
    assert page.status_code == 422 and 'id="birth_date-error"' in page.content.decode()


@pytest.mark.parametrize("query", ["import?patient=x", "import?patient=%00", "?q=%00", "?q=a%00@b", "alike?email=a%00"])
def test_no_address_breaks_the_pages(clinics: World, query: str) -> None:
    assert clinics.here.client(Role.FRONT_DESK).get(f"/patients/{query}").status_code in (200, 400, 404)


def opened(client: Any, url: str, **sent: str) -> dict[str, str]:
    """What is typed into the form of a topic, as it was opened now."""
    found = re.search(r'name="seen" value="([^"]*)"', client.get(url).content.decode())
    assert found
    return {"seen": found[1], **sent}


def test_answers_are_changed_by_a_new_version_with_a_reason(clinics: World) -> None:
    patient = clinics.here.patient()
    actor, client = clinics.here.actor(Role.INJECTOR), clinics.here.client(Role.INJECTOR)
    first = Answers.model_validate({"medications": [{"name": "Sintrom"}], "allergies": []})
    commands.edit_answers(actor, patient, first, "told at the desk", "e")
    url = f"/patients/{patient.pk}/answers/medications"
    form = opened(client, url, state="asked")
    assert client.post(url, {**form, "0-name": "Sintrom", "0-current": "true"}).status_code == 422
    sent = {**form, "0-name": "Sintrom", "0-prescribed": "true", "1-name": "Xyzzol", "reason": "asked again"}
    assert client.post(url, sent).status_code == 302
    page = client.get(f"/patients/{patient.pk}/answers/").content.decode()
    for words in ("acenocoumarol", "not understood", "Xyzzol", "asked again", "not asked", "Changed since"):
        assert words in page, words
    versions = Document.objects.of(actor).filter(kind=Document.Kind.ANSWERS).order_by("version")
    assert [one.version for one in versions] == [1, 2] and documents.whole(versions[0])
    assert "Xyzzol" not in versions[0].body, "the older version stays as it was"


def test_a_line_that_somebody_else_added_meanwhile_is_not_taken_out(clinics: World) -> None:
    """Whoever opened the list before it was there would deny it by "this is all of it"."""
    patient, actor, client = clinics.here.patient(), clinics.here.actor(Role.LEAD), clinics.here.client(Role.INJECTOR)
    urls = [f"/patients/{patient.pk}/answers/{topic}" for topic in ("medications", "allergies")]
    forms = [opened(client, url, state="asked", reason="asked") for url in urls]
    told = {"medications": [{"name": "Sintrom"}]}
    commands.edit_answers(actor, patient, Answers.model_validate(told), "told by phone", "e")
    refused = client.post(urls[0], {**forms[0], "0-name": "paracetamol"})
    page = refused.content.decode()
    assert refused.status_code == 422 and "changed since this page was opened" in page and 'value="paracetamol"' in page
    assert client.post(urls[0], {**forms[0], "seen": "x"}).status_code == 422
    assert client.post(urls[1], {**forms[1], "0-substance": "latex"}).status_code == 302, "another list is no conflict"
    newest = documents.latest(actor, patient, Document.Kind.ANSWERS)
    answers = Answers.model_validate_json(newest.body)
    assert [one.name for one in answers.medications] == ["Sintrom"] and len(answers.allergies) == 1
    with pytest.raises(InputError, match="changed since"):
        commands.edit_answers(actor, patient, answers, "asked", "e", over=uuid.uuid4())


def test_codes_stay_with_the_words_they_came_with(clinics: World) -> None:
    patient, actor = clinics.here.patient(), clinics.here.actor(Role.INJECTOR)
    rows = [{"text": "heart trouble", "codes": {"icd10": "I48"}}, {"codes": {"icd10": "E11"}}]
    commands.edit_answers(actor, patient, Answers.model_validate({"conditions": rows}), "from a letter", "e")
    sent = {"state": "asked", "0-text": "heart trouble", "0-status": "past", "reason": "asked"}
    url = f"/patients/{patient.pk}/answers/conditions"
    for words, codes in (("heart trouble", {"icd10": "I48"}), ("something else", {})):
        client = clinics.here.client(Role.INJECTOR)
        assert client.post(url, opened(client, url, **{**sent, "0-text": words})).status_code == 302
        newest = documents.latest(actor, patient, Document.Kind.ANSWERS)
        kept = Answers.model_validate_json(newest.body).conditions
        assert [one.codes for one in kept] == [codes, {"icd10": "E11"}]


def test_not_asked_is_not_none(clinics: World) -> None:
    patient = clinics.here.patient()
    client = clinics.here.client(Role.INJECTOR)
    url = f"/patients/{patient.pk}/answers/allergies"
    assert client.post(url, opened(client, url, state="asked", reason="asked")).status_code == 302
    actor = clinics.here.actor(Role.INJECTOR)
    newest = documents.latest(actor, patient, Document.Kind.ANSWERS)
    assert Answers.model_validate_json(newest.body).allergies == ()
    assert client.post(url, opened(client, url, state="not-asked", reason="was a mistake")).status_code == 302
    newest = documents.latest(actor, patient, Document.Kind.ANSWERS)
    assert Answers.model_validate_json(newest.body).allergies is None


def test_a_record_of_another_system_is_shown_before_it_is_kept(clinics: World) -> None:
    bundle = {
        "resourceType": "Bundle", "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p", "name": [{"family": "Flores", "given": ["Ana"]}],
                          "birthDate": "1980-05-14", "gender": "female"}},
            {"resource": {"resourceType": "Condition", "subject": {"reference": "Patient/p"},
                          "code": {"text": "Systemic lupus erythematosus"},
                          "clinicalStatus": {"coding": [{"code": "active"}]}}},
        ],
    }  # fmt: skip
    patient = clinics.here.patient("Somebody Else", date(1990, 1, 1))
    client = clinics.here.client(Role.FRONT_DESK)
    text = json.dumps(bundle)
    shown = client.post("/patients/import", {"text": text, "patient": str(patient.pk)}).content.decode()
    assert "The record is of" in shown and "birth date is 14 May 1980" in shown
    actor = clinics.here.actor(Role.LEAD)
    assert not Document.objects.of(actor).exists(), "nothing is kept by looking"
    assert client.post("/patients/import", {"keep": "forged"}).status_code == 422
    sealed = re.search(r'name="keep" value="([^"]+)"', shown)
    assert sealed
    made = client.post("/patients/import", {"keep": sealed[1]})
    assert made.status_code == 302
    kept = Patient.objects.of(actor).get(name__contains="Flores")
    newest = documents.latest(actor, kept, Document.Kind.ANSWERS)
    answers = Answers.model_validate_json(newest.body)
    assert answers.record is not None and answers.conditions is None, "a record closes nothing"
    page = clinics.here.client(Role.INJECTOR).get(made.url).content.decode()
    assert "lupus" in page.casefold()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"resourceType": "Patient"}', "nonsense"])
def test_what_is_no_bundle_is_told_in_a_sentence(clinics: World, text: str) -> None:
    page = clinics.here.client(Role.FRONT_DESK).post("/patients/import", {"text": text})
    assert page.status_code == 422 and 'role="alert"' in page.content.decode()


def test_the_timeline_tells_who_did_and_who_looked(clinics: World) -> None:
    patient = clinics.here.patient()
    clinics.here.client(Role.INJECTOR).get(f"/patients/{patient.pk}/")
    client = clinics.here.client(Role.AUDITOR)
    page = client.get(f"/patients/{patient.pk}/timeline/").content.decode()
    page, looked = page.split('<ol class="timeline">')[1], "looked at the patient"
    assert "entered the patient" in page and looked not in page
    assert f"</strong> {looked}" in client.get(f"/patients/{patient.pk}/timeline/?looks=1").content.decode()


def test_the_timeline_is_narrowed_by_person_kind_and_day(clinics: World) -> None:
    patient, desk = clinics.here.patient(), clinics.here.actor(Role.FRONT_DESK)
    commands.change_patient(desk, patient, phone="1")
    commands.change_patient(desk, patient, phone="2")
    commands.send_intake_link(clinics.here.actor(Role.INJECTOR), patient)
    client = clinics.here.client(Role.AUDITOR)

    def shown(query: str) -> str:
        page = client.get(f"/patients/{patient.pk}/timeline/?{query}").content.decode()
        return " ".join(re.findall(r'<ol class="timeline">.*</ol>', page, re.S))

    assert "made an intake link" in shown("") and shown("").count("before: Phone:") == 2
    assert "made an intake link" not in shown(f"who={desk.id}") and "changed" in shown(f"who={desk.id}")
    assert "changed" not in shown("kind=intake.send") and "made an intake link" in shown("kind=intake.send")
    today = clinics.here.clinic.today()
    assert "changed" in shown(f"first={today}&last={today}") and shown("last=2020-01-01") == ""
    assert "looked at the timeline" in shown("kind=timeline.view")
    odds = ("first=x&last=0000", "before=%C2%B2", f"before={'9' * 40}", "last=9999-12-31", "first=0001-01-01", "who=x")
    for odd in odds:
        assert client.get(f"/patients/{patient.pk}/timeline/?{odd}").status_code == 200, odd


def test_every_action_has_words(clinics: World) -> None:
    from nappage_web.clinic.commands import COMMANDS
    from nappage_web.patients.timeline import WORDS

    of_patients = {name for name, one in COMMANDS.items() if one.module.startswith(
        ("nappage_web.patients", "nappage_web.care", "nappage_web.portal"))}  # fmt: skip
    assert of_patients <= set(WORDS), of_patients - set(WORDS)


def test_the_link_is_shown_once_as_words_and_as_a_code(clinics: World) -> None:
    patient = clinics.here.patient(email="ana@example.test")
    client = clinics.here.client(Role.FRONT_DESK)
    page = client.post(f"/patients/{patient.pk}/intake", {"days": "14", "mail": "on"}).content.decode()
    url = re.search(r'value="(http[^"]+/i/[^"]+)"', page)
    assert url and "<svg" in page and "Mailed to ana@example.test" in page
    from django.core import mail

    assert (
        url[1] in mail.outbox[0].body and "mesotherapy" not in (mail.outbox[0].subject + mail.outbox[0].body).casefold()
    )
    assert "/i/" not in client.get(f"/patients/{patient.pk}/intake").content.decode()
    assert AuditEvent.objects.filter(action="intake.send", patient=patient.pk).count() == 1


def test_a_letter_that_could_not_be_sent_is_told(clinics: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(letter: object, **_options: object) -> int:
        raise OSError("no mail server")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    patient = clinics.here.patient(email="ana@example.test")
    page = clinics.here.client(Role.FRONT_DESK).post(f"/patients/{patient.pk}/intake", {"mail": "on"}).content.decode()
    assert "could not be mailed" in page and "/i/" in page


def test_days_of_the_answers_are_written_out(clinics: World) -> None:
    patient, actor = clinics.here.patient(), clinics.here.actor(Role.INJECTOR)
    rows = [{"name": "Sintrom", "started": "2025-03", "stopped": "2026-01-09"}, {"name": "aspirin", "started": "2024"}]
    commands.edit_answers(actor, patient, Answers.model_validate({"medications": rows}), "from a letter", "e")
    page = clinics.here.client(Role.INJECTOR).get(f"/patients/{patient.pk}/answers/").content.decode()
    assert "March 2025" in page and "9 Jan 2026" in page and "2025-03" not in page and "</span> 2024" in page


def test_a_link_given_to_the_wrong_person_is_ended(clinics: World) -> None:
    patient, client = clinics.here.patient(), clinics.here.client(Role.FRONT_DESK)
    page = client.post(f"/patients/{patient.pk}/intake", {"days": "x"}).content.decode()
    address = re.search(r"/i/[\w-]+/", page)
    assert address and client.get(address[0]).status_code in (200, 302)
    link = Link.objects.of(clinics.here.actor(Role.LEAD)).get()
    elsewhere = clinics.there.client(Role.FRONT_DESK)
    strange = clinics.there.patient()
    assert elsewhere.post(f"/patients/{strange.pk}/intake", {"revoke": link.pk}).status_code == 404
    assert client.post(f"/patients/{patient.pk}/intake", {"revoke": link.pk}).status_code == 302
    assert client.get(address[0]).status_code == 410
