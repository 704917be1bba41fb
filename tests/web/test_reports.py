"""Decisions against findings, counted for the lead: by rule, reason and person, beside the plans that held them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from nappage_web.clinic.models import Role
from nappage_web.patients import documents
from nappage_web.patients.models import Document, Draft
from nappage_web.planning import commands, desk
from nappage_web.planning import reading as readings
from nappage_web.planning.models import Override
from nappage_web.reports import overrides

from .test_planning_pages import anticoagulated, finding, ordered
from .world import Place, World

RULE = "relative-contraindication"


def decided(place: Place) -> tuple[Draft, Any]:
    """A draft of a patient on warfarin, and the finding that its prescriber decided on."""
    draft = anticoagulated(place)
    found = finding(place, draft, RULE)
    commands.decide_finding(
        place.actor(Role.PRESCRIBER), draft, rule=found.rule, finding=readings.finding_hash(found),
        code="specialist", text="Agreed with Dr B",
    )  # fmt: skip
    return draft, found


def counted(place: Place, days_ago: int = 30) -> overrides.Report:
    today = place.clinic.today()
    return overrides.count(place.actor(Role.LEAD), today - timedelta(days=days_ago), today)


def of(report: overrides.Report, rule: str) -> overrides.Tally:
    return next(one for one in report.rules if one.rule == rule)


def signed(place: Place, draft: Draft) -> Document:
    """The draft's plan, filed as a signed one; what stands in the way of a signature is tested elsewhere."""
    plan = desk.Desk(place.actor(Role.PRESCRIBER), draft).plan()
    signature = {"name": "Dr P", "draft": str(draft.pk)}
    return documents.file(
        place.actor(Role.PRESCRIBER), Document.Kind.PLAN, draft.patient, plan, edition="e", signature=signature
    )


def test_lead_and_auditor_read_it_and_nobody_else(clinics: World) -> None:
    for role in Role:
        answer = clinics.here.client(role).get(reverse("reports"))
        assert answer.status_code == (200 if role in (Role.LEAD, Role.AUDITOR) else 403), role


def test_without_a_decision_it_says_so(clinics: World) -> None:
    said = clinics.here.client(Role.LEAD).get(reverse("reports")).content.decode()
    assert "No decision in these days" in said and "What is counted" in said


def test_a_decision_counts_by_rule_reason_and_person(clinics: World) -> None:
    place = clinics.here
    _draft, found = decided(place)
    report = counted(place)
    one = of(report, found.rule)
    assert (one.accepted, one.withdrawn, one.signed, one.open) == (1, 0, 0, 1)
    assert one.by_person == [("Prescriber of Skin Clinic", 1)] and dict(one.reasons) == {"specialist": 1}
    said = place.client(Role.LEAD).get(reverse("reports")).content.decode()
    assert found.title in said and "Agreed with the treating specialist" in said
    assert "Agreed with Dr B" not in said, "what was written of a patient stays with the patient"


def test_a_decision_taken_back_is_counted_as_such(clinics: World) -> None:
    place = clinics.here
    draft, found = decided(place)
    commands.withdraw_decision(place.actor(Role.PRESCRIBER), draft, finding=readings.finding_hash(found))
    plan = signed(place, draft)
    one = of(counted(place), found.rule)
    assert (one.accepted, one.withdrawn, one.signed, one.signed_decided) == (1, 1, 1, 0)
    assert plan.pk


def test_signed_plans_with_the_finding_stand_beside(clinics: World) -> None:
    place = clinics.here
    draft, found = decided(place)
    signed(place, draft)
    signed(place, ordered(place))
    Draft.objects.of(place.actor(Role.LEAD)).update(status=Draft.Status.DONE)
    report = counted(place)
    one = of(report, found.rule)
    assert report.plans == 2 and report.drafts == 0
    assert (one.signed, one.signed_decided, one.open) == (1, 1, 0)


def test_more_signed_plans_ask_no_more_of_the_database(clinics: World, django_assert_max_num_queries: Any) -> None:
    place = clinics.here
    draft, _found = decided(place)
    for _ in range(6):
        signed(place, draft)
    Draft.objects.of(place.actor(Role.LEAD)).update(status=Draft.Status.DONE)
    with django_assert_max_num_queries(6):
        assert counted(place).plans == 6


def test_a_finding_nobody_may_decide_on_is_left_out(clinics: World) -> None:
    place = clinics.here
    draft, _found = decided(place)
    screening = desk.Desk(place.actor(Role.LEAD), draft).reading.screening
    no = [f.rule for f in screening.findings if not readings.may_be_decided(f)]
    assert no, "the example holds such findings"
    rules = {one.rule for one in counted(place).rules}
    assert not rules & (set(no) - {f.rule for f in screening.findings if readings.may_be_decided(f)})


def test_only_the_days_and_the_clinic_asked_for(clinics: World) -> None:
    place = clinics.here
    decided(place)
    today = place.clinic.today()
    before = overrides.count(place.actor(Role.LEAD), today - timedelta(days=9), today - timedelta(days=1))
    assert before.accepted == 0
    assert counted(clinics.there).accepted == 0 and counted(clinics.there).rules == []
    client = place.client(Role.LEAD)
    wrong = client.get(reverse("reports"), {"first": str(today), "last": str(today - timedelta(days=1))})
    assert wrong.status_code == 422 and "after the last" in wrong.content.decode()


def test_a_rule_that_the_edition_knows_no_more_keeps_its_name(clinics: World) -> None:
    place = clinics.here
    draft = ordered(place)
    Override.objects.create(
        clinic=place.clinic, patient=draft.patient, draft=draft, rule="gone-rule", finding=uuid.uuid4().hex,
        decision="accepted", code="gone-code", text="x", by=place.staff[Role.PRESCRIBER],
    )  # fmt: skip
    said = place.client(Role.LEAD).get(reverse("reports")).content.decode()
    assert "gone-rule" in said and "gone-code" in said


@pytest.mark.parametrize("most", [0, 1])
def test_drafts_that_were_not_read_are_told(clinics: World, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(overrides, "MOST_DRAFTS", most)
    place = clinics.here
    anticoagulated(place)
    ordered(place)
    report = counted(place)
    assert (report.drafts, report.drafts_left) == (most, 2 - most)
    assert f"and {2 - most} not read" in place.client(Role.LEAD).get(reverse("reports")).content.decode()
