"""A draft's pages, from consultation to review: what they show, what they save, what they refuse."""

from __future__ import annotations

import json
import re
import uuid
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.urls import reverse

from nappage.knowledge import load
from nappage.scales import score
from nappage.screening import VERDICTS
from nappage_web.clinic.models import AuditEvent, Role
from nappage_web.patients import commands as patient_commands
from nappage_web.patients import verdicts
from nappage_web.patients.models import Draft, Patient
from nappage_web.planning import desk
from nappage_web.planning import reading as readings
from nappage_web.planning.models import ClinicProtocol, Override

from .world import Place, World

EXAMPLE: dict[str, Any] = json.loads(
    json.dumps(yaml.safe_load(Path("examples/facial-rejuvenation.yaml").read_text("utf-8")), default=str)
)
ORDER = EXAMPLE["order"]
ANSWERS = {key: value for key, value in EXAMPLE.items() if key not in ("order", "patient")}
PATIENT = {k: v for k, v in EXAMPLE["patient"].items() if k not in ("name", "birth_date", "sex")}


def known(place: Place, name: str = "Claire Martin", born: date = date(1979, 5, 14), sex: str = "female") -> Patient:
    return Patient.objects.create(clinic=place.clinic, name=name, birth_date=born, sex=sex)  # type: ignore[no-any-return]


def answered(place: Place, **more: Any) -> Draft:
    """A draft of a patient whose answers are those of the example, said by the clinician."""
    return place.draft(known(place), answers={**ANSWERS, "patient": PATIENT, **more})


def ordered(place: Place, **changes: Any) -> Draft:
    """The example's order as a draft, its first session three weeks ahead."""
    draft = answered(place)
    day = place.clinic.today() + timedelta(days=21)
    while day.weekday() > 4:
        day += timedelta(days=1)
    order = {**ORDER, "planned_start": f"{day}T10:30 Europe/Paris", **changes}
    actor = place.actor(Role.INJECTOR)
    patient_commands.edit_draft(actor, draft, uuid.uuid4(), draft.revision, "order", order)
    draft.refresh_from_db()
    return draft


def url(name: str, draft: Draft) -> str:
    return reverse(name, args=[draft.pk])


PAGES = ("consultation", "formulation", "map", "course", "review")
PANELS = ("screening", "choice", "doses", "lines", "dates", "whole")


@pytest.mark.parametrize("name", [f"plan-{name}" for name in (*PAGES, *PANELS)])
@pytest.mark.parametrize("filled", [False, True])
def test_every_page_and_panel_opens_on_an_empty_and_on_a_full_draft(clinics: World, name: str, filled: bool) -> None:
    draft = ordered(clinics.here) if filled else clinics.here.draft(known(clinics.here))
    answer = clinics.here.client(Role.INJECTOR).get(url(name, draft))
    assert answer.status_code == 200, answer.content[:2000]
    assert not re.search(r"<[^>]+\sstyle=", answer.content.decode()), "an inline style is refused by the policy"
    assert "on" + "click=" not in answer.content.decode()


def test_a_draft_of_another_clinic_is_not_there(clinics: World) -> None:
    draft = clinics.there.draft(known(clinics.there))
    client = clinics.here.client(Role.INJECTOR)
    assert client.get(url("plan-consultation", draft)).status_code == 404
    prescriber = clinics.here.client(Role.PRESCRIBER)
    assert prescriber.post(url("plan-decide", draft), {"finding": "x"}).status_code == 404


# --- answering and deciding ------------------------------------------------------------------------------------------


def put(place: Place, draft: Draft, path: str, value: Any) -> None:
    draft.refresh_from_db()
    patient_commands.edit_draft(place.actor(Role.INJECTOR), draft, uuid.uuid4(), draft.revision, path, value)
    draft.refresh_from_db()


def text(client: Any, name: str, draft: Draft) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(url(name, draft)).content.decode()))


