"""The text a patient consents to: made from the plan, whole, sourced, and named by its own fingerprint."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from nappage.intake import read
from nappage.plan import Practice, Practitioner, draft
from nappage.plan.consent import Consent, Signature, consent, cooling_off, copy, fingerprint, permission
from nappage.plan.pdf import pdf

ON = date(2026, 11, 25)


@pytest.fixture(scope="module")
def row(answers, edition):
    return read(answers, edition, ON).row


@pytest.fixture(scope="module")
def made(plan, edition, row) -> Consent:
    return consent(plan, edition, ON, row=row, decided={"fish-oil": "It may go on."})


def test_it_names_each_risk_the_other_ways_and_doing_nothing(made, plan) -> None:
    told = "\n".join(made.sheet.words())
    for risk in plan.risks:
        assert risk.title in told and risk.tell in told
    assert plan.risks and told.count("nobody has counted") == 1
    grave = [told.index(risk.tell) for risk in plan.risks if risk.grave]
    assert grave and max(grave) < min(told.index(risk.tell) for risk in plan.risks if not risk.grave)
    for other in plan.choice.alternatives:
        assert other.id == "mesotherapy" or other.title in told
    assert "Doing nothing is always a choice" in told and "Nobody can promise you a result" in told
    for finding in plan.screening.findings:
        assert finding.tell in told
    assert "4 visits, the first on Wed 9 December 2026" in told
    assert "Keep taking every medicine you were prescribed" in told


def test_every_source_is_listed(made) -> None:
    listed = {s.key for section in made.sheet.sections for block in section.blocks if block.kind == "sources"
              for s in block.sources}  # fmt: skip
    named = {ref for section in made.sheet.sections for block in section.blocks if block.kind == "steps"
             for step in block.steps for ref in step.refs}  # fmt: skip
    assert named and named == listed


def test_another_plan_is_another_text(made, plan, edition, row) -> None:
    assert made == consent(plan, edition, ON, row=row, decided={"fish-oil": "It may go on."})
    assert made.plan == fingerprint(plan)
    fewer = plan.model_copy(update={"risks": plan.risks[1:]})
    other = consent(fewer, edition, ON, row=row)
    assert other.text != made.text and other.plan != made.plan
    signed = plan.model_copy(update={"asked_on": date(2026, 12, 1), "to_sign": ()})
    assert fingerprint(signed) == fingerprint(plan), "the day and what is open do not make it another treatment"


def test_a_night_later_it_is_the_same_treatment(answers, edition, plan) -> None:
    """Days that go by change counts in the screening; what was consented to is the same."""
    later = draft(answers, edition, ON + timedelta(days=2), reference="facial-rejuvenation")
    assert later.screening != plan.screening
    assert fingerprint(later) == fingerprint(plan)
    deeper = plan.model_copy(update={"order": plan.order.model_copy(update={"inserted_mm": Decimal("2.5")})})
    assert fingerprint(deeper) != fingerprint(plan)


def test_a_finding_decided_is_told_with_the_prescribers_words(plan, edition, row) -> None:
    rule = plan.screening.findings[0].rule
    told = " ".join(consent(plan, edition, ON, row=row, decided={rule: "Agreed with Dr X"}).sheet.words())
    assert "A prescriber has decided on this: Agreed with Dr X" in told


@pytest.mark.parametrize(
    ("facts", "own", "days"),
    [
        ({"jurisdiction": "FR", "age_years": 40}, None, 1),
        ({"jurisdiction": "AU", "age_years": 40}, None, 1),
        ({"jurisdiction": "AU", "age_years": 17}, None, 7),
        ({"jurisdiction": "AU", "age_years": None}, None, 7),  # unknown is not "over 18"
        ({"jurisdiction": None, "age_years": 17}, None, 7),
        ({"jurisdiction": "FR", "age_years": 17}, None, 1),
        ({"jurisdiction": "FR", "age_years": 40}, 14, 14),
        ({"jurisdiction": "AU", "age_years": 17}, 2, 7),  # a clinic's own is never shorter
    ],
)
def test_time_to_think(edition, facts, own, days: int) -> None:
    pause = cooling_off(facts, edition, own)
    assert pause.days == days and pause.sources and pause.dissent


def test_the_first_day_to_sign_is_told(made) -> None:
    assert made.sign_from == ON + timedelta(days=1)
    assert "the plan cannot be ordered before Thu 26 November 2026" in " ".join(made.sheet.words())


@pytest.mark.parametrize("kind", ["photographs", "teaching", "marketing"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_permissions_are_separate_and_bilingual(edition, kind, language: str) -> None:
    given = permission(kind, edition, ON, patient="Ana Flores", language=language)
    told = [*given.sheet.words(), *(s.text for s in given.statements)]
    assert not any(text.startswith("[") for text in told)
    assert [s.id for s in given.statements] == ["read", kind]
    assert given.plan is None and given.sign_from is None
    assert pdf(given.sheet).startswith(b"%PDF")


def test_it_round_trips_and_prints(made) -> None:
    assert Consent.model_validate_json(made.model_dump_json()) == made
    assert pdf(made.sheet).startswith(b"%PDF")


SIGNED = Signature(
    name="Ana Flores",
    at=datetime(2026, 11, 25, 14, 2, tzinfo=UTC),
    identity="photo identity card seen",
    witness="Léa Roy",
    strokes="M10 20L30 40",
)


def test_a_copy_holds_the_frozen_words_the_agreement_and_the_signature(made, edition) -> None:
    sheet = copy(made, edition, SIGNED)
    told = list(sheet.words())
    assert {*made.sheet.words()} <= {*told}
    assert all(f"✓ {statement.text} " in told for statement in made.statements)
    assert sheet.verdict == "Signed" and "25 November 2026, 14:02" in told and "Léa Roy" in told
    assert any(b.kind == "figure" and SIGNED.strokes in b.svg for s in sheet.sections for b in s.blocks)
    assert sheet.sections[-1].blocks[0].kind == "sources"
    assert pdf(sheet).startswith(b"%PDF")


def test_a_copy_says_that_it_is_unsigned_or_taken_back(made, edition) -> None:
    assert copy(made, edition).verdict == "To read: nothing is signed yet"
    back = copy(made, edition, SIGNED, taken_back=date(2026, 11, 30))
    assert (back.verdict, back.tone) == ("Taken back on Mon 30 November 2026", "stop")


def test_without_a_verdict_there_is_no_empty_box(made) -> None:
    from nappage.plan.page import html

    page = html(made.sheet)
    assert made.sheet.statement in page and 'class="banner' not in page


def test_a_clinicians_reason_is_no_other_treatment_but_another_price_is(plan, edition) -> None:
    other = plan.order.model_copy(update={"accepted_without_ceiling": {"minerals": "as always (Léa Roy)"}})
    assert fingerprint(plan.model_copy(update={"order": other})) == fingerprint(plan)
    price = SimpleNamespace(words="900 EUR")
    protocols = tuple(p.model_copy(update={"course_cost": price}) for p in plan.choice.protocols)
    priced = plan.model_copy(update={"choice": plan.choice.model_copy(update={"protocols": protocols})})
    assert fingerprint(priced) != fingerprint(plan)


@pytest.mark.parametrize("kind", ["photographs", "teaching", "marketing"])
def test_a_permission_names_the_register_and_the_number(edition, kind) -> None:
    person = Practitioner(name="Léa Roy", role="prescriber", register_name="RPPS", number="10101")
    practice = Practice(clinic="Skin Clinic", practitioners=(person,))
    given = permission(kind, edition, ON, patient="Ana Flores", practice=practice)
    assert "Léa Roy (prescribes, RPPS 10101)" in given.sheet.foot
