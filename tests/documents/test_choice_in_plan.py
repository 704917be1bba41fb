"""What the plan and the patient's sheet say of choice, risks, home care and the assessment."""

from __future__ import annotations

from datetime import date

import pytest

from nappage.choice import PriceList
from nappage.intake import Answers
from nappage.plan import draft
from nappage.plan.compose import clinician, patient
from nappage.plan.sheet import Sheet, Table

ON = date(2026, 11, 25)


def section(sheet: Sheet, title: str):
    return next((s for s in sheet.sections if s.title == title), None)


def rows(sheet: Sheet, title: str) -> list[list[str]]:
    found = section(sheet, title)
    assert found is not None, title
    return [[cell.text for cell in row] for block in found.blocks if isinstance(block, Table) for row in block.rows]


def test_alternatives_and_doing_nothing_stand_in_both_editions(plan, edition) -> None:
    names = [row[0] for row in rows(clinician(plan, edition), "What is known of it, and what else there is")]
    assert names[0] == "Doing nothing" and "Botulinum toxin" in names
    told = section(patient(plan, edition), "What else there is")
    assert told is not None and "Doing nothing" in told.blocks[1].steps[0].text


def test_null_results_of_the_ordered_protocol_are_named(plan, edition) -> None:
    assert plan.choice is not None
    (protocol,) = plan.choice.protocols
    assert protocol.id == "facial-rejuvenation"
    assert [p.id for p in protocol.products] == ["nctf-135-ha"]
    words = " ".join(clinician(plan, edition).words())
    assert "No difference" in words and "Results disagree" in words


def test_consent_names_the_risks_of_this_treatment_with_frequency_or_none_known(plan, edition) -> None:
    risks = rows(clinician(plan, edition), "Risks to be told")
    assert len(risks) == len(plan.risks) > 15
    assert any("grave" in row[0] for row in risks[:3])
    assert "frequency unknown" in {row[2] for row in risks}
    assert not any("corner of the mouth" in row[0] for row in risks)  # of the chin alone
    assert section(patient(plan, edition), "What can go wrong") is not None


def test_home_care_has_the_dates_of_each_session(plan, edition) -> None:
    care = {row[0]: row for row in rows(clinician(plan, edition), "Home care")}
    assert care["Vitamin C serum"][2].startswith("9 Dec until 16 Dec; 30 Dec until 6 Jan")
    assert "keep using it" in care["Vitamin C serum"][1]
    steps = section(patient(plan, edition), "At home, between the sessions").blocks[0].steps
    assert any("Vitamin C serum" in step.text and "9 Dec until 16 Dec" in step.when for step in steps)


def test_the_assessment_is_printed_with_its_bounds_and_a_fault_is_to_be_corrected(answers, edition) -> None:
    given = answers.model_copy(
        update={"assessment": {"glogau": {"grade": 2}, "wsrs": {"grade": 9}, "phototype": {"burns": "never"}}}
    )
    plan = draft(given, edition, ON)
    assert [(s.scale, s.value) for s in plan.assessment.scores] == [("glogau", 2)]
    assert rows(clinician(plan, edition), "Skin assessment")[0][1] == "2 of 1 to 4"
    to_correct = [item.text for item in plan.to_sign if "assessment" in item.text]
    assert len(to_correct) == 2 and any("wsrs" in text for text in to_correct)


def test_the_assessed_phototype_is_the_plan_s(answers, edition) -> None:
    bare = answers.patient.model_copy(update={"phototype": None})
    scored = {"phototype": {"burns": "never", "tans": "deeply-pigmented"}}
    plan = draft(answers.model_copy(update={"patient": bare, "assessment": scored}), edition, ON)
    assert plan.patient.phototype == 6
    assert "pigment-risk" in [f.rule for f in plan.screening.findings]


def test_at_the_clinic_s_prices_the_plan_tells_the_cost(answers, edition) -> None:
    prices = PriceList.model_validate({"currency": "EUR", "session": 100, "products": {"NCTF 135 HA": 30}})
    plan = draft(answers, edition, ON, prices=prices)
    assert plan.choice is not None and plan.choice.protocols[0].course_cost is not None
    assert plan.choice.protocols[0].course_cost.low == 390
    assert "390 EUR for the course" in " ".join(clinician(plan, edition).words())


@pytest.mark.parametrize("order", [None, {"indication": "hair loss"}, {"indication": "leprechauns"}])
def test_an_order_without_a_known_protocol_still_makes_a_plan(edition, order: dict | None) -> None:
    plan = draft(Answers.model_validate({"order": order}), edition, ON)
    assert plan.choice is None or not plan.choice.protocols
    assert clinician(plan, edition).sections and plan.home_care is not None
    assert bool(plan.risks) == bool(order)


def test_who_must_not_be_treated_gets_alternatives_and_no_risks_or_home_care(answers, edition) -> None:
    pregnant = answers.patient.model_copy(update={"pregnancy": "pregnant"})
    plan = draft(answers.model_copy(update={"patient": pregnant}), edition, ON)
    assert plan.screening.verdict == "contraindicated"
    assert plan.choice is not None and plan.choice.alternatives
    assert plan.risks == () and plan.home_care is None