def test_a_clear_screening_with_open_questions_is_not_called_clear(clinics: World) -> None:
    draft = clinics.here.draft(known(clinics.here))
    said = text(clinics.here.client(Role.INJECTOR), "plan-screening", draft)
    assert "Cannot be cleared yet" in said and "open questions" in said


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("incomplete", [False, True])
def test_a_verdict_with_open_questions_is_never_shown_as_settled(verdict: Any, incomplete: bool) -> None:
    screening = SimpleNamespace(verdict=verdict, incomplete=incomplete)
    for unread in (False, True):
        _word, tone, _mark = verdicts.VERDICTS[verdicts.shown(screening, unread=unread)]  # type: ignore[arg-type]
        assert (tone == "go") == (verdict in ("clear", "proceed-with-precautions") and not incomplete and not unread)


def test_an_open_question_is_answered_where_it_stands(clinics: World) -> None:
    place = clinics.here
    draft = answered(place)
    put(place, draft, "answers.history_complete", None)
    put(place, draft, "answers.context.unwell", None)
    client = place.client(Role.INJECTOR)
    panel = client.get(url("plan-screening", draft)).content.decode()
    assert 'data-path="answers.context.unwell"' in panel
    before = desk.Desk(place.actor(Role.INJECTOR), draft).reading.screening
    put(place, draft, "answers.context.unwell", False)
    after = desk.Desk(place.actor(Role.INJECTOR), draft).reading.screening
    assert len(after.open_questions) == len(before.open_questions) - 1


