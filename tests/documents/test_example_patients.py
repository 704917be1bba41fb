"""The ten example patients plan as they were read (docs/explanation/ten-patients.md). A change here is read again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from nappage.intake import load_answers
from nappage.plan import draft
from nappage.plan.compose import clinician, patient

ON = date(2026, 11, 25)
PATIENTS = Path(__file__).parents[2] / "examples" / "patients"
SERIOUS = ("absolute-contraindication", "deferral", "relative-contraindication")
# verdict, whether it may proceed, and every rule that fired at *relative* or above
READ = {
    "01-healthy-face": ("clear", True, set()),
    "02-melasma-combined-pill": ("needs-clinician-decision", False, {"tranexamic-acid-oestrogen"}),
    "03-male-hair-dutasteride": ("needs-clinician-decision", False, {"five-alpha-reductase-fertility"}),
    "04-female-hair-minoxidil-low-pressure": ("contraindicated", False, {"minoxidil-heart"}),
    "05-double-chin-after-neck-lift": ("needs-clinician-decision", False, {"chin-after-surgery"}),
    "06-back-pain-apixaban": (
        "needs-clinician-decision",
        False,
        {"anaesthetic-lower-dose", "arrhythmia", "direct-oral-anticoagulant", "heart-disease"},
    ),
    "07-acne-scars-after-isotretinoin": ("defer", False, {"retinoid-topical-prescribed"}),
    "08-cellulite-metformin": ("needs-clinician-decision", False, {"diabetes"}),
    "09-hands-fish-allergy": ("contraindicated", False, {"fish-allergy", "anaphylaxis-or-fainting"}),
    "10-half-answered": (
        "defer",
        False,
        {
            "aspirin-prescribed",
            "autoimmune-disease",
            "body-dysmorphia-questionnaire",
            "expectations",
            "ha-filler-two-weeks-to-six-months",
            "recent-microneedling",
            "thyroid-disease",
        },
    ),
}


@pytest.fixture(scope="module")
def drafted(edition):
    made = {}

    def one(name: str):
        if name not in made:
            made[name] = draft(load_answers(str(PATIENTS / f"{name}.yaml")), edition, ON, reference=name)
        return made[name]

    return one


def test_every_example_was_read() -> None:
    assert {path.stem for path in PATIENTS.glob("*.yaml")} == set(READ)


@pytest.mark.parametrize("name", READ)
def test_the_plan_stands_as_it_was_read(name: str, drafted, edition) -> None:
    plan = drafted(name)
    serious = {finding.rule for finding in plan.screening.findings if finding.severity in SERIOUS}
    assert (plan.screening.verdict, plan.may_proceed, serious) == READ[name]
    assert clinician(plan, edition).sections and patient(plan, edition).sections


@pytest.mark.parametrize("name", ["07-acne-scars-after-isotretinoin", "10-half-answered"])
def test_a_session_that_waits_for_no_known_day_gives_the_patient_no_day(name: str, drafted, edition) -> None:
    plan = drafted(name)
    words = " ".join(patient(plan, edition).words()).replace("25 November 2026", "")
    assert plan.course is None and plan.aftercare is not None and "before your session" in words
    assert "December" not in words and " Dec" not in words


def test_a_contraindicated_or_deferred_plan_is_not_called_ready_to_sign(drafted, edition) -> None:
    for name in ("07-acne-scars-after-isotretinoin", "09-hands-fish-allergy"):
        assert "not to be signed as planned" in [item.value for item in clinician(drafted(name), edition).glance]


def test_a_finding_shows_of_a_list_only_what_its_rule_asks_for(drafted, edition) -> None:
    words = " ".join(clinician(drafted("03-male-hair-dutasteride"), edition).words())
    assert "the classes of each: Dutasteride" in words and "hormone-active" not in words


def test_what_the_screening_excludes_is_not_offered_as_an_alternative_without_its_caution(drafted, edition) -> None:
    words = " ".join(clinician(drafted("04-female-hair-minoxidil-low-pressure"), edition).words())
    assert "low blood pressure a doctor is asked first" in words