def test_what_cannot_be_read_is_told_and_never_passes(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    put(place, draft, "order.mixture.0.volume_ml", "three")
    client = place.client(Role.INJECTOR)
    page = client.get(url("plan-formulation", draft)).content.decode()
    assert 'aria-invalid="true"' in page and "must be a number" in page
    review = text(client, "plan-whole", draft)
    assert "Nothing stands in the way" not in review and "must be a number" in review


def anticoagulated(place: Place) -> Draft:
    """A patient on warfarin: a relative contraindication, which a prescriber decides."""
    draft = ordered(place)
    medicine = {"name": "warfarin 5 mg", "prescribed": True, "current": True}
    put(place, draft, "answers.medications", [*ANSWERS["medications"], medicine])
    return draft


def finding(place: Place, draft: Draft, severity: str) -> Any:
    draft.refresh_from_db()
    screening = desk.Desk(place.actor(Role.PRESCRIBER), draft).reading.screening
    return next(f for f in screening.findings if f.severity == severity)


def test_a_prescriber_decides_and_everybody_sees_it(clinics: World) -> None:
    place = clinics.here
    draft = anticoagulated(place)
    found = finding(place, draft, "relative-contraindication")
    said = {
        "rule": found.rule,
        "finding": readings.finding_hash(found),
        "code": "specialist",
        "text": "Agreed with Dr B",
    }
    assert "A prescriber decides: Prescriber of Skin Clinic" in text(
        place.client(Role.INJECTOR), "plan-screening", draft
    )
    assert place.client(Role.INJECTOR).post(url("plan-decide", draft), said).status_code == 403
    assert not Override.objects.of(place.actor(Role.LEAD)).exists()
    assert place.client(Role.PRESCRIBER).post(url("plan-decide", draft), {**said, "text": ""}).status_code == 422
    answer = place.client(Role.PRESCRIBER).post(url("plan-decide", draft), said)
    assert answer.status_code == 200, answer.content
    assert "Agreed with Dr B" in text(place.client(Role.INJECTOR), "plan-screening", draft)
    at = desk.Desk(place.actor(Role.INJECTOR), draft)
    assert not [o for o in readings.ready_to_sign(at.reading, at.plan()) if found.title in o.sentence]
    event = AuditEvent.objects.filter(action="finding.decide", outcome="done").get()
    assert found.rule in event.details


def test_a_decision_holds_for_that_finding_only(clinics: World) -> None:
    place = clinics.here
    draft = anticoagulated(place)
    found = finding(place, draft, "relative-contraindication")
    said = {"rule": found.rule, "finding": readings.finding_hash(found), "code": "benefit", "text": "Small volume"}
    assert place.client(Role.PRESCRIBER).post(url("plan-decide", draft), said).status_code == 200
    medicines = [*ANSWERS["medications"], {"name": "acenocoumarol", "prescribed": True, "current": True}]
    put(place, draft, "answers.medications", medicines)
    at = desk.Desk(place.actor(Role.INJECTOR), draft)
    assert [o for o in readings.ready_to_sign(at.reading, at.plan()) if found.title in o.sentence]
    stale = place.client(Role.PRESCRIBER).post(url("plan-decide", draft), said)
    assert stale.status_code == 422 and "says something else now" in stale.content.decode()


def test_a_decision_is_taken_back(clinics: World) -> None:
    place = clinics.here
    draft = anticoagulated(place)
    found = finding(place, draft, "relative-contraindication")
    said = {"rule": found.rule, "finding": readings.finding_hash(found), "code": "benefit", "text": "Small volume"}
    client = place.client(Role.PRESCRIBER)
    client.post(url("plan-decide", draft), said)
    client.post(url("plan-decide", draft), {**said, "withdraw": "1"})
    assert desk.Desk(place.actor(Role.INJECTOR), draft).decisions == {}
    assert Override.objects.of(place.actor(Role.LEAD)).count() == 2, "neither row goes away"


def test_nobody_goes_on_against_an_absolute_contraindication(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    put(place, draft, "answers.patient.pregnancy", "pregnant")
    found = finding(place, draft, "absolute-contraindication")
    said = {"rule": found.rule, "finding": readings.finding_hash(found), "code": "benefit", "text": "She insists"}
    answer = place.client(Role.PRESCRIBER).post(url("plan-decide", draft), said)
    assert answer.status_code == 422 and "Nobody may go on" in answer.content.decode()
    assert "Contraindicated" in text(place.client(Role.PRESCRIBER), "plan-whole", draft)


# --- from a protocol to a plan ---------------------------------------------------------------------------------------


def test_a_protocol_fills_the_order_in_one_step(clinics: World) -> None:
    place = clinics.here
    draft = answered(place)
    put(place, draft, "consultation.concerns", ["facial-rejuvenation"])
    put(place, draft, "order.areas", ["cheek"])
    client = place.client(Role.INJECTOR)
    said = {"protocol": "facial-rejuvenation", "indication": "facial-rejuvenation"}
    assert client.post(url("plan-use", draft), said).url == url("plan-formulation", draft)
    draft.refresh_from_db()
    order = draft.body["order"]
    assert order["protocol"] == "facial-rejuvenation" and order["areas"] == ["cheek"]
    assert order["planned_start"].endswith(" Europe/Paris") and order["visit_minutes"] == 30
    assert desk.Desk(place.actor(Role.INJECTOR), draft).reading.course is not None


def test_an_unknown_protocol_is_refused(clinics: World) -> None:
    draft = answered(clinics.here)
    client = clinics.here.client(Role.INJECTOR)
    answer = client.post(url("plan-use", draft), {"protocol": "magic", "indication": "x"}, follow=True)
    assert "not among those" in answer.content.decode()


def test_a_plan_ready_to_sign_has_nothing_in_its_way(clinics: World) -> None:
    draft = ordered(clinics.here)
    assert "Nothing stands in the way" in text(clinics.here.client(Role.INJECTOR), "plan-whole", draft)


@pytest.mark.parametrize(
    ("path", "value", "sentence", "stage"),
    [
        ("order.volume_per_point_ml", "0.5", "mL", "map"),
        ("order.accepted_without_ceiling", {}, "ceiling", "formulation"),
        ("order.mixture", [], "", "formulation"),
        ("order.technique", None, "technique", "formulation"),
        ("order.planned_start", "2020-01-06T10:00 Europe/Paris", "past", "course"),
        ("order.visit_minutes", None, "", "formulation"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_is_a_sentence_with_its_place(
    clinics: World, path: str, value: Any, sentence: str, stage: str
) -> None:
    draft = ordered(clinics.here)
    put(clinics.here, draft, path, value)
    at = desk.Desk(clinics.here.actor(Role.INJECTOR), draft)
    found = readings.ready_to_sign(at.reading, at.plan())
    assert any(sentence in o.sentence and o.stage == stage and o.way_out for o in found), found


def test_ingredients_without_a_ceiling_are_accepted_together_with_a_reason(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place, accepted_without_ceiling={})
    at = desk.Desk(place.actor(Role.INJECTOR), draft)
    assert at.reading.formulation.verdict == "needs-clinician-decision"
    waiting = [row.ingredient for row in at.reading.formulation.ingredients if row.status == "no-ceiling-known"]
    client = place.client(Role.INJECTOR)
    assert client.post(url("plan-accept", draft), {"ingredient": waiting, "reason": " "}).status_code == 422
    answer = client.post(url("plan-accept", draft), {"ingredient": waiting, "reason": "One vial a session"})
    assert answer.status_code == 200 and "draft:followed" in answer.headers["HX-Trigger"]
    draft.refresh_from_db()
    assert desk.Desk(place.actor(Role.INJECTOR), draft).reading.formulation.verdict == "within-limits"
    assert "(Injector of Skin Clinic)" in draft.body["order"]["accepted_without_ceiling"][waiting[0]]


def test_a_prescriber_decides_on_a_formulation_as_it_stands(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place, accepted_without_ceiling={})
    reading = desk.Desk(place.actor(Role.PRESCRIBER), draft).reading
    said = {
        "rule": "formulation",
        "finding": readings.dose_hash(reading.formulation),
        "code": "benefit",
        "text": "One vial",
    }
    assert place.client(Role.PRESCRIBER).post(url("plan-decide", draft), said).status_code == 200
    at = desk.Desk(place.actor(Role.PRESCRIBER), draft)
    assert at.dose_decided
    left = readings.ready_to_sign(at.reading, at.plan(), dose_decided=at.dose_decided)
    assert not [one for one in left if one.stage == "formulation"], left
    assert [one for one in readings.ready_to_sign(at.reading, at.plan()) if one.stage == "formulation"]
    put(place, draft, "order.mixture.0.volume_ml", "2")
    assert not desk.Desk(place.actor(Role.PRESCRIBER), draft).dose_decided


# --- the map ---------------------------------------------------------------------------------------------------------


def edit_map(client: Any, draft: Draft, edits: list[Any], **more: Any) -> Any:
    said = {"edits": edits, "skin": None, "base": draft.revision, **more}
    return client.post(url("plan-map-edit", draft), json.dumps(said), content_type="application/json")


def test_a_draft_is_given_up_read_and_followed_by_another(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    client = place.client(Role.INJECTOR)
    assert reverse("plan-leave", args=[draft.pk]) in client.get(url("plan-review", draft)).text
    answer = client.post(url("plan-leave", draft))
    assert answer.url == reverse("patient", args=[draft.patient_id])
    draft.refresh_from_db()
    assert draft.status == Draft.Status.LEFT and draft.body["order"]
    assert reverse("plan-leave", args=[draft.pk]) not in client.get(url("plan-review", draft)).text
    client.post(reverse("patient-consult", args=[draft.patient_id]))
    assert Draft.objects.of(place.actor(Role.INJECTOR)).filter(status=Draft.Status.OPEN).get().pk != draft.pk


def test_the_map_answers_an_edit_with_its_new_state(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    client = place.client(Role.INJECTOR)
    before = edit_map(client, draft, []).json()
    after = edit_map(client, draft, [{"path": "order.spacing_mm", "value": 6}]).json()
    assert after["totals"]["points"] > before["totals"]["points"] and after["revision"] == draft.revision + 1
    draft.refresh_from_db()
    assert draft.body["order"]["spacing_mm"] == 6


def test_an_edit_that_cannot_be_laid_out_is_refused_and_not_kept(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    answer = edit_map(place.client(Role.INJECTOR), draft, [{"path": "order.spacing_mm", "value": "wide"}])
    assert answer.status_code == 422 and "must be a number" in answer.json()["sentence"]
    draft.refresh_from_db()
    assert draft.body["order"]["spacing_mm"] == 10


@pytest.mark.parametrize("edits", [[{"path": "answers.x", "value": 1}], [{"value": 1}], "x"])
def test_the_map_writes_nothing_but_the_map(clinics: World, edits: Any) -> None:
    draft = ordered(clinics.here)
    assert edit_map(clinics.here.client(Role.INJECTOR), draft, edits).status_code == 422


def test_another_tab_on_the_map_is_told_and_shown_what_stands(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    client = place.client(Role.INJECTOR)
    assert edit_map(client, draft, [{"path": "order.spacing_mm", "value": 7}]).status_code == 200
    late = edit_map(client, draft, [{"path": "order.spacing_mm", "value": 9}])
    assert late.status_code == 409 and late.json()["state"]["order"]["spacing_mm"] == 7
    draft.refresh_from_db()
    assert draft.body["order"]["spacing_mm"] == 7


def test_what_is_painted_as_a_concern_is_kept_with_the_consultation(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    marks = [{"zone": "cheek", "side": "left"}]
    answer = edit_map(place.client(Role.INJECTOR), draft, [{"path": "marks", "value": marks}], mode="mark")
    assert answer.json()["marks"] == marks
    draft.refresh_from_db()
    assert draft.body["consultation"]["marks"] == marks


# --- the clinic's own protocols --------------------------------------------------------------------------------------


def test_a_protocol_of_the_clinics_own_is_versioned_and_used_for_another_patient(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    client = place.client(Role.INJECTOR)
    for _ in range(2):
        client.post(url("plan-save-protocol", draft), {"name": "House face"})
        put(place, draft, "order.spacing_mm", "8")
    rows = list(ClinicProtocol.objects.of(place.actor(Role.LEAD)).order_by("version"))
    assert [r.version for r in rows] == [1, 2] and rows[1].replaces == rows[0]
    assert "accepted_without_ceiling" not in rows[1].body["order"], "a reason is of one patient"
    other = place.draft(known(place, "Ines Faure"))
    assert "House face" in text(client, "plan-choice", other)
    assert client.post(url("plan-use", other), {"own": str(rows[1].pk)}).url == url("plan-formulation", other)
    other.refresh_from_db()
    assert other.body["order"]["spacing_mm"] == "8" and other.body["order"]["areas"] == ORDER["areas"]
    page = client.get(reverse("plan-protocols")).content.decode()
    assert "House face" in page and "Spacing, mm: 10 → 8" in page


def test_another_clinics_protocol_cannot_be_used(clinics: World) -> None:
    theirs = ordered(clinics.there)
    clinics.there.client(Role.INJECTOR).post(url("plan-save-protocol", theirs), {"name": "Theirs"})
    row = ClinicProtocol.objects.of(clinics.there.actor(Role.LEAD)).get()
    draft = answered(clinics.here)
    assert clinics.here.client(Role.INJECTOR).post(url("plan-use", draft), {"own": str(row.pk)}).status_code == 404
    assert "Theirs" not in text(clinics.here.client(Role.INJECTOR), "plan-choice", draft)


def test_a_danger_zone_is_entered_for_a_reason_below_the_map(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    client = place.client(Role.INJECTOR)
    offered = re.findall(r'data-path="order\.map\.enter\.([^"]+)"', client.get(url("plan-map", draft)).text)
    edition = desk.Desk(place.actor(Role.INJECTOR), draft).edition
    assert offered and all(edition.danger[one].may_enter for one in offered)
    put(place, draft, f"order.map.enter.{offered[0]}", "Fine lines, cannula only")
    assert 'value="Fine lines, cannula only"' in client.get(url("plan-map", draft)).text
    drawn = desk.Desk(place.actor(Role.INJECTOR), draft).reading.map
    assert drawn is not None
    assert [one.entered for one in drawn.dangers if one.id == offered[0]] == ["Fine lines, cannula only"]
    put(place, draft, f"order.map.enter.{offered[0]}", None)
    assert "Fine lines" not in client.get(url("plan-map", draft)).text


def html(client: Any, name: str, draft: Draft) -> str:
    return client.get(url(name, draft)).content.decode()  # type: ignore[no-any-return]


def scale_form(page: str, scale: str) -> list[str]:
    """The places of a scale's form, in its order."""
    return re.findall(rf'data-path="(answers\.assessment\.{scale}\.[^"]+)"', page)


@pytest.mark.parametrize("scale", ["masi", "mmasi", "dlqi", "hexsel", "hair"])
def test_items_of_a_scale_give_the_cores_score_and_a_missing_one_gives_none(clinics: World, scale: str) -> None:
    place = clinics.here
    draft, client = place.draft(known(place)), place.client(Role.INJECTOR)
    places = scale_form(html(client, "plan-consultation", draft), scale)
    figures = {path: str(n % 3 + 1) for n, path in enumerate(places)}
    if scale == "hair":
        figures = dict(zip(places, ("0.903", "150", "120", "30", "90"), strict=True))
    *first, last = [p for p in places if scale != "hair" or not p.endswith(("terminal", "vellus", "anagen"))]
    for path in first:
        put(place, draft, path, figures[path])
    page = html(client, "plan-scores", draft)
    mine = page[page.index(f'id="score-{scale}"') :].split("</div>")[0]
    assert "No score yet" in mine and "<strong>" not in mine
    put(place, draft, last, figures[last])
    given: dict[str, Any] = {}
    for path in [*first, last]:
        at = given
        *way, name = path.split(".")[3:]
        for step in way:
            at = at.setdefault(step, {})
        at[name] = figures[path]
    found = score(scale, given, load(place.clinic.today()))
    page = html(client, "plan-scores", draft)
    mine = page[page.index(f'id="score-{scale}"') :].split("</div>")[0]
    shown = re.search(r"<strong>([\d.]+)</strong>", mine)
    assert shown is not None and Decimal(shown[1]) == found.value
    assert found.sources[0].ref in mine
    put(place, draft, last, None)
    assert "<strong>" not in html(client, "plan-scores", draft)


def test_a_scale_says_which_items_are_missing_and_opens_for_its_concern(clinics: World) -> None:
    place = clinics.here
    draft, client = place.draft(known(place)), place.client(Role.INJECTOR)
    assert '<details id="scale-mmasi">' in html(client, "plan-consultation", draft)
    put(place, draft, "consultation.concerns", ["melasma"])
    page = html(client, "plan-consultation", draft)
    assert '<details open id="scale-mmasi">' in page and '<details id="scale-dlqi">' in page
    for region in ("forehead", "left_malar", "right_malar", "chin"):
        put(place, draft, f"answers.assessment.mmasi.{region}.area", "2")
    put(place, draft, "answers.assessment.mmasi.chin.darkness", "0")
    said = html(client, "plan-scores", draft)
    assert "Missing: Forehead: Darkness, Left malar region: Darkness, Right malar region: Darkness." in said


def test_items_all_taken_back_are_no_assessment(clinics: World) -> None:
    place = clinics.here
    draft = place.draft(known(place))
    put(place, draft, "answers.assessment.mmasi.chin.area", "2")
    assert desk.at(place.actor(Role.INJECTOR), draft.pk).reading.assessment.faults
    put(place, draft, "answers.assessment.mmasi.chin.area", None)
    assert not desk.at(place.actor(Role.INJECTOR), draft.pk).reading.assessment.faults
